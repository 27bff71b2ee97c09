"""Metrics: the list and the page of each."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render

from vitalfew.errors import VitalfewError
from vitalfew.report.metric_words import definition_sentences
from vitalfew.report.words import unit_of
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.listing import kept
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.value.queries.metric_page import metric_page
from vitalfew.server.value.queries.metrics import LEVELS, USES, Wanted, kinds_and_owners, known, listed
from vitalfew.server.value.views import metric_parts as parts
from vitalfew.workspace.templates import TEMPLATES

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.evidence.standing import Standing
    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Markup
    from vitalfew.report.words import Unit
    from vitalfew.server.core.access import Request
    from vitalfew.server.value.queries.metric_page import Page
    from vitalfew.server.value.queries.metrics import Listed
    from vitalfew.workspace.definitions import Definitions

PAGE = 50
_CSV = ("metric", "title", "level", "kind", "direction", "owner", "unit", "counts as", "value", "low", "high", "basis",
        "until", "experiments")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A metric as a row of the list shows it."""

    listed: Listed
    value: str
    interval: str
    basis: str
    glyph: Markup
    line: Markup | None


def metrics(request: Request) -> HttpResponse:
    """The list, filtered by the address."""
    place = request.place
    definitions = loaded(place.workspace).workspace.definitions
    run = open_run(place.workspace, request.GET.get("run"))
    wanted = Wanted(
        text=request.GET.get("q", "").strip(),
        level=request.GET.get("level", ""),
        kind=request.GET.get("kind", ""),
        owner=request.GET.get("owner", ""),
        use=request.GET.get("use", ""),
    )
    found = listed(definitions, run, wanted)
    if request.GET.get("format") == "csv":
        return csv_response("metrics", _CSV, map(_csv, found))
    shown = Paginator(found, PAGE).get_page(request.GET.get("page"))
    kinds, owners = kinds_and_owners(definitions)
    context = {
        "title": "Metrics",
        "answers": "What is measured, where it stands, how sharply that is known, and what it counts as.",
        "rows": [_row(definitions, row) for row in shown],
        "shown": shown,
        "total": len(definitions.metrics),
        "wanted": wanted,
        "levels": LEVELS,
        "kinds": [(kind, kind.replace("_", " ")) for kind in kinds],
        "owners": owners,
        "uses": (*USES, ("none", "nothing yet")),
        "kept": kept(request),
        "templates": TEMPLATES,
        "may_define": place.may(Ability.DEFINE),
    }
    return render(request, "value/metrics.html", context)


def _row(definitions: Definitions, row: Listed) -> Row:
    unit = unit_of(row.metric)
    if row.standing is None:
        return Row(row, "", "", "", parts.precision(None, ""), parts.small_line(row.weeks, unit, row.title))
    value, interval = parts.standing_parts(row.standing, unit)
    basis = parts.standing_basis(row.standing, definitions.title("experiments", row.standing.experiment or ""))
    return Row(
        row,
        value,
        interval,
        basis,
        parts.precision(row.standing, f"{row.title}: {value} ({interval}), 95 % interval; {basis}"),
        parts.small_line(row.weeks, unit, row.title),
    )


def _csv(row: Listed) -> tuple[object, ...]:
    found, metric = row.standing, row.metric
    low, high = (found.sure if found and found.sure else None) or (None, None)
    told = (found.value, low, high, found.basis, found.until) if found else (None,) * 5
    return (row.key, row.title, metric.level, metric.kind, metric.direction, row.owner, metric.unit,
            " ".join(row.uses), *told, row.experiments)  # fmt: skip


def metric(request: Request, key: str) -> HttpResponse:
    """Everything that is known of one metric."""
    place = request.place
    workspace = place.workspace
    found = loaded(workspace)
    definitions = found.workspace.definitions
    if key not in definitions.metrics:
        raise Http404("no such metric")
    run = open_run(workspace, request.GET.get("run"))
    page = metric_page(definitions, run, key)
    unit = unit_of(page.metric)
    if request.GET.get("format") == "csv":
        rows = ((week.last, week.value, week.days) for week in page.weeks)
        return csv_response(f"{key}_by_week", ("week_to", "value", "days"), rows)
    where = found.owned_by("metrics", key)
    context = {
        "title": page.title,
        "answers": page.metric.description or "",
        "page": page,
        "owner": definitions.title("teams", page.metric.owner) if page.metric.owner else "",
        "age": known(run).fresh.get(key),
        "sentences": definition_sentences(definitions, page.metric, key),
        "where": f"{Path(where.file).name}, line {where.line}" if where else "",
        "in_folder": "metrics" in found.folder_kinds,
        "may_define": place.may(Ability.DEFINE),
        **_value(definitions, page.standing, unit, page.title),
        **_evidence(workspace.key, run, page, unit),
    }
    return render(request, "value/metric.html", context)


def _value(definitions: Definitions, standing: Standing | None, unit: Unit, title: str) -> dict[str, object]:
    if standing is None:
        return {"value": "", "basis": "", "glyph": parts.precision(None, title)}
    text = parts.standing_text(standing, unit)
    basis = parts.standing_basis(standing, definitions.title("experiments", standing.experiment or ""))
    return {"value": text, "basis": basis, "glyph": parts.precision(standing, f"{title}: {text}; {basis}")}


def _evidence(workspace: str, run: Results | None, page: Page, unit: Unit) -> dict[str, object]:
    """What a run knows, part by part; parts that hold nothing are None."""
    if run is None:
        return {}
    view = run.view
    return {
        "series": parts.series(page, unit),
        "distribution": parts.distribution(page, unit, view),
        "up": parts.link_table(workspace, view, page.up, upwards=True),
        "down": parts.link_table(workspace, view, page.down, upwards=False),
        "forest": parts.forest(workspace, view, page, unit),
        "contributions": parts.contributions(workspace, view, page.contributions, unit),
        "segments": parts.segments(page, view, unit),
        "proxies": parts.proxies(page, view),
    }


def metric_sql(request: Request, key: str) -> HttpResponse:
    """The query that measures a metric, as text to read: what `vitalfew sql` prints."""
    from vitalfew.warehouse.export import moments_sql

    definitions = loaded(request.place.workspace).workspace.definitions
    if key not in definitions.metrics:
        raise Http404("no such metric")
    try:
        queries = [query.text for query in moments_sql(definitions, (key,), "duckdb")]
        reason = ""
    except VitalfewError as error:
        queries, reason = [], str(error)
    return render(request, "value/metric_sql.html", {"queries": queries, "reason": reason, "key": key})
