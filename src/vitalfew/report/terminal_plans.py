"""Plans in the terminal: what to fund and when, what each budget buys, what each side could have."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.erosion import TITLE
from vitalfew.report.erosion import sentences as erosion
from vitalfew.report.sheet import Cell, Field, Note, Row, Sheet
from vitalfew.report.terminal_payback import print_payback
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from rich.console import Console

    from vitalfew.decide.plans_tables import PlanTables
    from vitalfew.report.view import View
    from vitalfew.results.rows import FrontierRow, PlanRow, SequenceRow, Value

BAR = 30
"""Signs of the longest bar of the frontier."""
_ROOMY = 96
"""Columns from which values have their interval beside them."""
_HIDDEN = "not shown"
_UNKNOWNS = 3
_UNEVEN = 0.02  # quarters that differ by less are one like the other


def print_plans(found: PlanTables, view: View, console: Console) -> None:
    """Print the best plan in the order of work, what stands in its way, and what other choices would give.

    Args:
        found: the plans.
        view: the run they are of.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    sheet = Sheet(console)
    best = next((row for row in found.plans if row.plan == "best"), None)
    if best is None:
        sheet.say("There is nothing to choose from yet: no candidate has both a value and a cost.")
        sheet.say("First step: give an initiative a cost and a hypothesis about a factor, and let people forecast it.")
        _print_erosion(sheet, view)
        return
    sheet.say(headline(best, view), "bold")
    for sentence in sentences(best, found.plans, view):
        sheet.say(sentence)
    if best.lines:
        _print_work(sheet, found.sequence, view)
    print_payback(view, sheet)
    _print_frontier(sheet, [row for row in found.frontier if row.side == "all"], view)
    _print_sides(sheet, [row for row in found.frontier if row.side != "all"])
    if found.plans == view.tables.plans:
        _print_unknowns(sheet, view)
    if found.staged:
        sheet.heading("BETS IN TWO STEPS")
        for bet in found.staged:
            sheet.say(f"{view.title('initiatives', bet.line)}: {bet.message}")
    _print_erosion(sheet, view)


def _print_erosion(sheet: Sheet, view: View) -> None:
    """Where technical health goes, with the plan of the workspace's own budget."""
    if view.tables.erosion:
        sheet.heading(f"{TITLE.upper()} (80 % intervals)")
    for sentence in erosion(view):
        sheet.say(sentence)


def _print_unknowns(sheet: Sheet, view: View) -> None:
    """What knowing more would add, first of all; it was reckoned for the workspace's own budget alone."""
    told = view.tables.information[:_UNKNOWNS]
    if told:
        sheet.heading("WHAT TO FIND OUT FIRST")
    for row in told:
        sheet.say(row.message)


def headline(best: PlanRow, view: View) -> str:
    """The best plan in one sentence."""
    unit = view.definitions.policy.cost_unit
    if not best.lines:
        return f"Nothing is to be funded within {words.of_unit(words.significant(best.budget), unit)}."
    cost = f"{words.significant(best.cost)} of {words.of_unit(words.significant(best.budget), unit)}"
    told = f"Best plan: {words.count(len(best.lines), 'line')} for {cost}"
    if best.value is None:
        return f"{told}."
    span = words.between(best.value.low, best.value.high, words.telling(best.value.low, best.value.high))
    return f"{told}: {words.significant(best.value.mean)} points expected (80 %: {span})."


def sentences(best: PlanRow, plans: Sequence[PlanRow], view: View) -> Iterator[str]:
    """What else to know about the best plan, and how the others differ."""
    unit = view.definitions.policy.cost_unit
    low, high = (best.costs.low or 0.0, best.costs.high or 0.0) if best.costs is not None else (0.0, 0.0)
    if best.lines and high > low:
        span, over = f"{words.significant(low)} to {words.significant(high)}", words.probability(best.p_over)
        yield f"It will cost {span} {unit} (80 %), more than the budget with probability {over}."
    if best.regret is not None and best.lines:
        yield f"Whoever knew the values beforehand would get at least {words.significant(best.regret)} points more."
    if best.sides and len(best.sides) > 1:
        parts = (f"{side} {words.significant(value)}" for side, value in best.sides.items())
        yield f"Points by side: {', '.join(parts)}."
    if best.payoff and max(best.payoff) - min(best.payoff) > _UNEVEN:
        yield f"Of the value, by quarter once it is out: {', '.join(words.share(part) for part in best.payoff)}."
    if best.horizons and set(best.horizons) != {"none"}:
        parts = (f"{horizon} {words.share(part)}" for horizon, part in best.horizons.items())
        yield f"Of the cost, by horizon: {', '.join(parts)}."
    if best.technical is not None:
        yield f"Of the cost, {words.share(best.technical)} for technical health."
    for bound in best.binding:
        yield f"In the way of more: {bound}."
    for note in best.notes:
        told = note.removeprefix("nothing is to be funded: ")  # the headline says that
        yield f"{told[:1].upper()}{told[1:]}."
    for row in plans:
        yield from _other(row, best, view)


def _other(row: PlanRow, best: PlanRow, view: View) -> Iterator[str]:
    """How another plan differs from the best."""
    names = {"cheapest": "The cheapest plan near it", "unfenced": "Without minimum shares"}
    without = [line for line in best.lines if line not in row.lines]
    besides = [line for line in row.lines if line not in best.lines]
    if row.plan in names and (without or besides):
        parts = [
            f"{word} {listed(view.title('initiatives', line) for line in lines)}"
            for word, lines in (("without", without), ("with", besides))
            if lines
        ]
        notes = f" ({'; '.join(row.notes)})" if row.notes else ""
        yield f"{names[row.plan]}: {', '.join(parts)}{notes}."


def _print_work(sheet: Sheet, rows: Sequence[SequenceRow], view: View) -> None:
    sheet.heading("IN THIS ORDER, by cost of delay over length")
    known = {line.line: line for line in view.tables.candidates}
    in_teams, roomy = any(row.team for row in rows), sheet.is_pipe or sheet.width >= _ROOMY
    fields = [Field("", 3, right=True), Field(""), *([Field("team", 14)] if in_teams else []), Field("weeks", 13)]
    fields += [Field("points (80 %)" if roomy else "points", 20 if roomy else 8, right=True), Field("next", 10)]
    table: list[Row] = []
    for row in rows:
        line = known.get(row.line)
        points = "" if line is None else _points(line.value, roomy)
        team = "" if row.team is None else view.title("teams", row.team)
        when = f"{row.start_week:.1f} to {row.end_week:.1f}"
        step = "" if line is None else words.NEXT_STEPS[line.recommendation]
        named = [str(row.place), view.title("initiatives", row.line), *([team] if in_teams else [])]
        table += [[Cell(text) for text in (*named, when, points, step)], Note(row.reason)]
    sheet.table(fields, table)


def _points(value: Value | None, roomy: bool) -> str:
    """The value of a line as the ledger has it; its interval where there is room."""
    if value is None:
        return ""
    number, ends = words.change_parts(value.mean, value.low, value.high, words.BARE_VALUE)
    return f"{number} ({ends})" if roomy else number


def _print_frontier(sheet: Sheet, rows: Sequence[FrontierRow], view: View) -> None:
    """A bar for the value of each budget."""
    if not rows:
        return
    sheet.heading(f"WHAT EACH BUDGET BUYS, in points by {view.definitions.policy.cost_unit}")
    most = max((row.value for row in rows if row.value is not None), default=0.0)
    fields = [
        Field("budget", 8, right=True),
        Field("", BAR),
        Field("points", 9, right=True),
        Field("lines", 6, right=True),
    ]
    table: list[Row] = []
    for row in rows:
        if row.value is None:
            bar, points = "", _HIDDEN
        else:
            bar = sheet.signs.thick * (round(BAR * row.value / most) if most > 0 else 0)
            points = words.significant(row.value)
        cells = [words.significant(row.budget), bar, points, str(len(row.lines))]
        table.append([Cell(text) for text in cells])
    sheet.table(fields, table)


def _print_sides(sheet: Sheet, rows: Sequence[FrontierRow]) -> None:
    """What each side could have at most, by what the others keep."""
    shown = [row for row in rows if row.sides]
    if not shown:
        return
    sheet.heading("WHAT EACH SIDE COULD HAVE, in points")
    sides = list(dict.fromkeys(side for row in shown for side in row.sides or ()))
    fields = [Field("most for", 12), Field("others keep", 12, right=True)]
    fields += [Field(side, 11, right=True) for side in sides]
    table: list[Row] = []
    for row in _apart(shown):
        parts = [words.significant((row.sides or {}).get(side, 0.0)) for side in sides]
        table.append([Cell(text) for text in (row.side, words.share(row.floor), *parts)])
    sheet.table(fields, table)


def _apart(rows: Sequence[FrontierRow]) -> Iterator[FrontierRow]:
    """Of rows that hold the same set for the same side, the one that keeps most for the others."""
    for at, row in enumerate(rows):
        after = rows[at + 1] if at + 1 < len(rows) else None
        if after is None or after.side != row.side or set(after.lines) != set(row.lines):
            yield row
