"""The vocabulary of vitalfew as typed, immutable definitions.

A field that names another definition says so in its type (`Reference`), so that one generic check finds every name
that does not exist. The words are those of the product; every other room takes these types and no other.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    Strict,
    StringConstraints,
    Tag,
    model_validator,
)


def _written_day(raw: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever the user wrote
    """Let only `2026-02-01` and dates pass: pydantic alone takes seconds since 1970 and times of day, too."""
    if isinstance(raw, str):
        day = date.fromisoformat(raw)
        if str(day) == raw:
            return day
    if type(raw) is date:
        return raw
    raise ValueError("no date")


Number = Annotated[float, Strict()]
Whole = Annotated[int, Strict()]
Flag = Annotated[bool, Strict()]
Text = Annotated[str, StringConstraints(min_length=1, max_length=10_000)]
Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$", max_length=120)]
Share = Annotated[float, Strict(), Field(ge=0, le=1)]
Positive = Annotated[float, Strict(), Field(gt=0)]
NotNegative = Annotated[float, Strict(), Field(ge=0)]
Days = NotNegative
Day = Annotated[date, BeforeValidator(_written_day)]
Table = Annotated[Text, Field(description="a file below `data.path`, or a table of the engine")]
ColumnName = Annotated[Text, Field(description="the name of a column")]
EventName = Annotated[Text, Field(description="the name of an event")]
Filter = Annotated[Text, Field(description="a condition over columns")]
Arm = Annotated[Text, Field(description="the name of an arm")]
Zone = Annotated[str, Field(description="a time zone such as Europe/Copenhagen")]
Currency = Annotated[
    str, StringConstraints(pattern=r"^[A-Z]{3}$"), Field(description="three capital letters such as EUR")
]
Memory = Annotated[
    str, StringConstraints(pattern=r"^[1-9][0-9]*(MB|GB)$"), Field(description="an amount of memory such as 4GB")
]

Direction = Literal["up", "down"]
Level = Literal["feature", "system", "business"]
ValueType = Literal["functional", "efficiency", "experience", "economic", "risk"]
Side = Literal["customer", "business", "technical", "employee"]
Grade = Literal["replicated", "tested", "staged", "dated", "correlated", "opinion"]
CauseEvidence = Literal["observed", "analysed", "reported", "assumed"]
Status = Literal["idea", "framed", "forecast", "committed", "live", "shipped", "dropped", "removed"]
Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
Aggregation = Literal["sum", "count", "count_distinct", "max", "min", "last", "avg"]
MetricKind = Literal["mean", "proportion", "count", "ratio", "retention"]


class Reference:
    """Marks a field whose value is the key of a definition of one of the `kinds`."""

    def __init__(self, *kinds: str) -> None:
        self.kinds = kinds


SourceKey = Annotated[str, Reference("sources")]
MetricKey = Annotated[str, Reference("metrics")]
StakeholderKey = Annotated[str, Reference("stakeholders")]
SegmentKey = Annotated[str, Reference("segments")]
FeatureKey = Annotated[str, Reference("features")]
InitiativeKey = Annotated[str, Reference("initiatives")]
HypothesisKey = Annotated[str, Reference("hypotheses")]
TeamKey = Annotated[str, Reference("teams")]
Purpose = Annotated[str, Reference("needs", "objectives", "vision", "metrics", "factors")]


class Definition(BaseModel):
    """Base of all definitions: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Quantiles(Definition):
    """An uncertain quantity by three quantiles: 10 %, 50 % and 90 %."""

    p10: Number
    p50: Number
    p90: Number

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.p10 <= self.p50 <= self.p90:
            raise ValueError("p10, p50 and p90 must rise")
        return self


def _cost_form(raw: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever the user wrote
    return "quantiles" if isinstance(raw, dict | Quantiles) else "number"


Cost = Annotated[Annotated[Positive, Tag("number")] | Annotated[Quantiles, Tag("quantiles")], Discriminator(_cost_form)]


class About(Definition):
    """The product organisation. Without a `name`, a run is called after its folder."""

    name: Text = "workspace"
    currency: Currency | None = None
    time_zone: Zone = "UTC"


class DataSettings(Definition):
    """Where the tables lie: a folder of CSV or Parquet files, or a DuckDB file, relative to the workspace."""

    engine: Literal["duckdb"] = "duckdb"
    path: str = "."
    memory: Memory | None = None


class Policy(Definition):
    """Budget and horizon of decisions. `discount` is per year, as a share."""

    budget: Positive | None = None
    cost_unit: Text = "person-weeks"
    horizon_weeks: Positive = 52
    discount: Share = 0.0
    money_per_cost_unit: Positive | None = None


# Sources: the five shapes ------------------------------------------------------------------------------------------


class Source(Definition):
    """What all sources share: a table, as a path below `data.path` or a table name in the engine."""

    table: Table
    title: Text | None = None


class UnitSource(Source):
    """One row per unit: attributes and outcomes as columns. Without `unit`, every row is a unit of its own."""

    shape: Literal["units"] = "units"
    unit: ColumnName | None = None
    time: ColumnName | None = None


class EventSource(Source):
    """One row per event of a unit."""

    shape: Literal["events"] = "events"
    unit: ColumnName
    time: ColumnName
    event: ColumnName


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
    """A series: the value of a metric (in `metric`, or one column per metric) over time."""

    shape: Literal["series"]
    time: ColumnName
    value: ColumnName
    metric: ColumnName | None = None


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


# Metrics -----------------------------------------------------------------------------------------------------------


class Measure(Definition):
    """What is added up per unit: a column of a source, over some events, filtered.

    `events` (event sources) keeps rows with one of these event names. `filters` are expressions over the columns of
    the source, all of which must hold. Without a `column`, events are counted.
    """

    source: SourceKey
    column: ColumnName | None = None
    aggregation: Aggregation | None = None
    events: tuple[EventName, ...] = ()
    filters: tuple[Filter, ...] = ()


class Window(Definition):
    """Days that count, from the first exposure (conversion) or back from the end of the data (lookback)."""

    kind: Literal["conversion", "lookback"] = "conversion"
    delay: Days = 0
    length: Positive | None = None


class Cap(Definition):
    """Values beyond a bound are set to the bound: `absolute` in the metric's unit, or a `percentile` as a share."""

    absolute: Number | None = None
    percentile: Annotated[float, Strict(), Field(gt=0.5, lt=1)] | None = None
    side: Literal["upper", "lower", "both"] = "upper"

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.absolute is None) == (self.percentile is None):
            raise ValueError("give either absolute or percentile")
        return self


MEASURE_FIELDS = ("source", "column", "aggregation", "events", "filters")  # may stand in a metric itself


class Metric(Definition):
    """A number measured from data. `source`, `column`, `events`, `filters` are short for `numerator`."""

    title: Text | None = None
    description: Text | None = None
    kind: MetricKind = "mean"
    numerator: Measure
    denominator: Measure | None = None
    window: Window | None = None
    cap: Cap | None = None
    direction: Direction = "up"
    unit: Text | None = None
    level: Level = "system"
    role: Literal["goal", "driver", "guardrail", "diagnostic"] | None = None
    value_type: ValueType | None = None
    side: Side | None = None
    owner: TeamKey | None = None
    import_key: Text | None = None
    version: Whole = 1

    @model_validator(mode="before")
    @classmethod
    def _expand_shorthand(cls, raw: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever the user wrote
        if not isinstance(raw, dict) or "numerator" in raw or not any(name in raw for name in MEASURE_FIELDS):
            return raw
        measure = {name: raw[name] for name in MEASURE_FIELDS if name in raw}
        return {name: value for name, value in raw.items() if name not in MEASURE_FIELDS} | {"numerator": measure}

    @model_validator(mode="after")
    def _ratio_has_denominator(self) -> Self:
        if self.kind == "ratio" and self.denominator is None:
            raise ValueError("a ratio needs a denominator: add 'denominator: {source: …, column: …}'")
        if self.kind != "ratio" and self.denominator is not None:
            raise ValueError("only a ratio has a denominator: write 'kind: ratio', or remove it")
        if self.kind == "retention" and (self.window is None or self.window.length is None):
            raise ValueError("retention needs a window in days, as in 'window: {delay: 7, length: 1}'")
        return self


class Factor(Definition):
    """A metric that counts as value, with the range over which it may swing (worst and best plausible, any order)."""

    range: tuple[Number, Number]
    stakeholder: StakeholderKey | None = None
    title: Text | None = None
    baseline: Number | None = None
    north_star: Flag = False
    provenance: Literal["customer", "internal"] | None = None

    @model_validator(mode="after")
    def _has_width(self) -> Self:
        if self.range[0] == self.range[1]:
            raise ValueError("a range needs two different ends")
        return self


class Guardrail(Definition):
    """A metric that may not get worse by more than `margin` (positive, in the metric's unit); a gate, no weight."""

    margin: NotNegative
    segment: SegmentKey | None = None
    alpha: Annotated[float, Strict(), Field(gt=0, lt=1)] = 0.05
    stakeholder: StakeholderKey | None = None


# People, needs, goals ----------------------------------------------------------------------------------------------


class Stakeholder(Definition):
    """Those who gain or lose."""

    title: Text | None = None
    role: Literal["payer", "user", "affected", "staff", "partner", "society"] | None = None
    side: Side | None = None


class Segment(Definition):
    """A group of units: those of a unit source for which `filter` holds. `share` of all units, when not measured."""

    source: SourceKey | None = None
    filter: Filter | None = None
    title: Text | None = None
    share: Share | None = None


class Cause(Definition):
    """A root cause of a need, with the kind of evidence behind it."""

    cause: Text
    evidence: CauseEvidence


class Need(Definition):
    """An unmet customer need or opportunity; `harms` names the metrics of the business it damages."""

    statement: Text
    title: Text | None = None
    segment: SegmentKey | None = None
    stakeholder: StakeholderKey | None = None
    causes: tuple[Cause, ...] = ()
    harms: tuple[MetricKey, ...] = ()
    feedback: Annotated[int, Strict(), Field(ge=0)] = 0


class KeyResult(Definition):
    """A metric with baseline, target and date. Without a metric it counts output, which a check reports."""

    title: Text | None = None
    metric: MetricKey | None = None
    baseline: Number | None = None
    target: Number | None = None
    due: Day | None = None


class Objective(Definition):
    """What a team wants to reach, with measurable key results."""

    title: Text
    team: TeamKey | None = None
    serves: tuple[Purpose, ...] = ()
    key_results: dict[Key, KeyResult] = {}


class Vision(Definition):
    """Where the organisation or a team wants to be."""

    title: Text
    team: TeamKey | None = None
    horizon_years: Positive | None = None


class Team(Definition):
    """A team. `capacity` per horizon, in the policy's cost unit."""

    title: Text | None = None
    capacity: Positive | None = None


class Link(Definition):
    """How a change in `parent` moves `child`: an exact formula, or an influence with an expert's range."""

    parent: MetricKey
    child: MetricKey
    kind: Literal["component", "influence"] = "influence"
    low: Number | None = None
    high: Number | None = None


# What is built -----------------------------------------------------------------------------------------------------


class Feature(Definition):
    """Something users can use. Use is measured from `events` of an event source.

    `eligible` is `all` or the key of a segment; `cost` and `upkeep` (per year) in the policy's cost unit.
    """

    title: Text | None = None
    source: SourceKey | None = None
    events: tuple[EventName, ...] = ()
    eligible: Annotated[str, Reference("segments", "all")] = "all"
    cadence: Cadence = "weekly"
    cost: Cost | None = None
    upkeep: NotNegative | None = None
    shipped: Day | None = None
    team: TeamKey | None = None


class Initiative(Definition):
    """Something we may build, change or remove.

    `reach` is the share of all units it touches (1 when not given, which the ledger says); `removes` names the
    feature it takes away; `exception` is the recorded reason for serving nothing.
    """

    title: Text | None = None
    team: TeamKey | None = None
    feature: FeatureKey | None = None
    removes: FeatureKey | None = None
    status: Status = "idea"
    shipped: Day | None = None
    started: Day | None = None
    cost: Cost | None = None
    upkeep: NotNegative | None = None
    serves: tuple[Purpose, ...] = ()
    origin: Literal["need", "request", "sales", "management", "team", "technical"] | None = None
    reach: Share | None = None
    ramp_weeks: NotNegative = 0
    exception: Text | None = None


class Hypothesis(Definition):
    """The question an initiative poses. `margin` decides a promise of no change (p50 = 0)."""

    initiative: InitiativeKey
    metric: MetricKey
    segment: Annotated[str, Reference("segments", "all")] = "all"
    due: Day | None = None
    method: Literal["experiment", "release"] = "experiment"
    guardrails: tuple[MetricKey, ...] = ()
    margin: NotNegative | None = None


class Experiment(Definition):
    """A randomised comparison.

    `source` holds the assignment: a unit source (column `variant`), an exposure source (rows whose experiment is
    `id`, by default the key), or ready aggregates or results. `split` gives the planned share of each arm.
    """

    source: SourceKey
    initiative: InitiativeKey | None = None
    title: Text | None = None
    variant: ColumnName | None = None
    id: Text | None = None
    control: Arm = "control"
    metrics: tuple[MetricKey, ...] = ()
    segments: tuple[SegmentKey, ...] | None = None
    split: dict[str, Positive] | None = None
    team: TeamKey | None = None
    start: Day | None = None
    end: Day | None = None


class Release(Definition):
    """A dated change without randomisation."""

    date: Day
    title: Text | None = None
    initiatives: tuple[InitiativeKey, ...] = ()
    features: tuple[FeatureKey, ...] = ()
    team: TeamKey | None = None


class Definitions(Definition):
    """Everything a workspace defines; every field is a kind, every entry a key and its definition."""

    workspace: About = About()
    data: DataSettings = DataSettings()
    policy: Policy = Policy()
    sources: dict[Key, AnySource] = {}
    metrics: dict[Key, Metric] = {}
    factors: dict[Annotated[Key, Reference("metrics")], Factor] = {}
    guardrails: dict[Annotated[Key, Reference("metrics")], Guardrail] = {}
    stakeholders: dict[Key, Stakeholder] = {}
    segments: dict[Key, Segment] = {}
    needs: dict[Key, Need] = {}
    features: dict[Key, Feature] = {}
    initiatives: dict[Key, Initiative] = {}
    hypotheses: dict[Key, Hypothesis] = {}
    experiments: dict[Key, Experiment] = {}
    releases: dict[Key, Release] = {}
    links: dict[Key, Link] = {}
    objectives: dict[Key, Objective] = {}
    vision: dict[Key, Vision] = {}
    teams: dict[Key, Team] = {}

    def title(self, kind: str, key: str) -> str:
        """The title of a definition, else its key in words."""
        found = getattr(self, kind).get(key)
        return getattr(found, "title", None) or key.replace("_", " ")
