"""What people say, and how far apart they are: weights, spread, promises."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Estimate, Proof


@dataclass(frozen=True, slots=True)
class WeightRow:
    """Weight of a factor, 0 to 1, with its 80 % interval; `mean` is at the mean of the log weights.

    Between `member_low` and `member_high` lie 80 % of single members' weights, by the model: no person is shown.
    `zero_votes`: how many said that it counts nothing, where five or more spoke of it; else 0.
    """

    factor: str
    mean: float
    low: float | None = None
    high: float | None = None
    raters: int = 0
    note: str | None = None
    member_low: float | None = None
    member_high: float | None = None
    zero_votes: int = 0


@dataclass(frozen=True, slots=True)
class WeightPosteriorRow:
    """One of the normals whose mixture the log weights are: its `share`, and mean and covariance row by row."""

    share: float
    factors: tuple[str, ...]
    mean: tuple[float, ...]
    covariance: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class GroupWeightRow:
    """Weight of a factor to one group of raters (five people or more) with its 80 % interval.

    `gap`: its weight minus that of everybody else, with its 80 % interval. Smaller groups are merged, and their names
    joined.
    """

    group: str
    factor: str
    raters: int
    mean: float
    low: float
    high: float
    gap: float
    gap_low: float
    gap_high: float


@dataclass(frozen=True, slots=True)
class PulseRow:
    """How well the chosen value is understood, of those who answered the pulse in a quarter (such as `2026-Q4`).

    `teams`: None for everybody; teams of fewer than five are merged, *no group* are those who named none. `first`: the
    share that names the factor with the largest weight, or one that cannot be told from it; `own`: the share that names
    a metric of theirs from which links lead to a factor; None, with the reason in `notes`, when fewer than five
    answered.
    """

    quarter: str
    teams: tuple[str, ...] | None
    people: int
    first: Estimate | None
    own: Estimate | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class GroupChoiceRow:
    """What a group of raters would fund by its own weights: `agreement` with what all would, as a Jaccard index.

    `adds` and `drops`: lines that only this group would fund, or would not.
    """

    group: str
    raters: int
    agreement: float
    adds: tuple[str, ...]
    drops: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class DisagreementRow:
    """How far people are apart, and whether it matters. Facts about the panel: nothing here is about one person.

    `decision_agreement`: share of people whose own weights fund the same lines (Jaccard index of 0.7 or more).
    `kendall_w`: agreement of their orders, 0 to 1, corrected for ties. `tau`: spread between people on log weights.
    `camps`: whether there are two, and `camps_factor` on what they differ most. `dominant`, `overruled` and
    `inconsistent` count people; `herding`: the second round followed one person. None: not known or, with fewer than
    five people, not shown; `notes` say which.
    """

    people: int
    decision_agreement: float | None = None
    kendall_w: float | None = None
    tau: float | None = None
    camps: bool | None = None
    camps_factor: str | None = None
    dominant: int | None = None
    overruled: int | None = None
    inconsistent: int | None = None
    herding: bool | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PromiseRow:
    """The combined forecast of a hypothesis given that there is an effect, before calibration; locked or not yet.

    Attributes:
        evidence: what its forecasts rest on, all together and never who named what: web addresses and keys; only of
            locked promises, and where five people or more named something.
        evidenced: how many of the forecasters named something; None where fewer than five forecast, or before the lock.
    """

    hypothesis: str
    initiative: str
    metric: str
    segment: str
    p10: float
    p50: float
    p90: float
    p_zero: float
    forecasters: int
    due: str | None = None
    locked_at: str | None = None
    proved: Proof = "no"
    notes: tuple[str, ...] = ()
    evidence: tuple[str, ...] = ()
    evidenced: int | None = None

    def __repr__(self) -> str:
        if self.locked_at is None:  # forecasting is blind: ranks need the numbers, no eye does
            return f"<PromiseRow '{self.hypothesis}', open, {self.forecasters} forecasters>"
        numbers = ", ".join(f"{name}={getattr(self, name):g}" for name in ("p10", "p50", "p90", "p_zero"))
        return f"<PromiseRow '{self.hypothesis}', locked {self.locked_at}: {numbers}>"


@dataclass(frozen=True, slots=True)
class CalibrationRow:
    """How forecasts came out: over everything, of one team, or of one source of forecasts (a group of raters).

    Teams and sources: facts about five forecasters or more; smaller ones are merged and their names joined. Over
    everything: about two or more, for the promise is the organisation's. A row of kind *person* is in no table: it is
    made for that person alone. Numbers of size are shares of the factor's range (else of the metric's standard
    deviation), in the good direction. What came is taken as `bias` + `slope` x the mean of the forecast, give or take
    `surprise`; ranges are `stretch` times too narrow (above 1) or too wide. Below ten `resolved`, `own` is False: the
    slope is the prior, and no score is shown. Scores are of the measurement: its error is not held against anybody.

    Attributes:
        slope: what came of one unit forecast, with its 80 % interval.
        nothing: share of changes that do nothing; before a record of one's own, of a reference class.
        better: share of changes that make things better, likewise.
        coverage: share of what came inside the 80 % ranges, with its Wilson 95 % interval.
        crps, reference_crps: mean score of the forecasts, and of a reference class that knows no initiative.
        skill: 1 - crps / reference_crps.
        brier: mean score of P(measured as better); 0 is best; reliability - resolution + uncertainty but for bins.
        pit: how many outcomes fell into each tenth of their forecast.
        delivered: share of the gains promised that came, with its 80 % interval.
    """

    kind: Literal["overall", "team", "source", "person"]
    name: str
    people: int
    resolved: int
    own: bool
    slope: Estimate
    bias: float
    surprise: float
    stretch: float
    nothing: float
    better: float
    coverage: Estimate | None = None
    crps: float | None = None
    reference_crps: float | None = None
    skill: float | None = None
    brier: float | None = None
    reliability: float | None = None
    resolution: float | None = None
    uncertainty: float | None = None
    pit: tuple[int, ...] = ()
    delivered: Estimate | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CalibrationPosteriorRow:
    """One of the normals whose mixture is what is known of how forecasts come out; what ranking draws from.

    Attributes:
        share: of the mixture.
        teams: whose slope is told apart; several that are merged have their names joined.
        mean: of the bias, of the slope over all, and of the slope of each of `teams`.
        covariance: of these, row by row.
        surprise: spread of what came around what was forecast, besides the forecast's own.
        stretch: how many times too narrow ranges are.
        spread: standard deviation of slopes between teams.
        size: usual size of a forecast on record; bias and surprise hold from it upwards, and shrink below it.
    """

    share: float
    teams: tuple[str, ...]
    mean: tuple[float, ...]
    covariance: tuple[float, ...]
    surprise: float
    stretch: float
    spread: float
    size: float
