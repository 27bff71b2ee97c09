"""Addresses of metrics and links between them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.value.views import links, metrics

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}metrics/", metrics.metrics, "metrics", Ability.READ),
    route(f"{MINE}metrics/<str:key>/", metrics.metric, "metric", Ability.READ),
    route(f"{MINE}metrics/<str:key>/sql/", metrics.metric_sql, "metric-sql", Ability.READ),
    route(f"{MINE}links/", links.links, "links", Ability.READ),
]
