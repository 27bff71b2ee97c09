"""What to do next in HTML: the plan and what each budget buys, when to start what, what to find out first."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.cells import opened
from vitalfew.report.decision_pictures import frontier_curve
from vitalfew.report.erosion import erosion
from vitalfew.report.html_payback import payback
from vitalfew.report.ideas import in_order
from vitalfew.report.layout import Column, blank, fold, items, section, table
from vitalfew.report.markup import Child, Markup, anchor, tag

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import Estimate, PlanRow

PLAN_NAMES = {
    "best": "Most expected value",
    "cheapest": "Cheapest within 5 % of it",
    "unfenced": "Without minimum shares",
}
ALL = "all"


def plan(view: View, most: int | None = None) -> Markup | None:
    """The plan, once there is something to choose from; nothing where no candidate has a value and a cost.

    Args:
        view: of a run.
        most: lines of long tables, the first ones; all when not given.
    """
    tables = view.tables
    if not tables.plans and not tables.information and not tables.classic and not tables.erosion:
        return None
    question = "Which set to fund within the budget, in which order, and what is worth finding out before."
    best = next((row for row in tables.plans if row.plan == "best"), None)
    parts: list[Child] = [
        _plans(view),
        _frontier(view, best),
        _sequence(view),
        payback(view, most),
        _staged(view),
        erosion(view),
        _ask(view),
        _classic(view, most),
    ]
    if not any(parts):
        teach = "Here stands the best plan, once candidates have a value and a cost."
        return section("plan", "What to do next", question, blank(teach, "First step: give candidates a cost."))
    return section("plan", "What to do next", question, *parts)


def line_link(view: View, key: str) -> Markup:
    """A link to a line of the ledger."""
    return tag("a", view.title("initiatives", key), href=f"#{anchor('line', key)}")


SEALED = "not shown before it is locked"


def _plans(view: View) -> Child:
    rows = view.tables.plans
    if not rows:
        return None
    unit = view.definitions.policy.cost_unit
    heads = [
        "Plan",
        Column("Lines", "long"),
        Column("Expected points (80 %)", "num"),
        Column(f"Cost, {unit} (80 %)", "num"),
        Column("Regret", "num"),
    ]
    body = [
        (
            PLAN_NAMES[row.plan],
            _lines(view, row.lines) if row.lines else "nothing is worth its cost",
            _worth(view, row),
            _cost(row),
            _number(row.regret),
        )
        for row in rows
        if row is rows[0] or row.lines != rows[0].lines
    ]
    caption = "Regret: points that the best set of each draw would have on average above the plan."
    said = [text for row in rows[:1] for text in (*_binding(row), *row.notes)]
    return tag("div", table(heads, body, caption=caption), items(said), class_="sub")


def _worth(view: View, row: PlanRow) -> Child:
    if row.value is None:
        return SEALED
    return opened(view, words.change(row.value.mean, row.value.low, row.value.high, words.BARE_VALUE), row)


def _cost(row: PlanRow) -> str:
    found = row.costs
    if found is None or found.low is None or found.high is None:
        return f"{words.significant(row.cost)} of {words.significant(row.budget)}"
    span = f"{words.significant(found.low)} to {words.significant(found.high)}"
    return f"{words.significant(found.estimate)} ({span}) of {words.significant(row.budget)}"


def _number(value: float | None) -> str:
    return SEALED if value is None else words.significant(value)


def _lines(view: View, keys: tuple[str, ...]) -> list[Child]:
    return [[", " if at else "", line_link(view, key)] for at, key in enumerate(keys)]


def _binding(row: PlanRow) -> list[str]:
    return [f"In the way of more: {'; '.join(row.binding)}"] if row.binding else []


def _frontier(view: View, best: PlanRow | None) -> Child:
    rows = [row for row in view.tables.frontier if row.side == ALL]
    points = [(row.budget, row.value) for row in rows if row.value is not None]
    if len(points) < 2:  # noqa: PLR2004 - a curve needs two points
        return None
    unit = view.definitions.policy.cost_unit
    told = "; ".join(f"{words.significant(budget)}: {words.significant(value)}" for budget, value in points)
    title = f"Expected points by budget in {unit}: {told}"
    stands = None if best is None or best.value is None else (best.budget, best.value.mean, len(best.lines))
    drawing = frontier_curve(points, stands, unit, title)
    text = "Each further unit of budget buys less: what is worth most for its cost is bought first."
    heads = ["Budget", Column("Cost", "num"), Column("Expected points", "num"), Column("Lines", "long")]
    body = [
        (words.significant(r.budget), words.significant(r.cost), _number(r.value), _lines(view, r.lines)) for r in rows
    ]
    numbers = fold("What each budget buys, as a table", table(heads, body, caption=f"Budget and cost in {unit}."))
    return [tag("figure", drawing, tag("figcaption", text)), numbers]


def _sequence(view: View) -> Child:
    rows = view.tables.sequence
    if not rows:
        return None
    heads = [
        "When",
        "Line",
        Column("Team", "nowrap"),
        Column("Weeks", "num"),
        Column("Cost of delay", "num"),
        Column("Why", "long"),
    ]
    body = [
        (
            f"week {row.start_week + 1:.0f}",
            line_link(view, row.line),
            view.title("teams", row.team) or "no team",
            words.significant(row.weeks),
            _number(row.cost_of_delay),
            row.reason,
        )
        for row in rows
    ]
    caption = "Cost of delay: points lost for each week of waiting."
    return tag("div", tag("h3", "In which order"), table(heads, body, caption=caption), class_="sub")


def _staged(view: View) -> Child:
    rows = view.tables.staged
    if not rows:
        return None
    body = [[line_link(view, row.line), f": {row.message}"] for row in rows]
    return tag("div", tag("h3", "Bets in two steps"), items(body), class_="sub")


def _ask(view: View) -> Child:
    rows = view.tables.information
    tests = [(line, line.test) for line in view.tables.candidates if line.test is not None]
    if not rows and not tests:
        return None
    said = items(opened(view, row.message, row) for row in rows if row.subject is None)
    unit = view.definitions.policy.cost_unit
    heads = [
        "Test",
        Column("On", "nowrap"),
        Column("Units per arm", "num"),
        Column("Weeks", "num"),
        Column(f"Worth − cost, {unit}", "num"),
        Column("Why", "long"),
    ]
    body = [
        (
            line_link(view, line.line) if line.kind == "initiative" else line.title,
            view.title("metrics", test.metric),
            f"{test.units_per_arm:,}",
            "not known" if test.weeks is None else words.significant(test.weeks),
            f"{words.significant(test.worth)} − {words.significant(test.cost)}",
            test.reason,
        )
        for line, test in sorted(tests, key=lambda pair: -pair[1].net)
    ]
    caption = "Worth: what the answer is expected to save or gain before building."
    return tag(
        "div",
        tag("h3", "What to find out first"),
        said,
        table(heads, body, caption=caption) if body else None,
        class_="sub",
    )


def _classic(view: View, most: int | None) -> Child:
    rows = in_order(view)[:most]
    if not rows:
        return None
    columns: dict[str, list[float | None]] = {
        "RICE": [row.rice for row in rows],
        "ICE (mean)": [row.ice_mean for row in rows],
        "ICE (product)": [row.ice_product for row in rows],
        "Evidence": [row.evidence for row in rows],
        "WSJF": [row.wsjf for row in rows],
        "Delay, per week": [row.delay for row in rows],
        "Value per effort": [row.value_effort for row in rows],
        "Weighted": [row.weighted for row in rows],
        "ODI": [None if row.odi is None else row.odi.estimate for row in rows],
        "MaxDiff": [row.maxdiff for row in rows],
    }
    shown = {name: found for name, found in columns.items() if any(value is not None for value in found)}
    first = rows[0]
    ends = ("Likely (80 %)", "Rank (80 %)", f"P(first {first.top or 5})")
    heads = ["Line", *(Column(name, "num") for name in (*shown, *ends))]
    body = []
    for at, row in enumerate(rows):
        numbers = [
            "" if value is None else words.significant(value) for value in (found[at] for found in shown.values())
        ]
        likely, rank = _spanned(row.likely), _spanned(row.rank)
        body.append((view.title("initiatives", row.line), *numbers, likely, rank, words.probability(row.p_top) or ""))
    by = "" if first.by is None else f" by {first.by}"
    error = "" if first.input_error is None else f" when each input is off by a factor of {first.input_error:g}"
    likely = "Likely: what is left of the score without luck."
    caption = f"{likely} P(first {first.top or 5}): probability of being among the first{by}{error}."
    if len(rows) < len(view.tables.classic):
        caption += f" The first {len(rows)} of {len(view.tables.classic):,}."
    return fold("Scores of the classic methods", table(heads, body, caption=caption))


def _spanned(found: Estimate | None) -> str:
    """A number with its interval: `14 (9 to 22)`."""
    if found is None:
        return ""
    middle = words.significant(found.estimate)
    if found.low is None or found.high is None:
        return middle
    return f"{middle} ({words.significant(found.low)} to {words.significant(found.high)})"
