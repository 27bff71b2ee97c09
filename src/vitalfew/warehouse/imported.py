"""Moments that a query computed elsewhere, taken back: checked against the definitions, kept in the workspace."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.errors import DataError, UsageError, Where, suggest
from vitalfew.warehouse.export import query_hash, studies
from vitalfew.warehouse.kept import FOLDER, kept_files
from vitalfew.warehouse.reported import number_of, text_of
from vitalfew.warehouse.sums import Cell
from vitalfew.warehouse.values import values_of
from vitalfew.warehouse.whole_sums import moments_of_sums
from vitalfew.workspace.whole import write_whole

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.measured import Measured
    from vitalfew.warehouse.study import Study
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.workspace import Workspace

    Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Imported:
    """What was taken back: for which source, where it is kept, what it holds."""

    source: str
    path: Path
    metrics: tuple[str, ...]
    units: Mapping[str, int]

    def sentence(self) -> str:
        """What happened, for the terminal."""
        arms = ", ".join(f"{arm} {units:,}" for arm, units in sorted(self.units.items()))
        return (
            f"Took the moments of {', '.join(self.metrics)} (units: {arms}) in place of the table of source"
            f" '{self.source}'; kept in {FOLDER}/{self.path.name}. Delete that file to measure the table again."
        )


def import_moments(file: Path, workspace: Workspace) -> Imported:
    """Take back the answer of a query that `moments_sql` wrote, and keep it in the workspace.

    Args:
        file: the answer as CSV or Parquet.
        workspace: its definitions unchanged since the query was written; the answer is kept in its folder.

    Raises:
        UsageError: the workspace has no folder.
        DataError: columns are missing, numbers cannot be right, the definitions changed since, or the answer cannot be
            kept.
    """
    if workspace.root is None:
        raise UsageError("moments are kept in the folder of a workspace, and this one has none")
    definitions, table = workspace.definitions, _read(file)
    answer = _Answer.of(definitions, table.to_pylist(), file.name)
    place = workspace.root / FOLDER / _file_name(definitions, answer)
    _write(table, place)
    units: dict[str, int] = {}
    for cell, moments in answer.cells.items():
        units[cell.arm] = units.get(cell.arm, 0) + moments.units
    return Imported(answer.study.source, place, answer.metrics, units)


def imported_moments(definitions: Definitions, source: str, root: Path | None) -> Measured | None:
    """Moments kept for a source, as `measure` would give them; None when none are kept.

    Raises:
        DataError: the definitions changed since the query was written, or the file was damaged.
    """
    measured = None
    for path in kept_files(source, root):
        answer = _Answer.of(definitions, _read(path).to_pylist(), f"{FOLDER}/{path.name}")
        found = answer.measured()
        measured = found if measured is None else measured + found
    return measured


def _file_name(definitions: Definitions, answer: _Answer) -> str:
    variants = [variant for study, variant in studies(definitions) if study.source == answer.study.source]
    if len(variants) == 1:
        return f"{answer.study.source}.csv"
    safe = "".join(letter if letter.isalnum() else "_" for letter in answer.variant)
    return f"{answer.study.source}@{variants.index(answer.variant)}_{safe}.csv"


@dataclass(frozen=True, slots=True)
class _Answer:
    """An answer that fits the definitions."""

    study: Study
    variant: str
    metrics: tuple[str, ...]
    segments: tuple[str, ...]
    cells: Mapping[Cell, Moments]

    @classmethod
    def of(cls, definitions: Definitions, rows: Sequence[Row], file: str) -> _Answer:
        """Read the rows of an answer.

        Raises:
            DataError: they do not fit the definitions, or cannot be right.
        """
        if not rows:
            raise DataError(f"{file} holds no rows", hint="does the table that the query read hold any units?")
        _check_columns(rows[0], ("query_hash", "source", "metrics", "experiment", "arm", "pattern", "units"), file)
        source, metrics = text_of(rows[0]["source"]), tuple(text_of(rows[0]["metrics"]).split())
        study, variant, segments = _asked(definitions, source, metrics, text_of(rows[0]["query_hash"]), file)
        names = tuple(value.name for key in metrics for value in values_of(key, definitions.metrics[key]))
        _check_columns(rows[0], _columns(len(names)), file)
        cells: dict[Cell, Moments] = {}
        for row in rows:
            cell = Cell(0, text_of(row["arm"]), int(row["pattern"]))
            if cell in cells:
                raise DataError(f"{file} has two rows for arm '{cell.arm}', pattern {cell.pattern}")
            cells[cell] = _moments(row, names, file, cell)
        return cls(study, variant, metrics, segments, cells)

    def measured(self) -> Measured:
        """Rows of moments and assignments; metrics the answer lacks are named."""
        missing = [value.name for value in self.study.values() if value.key not in self.metrics]
        self.study.reasons.update(dict.fromkeys(missing, f"not among the imported moments; {_AGAIN}"))
        cells = {
            cell._replace(experiment=at): moments
            for at in range(len(self.study.experiments))
            for cell, moments in self.cells.items()
        }
        return self.study.answer([(self.segments, cells)], {})


_AGAIN = "run `vitalfew sql` again, then the query, then import its answer"


def _asked(
    definitions: Definitions, source: str, metrics: tuple[str, ...], hashed: str, file: str
) -> tuple[Study, str, tuple[str, ...]]:
    """Find the query that an answer belongs to."""
    if source not in definitions.sources:
        raise DataError(f"{file}: there is no source '{source}'", hint=suggest(source, definitions.sources))
    for metric in metrics:
        if metric not in definitions.metrics:
            raise DataError(f"{file}: there is no metric '{metric}'", hint=suggest(metric, definitions.metrics))
    for study, variant in studies(definitions):
        segments = tuple(study.segments())
        if study.source == source and query_hash(definitions, source, variant, metrics, segments) == hashed:
            return study, variant, segments
    raise DataError(f"{file}: the definitions changed since its query was written (query_hash {hashed})", hint=_AGAIN)


def _columns(k: int) -> tuple[str, ...]:
    single = [f"{kind}{i}" for kind in "msn" for i in range(k)]
    pairs = [f"{kind}{i}_{j}" for i in range(k) for j in range(i + 1, k) for kind in "pc"]
    each = [f"a{i}_{j}" for i in range(k) for j in range(k) if i != j]
    return (*single, *(f"p{i}_{i}" for i in range(k)), *pairs, *each, "repeated")


def _check_columns(row: Row, wanted: Sequence[str], file: str) -> None:
    for name in wanted:
        if name not in row:
            raise DataError(
                f"{file} has no column '{name}'", expected="all columns of the query's answer", hint=suggest(name, row)
            )


def _units(number: float) -> str:
    return "1 unit has" if number == 1 else f"{number:g} units have"


def _moments(row: Row, names: tuple[str, ...], file: str, cell: Cell) -> Moments:
    """Moments of one row, refused where no data could give them."""
    where = f"{file}, arm '{cell.arm}'"
    numbers = {
        name: number_of(value, name, file)
        for name, value in row.items()
        if name not in ("query_hash", "source", "metrics", "arm")
    }
    if numbers["repeated"]:
        raise DataError(f"{where}: {_units(numbers['repeated'])} several rows; the table needs one row per unit")
    units = numbers["units"] or 0.0
    for at, name in enumerate(names):
        n, present = numbers[f"n{at}"], numbers[f"s{at}"] is not None and numbers[f"p{at}_{at}"] is not None
        if n is None or n != int(n) or not 0 <= n <= units:
            raise DataError(f"{where}: n of '{name}' is {row[f'n{at}']}", expected=f"0 to {units:g} units")
        if n > 0 and (not present or numbers[f"m{at}"] is None):
            raise DataError(f"{where}: '{name}' has {n:g} units but no sum", hint=_AGAIN)
    shift = np.array([numbers[f"m{at}"] or 0.0 for at in range(len(names))])
    moments = moments_of_sums(names, shift, {name: value or 0.0 for name, value in numbers.items()})
    _check_products(moments, numbers, where)
    return moments


def _check_products(moments: Moments, numbers: Mapping[str, float | None], where: str) -> None:
    """Squares are never negative, and a product never exceeds the root of both squares (Cauchy and Schwarz)."""
    squares = [numbers[f"p{at}_{at}"] or 0.0 for at in range(len(moments.names))]
    for i, name in enumerate(moments.names):
        for j in range(i, len(squares)):
            product, most = abs(numbers[f"p{i}_{j}"] or 0.0), math.sqrt(max(squares[i] * squares[j], 0.0))
            if min(squares[i], squares[j]) < 0 or product > most * (1 + 1e-6) + 1e-12:
                raise DataError(
                    f"{where}: no data give these products of '{name}' and '{moments.names[j]}'", hint=_AGAIN
                )


def _read(file: Path) -> pa.Table:
    import pyarrow as pa
    from pyarrow import csv, parquet

    try:
        if file.suffix.lower() == ".parquet":
            table = parquet.read_table(file)
        else:
            table = csv.read_csv(file, convert_options=csv.ConvertOptions(column_types=_labels_as_text()))
    except FileNotFoundError:
        raise DataError(f"there is no file '{file}'") from None
    except (pa.ArrowInvalid, OSError):
        raise DataError(f"{file.name} cannot be read", expected="CSV with a header, or Parquet") from None
    # Some engines answer in capitals.
    return table.rename_columns([name.strip().lower() for name in table.column_names])


def _labels_as_text() -> dict[str, Any]:
    """Hashes and arms that look like numbers stay as they are."""
    import pyarrow as pa

    labels = ("query_hash", "source", "metrics", "arm")
    return {name: pa.string() for label in labels for name in (label, label.upper())}


def _write(table: pa.Table, place: Path) -> None:
    import pyarrow as pa
    from pyarrow import csv

    sink = pa.BufferOutputStream()
    csv.write_csv(table, sink)
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        write_whole(place, sink.getvalue())
    except OSError as error:
        raise DataError(f"the answer cannot be kept: {error.strerror}", where=Where(str(place))) from error
