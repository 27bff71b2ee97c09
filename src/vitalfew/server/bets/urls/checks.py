"""Addresses of checks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.views.decorators.http import require_POST

from vitalfew.server.bets.views import checks
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}checks/", checks.checks, "checks", Ability.READ),
    route(f"{MINE}checks/dismiss/", require_POST(checks.dismiss), "dismiss-finding", Ability.BET),
    route(f"{MINE}checks/dismissed/<int:pk>/back/", require_POST(checks.bring_back), "finding-back", Ability.BET),
]
