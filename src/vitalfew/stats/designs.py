"""How a planned comparison will be decided, and how large an effect in standard errors that needs.

A *drift* is the expected z statistic at the planned units: the effect divided by its standard error. Every question
of planning is answered through it (`power`).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np

from vitalfew.errors import UsageError, suggest
from vitalfew.stats import always_valid, group_sequential
from vitalfew.stats.families import dunnett_critical
from vitalfew.stats.normal import cdf
from vitalfew.stats.spending import check_spending
from vitalfew.stats.walk import walk

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    from vitalfew.stats.spending import Spending
    from vitalfew.stats.walk import Walk

    Floats = NDArray[np.float64]

Mode = Literal["always_valid", "fixed", "group_sequential", "bayesian"]
Family = Literal["holm", "dunnett", "none"]

_DAILY = tuple(day / 28 for day in range(1, 29))
_HALVINGS = 80  # of the interval in which a drift is looked for
_LARGEST = 40.0  # drift that every design finds
_ONE_WAY = 6.0  # drift from which nothing is significant in the wrong direction
_MANY = 1e5  # degrees of freedom from which the normal agrees in six digits


@dataclass(frozen=True, slots=True)
class Design:
    """How one comparison of a treatment with the control is decided.

    Attributes:
        mode: of inference.
        alpha: error rate of the whole family, or of the single comparison.
        power: chance to find the effect.
        two_sided: False for non-inferiority of guardrails.
        allocation: weights of the arms, control first; units are dealt in these proportions.
        metrics: primary metrics in the family; with the treatment arms they share alpha.
        family: how alpha is shared. Dunnett uses that arms share their control; over metrics it divides alpha.
        looks: shares of the planned units at which sequential modes look; None is every day of four weeks
            (always_valid) or five equal looks (group_sequential).
        spending: of a group sequential design.
        futility: whether its non-binding futility boundary is followed.
        prior_mean: of true effects, in the unit of the effect (bayesian).
        prior_sd: likewise.
        chance: posterior probability of a gain from which the treatment is taken (bayesian).
    """

    mode: Mode = "fixed"
    alpha: float = 0.05
    power: float = 0.8
    two_sided: bool = True
    allocation: tuple[float, ...] = (1.0, 1.0)
    metrics: int = 1
    family: Family = "holm"
    looks: tuple[float, ...] | None = None
    spending: Spending = "obrien_fleming"
    futility: bool = False
    prior_mean: float = 0.0
    prior_sd: float = math.inf
    chance: float = 0.975

    def __post_init__(self) -> None:
        """Refuse what no experiment can be.

        Raises:
            UsageError: a mode, family or spending function that there is not, fewer than two arms, a weight that is not
                positive, a rate that is no share, no metric, looks that do not rise, a prior without spread.
        """
        for name, given, known in (("mode", self.mode, get_args(Mode)), ("family", self.family, get_args(Family))):
            if given not in known:
                raise UsageError(f"no {name} '{given}'", hint=suggest(given, known))
        check_spending(self.spending)
        if self.looks is not None:
            group_sequential.check_looks(self.looks, self.looks)
        if self.metrics < 1:
            raise UsageError(f"{self.metrics} metrics in the family", expected="at least one")
        if not (self.prior_sd > 0 and math.isfinite(self.prior_mean)):
            raise UsageError("the prior has no mean or spread", expected="a finite prior_mean, a prior_sd above 0")
        if len(self.allocation) < 2 or not all(w > 0 and math.isfinite(w) for w in self.allocation):  # noqa: PLR2004 - two arms
            raise UsageError("the arms have no sizes", expected="a weight above zero for each of two or more arms")
        for name, rate in (("alpha", self.alpha), ("power", self.power), ("chance", self.chance)):
            if not 0 < rate < 1:
                raise UsageError(f"{name} is {rate:g}", expected="a number between 0 and 1")

    @property
    def shares(self) -> tuple[float, float]:
        """Of all units, those of the control and of the smallest treatment arm."""
        total = sum(self.allocation)
        return self.allocation[0] / total, min(self.allocation[1:]) / total

    @property
    def alpha_each(self) -> float:
        """Error rate of one comparison, so that the family keeps `alpha`: what the strictest step of it asks."""
        arms = len(self.allocation) - 1
        if self.family == "none":
            return self.alpha
        if self.family == "dunnett" and arms > 1 and self.two_sided:
            return _dunnett_alpha(self.allocation, self.alpha / self.metrics)
        return self.alpha / (arms * self.metrics)

    @property
    def shares_of_looks(self) -> tuple[float, ...]:
        """Shares of the planned units at which is looked; one look at the end in modes that are not sequential."""
        if self.mode in {"fixed", "bayesian"}:
            return (1.0,)
        if self.looks is not None:
            return self.looks
        return _DAILY if self.mode == "always_valid" else (0.2, 0.4, 0.6, 0.8, 1.0)


def chance_of(drift: ArrayLike, design: Design, df: ArrayLike = np.inf) -> Floats:
    """Probability to call the effect significant by the last look, for drifts of any shape.

    Fixed: noncentral t with `df` degrees of freedom, both directions counted. Sequential: in the right direction.
    """
    sizes = np.asarray(drift, dtype=np.float64)
    if design.mode in {"fixed", "bayesian"}:
        return _fixed(sizes, np.asarray(df, dtype=np.float64), design.alpha_each, two_sided=design.two_sided)
    up, _ = path_of(design).crossing(sizes)
    return np.asarray(up.sum(axis=-1))


def drift_needed(design: Design, df: ArrayLike = np.inf) -> Floats:
    """The drift that gives the design its power; shape of `df`.

    >>> round(float(drift_needed(Design())), 4), round(float(drift_needed(Design("always_valid"))), 3)
    (2.8016, 3.677)
    """
    nu = np.asarray(df, dtype=np.float64)
    low, high = np.zeros(nu.shape), np.full(nu.shape, _LARGEST)
    for _ in range(_HALVINGS if design.mode in {"fixed", "bayesian"} else _HALVINGS // 2):
        middle = (low + high) / 2
        enough = chance_of(middle, design, nu) >= design.power
        low, high = np.where(enough, low, middle), np.where(enough, middle, high)
    return np.asarray((low + high) / 2)


@lru_cache(maxsize=128)
def _dunnett_alpha(allocation: tuple[float, ...], alpha: float) -> float:
    parts = [1 / weight for weight in allocation]
    return 2 * cdf(-dunnett_critical(parts[0], parts[1:], math.inf, 1 - alpha))


@lru_cache(maxsize=128)
def path_of(design: Design) -> Walk:
    """Looks and boundaries of a sequential design, for its power, its expected length and its picture."""
    shares = design.shares_of_looks
    if design.mode == "group_sequential":
        high = group_sequential.boundaries(shares, design.alpha_each, design.spending, two_sided=design.two_sided)
    else:
        time = np.asarray(shares) * always_valid.tuning(1.0, always_valid.TUNED_AT * (1 if design.two_sided else 2))
        high = tuple(always_valid.critical(time, design.alpha_each, two_sided=design.two_sided).tolist())
    low = tuple(-z if design.two_sided else -math.inf for z in high)
    if design.mode == "group_sequential" and design.futility:
        drift = group_sequential.drift_for(shares, high, design.power, design.spending)
        low = group_sequential.futility(shares, high, drift, 1 - design.power, design.spending)
    return walk(shares, low, high)


def _fixed(drift: Floats, df: Floats, alpha: float, *, two_sided: bool) -> Floats:
    from scipy.special import nctdtr, ndtr, ndtri, stdtrit

    tail = alpha / 2 if two_sided else alpha
    nu, drift = np.broadcast_arrays(df, drift)
    many = nu > _MANY
    few = np.where(many, 1.0, nu)
    bound = np.where(many, -ndtri(tail), stdtrit(few, 1 - tail))
    above = np.where(many, ndtr(drift - bound), 1 - nctdtr(few, np.minimum(drift, _LARGEST), bound))
    if not two_sided:
        return np.asarray(above)
    # Where this tail is beyond all digits the series behind it gives up.
    below = np.where(drift < _ONE_WAY, nctdtr(few, np.minimum(drift, _ONE_WAY), -bound), 0.0)
    return np.asarray(above + np.where(many, ndtr(-bound - drift), below))
