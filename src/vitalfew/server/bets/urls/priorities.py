"""Addresses of priorities and what-if."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import priorities
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}priorities/", priorities.priorities, "priorities", Ability.READ),
    route(f"{MINE}priorities/ranked/", priorities.reranked, "what-if", Ability.READ),
    route(f"{MINE}priorities/compare/", priorities.compare, "compare-scenarios", Ability.READ),
]
