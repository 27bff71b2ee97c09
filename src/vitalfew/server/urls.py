"""Every address of the server, with who may use it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import URLResolver
from django.urls.resolvers import RoutePattern

from vitalfew.server.bets import urls as bets
from vitalfew.server.core import urls as core
from vitalfew.server.value import urls as value

if TYPE_CHECKING:
    from django.urls import URLPattern

API = "vitalfew.server.api"


class _Later(URLResolver):
    """Addresses that are made when one of them is asked for.

    The operations of the API take a second to make, and no page needs them.
    """

    def _populate(self) -> None:
        """Add nothing to the names of pages: these addresses have a namespace of their own."""


urlpatterns: list[URLPattern | URLResolver] = [
    _Later(RoutePattern("api/v1/"), API, app_name="ninja", namespace="api"),
    *core.urlpatterns,
    *value.urlpatterns,
    *bets.urlpatterns,
]
handler400 = "vitalfew.server.core.views.errors.bad_request"
handler403 = "vitalfew.server.core.views.errors.forbidden"
handler404 = "vitalfew.server.core.views.errors.not_found"
handler429 = "vitalfew.server.core.views.errors.too_many"
handler500 = "vitalfew.server.core.views.errors.broken"
