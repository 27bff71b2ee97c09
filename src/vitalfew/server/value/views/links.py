"""What moves what: links with their estimates, and early metrics that stand in for late ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.report import cells, html_links
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.cells import GLYPH
from vitalfew.report.html_link_methods import methods
from vitalfew.report.layout import Column, table
from vitalfew.report.link_words import (
    STATUS_MEANINGS,
    assumed,
    link_sentence,
    links_headline,
    own_notes,
    per,
    slope_of,
)
from vitalfew.report.link_words import STATUSES as STATUS_WORDS
from vitalfew.report.markup import Markup, raised, tag
from vitalfew.report.svg import empty, glyph
from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.today import today_in
from vitalfew.server.core.views.defining import NO_METRIC, Kind, may_edit
from vitalfew.server.value.forms.evidence import LinkForm
from vitalfew.server.value.queries.links import links_of, metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Child
    from vitalfew.report.view import View
    from vitalfew.results.rows import LinkRow
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Choices, Field, Filter

_CSV = ("link", "parent", "child", "kind", "status", "estimate", "low", "high", "grade", "strength", "experiments",
        "would_take", "method")  # fmt: skip

KIND = Kind(
    LinkForm,
    "links",
    "Which metric moves which: exactly, by a formula, or by influence, which experiments estimate.",
    beside=lambda _request, definitions, _key: {} if len(definitions.metrics) > 1 else {"first": NO_METRIC},
)


def links(request: Request) -> HttpResponse:
    """Every link with its estimate, as a table, as a picture, and effects against effects."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    context: dict[str, object] = {
        "title": "Links",
        "answers": "Which metric moves which, as far as many experiments together tell.",
        **_defined(request),
    }
    if run is None:
        return render(request, "value/links.html", context)
    definitions = run.workspace.definitions
    named = (metric for row in run.tables.links for metric in (row.parent, row.child))
    offers: dict[Field, Choices] = {"metric": metrics(run, named), "state": list(STATUS_WORDS.items())}
    wanted = asked(request.GET, definitions, today_in(definitions), *offers, states=STATUS_WORDS)
    if request.GET.get("format") == "csv":
        return csv_response("links", _CSV, (_csv(row) for row in links_of(run, wanted)))
    context["bar"] = bar(request, wanted, offers, lambda one: len(links_of(run, one)))
    return render(request, "value/links.html", context | _found(request.place.workspace.key, run, wanted))


def _defined(request: Request) -> dict[str, object]:
    """The links as they are defined, with where each is changed."""
    found = loaded(request.place.workspace)
    definitions = found.workspace.definitions
    lines = [
        {
            "key": key,
            "parent": link.formula or (definitions.title("metrics", link.parent) if link.parent else ""),
            "title": definitions.title("links", key),
            "child": definitions.title("metrics", link.child),
            "exact": link.kind == "component",
            "said": link.author or ("somebody" if link.low is not None else ""),
        }
        for key, link in definitions.links.items()
    ]
    return {"lines": lines, "may_edit": may_edit(request, "links"), "folder_owned": "links" in found.folder_kinds}


def _found(workspace: str, run: Results, wanted: Filter) -> dict[str, object]:
    """The parts of the page, kept where nothing is filtered, for a run never changes."""
    if wanted.said:
        return _parts(workspace, run, wanted)
    return per_run(run, f"links at {workspace}", lambda one: _parts(workspace, one, wanted))


def _parts(workspace: str, run: Results, wanted: Filter) -> dict[str, object]:
    view, rows = run.view, links_of(run, wanted)
    return {
        "headline": links_headline(view) if view.tables.links else "",
        "graph": html_links.graph(view),
        "table": _table(workspace, view, rows),
        "assumed": assumed(rows),
        "methods": methods(view, rows),
        "scatters": html_links.scatters(view, rows),
        "chains": _on_a_page(html_links.chains(view)),
        "proxies": _on_a_page(html_links.proxies(view)),
    }


def _on_a_page(part: Markup | None) -> Markup | None:
    return raised(part, 3) if part else None


def _table(workspace: str, view: View, rows: Sequence[LinkRow]) -> Markup | None:
    """All links; how sure each is lies on one axis: the estimate is one, zero is the line."""
    if not rows:
        return None
    marks = {id(row): mark for row in rows if (mark := _certainty(row)) is not None}
    axis = axis_over(marks.values())
    heads = ["This", "moves this", Column("by (95 %)", "num"), Column("Per one more", "nowrap"), "Certainty"]
    heads += ["Grade", "State", Column("What it would take", "long")]
    body: list[Sequence[Child]] = []
    for row in rows:
        mark = marks.get(id(row))
        shape = glyph(axis, mark, link_sentence(view, row), width=GLYPH) if mark else None
        shape = shape or empty(STATUS_MEANINGS[row.status], width=GLYPH)
        notes = "; ".join(own_notes(row, beside_scatter=False))
        body.append((
            linked(workspace, "metrics", row.parent, view.title("metrics", row.parent)),
            linked(workspace, "metrics", row.child, view.title("metrics", row.child)),
            tag("span", "not known", class_="muted")
            if row.estimate is None
            else cells.opened(view, slope_of(view, row), row),
            per(view, row.parent) if row.estimate is not None else "",
            shape,
            "by definition" if row.status == "exact" else cells.grade(row.grade),
            tag("span", STATUS_WORDS[row.status], title=f"{STATUS_MEANINGS[row.status]}. {row.method}. {notes}"),
            row.would_take.message if row.would_take else "",
        ))  # fmt: skip
    caption = "Certainty: the interval in shares of the estimate, zero is the line; what crosses it may be nothing."
    return table(heads, body, caption=caption, class_="evidence-table")


def _certainty(row: LinkRow) -> Mark | None:
    if not row.estimate or row.low is None or row.high is None:
        return None
    low, high = sorted((row.low / row.estimate, row.high / row.estimate))
    return Mark(1.0, None, (low, high))


def _csv(row: LinkRow) -> tuple[object, ...]:
    take = row.would_take.message if row.would_take else None
    return (row.link, row.parent, row.child, row.kind, row.status, row.estimate, row.low, row.high, row.grade, row.z,
            row.experiments, take, row.method)  # fmt: skip
