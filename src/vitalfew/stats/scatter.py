"""How far true effects on one metric scatter, and what is left of each without its luck.

Estimates y of true effects scatter as `y ~ N(theta, se^2)` around `theta`, and true effects around zero (which arm is
called control is arbitrary) with standard deviation `spread`: normal, or with the fat tails of a t distribution.
For an effect's own sake the spread is never taken as known: all its values count by their likelihood (flat prior), and
so do the tails, so that intervals hold with few experiments, too. Source: Gelman et al. (2013), "Bayesian Data
Analysis", third edition, sections 5.4 and 17.2; Morris (1983), JASA 78, on what ignoring that costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.stats.normal import check_confidence, two_sided

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

FEWEST_EFFECTS = 5
"""Effects below which their scatter says too little: each stays as it was measured."""
TAILS = (np.inf, 10.0, 5.0, 3.0, 2.0)
"""Degrees of freedom of the scatter that are considered; infinite: normal."""
_FAT = 1.353  # log-likelihood by which a fat tail must win: 5 %, one-sided at the end of its range (Self & Liang 1987)
_NODES, _LOWEST, _HIGHEST = 33, -11.0, 2.5  # of the mixing distribution of a t, in logarithms of its precision
_STEPS = 96  # spreads looked at, even in their logarithms
_NARROW, _WIDE = 0.01, 8.0  # between these times the errors, and the largest effect
_NOTHING = 1e-3  # of the narrowest spread looked at: as good as none
_LEAST = 1e-7  # chance below which a spread is left out
_ROUNDS = 60


@dataclass(frozen=True, slots=True, eq=False)
class Scatter:
    """What effects on one metric have in common, and each of them without its luck; all in the unit of the effects.

    Attributes:
        spread: standard deviation of true effects, by the normal likelihood, which finds it for other shapes, too; None
            with too few of them.
        low: of the spread, 95 % by its profile likelihood, wider where effects do not scatter like a normal.
        high: likewise.
        tail: degrees of freedom, where the likelihood asks for fat tails; None: normal.
        means: of each true effect, `(k,)`.
        intervals: of each true effect, 95 %, `(k, 2)`.
        positive: probability that each is above zero, `(k,)`.
        chances: of the spreads and tails that count, `(h,)`.
        given_means: of each true effect, given each of these, `(k, h)`.
        given_variances: likewise.
    """

    spread: float | None
    low: float | None
    high: float | None
    tail: float | None
    means: Floats
    intervals: Floats
    positive: Floats
    chances: Floats
    given_means: Floats
    given_variances: Floats

    @property
    def borrowed(self) -> bool:
        """Whether effects were drawn towards what the others do."""
        return self.spread is not None

    @property
    def mean_square(self) -> float:
        """Mean square of the true effects, in the eyes of the data: what to expect of one more such effect."""
        return float((self.given_variances + self.given_means**2).mean(axis=0) @ self.chances)

    def total(self, signs: ArrayLike) -> tuple[float, float, float]:
        """Sum of true effects, each times its sign (0: left out), with its 95 % interval.

        What is not known of the spread moves all of them at once, so the sum is less sure than its parts suggest.
        """
        sign = np.asarray(signs, dtype=np.float64)
        sums = sign @ self.given_means
        mean = float(sums @ self.chances)
        within = float((sign**2 @ self.given_variances) @ self.chances)
        half = two_sided(0.95) * float(np.sqrt(within + (sums - mean) ** 2 @ self.chances))
        return mean, mean - half, mean + half


def scatter(estimates: ArrayLike, ses: ArrayLike, *, fewest: int = FEWEST_EFFECTS) -> Scatter:
    """Learn how far true effects scatter, and draw each estimate towards what such changes do.

    Args:
        estimates: of effects on one metric in one unit, `(k,)`.
        ses: their standard errors, above zero.
        fewest: effects below which nothing is borrowed.

    Raises:
        UsageError: not one standard error above zero per estimate.

    >>> found = scatter([4.0, -1.0, 0.5, 1.5, -2.5, 0.0], [1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    >>> round(found.spread, 2), round(float(found.means[0]), 1)
    (1.81, 3.3)
    """
    y, se = (np.asarray(part, dtype=np.float64).ravel() for part in (estimates, ses))
    if len(y) != len(se) or not np.all(np.isfinite(y)) or not np.all((se > 0) & np.isfinite(se)):
        raise UsageError("effects without errors", expected="one standard error above 0 per estimate")
    if len(y) < fewest:
        return _alone(y, se)
    grid = _grid(y, se)
    fits = np.array([_blocks(grid, y, se, tail) for tail in TAILS])
    spread = _peak(y, se, grid, fits[0])
    low, high = _profile(y, se, spread, float(grid[-1]))
    tail = _likeliest_tail(fits.max(axis=1))
    chances, weights, sds = _posterior(grid, fits)
    parts = _Parts.of(y, se, sds, weights, chances)
    half = (1 - 0.95) / 2
    ends = np.column_stack([parts.quantile(half), parts.quantile(1 - half)])
    means = parts.given_means @ chances
    return Scatter(
        spread,
        low,
        high,
        tail,
        means,
        ends,
        1 - parts.below(np.zeros(len(y))),
        chances,
        parts.given_means,
        parts.given_variances,
    )


def _alone(y: Floats, se: Floats) -> Scatter:
    from scipy.special import ndtr

    half = two_sided(0.95) * se
    ends = np.column_stack([y - half, y + half])
    one = np.ones(1)
    return Scatter(None, None, None, None, y, ends, ndtr(y / se), one, y[:, None], se[:, None] ** 2)


def log_likelihood(spreads: ArrayLike, estimates: Floats, ses: Floats, tail: float = np.inf) -> Floats:
    """Log-likelihood of spreads `(s,)` (of a t: its scale), given effects around zero `(k,)`; without its constant.

    >>> log_likelihood([0.0, 1.0], np.array([1.0]), np.array([1.0])).round(3).tolist()
    [-0.5, -0.597]
    """
    spread = np.asarray(spreads, dtype=np.float64)
    times, weight = _mixing(tail)
    variance = (spread[:, None, None] ** 2) * times + ses[:, None] ** 2  # (s, k, nodes)
    parts = -(np.log(variance) + estimates[:, None] ** 2 / variance) / 2
    most = parts.max(axis=-1)
    return np.asarray((most + np.log(np.exp(parts - most[..., None]) @ weight)).sum(axis=1))


@lru_cache(maxsize=8)
def _mixing(tail: float) -> tuple[Floats, Floats]:
    """A t of scale 1 as a mixture of normals: their variances, and how much each counts.

    The precision is Gamma(tail / 2, tail / 2); of its logarithm, whose density is smooth and falls fast, even steps
    are as good as any rule.
    """
    if np.isinf(tail):
        return np.ones(1), np.ones(1)
    at = np.linspace(_LOWEST, _HIGHEST, _NODES)
    density = np.exp(tail / 2 * (at - np.exp(at)))
    return np.exp(-at), density / density.sum()


def _likeliest_tail(fits: Floats) -> float | None:
    """Degrees of freedom of the scatter, by the highest likelihood of each; None unless the normal is clearly lower."""
    best = int(np.argmax(fits))
    return TAILS[best] if fits[best] > fits[0] + _FAT else None


def _peak(y: Floats, se: Floats, grid: Floats, fits: Floats) -> float:
    """The most likely spread of a normal, near the best of a grid: where the likelihood is level.

    Its height would not do: that is the same to sixteen digits over eight digits of the spread.
    """
    at = int(np.argmax(fits))
    low, high = float(grid[at - 1]) if at else 0.0, float(grid[min(at + 1, len(grid) - 1)])
    for _ in range(_ROUNDS):
        middle = (low + high) / 2
        variance = middle**2 + se**2
        rises = float(((y**2 / variance - 1) / variance).sum()) > 0
        low, high = (middle, high) if rises else (low, middle)
    middle = (low + high) / 2
    return middle if middle > _NOTHING * grid[0] else 0.0


def _profile(y: Floats, se: Floats, spread: float, most: float) -> tuple[float, float]:
    """Ends of the spreads that a likelihood-ratio test at 5 % does not refuse.

    Where squared effects vary more than those of a normal, the test is made as much weaker (Rotnitzky & Jewell 1990,
    Biometrika 77: the ratio divided by score variance over information).
    """
    variance = spread**2 + se**2
    score = (y**2 / variance - 1) / variance / 2
    inflated = max(1.0, float(score @ score / np.sum(1 / variance**2 / 2)))
    least = float(log_likelihood([spread], y, se)[0]) - inflated * two_sided(0.95) ** 2 / 2

    def end(inside: float, outside: float) -> float:
        if log_likelihood([outside], y, se)[0] >= least:
            return outside
        for _ in range(_ROUNDS):
            middle = (inside + outside) / 2
            kept = log_likelihood([middle], y, se)[0] >= least
            inside, outside = (middle, outside) if kept else (inside, middle)
        return inside

    return end(spread, 0.0), end(spread, most)


def _grid(y: Floats, se: Floats) -> Floats:
    low = _NARROW * float(se.min())
    high = _WIDE * max(float(np.median(se)), float(np.abs(y).max()))
    return np.geomspace(low, high, _STEPS)


def _blocks(spreads: Floats, y: Floats, se: Floats, tail: float) -> Floats:
    """Log-likelihoods a few spreads at a time, so that thousands of effects need little memory."""
    return np.concatenate([log_likelihood(part, y, se, tail) for part in np.array_split(spreads, 12)])


def _posterior(grid: Floats, fits: Floats) -> tuple[Floats, Floats, Floats]:
    """Chances of spreads and tails that count, each as a mixture of normals over a common list of their sds.

    Args:
        grid: spreads, `(s,)`, even in their logarithms.
        fits: log-likelihoods by tail, `(t, s)`.

    Returns:
        Chances `(h,)`, mixing weights `(h, j)` and the standard deviations mixed `(j,)`.
    """
    chances = (np.exp(fits - fits.max()) * grid).ravel()  # flat in the spread, steps even in its logarithm
    chances /= chances.sum()
    step = float(np.log(grid[1] / grid[0]))
    longer = int(np.ceil(-_LOWEST / 2 / step)) + 1
    sds = grid[0] * np.exp(step * np.arange(-longer, len(grid) + longer))
    weights = np.concatenate([_placed(len(grid), tail, step, longer) for tail in TAILS])
    counts = chances > _LEAST
    kept = chances[counts] / chances[counts].sum()
    used = weights[counts].sum(axis=0) > 0
    return kept, weights[counts][:, used], sds[used]


def _placed(spreads: int, tail: float, step: float, longer: int) -> Floats:
    """Mixing weights of each spread of the grid, over the longer list of standard deviations."""
    times, weight = _mixing(tail)
    away = np.log(times) / 2 / step
    below = np.floor(away).astype(int)
    part = away - below
    placed = np.zeros((spreads, spreads + 2 * longer))
    rows = np.arange(spreads)
    for offset, share, mass in zip(below, part, weight, strict=True):
        at = np.clip(rows + longer + offset, 0, spreads + 2 * longer - 2)
        placed[rows, at] += mass * (1 - share)
        placed[rows, at + 1] += mass * share
    return placed


@dataclass(frozen=True, slots=True, eq=False)
class _Parts:
    """Each true effect as a mixture of normals: weights, means and variances `(k, j)`; and given each spread."""

    weights: Floats
    means: Floats
    variances: Floats
    given_means: Floats
    given_variances: Floats

    @classmethod
    def of(cls, y: Floats, se: Floats, sds: Floats, weights: Floats, chances: Floats) -> _Parts:
        total = sds**2 + se[:, None] ** 2
        own = sds**2 / total
        logs = -(np.log(total) + y[:, None] ** 2 / total) / 2
        fit = np.exp(logs - logs.max(axis=1, keepdims=True))
        whole = fit @ weights.T  # (k, h)
        means, variances = own * y[:, None], own * se[:, None] ** 2
        given = ((fit * means) @ weights.T) / whole
        squares = ((fit * (variances + means**2)) @ weights.T) / whole
        mixed = fit * ((chances / whole) @ weights)
        return cls(mixed / mixed.sum(axis=1, keepdims=True), means, variances, given, squares - given**2)

    def below(self, places: Floats) -> Floats:
        """Chance that each true effect lies below its place, `(k,)`."""
        from scipy.special import ndtr

        return np.asarray((self.weights * ndtr((places[:, None] - self.means) / np.sqrt(self.variances))).sum(axis=1))

    def quantile(self, chance: float) -> Floats:
        """The place below which each true effect lies with this chance, `(k,)`."""
        check_confidence(chance)
        reach = 9 * np.sqrt(self.variances)
        low, high = (self.means - reach).min(axis=1), (self.means + reach).max(axis=1)
        for _ in range(_ROUNDS):
            middle = (low + high) / 2
            under = self.below(middle) < chance
            low, high = np.where(under, middle, low), np.where(under, high, middle)
        return np.asarray((low + high) / 2)
