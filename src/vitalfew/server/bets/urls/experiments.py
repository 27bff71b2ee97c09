"""Addresses of experiments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.bets.views import experiments as views
from vitalfew.server.bets.views.evidence_forms import EXPERIMENTS
from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views.defining import routes

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}experiments/", views.experiments, "experiments", Ability.READ),
    route(f"{MINE}experiments/<str:key>/", views.experiment, "experiment", Ability.READ),
    route(f"{MINE}experiments/<str:key>/plan/", views.experiment_plan, "experiment-plan", Ability.READ),
    route(
        f"{MINE}experiments/<str:key>/plan/again/", views.experiment_plan_again, "experiment-plan-again", Ability.READ
    ),
    *routes(EXPERIMENTS, f"{MINE}experiments/of/new/", f"{MINE}experiments/<str:key>/"),
]
