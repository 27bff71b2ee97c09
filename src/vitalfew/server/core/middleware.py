"""What every answer carries, and the guard before every view."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

from django.conf import settings
from django.core.exceptions import BadRequest
from django.http import Http404, HttpResponse

from vitalfew.errors import UsageError
from vitalfew.server.core.both_ways import BothWays
from vitalfew.server.core.connections import took_too_long
from vitalfew.server.core.files import NotBuilt
from vitalfew.server.core.numbers import LARGEST
from vitalfew.server.core.roles import Access
from vitalfew.server.core.views.errors import AROUND, not_built, refused, too_long

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from django.http import HttpRequest, HttpResponseBase

_FORMS = ("application/x-www-form-urlencoded", "multipart/form-data")


class Headers(BothWays):
    """Nothing of a signed-in person's pages is kept by browsers or proxies, and no page asks for a device."""

    def _now(self, request: HttpRequest) -> HttpResponseBase:
        return _with_headers(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _with_headers(request, await self.get_response(request))


class Proxies(BothWays):
    """Refuses what has not come through the proxies that stand before the server: nobody could say who sent it."""

    def _now(self, request: HttpRequest) -> HttpResponseBase:
        _refuse_way_around(request)
        return self.get_response(request)  # type: ignore[no-any-return]  # as what is called says

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        _refuse_way_around(request)
        return await self.get_response(request)  # type: ignore[no-any-return]  # as what is called says


class Guard(BothWays):
    """Refuses every view that does not say who may use it; requests are let through, what is guarded is the view."""

    def process_view(self, request: HttpRequest, view: object, _args: object, given: Mapping[str, object]) -> None:
        """Look at the view before it is called.

        Raises:
            Http404: nothing is at this address, or nothing that says who may use it.
            BadRequest: what was sent holds what no database holds.
        """
        if "\x00" in unquote(request.get_full_path()):  # no name holds it, and some databases fail on it
            raise Http404("no such page")
        if any(isinstance(value, int) and value > LARGEST for value in given.values()):
            raise Http404("no such thing")
        if not hasattr(view, "access"):
            raise Http404("no such page")
        is_form = view.access is not Access.API and request.content_type in _FORMS
        if is_form and any("\x00" in value for value in _sent(request)):
            raise BadRequest("a zero character")

    def process_exception(self, request: HttpRequest, error: Exception) -> HttpResponse | None:
        """Tell what a page could not do and did not tell itself; without scripts and styles no page can be drawn."""
        if isinstance(error, NotBuilt):
            return not_built(error)
        if isinstance(error, UsageError):
            return refused(request, error)
        if took_too_long(error):
            return too_long(request)
        return None


def _refuse_way_around(request: HttpRequest) -> None:
    """Compare `X-Forwarded-For`, which each proxy adds an address to, with how many there are.

    Raises:
        BadRequest: it names fewer. Without any the sender is the one who is connected.
    """
    told = request.headers.get("X-Forwarded-For")
    if told and told.count(",") + 1 < settings.CONFIG.proxies:
        raise BadRequest(AROUND)


def _sent(request: HttpRequest) -> Iterator[str]:
    """Names and values of a form."""
    for name, values in request.POST.lists():
        yield from (name, *map(str, values))


def _with_headers(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    if not request.path.startswith("/static/"):
        answer.headers.setdefault("Cache-Control", "no-store")
    answer.headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=()")
    answer.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
    return answer
