"""Where data come from: tables of units, events, exposures, aggregates, results and series."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import Discriminator, SerializerFunctionWrapHandler, Tag, model_serializer, model_validator

from vitalfew.workspace.vocabulary import ColumnName, Definition, Positive, Query, Table, Text


class Source(Definition):
    """What all sources share: a table, as a path below `data.path` or a table name in the engine, or a query.

    With `sql` the rows are those of a query over such tables, and `table` is the name that stands for them; nobody
    writes it. `fresh_days`: how old its newest day may be; a check says when a series is older.
    """

    table: Table
    sql: Query | None = None
    title: Text | None = None
    fresh_days: Positive | None = None

    @model_validator(mode="before")
    @classmethod
    def _one_of_table_and_sql(cls, raw: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever the user wrote
        if not isinstance(raw, dict) or raw.get("sql") is None:
            return raw
        if "table" in raw:
            raise ValueError("'table' and 'sql' are given; a source has one of them: remove the other")
        return {**raw, "table": name_of_query("")}

    @model_serializer(mode="wrap")
    def _as_written(self, written: SerializerFunctionWrapHandler) -> dict[str, Any]:
        """As it would be written: without the name that stands for a query, with the shape where no field tells it."""
        plain: dict[str, Any] = written(self)
        plain.pop("sql" if self.sql is None else "table", None)
        shape = source_shape(self)
        return plain if source_shape(plain) == shape else {**plain, "shape": shape}


def name_of_query(key: str) -> str:
    """What the rows of a source's query are called among tables; no file and hardly a table is called so."""
    return f"the query of {key}" if key else "the query"


class UnitSource(Source):
    """One row per unit: attributes and outcomes as columns. Without `unit`, every row is a unit of its own."""

    shape: Literal["units"] = "units"
    unit: ColumnName | None = None
    time: ColumnName | None = None


class EventSource(Source):
    """One row per event of a unit.

    With `id` (the key of a message) an event that was sent several times counts once. `bots_above`: a unit with more
    events than this on any day is no person; it is left out of every arm, and counted. `arrived`: when each event
    reached this table; those that came more than 48 hours after they happened are counted as late. Without `event`
    every row is the same event, as in a table of orders; say `shape: events` then.
    """

    shape: Literal["events"] = "events"
    unit: ColumnName
    time: ColumnName
    event: ColumnName | None = None
    id: ColumnName | None = None
    bots_above: Positive | None = None
    arrived: ColumnName | None = None


class ExposureSource(Source):
    """Assignments or exposures: which unit saw which variant of which experiment, and when first."""

    shape: Literal["exposures"] = "exposures"
    unit: ColumnName
    experiment: ColumnName
    variant: ColumnName
    time: ColumnName | None = None


class ArmColumns(Definition):
    """Columns of one arm in a table of aggregates; `variance` has divisor n - 1."""

    n: ColumnName
    mean: ColumnName
    variance: ColumnName | None = None


class CovarianceTable(Definition):
    """A second table for aggregates: the covariance per unit (divisor n - 1) of two metrics in each arm.

    `metrics` are the two columns that name the pair, in either order; `arms` the column of each arm of the source. Left
    out, `experiment` and `variant` are named as in the source. With `time` the last snapshot of each pair counts.
    """

    table: Table
    metrics: tuple[ColumnName, ColumnName]
    arms: dict[str, ColumnName]
    experiment: ColumnName | None = None
    variant: ColumnName | None = None
    time: ColumnName | None = None


class AggregateSource(Source):
    """Aggregates per experiment and metric: n, mean and variance of each arm; control and treatment side by side.

    With `time` (days since the start, or a date) rows are cumulative snapshots and the last one counts.
    """

    shape: Literal["aggregates"]
    experiment: ColumnName
    metric: ColumnName
    arms: dict[str, ArmColumns]
    variant: ColumnName | None = None
    time: ColumnName | None = None
    covariances: CovarianceTable | None = None


class ResultSource(Source):
    """Ready results, one row per experiment and metric: an estimate with its standard error."""

    shape: Literal["results"]
    experiment: ColumnName
    metric: ColumnName
    estimate: ColumnName
    se: ColumnName
    n: ColumnName | None = None
    date: ColumnName | None = None


class SeriesSource(Source):
    """A series: the value of metrics over time, one row per day.

    Either `metric` names the metric of each row and `value` holds its value (a metric's `column` is what stands in
    `metric`, its own key when not given), or every metric has a column of its own. `unit`: of what each row tells,
    where there are several series of a metric (a region, a tenant).
    """

    shape: Literal["series"]
    time: ColumnName
    value: ColumnName | None = None
    metric: ColumnName | None = None
    unit: ColumnName | None = None


def source_shape(raw: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever the user wrote
    """The shape of a source, as given or by its fields."""
    if isinstance(raw, Source):
        return str(getattr(raw, "shape", "units"))
    if not isinstance(raw, dict):
        return "units"
    if "shape" in raw:
        return str(raw["shape"])
    if "event" in raw:
        return "events"
    return "exposures" if "variant" in raw else "units"


AnySource = Annotated[
    Annotated[UnitSource, Tag("units")]
    | Annotated[EventSource, Tag("events")]
    | Annotated[ExposureSource, Tag("exposures")]
    | Annotated[AggregateSource, Tag("aggregates")]
    | Annotated[ResultSource, Tag("results")]
    | Annotated[SeriesSource, Tag("series")],
    Discriminator(source_shape),
]
