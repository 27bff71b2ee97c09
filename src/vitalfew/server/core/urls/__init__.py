"""Addresses of core, with who may use each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import route
from vitalfew.server.core.roles import Access
from vitalfew.server.core.urls import accounts, people, sources, talk, teams, webhooks, workspaces
from vitalfew.server.core.views import health, home

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route("", home.home, "home", Access.SIGNED_IN),
    route("healthz", health.healthz, "healthz", Access.PUBLIC),
    route("readyz", health.readyz, "readyz", Access.PUBLIC),
    *accounts.urlpatterns,
    *people.urlpatterns,
    *workspaces.urlpatterns,
    *sources.urlpatterns,
    *teams.urlpatterns,
    *webhooks.urlpatterns,
    *talk.urlpatterns,
]
