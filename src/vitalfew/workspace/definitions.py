"""The vocabulary of vitalfew as typed, immutable definitions.

A field that names another definition says so in its type (`Reference`), so that one generic check finds every name
that does not exist. The words are those of the product; every other room takes these types and no other. Sources,
metrics and trials have files of their own, and every name is found here.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, Strict, field_validator

from vitalfew.workspace.bets import Fear, Feature, Hypothesis, Initiative, Later, Spending
from vitalfew.workspace.metrics import MEASURE_FIELDS, Cap, Factor, Guardrail, Measure, Metric, Window
from vitalfew.workspace.releases import Link, Release, Rollout
from vitalfew.workspace.scores import (
    Criterion,
    Delay,
    Ice,
    KanoCounts,
    MaxDiffCounts,
    Rice,
    Scores,
    Survey,
    ValueEffort,
    Wsjf,
)
from vitalfew.workspace.sources import (
    AggregateSource,
    AnySource,
    ArmColumns,
    CovarianceTable,
    EventSource,
    ExposureSource,
    ResultSource,
    SeriesSource,
    Source,
    UnitSource,
    name_of_query,
    source_shape,
)
from vitalfew.workspace.trials import Dealing, DecisionRule, Experiment, Plan
from vitalfew.workspace.utilities import Utility
from vitalfew.workspace.vocabulary import (
    Aggregation,
    Cadence,
    CauseEvidence,
    ColumnName,
    Cost,
    Currency,
    Day,
    Days,
    Definition,
    Discipline,
    EventName,
    Family,
    FeatureKey,
    Filter,
    Grade,
    Horizon,
    InitiativeKey,
    Key,
    Memory,
    MetricKey,
    MetricKind,
    Mode,
    NotNegative,
    Number,
    Positive,
    ProductKey,
    Purpose,
    Quantiles,
    Reference,
    SegmentKey,
    Share,
    Side,
    SourceKey,
    StakeholderKey,
    Status,
    Table,
    TeamKey,
    Text,
    Zone,
)

__all__ = [
    "MEASURE_FIELDS",
    "About",
    "AggregateSource",
    "Aggregation",
    "AnySource",
    "ArmColumns",
    "Cadence",
    "Cap",
    "Cause",
    "CauseEvidence",
    "ColumnName",
    "Cost",
    "CovarianceTable",
    "Criterion",
    "Currency",
    "DataSettings",
    "Day",
    "Days",
    "Dealing",
    "DecisionRule",
    "Definition",
    "Definitions",
    "Delay",
    "Discipline",
    "EventName",
    "EventSource",
    "Experiment",
    "ExposureSource",
    "Factor",
    "Family",
    "Fear",
    "Feature",
    "FeatureKey",
    "Filter",
    "Floor",
    "Focus",
    "Grade",
    "Guardrail",
    "Horizon",
    "Hypothesis",
    "Ice",
    "Identities",
    "Initiative",
    "InitiativeKey",
    "KanoCounts",
    "Key",
    "KeyResult",
    "Later",
    "Link",
    "MaxDiffCounts",
    "Measure",
    "Memory",
    "Metric",
    "MetricKey",
    "MetricKind",
    "Mode",
    "Need",
    "NotNegative",
    "Number",
    "Objective",
    "Plan",
    "Policy",
    "Positive",
    "Product",
    "ProductKey",
    "Purpose",
    "Quantiles",
    "Reference",
    "Release",
    "ResultSource",
    "Rice",
    "Rollout",
    "Scores",
    "Segment",
    "SegmentKey",
    "SeriesSource",
    "Share",
    "Side",
    "Source",
    "SourceKey",
    "Spending",
    "Stakeholder",
    "StakeholderKey",
    "Status",
    "Survey",
    "Table",
    "Team",
    "TeamKey",
    "Text",
    "Treaty",
    "UnitSource",
    "Utility",
    "ValueEffort",
    "Vision",
    "Window",
    "Wsjf",
    "Zone",
    "source_shape",
]


class About(Definition):
    """The product organisation. Without a `name`, a run is called after its folder."""

    name: Text = "workspace"
    currency: Currency | None = None
    time_zone: Zone = "UTC"


class Identities(Definition):
    """A table of ids that belong to the same unit: an id found in column `alias` stands for the one in `unit`."""

    table: Table
    alias: ColumnName
    unit: ColumnName


class DataSettings(Definition):
    """Where the tables lie: a folder of CSV or Parquet files, or a DuckDB file, relative to the workspace."""

    engine: Literal["duckdb"] = "duckdb"
    path: str = "."
    memory: Memory | None = None
    identities: Identities | None = None


class Treaty(Definition):
    """An exchange that teams agreed on: work that gains on one metric may lose on another, up to a price.

    `at_most`: units of the metric that loses for each unit of the one that gains. `between`: the teams that agreed.
    """

    gains: MetricKey
    loses: MetricKey
    at_most: Positive
    between: Annotated[tuple[TeamKey, ...], Field(min_length=1)]
    until: Day | None = None
    reason: Text | None = None


class Floor(Definition):
    """A level that a metric must not cross for the worse, in its unit."""

    metric: MetricKey
    level: Number


class Focus(Definition):
    """The one value discipline to excel in, and `thresholds`: the levels to keep in what the other two stand for."""

    chosen: Discipline
    thresholds: tuple[Floor, ...] = ()


class TechnicalHealth(Definition):
    """What keeps a team able to deliver.

    `share`: of the spending at least this goes into work for it. `floors`: levels that lead time, failed changes,
    latency or defects must not cross for the worse.
    """

    share: Share = 0.0
    floors: tuple[Floor, ...] = ()


class Policy(Definition):
    """Budget and horizon of decisions. `discount` is per year, as a share.

    `covariate_days` holds for every metric over events that gives none of its own; `decision` is the rule by which an
    experiment suggests to ship. `rater_groups`: shares of groups of people in the weights, in any proportion; without
    them every person counts alike. `criteria` of weighted scores; `rice_period`: over what RICE counts reach; `ice`:
    the one of its two variants that this workspace uses; `input_error`: the factor by which each input of a score is
    taken to be off (one standard deviation on the log scale). `treaties`: exchanges between metrics that teams agreed
    on, so that a conflict that keeps to one is not flagged. `discipline`: the value discipline that was chosen.
    `horizon_targets`: shares of effort aimed at by horizon, held against what is agreed on; they bound no plan, as
    `minimum_shares` do. {h1: 0.7, h2: 0.2, h3: 0.1} is a usual start.
    `technical`: what is kept back for technical health, and the levels to keep there.
    """

    budget: Positive | None = None
    cost_unit: Text = "person-weeks"
    horizon_weeks: Annotated[float, Strict(), Field(gt=0, le=5_200)] = 52
    discount: Share = 0.0
    money_per_cost_unit: Positive | None = None
    covariate_days: Days = 0
    decision: DecisionRule = DecisionRule()
    rater_groups: dict[Text, Positive] = Field(default_factory=dict)
    minimum_shares: dict[Horizon, Share] = Field(default_factory=dict)
    horizon_targets: dict[Horizon, Share] = Field(default_factory=dict)
    test_cost: NotNegative = 0
    criteria: dict[Key, Criterion] = Field(default_factory=dict)
    rice_period: Text | None = None
    ice: Literal["mean", "product"] | None = None
    input_error: Annotated[float, Strict(), Field(gt=1, le=10)] = 1.5
    treaties: tuple[Treaty, ...] = ()
    discipline: Focus | None = None
    technical: TechnicalHealth | None = None

    @property
    def floors(self) -> tuple[Floor, ...]:
        """Levels that metrics must not cross, whatever for."""
        kept = self.discipline.thresholds if self.discipline else ()
        return (*kept, *(self.technical.floors if self.technical else ()))


# People, needs, goals ----------------------------------------------------------------------------------------------


class Stakeholder(Definition):
    """Those who gain or lose. `raters`: the group of raters that speaks for them."""

    title: Text | None = None
    role: Literal["payer", "user", "affected", "staff", "partner", "society"] | None = None
    side: Side | None = None
    raters: Text | None = None


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
    """An unmet customer need or opportunity; `harms` names the metrics of the business it damages.

    `survey`: what respondents of its segment answered, for its opportunity score (ODI).
    """

    statement: Text
    title: Text | None = None
    segment: SegmentKey | None = None
    stakeholder: StakeholderKey | None = None
    causes: tuple[Cause, ...] = ()
    harms: tuple[MetricKey, ...] = ()
    feedback: Annotated[int, Strict(), Field(ge=0)] = 0
    survey: Survey | None = None


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
    key_results: dict[Key, KeyResult] = Field(default_factory=dict)


class Vision(Definition):
    """Where the organisation or a team wants to be."""

    title: Text
    team: TeamKey | None = None
    horizon_years: Positive | None = None


class Product(Definition):
    """Something that is sold or offered as one, such as an app: teams work on it."""

    title: Text | None = None


class Team(Definition):
    """A team. `capacity` per horizon, in the policy's cost unit; `product`: of all it owns that names no other.

    `waives`: families of metrics that it goes without on purpose, each with the reason.
    """

    title: Text | None = None
    capacity: Positive | None = None
    product: ProductKey | None = None
    waives: dict[Family, Text] = Field(default_factory=dict)


class Definitions(Definition):
    """Everything a workspace defines; every field is a kind, every entry a key and its definition."""

    workspace: About = About()
    data: DataSettings = DataSettings()
    policy: Policy = Policy()
    sources: dict[Key, AnySource] = Field(default_factory=dict)
    metrics: dict[Key, Metric] = Field(default_factory=dict)
    factors: dict[Annotated[Key, Reference("metrics")], Factor] = Field(default_factory=dict)
    guardrails: dict[Annotated[Key, Reference("metrics")], Guardrail] = Field(default_factory=dict)
    stakeholders: dict[Key, Stakeholder] = Field(default_factory=dict)
    segments: dict[Key, Segment] = Field(default_factory=dict)
    needs: dict[Key, Need] = Field(default_factory=dict)
    features: dict[Key, Feature] = Field(default_factory=dict)
    initiatives: dict[Key, Initiative] = Field(default_factory=dict)
    hypotheses: dict[Key, Hypothesis] = Field(default_factory=dict)
    experiments: dict[Key, Experiment] = Field(default_factory=dict)
    releases: dict[Key, Release] = Field(default_factory=dict)
    links: dict[Key, Link] = Field(default_factory=dict)
    objectives: dict[Key, Objective] = Field(default_factory=dict)
    vision: dict[Key, Vision] = Field(default_factory=dict)
    products: dict[Key, Product] = Field(default_factory=dict)
    teams: dict[Key, Team] = Field(default_factory=dict)

    @field_validator("sources")
    @classmethod
    def _queries_are_named(cls, sources: dict[str, AnySource]) -> dict[str, AnySource]:
        """The rows of a query go by the key of their source, so that whatever is said of them names it."""
        return {
            key: source if source.sql is None else source.model_copy(update={"table": name_of_query(key)})
            for key, source in sources.items()
        }

    def title(self, kind: str, key: str) -> str:
        """The title of a definition, else its key in words.

        A factor without a title of its own is called as its metric, a guardrail always; a need by what it states.
        """
        found = getattr(self, kind).get(key)
        title = getattr(found, "title", None) or getattr(found, "statement", None)
        if title is None and kind in ("factors", "guardrails"):
            return self.title("metrics", key)
        return title or key.replace("_", " ")

    def product_of(self, thing: Feature | Initiative | Experiment | Release) -> str | None:
        """The product that something belongs to: its own, else its team's."""
        team = self.teams.get(thing.team or "")
        return thing.product or (team.product if team else None)
