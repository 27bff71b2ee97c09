"""One experiment from one table, without a workspace."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError, suggest
from vitalfew.pipeline.walk import SEED, run
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.frames import as_arrow
from vitalfew.warehouse.profile import is_share, values_of
from vitalfew.workspace.definitions import DataSettings, Definitions, Experiment, Measure, Metric, UnitSource
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.pipeline.results import Results

MOST_ARMS = 50
_FRAME = "data"
_CONTROL_NAMES = frozenset({"control", "base", "baseline", "a", "0", "off", "false", "old"})


def analyze(
    data: Any,  # noqa: ANN401 - a path, or a frame of a package we do not depend on
    *,
    variant: str,
    metrics: Sequence[str],
    control: str | None = None,
    unit: str | None = None,
    table: str | None = None,
) -> Results:
    """Analyse one experiment.

    Args:
        data: path of a CSV or Parquet file, an Arrow table, a pandas or polars frame, or a DuckDB connection; one row
            per unit.
        variant: column that holds the variant of each unit.
        metrics: columns to compare; true/false and 0/1 columns are shares, others means.
        control: the variant to compare with; by default the one called control, else the first in order.
        unit: column with the key of the unit; each row is a unit when not given.
        table: name of the table, when `data` is a connection.

    Returns:
        Results whose only experiment is `experiment`.

    Raises:
        UsageError: there is no such column or arm, or the column of the variant holds more than 50 values.
        DataError: the file cannot be read.

    Example:
        >>> import pyarrow as pa
        >>> arms = ["a"] * 500 + ["b"] * 500
        >>> bought = [i % 10 == 0 for i in range(500)] + [i % 5 == 0 for i in range(500)]
        >>> found = analyze(pa.table({"arm": arms, "bought": bought}), variant="arm", metrics=["bought"])
        >>> effect = found.tables.effects[0]
        >>> round(effect.estimate, 3), effect.p_value < 0.001
        (0.1, True)
    """
    settings, name, frames = _located(data, table)
    engine = open_engine(settings, None, frames)
    try:
        columns = engine.columns(name)
        _check_columns(columns, [variant, *metrics, *([unit] if unit else [])])
        arms = [value for value, _ in values_of(engine, name, variant, MOST_ARMS + 1)]
        _check_arms(variant, arms, control)
        shares = {metric: is_share(engine, name, metric, columns[metric]) for metric in metrics}
    finally:
        engine.close()
    definitions = _definitions(name, variant, unit, shares, _control(control, arms), settings)
    return run(Workspace.of(definitions), frames=frames, seed=SEED)


def _located(data: Any, table: str | None) -> tuple[DataSettings, str, Mapping[str, Any]]:  # noqa: ANN401 - see analyze
    if isinstance(data, (str, Path)):
        path = Path(data).expanduser().resolve()
        return DataSettings(path=str(path.parent)), path.name, {}
    return DataSettings(), _FRAME, {_FRAME: as_arrow(data, table)}


def _check_columns(columns: Mapping[str, Any], wanted: Sequence[str]) -> None:
    for name in wanted:
        if name not in columns:
            raise UsageError(f"there is no column '{name}'", hint=suggest(name, columns))


def _check_arms(variant: str, arms: Sequence[str], control: str | None) -> None:
    if len(arms) > MOST_ARMS:
        hint = "is it a column of keys or numbers?"
        raise UsageError(f"'{variant}' holds more than {MOST_ARMS} values, so it is no variant", hint=hint)
    if control is not None and arms and control not in arms:
        raise UsageError(f"no unit has the variant '{control}' (control)", hint=suggest(control, arms))


def _definitions(
    table: str, variant: str, unit: str | None, shares: Mapping[str, bool], control: str, settings: DataSettings
) -> Definitions:
    metrics = {
        _key(column): Metric.model_validate(
            {
                "title": column,
                "kind": "proportion" if share else "mean",
                "numerator": Measure(source="data", column=column),
            }
        )
        for column, share in shares.items()
    }
    experiment = Experiment(source="data", variant=variant, control=control, metrics=tuple(metrics))
    return Definitions(
        data=settings,
        sources={"data": UnitSource(table=table, unit=unit)},
        metrics=metrics,
        experiments={"experiment": experiment},
    )


def _control(asked: str | None, arms: Sequence[str]) -> str:
    if asked is not None:
        return asked
    return next((arm for arm in arms if arm.lower() in _CONTROL_NAMES), min(arms, default="control"))


def _key(column: str) -> str:
    return re.sub(r"[^A-Za-z0-9_.\-]+", "_", column).strip("_.-") or "metric"
