"""Where data come from: the tables of a workspace, what they hold, and forms that say what their columns mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.views.decorators.http import require_POST, require_safe

from vitalfew.errors import UsageError
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.services import sources as service
from vitalfew.server.core.services.looks import held
from vitalfew.server.core.source_forms import MEANINGS, SourceForm
from vitalfew.server.core.views.defining import Kind, may_edit
from vitalfew.workspace.definitions import source_shape

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.pipeline import Results
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

_CSV = ("source", "title", "table", "shape", "rows", "last", "said_by_the_run")


@dataclass(frozen=True, slots=True)
class Line:
    """A source in the list: what it holds now, and what the last run said of it."""

    key: str
    title: str
    table: str
    shape: str
    rows: int | None
    last: str
    wrong: str
    said: tuple[str, ...]


@require_safe
def sources(request: Request) -> HttpResponse:
    """All sources: rows, the last day, what is wrong."""
    row = request.place.workspace
    found, run = loaded(row), open_run(row)
    definitions = found.workspace.definitions
    known = run.workspace.definitions.sources if run else {}
    holds = held(row, (source.table for source in definitions.sources.values()))
    lines = [_line(definitions, key, holds, run) for key in definitions.sources]
    if request.GET.get("format") == "csv":
        cells = ([one.key, one.title, one.table, one.shape, one.rows, one.last, "; ".join(one.said)] for one in lines)
        return csv_response("sources", _CSV, cells)
    context = {
        "title": "Data",
        "answers": "Which tables are read, what they hold, and whether the last run could use them.",
        "lines": lines,
        "ran": run.info.computed_at if run else "",
        "known": [key for key, source in definitions.sources.items() if known.get(key) == source],
        "may_edit": may_edit(request, "sources"),
        "folder_owned": "sources" in found.folder_kinds,
        "lies_in": definitions.data.path if "data" in found.folder_kinds else "",
        "opened": list(map(str, settings.CONFIG.data)),
    }
    return render(request, "core/sources.html", context)


@require_POST
def add_source_file(request: Request) -> HttpResponse:
    """Take a file, and go on to the form that says what is in it: of a new source, or of the one it is newer than."""
    place, of = {"workspace": request.place.workspace.key}, request.POST.get("of", "")
    is_newer = of in loaded(request.place.workspace).workspace.definitions.sources
    form = reverse("edit-source", kwargs=place | {"key": of}) if is_newer else reverse("new-source", kwargs=place)
    given = request.FILES.getlist("files")
    if not given:
        messages.error(request, "No file was given: choose one first.")
        return redirect(form)
    try:
        table = service.add_file(request.place.workspace, given[0], by=request.place.user)
    except UsageError as error:
        messages.error(request, str(error))
        return redirect(form)
    return redirect(f"{form}?{urlencode({'table': table})}")


def _known(request: Request, definitions: Definitions, key: str | None) -> dict[str, Any]:
    """The files there are, and what the chosen one holds; no other file is ever looked into."""
    row = request.place.workspace
    files = service.tables(row)
    own = definitions.sources[key].table if key in definitions.sources else ""
    table = request.POST.get("table") or request.GET.get("table") or own
    if table and table != own and table not in dict(files):
        raise Http404("no such file")
    return {"table": table, "tables": files, "held": held(row, [table] if table else [], recognise=True)}


def _beside(request: Request, definitions: Definitions, key: str | None) -> dict[str, Any]:
    told = _known(request, definitions, key)
    one = told["held"].get(told["table"], {})
    return {"files": told["tables"], "choosing": not told["table"], "table": one, "recognised": one.get("shape", "")}


KIND = Kind(
    SourceForm,
    "sources",
    "What each row of the file is, and which column says what.",
    known=_known,
    beside=_beside,
    template="core/source_form.html",
)


def _line(definitions: Definitions, key: str, holds: dict[str, dict[str, Any]], run: Results | None) -> Line:
    source = definitions.sources[key]
    told = holds.get(source.table, {})
    said = [row.reason for row in run.failures if row.item.split("/")[0] == key] if run else []
    return Line(
        key,
        source.title or key.replace("_", " "),
        source.table,
        MEANINGS[source_shape(source)],
        told.get("rows"),
        str(told.get("last", {}).get(getattr(source, "time", None), ""))[:10],
        told.get("reason", ""),
        tuple(dict.fromkeys(said)),
    )
