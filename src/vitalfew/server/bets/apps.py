"""The app as Django knows it."""

from __future__ import annotations

from django.apps import AppConfig


class BetsApp(AppConfig):
    """What we bet and what came of it: ledger, features, initiatives, hypotheses, experiments, decisions."""

    name = "vitalfew.server.bets"
    label = "bets"
