"""Addresses of the ledger."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_POST

from vitalfew.server.bets.views import ledger
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}ledger/", ledger.ledger, "ledger", Ability.READ),
    route(f"{MINE}ledger/week/fold/", require_POST(ledger.fold_week), "fold-week", Ability.READ),
    route(f"{MINE}what-if/ledger/", ledger.reranked, "ledger-what-if", Ability.READ),
    route(f"{MINE}ledger/<str:key>/", ledger.line, "line", Ability.READ),
]
