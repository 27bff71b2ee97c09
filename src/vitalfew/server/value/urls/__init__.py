"""Addresses of what matters, with who may use each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.value.urls import metrics, model, sessions, tree

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    *model.urlpatterns,
    *sessions.urlpatterns,
    *metrics.urlpatterns,
    *tree.urlpatterns,
]
