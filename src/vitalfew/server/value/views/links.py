"""What moves what: links, trade-offs, conflicts, contributions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.shortcuts import render

from vitalfew.report import cells, html_horizons, html_links, words
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.cells import GLYPH
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
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import empty, glyph
from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.listing import kept
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.views.defining import NO_METRIC, Kind, may_edit
from vitalfew.server.value.forms.evidence import LinkForm
from vitalfew.server.value.queries import links as queries
from vitalfew.server.value.views.metric_parts import contributions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.http import HttpResponse

    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Child
    from vitalfew.report.view import View
    from vitalfew.results.rows import ConflictRow, LinkRow
    from vitalfew.server.core.access import Request

_CSV = ("link", "parent", "child", "kind", "status", "estimate", "low", "high", "grade", "strength", "experiments",
        "would_take", "method")  # fmt: skip
_CONFLICTS_CSV = ("what", "other", "kind", "gains_on", "gain", "gain_low", "gain_high", "loses_on", "loss", "loss_low",
                  "loss_high", "adjusted_p", "grade")  # fmt: skip

KIND = Kind(
    LinkForm,
    "links",
    "Which metric moves which: exactly, by a formula, or by influence, which experiments estimate.",
    beside=lambda _request, definitions, _key: {} if len(definitions.metrics) > 1 else {"first": NO_METRIC},
)


def links(request: Request) -> HttpResponse:
    """Every link with its estimate; how metrics trade off; who took back what; who gave what."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    given = request.GET
    wanted = queries.Wanted(given.get("team", ""), given.get("status", ""), given.get("metric", ""))
    context: dict[str, object] = {
        "title": "Links",
        "answers": "Which metric moves which, as far as many experiments together tell; and who works against whom.",
        "wanted": wanted,
    }
    context |= _defined(request)
    if run is None:
        return render(request, "value/links.html", context)
    if given.get("format") == "csv":
        return csv_response("links", _CSV, (_csv(row) for row in queries.links_of(run, wanted)))
    if given.get("format") == "conflicts-csv":
        return csv_response("conflicts", _CONFLICTS_CSV, (_conflict_csv(row) for row in queries.conflicts(run, wanted)))
    context |= {
        "teams": queries.teams(run),
        "metrics": queries.metrics(run),
        "statuses": [(key, STATUS_WORDS[key]) for key in STATUS_WORDS],
        "kept": kept(request),
        **_found(request.place.workspace.key, run, wanted),
    }
    return render(request, "value/links.html", context)


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


def _found(workspace: str, run: Results, wanted: queries.Wanted) -> dict[str, object]:
    """The parts of the page, kept where nothing is filtered, for a run never changes."""
    if wanted != queries.Wanted():
        return _parts(workspace, run, wanted)
    return per_run(run, f"links at {workspace}", lambda one: _parts(workspace, one, wanted))


def _parts(workspace: str, run: Results, wanted: queries.Wanted) -> dict[str, object]:
    view, rows = run.view, queries.links_of(run, wanted)
    gave = queries.contributions(run, wanted)
    return {
        "headline": links_headline(view) if view.tables.links else "",
        "graph": html_links.graph(view),
        "table": _table(workspace, view, rows),
        "assumed": assumed(rows),
        "scatters": html_links.scatters(view),
        "chains": html_links.chains(view),
        "trade_offs": html_links.trade_offs(view),
        "conflicts": _conflicts(workspace, view, queries.conflicts(run, wanted)),
        "proxies": html_links.proxies(view),
        "foreseen": html_links.foreseen(view),
        "horizons": html_horizons.horizons(view),
        "luck": html_links.luck(view),
        "gave": [
            (view.title("metrics", metric), contributions(workspace, view, found, view.unit(metric)))
            for metric, found in gave.items()
        ],
    }


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
            slope_of(view, row) if row.estimate is not None else tag("span", "not known", class_="muted"),
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


def _conflicts(workspace: str, view: View, rows: Sequence[ConflictRow]) -> Markup | None:
    """By what was released first; teams are no column, only a filter."""
    if not rows:
        return None
    heads = ["What", "Gains on", Column("Gain (95 %)", "num"), "Loses on", Column("Loss (95 %)", "num"), "Grade"]
    heads += [Column("In words", "long")]
    body: list[Sequence[Child]] = []
    for row in rows:
        kind = "releases" if row.subject in view.definitions.releases else "experiments"
        gain, loss = (
            words.change(found.estimate, found.low, found.high, view.unit(metric))
            for metric, found in ((row.gain_metric, row.gain), (row.loss_metric, row.loss))
        )
        body.append((
            linked(workspace, kind, row.subject, view.title(kind, row.subject)),
            linked(workspace, "metrics", row.gain_metric, view.title("metrics", row.gain_metric)),
            gain,
            linked(workspace, "metrics", row.loss_metric, view.title("metrics", row.loss_metric)),
            loss,
            cells.grade(row.grade),
            row.message,
        ))  # fmt: skip
    caption = "From grade staged up; false discoveries over the workspace are held in check."
    return table(heads, body, caption=caption, class_="evidence-table")


def _csv(row: LinkRow) -> tuple[object, ...]:
    take = row.would_take.message if row.would_take else None
    return (row.link, row.parent, row.child, row.kind, row.status, row.estimate, row.low, row.high, row.grade, row.z,
            row.experiments, take, row.method)  # fmt: skip


def _conflict_csv(row: ConflictRow) -> tuple[object, ...]:
    gain, loss = row.gain, row.loss
    return (row.subject, row.other, row.kind, row.gain_metric, gain.estimate, gain.low, gain.high, row.loss_metric,
            loss.estimate, loss.low, loss.high, row.adjusted_p, row.grade)  # fmt: skip
