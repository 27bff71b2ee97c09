"""A KPI series: a source of shape series with its metrics, one column each or named in a column."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from vitalfew.connect.columns import is_numeric
from vitalfew.connect.look import as_written, is_text
from vitalfew.connect.numbers import decimal_of, number
from vitalfew.connect.periods import periods_in
from vitalfew.connect.times import read_times
from vitalfew.connect.words import listed, lower_is_better, metric_title
from vitalfew.errors import DataError
from vitalfew.results.words import count
from vitalfew.warehouse import csv_files
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.profile import rows_of
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.periods import Periods
    from vitalfew.connect.recognise import Recognised
    from vitalfew.warehouse.engine import Engine

MOST_METRICS, MOST_ROWS = 50, 200_000
_TOO_RARE = "; goals can be watched by it, but to judge a release a value a day or a week is needed"


def add_series(draft: Draft, file: Recognised) -> None:
    """Add the source and a metric for each series.

    Raises:
        DataError: no column holds numbers.
    """
    columns, look = file.columns, file.look
    values = value_columns(file)
    if not values:
        raise DataError(f"{look.name} has no column of numbers beside '{columns['time']}'")
    kept = [*(columns[role] for role in ("time", "metric", "unit") if role in columns), *values]
    periods = periods_in(look, columns["time"])
    table = _by_day(draft, file, kept, values) if periods is None else _by_period(draft, file, kept, values, periods)
    source: dict[str, Any] = {"table": table, "shape": "series", "time": columns["time"]}
    source |= {"unit": columns["unit"]} if "unit" in columns else {}
    if "metric" in columns:
        source |= {"metric": columns["metric"], "value": values[0]}
    said = "the value of each metric by day" + (f" and {columns['unit']}" if "unit" in columns else "")
    draft.add("sources", "kpi", source, said)
    _metrics(draft, file, values)


def value_columns(file: Recognised) -> list[str]:
    """The columns that hold values: one beside a column of metrics, else every column of numbers."""
    named = [column for role, column in file.columns.items() if role != "value"]
    numeric = [name for name in file.look.columns if name not in named and is_numeric(file.look, name)]
    if "metric" not in file.columns:
        return numeric
    return [file.columns["value"]] if "value" in file.columns else numeric[:1]


def _metrics(draft: Draft, file: Recognised, values: Sequence[str]) -> None:
    by_name = file.columns.get("metric")
    names = list(values) if by_name is None else [name for name, _ in file.look.values(by_name)]
    for name in names[:MOST_METRICS]:
        down: dict[str, Any] = {"direction": "down"} if lower_is_better(name) else {}
        # A column just called "value" says nothing; the file's own name does.
        called = file.look.path.name.partition(".")[0] if names == [file.columns.get("value")] else name
        title = metric_title(called.replace("_", " "))
        draft.add("metrics", called, {"title": title, "source": "kpi", "column": name, "level": "business"} | down)
    taken = f"the first {MOST_METRICS} of " if len(names) > MOST_METRICS else ""
    titles = [one["title"] for one in draft.tree["metrics"].values()]
    file.notes.append(f"{taken}{count(len(names), 'metric')}: {listed(titles, 6)}")
    draft.comments["metrics",] = (
        "Metrics: `column` names the series. `direction: down` is guessed from the name: correct it.\n"
        "A metric that counts as value becomes a factor: factors: {KEY: {range: [worst, best]}}"
    )
    draft.facts.series = len(names)


def _by_day(draft: Draft, file: Recognised, kept: Sequence[str], values: Sequence[str]) -> str:
    """The table of values by day, or by moments: the file, or a copy of it as sources read it."""
    look = file.look
    reading = read_times(look, file.columns["time"], draft.asker)
    if reading.note:
        file.notes.append(reading.note)
    are_numbers = not any(look.columns[name].type == "text" for name in values)
    if are_numbers and not (reading.as_text and _has_commas(file)):
        return draft.place(file, reading, {}, kept)
    if not (reading.needs_copy or look.is_flattened):
        return _written(draft, file, kept, values, _rows(look.engine, look.table, file, kept))
    table = draft.place(file, reading, {}, kept)
    engine = open_engine(DataSettings(path=str(draft.folder)))
    try:
        rows = _rows(engine, table, file, kept)
    finally:
        engine.close()
    name = _written(draft, file, kept, values, rows)
    (draft.folder / table).unlink()  # a step on the way
    draft.comments["data",] = draft.comments["data",].replace(table, name)
    return name


def _by_period(draft: Draft, file: Recognised, kept: Sequence[str], values: Sequence[str], periods: Periods) -> str:
    """A copy of the file in which the first day of each period stands for it."""
    look, column = file.look, periods.column
    draft.facts.series_of = periods.length
    file.notes.append(periods.sentence + ("" if periods.length == "week" else _TOO_RARE))
    if is_text(look.path) and not look.is_flattened:
        with as_written(look) as (engine, table):
            found = _rows(engine, table, file, kept)
    else:
        found = _rows(look.engine, look.table, file, kept)
    rows = [row | {column: day} for row in found if (day := periods.day(row[column])) is not None]
    if len(rows) < len(found):
        file.notes.append(f"{count(len(found) - len(rows), 'row')} without a {periods.length} left out")
    name = _written(draft, file, kept, values, rows)
    draft.say_copy(file, name, [f"its rows are {periods.length}s, and sources read days"])
    return name


def _has_commas(file: Recognised) -> bool:
    """Whether numbers of a text file may have a decimal comma, so that points part thousands."""
    shape = csv_files.sniff(file.look.path)
    return shape.decimal == "," or shape.delimiter == ";"


def _rows(engine: Engine, table: str, file: Recognised, kept: Sequence[str]) -> list[dict[str, Any]]:
    if file.look.rows > MOST_ROWS:
        raise DataError(
            f"{file.look.name} has {file.look.rows:,} rows, and must be rewritten for sources to read it",
            expected=f"at most {MOST_ROWS:,}",
            hint="write days like 2026-01-31 and numbers like 1234.5",
        )
    return rows_of(engine, table, kept, MOST_ROWS)


def _written(
    draft: Draft, file: Recognised, kept: Sequence[str], values: Sequence[str], rows: Sequence[Mapping[str, Any]]
) -> str:
    """A copy in which numbers are written as sources read them."""
    name = "data/kpi.csv"
    decimals = _decimals(file, values, rows)
    path = draft.folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        written = csv.writer(out)
        written.writerow(kept)
        for row in rows:
            written.writerow([_value(row[one], decimals[one]) if one in values else row[one] for one in kept])
    texts = [one for one in values if file.look.columns[one].type == "text"]
    read = f"numbers written as text ({listed(texts, 3)}) are read as numbers; " if texts else ""
    file.notes.append(f"{read}written to {name}")
    return name


def _decimals(file: Recognised, values: Sequence[str], rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
    """The decimal sign of each column of numbers that stand as text."""
    if not is_text(file.look.path):
        return dict.fromkeys(values, ".")
    shape = csv_files.sniff(file.look.path)
    cells = {one: [str(row[one]).strip() for row in rows if row[one] is not None] for one in values}
    return {one: decimal_of(cells[one], shape.decimal, shape.delimiter) for one in values}


def _value(cell: object, decimal: str) -> float | None:
    """The number in a cell; one that the engine has read is what it is."""
    return number(cell, decimal) if isinstance(cell, str) else number(cell)
