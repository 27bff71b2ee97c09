"""Units of a release that they took up when they liked: who did, what was known of each before, what each did after."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from sqlglot import exp

from vitalfew.errors import DataError
from vitalfew.results.columns import BEFORE
from vitalfew.results.rows import ChosenRow
from vitalfew.warehouse.compile import table_named, whole
from vitalfew.warehouse.prepared import opened
from vitalfew.warehouse.rollout_panel import WIDE
from vitalfew.warehouse.rollout_units import NEVER, text_of
from vitalfew.workspace.definitions import UnitSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.rollout_panel import Panel
    from vitalfew.warehouse.rollout_units import Calendar
    from vitalfew.workspace.definitions import Definitions

MOST_UNITS = 100_000
_MOST_WORDS = 12  # values of a covariate of words that are told apart
_TABLE = "vitalfew rollout chosen"


def chosen(
    definitions: Definitions, key: str, measured: Panel, calendar: Calendar, engine: Engine
) -> tuple[tuple[ChosenRow, ...], tuple[str, ...]]:
    """The units of a release that units chose, column by column.

    The outcome is the mean per period over the periods from the first wave on, at most as long as the release is
    watched; who took it up by their end counts as having done so. The same over as many periods before is a covariate.

    Args:
        definitions: the workspace.
        key: the release.
        measured: units with their numbers per period, which lie with the engine.
        calendar: the periods.
        engine: where the tables lie.

    Returns:
        Rows, and what was left out, in words.
    """
    release = definitions.releases[key]
    length = min(-(-int(release.after_days) // calendar.days), calendar.count - calendar.before)
    remarks: list[str] = []
    outcomes = {}
    for metric, values in measured.metrics.items():
        if len(values) > 1:
            remarks.append(f"'{metric}' is a ratio; units that chose are compared by what has a value for each unit")
        else:
            outcomes[metric] = measured.columns[values[0].name]
    until = calendar.before + length
    back = max(calendar.before - length, 0)
    columns = [exp.column("unit"), exp.column("cluster"), exp.alias_(_took(until), "took")]
    for at, names in enumerate(outcomes.values()):
        columns.append(exp.alias_(_mean(names[calendar.before : until]), f"after{at}"))
        columns.append(exp.alias_(_mean(names[back : calendar.before]), f"before{at}"))
    # A digest of the unit is as good as chance and the same in every run.
    order = exp.Order(expressions=[exp.Ordered(this=exp.func("MD5", exp.column("unit")))])
    rows = exp.select(*columns).from_(table_named(WIDE))
    rows.set("order", order)
    engine.write(_TABLE, rows.limit(MOST_UNITS))
    try:
        table = _joined(definitions, key, engine, remarks)
    finally:
        engine.drop(_TABLE)
    if len(table["unit"]) == MOST_UNITS:
        remarks.append(f"of all units {MOST_UNITS:,} drawn by chance are compared")
    return tuple(_rows(definitions, key, table, list(outcomes), remarks)), tuple(remarks)


def _took(until: int) -> exp.Expr:
    arm = exp.column("arm")
    some = exp.NEQ(this=arm, expression=whole(NEVER))
    by_then = exp.and_(some, exp.LT(this=arm.copy(), expression=whole(until)))
    return exp.Case().when(by_then, whole(1)).else_(whole(0))


def _mean(names: Sequence[str]) -> exp.Expr:
    total: exp.Expr = exp.column(names[0])
    for name in names[1:]:
        total = exp.Add(this=total, expression=exp.column(name))
    return exp.Div(this=exp.paren(total), expression=exp.Literal.number(f"{len(names)}.0"), typed=False, safe=False)


def _joined(definitions: Definitions, key: str, engine: Engine, remarks: list[str]) -> dict[str, list[Any]]:
    """The units with their covariates `c0` and so on, as the table of units gives them."""
    rollout = definitions.releases[key].rollout
    names = () if rollout is None else rollout.covariates
    query = exp.select("k.*").from_(exp.alias_(table_named(_TABLE), "k", table=True))
    if names:
        source = _home(definitions, key)
        scope = opened(engine, definitions.data, source, "t")
        unit = text_of(scope, source.unit or "")
        query = query.join(scope.source(), on=exp.EQ(this=unit, expression=exp.column("unit", "k")), join_type="left")
        for at, name in enumerate(names):
            kind = scope.type_of(name)
            cell = scope.text(name) if kind in ("text", "other", "date", "time") else scope.number(name)
            query = query.select(exp.alias_(cell, f"c{at}"))
    table = engine.query(query.order_by("k.unit"))
    found = {name: table.column(name).to_pylist() for name in table.column_names}
    if len(set(found["unit"])) < len(found["unit"]):
        raise DataError(f"units of '{key}' have several rows with covariates", expected="one row per unit")
    if not names:
        remarks.append("no covariates are given: units are compared by what they did before only (`covariates:`)")
    return found


def _home(definitions: Definitions, key: str) -> UnitSource:
    """The table of units that covariates stand in: that of the rollout, else the first with ids."""
    rollout = definitions.releases[key].rollout
    named = None if rollout is None else definitions.sources.get(rollout.source or "")
    for source in (named, *definitions.sources.values()):
        if isinstance(source, UnitSource) and source.unit is not None:
            return source
    raise DataError(f"no table of units holds the covariates of '{key}'", expected="a source of units with `unit:`")


def _rows(
    definitions: Definitions, key: str, table: dict[str, list[Any]], metrics: list[str], remarks: list[str]
) -> Iterator[ChosenRow]:
    rollout = definitions.releases[key].rollout
    yield ChosenRow(key, "took", "took", tuple(map(float, table["took"])))
    if rollout is not None and rollout.cluster is not None:
        _, which = np.unique(np.array([str(one) for one in table["cluster"]]), return_inverse=True)
        yield ChosenRow(key, "cluster", rollout.cluster, tuple(which.astype(float).tolist()))
    for at, metric in enumerate(metrics):
        yield ChosenRow(key, "outcome", metric, tuple(map(float, table[f"after{at}"])))
        yield ChosenRow(key, "covariate", f"{metric}{BEFORE}", tuple(map(float, table[f"before{at}"])))
    for at, name in enumerate(() if rollout is None else rollout.covariates):
        yield from _covariate(key, name, table[f"c{at}"], remarks)


def _covariate(key: str, name: str, cells: list[Any], remarks: list[str]) -> Iterator[ChosenRow]:
    """A covariate as numbers: words as one column each but for the first, missing numbers at 0 with a column beside."""
    if any(isinstance(cell, str) for cell in cells):
        words = sorted({str(cell) for cell in cells})
        if len(words) > _MOST_WORDS:
            remarks.append(f"'{name}' holds {len(words)} different words; at most {_MOST_WORDS} can be told apart")
            return
        for word in words[1:]:
            yield ChosenRow(key, "covariate", f"{name} = {word}", tuple(float(str(cell) == word) for cell in cells))
        return
    yield ChosenRow(key, "covariate", name, tuple(0.0 if cell is None else float(cell) for cell in cells))
    if any(cell is None for cell in cells):
        yield ChosenRow(key, "covariate", f"{name} missing", tuple(float(cell is None) for cell in cells))
