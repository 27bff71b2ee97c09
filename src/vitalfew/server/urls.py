"""Every address of the server, with who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import path

from vitalfew.server.api import urls as api
from vitalfew.server.bets import urls as bets
from vitalfew.server.core import urls as core
from vitalfew.server.value import urls as value

if TYPE_CHECKING:
    from django.urls import URLPattern, URLResolver

urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", api),
    *core.urlpatterns,
    *value.urlpatterns,
    *bets.urlpatterns,
]
handler400 = "vitalfew.server.core.views.errors.bad_request"
handler403 = "vitalfew.server.core.views.errors.forbidden"
handler404 = "vitalfew.server.core.views.errors.not_found"
handler429 = "vitalfew.server.core.views.errors.too_many"
handler500 = "vitalfew.server.core.views.errors.broken"
