"""What is built, and what is asked of it: features, initiatives, hypotheses."""

from __future__ import annotations

from typing import Annotated, Literal, Self

from pydantic import model_validator

from vitalfew.workspace.scores import Scores
from vitalfew.workspace.vocabulary import (
    Cadence,
    Cost,
    Day,
    Definition,
    Discipline,
    EventName,
    FeatureKey,
    Flag,
    Horizon,
    InitiativeKey,
    MetricKey,
    NotNegative,
    Positive,
    ProductKey,
    Purpose,
    Reference,
    Share,
    SourceKey,
    Status,
    TeamKey,
    Text,
)


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
    product: ProductKey | None = None


class Later(Definition):
    """The second step of a staged bet: its cost, and after how many weeks it is decided upon.

    `tells`: how much of what is uncertain about the bet's value the first step settles, as a share of its variance.
    """

    cost: Cost
    after_weeks: Positive
    tells: Share = 0.5


class Spending(Definition):
    """What was spent on a day, in the policy's unit of cost."""

    at: Day
    amount: NotNegative


class Initiative(Definition):
    """Something we may build, change or remove.

    `reach` is the share of all units it touches (1 when not given, which the ledger says); `removes` names the
    feature it takes away; `exception` is the recorded reason for serving nothing.

    Effects grow over `ramp_weeks` (when not given: as the use of past features did, where that was seen) and halve
    every `half_life_weeks` (no decay when not given). `weeks`: how long the work takes. `needed_by`: after this day
    it is worth nothing any more (a window that closes). `prerequisites` must be out or funded with it, `excludes`
    must not be. `later`: its larger part, decided upon once the first has shown what it is worth; `cost` is then
    that of the first. `discipline`: the value discipline it feeds. `capability`: people, platform, ability; no score
    in the short run. `scores`: what a sheet or a survey says of it. `import_key`: the title that the sheet gives it,
    and hashes of what it said last.
    """

    title: Text | None = None
    team: TeamKey | None = None
    product: ProductKey | None = None
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
    ramp_weeks: NotNegative | None = None
    half_life_weeks: Positive | None = None
    weeks: Positive | None = None
    needed_by: Day | None = None
    prerequisites: tuple[InitiativeKey, ...] = ()
    excludes: tuple[InitiativeKey, ...] = ()
    horizon: Horizon | None = None
    discipline: Discipline | None = None
    later: Later | None = None
    capability: Flag = False
    spent: tuple[Spending, ...] = ()
    exception: Text | None = None
    scores: Scores | None = None
    import_key: Text | None = None


class Fear(Definition):
    """What may go wrong, imagined before it can: in words (`what`), by the `metric` that would show it, or both."""

    what: Text | None = None
    metric: MetricKey | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.what is None and self.metric is None:
            raise ValueError("a fear needs 'what' may go wrong, or the 'metric' that would show it")
        return self


class Hypothesis(Definition):
    """The question an initiative poses. `margin` decides a promise of no change (p50 = 0).

    In a sentence: we believe that `who` will `will`, because `because`. `rethink`: what would change our mind.
    `premortem`: what may go wrong, written down before the work and held against what came.
    """

    initiative: InitiativeKey
    metric: MetricKey
    segment: Annotated[str, Reference("segments", "all")] = "all"
    due: Day | None = None
    method: Literal["experiment", "release"] = "experiment"
    guardrails: tuple[MetricKey, ...] = ()
    margin: NotNegative | None = None
    who: Text | None = None
    will: Text | None = None
    because: Text | None = None
    rethink: Text | None = None
    premortem: tuple[Fear, ...] = ()
