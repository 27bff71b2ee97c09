"""Effects without luck in the terminal: how far true effects scatter, what is left of the wins, effect by effect."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.link_words import luck_sentences
from vitalfew.report.sheet import WIDE, Cell, Field, Group, Row, Sheet

if TYPE_CHECKING:
    from rich.console import Console

    from vitalfew.report.view import View
    from vitalfew.results.rows import Estimate, ShrunkRow

MOST = 20
"""Effects that are printed, the largest claims first."""


def print_shrunk(view: View, console: Console) -> None:
    """Print what is left of effects when the luck that made some stand out is taken away.

    Args:
        view: the run.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    sheet = Sheet(console)
    if not view.tables.shrunk:
        sheet.say("There are too few effects to tell luck from skill: five on the same metric are the least.")
        for row in view.tables.spreads[:MOST]:
            sheet.say("; ".join((f"{view.title('metrics', row.metric)}", *row.notes)), "dim")
        return
    sheet.say("The largest of many effects is large by luck, too. This is what is left without it.", "bold")
    sheet.say()
    for sentence in luck_sentences(view, view.tables.spreads):
        sheet.say(sentence)
    sheet.heading("EFFECT BY EFFECT (95 % intervals)")
    rows = sorted(view.tables.shrunk, key=_surprise)
    table: list[Row] = []
    for metric in dict.fromkeys(row.metric for row in rows[:MOST]):
        unit = "" if sheet.is_pipe else view.unit(metric).change
        table.append(Group(f"{view.title('metrics', metric)}{f' ({unit})' if unit else ''}"))
        table += [_cells(view, sheet, row) for row in rows[:MOST] if row.metric == metric]
    claimed = 28 if sheet.width >= WIDE else 9
    fields = [Field(""), Field("claimed", claimed, right=True), Field("without luck", 28, right=True)]
    sheet.table([*fields, Field("P up", 4, right=True)], table)
    sheet.left_out(len(rows) - MOST, "effect")
    kinds = {row.corpus for row in rows}
    if len(kinds) > 1:
        sheet.say(
            "Experiments and releases are looked at apart: what is seen without chance deciding scatters more.", "dim"
        )


def _surprise(row: ShrunkRow) -> float:
    """Largest claims first, in half widths of their intervals."""
    low, high = row.claimed.low, row.claimed.high
    width = (high - low) if low is not None and high is not None else 0.0
    return -abs(row.claimed.estimate) / width if width > 0 else 0.0


def _cells(view: View, sheet: Sheet, row: ShrunkRow) -> list[Cell]:
    name = f"  {view.title('experiments' if row.corpus == 'randomised' else 'releases', row.experiment)}"
    claimed = _told(view, row, row.claimed, bare=not sheet.is_pipe)
    if sheet.width < WIDE and not sheet.is_pipe:
        claimed = claimed.partition(" (")[0]
    told = [claimed, _told(view, row, row.shrunk, bare=not sheet.is_pipe), words.probability(row.p_positive)]
    if sheet.is_pipe:
        told = [f"{what} {text}" for what, text in zip(("claimed", "without luck", "P up"), told, strict=True)]
    return [Cell(name), *map(Cell, told)]


def _told(view: View, row: ShrunkRow, found: Estimate, *, bare: bool) -> str:
    """An effect with its interval; `bare`: its unit stands above."""
    unit = view.unit(row.metric)
    return words.change(found.estimate, found.low, found.high, replace(unit, change="") if bare else unit)
