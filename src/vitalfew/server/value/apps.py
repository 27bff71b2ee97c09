"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class ValueApp(AppConfig):
    """What matters: the value model, sessions, metrics and their links, goals."""

    name = "vitalfew.server.value"
    label = "value"
