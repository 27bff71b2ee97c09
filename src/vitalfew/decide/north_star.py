"""Whether the North Star is one: it moves, is customers' value, leads to the business, is an outcome, decides alone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.rows import StarRow
from vitalfew.results.words import count, listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.graph import downstream
from vitalfew.workspace.sides import side_of

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow, Estimate, Tables
    from vitalfew.workspace.definitions import Definitions

CUSTOMERS = frozenset({"payer", "user", "affected"})
FEWEST, PRICE, LINES = 3, 0.2, 20


def north_star(definitions: Definitions, tables: Tables) -> tuple[StarRow, ...]:
    """The tests of each factor that is flagged as North Star; empty where none is."""
    stars = [key for key, factor in definitions.factors.items() if factor.north_star]
    return tuple(row for key in stars for row in star_tests(definitions, tables, key))


def star_tests(
    definitions: Definitions,
    tables: Tables,
    factor: str,
    *,
    fewest: int = FEWEST,
    price: float = PRICE,
    lines: int = LINES,
) -> tuple[StarRow, ...]:
    """The tests of one factor.

    Args:
        definitions: of the workspace.
        tables: of the run, up to the vital few.
        factor: its key.
        fewest: experiments from which on it can be said that none moved it.
        price: share of the best plan's value that deciding by it alone may cost.
        lines: fewer lines than this say nothing of that price.
    """
    return (
        _moves(definitions, tables, factor, fewest),
        _of_customers(definitions, factor),
        _outcome(definitions, factor),
        _business(definitions, tables, factor),
        _alone(tables, factor, price, lines),
    )


def effects_on(tables: Tables, factor: str) -> list[EffectRow]:
    """Effects on a factor over all units, of sound experiments."""
    broken = {row.experiment for row in tables.health if row.status == "failed"}
    return [
        row
        for row in tables.effects
        if row.metric == factor and row.segment is None and row.estimate is not None and row.experiment not in broken
    ]


def _moves(definitions: Definitions, tables: Tables, factor: str, fewest: int) -> StarRow:
    effects = effects_on(tables, factor)
    tried = count(len(effects), "experiment")
    moved = sum(found is not None and _is_clear(found.low, found.high) for found in (row.interval() for row in effects))
    if definitions.factors[factor].lag_weeks > definitions.policy.horizon_weeks:
        return StarRow(factor, "moves", "no", "does not move within the horizon")
    if len(effects) < fewest:
        return StarRow(factor, "moves", "unknown", f"was measured by {tried}: too few to say")
    if not moved:
        return StarRow(factor, "moves", "no", f"was moved by none of {tried}")
    return StarRow(factor, "moves", "yes", f"was moved by {moved} of {tried}")


def _of_customers(definitions: Definitions, factor: str) -> StarRow:
    about = definitions.factors[factor]
    stakeholder = definitions.stakeholders.get(about.stakeholder or "")
    if factor not in definitions.metrics:
        return StarRow(factor, "customers", "unknown", "has no metric")
    if about.provenance == "customer":
        return StarRow(factor, "customers", "yes", "was told by customers")
    if side_of(definitions, factor) == "customer" or (stakeholder and stakeholder.role in CUSTOMERS):
        return StarRow(factor, "customers", "yes", "counts to customers")
    return StarRow(factor, "customers", "no", "is not shown to be customers' value")


def _outcome(definitions: Definitions, factor: str) -> StarRow:
    metric = definitions.metrics.get(factor)
    if metric is None:
        return StarRow(factor, "outcome", "unknown", "has no metric")
    if metric.kind == "count" and metric.level == "feature":
        return StarRow(factor, "outcome", "no", "counts activity in a feature")
    return StarRow(factor, "outcome", "yes", "counts no activity in a feature")


def _business(definitions: Definitions, tables: Tables, factor: str) -> StarRow:
    def is_business(key: str) -> bool:
        return key in definitions.metrics and definitions.metrics[key].level == "business"

    if is_business(factor):
        return StarRow(factor, "business", "yes", "is a metric of the business itself")
    ends = sorted(key for key in downstream(definitions, [factor]) - {factor} if is_business(key))
    if not ends:
        return StarRow(factor, "business", "no", "leads to no metric of the business by any link")
    told = {row.child: (row.low, row.high) for row in tables.links if row.parent == factor and row.estimate is not None}
    told |= {row.child: _ends(row.total) for row in tables.paths if row.parent == factor and row.total is not None}
    clear = [key for key in ends if _is_clear(*told.get(key, (None, None)))]
    named = listed(definitions.title("metrics", key) for key in clear or ends)
    if clear:
        return StarRow(factor, "business", "yes", f"moves {named}, as experiments tell")
    return StarRow(factor, "business", "unknown", f"should move {named}, which no data tell yet")


def _ends(found: Estimate) -> tuple[float | None, float | None]:
    return found.low, found.high


def _is_clear(low: float | None, high: float | None) -> bool:
    return low is not None and high is not None and (low > 0 or high < 0)


def _alone(tables: Tables, factor: str, price: float, lines: int) -> StarRow:
    """What deciding by it alone would cost."""
    row = next((row for row in tables.vital_factors if row.factors == (factor,) and row.regret is not None), None)
    if row is None or row.regret is None or row.lines < lines:
        return StarRow(factor, "alone", "unknown", "has too few lines to say what it would cost alone")
    lost = f"would lose {percent(row.regret.estimate)} of the best plan's value if it decided alone"
    dear = row.regret.low is not None and row.regret.low > price
    return StarRow(factor, "alone", "no" if dear else "yes", lost)
