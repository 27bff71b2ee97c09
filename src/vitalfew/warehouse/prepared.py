"""Tables as they should have been: ids of the same person are one, and an event that was sent again counts once.

What a workspace says nothing of is read as it is.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlglot import exp

from vitalfew.errors import DataError
from vitalfew.warehouse.compile import Scope, as_text, table_named
from vitalfew.workspace.definitions import EventSource, ExposureSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.warehouse.engine import ColumnType, Engine
    from vitalfew.workspace.definitions import DataSettings, Identities

IDENTITIES = "vitalfew identities"
ALIAS = "vitalfew alias"
"""Column with the id as it was written, in tables whose ids stand for others."""
_LONGEST_CHAIN = 20


def learn_identities(engine: Engine, settings: DataSettings) -> None:
    """Keep which id stands for which, chains followed to their end.

    Raises:
        DataError: an id stands for two units, or ids stand for each other in a circle.
    """
    identities = settings.identities
    if identities is None:
        return
    scope = Scope.open(engine, identities.table, "i")
    alias, unit = scope.text(identities.alias), scope.text(identities.unit)
    pairs = exp.select(exp.alias_(alias, "alias"), exp.alias_(exp.Min(this=unit), "unit")).from_(scope.source())
    pairs = pairs.select(exp.alias_(exp.Max(this=unit.copy()), "other")).where(exp.NEQ(this=alias, expression=unit))
    engine.write(IDENTITIES, pairs.group_by(alias.copy()))
    _refuse_two(engine, identities)
    chained = exp.select("i.alias", "COALESCE(j.unit, i.unit) AS unit").from_(_identities("i"))
    chained = chained.join(_identities("j"), on="i.unit = j.alias", join_type="left")
    several = exp.select("1 AS one").from_(_identities("i")).join(_identities("j"), on="i.unit = j.alias").limit(1)
    for _ in range(_LONGEST_CHAIN):
        if not engine.query(several).num_rows:
            return
        engine.write(IDENTITIES, chained)
    raise DataError(f"ids in '{identities.table}' stand for each other in a circle", expected="one id for each person")


def _refuse_two(engine: Engine, identities: Identities) -> None:
    found = engine.query(exp.select("alias").from_(_identities("i")).where("i.unit <> i.other")).num_rows
    if found:
        ids = "1 id" if found == 1 else f"{found:,} ids"
        raise DataError(
            f"{ids} in column '{identities.alias}' of '{identities.table}' stand for several of '{identities.unit}'",
            expected="one unit for each alias",
        )


def opened(
    engine: Engine,
    settings: DataSettings,
    source: UnitSource | EventSource | ExposureSource,
    alias: str,
    apart: str | None = None,
) -> Scope:
    """The table of a source, with ids that stand for others replaced and events that came again left out.

    Args:
        engine: where the table lies; identities were learnt.
        settings: the workspace's.
        source: of units, events or exposures.
        alias: name of the table in the query.
        apart: in a table of units, a column by whose values rows of the same unit are kept apart.

    Raises:
        DataError: there is no such table, or it lacks a column.
    """
    scope = Scope.open(engine, source.table, alias)
    if settings.identities is not None and source.unit is not None:
        scope = _merged(scope, source.unit)
        if isinstance(source, UnitSource):
            scope = _one_row(scope, source.unit, apart)
    if isinstance(source, EventSource) and source.id is not None:
        scope = _once(scope, source.unit, source.id, source.time)
    return scope


def _merged(scope: Scope, unit: str) -> Scope:
    written = as_text(exp.column(exp.to_identifier(unit, quoted=True), "t"), scope.type_of(unit))
    person = exp.Coalesce(this=exp.column("unit", "i"), expressions=[written])
    star = exp.Star(replace=[exp.alias_(person, unit, quoted=True)])
    query = exp.select(exp.Column(this=star, table=exp.to_identifier("t")), exp.alias_(written, ALIAS, quoted=True))
    query = query.from_(replace(scope, alias="t").source())
    same = exp.EQ(this=written.copy(), expression=exp.column("alias", "i"))
    query = query.join(_identities("i"), on=same, join_type="left")
    types: Mapping[str, ColumnType] = {**scope.types, unit: "text", ALIAS: "text"}
    return replace(scope, types=types, rows=query)


def _one_row(scope: Scope, unit: str, apart: str | None) -> Scope:
    """One row for a person with several: that of the id they are known by, else of the first in the alphabet."""
    own = exp.NEQ(this=scope.column(unit), expression=scope.column(ALIAS))
    order = exp.Order(expressions=[exp.Ordered(this=own), exp.Ordered(this=scope.column(ALIAS))])
    groups = [scope.column(unit), *([] if apart is None else [scope.column(apart)])]
    return _first_of(scope, groups, order)


def _once(scope: Scope, unit: str, message: str, time: str) -> Scope:
    """Events by their message and unit: of several the earliest, so that it does not matter in which order they came.

    Should copies differ, all their columns decide which is taken; an event without an id is one of its own.
    """
    rest = [name for name in scope.types if name not in (unit, message, time)]
    order = exp.Order(expressions=[exp.Ordered(this=scope.column(name)) for name in (time, *rest)])
    nameless = exp.Is(this=scope.column(message), expression=exp.null())
    return _first_of(scope, [scope.column(unit), scope.column(message)], order, nameless)


def _first_of(scope: Scope, groups: list[exp.Column], order: exp.Order, or_else: exp.Expr | None = None) -> Scope:
    number = exp.Window(this=exp.RowNumber(), partition_by=groups, order=order)
    first: exp.Expr = exp.EQ(this=number, expression=exp.Literal.number(1))
    kept = first if or_else is None else exp.or_(first, or_else)
    query = exp.select(exp.Column(this=exp.Star(), table=exp.to_identifier(scope.alias, quoted=True)))
    query = query.from_(scope.source())
    query.set("qualify", exp.Qualify(this=kept))
    return replace(scope, rows=query)


def _identities(alias: str) -> exp.Expr:
    return exp.alias_(table_named(IDENTITIES), alias, table=True)
