"""Addresses of decisions and the review."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import decisions, review
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}decisions/", decisions.log, "decisions", Ability.READ),
    route(f"{MINE}decisions/about/<str:line>/", decisions.decide, "decide", Ability.BET),
    route(f"{MINE}review/", review.review, "review", Ability.READ),
]
