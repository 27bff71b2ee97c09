"""How a rater is known after the link: a short-lived signed cookie, sent to the rating pages only."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING

from django.conf import settings
from django.shortcuts import redirect, render

from vitalfew.server.value.queries.sessions import rater_of
from vitalfew.server.value.services.answers import LASTS, entry_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.value.queries.sessions import Rater

    type Rating = Callable[[HttpRequest, Rater], HttpResponse]

COOKIE = "vitalfew-rater"
PATH = "/rate/"
GONE = "This link does not serve any more"


def rated_by(view: Rating) -> Callable[[HttpRequest], HttpResponse]:
    """A page for whoever holds an entry; it is renewed with each page, so that it lasts while somebody takes part."""

    @wraps(view)
    def enter(request: HttpRequest) -> HttpResponse:
        rater = rater_here(request)
        if rater is None:
            return gone(request)
        answer = view(request, rater)
        entry = entry_of(rater)
        if entry is not None:
            let_in(answer, entry)
        return answer

    return enter


def rater_here(request: HttpRequest) -> Rater | None:
    """Whoever this browser came in as."""
    return rater_of(request.COOKIES.get(COOKIE, ""), LASTS)


def let_in(answer: HttpResponse, entry: str) -> HttpResponse:
    """Give somebody an entry."""
    answer.set_cookie(
        COOKIE,
        entry,
        max_age=LASTS,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    return answer


def entered(entry: str) -> HttpResponse:
    """On to the rating page, whose address holds no secret."""
    return let_in(redirect("rate"), entry)


def gone(request: HttpRequest) -> HttpResponse:
    """A link or an entry that does not serve any more: 410, and what to do."""
    return render(request, "value/link_gone.html", {"title": GONE}, status=410)
