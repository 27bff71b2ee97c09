"""The ledger in HTML: a line is a row that opens to its evidence; the drawn line cuts the vital few from the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Axis, Mark, axis_over
from vitalfew.report.drawer import drawer
from vitalfew.report.html_legend import legend
from vitalfew.report.layout import blank, fold, section, table
from vitalfew.report.markup import Markup, anchor, tag
from vitalfew.report.svg import empty, glyph
from vitalfew.report.view import cut, urgent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import CandidateLine, ShippedLine

BELOW = 15
"""Lines shown below the drawn line before the rest folds away."""

SHIPPED = ("Line", "Promised", "Measured", "Value", "Grade", "Vital", "Verdict", "Next step")
CANDIDATES = ("Line", "Expected value", "Cost", "P in plan", "Grade", "Next step", "Because")

EMPTY = frozenset(("Promised", "Value", "Expected value", "Grade", "Vital", "P in plan", "Verdict"))
"""Columns left out where use is all that is known: no line has anything in them."""


def ledger(view: View) -> list[Markup]:
    """Both halves of the ledger."""
    return [_shipped(view), _candidates(view)]


def not_begun() -> Markup:
    """In place of every part of a ledger, where there are only experiments."""
    question = "What each thing you build was promised to bring, what it brought, and what is next."
    teach = "It begins with what you built: an initiative that an experiment tests gets a line with its verdict."
    step = "First step: list initiatives, name them in their experiments, and name one to five metrics as factors."
    return section("shipped", "The value ledger", question, blank(teach, step))


def _shipped(view: View) -> Markup:
    lines = view.tables.shipped
    question = "What we built: what it promised, what it did, and what to do about it."
    if not lines:
        teach = "Here every shipped feature and initiative gets a line: promised, measured, verdict, next step."
        step = "First step: give an initiative or feature a shipped date, or name the events of a feature."
        return section("shipped", "Shipped", question, blank(teach, step))
    values = axis_over(cells.value_mark(line.value) for line in lines if line.value)
    above, below = cut(lines)

    def row(line: ShippedLine) -> Markup:
        return _row(line, _shipped_cells(view, line, values), drawer(view, line), below=line in below)

    what = "among the vital few that give 80 % of the value"
    rows = _with_line([row(line) for line in above], _folded(below, row), what)
    if view.is_use_only:
        names = [name for name in SHIPPED if name not in EMPTY]
        return section(
            "shipped", "Shipped", question, tag("div", _columns(names, compared=False), rows, class_="ledger bare")
        )
    grid = tag("div", _columns(SHIPPED), rows, class_="ledger")
    return section("shipped", "Shipped", question, legend(), grid, _shipped_table(view))


def _candidates(view: View) -> Markup:
    lines = view.tables.candidates
    question = "What we may build, change or remove: what it is expected to be worth, and what to do first."
    if not lines:
        teach = "Here every open initiative and every hardly used feature gets a line: value, cost, next step."
        step = "First step: list your ideas under “initiatives”, and ask the team for one blind forecast each."
        return section("candidates", "Candidates", question, blank(teach, step))
    values = axis_over(cells.value_mark(line.value) for line in lines if line.value)
    costs = axis_over(cost_mark(line) for line in lines if line.cost)
    above, below = cut(lines)

    def row(line: CandidateLine) -> Markup:
        return _row(line, _candidate_cells(view, line, values, costs), drawer(view, line), below=line in below)

    unit = view.definitions.policy.cost_unit
    rows = _with_line([row(line) for line in above], _folded(below, row), "part of the best plan")
    if view.is_use_only:
        names = [name for name in CANDIDATES if name not in EMPTY]
        return section(
            "candidates",
            "Candidates",
            question,
            tag("div", _columns(names, unit), rows, class_="ledger candidates bare"),
        )
    grid = tag("div", _columns(CANDIDATES, unit), rows, class_="ledger candidates")
    return section("candidates", "Candidates", question, grid, _candidate_table(view))


def _columns(names: Sequence[str], cost: str = "", *, compared: bool = True) -> Markup:
    """The names of columns with their units.

    What is `compared` lies on an axis whose right is better, shares of users
    do not; `cost`: its unit.
    """
    better = "better →" if compared else ""
    hints = {"Promised": better, "Measured": better, "Value": "points", "Expected value": "points", "Cost": cost}
    heads = [
        tag("div", tag("span", name), tag("span", hints[name], class_=_hint_class(hints[name], better)), class_="est")
        if name in hints
        else tag("div", name, class_="num" if name in ("Vital", "P in plan") else None)
        for name in names
    ]
    return tag("div", heads, class_="cols", aria_hidden="true")


def _hint_class(hint: str, better: str) -> str:
    """A unit is printed on paper too; which side is better is said in the legend there."""
    return "axis-hint" if hint in ("", better) else "axis-hint unit"


def _row(line: ShippedLine | CandidateLine, parts: list[Markup], opened: Markup, *, below: bool) -> Markup:
    head = tag("summary", tag("div", line.title, class_="title"), parts)
    class_ = "row below" if below else "row"
    return tag("details", head, opened, id=anchor("line", line.line), class_=class_)


def _with_line(above: list[Markup], below: list[Markup], what: str) -> list[Markup]:
    if not above:
        return below
    text = f"above: each more likely than not {what}; below: the worthwhile many"
    return [*above, tag("div", text, class_="cut", role="separator"), *below]


def _folded[Line: ShippedLine | CandidateLine](lines: Sequence[Line], row: Callable[[Line], Markup]) -> list[Markup]:
    """Lines below the drawn line: the first few and all urgent ones, the rest folded away."""
    shown = [line for place, line in enumerate(lines) if place < BELOW or urgent(line)]
    rest = [line for line in lines if line not in shown]
    if not rest:
        return [row(line) for line in lines]
    return [*map(row, shown), fold(f"Show {words.count(len(rest), 'more line')}", map(row, rest), more=True)]


def _shipped_cells(view: View, line: ShippedLine, values: Axis) -> list[Markup]:
    step = tag("span", words.NEXT_STEPS[line.recommendation], class_="next")
    if view.is_use_only:
        return [cells.cell("Measured", measured(view, line)), cells.cell("Next step", step, class_="step")]
    names = iter(SHIPPED[1:])
    why = line.reasons[-1] if line.reasons else "not computed"
    return [
        cells.cell(next(names), promised(view, line)),
        cells.cell(next(names), measured(view, line)),
        cells.cell(f"{next(names)} in points", cells.value(line.value, values, f"no value: {why}")),
        cells.cell(next(names), cells.grade(line.grade), class_="graded"),
        cells.cell(next(names), cells.chance(line.p_vital, "no value, so no chance of being vital"), class_="num odds"),
        cells.cell(next(names), cells.verdict(line.verdict), class_="judged"),
        cells.cell(next(names), step, class_="step"),
    ]


def promised(view: View, line: ShippedLine) -> Markup:
    """What a line promised, on the shared axis of metrics."""
    found = line.promised
    if found is None:
        return tag("span", empty("nothing was promised", width=cells.GLYPH), class_="est")
    unit = view.unit(found.metric)
    title = (
        f"promised {words.change(found.p50, found.p10, found.p90, unit)}, 80 % interval; {promise_proof(found.proved)}"
    )
    number = words.change_parts(found.p50, found.p10, found.p90, unit)[0]
    return cells.estimate(number, cells.on_metric(view, found.metric, cells.promise_mark(found), title))


def measured(view: View, line: ShippedLine) -> Markup:
    """What was measured of a line, else its use."""
    found, mark = line.measured, cells.measured_mark(view, line)
    if found is None or mark is None:
        if line.use is not None:
            return cells.estimate(f"{words.share(line.use.estimate)} use", cells.used(line.use))
        return tag("span", empty("not measured", width=cells.GLYPH), class_="est")
    unit = view.unit(found.metric)
    text = words.change(found.estimate, found.low, found.high, unit)
    title = f"{view.title('metrics', found.metric)}: {text}, 95 % interval"
    number = words.change_parts(found.estimate, found.low, found.high, unit)[0]
    return cells.estimate(number, cells.on_metric(view, found.metric, mark, title))


def promise_proof(proof: str) -> str:
    """What the log can say about a promise."""
    known = {"proved": "proved to precede its start", "claimed": "claimed to precede its start"}
    return known.get(proof, "not locked before its start")


def cost_mark(line: CandidateLine) -> Mark:
    """The cost of a candidate: its median and 80 % interval."""
    found = line.cost
    return Mark(found.p50, (found.p10, found.p90)) if found else Mark(0.0)


def _candidate_cells(view: View, line: CandidateLine, values: Axis, costs: Axis) -> list[Markup]:
    step = tag("span", words.NEXT_STEPS[line.recommendation], class_="next")
    because = tag("span", line.reasons[-1] if line.reasons else "")
    if view.is_use_only:
        shown = ("Cost", cost(view, line, costs), ""), ("Next step", step, "step"), ("Because", because, "because")
        return [cells.cell(name, part, class_=class_) for name, part, class_ in shown]
    names = iter(CANDIDATES[1:])
    why = line.reasons[0] if line.reasons else "not computed"
    return [
        cells.cell(f"{next(names)} in points", cells.value(line.value, values, f"no expected value: {why}")),
        cells.cell(f"{next(names)} in {view.definitions.policy.cost_unit}", cost(view, line, costs)),
        cells.cell(next(names), cells.chance(line.p_in, "needs a value and a cost"), class_="num odds"),
        cells.cell(next(names), cells.grade(line.grade), class_="graded"),
        cells.cell(next(names), step, class_="step"),
        cells.cell(next(names), because, class_="because"),
    ]


def cost(view: View, line: CandidateLine, axis: Axis) -> Markup:
    """The cost of a candidate with its interval."""
    if line.cost is None:
        return tag("span", empty("no cost given", width=cells.GLYPH), class_="est")
    cost, unit = line.cost, view.definitions.policy.cost_unit
    text = words.with_unit(words.significant(cost.p50), unit)
    from_to = "as given, no interval" if cost.p10 == cost.p90 else f"{cost.p10:g} to {cost.p90:g}, 80 % interval"
    picture = glyph(axis, cost_mark(line), f"cost {text} ({from_to})", width=cells.GLYPH)
    return cells.estimate(words.significant(cost.p50), picture)


def _shipped_table(view: View) -> Markup:
    heads = [
        "Line",
        "Promised (80 %)",
        "Measured (95 %)",
        "Value in points (80 %)",
        "Grade",
        "P(vital)",
        "Verdict",
        "Next",
    ]
    rows = [
        (
            line.title,
            promise_text(view, line),
            measured_text(view, line),
            words.change(line.value.mean, line.value.low, line.value.high, words.BARE_VALUE)
            if line.value
            else "unknown",
            line.grade or "none",
            words.probability(line.p_vital) or "unknown",
            words.VERDICTS[line.verdict],
            words.NEXT_STEPS[line.recommendation],
        )
        for line in view.tables.shipped
    ]
    return fold("The same as a table of numbers", table(heads, rows, caption="Shipped lines, all figures."))


def promise_text(view: View, line: ShippedLine) -> str:
    """The promise of a line in figures."""
    found = line.promised
    return words.change(found.p50, found.p10, found.p90, view.unit(found.metric)) if found else "nothing promised"


def measured_text(view: View, line: ShippedLine) -> str:
    """What was measured of a line in figures."""
    found = line.measured
    if found:
        return words.change(found.estimate, found.low, found.high, view.unit(found.metric))
    return f"used by {words.share_interval(line.use)}" if line.use else "not measured"


def _candidate_table(view: View) -> Markup:
    unit = view.definitions.policy.cost_unit
    heads = ["Line", "Value in points (80 %)", f"Cost in {unit} (80 %)", "P(best buy)", "P(in plan)", "Grade", "Next"]
    rows = [
        (
            line.title,
            words.change(line.value.mean, line.value.low, line.value.high, words.BARE_VALUE)
            if line.value
            else "unknown",
            f"{line.cost.p50:g} ({line.cost.p10:g} to {line.cost.p90:g})" if line.cost else "not given",
            words.probability(line.p_best) or "unknown",
            words.probability(line.p_in) or "unknown",
            line.grade or "none",
            words.NEXT_STEPS[line.recommendation],
        )
        for line in view.tables.candidates
    ]
    return fold("The same as a table of numbers", table(heads, rows, caption="Candidates, all figures."))
