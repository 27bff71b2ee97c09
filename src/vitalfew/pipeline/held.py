"""What tables hold, before anything is defined over them: rows, columns, values, and what each column may mean."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.errors import VitalfewError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.profile import TableProfile
    from vitalfew.workspace.workspace import Workspace

_FEW, _MOST_COLUMNS = 50, 20
_NAMED = ("text", "boolean", "integer")
_SHAPES = {"events": "events", "users": "units", "experiment": "units", "exposures": "exposures", "results": "results",
           "aggregates": "aggregates", "series": "series"}  # fmt: skip
"""Shapes of sources by the kind of file that has them."""
_FIELDS = {"user": "unit", "time": "time", "event": "event", "experiment": "experiment", "variant": "variant",
           "metric": "metric", "value": "value", "estimate": "estimate", "se": "se", "n": "n"}  # fmt: skip
"""Fields of sources by the role of a column."""


@dataclass(frozen=True, slots=True)
class Held:
    """What one table holds.

    Attributes:
        table: as sources name it.
        rows: how many; None where there was no time to count.
        types: of each column.
        last: the last day or time (ISO) of each column of times.
        values: of columns with few of them, the most frequent first.
        shape: what a source over it would be; '' where its columns do not tell.
        fields: the column for each field of such a source.
        reason: why nothing could be read; else ''.
    """

    table: str
    rows: int | None = None
    types: dict[str, str] = field(default_factory=dict)
    last: dict[str, str] = field(default_factory=dict)
    values: dict[str, tuple[str, ...]] = field(default_factory=dict)
    shape: str = ""
    fields: dict[str, str] = field(default_factory=dict)
    reason: str = ""


def held(workspace: Workspace, tables: Iterable[str], *, seconds: float, recognise: bool = False) -> tuple[Held, ...]:
    """Look at tables of a workspace, one after the other.

    Args:
        workspace: whose data.
        tables: as sources name them.
        seconds: after these no further table is counted; its columns are told all the same.
        recognise: say what the columns may mean as well.
    """
    from vitalfew.warehouse.engine import engine_of

    until = time.monotonic() + seconds
    engine = engine_of(workspace)
    base = (workspace.root or Path()) / workspace.definitions.data.path
    try:
        return tuple(_held(engine, base, table, until, recognise=recognise) for table in tables)
    finally:
        engine.close()


def _held(engine: Engine, base: Path, table: str, until: float, *, recognise: bool) -> Held:
    from vitalfew.warehouse.profile import profile

    try:
        if time.monotonic() > until:
            return Held(table, types=dict(engine.columns(table)))
        found = profile(engine, table)
        shape, fields = _recognised(engine, base / table, table, found) if recognise else ("", {})
        values = _values(engine, table, found)
    except VitalfewError as error:
        return Held(table, reason=str(error))
    last = {name: one.high.isoformat() for name, one in found.columns.items() if hasattr(one.high, "isoformat")}
    types = {name: str(one.type) for name, one in found.columns.items()}
    return Held(table, found.rows, types, last, values, shape, fields)


def _values(engine: Engine, table: str, found: TableProfile) -> dict[str, tuple[str, ...]]:
    from vitalfew.warehouse.profile import values_of

    few = [name for name, one in found.columns.items() if one.type in _NAMED and 0 < one.distinct <= _FEW]
    return {name: tuple(value for value, _ in values_of(engine, table, name, _FEW)) for name in few[:_MOST_COLUMNS]}


def _recognised(engine: Engine, path: Path, table: str, found: TableProfile) -> tuple[str, dict[str, str]]:
    """The shape of a source over a table, and its fields; nothing where the columns do not tell."""
    from vitalfew.connect.asking import Asker
    from vitalfew.connect.look import Look
    from vitalfew.connect.periods import periods_in
    from vitalfew.connect.recognise import recognise

    try:
        known = recognise(Look(path, engine, table, found), Asker(None))
    except VitalfewError:
        return "", {}
    if known.look.is_flattened:
        return "", {}  # the columns are not those of the file
    if known.kind.key == "series" and periods_in(known.look, known.columns["time"]) is not None:
        return "", {}  # sources read days, and only `start` writes a copy that has them
    return _SHAPES.get(known.kind.key, ""), {
        _FIELDS[role]: name for role, name in known.columns.items() if role in _FIELDS
    }
