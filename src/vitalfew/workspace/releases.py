"""How metrics hang together, and changes that came without randomisation: links and releases."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import Field, Strict, model_validator

from vitalfew.workspace.vocabulary import (
    ColumnName,
    Day,
    Definition,
    FeatureKey,
    Flag,
    InitiativeKey,
    MetricKey,
    ProductKey,
    SourceKey,
    TeamKey,
    Text,
)

Formula = Annotated[Text, Field(description="a formula over metrics with + - * / and brackets")]
Slope = Annotated[float, Strict(), Field(ge=-1e15, le=1e15)]


class Link(Definition):
    """How a change in `parent` moves `child`: a component (an exact formula), or an influence.

    A component gives the `formula` of its child over its parts, such as `orders * order_value`; without one, `parent`
    is a part of a sum. An influence may give an expert's range of the slope (80 %, units of the child per unit of the
    parent), with who said so and when.
    """

    parent: MetricKey | None = None
    child: MetricKey
    kind: Literal["component", "influence"] = "influence"
    formula: Formula | None = None
    low: Slope | None = None
    high: Slope | None = None
    author: Text | None = None
    said: Day | None = None

    @model_validator(mode="after")
    def _parts_of_kind(self) -> Self:
        if self.kind == "influence" and self.parent is None:
            raise ValueError("an influence needs a 'parent'")
        if self.kind == "influence" and self.formula is not None:
            raise ValueError("a formula belongs to a link of kind component")
        if (self.low is None) != (self.high is None):
            raise ValueError("a range needs both its ends, 'low' and 'high'")
        if self.kind == "component" and self.parent is None and self.formula is None:
            raise ValueError("a component needs a 'formula', or the 'parent' that is a part of its child")
        return self


class Rollout(Definition):
    """Who got a release when, where not all got it on the same day.

    Either `source` tells it: exposures (first seen, of rows whose experiment is `id`, or the release's key), or units
    with the day in the column `wave` (empty: not yet); or `units` names the units of a series with their days.
    `randomised`: chance decided who came when; `chosen`: units took it up when they liked. `cluster`: whole clusters (a
    column of the units) got it together. `covariates`: what was known of units before, for comparisons of those who
    chose to take it up.
    """

    source: SourceKey | None = None
    id: Text | None = None
    wave: ColumnName | None = None
    units: dict[Text, Day] = Field(default_factory=dict)
    randomised: Flag = False
    chosen: Flag = False
    cluster: ColumnName | None = None
    covariates: tuple[ColumnName, ...] = ()
    period_days: Annotated[int, Field(ge=1, le=366)] = 7

    @model_validator(mode="after")
    def _one_of(self) -> Self:
        if (self.source is None) == (not self.units):
            raise ValueError("give either 'source' or 'units'")
        if self.randomised and self.chosen:
            raise ValueError("either chance decided who came when ('randomised') or units chose it ('chosen')")
        return self


class Release(Definition):
    """A dated change without randomisation.

    `metrics`: where an effect is looked for; all that have a series when not given. `controls`: metrics that the
    release cannot have touched and that the same weather moves. `after_days`: how long the effect is watched.
    """

    date: Day
    title: Text | None = None
    initiatives: tuple[InitiativeKey, ...] = ()
    features: tuple[FeatureKey, ...] = ()
    team: TeamKey | None = None
    product: ProductKey | None = None
    metrics: tuple[MetricKey, ...] = ()
    controls: tuple[MetricKey, ...] = ()
    after_days: Annotated[float, Strict(), Field(gt=0, le=3_650)] = 28
    rollout: Rollout | None = None
