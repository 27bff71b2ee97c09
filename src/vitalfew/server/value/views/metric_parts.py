"""The parts of the page about a metric: pictures, and tables whose names lead on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.cells import GLYPH
from vitalfew.report.curves import spread
from vitalfew.report.layout import Column, fold, table
from vitalfew.report.link_words import STATUS_MEANINGS, arrow, own_notes, per, proxy_name, slope_of
from vitalfew.report.markup import Markup, join, tag
from vitalfew.report.series_picture import beyond_words, series_picture, sparkline
from vitalfew.report.svg import empty, glyph
from vitalfew.report.terminal_releases import contributor
from vitalfew.server.core.addresses import linked

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.evidence.standing import Span, Standing, Week
    from vitalfew.report.markup import Child
    from vitalfew.report.view import View
    from vitalfew.report.words import Unit
    from vitalfew.results.rows import ContributionRow, EffectRow, LinkRow
    from vitalfew.server.value.queries.metric_page import InSegment, Page

MOST_OPEN = 12
"""Rows of a table before the rest folds away."""
_SHOWN_WEEKS = 26
WIDEST = 0.3
"""Half widths of intervals beyond this share of the value are cut."""


def standing_text(standing: Standing, unit: Unit) -> str:
    """A value with its 95 % interval: `41.6 min (40.3 to 42.8)`."""
    if standing.sure is None:
        return f"{words.level(standing.value, unit)} (no interval)"
    low, high = (end * unit.factor for end in standing.sure)
    places = words.telling(low, high)
    return f"{words.level(standing.value, unit, places)} ({words.between(low, high, places)})"


def standing_parts(standing: Standing, unit: Unit) -> tuple[str, str]:
    """A value, and its 95 % interval or the words that it has none."""
    value, _, ends = standing_text(standing, unit).partition(" (")
    return value, ends.removesuffix(")")


def standing_basis(standing: Standing, title: str) -> str:
    """What a value rests on, in words; `title`: of the experiment."""
    until = f" to {words.date_and_time(standing.until)}" if standing.until else ""
    if standing.basis == "series":
        return f"mean of the last four weeks{until}"
    units = f"{standing.n:,} units of the " if standing.n else ""
    return f"{units}control of {title}{until}"


def precision(standing: Standing | None, title: str) -> Markup:
    """How sharply a value is known: its interval in shares of the value, on an axis that all metrics share."""
    if standing is None:
        return empty("no run has measured it yet", width=GLYPH)
    if standing.sure is None or standing.likely is None or not standing.value:
        return empty("its interval is not known", width=GLYPH)
    mark = Mark(0.0, _relative(standing.likely, standing.value), _relative(standing.sure, standing.value))
    return glyph(axis_over([Mark(0.0, None, (-WIDEST, WIDEST))]), mark, title, width=GLYPH)


def _relative(span: Span, value: float) -> Span:
    low, high = sorted((end / value - 1.0) for end in span)
    return low, high


def small_line(found: Sequence[Week], unit: Unit, title: str) -> Markup | None:
    """The last half year as a small line."""
    shown = found[-_SHOWN_WEEKS:]
    if len(shown) < 2:  # noqa: PLR2004 - a point is no line
        return None
    first, last = (words.level(week.value, unit) for week in (shown[0], shown[-1]))
    return sparkline([week.value for week in shown], f"{title}: {first} to {last} over {len(shown)} weeks")


def series(page: Page, unit: Unit) -> Markup | None:
    """The picture of the weeks, and the same as a table."""
    if not page.weeks:
        return None
    said = beyond_words(page.weeks, page.limits)
    drawn = series_picture(page.weeks, page.limits, page.happenings, unit, f"{page.title} by week. {said}")
    marks = "Triangles are releases, bars are experiments." if page.happenings else ""
    text = f"{said} Limits: mean ± 2.66 mean moving ranges of weekly means. {marks}"
    if page.standing and page.standing.basis == "control":
        text += " Here a day counts by itself; the number above follows the units of an experiment."
    rows = [(week.last.isoformat(), words.level(week.value, unit), f"{week.days}") for week in reversed(page.weeks)]
    heads = ["Week to", Column(unit.level or "Value", "num"), Column("Days", "num")]
    happened = [(one.since.isoformat(), one.until.isoformat() if one.until else "", one.kind, one.title)
                for one in reversed(page.happenings)]  # fmt: skip
    beside = fold("What happened beside it", table(["From", "To", "Kind", "What"], happened, caption="Newest first."))
    grid = fold("The same as a table of numbers", table(heads, rows, caption="Means of seven days, newest first."))
    picture = tag("div", drawn, class_="scroll", tabindex="0", role="group", aria_label=f"{page.title} by week")
    return tag("div", tag("figure", picture, tag("figcaption", text)), grid, beside if happened else None)


def distribution(page: Page, unit: Unit, view: View) -> Markup | None:
    """How the metric is spread over units, arm by arm, in the newest experiment."""
    rows = page.quantiles
    if not rows:
        return None
    title = f"{page.title} over units in {view.title('experiments', rows[0].experiment)}"
    text = f"{title}: median, middle half, and 5 to 95 %."
    some = [0.05, 0.25, 0.5, 0.75, 0.95]
    body = [(row.arm, *(_at(row.probabilities, row.values, p, unit) for p in some), f"{row.n:,}") for row in rows]
    heads = ["Arm", *(Column(f"{100 * p:g} %", "num") for p in some), Column("Units", "num")]
    grid = table(heads, body, caption="Sample quantiles over units.")
    return tag(
        "div", tag("figure", tag("div", spread(rows, unit, text), class_="scroll"), tag("figcaption", text)), grid
    )


def _at(probabilities: Sequence[float], values: Sequence[float], wanted: float, unit: Unit) -> str:
    at = min(range(len(probabilities)), key=lambda place: abs(probabilities[place] - wanted))
    return words.level(values[at], unit)


def link_table(workspace: str, view: View, rows: Sequence[LinkRow], *, upwards: bool) -> Markup | None:
    """Links into a metric (`upwards`), or out of it."""
    if not rows:
        return None
    heads = ["What moves it" if upwards else "What it moves", Column("Moves by (95 %)", "num")]
    heads += [Column("Per one more", "nowrap"), "Grade", Column("How it is known", "long")]
    body = [_link_row(workspace, view, row, row.parent if upwards else row.child) for row in rows]
    return table(heads, body, caption="Changes in the units of both metrics; by formula they are exact.")


def _link_row(workspace: str, view: View, row: LinkRow, other: str) -> list[Child]:
    said = [STATUS_MEANINGS[row.status], *([row.would_take.message] if row.would_take else [])]
    more = " ".join((arrow(view, row.parent, row.child), *own_notes(row, beside_scatter=False)))
    return [
        linked(workspace, "metrics", other, view.title("metrics", other)),
        empty(STATUS_MEANINGS[row.status], width=GLYPH)
        if row.estimate is None
        else cells.opened(view, slope_of(view, row), row),
        per(view, row.parent) if row.estimate is not None else "",
        "by definition" if row.status == "exact" else cells.grade(row.grade),
        tag("span", "; ".join(said), title=more),
    ]


def slope_words(view: View, row: LinkRow) -> Markup:
    """How much a link moves its child, in a few words that lead to what is behind them."""
    if row.estimate is None:
        return join(STATUS_MEANINGS[row.status])
    return join(cells.opened(view, f"{slope_of(view, row)} {per(view, row.parent)}", row))


def forest(workspace: str, view: View, page: Page, unit: Unit, most: int | None = None) -> Markup | None:
    """Effects of experiments and releases on the metric, on one axis, the first `most` alone; right is better."""
    rows = [*page.moved_by, *page.released]
    if not rows:
        return None
    drawn = {id(row): mark.scaled(unit.good) for row in rows if (mark := cells.effect_mark(row)) is not None}
    axis = axis_over(drawn.values())
    heads = ["What", "", Column("Change (95 %)", "num"), "Grade"]

    def cells_of(row: EffectRow) -> list[Child]:
        kind = "releases" if row.experiment in view.definitions.releases else "experiments"
        title = view.title(kind, row.experiment)
        mark, text = drawn.get(id(row)), cells.effect_text(row, view)
        shape = (
            empty("not computed", width=GLYPH) if mark is None else glyph(axis, mark, f"{title}: {text}", width=GLYPH)
        )
        told = cells.opened(view, text, row)
        return [linked(workspace, kind, row.experiment, title), shape, told, cells.grade(row.grade)]

    telling = sorted(rows, key=lambda row: (not _clear(row), -abs(row.estimate or 0.0)))
    caption = "Zero is the line, right is better; those told from zero first, then by size."
    return _some_open(heads, list(map(cells_of, telling[:most])), "effect", caption)


def _clear(row: EffectRow) -> bool:
    ends = row.interval()
    return ends is not None and not ends.low <= 0 <= ends.high


def contributions(workspace: str, view: View, rows: Sequence[ContributionRow], unit: Unit) -> Markup | None:
    """What each gave on this metric, the largest first."""
    if not rows:
        return None
    marks = {id(row): mark.scaled(unit.good) for row in rows if (mark := _given_mark(row)) is not None}
    axis = axis_over(marks.values())
    heads = ["Of", "Kind", "", Column("Gave (95 %)", "num"), "Grade"]

    def cells_of(row: ContributionRow) -> list[Child]:
        found = row.contribution
        text = "" if found is None else words.change(found.estimate, found.low, found.high, unit)
        name = contributor(view, row)
        mark, kind = marks.get(id(row)), f"{row.kind}s"
        shape = glyph(axis, mark, f"{name}: {text}", width=GLYPH) if mark else empty("no interval", width=GLYPH)
        told = cells.opened(view, text, row)
        return [linked(workspace, kind, row.subject, name), row.kind, shape, told, cells.grade(row.grade)]

    return _some_open(heads, list(map(cells_of, rows)), "contribution", "Right is better; errors go along the links.")


def _given_mark(row: ContributionRow) -> Mark | None:
    found = row.contribution
    if found is None or found.low is None or found.high is None:
        return None
    return Mark(found.estimate, None, (found.low, found.high))


def _some_open(heads: Sequence[str], body: Sequence[Sequence[Child]], what: str, caption: str) -> Markup:
    """The first rows of a table, and the rest folded away."""
    rest = body[MOST_OPEN:]
    more = fold(f"Show {words.count(len(rest), f'more {what}')}", table(heads, rest, caption=caption), more=True)
    return tag("div", table(heads, body[:MOST_OPEN], caption=caption), more if rest else None)


def segments(page: Page, view: View, unit: Unit) -> Markup | None:
    """Where the metric stands in each segment against all units, on one axis; and where effects on it differ."""
    if not page.segments and not page.differs:
        return None
    parts: list[Child] = []
    if page.segments and page.standing is not None:
        parts.append(_segment_table(page.segments, page.standing.value, view, unit))
    if page.differs:
        parts.append(tag("ul", [tag("li", row.message) for row in page.differs[:MOST_OPEN]]))
    return tag("div", parts)


def _segment_table(rows: Sequence[InSegment], overall: float, view: View, unit: Unit) -> Markup:
    marks = {
        row.segment: Mark(row.value - overall, None, (row.low - overall, row.high - overall)).scaled(unit.good)
        for row in rows
        if row.low is not None and row.high is not None
    }
    axis = axis_over(marks.values())
    body: list[Sequence[Child]] = []
    for row in rows:
        title, mark = view.title("segments", row.segment), marks.get(row.segment)
        shape = glyph(axis, mark, title, width=GLYPH) if mark else empty("no interval", width=GLYPH)
        body.append((title, shape, _level(row.value, row.low, row.high, unit), f"{row.n:,}"))
    heads = ["Segment", "", Column("Stands at (95 %)", "num"), Column("Units", "num")]
    caption = "In the control of the newest experiment; the line is where all units stand, right is better."
    return table(heads, body, caption=caption)


def _level(value: float, low: float | None, high: float | None, unit: Unit) -> str:
    if low is None or high is None:
        return words.level(value, unit)
    places = words.telling(low * unit.factor, high * unit.factor)
    return f"{words.level(value, unit, places)} ({words.between(low * unit.factor, high * unit.factor, places)})"


def proxies(page: Page, view: View) -> Markup | None:
    """How well it stands in for later metrics, and others for it; what is not known in one sentence each."""
    if not page.proxies:
        return None
    heads = ["Early metric", "Stands in for", Column("Agreement", "num"), "State", Column("Why", "long")]
    told = [row for row in page.proxies if row.status != "unknown"]
    body = [
        (
            proxy_name(view, row),
            view.title("metrics", row.target),
            "" if row.agreement is None else words.figure(row.agreement, 2, signed=True),
            row.status,
            row.message,
        )
        for row in told
    ]
    unknown = {row.message for row in page.proxies if row.status == "unknown"}
    notes = [
        tag("p", f"{_pairs(len(page.proxies) - len(told))} not known: {reason}.", class_="notes")
        for reason in sorted(unknown)[:1]
    ]
    return tag(
        "div", table(heads, body, caption="How closely an early metric follows a later one.") if body else None, notes
    )


def _pairs(number: int) -> str:
    return "1 pair is" if number == 1 else f"{number} pairs are"
