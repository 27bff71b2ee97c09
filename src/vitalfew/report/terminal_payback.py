"""Whether candidates pay, in the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.decide.explain_payback import after_weeks
from vitalfew.report import words
from vitalfew.report.html_payback import FIRST_STEP, TITLE, known, left, unpriced
from vitalfew.report.sheet import Cell, Field

if TYPE_CHECKING:
    from vitalfew.report.html_payback import Pair
    from vitalfew.report.sheet import Row, Sheet
    from vitalfew.report.view import View

MOST = 12
"""Candidates that are printed; the report holds all."""
_ROOMY = 110
"""Columns from which cost stands beside what is left."""


def print_payback(view: View, sheet: Sheet) -> None:
    """What is left of the value of candidates after building and running them, and when it has paid."""
    pairs = known(view)
    if not pairs:
        return
    unit = view.definitions.policy.cost_unit
    sheet.heading(f"{TITLE.upper()} ({unit}, 80 % intervals)")
    why = unpriced(pairs)
    if why:
        sheet.say(f"Not known: {why}")
        sheet.say(f"{sheet.signs.arrow} {FIRST_STEP}", "bold")
        return
    roomy = sheet.is_pipe or sheet.width >= _ROOMY
    fields = [Field("", 0), Field("left of its value", 24, right=True), Field("pays after", 26, right=True)]
    fields += [Field("likely", 8, right=True)]
    fields += [Field("build", 8, right=True), Field("run", 7, right=True)] if roomy else []
    sheet.table(fields, [_row(pair, sheet, roomy=roomy) for pair in pairs[:MOST]])
    sheet.left_out(len(pairs) - MOST, "candidate")
    basis = next((found.basis for _, found in pairs if found.basis), "")
    sheet.say(f"{basis} Likely: to have paid within {pairs[0][1].horizon:g} weeks of being out.".strip(), "dim")


def _row(pair: Pair, sheet: Sheet, *, roomy: bool) -> Row:
    line, found = pair
    told = {
        "left": left(line.net) if line.net else "not shown",
        "pays after": "" if found.p_within is None else after_weeks(found),
        "likely": words.probability(found.p_within),
    }
    if roomy:
        told |= {"build": words.significant(found.build), "run": words.significant(found.run)}
    cells = [f"{name} {text}" for name, text in told.items() if text] if sheet.is_pipe else told.values()
    return [Cell(line.title), *map(Cell, cells)]
