"""What a simulated company is made of: features and how they are used, trials and what they truly change."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from vitalfew.simulate.clock import day

SEGMENTS = ("solo", "mid", "enterprise")
SEGMENT_SHARES = (0.50, 0.30, 0.20)

Size = Literal["full", "small"]
USERS: Mapping[Size, int] = {"full": 20_000, "small": 4_000}
"""Users at the end of the data."""

SLOT_WEEKS = 5
"""One week in which users are exposed, then four in which outcomes are watched."""

SLOTS = 15
LANE_STARTS = (1, 3)
"""Week in which the first slot of each lane begins; a user belongs to one lane, so no two trials meet in a user."""

WATCH_WEEKS = 4

Change = float | Mapping[str, float]
"""A change relative to the mean of the control, 0.1 is +10 %; by segment when it is not the same for all."""

Use = Literal["used", "hardly_used", "yearly", "not_measured", "just_shipped"]


@dataclass(frozen=True, slots=True)
class FeatureUse:
    """How a feature is truly used.

    Attributes:
        key: feature and name of its event, which is `used_KEY`.
        share: share of the eligible who ever use it.
        per_week: uses per week of those who do.
        use: what an honest reader of the data should say about it.
        segment: segment that is eligible; None for all.
        since: day of the data from which it exists.
        until: day of the data after which it is used no more; None for still in use.
    """

    key: str
    share: float
    per_week: float
    use: Use = "used"
    segment: str | None = None
    since: int = 0
    until: int | None = None


@dataclass(frozen=True, slots=True)
class Claim:
    """What was believed before: the metric and the relative change that those in favour expected.

    A `late` claim was locked only after the work had started.
    """

    metric: str
    change: float
    segment: str | None = None
    late: bool = False


@dataclass(frozen=True, slots=True)
class Trial:
    """A randomised experiment on one initiative of the same key, in one slot of one lane.

    `segment` names the only segment that is exposed; None: all.
    """

    key: str
    lane: int
    slot: int
    changes: Mapping[str, Change] = field(default_factory=dict)
    claim: Claim | None = None
    treated: float = 0.5
    loses_units: bool = False
    exposed: float = 0.9
    segment: str | None = None

    @property
    def week(self) -> int:
        """Week in which the first users are exposed."""
        return LANE_STARTS[self.lane] + SLOT_WEEKS * self.slot

    @property
    def build_starts(self) -> int:
        """Day of the data on which work on the initiative starts; negative before the data begin."""
        return 7 * (self.week - 6)

    def dates(self) -> tuple[str, str]:
        """First and last day as ISO dates; outcomes are complete on the last."""
        return day(self.week).isoformat(), day(self.week + SLOT_WEEKS).isoformat()


@dataclass(frozen=True, slots=True)
class InfluenceLink:
    """A planted link: one unit more of the parent makes `slope` units more of the child."""

    parent: str
    child: str
    slope: float


@dataclass(frozen=True, slots=True)
class Forecaster:
    """A person who forecasts: believes `trust` of the claim and 1 - trust of the truth, with ranges `width` wide."""

    name: str
    trust: float
    width: float
    noise: float
    doubt: float


@dataclass(frozen=True, slots=True)
class Rater:
    """A person who weighs the factors, as points; a factor that is left out was not answered."""

    name: str
    group: str
    points: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Idea:
    """A forecast about a candidate: quantiles in the unit of its hypothesis' metric; `locked` once it was agreed on."""

    hypothesis: str
    low: float
    middle: float
    high: float
    p_zero: float
    locked: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What a person decided about an initiative on a day of the data."""

    initiative: str
    day: int
    name: str
    what: str
    evidence: str
    counter: str
    against: str | None = None


@dataclass(frozen=True, slots=True)
class Company:
    """Everything that is planted in one simulated company. `folder` holds its definitions as YAML."""

    folder: str
    features: tuple[FeatureUse, ...]
    trials: tuple[Trial, ...]
    links: tuple[InfluenceLink, ...]
    forecasters: tuple[Forecaster, ...]
    raters: tuple[Rater, ...]
    ideas: tuple[Idea, ...]
    decisions: tuple[Decision, ...]
    story: Mapping[str, Mapping[str, object]]
