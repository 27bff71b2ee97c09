"""How a change is tested: experiments and the plan of their analysis."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict

from vitalfew.workspace.vocabulary import (
    Arm,
    ColumnName,
    Day,
    Definition,
    ExperimentKey,
    Flag,
    InitiativeKey,
    MetricKey,
    Mode,
    NotNegative,
    Positive,
    ProductKey,
    SegmentKey,
    Share,
    SourceKey,
    TeamKey,
    Text,
)

Chance = Annotated[float, Strict(), Field(gt=0, lt=1)]


class Plan(Definition):
    """How an experiment will be analysed, said before it starts.

    `primary` metrics decide; their p-values are corrected as one `family` over metrics and arms. Guardrails take their
    margins from the value model. `units`: planned units of all arms together. `looks`: how often a group sequential
    design is looked at, or the share of the planned units at each look. `smallest_effect`: the change of each primary
    metric worth finding, relative to its level.
    """

    primary: tuple[MetricKey, ...] = ()
    secondary: tuple[MetricKey, ...] = ()
    guardrails: tuple[MetricKey, ...] = ()
    segments: tuple[SegmentKey, ...] = ()
    mode: Mode | None = None
    family: Literal["holm", "dunnett", "none"] = "holm"
    alpha: Chance = 0.05
    power: Chance = 0.8
    units: Annotated[int, Strict(), Field(gt=0)] | None = None
    looks: Annotated[int, Strict(), Field(ge=1, le=100)] | tuple[Share, ...] = 5
    spending: Literal["obrien_fleming", "pocock"] = "obrien_fleming"
    futility: Flag = False
    smallest_effect: Positive | None = None

    @property
    def metrics(self) -> tuple[MetricKey, ...]:
        """All that are named, once each."""
        return tuple(dict.fromkeys((*self.primary, *self.secondary, *self.guardrails)))


class Dealing(Definition):
    """How the assignment was drawn, so that it can be drawn again and compared.

    A unit's place is the first 8 hexadecimal digits of `hash` over `salt` followed by the unit's key, divided by 2^32;
    arms take shares of 0 to 1 in the order of `split`.
    """

    salt: Text
    hash: Literal["sha256", "md5"] = "sha256"


class Experiment(Definition):
    """A randomised comparison.

    `source` holds the assignment: a unit source (column `variant`), an exposure source (rows whose experiment is
    `id`, by default the key), or ready aggregates or results. `split` gives the planned share of each arm.

    `cluster` names the column of what was randomised when that is larger than the unit (a class, a shop). `crossed`
    says what becomes of units seen in several arms. `strata` are segments that exclude each other, over which effects
    are averaged (post-stratification). `design`: *switchback* when units change arms in blocks of time (rows of the
    exposure source are the beginnings of blocks, the first `burn_in` hours of each are left out); *holdout* when the
    control is kept out of the experiments in `holds_out`.
    """

    source: SourceKey
    initiative: InitiativeKey | None = None
    title: Text | None = None
    variant: ColumnName | None = None
    id: Text | None = None
    control: Arm = "control"
    metrics: tuple[MetricKey, ...] = ()
    segments: tuple[SegmentKey, ...] | None = None
    strata: tuple[SegmentKey, ...] = ()
    split: dict[str, Positive] | None = None
    cluster: ColumnName | None = None
    crossed: Literal["exclude", "first"] = "exclude"
    dealing: Dealing | None = None
    design: Literal["units", "switchback", "holdout"] = "units"
    burn_in: NotNegative = 0
    holds_out: tuple[ExperimentKey, ...] = ()
    mode: Mode | None = None
    plan: Plan | None = None
    team: TeamKey | None = None
    product: ProductKey | None = None
    start: Day | None = None
    end: Day | None = None

    @property
    def named_metrics(self) -> tuple[MetricKey, ...]:
        """Metrics that it or its plan names, once each."""
        return tuple(dict.fromkeys((*self.metrics, *(self.plan.metrics if self.plan else ()))))


class DecisionRule(Definition):
    """When an experiment suggests to ship: `any` or `all` success metrics better, and guardrails kept.

    A guardrail is kept when it is shown to be no worse than its margin (`non_inferior`), or as long as no harm is
    shown (`no_harm`).
    """

    success: Literal["any", "all"] = "any"
    guardrails: Literal["non_inferior", "no_harm"] = "non_inferior"
