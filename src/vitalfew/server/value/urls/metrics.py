"""Addresses of metrics, links between them, and segments."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.views.defining import routes
from vitalfew.server.value.views import conflicts, links, metric_edit, metrics, moved, segments, trade_offs

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}metrics/", metrics.metrics, "metrics", Ability.READ),
    route(f"{MINE}metrics/<str:key>/", metrics.metric, "metric", Ability.READ),
    route(f"{MINE}metrics/<str:key>/sql/", metrics.metric_sql, "metric-sql", Ability.READ),
    route(f"{MINE}metrics/<str:key>/edit/", metric_edit.metric_edit, "metric-edit", Ability.DEFINE),
    route(f"{MINE}metrics/<str:key>/look/", metric_edit.metric_look, "metric-look", Ability.DEFINE),
    route(f"{MINE}metrics/<str:key>/remove/", metric_edit.metric_remove, "metric-remove", Ability.DEFINE),
    route(f"{MINE}define/metric/", metric_edit.metric_new, "metric-new", Ability.DEFINE),
    route(f"{MINE}links/", links.links, "links", Ability.READ),
    *routes(links.KIND, f"{MINE}links/new/", f"{MINE}links/of/<str:key>/"),
    route(f"{MINE}trade-offs/", trade_offs.trade_offs, "trade-offs", Ability.READ),
    route(f"{MINE}conflicts/", conflicts.conflicts, "conflicts", Ability.READ),
    route(f"{MINE}moved/", moved.moved, "moved", Ability.READ),
    route(f"{MINE}segments/", segments.segments, "segments", Ability.READ),
    *routes(segments.KIND, f"{MINE}segments/new/", f"{MINE}segments/of/<str:key>/"),
]
