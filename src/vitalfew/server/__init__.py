"""The web application: people, workspaces and pages over one core. Needs the extra `web`."""
