"""Whether a unit occurs once, as it must where a row stands for a unit, and in one arm only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.warehouse.compile import whole

if TYPE_CHECKING:
    from vitalfew.warehouse.compile import Scope
    from vitalfew.warehouse.engine import Engine

# A set of whole numbers as bits: exact, and ten times faster than grouping. At most 16 MB.
_MOST_BITS = 1 << 27


@dataclass(frozen=True, slots=True)
class Repeats:
    """Units that occur in several rows: within one arm, and in several arms."""

    within: int = 0
    crossed: int = 0


def repeats(engine: Engine, scope: Scope, unit: str, rows: exp.Select) -> Repeats:
    """Count units that occur more than once.

    Args:
        engine: where the table lies.
        scope: the table.
        unit: its column with the unit.
        rows: query of the units concerned, with columns `unit` and `arm`.
    """
    if _distinct_by_bits(engine, scope, unit, rows):
        return Repeats()
    several = exp.GT(this=exp.Count(this=exp.Star()), expression=whole(1))
    differ = exp.alias_(exp.NEQ(this=exp.Min(this=exp.column("arm")), expression=exp.Max(this=exp.column("arm"))), "x")
    twice = exp.select(differ).from_(rows.subquery("r")).group_by(exp.column("unit")).having(several).subquery("t")
    crossed = exp.Filter(this=exp.Count(this=exp.Star()), expression=exp.Where(this=exp.column("x")))
    query = exp.select(exp.alias_(exp.Count(this=exp.Star()), "n"), exp.alias_(crossed, "crossed")).from_(twice)
    row = engine.query(query).to_pylist()[0]
    return Repeats(row["n"] - row["crossed"], row["crossed"])


def repeated_units(rows: exp.Select) -> exp.Select:
    """The units of `rows` that occur several times, all in one arm, as a query of one column."""
    several = exp.GT(this=exp.Count(this=exp.Star()), expression=whole(1))
    alike = exp.EQ(this=exp.Min(this=exp.column("arm")), expression=exp.Max(this=exp.column("arm")))
    found = exp.select("unit").from_(rows.copy().subquery("r")).group_by(exp.column("unit"))
    return found.having(exp.and_(several, alike))


def crossed_units(rows: exp.Select) -> exp.Select:
    """The units of `rows` that occur in several arms, as a query of one column."""
    differ = exp.NEQ(this=exp.Min(this=exp.column("arm")), expression=exp.Max(this=exp.column("arm")))
    return exp.select("unit").from_(rows.copy().subquery("r")).group_by(exp.column("unit")).having(differ)


def first_arms() -> list[exp.Expr]:
    """Of a unit with columns `start` and `arm`: its first instant, and the smallest and largest arm it saw then."""
    start, arm = exp.column("start"), exp.column("arm")
    least = exp.Min(this=exp.func("ROW", start, arm))
    greatest = exp.Max(this=exp.func("ROW", exp.Neg(this=start.copy()), arm.copy()))
    names = (("first_start", least, 1), ("first_arm", least.copy(), 2), ("first_other", greatest, 2))
    return [exp.alias_(exp.func("STRUCT_EXTRACT", found, whole(at)), name) for name, found, at in names]


def _distinct_by_bits(engine: Engine, scope: Scope, unit: str, rows: exp.Select) -> bool:
    """Whether all units are known to differ; False also means not known."""
    if engine.dialect != "duckdb" or scope.type_of(unit) != "integer":
        return False
    column = exp.column("unit")
    ends = exp.select(
        exp.alias_(exp.Min(this=column), "low"),
        exp.alias_(exp.Max(this=column.copy()), "high"),
        exp.alias_(exp.Count(this=exp.Star()), "n"),
    ).from_(rows.copy().subquery("r"))
    row = engine.query(ends).to_pylist()[0]
    if not row["n"] or row["high"] - row["low"] >= _MOST_BITS:
        return False
    bits = exp.func("BITSTRING_AGG", column.copy(), whole(row["low"]), whole(row["high"]))
    query = exp.select(exp.alias_(exp.func("BIT_COUNT", bits), "n")).from_(rows.copy().subquery("r"))
    return bool(engine.query(query).to_pylist()[0]["n"] == row["n"])
