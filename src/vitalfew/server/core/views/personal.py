"""Opening a personal link in the browser of whoever it is for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import redirect, render
from django.urls import reverse

from vitalfew.server.core.services import opened as links

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse


def enter(request: HttpRequest, secret: str, purpose: str, *, begin: tuple[str, str], to: str) -> HttpResponse | None:
    """A button opens the link here, and its secret leaves the address for a cookie; None where it serves no more.

    Args:
        request: by which the link was followed, or its button pressed.
        secret: of the link.
        purpose: what the link lets one do.
        begin: template and title of the page with the button.
        to: name of the route that asks; it alone gets the cookie.
    """
    found = links.open_link(request, secret, purpose)
    if found is None:
        return None
    if not found.here:
        if request.method != "POST":
            template, title = begin
            return render(request, template, {"title": title})
        if not links.begin(found):
            return None
    answer = redirect(to)
    links.keep_open(answer, found, purpose, reverse(to), answered=found.answered)
    return answer
