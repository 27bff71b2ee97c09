"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class CoreApp(AppConfig):
    """People, workspaces, definitions, acts, jobs and runs: what every page rests on."""

    name = "vitalfew.server.core"
    label = "core"
