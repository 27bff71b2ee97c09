"""Addresses of needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import needs
from vitalfew.server.bets.views.evidence_forms import NEEDS
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views.defining import routes

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}needs/", needs.needs, "needs", Ability.READ),
    *routes(NEEDS, f"{MINE}needs/of/new/", f"{MINE}needs/<str:key>/"),
    route(f"{MINE}needs/<str:key>/", needs.need, "need", Ability.READ),
]
