"""Pages for what went wrong: a sentence, and the way on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.core.exceptions import DisallowedHost
from django.http import HttpResponse
from django.shortcuts import render

from vitalfew.server.core.files import NotBuilt

if TYPE_CHECKING:
    from django.http import HttpRequest

    from vitalfew.errors import VitalfewError


AROUND = "This request came past a proxy of this server"


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The request makes no sense, or was sent to a name that is not the server's."""
    if isinstance(exception, DisallowedHost):
        way = "Whoever runs it adds the name in this address to VITALFEW_HOSTS."
        return _page(request, 400, "This server does not answer to that name", way)
    if str(exception) == AROUND:
        way = "Whoever runs it says in VITALFEW_PROXIES how many proxies name the sender in X-Forwarded-For."
        return _page(request, 400, AROUND, way)
    return _page(request, 400, "This request makes no sense to us", "Go back, load the page anew and try once more.")


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    """The role does not allow it."""
    reason = str(exception) or "Your role in this workspace does not allow this."
    return _page(
        request, 403, "This is not for your role", f"{reason[:1].upper()}{reason[1:]}. An admin can change it."
    )


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """There is no such page, or not for whoever asks."""
    return _page(request, 404, "There is no such page", "It may have been removed, or it is not yours to see.")


def refused(request: HttpRequest, error: VitalfewError) -> HttpResponse:
    """What was asked for cannot be done as it was asked for."""
    told = error.problem
    return _page(request, 422, "This cannot be done", _sentence(told.message) + _sentence(told.hint or ""))


def too_long(request: HttpRequest) -> HttpResponse:
    """The database was asked for more than a page may take."""
    way = "Try once more; narrow down what you look for where you can. Whoever runs it sees it in the log."
    return _page(request, 503, "This took too long", way)


def too_many(request: HttpRequest, exception: Exception | None = None, *, wait: int = 3_600) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Too many tries in too short a time; `wait` in seconds."""
    how_long = "an hour" if wait >= 3_600 else "ten minutes"  # noqa: PLR2004 - seconds of an hour
    answer = _page(
        request, 429, "Too many tries", f"Wait {how_long}, then try once more. An admin can make you a link."
    )
    answer.headers["Retry-After"] = str(wait)
    return answer


def broken(request: HttpRequest) -> HttpResponse:
    """A fault of ours."""
    return _page(request, 500, "Something broke on our side", "Nothing was lost. The log of the server says more.")


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 - Django's signature
    """A form that does not come from our page, or from an old one."""
    return _page(request, 403, "This form is too old", "Load the page anew and send it once more.")


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}. " if text else ""


def not_built(error: NotBuilt) -> HttpResponse:
    """Without scripts and styles no page can be drawn."""
    return HttpResponse(f"{error}\n", status=503, content_type="text/plain; charset=utf-8")


def _page(request: HttpRequest, status: int, title: str, text: str) -> HttpResponse:
    """A page for people; programs, which ask below `/api/`, get problem details wherever it went wrong."""
    if request.path_info.startswith("/api/"):
        from vitalfew.server.core.api.problems import problem  # the API is heavy, and no page needs it

        return problem(status, text)
    try:
        return render(request, "core/error.html", {"title": title, "text": text}, status=status)
    except NotBuilt as error:
        return not_built(error)
