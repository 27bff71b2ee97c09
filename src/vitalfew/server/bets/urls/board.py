"""Addresses of the board, initiatives, hypotheses, forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import bet, board, forecasts
from vitalfew.server.bets.views.bet_forms import HYPOTHESES, INITIATIVES
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.core.views.defining import routes

if TYPE_CHECKING:
    from django.urls import URLPattern

_BET = f"{MINE}board/bet/<str:key>/"
_ASKED = f"{MINE}board/hypothesis/<str:key>/"

urlpatterns: list[URLPattern] = [
    route(f"{MINE}board/", board.show, "board", Ability.READ),
    *routes(INITIATIVES, f"{MINE}board/new/", _BET),
    *routes(HYPOTHESES, f"{MINE}board/hypothesis/", _ASKED),
    route(_BET, bet.show, "initiative", Ability.READ),
    route(f"{_BET}move/", board.step, "move-initiative", Ability.BET),
    route(f"{_BET}waive/", bet.waive, "waive", Ability.BET),
    route(_ASKED, bet.hypothesis, "hypothesis", Ability.READ),
    route(f"{_ASKED}forecast/", forecasts.forecast, "forecast", Ability.RATE),
    route(f"{_ASKED}lock/", forecasts.lock, "lock", Ability.BET),
    route(f"{_ASKED}ask/", forecasts.ask, "ask-forecasts", Ability.BET),
    route(f"{MINE}board/plan/<str:key>/lock/", forecasts.lock_plan, "lock-plan", Ability.BET),
    route("forecast/", forecasts.by_link, "forecast-by-link", Access.LINK),
    route("forecast/<str:secret>/", forecasts.link, "forecast-link", Access.LINK),
]
