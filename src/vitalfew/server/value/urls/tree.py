"""Addresses of the value tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability
from vitalfew.server.value.views import tree

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route(f"{MINE}tree/", tree.tree, "tree", Ability.READ),
    route(f"{MINE}metrics/<str:key>/card/", tree.card, "metric-card", Ability.READ),
]
