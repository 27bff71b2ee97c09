"""Addresses of data sources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.urls.people import SETTINGS
from vitalfew.server.core.views import sources
from vitalfew.server.core.views.defining import routes

if TYPE_CHECKING:
    from django.urls import URLPattern

_BASE = f"{SETTINGS}sources/"

urlpatterns: list[URLPattern] = [
    route(_BASE, sources.sources, "sources", Ability.READ),
    route(f"{_BASE}files/", sources.add_source_file, "add-source-file", Ability.DEFINE),
    *routes(sources.KIND, f"{_BASE}new/", f"{_BASE}of/<str:key>/"),
]
