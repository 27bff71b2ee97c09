"""Minutes of a session: saved while one types; what somebody else wrote in the meantime is never replaced unseen."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import Conflict
from vitalfew.server.value.queries.sessions import Minutes, session
from vitalfew.server.value.services.sessions import LONGEST_MINUTES, Reading, SessionOver, write_minutes

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request
    from vitalfew.server.value.queries.sessions import SessionView

LONGEST_MARK, LONGEST_TURN = 40, 15


@require_POST
def session_minutes(request: Request, key: str) -> HttpResponse:
    """Save what was said; where another page wrote meanwhile, lay both texts before whoever asks (409)."""
    view = _view(request, key)
    given = request.POST
    factor, choice = given.get("factor", ""), given.get("choice", "")
    try:
        if choice != "theirs":
            write_minutes(view.id, factor, _wanted(request, view), _reading(request))
    except Conflict:
        return _clash(request, key, factor)
    except SessionOver as error:
        return _over(request, key, error)
    except VitalfewError as error:
        return HttpResponse(str(error), status=422, content_type="text/plain")
    if "HX-Request" not in request.headers:
        return redirect("session", workspace=request.place.workspace.key, key=key)
    if not choice:
        return HttpResponse(status=204)
    view = _view(request, key)
    return render(request, "value/_session_minutes.html", _context(request, view, factor))


def _wanted(request: Request, view: SessionView) -> str:
    """The text to save: one's own; behind the other one where both are to stand."""
    mine = request.POST.get("text", "")
    theirs = view.minutes.get(request.POST.get("factor", ""), "")
    return f"{theirs}\n\n{mine}" if request.POST.get("choice") == "both" and theirs else mine


def _reading(request: Request) -> Reading:
    """What the page has shown: the text it was opened with, or the other one where a choice was made beside it."""
    given = request.POST
    shown = given.get("stands" if given.get("choice") else "read", "")
    turn = given.get("turn", "")
    number = int(turn) if turn.isascii() and turn.isdecimal() and len(turn) <= LONGEST_TURN else 0
    return Reading("".join(given.get("page", "").split())[:LONGEST_MARK], shown, number)


def _over(request: Request, key: str, error: SessionOver) -> HttpResponse:
    """The session is closed (410): whoever wrote keeps their text, and is told what to do with it."""
    if "HX-Request" in request.headers:
        return HttpResponse(str(error), status=410, content_type="text/plain")
    context = _context(request, _view(request, key), request.POST.get("factor", ""))
    context |= {"title": "This session is closed", "why": str(error), "mine": request.POST.get("text", "")}
    return render(request, "value/minutes_over.html", context, status=410)


def _clash(request: Request, key: str, factor: str) -> HttpResponse:
    context = _context(request, _view(request, key), factor)
    if "HX-Request" in request.headers:
        return render(request, "value/_minutes_clash.html", context, status=409)
    context |= {
        "title": "Somebody else wrote here in the meantime",
        "clash": True,
        "mine": request.POST.get("text", ""),
    }
    return render(request, "value/minutes_clash.html", context, status=409)


def _context(request: Request, view: SessionView, factor: str) -> dict[str, object]:
    title = loaded(request.place.workspace).workspace.definitions.title("factors", factor) if factor else ""
    said = Minutes(factor, title, view.minutes.get(factor, ""))
    page = request.POST.get("page", "")[:LONGEST_MARK]
    return {"session": view, "said": said, "page": page, "longest": LONGEST_MINUTES}


def _view(request: Request, key: str) -> SessionView:
    found = session(request.place.workspace, key)
    if found is None:
        raise Http404("no such session")
    return found
