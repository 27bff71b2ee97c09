"""Addresses of releases."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import releases
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}releases/", releases.releases, "releases", Ability.READ),
    route(f"{MINE}releases/<str:key>/", releases.release, "release", Ability.READ),
]
