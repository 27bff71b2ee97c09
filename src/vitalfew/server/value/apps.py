"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ValueApp(AppConfig):
    """What matters: the value model, sessions, metrics and their links, goals."""

    name = "vitalfew.server.value"
    label = "value"

    def ready(self) -> None:
        """Tell the search of sessions."""
        from vitalfew.server.core.finders import register
        from vitalfew.server.value.queries.sessions import to_find

        register(to_find)
