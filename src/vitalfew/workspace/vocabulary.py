"""The words that definitions are made of: kinds of numbers and texts, lists of choices, names of other definitions.

A field that names another definition says so in its type (`Reference`), so that one generic check finds every name
that does not exist.
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
    field_validator,
    model_validator,
)

LARGEST = 1e15
"""Sums and differences of numbers up to this stay finite, and so do quotients of such numbers and `1 / LARGEST`."""

FIRST_YEAR, LAST_YEAR = 1900, 2999
"""Days beyond are slips of the pen, and calendars cannot reckon on from the last of all days."""


def _written_day(raw: Any) -> Any:  # noqa: ANN401 - pydantic hands over whatever the user wrote
    """Let only `2026-02-01` and dates pass: pydantic alone takes seconds since 1970 and times of day, too."""
    day = date.fromisoformat(raw) if isinstance(raw, str) else raw
    if type(day) is date and FIRST_YEAR <= day.year <= LAST_YEAR and raw in (day, str(day)):
        return day
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
Query = Annotated[Text, Field(description="a query in the SQL of the engine: one SELECT, in place of `table`")]
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
Family = Literal["acquisition", "conversion", "retention", "technical", "cost"]
Grade = Literal["replicated", "tested", "staged", "dated", "correlated", "opinion"]
CauseEvidence = Literal["observed", "analysed", "reported", "assumed"]
Status = Literal["idea", "framed", "forecast", "committed", "live", "shipped", "dropped", "removed"]
OVER: frozenset[Status] = frozenset(("dropped", "removed"))
"""What is neither to come nor there any more."""
Horizon = Literal["h1", "h2", "h3"]
TARGETS_TO_BEGIN: dict[Horizon, float] = {"h1": 0.7, "h2": 0.2, "h3": 0.1}
"""Shares of effort by horizon that many begin with; they are offered and never taken for granted."""
Discipline = Literal["operations", "intimacy", "product"]
"""Value disciplines (Treacy and Wiersema 1993): run it best, know the customer best, offer the best product."""
Cadence = Literal["daily", "weekly", "monthly", "quarterly", "yearly"]
Aggregation = Literal["sum", "count", "count_distinct", "max", "min", "last", "avg"]
MetricKind = Literal[
    "mean",
    "proportion",
    "count",
    "ratio",
    "quantile",
    "retention",
    "funnel",
    "time_to_event",
    "duration",
    "error_rate",
    "nps",
    "csat",
    "ces",
    "participation",
]
Mode = Literal["always_valid", "fixed", "group_sequential", "bayesian"]


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
ExperimentKey = Annotated[str, Reference("experiments")]
TeamKey = Annotated[str, Reference("teams")]
ProductKey = Annotated[str, Reference("products")]
Purpose = Annotated[str, Reference("needs", "objectives", "vision", "metrics", "factors")]


MUST_RISE = "p10, p50 and p90 must rise: the smallest number first, as in −1.5, −1 and −0.5"
"""What is wrong with quantiles that fall; of a metric that should fall they are easily given the other way round."""


def _numbers_in(value: object) -> tuple[float, ...]:
    """The numbers of a field; what stands in definitions below it has been looked at there."""
    if isinstance(value, bool):
        return ()
    if isinstance(value, int | float):
        return (value,)
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, tuple) else ()
    return tuple(number for each in inner for number in _numbers_in(each))


class Definition(BaseModel):
    """Base of all definitions: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    @field_validator("*")
    @classmethod
    def _can_be_reckoned_with(cls, value: Any) -> Any:  # noqa: ANN401 - whatever the field holds
        for number in _numbers_in(value):
            if abs(number) > LARGEST or 0 < abs(number) < 1 / LARGEST:
                raise ValueError(f"nothing can be reckoned with {number:g}: 0, or from {1 / LARGEST:g} to {LARGEST:g}")
        return value


class Quantiles(Definition):
    """An uncertain quantity by three quantiles: 10 %, 50 % and 90 %."""

    p10: Number
    p50: Number
    p90: Number

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.p10 <= self.p50 <= self.p90:
            raise ValueError(MUST_RISE)
        return self


def _cost_form(raw: Any) -> str:  # noqa: ANN401 - pydantic hands over whatever the user wrote
    return "quantiles" if isinstance(raw, dict | Quantiles) else "number"


Cost = Annotated[Annotated[Positive, Tag("number")] | Annotated[Quantiles, Tag("quantiles")], Discriminator(_cost_form)]
