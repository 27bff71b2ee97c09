"""A KPI series: a source of shape series with its metrics, one column each or named in a column."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from vitalfew.connect.columns import is_numeric
from vitalfew.connect.numbers import number
from vitalfew.connect.times import read_times
from vitalfew.connect.words import listed, lower_is_better, metric_title
from vitalfew.errors import DataError
from vitalfew.results.words import count
from vitalfew.warehouse.profile import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.recognise import Recognised

MOST_METRICS, MOST_ROWS = 50, 200_000


def add_series(draft: Draft, file: Recognised) -> None:
    """Add the source and a metric for each series.

    Raises:
        DataError: no column holds numbers.
    """
    columns, look = file.columns, file.look
    reading = read_times(look, columns["time"], draft.asker)
    if reading.note:
        file.notes.append(reading.note)
    values = value_columns(file)
    if not values:
        raise DataError(f"{look.name} has no column of numbers beside '{columns['time']}'")
    kept = [*(columns[role] for role in ("time", "metric", "unit") if role in columns), *values]
    table = draft.place(file, reading, {}, kept)
    if any(look.columns[name].type == "text" for name in values):
        table = _as_numbers(draft, table, kept, values, file)
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


def _as_numbers(draft: Draft, table: str, kept: Sequence[str], values: Sequence[str], file: Recognised) -> str:
    """A copy in which numbers are written as sources read them."""
    look = file.look
    if look.rows > MOST_ROWS:
        raise DataError(f"{look.name} has {look.rows:,} rows with numbers as text", expected=f"at most {MOST_ROWS:,}")
    if table.startswith("data/"):
        from vitalfew.warehouse.engine import open_engine
        from vitalfew.workspace.definitions import DataSettings

        engine = open_engine(DataSettings(path=str(draft.folder)))
    else:
        engine = look.engine
    rows = rows_of(engine, table if engine is not look.engine else look.table, list(kept), MOST_ROWS)
    if engine is not look.engine:
        engine.close()
    name = "data/kpi.csv"
    path = draft.folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as out:
        written = csv.writer(out)
        written.writerow(kept)
        for row in rows:
            written.writerow([number(row[one]) if one in values else row[one] for one in kept])
    file.notes.append(f"numbers written as text ({listed(values, 3)}) are read as numbers; written to {name}")
    return name
