"""Everything about plans that a run holds: the plans, the frontier, the order of work, bets in two steps."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.decide.frontier import frontier
from vitalfew.decide.plans import plan_rows, plans_of
from vitalfew.decide.plans_menu import menu_of
from vitalfew.decide.sequence_rows import sequence_rows
from vitalfew.decide.staged import staged_lines, staged_rows

if TYPE_CHECKING:
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options
    from vitalfew.decide.prices import Price
    from vitalfew.results.rows import FrontierRow, PlanRow, SequenceRow, StagedRow


@dataclass(frozen=True, slots=True)
class PlanTables:
    """Rows by table; all empty where there is nothing to choose from."""

    plans: tuple[PlanRow, ...] = ()
    frontier: tuple[FrontierRow, ...] = ()
    sequence: tuple[SequenceRow, ...] = ()
    staged: tuple[StagedRow, ...] = ()


def plan_tables(options: Options, inputs: Inputs, worth: Price) -> PlanTables:
    """The plans of a run.

    Args:
        options: candidates with a value and a cost, and the budget.
        inputs: of the ledger.
        worth: price of a point.
    """
    if not options.lines:
        return PlanTables()
    bets = staged_lines(options, inputs, worth)
    menu = menu_of(options, inputs, bets, worth)
    found = plans_of(menu)
    shown = {line: bet for line, bet in bets.items() if not menu.sealed[menu.lines.index(line)]}
    return PlanTables(
        plan_rows(menu, found, inputs),
        frontier(menu, found.best),
        sequence_rows(menu, found.best.chosen, inputs),
        staged_rows(inputs, shown, worth),
    )
