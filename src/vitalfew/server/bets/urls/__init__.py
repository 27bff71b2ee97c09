"""Addresses of bets and what came of them, with who may use each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.urls import (
    board,
    checks,
    decisions,
    experiments,
    features,
    ledger,
    needs,
    priorities,
    releases,
)

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    *ledger.urlpatterns,
    *priorities.urlpatterns,
    *board.urlpatterns,
    *decisions.urlpatterns,
    *features.urlpatterns,
    *experiments.urlpatterns,
    *releases.urlpatterns,
    *needs.urlpatterns,
    *checks.urlpatterns,
]
