"""Releases: the list, and the page of each with how its effects were told from noise."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import Http404
from django.shortcuts import render

from vitalfew.evidence.discoveries import stands_out
from vitalfew.report import cells, html_releases, words
from vitalfew.report.axis import axis_over
from vitalfew.report.cells import GLYPH
from vitalfew.report.layout import Column, table
from vitalfew.report.markup import tag
from vitalfew.report.svg import empty, glyph
from vitalfew.report.terminal_releases import releases_headline, said_of
from vitalfew.results.words import listed
from vitalfew.server.bets.queries import releases as queries
from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.today import today_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from django.http import HttpResponse

    from vitalfew.report.axis import Axis, Mark
    from vitalfew.report.markup import Child, Markup
    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow
    from vitalfew.server.bets.queries.releases import Listed, Page
    from vitalfew.server.core.access import Request

PAGE = 50
MOST_METRICS = 8
"""Metrics that have a column in the list; the page of a release shows them all."""
_CSV = ("release", "title", "date", "product", "team", "state", "metric", "change", "low", "high", "p", "p_corrected",
        "grade", "bundle")  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """A release as a row of the list shows it: a glyph per metric."""

    listed: Listed
    glyphs: tuple[tuple[str, Markup], ...]
    bundle: str


def releases(request: Request) -> HttpResponse:
    """The list: every release by every metric."""
    place = request.place
    definitions = loaded(place.workspace).workspace.definitions
    run = open_run(place.workspace, request.GET.get("run"))
    given = request.GET
    offers = queries.offers(definitions)
    wanted = asked(given, definitions, today_in(definitions), *offers, states=queries.STATES)
    found = queries.releases_of(definitions, run, wanted)
    if given.get("format") == "csv":
        return csv_response("releases", _CSV, (line for row in found for line in _csv(row)))
    shown = Paginator(found, PAGE).get_page(given.get("page"))
    view = run.view if run else None
    columns = _columns(view)
    context = {
        "title": "Releases",
        "answers": "What changed after each release, and whether that can be told from what happens without one.",
        "total": len(definitions.releases),
        "headline": releases_headline(view) if view and view.tables.release_effects else "",
        "bar": bar(
            request,
            wanted,
            offers,
            lambda one: len(queries.releases_of(definitions, run, one)),
            state="Told from noise",
        ),
        "shown": shown,
        "columns": [view.title("metrics", metric) for metric in columns] if view else [],
        "rows": [_row(view, row, columns) for row in shown],
    }
    return render(request, "bets/releases.html", context)


def _columns(view: View | None) -> dict[str, Axis]:
    """Metrics with a column, each with the axis that all releases share: factors and guardrails first."""
    if view is None:
        return {}
    rows = view.tables.release_effects
    counted = {**view.definitions.factors, **view.definitions.guardrails}
    metrics = sorted(dict.fromkeys(row.metric for row in rows), key=lambda metric: metric not in counted)
    return {metric: axis_over(_marks(view, rows, metric)) for metric in metrics[:MOST_METRICS]}


def _marks(view: View, rows: Iterable[EffectRow], metric: str) -> list[Mark]:
    return [mark for row in rows if row.metric == metric and (mark := _mark(view, row)) is not None]


def _mark(view: View, row: EffectRow) -> Mark | None:
    """Turned so that right is better, a ring where nothing tells it from noise."""
    mark = cells.effect_mark(row)
    return None if mark is None else replace(mark.scaled(view.unit(row.metric).good), hollow=mark.thin is None)


def _row(view: View | None, row: Listed, columns: dict[str, Axis]) -> Row:
    if view is None:
        return Row(row, (), "")
    effects = {effect.metric: effect for effect in row.effects}
    drawn = []
    for metric, axis in columns.items():
        effect, title = effects.get(metric), view.title("metrics", metric)
        mark = _mark(view, effect) if effect else None
        if effect is None or mark is None:
            drawn.append((title, empty(f"{title}: not judged", width=GLYPH)))
            continue
        said = f"{title}: {cells.effect_text(effect, view)}{', stands out' if stands_out(effect) else ''}"
        drawn.append((title, glyph(axis, mark, said, width=GLYPH)))
    return Row(row, tuple(drawn), listed(view.title("releases", key) for key in row.bundle))


def _csv(row: Listed) -> Iterable[tuple[object, ...]]:
    head = (row.key, row.title, row.release.date, row.product, row.team, row.state)
    for effect in row.effects:
        ends = effect.interval()
        low, high = (ends.low, ends.high) if ends else (None, None)
        yield (*head, effect.metric, effect.estimate, low, high, effect.p_value, effect.adjusted_p, effect.grade,
               " ".join(row.bundle))  # fmt: skip
    if not row.effects:
        yield (*head, *(None,) * 8)


def release(request: Request, key: str) -> HttpResponse:
    """One release: effects, what they were held against, what came with it, what it gave."""
    place = request.place
    definitions = loaded(place.workspace).workspace.definitions
    if key not in definitions.releases:
        raise Http404("no such release")
    run = open_run(place.workspace, request.GET.get("run"))
    page = queries.release_page(definitions, run, key)
    workspace = place.workspace.key
    made = page.listed.release
    named = [("initiatives", name) for name in made.initiatives] + [("features", name) for name in made.features]
    day = words.date_and_time(made.date.isoformat())
    context = {
        "title": page.listed.title,
        "answers": f"Released on {day}{f' by {page.listed.team}' if page.listed.team else ''}.",
        "page": page,
        "brought": [linked(workspace, kind, name, definitions.title(kind, name)) for kind, name in named],
        "bundle": [
            linked(workspace, "releases", name, definitions.title("releases", name)) for name in page.listed.bundle
        ],
        "why_not": [(definitions.title("metrics", metric), reason) for metric, reason in page.why_not],
        **(_of_run(workspace, run.view, page, queries.only(run, key)) if run else {}),
    }
    return render(request, "bets/release.html", context)


def _of_run(workspace: str, view: View, page: Page, own: View) -> dict[str, object]:
    return {
        "effects": _effects(workspace, view, page.listed),
        "studies": html_releases.studies(own),
        "placebos": html_releases.placebo_pictures(own),
        "balance": html_releases.balance(own),
        "gave": _gave(workspace, view, page),
        "conflicts": [row.message for row in page.conflicts],
    }


def _effects(workspace: str, view: View, row: Listed) -> Markup | None:
    """What changed, metric by metric, each on a scale of its own; right is better."""
    if not row.effects:
        return None
    placebos = {told.metric: told for told in row.placebos}
    heads = ["Metric", "", Column("Change (95 %)", "num"), Column("p", "num"), "Grade", "Told from noise"]
    heads += [Column("How it was found", "long")]
    body: list[Sequence[Child]] = []
    for effect in row.effects:
        mark, text = _mark(view, effect), cells.effect_text(effect, view)
        title, told = view.title("metrics", effect.metric), placebos.get(effect.metric)
        axis = axis_over(_marks(view, view.tables.release_effects, effect.metric))
        shape = glyph(axis, mark, f"{title}: {text}", width=GLYPH) if mark else empty("not computed", width=GLYPH)
        p = effect.p_value if effect.adjusted_p is None else effect.adjusted_p
        said = said_of(effect, told)
        body.append((
            linked(workspace, "metrics", effect.metric, title),
            shape,
            cells.opened(view, text, effect),
            "" if p is None else words.p_value(p),
            cells.grade(effect.grade),
            tag("strong", said) if stands_out(effect) else said,
            told.message if told else "; ".join((effect.method, *effect.notes)),
        ))  # fmt: skip
    caption = "Right is better; each metric on the scale that all releases share. p is corrected over all of them."
    return table(heads, body, caption=caption, class_="evidence-table")


def _gave(workspace: str, view: View, page: Page) -> Markup | None:
    rows = [(row, found) for row in page.contributions if (found := row.contribution) is not None]
    heads = ["At the top", Column("Gave (95 %)", "num"), "Grade", Column("How it is known", "long")]
    body = [
        (
            linked(workspace, "metrics", row.metric, view.title("metrics", row.metric)),
            words.change(found.estimate, found.low, found.high, view.unit(row.metric)),
            cells.grade(row.grade),
            "; ".join((f"through {words.count(len(row.links), 'link')}" if row.links else "measured", *row.notes)),
        )
        for row, found in rows
    ]
    return table(heads, body, caption="Errors are carried along the links.") if body else None
