"""Looking back in the terminal: where effort went and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.review_words import (
    BARE,
    EFFORT,
    KINDS,
    LEARNING,
    OVERRIDES,
    PROCESS,
    READINGS,
    STOPS,
    accepted,
    bet_sentences,
    came_of,
    decision_title,
    effort_name,
    group_name,
    held,
    measured_process,
    override_sentences,
    process_sentence,
    stopped_title,
    told_chance,
    told_process,
    value,
    verdicts,
    why_override,
)
from vitalfew.report.sheet import Cell, Field, Note, Row, Sheet
from vitalfew.report.terminal_balance import print_balance

if TYPE_CHECKING:
    from rich.console import Console

    from vitalfew.report.view import View
    from vitalfew.results.rows import BreakdownRow

MOST_STOPPED = 10
"""Lines of one kind that are printed; the report holds all."""


def print_review(view: View, console: Console) -> None:
    """Print what a review looks back on.

    Args:
        view: the run.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    sheet = Sheet(console)
    tables = view.tables
    parts = (tables.breakdowns, tables.effort, tables.overrides, tables.process, tables.stop, tables.coverage)
    if not any(parts):
        sheet.say("There is nothing to look back on yet: nothing says where ideas came from or who worked on them.")
        sheet.say(f"{sheet.signs.arrow} First step: give initiatives their `origin`, `team` and `cost`.", "bold")
    _effort(view, sheet)
    _by_quarter(view, sheet)
    _overrides(view, sheet)
    _process(view, sheet)
    print_balance(view, sheet)
    _bets(view, sheet)
    _stop(view, sheet)


def _effort(view: View, sheet: Sheet) -> None:
    rows = view.tables.breakdowns
    if not rows:
        return
    sheet.say("Where effort went, and what came of it (80 % intervals).", "bold")
    sheet.say(LEARNING, "dim")
    fields = [
        Field("", 0),
        Field("committed", 25, right=True),
        Field("effort", 15, right=True),
        Field("points, measured", 22, right=True),
    ]
    for kind, title in KINDS.items():
        found = [row for row in rows if row.kind == kind]
        if found:
            sheet.heading(title.upper())
            sheet.table(fields, [line for row in found for line in _lines(view, row, sheet)])


def _lines(view: View, row: BreakdownRow, sheet: Sheet) -> list[Row]:
    share = "" if row.share is None else words.share_interval(row.share)
    told = [accepted(row), share, value(row)]
    if sheet.is_pipe:
        names = ("committed", "effort", "points")
        told = [f"{name} {text}" for name, text in zip(names, told, strict=True) if text]
    of = f"{row.measured} of {row.shipped} shipped measured" if row.shipped else ""
    note = "; ".join(filter(None, [verdicts(row.verdicts), of, *row.notes]))
    cells: Row = [Cell(group_name(view, row.kind, row.group)), *map(Cell, told)]
    return [cells, Note(note)] if note else [cells]


def _by_quarter(view: View, sheet: Sheet) -> None:
    for kind, title in EFFORT.items():
        rows = [row for row in view.tables.effort if row.kind == kind]
        if rows:
            sheet.heading(f"{title.upper()} (share of effort)")
        if rows and held(view, kind):
            sheet.say(held(view, kind))
        for quarter in dict.fromkeys(row.quarter for row in rows):
            parts = [
                f"{effort_name(view, kind, row.group).partition(' (')[0]} {words.share(row.share)}"
                for row in rows
                if row.quarter == quarter
            ]
            sheet.say(f"{quarter}: {', '.join(parts)}.")


def _overrides(view: View, sheet: Sheet) -> None:
    rows = view.tables.overrides
    if not rows:
        return
    sheet.heading("DECIDED ANYWAY")
    for sentence in override_sentences(rows):
        sheet.say(sentence)
    sheet.say(OVERRIDES, "dim")
    for row in rows:
        bare = view.citable.bare(row.evidence, row.counter)
        what, counter = _claim(row.what, bare="what" in bare), _claim(row.counter, bare="counter" in bare)
        sheet.say(f"{decision_title(view, row.about)}, {words.date_and_time(row.at[:10])}: {what}")
        outcome = f"{words.VERDICTS[row.verdict]}, {came_of(row)}" if row.verdict else came_of(row)
        sheet.say(f"{why_override(row)} Their evidence: {row.evidence} Against it was said: {counter}", "dim", 2)
        sheet.say(f"What came of it: {outcome}.", indent=2)


def _process(view: View, sheet: Sheet) -> None:
    rows = view.tables.process
    if not rows:
        return
    sheet.heading("HOW IT WAS MADE, AND WHAT CAME OF IT")
    sheet.say(process_sentence(rows))
    sheet.say(PROCESS, "dim")
    told = [(row, READINGS[row.reading]) for row in rows if row.reading]
    for row, reading in told[:MOST_STOPPED]:
        said = "; ".join(filter(None, [told_process(row), measured_process(view, row), told_chance(row)]))
        sheet.say(f"{view.title('initiatives', row.line)}: {reading}.")
        sheet.say(f"{said}.", "dim", 2)
    sheet.left_out(len(told) - MOST_STOPPED, "line")


def _bets(view: View, sheet: Sheet) -> None:
    told = bet_sentences(view)
    if told:
        sheet.heading("FROM HYPOTHESIS TO VERDICT")
    for sentence in told:
        sheet.say(sentence)


def _claim(text: str, *, bare: bool) -> str:
    return f"{text} ({BARE})" if bare else text


def _stop(view: View, sheet: Sheet) -> None:
    if view.tables.stop:
        sheet.heading("WHAT TO STOP OR MEND")
    for kind, title in STOPS.items():
        rows = [row for row in view.tables.stop if row.kind == kind]
        if rows:
            sheet.say(f"{title}:")
        for row in rows[:MOST_STOPPED]:
            sheet.say(f"{stopped_title(view, row)}: {row.reason}; {row.do}.", indent=2)
        sheet.left_out(len(rows) - MOST_STOPPED, "line")
