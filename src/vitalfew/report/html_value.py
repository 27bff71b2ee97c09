"""Where value comes from, and what became of promises."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Mark, axis_over
from vitalfew.report.html_groups import group_distances
from vitalfew.report.layout import Column, blank, fold, section, table
from vitalfew.report.markup import Markup, tag
from vitalfew.report.pictures import LETTERS, Pair, promised_against_measured, scale, stacked
from vitalfew.report.svg import picture

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.report.axis import Axis
    from vitalfew.report.view import View
    from vitalfew.results.rows import CandidateLine, EffectRow, PromiseRow, ShippedLine, VerdictRow, WeightRow

DRAWN = 20
"""Lines drawn in value by factor; the table holds all."""


def value_by_factor(view: View) -> Markup:
    """Stacked signed bars of the lines with a value, and the weights behind them."""
    question = "Which factors carry the value of each line, and which trade-offs hide inside it."
    every: list[ShippedLine | CandidateLine] = [*view.tables.shipped, *view.tables.candidates]
    lines = [line for line in every if line.value and line.parts]
    if not lines:
        teach = "Once effects or forecasts touch a factor, this shows what each line gains and loses, factor by factor."
        return section(
            "value", "Value by factor", question, blank(teach, "First step: name one to five metrics as factors.")
        )
    factors = list(view.definitions.factors) or sorted({part.factor for line in lines for part in line.parts})
    marks = [cells.value_mark(line.value) for line in lines if line.value]
    axis = axis_over([*marks, *(Mark(end) for line in lines for end in extent(line))])
    drawn = sorted(lines, key=lambda line: -abs(line.value.mean if line.value else 0))[:DRAWN]
    rows = [(line.title, bar(view, line, factors, axis), _value(line)) for line in drawn]
    rows.append(("", scale(axis, "points"), "points"))
    heads = ["Line", Column("Value by factor", "long"), Column("Value (80 %)", "num")]
    caption = "Bars are means: losses left of zero, gains right. The dot and the bar below are the sum, 80 % interval."
    grid = table(heads, rows, caption=caption, class_="factors")
    return section("value", "Value by factor", question, key(view, factors), grid, _all_parts(view, lines, factors))


def promises(view: View, most: int | None = None) -> Markup:
    """Promised against measured, as a picture of all and as a table, of so many lines at most."""
    question = "Each promise beside what came of it: on the line as promised, below it less."
    held = due_or_measured(view.tables.verdicts)
    if not held:
        teach = "Here every promise stands beside what was measured. A promise is a forecast that was locked."
        step = "First step: write a hypothesis, collect blind forecasts, and lock them before the work starts."
        return section("promises", "Promised against measured", question, blank(teach, step))
    listed = _promise_table(view, held[:most], len(held))
    drawn = promise_picture(view)
    if drawn is None:
        return section("promises", "Promised against measured", question, listed)
    told = f"{_drawn(_pairs(view, held), held)} Bars: 80 % promised, 95 % measured."
    drawing = tag("figure", drawn, tag("figcaption", told), tabindex=0)  # what scrolls is reached by keyboard
    return section("promises", "Promised against measured", question, drawing, tag("div", listed, class_="sub"))


def due_or_measured(rows: Iterable[VerdictRow]) -> list[VerdictRow]:
    """Those that the table of promises holds: something was promised or measured."""
    return [row for row in rows if row.promised is not None or row.estimate is not None]


def promise_picture(view: View) -> Markup | None:
    """Promised against measured, each as a point; None where nothing has both on one scale."""
    found = _pairs(view, view.tables.verdicts)
    unit = "share of the factor's range" if view.definitions.factors else "share of the metric's largest promise"
    return promised_against_measured(found, unit) if found else None


def extent(line: ShippedLine | CandidateLine) -> tuple[float, float]:
    """How far the stacked bars of a line reach, losses and gains."""
    means = [part.mean for part in line.parts]
    return sum(m for m in means if m < 0), sum(m for m in means if m > 0)


def bar(view: View, line: ShippedLine | CandidateLine, factors: Sequence[str], axis: Axis) -> Markup:
    """The value of a line as stacked signed bars, factor by factor."""
    parts = [(factors.index(part.factor), part.mean) for part in line.parts if part.factor in factors]
    named = "; ".join(f"{view.title('factors', p.factor)} {words.figure(p.mean, 1, signed=True)}" for p in line.parts)
    total = cells.value_mark(line.value) if line.value else Mark(0.0)
    return stacked(axis, parts, total, f"{line.title}: {named} points")


def _value(line: ShippedLine | CandidateLine) -> str:
    return words.change(line.value.mean, line.value.low, line.value.high, words.BARE_VALUE) if line.value else ""


def key(view: View, factors: Sequence[str]) -> Markup:
    """The shades and letters of the factors, with their weights."""
    weights = {row.factor: row for row in view.tables.weights}
    entries = []
    for place, factor in enumerate(factors):
        title = view.title("factors", factor)
        row = weights.get(factor)
        weight = "" if row is None else f", weight {words.share(row.mean)}{_weight_interval(row)}{_members(row)}"
        entries.append(tag("li", swatch(place, title), title + weight))
    notes = dict.fromkeys(part for row in view.tables.weights for part in (row.note or "").split("; ") if part)
    said = tag("p", f"Weights: {'; '.join(notes)}.", class_="notes") if notes else None
    return tag("div", tag("ul", entries, class_="legend"), said, _disagreement(view), group_distances(view))


def swatch(place: int, title: str) -> Markup:
    """The shade and the letter of a factor, by its place among the factors."""
    shade = tag("rect", width=16, height=16, class_=f"f{place % 10}")
    letter = tag("text", LETTERS[place % 10], x=8, y=12, class_=f"letter t{place % 10}")
    return picture(title, shade, letter, width=16, height=16, class_="key")


def _disagreement(view: View) -> Markup | None:
    """Whether people would choose the same, how far they are apart, and what groups would choose otherwise."""
    row = next(iter(view.tables.disagreement), None)
    if row is None:
        return None
    said = words.agreement(row)
    for choice in view.tables.group_choices:
        otherwise = [("would also fund", choice.adds), ("would not fund", choice.drops)]
        told = (
            f"{what} {', '.join(view.title('initiatives', key) for key in keys)}" for what, keys in otherwise if keys
        )
        said += [f"{choice.group} ({choice.raters} people) {part}" for part in told]
    return tag("p", f"Agreement: {'; '.join(said)}.", class_="notes") if said else None


def _members(row: WeightRow) -> str:
    """Where four of five single members lie, and how many see no worth in it."""
    if row.member_low is None or row.member_high is None or row.member_low == row.member_high:
        return ""
    zeros = f", {words.count(row.zero_votes, 'zero vote')}" if row.zero_votes else ""
    return f"; members {words.share(row.member_low)} to {words.share(row.member_high)}{zeros}"


def _weight_interval(row: WeightRow) -> str:
    if row.low is None or row.high is None:
        return ""
    return f" ({words.share(row.low)} to {words.share(row.high)})"


def _all_parts(view: View, lines: Sequence[ShippedLine | CandidateLine], factors: Sequence[str]) -> Markup:
    heads = ["Line", *(Column(view.title("factors", factor), "num") for factor in factors)]
    rows = []
    for line in lines:
        by = {part.factor: words.change(part.mean, part.low, part.high, words.BARE_VALUE) for part in line.parts}
        rows.append((line.title, *(by.get(factor, "not measured") for factor in factors)))
    return fold(
        "The same as a table of numbers", table(heads, rows, caption="Points by factor, 80 % intervals, all lines.")
    )


def _drawn(pairs: Sequence[Pair], held: Sequence[VerdictRow]) -> str:
    left_out = len(held) - len(pairs)
    return (
        f"{words.count(left_out, 'promise')} only in the table: no common scale, or one half missing."
        if left_out
        else ""
    )


def _pairs(view: View, held: Sequence[VerdictRow]) -> list[Pair]:
    promised = {row.hypothesis: row for row in view.tables.promises if row.locked_at}
    factors = view.definitions.factors
    both = [
        row
        for row in held
        if row.hypothesis in promised and row.estimate is not None and (not factors or row.metric in factors)
    ]
    sizes = _sizes(view, both)
    return [_pair(view, row, promised[row.hypothesis], sizes[row.metric]) for row in both]


def _sizes(view: View, both: Sequence[VerdictRow]) -> dict[str, float]:
    sizes: dict[str, float] = {}
    for row in both:
        if row.metric in view.definitions.factors:
            low, high = view.definitions.factors[row.metric].range
            sizes[row.metric] = abs(high - low)
        else:
            sizes[row.metric] = max(sizes.get(row.metric, 0.0), abs(row.promised or 0.0))
    return {metric: size or 1.0 for metric, size in sizes.items()}


def _pair(view: View, row: VerdictRow, promise: PromiseRow, size: float) -> Pair:
    factor = view.unit(row.metric).good / size
    estimate = row.estimate or 0.0
    thin = (row.low, row.high) if row.low is not None and row.high is not None else None
    both = f"promised {_promised_text(view, row)}, measured {_measured_text(view, row)}"
    name = view.title("initiatives", row.initiative)
    promised = Mark(promise.p50, (promise.p10, promise.p90), hollow=True).scaled(factor)
    measured = Mark(estimate, None, thin).scaled(factor)
    return Pair(name, f"{name}: {both}", replace(promised, hollow=True), measured, row.verdict)


def _promise_table(view: View, shown: Sequence[VerdictRow], total: int) -> Markup:
    heads = [
        "Promise",
        Column("Promised", "num"),
        Column("Measured (95 %)", "num"),
        Column("Verdict", "nowrap"),
        Column("Why", "long"),
    ]
    rows = [
        (
            [
                cells.opened(view, view.title("initiatives", row.initiative), view.lines.get(row.initiative)),
                tag("div", view.title("metrics", row.metric), class_="muted small"),
            ],
            cells.opened(view, _promised_text(view, row), _promise(view, row)),
            cells.opened(view, _measured_text(view, row), _measured(view, row)),
            cells.verdict(row.verdict),
            row.reason,
        )
        for row in shown
    ]
    which = "Every promise" if len(shown) == total else f"{len(shown)} of {total} promises"
    is_or_are = "is" if len(shown) == total else "are"
    return table(heads, rows, caption=f"{which} that {is_or_are} due or measured.")


def _promise(view: View, row: VerdictRow) -> PromiseRow | None:
    return next((p for p in view.tables.promises if p.hypothesis == row.hypothesis and p.locked_at), None)


def _measured(view: View, row: VerdictRow) -> EffectRow | None:
    """The effect that a verdict rests on, where it is one of the run's own."""
    found = (effect for key in view.experiments_on(row.initiative) for effect in view.effects_of(key))
    return next((effect for effect in found if (effect.metric, effect.estimate) == (row.metric, row.estimate)), None)


def _promised_text(view: View, row: VerdictRow) -> str:
    promise = _promise(view, row)
    if promise is not None:
        return words.change(promise.p50, promise.p10, promise.p90, view.unit(row.metric))
    return "nothing" if row.promised is None else words.change(row.promised, None, None, view.unit(row.metric))


def _measured_text(view: View, row: VerdictRow) -> str:
    if row.estimate is None:
        return "not measured"
    return words.change(row.estimate, row.low, row.high, view.unit(row.metric))
