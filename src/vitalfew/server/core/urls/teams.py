"""Addresses of teams and products."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.urls.people import SETTINGS
from vitalfew.server.core.views import teams
from vitalfew.server.core.views.defining import routes

if TYPE_CHECKING:
    from django.urls import URLPattern

_BASE = f"{SETTINGS}teams/"

urlpatterns: list[URLPattern] = [
    route(_BASE, teams.index, "teams", Ability.READ),
    *routes(teams.TEAMS, f"{_BASE}new/", f"{_BASE}of/<str:key>/"),
    *routes(teams.PRODUCTS, f"{_BASE}product/new/", f"{_BASE}product/of/<str:key>/"),
]
