"""What classic methods ask of an idea: scores as people typed them, and answers of surveys. Views, never the ledger."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, Strict, model_validator

from vitalfew.workspace.vocabulary import (
    Definition,
    Direction,
    Key,
    MetricKey,
    NotNegative,
    Number,
    Positive,
    Quantiles,
    Reference,
    Share,
)

Count = Annotated[int, Strict(), Field(ge=0)]


class Rice(Definition):
    """Reach per period, impact, confidence as a share, effort. Without one of the four there is no score."""

    reach: NotNegative | None = None
    impact: NotNegative | None = None
    confidence: NotNegative | None = None
    effort: Positive | None = None


class Ice(Definition):
    """Impact, confidence and ease, 1 to 10 each. `score`: what the sheet itself says, to tell its variant."""

    impact: Number | None = None
    confidence: Number | None = None
    ease: Number | None = None
    score: Number | None = None


class Wsjf(Definition):
    """User and business value, time criticality, risk reduction or opportunity, and job size, of 1 to 20 each."""

    value: NotNegative | None = None
    criticality: NotNegative | None = None
    opportunity: NotNegative | None = None
    size: Positive | None = None


class Delay(Definition):
    """What each week of delay costs, in money, and how many weeks the work takes."""

    per_week: NotNegative
    weeks: Positive


class ValueEffort(Definition):
    """A value and an effort in units of the sheet's own: two columns of a two by two."""

    value: Number
    effort: Positive


class KanoCounts(Definition):
    """How many respondents put an idea into each category of Kano's table."""

    attractive: Count = 0
    one_dimensional: Count = 0
    must_be: Count = 0
    indifferent: Count = 0
    reverse: Count = 0
    questionable: Count = 0


class MaxDiffCounts(Definition):
    """How often an idea was chosen best and worst, of how many times it was shown."""

    best: Count
    worst: Count
    shown: Annotated[int, Strict(), Field(ge=1)]

    @model_validator(mode="after")
    def _shown_often_enough(self) -> Self:
        if self.best + self.worst > self.shown:
            raise ValueError("chosen more often than shown")
        return self


class Survey(Definition):
    """Shares of respondents who called a need important, and were satisfied: 4 or 5 of 5 each."""

    importance: Share
    satisfaction: Share
    respondents: Annotated[int, Strict(), Field(ge=1)]


class Criterion(Definition):
    """A criterion of a weighted score: how much it counts, and whether more or less of it is better."""

    weight: Positive = 1.0
    direction: Direction = "up"


class Scores(Definition):
    """What a sheet or a survey says of an initiative by the classic methods.

    `weighted`: numbers by criterion (`policy.criteria`). `estimate`: three quantiles of what it brings, in the sheet's
    own unit. `moves`: what the sheet says it changes each factor by. None of these is a forecast: nobody stands for
    them, nothing is locked, and no record is kept of how they come out.
    """

    rice: Rice | None = None
    ice: Ice | None = None
    wsjf: Wsjf | None = None
    delay: Delay | None = None
    value_effort: ValueEffort | None = None
    weighted: dict[Key, Number] = Field(default_factory=dict)
    kano: KanoCounts | None = None
    maxdiff: MaxDiffCounts | None = None
    estimate: Quantiles | None = None
    moves: dict[Annotated[MetricKey, Reference("metrics")], Quantiles] = Field(default_factory=dict)
