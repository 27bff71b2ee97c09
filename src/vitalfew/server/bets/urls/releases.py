"""Addresses of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import releases
from vitalfew.server.bets.views.evidence_forms import RELEASES
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views.defining import routes

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}releases/", releases.releases, "releases", Ability.READ),
    route(f"{MINE}releases/<str:key>/", releases.release, "release", Ability.READ),
    *routes(RELEASES, f"{MINE}releases/of/new/", f"{MINE}releases/<str:key>/"),
]
