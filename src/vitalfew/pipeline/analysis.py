"""One experiment from one table, without a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from vitalfew.connect.look import refuse
from vitalfew.pipeline.one_table import OneTable, Options
from vitalfew.pipeline.walk import SEED, run
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.frames import as_arrow
from vitalfew.workspace.definitions import DataSettings
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.pipeline.results import Results

_FRAME = "data"


def analyze(
    data: Any,  # noqa: ANN401 - a path, or a frame of a package we do not depend on
    *,
    variant: str,
    metrics: Sequence[str],
    control: str | None = None,
    unit: str | None = None,
    table: str | None = None,
    **options: Unpack[Options],
) -> Results:
    """Analyse one experiment.

    Args:
        data: path of a CSV or Parquet file, an Arrow table, a pandas or polars frame, or a DuckDB connection; one row
            per unit.
        variant: column that holds the variant of each unit.
        metrics: columns to compare; true/false and 0/1 columns are shares, others means. `a/b` is the ratio of two
            columns, summed over units before it is taken.
        control: the variant to compare with; by default the one called control, else the first in order.
        unit: column with the key of the unit; each row is a unit when not given.
        table: name of the table, when `data` is a connection.
        **options: see `Options`: covariates, segments, cluster, mode, kinds, split, time, alpha.

    Returns:
        Results whose only experiment is `experiment`.

    Raises:
        UsageError: there is no such file, column, arm, kind or option, or the variant holds more than 50 values.
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
        definitions = OneTable(name, variant, metrics, control, unit, options).defined(engine, settings)
    finally:
        engine.close()
    return run(Workspace.of(definitions), frames=frames, seed=SEED)


def _located(data: Any, table: str | None) -> tuple[DataSettings, str, Mapping[str, Any]]:  # noqa: ANN401 - see analyze
    if isinstance(data, (str, Path)):
        path = Path(data).expanduser()
        if "*" not in path.name:
            refuse(path)
        path = path.resolve()
        return DataSettings(path=str(path.parent)), path.name, {}
    return DataSettings(), _FRAME, {_FRAME: as_arrow(data, table)}
