"""Addresses of features."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import features
from vitalfew.server.bets.views.bet_forms import FEATURES
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views.defining import routes

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}features/", features.features, "features", Ability.READ),
    *routes(FEATURES, f"{MINE}features/of/new/", f"{MINE}features/<str:key>/"),
    route(f"{MINE}features/<str:key>/", features.feature, "feature", Ability.READ),
    route(f"{MINE}features/<str:key>/bet/", features.feature_bet, "feature-bet", Ability.BET),
]
