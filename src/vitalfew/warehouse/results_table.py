"""Ready results of experiments: an estimate with its standard error, taken as given."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from vitalfew.results.rows import GivenRow
from vitalfew.warehouse.columns import check_columns
from vitalfew.warehouse.measured import Measured
from vitalfew.warehouse.newest import newest_query
from vitalfew.warehouse.reported import Names, day_of, failed_row, number_of, text_of
from vitalfew.workspace.definitions import ResultSource

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import date

    from vitalfew.results.rows import FailedRow
    from vitalfew.warehouse.engine import Engine
    from vitalfew.workspace.definitions import Definitions

    Row = Mapping[str, Any]


def measure_results(definitions: Definitions, key: str, engine: Engine, as_of: date | None = None) -> Measured:
    """Read ready results. Of several for one experiment and metric the one with the latest date counts.

    Keys of experiments and metrics are found as in tables of aggregates. A result without a standard error is kept:
    it is an estimate without an interval.

    Args:
        definitions: experiments and metrics.
        key: key of the source, a source of results.
        engine: where the table lies.
        as_of: results dated after this day are ignored; those without a date stay.

    Raises:
        DataError: a column is missing, or holds text where numbers or dates belong (such as 1.2%).
    """
    source = definitions.sources[key]
    assert isinstance(source, ResultSource)  # noqa: S101 - told apart by `measure`; this tells the type checker
    ids = {"experiment": source.experiment, "metric": source.metric}
    values = {"estimate": source.estimate, "se": source.se}
    values |= {} if source.n is None else {"n": source.n}
    values |= {} if source.date is None else {"date": source.date}
    check_columns(engine, key, source.table, ids | values)
    rows = engine.query(newest_query(source.table, ids, values, None, None)).to_pylist()
    failed: list[FailedRow] = []
    groups: dict[tuple[str, str], list[tuple[date | None, Row]]] = defaultdict(list)
    nameless = 0
    for row in rows:
        day = day_of(row.get("date"), source.date or "", key)
        if row["experiment"] is None or row["metric"] is None:
            nameless += 1
        elif as_of is None or day is None or day <= as_of:
            groups[text_of(row["experiment"]), text_of(row["metric"])].append((day, row))
    if nameless:
        failed.append(failed_row(key, source.table, f"rows that name no experiment or no metric: {nameless}"))
    names = Names(definitions, key)
    given = tuple(row for group in groups.items() for row in _given(*group, source, names, failed))
    return Measured(given=given, failed=tuple(failed))


def _given(
    item: tuple[str, str],
    rows: list[tuple[date | None, Row]],
    source: ResultSource,
    names: Names,
    failed: list[FailedRow],
) -> Iterator[GivenRow]:
    """The result of one experiment and metric, under each of its keys; what is wrong with it goes to `failed`."""
    experiment = names.experiment(item[0])
    if experiment is None:
        failed.append(names.taken(item[0]))
        return
    days = [day for day, _ in rows]
    latest = max((day for day in days if day is not None), default=None)
    newest = [row for day, row in rows if day == latest]
    estimates = [number_of(row["estimate"], source.estimate, names.source) for row in newest]
    errors = [number_of(row["se"], source.se, names.source) for row in newest]
    reason = _wrong(estimates, errors, source, latest)
    if reason is not None:
        failed.append(failed_row(names.source, "/".join(item), reason))
        return
    n = number_of(newest[0].get("n"), source.n or "", names.source)
    for metric in names.metrics(item[1]):
        yield GivenRow(
            source=names.source,
            experiment=experiment,
            metric=metric,
            estimate=estimates[0] or 0.0,
            se=errors[0],
            n=None if n is None else int(n),
            date=None if latest is None else latest.isoformat(),
        )


def _wrong(
    estimates: list[float | None], errors: list[float | None], source: ResultSource, day: date | None
) -> str | None:
    """Why the newest rows of one experiment and metric give no result; None when they do."""
    if len(estimates) > 1:
        found = " and ".join("missing" if one is None else f"{one:g}" for one in estimates[:3])
        which = f"on {day}" if day else "and no date tells which is newer"
        return f"{source.table} has {len(estimates)} rows for it ({source.estimate} {found}) {which}; none is used"
    if estimates[0] is None:
        return f"{source.estimate} is missing"
    if errors[0] is not None and errors[0] <= 0:
        return f"{source.se} is {errors[0]:g}; a standard error is positive (leave it empty when it is not known)"
    return None
