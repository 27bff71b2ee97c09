"""Past results of experiments: ready estimates, or what each arm counted, long or wide."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.connect.features_file import day
from vitalfew.connect.numbers import number
from vitalfew.connect.past_columns import arm_columns, wide_columns
from vitalfew.connect.words import control_of, lower_is_better, metric_title, title_of, tokens
from vitalfew.errors import DataError
from vitalfew.results.words import count
from vitalfew.stats.normal import ppf, two_sided
from vitalfew.warehouse.profile import distinct_values, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.recognise import Recognised

    Row = Mapping[str, Any]

MOST_ROWS, MOST_EXPERIMENTS, MOST_METRICS = 100_000, 200, 100
_OVERALL = "outcome"
_READY = ("experiment", "metric", "estimate", "se", "n")


@dataclass(frozen=True, slots=True)
class Result:
    """One result: an estimate with its standard error (None when nothing tells it)."""

    experiment: str
    metric: str
    estimate: float
    se: float | None
    date: str = ""


def add_results(draft: Draft, file: Recognised) -> None:
    """Add a source of ready results with its metrics and experiments."""
    columns = file.columns
    if _is_ready(file):
        definition = {role: column for role, column in columns.items() if role in _READY}
        if "time" in columns and file.look.columns[columns["time"]].type in ("date", "time"):
            definition["date"] = columns["time"]
        table = draft.place(file, None, {}, ())
        pairs = _pairs(file)
    else:
        results, how = _results(file)
        table = _write(draft, "data/results.csv", ("experiment", "metric", "estimate", "se", "date"), results)
        definition = {name: name for name in _READY[:4]}
        definition |= {"date": "date"} if any(one.date for one in results) else {}
        file.notes.append(f"{how}; written to {table}")
        pairs = [(one.experiment, one.metric) for one in results]
    draft.add(
        "sources",
        "past",
        {"table": table, "shape": "results"} | definition,
        "results as somebody else computed them: taken as given",
    )
    _define(draft, file, "past", pairs)


def _is_ready(file: Recognised) -> bool:
    """Whether sources can read the table as it is."""
    numeric = all(
        file.look.columns[column].type in ("integer", "number")
        for role, column in file.columns.items()
        if role in ("estimate", "se", "n")
    )
    return {"metric", "estimate", "se"} <= file.columns.keys() and "variant" not in file.columns and numeric


def _rows(file: Recognised) -> list[dict[str, Any]]:
    if file.look.rows > MOST_ROWS:
        raise DataError(f"{file.look.name} has {file.look.rows:,} rows of results", expected=f"at most {MOST_ROWS:,}")
    return rows_of(file.look.engine, file.look.table, list(file.look.columns), MOST_ROWS)


def _pairs(file: Recognised) -> list[tuple[str, str]]:
    columns = file.columns
    found = rows_of(file.look.engine, file.look.table, [columns["experiment"], columns["metric"]], MOST_ROWS)
    return [(_text(row[columns["experiment"]]), _text(row[columns["metric"]])) for row in found]


def _results(file: Recognised) -> tuple[list[Result], str]:
    columns, rows = file.columns, _rows(file)
    wide = {} if "estimate" in columns else wide_columns(file.look, columns["experiment"])
    parts = wide or {
        _OVERALL: {role: columns[role] for role in columns if role not in ("experiment", "variant", "time")}
    }
    found = [
        result
        for row in rows
        for name, own in parts.items()
        if (result := _result(row, _named(row, columns), name, own, columns.get("time"))) is not None
    ]
    if not found:
        raise DataError(f"{file.look.name}: no row holds an experiment and a number as its estimate")
    return found, _how(next(iter(parts.values())), found)


def _result(row: Row, experiment: str, metric: str, own: Mapping[str, str], time: str | None) -> Result | None:
    cells = {role: number(row[column]) for role, column in own.items() if role != "metric"}
    estimate = cells.get("estimate")
    if estimate is None or not experiment:
        return None
    when = day(row[time]) if time else None
    name = _text(row[own["metric"]]) if "metric" in own else metric
    return Result(experiment, name or _OVERALL, estimate, _se(estimate, cells), when.isoformat() if when else "")


def _named(row: Row, columns: Mapping[str, str]) -> str:
    name = _text(row[columns["experiment"]])
    variant = _text(row[columns["variant"]]) if "variant" in columns else ""
    return f"{name} / {variant}" if name and variant else name


def _se(estimate: float, cells: Mapping[str, float | None]) -> float | None:
    """The standard error: as given, else from a 95 % interval, a z-value or a two-sided p-value."""
    se, low, high = cells.get("se"), cells.get("low"), cells.get("high")
    if se is not None:
        return se
    if low is not None and high is not None and high > low:
        return (high - low) / (2 * two_sided(0.95))
    z, p = cells.get("z"), cells.get("p")
    if z is None and p is not None and 0 < p < 1:
        z = ppf(1 - p / 2)
    return abs(estimate / z) if z and estimate else None


def _how(own: Mapping[str, str], found: Sequence[Result]) -> str:
    if "se" in own:
        how = "estimates and standard errors are copied as numbers"
    elif "low" in own and "high" in own:
        how = "standard errors are computed from the intervals, taken as 95 %"
    elif "z" in own or "p" in own:
        how = f"standard errors are computed from '{own.get('z') or own['p']}', by the normal distribution"
    else:
        how = "no column tells how sure the estimates are"
    bare = sum(one.se is None for one in found)
    return f"{how}; {count(bare, 'result')} without an interval" if bare else how


# Per arm ------------------------------------------------------------------------------------------------------------


def add_aggregates(draft: Draft, file: Recognised) -> None:
    """Add a source of aggregates: n, mean and variance of each arm, from columns per arm or rows per arm."""
    arms = arm_columns(file.look)
    if _is_side_by_side(file, arms):
        _add_ready_aggregates(draft, file, arms)
        return
    rows = _rows(file)
    pairs = list(_beside(file, arms, rows) if arms else _below(file, rows))
    if not pairs:
        raise DataError(
            f"{file.look.name}: no experiment has two arms with n, and mean with sd, or conversions",
            expected="the control of each experiment as well as what is compared with it",
            hint="add the rows, or columns, of the arm that is missing",
        )
    names = ("n", "mean", "variance")
    header = (
        "experiment",
        "metric",
        "variant",
        *(f"{arm}_{name}" for arm in ("control", "treatment") for name in names),
    )
    table = _write(draft, "data/aggregates.csv", header, pairs)
    columns = {arm: {name: f"{arm}_{name}" for name in names} for arm in ("control", "treatment")}
    source = {"table": table, "shape": "aggregates", "experiment": "experiment", "metric": "metric", "arms": columns}
    if len({(pair[0], pair[2]) for pair in pairs}) > len({pair[0] for pair in pairs}):
        source["variant"] = "variant"
    draft.add("sources", "past", source, "n, mean and variance of each arm, as somebody else counted them")
    file.notes.append(f"arms are set side by side in {table}")
    several = "variant" in source
    _define(
        draft,
        file,
        "past",
        [(f"{one[0]}/{one[2]}" if several and _many(one, pairs) else one[0], one[1]) for one in pairs],
    )


def _is_side_by_side(file: Recognised, arms: Mapping[str, Mapping[str, str]]) -> bool:
    """Whether sources can read the table as it is: n, mean and variance of both arms, named metrics and experiments."""
    ready = all({"n", "mean", "variance"} <= columns.keys() for columns in arms.values())
    return len(arms) == 2 and ready and {"experiment", "metric"} <= file.columns.keys()  # noqa: PLR2004 - control and one more


def _add_ready_aggregates(draft: Draft, file: Recognised, arms: Mapping[str, Mapping[str, str]]) -> None:
    names = dict(zip(arms, ("control", "treatment"), strict=True))
    columns = {names[arm]: {name: own[name] for name in ("n", "mean", "variance")} for arm, own in arms.items()}
    source = {"table": draft.place(file, None, {}, ()), "shape": "aggregates"} | file.columns | {"arms": columns}
    time = _snapshots(file, {*file.columns.values(), *(column for own in arms.values() for column in own.values())})
    if time is not None:
        source["time"] = time
        file.notes.append(f"of several rows of one metric the one with the latest '{time}' counts")
        file.read.append(time)
    draft.add("sources", "past", source, "n, mean and variance of each arm, as somebody else counted them")
    ids = [file.columns[role] for role in ("experiment", "metric", "variant") if role in file.columns]
    rows = [tuple(_text(cell) for cell in row) for row in distinct_values(file.look.engine, file.look.table, ids)]
    _define(draft, file, "past", [(_id(row, rows), row[1]) for row in rows])


def _id(row: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The id of a comparison: that of the experiment, with the variant where it has several."""
    return f"{row[0]}/{row[2]}" if len(row) > 2 and _many(row, rows) else row[0]  # noqa: PLR2004 - the third is the variant


def _snapshots(file: Recognised, taken: set[str]) -> str | None:
    """The column that tells earlier from later rows: a date, or days since the start."""
    free = [name for name, profile in file.look.columns.items() if name not in taken and profile.type in _ORDERED]
    return next((name for name in free if _TIMES & set(tokens(name))), None)


def _many(one: Sequence[Any], pairs: Sequence[Sequence[Any]]) -> bool:
    return len({pair[2] for pair in pairs if pair[0] == one[0]}) > 1


def _beside(file: Recognised, arms: Mapping[str, Mapping[str, str]], rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    columns = file.columns
    control, *others = arms
    for number_, row in enumerate(rows, start=1):
        name = _text(row[columns["experiment"]]) if "experiment" in columns else f"experiment {number_}"
        metric = _text(row[columns["metric"]]) if "metric" in columns else _OVERALL
        variant = _text(row[columns["variant"]]) if "variant" in columns else ""
        first = _moments(row, arms[control])
        for other in others:
            second = _moments(row, arms[other])
            if name and first and second:
                yield (name, metric, variant or other, *first, *second)


def _below(file: Recognised, rows: Iterable[Row]) -> Iterator[tuple[Any, ...]]:
    columns = file.columns
    stem = file.look.path.name.partition(".")[0]
    groups: dict[tuple[str, str], dict[str, tuple[float, float, float]]] = {}
    for row in rows:
        moments = _moments(row, columns)
        name = _text(row[columns["experiment"]]) if "experiment" in columns else stem
        metric = _text(row[columns["metric"]]) if "metric" in columns else columns.get("conversions", _OVERALL)
        if moments and name:
            groups.setdefault((name, metric), {})[_text(row[columns["variant"]])] = moments
    for (name, metric), arms in groups.items():
        if len(arms) > 1:
            control, _ = control_of(arms)
            yield from ((name, metric, arm, *arms[control], *own) for arm, own in arms.items() if arm != control)


def _moments(row: Row, columns: Mapping[str, str]) -> tuple[float, float, float] | None:
    """n, mean and variance of one arm."""
    cells = {role: number(row[column]) for role, column in columns.items() if role in _STATISTICS}
    n, mean, sd, variance = (cells.get(role) for role in ("n", "mean", "sd", "variance"))
    if n is None or n < 2:  # noqa: PLR2004 - a variance needs two units
        return None
    conversions = cells.get("conversions")
    if conversions is not None and (mean is None or (sd is None and variance is None)):
        mean = conversions / n
        variance = mean * (1 - mean) * n / (n - 1)
    elif variance is None:
        variance = sd**2 if sd is not None else _squared(cells.get("se"), n)
    return None if mean is None or variance is None or variance < 0 else (n, mean, variance)


def _squared(se: float | None, n: float) -> float | None:
    return None if se is None else se**2 * n


_ORDERED = ("integer", "number", "date", "time")
_TIMES = frozenset({"time", "date", "day", "days", "snapshot", "week", "timestamp"})
_STATISTICS = frozenset({"n", "mean", "sd", "variance", "conversions", "se"})


# Definitions --------------------------------------------------------------------------------------------------------


def _define(draft: Draft, file: Recognised, source: str, pairs: Sequence[tuple[str, str]]) -> None:
    metrics = {
        name: draft.add("metrics", name, _metric(source, name))
        for name in list(dict.fromkeys(metric for _, metric in pairs if metric))[:MOST_METRICS]
    }
    by_experiment: dict[str, dict[str, None]] = {}
    for experiment, metric in pairs:
        if experiment and metric in metrics:
            by_experiment.setdefault(experiment, {})[metrics[metric]] = None
    for name, keys in list(by_experiment.items())[:MOST_EXPERIMENTS]:
        initiative = draft.add("initiatives", name, {"title": title_of(name), "status": "shipped"})
        definition = {"source": source, "initiative": initiative, "id": name, "metrics": list(keys)}
        draft.add("experiments", name, {"title": title_of(name)} | definition)
    if len(by_experiment) > MOST_EXPERIMENTS:
        file.notes.append(
            f"the first {MOST_EXPERIMENTS} of {len(by_experiment):,} experiments get a line of the ledger"
        )
    file.notes.append(f"{count(len(by_experiment), 'experiment')}, {count(len(metrics), 'metric')}")
    draft.facts.results = len(by_experiment)
    _comment(draft)


def _metric(source: str, name: str) -> dict[str, Any]:
    down: dict[str, Any] = {"direction": "down"} if lower_is_better(name) else {}
    return {"title": metric_title(name), "source": source, "column": name} | down


def _comment(draft: Draft) -> None:
    draft.comments["metrics",] = (
        "Metrics: `column` is the name in the results. `direction: down` is guessed from the name: correct it.\n"
        "A metric that counts as value becomes a factor: factors: {KEY: {range: [worst, best]}}"
    )
    draft.comments["initiatives",] = (
        "Initiatives: one per experiment, taken as shipped, so that each is a line of the ledger.\n"
        "Set `status: dropped` where it was not shipped, and add team and cost."
    )


def _write(draft: Draft, name: str, header: Sequence[str], rows: Iterable[object]) -> str:
    path = draft.folder / name
    path.parent.mkdir(exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as file:
        out = csv.writer(file)
        out.writerow(header)
        for row in rows:
            cells = (row.experiment, row.metric, row.estimate, row.se, row.date) if isinstance(row, Result) else row
            out.writerow(["" if cell is None else cell for cell in cells])  # type: ignore[attr-defined]  # tuples of the caller
    return name


def _text(cell: object) -> str:
    if cell is None:
        return ""
    if isinstance(cell, float) and cell.is_integer():
        return str(int(cell))
    return str(cell).strip()
