"""What stands behind a number: beside the page it is on, or as a page of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.http import Http404
from django.shortcuts import render

from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.numbers import sheet_of
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request


def number(request: Request, part: str, place: int) -> HttpResponse:
    """Definition, data and method of one number of a run."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    sheet = sheet_of(run, part, place) if run else None
    if run is None or sheet is None:
        raise Http404("no such number")
    key = request.place.workspace.key
    context = {
        "title": sheet.title,
        "sheet": sheet,
        "definition": [(about, page_of(key, about.kind, about.key)) for about in sheet.definition],
        "info": run.info,
        "part": part,
        "place_in_part": place,
    }
    beside = request.headers.get("HX-Request") == "true"
    return render(request, "core/number_beside.html" if beside else "core/number.html", context)
