"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class CoreApp(AppConfig):
    """People, workspaces, definitions, acts, jobs and runs: what every page rests on."""

    name = "vitalfew.server.core"
    label = "core"

    def ready(self) -> None:
        """Give all forms their words."""
        from vitalfew.server.core.form_words import speak  # forms need the settings, which are whole only now

        speak()
