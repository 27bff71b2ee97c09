"""People, workspaces, definitions, acts, jobs and runs: what every page rests on."""
