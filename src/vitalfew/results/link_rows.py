"""What many effects show together: links between metrics, effects without luck, proxies, trade-offs, contributions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from vitalfew.results.basics import Estimate
from vitalfew.workspace.definitions import Grade

HorizonVerdict = Literal["as_expected", "more", "less", "cannot_tell", "nothing_expected"]
LinkStatus = Literal["exact", "estimated", "weak", "not_identified", "opinion"]
Corpus = Literal["randomised", "releases"]
SubjectKind = Literal["experiment", "release", "feature", "initiative", "team", "unexplained"]


@dataclass(frozen=True, slots=True)
class WouldTake:
    """What it would take to identify a link: so many more experiments of `users_per_arm`, or one larger test.

    `single_test_users` per arm of one test that moves the parent as much as past ones did; None: no number would do.
    """

    experiments: int | None
    users_per_arm: int | None
    single_test_users: int | None
    message: str


@dataclass(frozen=True, slots=True)
class LinkRow:
    """How much `child` moves when `parent` moves by one, both in their units; intervals are 95 %.

    `status`: *exact*: a component, from its formula; *estimated*: z above 4; *weak*: z from 2 to 4; *not_identified*:
    the data cannot tell, so `estimate` is None; *opinion*: nothing but an expert's range. `z`: strength of
    identification. `naive`: what an ordinary regression of effects on effects gives, shown to be distrusted. `others`:
    slopes by other estimators. `bypass_p`: p-value of no effect on the child that goes round the parents. `expert`: the
    range of the definition (80 %), `expert_p` how likely so large a distance of the estimate from it is. `believed`:
    mean and standard deviation of the slope that decisions use, from data and expert. `rest`: how far true effects on
    the child scatter beyond what all its parents explain (standard deviation, in the child's unit). `released`: the
    slope over releases without randomisation, kept apart.
    """

    link: str
    parent: str
    child: str
    kind: Literal["component", "influence"]
    status: LinkStatus
    estimate: float | None
    low: float | None
    high: float | None
    se: float | None
    grade: Grade
    z: float | None
    experiments: int
    method: str
    naive: Estimate | None = None
    others: Mapping[str, float] | None = None
    bypass_p: float | None = None
    expert: Estimate | None = None
    expert_p: float | None = None
    believed: tuple[float, float] | None = None
    would_take: WouldTake | None = None
    notes: tuple[str, ...] = ()
    rest: float | None = None
    released: Estimate | None = None


@dataclass(frozen=True, slots=True)
class LinkCovarianceRow:
    """Covariance of what is believed of two links into the same child; pairs once, in the order of their keys."""

    first: str
    second: str
    covariance: float


@dataclass(frozen=True, slots=True)
class PathRow:
    """What a change of `parent` by one does to `child` further up, 95 % intervals.

    `total`: along all paths of links; `direct`: without them, from the effects on both; `unexplained`: their
    difference, which links that nobody drew would explain, with the p-value of none.
    """

    parent: str
    child: str
    links: tuple[str, ...]
    total: Estimate | None
    direct: Estimate | None
    unexplained: Estimate | None
    unexplained_p: float | None
    experiments: int
    grade: Grade
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class SpreadRow:
    """How far true effects on one metric scatter (`spread`: standard deviation, in the metric's unit).

    `spread_sd`: the same in standard deviations of units. `claimed`: sum of the effects that won, as measured, in the
    good direction; `expected`: what is left of that sum without luck. `tail`: degrees of freedom of the scatter; None:
    normal.
    """

    metric: str
    corpus: Corpus
    experiments: int
    spread: Estimate | None
    spread_sd: float | None
    tail: float | None
    wins: int
    claimed: float | None
    expected: Estimate | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ShrunkRow:
    """An effect without the luck that made it stand out: drawn towards what such changes do (95 % interval).

    `joint`: with the help of the other metrics of the experiment; else from effects on the same metric alone.
    """

    experiment: str
    arm: str
    metric: str
    corpus: Corpus
    claimed: Estimate
    shrunk: Estimate
    p_positive: float
    joint: bool
    experiments: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ProxyRow:
    """How well early metrics stand in for a later one in an experiment of `users_per_arm`.

    `weights` of the proxies (one: a single metric), in units of `target` per unit of each; `quality`: correlation of
    the proxy's estimate with the true effect on the target, 0 to 1. `sensitivity`: share of experiments that it told
    from zero; `agreement`: same sign minus opposite sign, of the experiments in which both were told from zero, by all
    in which the target was; `slope`: of the target on the proxy, corrected. `front`: no other is both as sensitive and
    agrees as well.
    """

    target: str
    weights: Mapping[str, float]
    users_per_arm: int
    quality: Estimate | None
    sensitivity: float | None
    agreement: float | None
    slope: Estimate | None
    experiments: int
    front: bool
    status: Literal["healthy", "doubtful", "broken", "unknown"]
    message: str
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PredictedRow:
    """What an experiment means for a metric it did not measure, or cannot measure yet (95 % interval).

    `through`: metrics that it rests on. `measured`: the effect itself, where it is known by now. `horizon` short: while
    the experiment ran; long: what history says comes of it.
    """

    experiment: str
    arm: str
    metric: str
    horizon: Literal["short", "long"]
    predicted: Estimate
    p_positive: float
    grade: Grade
    method: str
    through: tuple[str, ...]
    measured: Estimate | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HorizonRow:
    """What a holdout measured of the long run, beside what was expected of the experiments it is kept out of (95 %).

    `experiments`: those that stayed, whose effects are added up, and `initiatives` of them. `short`: what was left
    without luck of their effects while they ran; `foreseen`: what history said would come of them; `expected`: of each
    what was foreseen, else the short run. `held`: the holdout's effect. `p` of a difference this large between both.
    `verdict`: *more* or *less* than expected by sign (a metric that should fall included); *cannot_tell*: neither the
    expected nor nothing is ruled out.
    """

    holdout: str
    arm: str
    metric: str
    experiments: tuple[str, ...]
    initiatives: tuple[str, ...]
    short: Estimate | None
    foreseen: Estimate | None
    expected: Estimate | None
    held: Estimate
    p: float | None
    verdict: HorizonVerdict
    grade: Grade
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class TradeOffRow:
    """How true effects on two metrics go together over experiments.

    `covariance`: variance of the first, covariance, variance of the second, in their units: the ellipse of a picture;
    None with too few experiments.
    `exchange_rate`: units of the second that come with one unit of the first. `p_opposed`: probability that gains of
    one come with losses of the other, both in their good directions. `agreed_rate`: units of the second that make up
    for one unit of the first by the weights of the value model. `front`: experiments that no other beats on both.
    """

    first: str
    second: str
    covariance: tuple[float, float, float] | None
    correlation: Estimate | None
    exchange_rate: Estimate | None
    p_opposed: float | None
    agreed_rate: float | None
    front: tuple[str, ...]
    experiments: int
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class ConflictRow:
    """Where one thing's gain is another's loss. By release or experiment first; `teams` is for filters only.

    `kind` within: one change gains on one metric and loses on another; undone: a later change took back what an earlier
    one gained (`other`, on the same metric). `adjusted_p` with the false-discovery rate controlled over the workspace.
    """

    subject: str
    other: str | None
    kind: Literal["within", "undone"]
    gain_metric: str
    loss_metric: str
    gain: Estimate
    loss: Estimate
    adjusted_p: float
    grade: Grade
    teams: tuple[str, ...]
    message: str


@dataclass(frozen=True, slots=True)
class ContributionRow:
    """What a feature, an initiative, a team or a release gave at the top, in the metric's unit (95 % interval).

    `unexplained`: what the metric changed by beyond the sum of all. `links` that carried it there; none: measured on
    the metric itself.
    """

    kind: SubjectKind
    subject: str
    metric: str
    contribution: Estimate | None
    links: tuple[str, ...]
    experiments: tuple[str, ...]
    grade: Grade | None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PartRow:
    """The share of one part of a formula in a change of the whole; the parts of a change add up to it exactly.

    `subject`: an experiment (`arm` against control), or None: the change of the series between two days (ISO).
    """

    link: str
    whole: str
    part: str
    subject: str | None
    arm: str | None
    since: str | None
    until: str | None
    before: float
    after: float
    contribution: Estimate
    method: str
