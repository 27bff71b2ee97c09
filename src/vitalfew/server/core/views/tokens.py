"""One's own tokens: made, shown once, revoked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render

from vitalfew.errors import UsageError
from vitalfew.server.core.forms import NewToken
from vitalfew.server.core.queries import myself
from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request


def index(request: Request) -> HttpResponse:
    """The list; POST makes one, and shows it this once."""
    place = request.place
    form, made = NewToken(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            made = tokens.make(
                place.user,
                given["name"],
                given["scopes"],
                days=given["days"],
                workspace=place.workspace if given["here"] else None,
            )
        except UsageError as error:
            form.add_error(None, str(error))
        else:
            form = NewToken()
    context = {
        "title": "Tokens",
        "answers": "Which programs may read or act in your name?",
        "form": form,
        "made": made,
        "tokens": myself.tokens(place.user),
    }
    return render(request, "core/tokens.html", context)


def revoke(request: Request, token: int) -> HttpResponse:
    """End one at once."""
    if not tokens.revoke(request.place.user, token):
        raise Http404("no such token")
    messages.success(request, "Revoked. Programs that use it are refused from now on.")
    return redirect("tokens", workspace=request.place.workspace.key)
