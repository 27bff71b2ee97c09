"""The inventory of features, the page of each, and new bets made from them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from vitalfew.report import cells, words
from vitalfew.report.axis import Axis, Mark, axis_over
from vitalfew.report.cells import GLYPH
from vitalfew.report.html_features import cost_of, use_pictures
from vitalfew.report.layout import Column, table
from vitalfew.report.markup import tag
from vitalfew.report.svg import empty, glyph
from vitalfew.server.bets.queries import features as queries
from vitalfew.server.bets.queries.needs import causes_of, title_of, whose
from vitalfew.server.bets.queries.releases import releases_of
from vitalfew.server.bets.services.feature_bets import bet_on
from vitalfew.server.core.addresses import linked
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import Filter, asked, bar
from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.today import today_in
from vitalfew.server.core.views.editing import attempt, say_with_undo
from vitalfew.workspace.dependants import dependants

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Child, Markup
    from vitalfew.report.view import View
    from vitalfew.results.rows import ShippedLine, UseRow
    from vitalfew.server.bets.queries.features import Listed
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

PAGE = 50
_CSV = ("feature", "title", "product", "team", "use", "reach", "reach_low", "reach_high", "users", "eligible",
        "window_days", "uses_per_user_30_days", "cadence", "trend", "cost", "upkeep", "last_change", "verdicts",
        "needs", "why")  # fmt: skip

_USE = (Column("Reach (95 %)", "num"), "", Column("Used by", "num"), Column("Times per active user, 30 days", "num"),
        Column("Trend", "num"))  # fmt: skip
"""Columns of a table of use, after the name of the row."""


@dataclass(frozen=True, slots=True)
class Row:
    """A feature as a row of the inventory shows it."""

    listed: Listed
    reach: str
    bar: Markup
    trend: str
    cost: str
    verdicts: tuple[tuple[ShippedLine, str], ...]
    needs: tuple[str, ...]


def features(request: Request) -> HttpResponse:
    """The inventory: what is used, by how many, how often; *not measured* apart from *not used*."""
    place = request.place
    found = loaded(place.workspace)
    definitions = found.workspace.definitions
    run = open_run(place.workspace, request.GET.get("run"))
    given = request.GET
    offers = queries.offers(definitions, run, today := today_in(definitions))
    wanted = asked(given, definitions, today, *offers, states=queries.MEASURES)
    rows = queries.inventory(definitions, run, wanted)
    if given.get("format") == "csv":
        return csv_response("features", _CSV, (_csv(definitions, row) for row in rows))
    measured = [row for row in rows if row.measure != "not measured"]
    shown = Paginator(measured, PAGE).get_page(given.get("page"))
    context = {
        "title": "Features",
        "answers": "What is used, by what share of those who could, and how often. Use is not value.",
        "total": len(definitions.features),
        "cost_unit": definitions.policy.cost_unit,
        "bar": bar(request, wanted, offers, lambda one: len(queries.inventory(definitions, run, one)), state="Use"),
        "shown": shown,
        "rows": [_row(definitions, run, row) for row in shown],
        "pictures": use_pictures(run.view, [row.use for row in measured if row.use]) if run and measured else None,
        "unmeasured": [row for row in rows if row.measure == "not measured"],
        "may_bet": place.may(Ability.BET) and "initiatives" not in found.folder_kinds,
    }
    return render(request, "bets/features.html", context)


def _row(definitions: Definitions, run: Results | None, row: Listed) -> Row:
    use = row.use
    # The line of a feature repeats the verdict of the one initiative that built it.
    told = [line for line in row.lines if line.kind == "initiative"] or row.lines
    trend = "" if use is None or use.trend is None else _points(use.trend)
    return Row(
        row,
        words.share_interval(use.reach) if use and use.reach else "",
        cells.used(use.reach) if use and use.reach else empty("not measured", width=GLYPH),
        trend,
        cost_of(run.view, row.key) if run else "",
        tuple((line, words.VERDICTS[line.verdict]) for line in told if line.verdict != "no_promise"),
        tuple(definitions.title("needs", need) for need in row.needs),
    )


def _points(change: float) -> str:
    return words.with_unit(words.figure(100 * change, 1, signed=True), "pp")


def _csv(definitions: Definitions, row: Listed) -> tuple[object, ...]:
    use, feature = row.use, row.feature
    reach = use.reach if use else None
    measured = (reach.estimate, reach.low, reach.high) if reach else (None, None, None)
    told = (use.users, use.eligible, use.window_days, use.frequency) if use else (None,) * 4
    cost = feature.cost.p50 if feature.cost is not None and not isinstance(feature.cost, float) else feature.cost
    verdicts = "; ".join(f"{line.title}: {words.VERDICTS[line.verdict]}" for line in row.lines)
    needs = "; ".join(definitions.title("needs", need) for need in row.needs)
    return (row.key, row.title, row.product, row.team, row.measure, *measured, *told, feature.cadence,
            use.trend if use else None, cost, feature.upkeep, row.changed, verdicts, needs,
            use.reason if use else None)  # fmt: skip


def feature(request: Request, key: str) -> HttpResponse:
    """One feature from all sides."""
    place = request.place
    found = loaded(place.workspace)
    definitions = found.workspace.definitions
    if key not in definitions.features:
        raise Http404("no such feature")
    run = open_run(place.workspace, request.GET.get("run"))
    page = queries.feature_page(definitions, run, key)
    where = found.owned_by("features", key)
    context = {
        "title": page.listed.title,
        "answers": words.use_sentence(page.listed.use) if page.listed.use else "Its use is not in this run.",
        "page": page,
        "row": _row(definitions, run, page.listed),
        "cost_unit": definitions.policy.cost_unit,
        "missed": [
            (linked(place.workspace.key, one.kind, one.key, definitions.title(one.kind, one.key)), one.why)
            for one in dependants(definitions, key)
        ],
        "windows": _windows(run.view, page.windows) if run else None,
        "needs": _needs(place.workspace.key, definitions, page.listed.needs),
        "releases": _releases(place.workspace.key, definitions, run, page.releases),
        "where": where,
        "may_bet": place.may(Ability.BET) and "initiatives" not in found.folder_kinds,
        "initiatives_in_folder": "initiatives" in found.folder_kinds,
        **(_of_run(place.workspace.key, run.view, page) if run else {}),
    }
    return render(request, "bets/feature.html", context)


def _windows(view: View, rows: Sequence[UseRow]) -> Markup | None:
    """Use over windows of several lengths."""
    axis = _trends(rows)
    body = [
        (f"{row.window_days} days{', fits its cadence' if row.main else ''}", *_use_cells(view, row, axis))
        for row in rows
        if row.reach
    ]
    caption = (
        "Times: mean uses of those who used it at all. Trend: reach in the window minus reach in the one before,"
        " counted in full, so without an interval."
    )
    return table(["Window", *_USE], body, caption=caption) if body else None


def _trends(rows: Sequence[UseRow]) -> Axis:
    """One axis for the trends of a table, so that their sizes can be compared."""
    return axis_over(Mark(row.trend) for row in rows if row.trend is not None)


def _trend(row: UseRow, axis: Axis) -> Child:
    if row.trend is None:
        return empty("the data do not reach back over the window before", width=GLYPH)
    text = _points(row.trend)
    return cells.estimate(text, glyph(axis, Mark(row.trend, hollow=True), f"reach changed by {text}", width=GLYPH))


def _use_cells(view: View, row: UseRow, axis: Axis) -> tuple[Child, ...]:
    return (
        cells.opened(view, words.share_interval(row.reach), row) if row.reach else "not measured",
        cells.used(row.reach) if row.reach else empty(row.reason or "not measured", width=GLYPH),
        f"{row.users or 0:,} of {row.eligible or 0:,}",
        "" if row.frequency is None else words.significant(row.frequency, 2),
        _trend(row, axis),
    )


def _needs(workspace: str, definitions: Definitions, keys: Sequence[str]) -> Markup | None:
    """Why it is there: the needs that work on it serves, with what is known to be behind them."""
    body: list[Sequence[Child]] = []
    for key in keys:
        one = definitions.needs[key]
        causes = "; ".join(f"{cause.cause} ({cause.evidence})" for cause in causes_of(one))
        said = words.count(one.feedback, "time") if one.feedback else "not counted"
        body.append((
            linked(workspace, "needs", key, title_of(definitions, key)), whose(definitions, one), said,
            causes or "no cause was looked for",
        ))  # fmt: skip
    caption = "What work on this feature serves. In brackets: how each cause is known."
    return table(["Need", "Whose", "Said", Column("Behind it", "long")], body, caption=caption) if body else None


def _releases(workspace: str, definitions: Definitions, run: Results | None, keys: Sequence[str]) -> Markup | None:
    """Releases that brought or changed it, the newest first, and what they can be told from."""
    rows = [row for row in releases_of(definitions, run, Filter(today_in(definitions))) if row.key in keys]
    body = [
        (
            linked(workspace, "releases", row.key, row.title),
            words.date_and_time(row.release.date.isoformat()),
            row.state,
        )
        for row in rows
    ]
    caption = "Held against days without a release."
    return table(["Release", Column("Date", "nowrap"), "Told from noise"], body, caption=caption) if body else None


def _of_run(workspace: str, view: View, page: queries.Page) -> dict[str, object]:
    made = view.definitions.initiatives
    removes = {f"remove_{page.listed.key}", *(key for key in made if made[key].removes == page.listed.key)}
    axis, caption = _trends(page.segments), "Of the eligible in each segment; trends on one axis."
    body = [(view.title("segments", row.segment), *_use_cells(view, row, axis)) for row in page.segments]
    return {
        "segments": table(["Segment", *_USE], body, caption=caption) if body else None,
        "lines": _lines(workspace, page),
        "experiments": _experiments(workspace, page),
        "removal": [line.test.reason for line in page.candidates if line.test and line.line in removes],
    }


def _lines(workspace: str, page: queries.Page) -> Markup | None:
    """What was promised and measured of it, and what may be done next."""
    body: list[Sequence[Child]] = []
    for line in page.listed.lines:
        kind = "features" if line.kind == "feature" else "initiatives"
        body.append((
            _line_name(workspace, kind, line.line, line.title), "shipped", cells.verdict(line.verdict),
            cells.grade(line.grade), words.NEXT_STEPS[line.recommendation], "; ".join(line.reasons[-1:]),
        ))  # fmt: skip
    body += [
        (_line_name(workspace, "initiatives", line.line, line.title), "candidate", tag("span", "open", class_="muted"),
         cells.grade(line.grade), words.NEXT_STEPS[line.recommendation], "; ".join(line.reasons[-1:]))
        for line in page.candidates
    ]  # fmt: skip
    heads = ["Line", "List", "Verdict", "Grade", "Next", Column("Because", "long")]
    return table(heads, body, caption="Lines of the ledger about this feature.") if body else None


def _line_name(workspace: str, kind: str, key: str, title: str) -> Markup:
    return tag("span", title) if kind == "features" else linked(workspace, kind, key, title)


def _experiments(workspace: str, page: queries.Page) -> Markup | None:
    body = [
        (linked(workspace, "experiments", row.experiment, row.title), *words.decision(row)) for row in page.experiments
    ]
    heads = ["Experiment", "Suggests", Column("Because", "long")]
    return table(heads, body, caption="Randomised comparisons of what was built on it.") if body else None


@require_POST
def feature_bet(request: Request, key: str) -> HttpResponse:
    """Make a new bet about a feature: to remove, to fix or to keep it."""
    place = request.place
    if key not in loaded(place.workspace).workspace.definitions.features:
        raise Http404("no such feature")
    done = attempt(request, lambda: bet_on(place, key, request.POST.get("what", "")))
    if isinstance(done, HttpResponse) or done is None:
        return done or redirect("features", workspace=place.workspace.key)
    said = "A new bet was made of it, an idea still: say what it should change, and have it forecast."
    say_with_undo(request, said, [done])
    here = page_of(place.workspace.key, "initiatives", done.key) or page_of(place.workspace.key, "features", key)
    return redirect(here)
