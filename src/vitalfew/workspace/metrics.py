"""What is measured: metrics, those of them that count as value, and those that may not get worse."""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import Field, Strict, model_validator

from vitalfew.workspace.metric_kinds import faults
from vitalfew.workspace.templates import expand
from vitalfew.workspace.utilities import Utility
from vitalfew.workspace.vocabulary import (
    Aggregation,
    ColumnName,
    Cost,
    Days,
    Definition,
    Direction,
    EventName,
    Family,
    Filter,
    Flag,
    Level,
    MetricKey,
    MetricKind,
    NotNegative,
    Number,
    Positive,
    SegmentKey,
    Side,
    SourceKey,
    StakeholderKey,
    TeamKey,
    Text,
    ValueType,
    Whole,
)


class Measure(Definition):
    """What is added up per unit: a column of a source, over some events, filtered.

    `events` (event sources) keeps rows with one of these event names. `filters` are expressions over the columns of
    the source, all of which must hold. Without a `column`, events are counted, and in a table of units the column
    called like the metric is taken.
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
_DOWN_IS_BETTER = ("duration", "error_rate")


class Metric(Definition):
    """A number measured from data. `source`, `column`, `events`, `filters` are short for `numerator`.

    Fields that belong to a kind: `threshold` (proportion, retention: a unit counts from this value on; above 0 when not
    given) and `complement` (it counts when it does not), `quantile` and `over` (quantile: of the units' values or of
    all events), `steps` (funnel: event names in order; duration: start and end), `horizon` in days (time_to_event: up
    to where the restricted mean looks; duration: the longest a task may take), `summary` (time_to_event), `rule` (ces:
    mean answer, share of 5 to 7, or 5 to 7 minus 1 to 3). `template` stands for several of these.

    `family`: which part of the business it watches, so that a check can say what a team does not look at.

    `covariate_days` (0: none) adjusts for the same measure in that many days before the exposure,
    `covariates` for columns of the unit source, known before the assignment (CUPED).
    """

    title: Text | None = None
    description: Text | None = None
    kind: MetricKind = "mean"
    numerator: Measure
    denominator: Measure | None = None
    window: Window | None = None
    cap: Cap | None = None
    quantile: Annotated[float, Strict(), Field(gt=0, lt=1)] | None = None
    over: Literal["units", "events"] = "units"
    threshold: Number | None = None
    complement: Flag = False
    steps: tuple[EventName, ...] = ()
    horizon: Positive | None = None
    summary: Literal["restricted_mean", "median"] = "restricted_mean"
    rule: Literal["mean", "share", "net"] | None = None
    covariate_days: Days | None = None
    covariates: tuple[ColumnName, ...] = ()
    segments: tuple[SegmentKey, ...] | None = None
    direction: Direction = "up"
    unit: Text | None = None
    level: Level = "system"
    role: Literal["goal", "driver", "guardrail", "diagnostic"] | None = None
    value_type: ValueType | None = None
    timeliness: Literal["leading", "lagging"] | None = None
    family: Family | None = None
    side: Side | None = None
    owner: TeamKey | None = None
    import_key: Text | None = None
    version: Whole = 1

    @model_validator(mode="before")
    @classmethod
    def _expand_shorthand(cls, raw: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever the user wrote
        if not isinstance(raw, dict):
            return raw
        raw = expand(raw)
        if raw.get("kind") in _DOWN_IS_BETTER:
            raw = {"direction": "down"} | raw
        if "numerator" in raw or not any(name in raw for name in MEASURE_FIELDS):
            return raw
        measure = {name: raw[name] for name in MEASURE_FIELDS if name in raw}
        return {name: value for name, value in raw.items() if name not in MEASURE_FIELDS} | {"numerator": measure}

    @model_validator(mode="after")
    def _parts_of_kind(self) -> Self:
        for fault in faults(self):
            raise ValueError(fault)
        return self


class Factor(Definition):
    """A metric that counts as value, with the range over which it may swing (worst and best plausible, any order).

    `baseline`: where the metric stands; every `utility` but the plain linear one needs it. `money`: what the whole
    swing is worth over the horizon, in the workspace's currency; one factor that has it gives every point a price.
    `counter`: the metric that would get worse if this one were chased alone. `tangible`: whether it is counted directly
    or through an accepted `proxy`. `provisional`: its range is an example that nobody has agreed on yet.
    """

    range: tuple[Number, Number]
    stakeholder: StakeholderKey | None = None
    title: Text | None = None
    baseline: Number | None = None
    utility: Utility = Utility()
    money: Cost | None = None
    counter: MetricKey | None = None
    lag_weeks: NotNegative = 0
    tangible: Flag | None = None
    proxy: Text | None = None
    north_star: Flag = False
    provenance: Literal["customer", "internal"] | None = None
    provisional: Flag = False

    @model_validator(mode="after")
    def _has_width(self) -> Self:
        if self.range[0] == self.range[1]:
            raise ValueError("a range needs two different ends")
        if self.baseline is None and self.utility != Utility():
            raise ValueError("a utility that is not linear needs a baseline")
        return self


class Guardrail(Definition):
    """A metric that may not get worse by more than `margin` (positive, in the metric's unit); a gate, no weight."""

    margin: NotNegative
    segment: SegmentKey | None = None
    alpha: Annotated[float, Strict(), Field(gt=0, lt=1)] = 0.05
    stakeholder: StakeholderKey | None = None
