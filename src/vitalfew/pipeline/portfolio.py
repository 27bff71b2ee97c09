"""Plans of a run, by the workspace's budget or by another: what would be funded if there were more, or less."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from vitalfew.decide.plans_tables import PlanTables
    from vitalfew.pipeline.results import Results
    from vitalfew.workspace.definitions import Definitions


@dataclass(frozen=True)
class Portfolio:
    """Plans, frontier, order of work and bets in two steps, with the run that they are of."""

    found: PlanTables
    results: Results

    def to_dict(self) -> dict[str, Any]:
        """The tables as plain values, as in the JSON export."""
        from vitalfew.results.codec import plain

        return {part.name: plain(getattr(self.found, part.name)) for part in fields(self.found)}


def portfolio(results: Results, budget: float | None = None) -> Portfolio:
    """The plans of a run.

    Args:
        results: of the run.
        budget: another one than the workspace's, in the policy's unit of cost. The plans are then made anew, and the
            run is left as it is.

    Raises:
        UsageError: the budget is no number from 0 on.
    """
    from vitalfew.decide.plans_tables import PlanTables, plan_tables
    from vitalfew.pipeline.context import Context

    if budget is None:
        held = {part.name: getattr(results.tables, part.name) for part in fields(PlanTables)}
        return Portfolio(PlanTables(**held), results)
    if not 0 <= budget < math.inf:
        raise UsageError(f"a budget of {budget:g}", expected="a number from 0 on")
    workspace = replace(results.workspace, definitions=_with_budget(results.workspace.definitions, budget))
    context = Context(workspace, results.day, None, results.info.seed, {})
    return Portfolio(
        plan_tables(context.options(results.tables), context.inputs(results.tables), context.price(results.tables)),
        results,
    )


def _with_budget(definitions: Definitions, budget: float) -> Definitions:
    return definitions.model_copy(update={"policy": definitions.policy.model_copy(update={"budget": budget})})
