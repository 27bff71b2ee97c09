"""The ledger in the terminal: every number with its interval, the drawn line, one next step per line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.axis import Axis, Mark, axis_over
from vitalfew.report.ideas import is_ideas_only
from vitalfew.report.sheet import WIDE, Cell, Field, Note, Row, Rule, Sheet
from vitalfew.report.terminal_ideas import print_ideas
from vitalfew.report.textbar import bar, grade_mark
from vitalfew.report.view import cut, urgent

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from rich.console import Console

    from vitalfew.report.view import View
    from vitalfew.results.rows import CandidateLine, ShippedLine, Value, Verdict
    from vitalfew.workspace.definitions import Grade

BELOW = 10
"""Lines shown below the drawn line; what hurts is shown however far below it stands."""

VERDICT_STYLES: dict[Verdict, str] = {
    "kept": "blue",
    "fell_short": "yellow",
    "harmful": "red bold",
    "unproven": "dim",
    "no_promise": "dim",
}
_NO_COST = "no cost given"


def print_ledger(view: View, console: Console) -> None:
    """Print the headline, the shipped lines and the candidates.

    Args:
        view: the run to print.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    sheet = Sheet(console)
    if not view.tables.shipped and not view.tables.candidates:
        _teach(view, sheet)
        return
    print_headline(view, console)
    print_lines(view, console)


def print_headline(view: View, console: Console) -> None:
    """Print the ledger in a few sentences."""
    _headline(view, Sheet(console))


def print_lines(view: View, console: Console) -> None:
    """Print the shipped lines and the candidates; where use is all that is known, without columns for the rest."""
    sheet = Sheet(console)
    shipped, candidates = (_used, _ideas) if view.is_use_only else (_shipped, _candidates)
    if view.tables.shipped:
        shipped(view, sheet)
    if view.tables.candidates and not is_ideas_only(view):
        candidates(view, sheet)
    print_ideas(view, console)


def _teach(view: View, sheet: Sheet) -> None:
    sheet.say("The ledger is empty. It lists what you shipped (promised, measured, verdict) and what you may do next.")
    sheet.say("A line appears for every feature and initiative; a number appears where data or forecasts give one.")
    defined = view.definitions.metrics or view.definitions.sources
    first = (
        "write down under `initiatives:` what you shipped or may build, with its cost; or add usage events"
        if defined
        else "vitalfew start FILE  (usage events, one experiment, or past results)"
    )
    sheet.say(f"{sheet.signs.arrow} First step: {first}", "bold")


def _headline(view: View, sheet: Sheet) -> None:
    sentences = words.headline_sentences(view.headline, view.definitions.policy.cost_unit)
    for place, sentence in enumerate(sentences):
        sheet.say(sentence[:1].upper() + sentence[1:] + ("." if place == 0 else ""), "bold" if place == 0 else "")
    for note in view.headline.notes if view.headline else ():
        sheet.say(note[:1].upper() + note[1:] + ".", "dim")


def _shipped(view: View, sheet: Sheet) -> None:
    lines = view.tables.shipped
    sheet.heading(f"SHIPPED: {words.count(len(lines), 'line')}")
    axis = _value_axis(lines)
    fields = [Field(""), *_value_fields(sheet), Field("grade", 12), Field("vital", 5, right=True), Field("verdict", 12)]
    wanted, above = _wanted(lines)

    def row(line: ShippedLine) -> list[Row]:
        stressed = "bold" if line in above or urgent(line) else ""
        cells = [
            Cell(line.title, "bold" if line in above else ""),
            *_value(sheet, line.value, axis),
            _grade(sheet, line.grade),
        ]
        cells += [
            _chance(sheet, line.p_vital, "vital"),
            _verdict(sheet, line),
            Cell(words.NEXT_STEPS[line.recommendation], stressed),
        ]
        return [cells, Note(_story(view, line))]

    sheet.table(
        [*fields, Field("next", 7)], _rows(wanted, above, row, "the vital few above, the worthwhile many below")
    )
    sheet.left_out(len(lines) - len(wanted), "shipped line")


def _candidates(view: View, sheet: Sheet) -> None:
    lines = view.tables.candidates
    sheet.heading(f"CANDIDATES: {words.count(len(lines), 'line')}")
    axis = _value_axis(lines)
    fields = [
        Field(""),
        *_value_fields(sheet),
        Field("grade", 12),
        Field("P in plan", 9, right=True),
        Field("next", 10),
    ]
    wanted, above = _wanted(lines)

    def row(line: CandidateLine) -> list[Row]:
        cells = [
            Cell(line.title, "bold" if line in above else ""),
            *_value(sheet, line.value, axis),
            _grade(sheet, line.grade),
        ]
        cells += [_chance(sheet, line.p_in, "P in plan"), Cell(words.NEXT_STEPS[line.recommendation], "bold")]
        return [cells, Note(_cost_and_reason(view, line))]

    sheet.table(fields, _rows(wanted, above, row, "the best plan above, the worthwhile many below"))
    sheet.say("value in points: 100 would move every factor from worst to best", "dim")
    sheet.left_out(len(lines) - len(wanted), "candidate")


def _used(view: View, sheet: Sheet) -> None:
    lines = view.tables.shipped
    sheet.heading(f"SHIPPED: {words.count(len(lines), 'line')}")
    wanted, _ = _wanted(lines)

    def row(line: ShippedLine) -> list[Row]:
        reach = words.share_interval(line.use) if line.use else ""
        often = words.frequency(view.use_of(view.feature_of(line))) if line.use else ""
        used = f"used by {reach} of the eligible" if reach and sheet.is_pipe else reach
        step = Cell(words.NEXT_STEPS[line.recommendation], "bold" if urgent(line) else "")
        cells = [Cell(line.title), Cell(used), Cell(often), step]
        return [cells] if line.use else [cells, Note(_story(view, line))]

    fields = [Field(""), Field("reach (95 %)", 23, right=True), Field("how often", 22, right=True), Field("next", 7)]
    sheet.table(fields, _rows(wanted, (), row, ""))
    sheet.left_out(len(lines) - len(wanted), "shipped line")


def _ideas(view: View, sheet: Sheet) -> None:
    lines = view.tables.candidates
    sheet.heading(f"CANDIDATES: {words.count(len(lines), 'line')}")
    wanted, _ = _wanted(lines)

    def row(line: CandidateLine) -> list[Row]:
        cells = [Cell(line.title), Cell(words.NEXT_STEPS[line.recommendation], "bold")]
        return [cells, Note(_cost_and_reason(view, line))]

    sheet.table([Field(""), Field("next", 10)], _rows(wanted, (), row, ""))
    sheet.left_out(len(lines) - len(wanted), "candidate")


def _value_axis(lines: Sequence[ShippedLine] | Sequence[CandidateLine]) -> Axis:
    return axis_over(Mark(value.mean, (value.low, value.high)) for line in lines if (value := line.value))


def _value_fields(sheet: Sheet) -> list[Field]:
    width = 11 if sheet.width < WIDE else 25
    return [
        Field("value", 6, right=True),
        Field("80 % interval".rjust(width) if width > len("80 % interval") else "80 %", width),
    ]


def _wanted[Line: ShippedLine | CandidateLine](
    lines: Sequence[Line],
) -> tuple[list[Line], tuple[Line, ...]]:
    """The lines to print, in order, and those above the drawn line."""
    above, below = cut(lines)
    kept = [line for place, line in enumerate(below) if place < BELOW or urgent(line)]
    return [*above, *kept], above


def _rows[Line: ShippedLine | CandidateLine](
    wanted: Sequence[Line], above: Sequence[Line], row: Callable[[Line], list[Row]], rule: str
) -> list[Row]:
    rows: list[Row] = []
    for place, line in enumerate(wanted):
        if above and place == len(above):
            rows.append(Rule(rule))
        rows += row(line)
    return rows


def _story(view: View, line: ShippedLine) -> str:
    """What was measured, or used, or why neither, and what was promised."""
    promise, found = line.promised, line.measured
    parts = []
    if found:
        text = words.change(found.estimate, found.low, found.high, view.unit(found.metric))
        parts.append(f"{view.title('metrics', found.metric)} {text}")
    elif line.use:
        parts.append(f"used by {words.share_interval(line.use)} of the eligible")
    else:
        parts += line.reasons[:1] or ["not measured"]
    if promise:
        parts.append(f"promised {words.change(promise.p50, promise.p10, promise.p90, view.unit(promise.metric))}")
    return ", ".join(parts)


def _value(sheet: Sheet, value: Value | None, axis: Axis) -> list[Cell]:
    width = _value_fields(sheet)[1].width
    if value is None:
        return [
            Cell("no value" if sheet.is_pipe else ""),
            Cell("" if sheet.is_pipe else sheet.signs.frame * width, "dim"),
        ]
    number, ends = words.change_parts(value.mean, value.low, value.high, words.BARE_VALUE)
    if sheet.is_pipe:
        return [Cell(f"value {number} points ({ends})"), Cell("")]
    return [Cell(number), Cell(bar(axis, Mark(value.mean, (value.low, value.high)), width, sheet.signs))]


def _grade(sheet: Sheet, grade: Grade | None) -> Cell:
    if grade is None:
        return Cell("no evidence" if sheet.is_pipe else sheet.signs.dash, "dim")
    return Cell(grade if sheet.is_pipe else f"{grade_mark(grade, sheet.signs)} {grade}")


def _chance(sheet: Sheet, probability: float | None, name: str) -> Cell:
    if sheet.is_pipe:
        return Cell("" if probability is None else f"{name} {words.probability(probability)}")
    return Cell(sheet.signs.dash, "dim") if probability is None else Cell(words.probability(probability))


def _verdict(sheet: Sheet, line: ShippedLine) -> Cell:
    word = words.VERDICTS[line.verdict]
    return Cell(word if sheet.is_pipe else f"{sheet.signs.verdicts[line.verdict]} {word}", VERDICT_STYLES[line.verdict])


def _cost_and_reason(view: View, line: CandidateLine) -> str:
    """What it costs and why it stands here; that no cost is given is said once."""
    reason = line.reasons[-1] if line.reasons else ""
    if line.cost is None:
        return reason if reason.startswith(_NO_COST) else "; ".join(filter(None, (_NO_COST, reason)))
    cost, unit = line.cost, view.definitions.policy.cost_unit
    ends = "" if cost.p10 == cost.p90 else f" ({cost.p10:g} to {cost.p90:g})"
    said = f"costs {words.with_unit(words.significant(cost.p50), unit)}{ends}"
    return "; ".join(filter(None, (said, reason)))
