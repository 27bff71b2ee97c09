"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ValueApp(AppConfig):
    """What matters: the value model, sessions, metrics and their links, goals."""

    name = "vitalfew.server.value"
    label = "value"

    def ready(self) -> None:
        """Tell the search of sessions, and whoever erases what they said of answers that wait there."""
        from vitalfew.server.core import finders, waiting
        from vitalfew.server.value.queries.sessions import to_find
        from vitalfew.server.value.services.taking_back import WAITING

        finders.register(to_find)
        waiting.register(WAITING)
