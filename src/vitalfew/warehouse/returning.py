"""For each event: how many users it has in four weeks, and which share of them comes back in the week after."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from sqlglot import exp

from vitalfew.warehouse.compile import Scope, number, whole
from vitalfew.warehouse.use_query import DAY

if TYPE_CHECKING:
    from datetime import date

    from vitalfew.warehouse.engine import Engine

WEEKS = 4
_BACK = 7  # days in which somebody may come back
_EPOCH = 719_163  # ordinal of 1970-01-01
_LARGEST = 1e90  # whose cube, summed over all rows, is still a number


class Returning(NamedTuple):
    """Users of one event in four weeks, and the share of them who did anything at all in the week after."""

    users: int
    share: float


def returning(engine: Engine, table: str, columns: tuple[str, str, str], last: date) -> dict[str, Returning]:
    """Users of each event in the four weeks before the last one, by name.

    Args:
        engine: where the table lies.
        table: one row per event.
        columns: those with the user, the moment and the name.
        last: last day of the data.
    """
    scope = Scope.open(engine, table, "e")
    unit, time, event = columns
    end = last.toordinal() - _EPOCH + 1
    at = scope.instant(time)
    day = exp.cast(exp.Floor(this=exp.Div(this=exp.cast(at, "DOUBLE"), expression=number(DAY))), "INT")
    since = end - _BACK
    back = exp.GTE(this=exp.column("day"), expression=whole(since))
    rows = exp.select(
        exp.alias_(scope.text(event), "name"), exp.alias_(scope.column(unit), "unit"), exp.alias_(day, "day")
    ).from_(scope.source())
    rows = rows.where(
        exp.GTE(this=at.copy(), expression=whole((since - 7 * WEEKS) * DAY)),
        exp.LT(this=at.copy(), expression=whole(end * DAY)),
        *(exp.not_(column.copy().is_(exp.null())) for column in (scope.column(unit), scope.text(event))),
    )
    pairs = exp.select(
        "name",
        "unit",
        exp.alias_(exp.LogicalOr(this=exp.not_(back)), "before"),
        exp.alias_(exp.LogicalOr(this=back), "back"),
    ).from_(rows.subquery("r"))
    pairs = pairs.group_by("name", "unit")
    whoever = exp.Window(this=exp.LogicalOr(this=exp.column("back")), partition_by=[exp.column("unit")])
    seen = exp.select("name", "before", exp.alias_(whoever, "here")).from_(pairs.subquery("p"))
    here = exp.Case().when(exp.column("here"), number(1.0)).else_(number(0.0))
    counted = exp.select(
        "name", exp.alias_(exp.Count(this=exp.Star()), "users"), exp.alias_(exp.Avg(this=here), "share")
    ).from_(seen.subquery("s"))
    found = engine.query(counted.where(exp.column("before")).group_by("name")).to_pylist()
    return {str(row["name"]): Returning(int(row["users"]), float(row["share"])) for row in found}


class Spread(NamedTuple):
    """Mean, standard deviation and skewness of a column."""

    mean: float
    sd: float
    skewness: float


def _moderate(value: exp.Expr) -> exp.Expr:
    """The value, or NULL where its cube is no number any more."""
    return exp.Case().when(exp.LT(this=exp.Abs(this=value.copy()), expression=number(_LARGEST)), value)


def spreads(engine: Engine, table: str, columns: list[str]) -> dict[str, Spread]:
    """How the values of columns of numbers, or of yes and no, are spread; those that do not vary are left out."""
    if not columns:
        return {}
    scope = Scope.open(engine, table, "u")
    asked: list[exp.Expr] = []
    for at, name in enumerate(columns):
        value = _moderate(scope.number(name))
        asked.append(exp.alias_(exp.Avg(this=value), f"mean{at}"))
        asked.append(exp.alias_(exp.StddevSamp(this=value.copy()), f"sd{at}"))
        asked.append(exp.alias_(exp.Anonymous(this="SKEWNESS", expressions=[value.copy()]), f"skewness{at}"))
    row = engine.query(exp.select(*asked).from_(scope.source())).to_pylist()[0]
    return {
        name: Spread(float(row[f"mean{at}"]), float(row[f"sd{at}"]), float(row[f"skewness{at}"] or 0.0))
        for at, name in enumerate(columns)
        if row[f"sd{at}"]
    }
