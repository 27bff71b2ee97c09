"""What is known of how forecasts come out, from those whose outcome was measured: the posterior of 6.8.

x = bias g + slope m + e, with variance surprise² g² + stretch² d² + s²: outcome x ± s, forecast mean m and standard
deviation d (no effect included), in ranges of the factor and in the good direction; g is 1 from the usual size of a
forecast upwards and shrinks below it. Slopes of teams scatter around the slope of all. Given surprise, stretch and
spread all of it is normal; these three run over a grid, so that what is not known of them widens every answer.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.results.rows import CalibrationPosteriorRow, Estimate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from vitalfew.judgement.record import Resolved

    Floats = NDArray[np.float64]

SLOPE, SLOPE_SD = 0.4, 0.3
"""What comes of one unit forecast, before anything is known of these forecasters (prior of 6.8)."""
BIAS_SD = 0.1
"""Standard deviation of the bias before anything is known, in ranges; an eighth of the usual forecast if less."""
_BIAS_SHARE = 8
STRETCH_SQUARED, STRETCH_WORTH = 2.0, 10.0
"""Ranges are too narrow by this factor, squared (Alpert & Raiffa 1982), as if seen in so many outcomes."""
SPREAD_SD = 0.2
"""Prior scale (half-normal) of how much slopes differ between teams."""

_STRETCHES, _SURPRISES = 17, 12
_SPREADS = (0.03, 0.1, 0.2, 0.35)
_LEAST_SHARE = 1e-4  # of the mixture; what is below cannot be seen in ten thousand draws
_Z80 = 1.2815515655446004


@dataclass(frozen=True, slots=True)
class Fit:
    """The posterior as a mixture of normals over (bias, slope of all, slopes of teams).

    Attributes:
        teams: whose slopes are told apart.
        share: `(k,)`, sums to 1.
        mean: `(k, 2 + teams)`.
        covariance: `(k, 2 + teams, 2 + teams)`.
        surprise: `(k,)`.
        stretch: `(k,)`.
        spread: `(k,)`.
        size: usual size of a forecast on record; 0 without a record.
    """

    teams: tuple[str, ...]
    share: Floats
    mean: Floats
    covariance: Floats
    surprise: Floats
    stretch: Floats
    spread: Floats
    size: float

    @property
    def slope(self) -> Estimate:
        """The slope of all, with its 80 % interval."""
        return self._estimate(1)

    def slope_of(self, team: str) -> Estimate:
        """The slope of one of `teams`, with its 80 % interval."""
        return self._estimate(2 + self.teams.index(team))

    @property
    def bias(self) -> float:
        """Mean of the bias."""
        return float(self.share @ self.mean[:, 0])

    @property
    def typical_surprise(self) -> float:
        """Root of the mean of surprise²."""
        return math.sqrt(float(self.share @ self.surprise**2))

    @property
    def typical_stretch(self) -> float:
        """Root of 1 / mean of 1 / stretch²: with nothing else unknown, that of (20 + sum z²) / (10 + n)."""
        return math.sqrt(1 / float(self.share @ self.stretch**-2.0))

    def rows(self) -> tuple[CalibrationPosteriorRow, ...]:
        """The mixture as a run keeps it."""
        return tuple(
            CalibrationPosteriorRow(
                share=float(self.share[at]),
                teams=self.teams,
                mean=tuple(map(float, self.mean[at])),
                covariance=tuple(map(float, self.covariance[at].ravel())),
                surprise=float(self.surprise[at]),
                stretch=float(self.stretch[at]),
                spread=float(self.spread[at]),
                size=self.size,
            )
            for at in range(len(self.share))
        )

    def _estimate(self, at: int) -> Estimate:
        mean = float(self.share @ self.mean[:, at])
        within = self.covariance[:, at, at] + (self.mean[:, at] - mean) ** 2
        half = _Z80 * math.sqrt(float(self.share @ within))
        return Estimate(mean, mean - half, mean + half)


def fit(resolved: Sequence[Resolved], *, apart: bool = True) -> Fit:
    """Learn from resolved forecasts.

    Args:
        resolved: in any order; none gives the prior.
        apart: whether slopes of teams are told apart, each shrunk towards that of all by how much they differ; else
            all forecasts have one slope.
    """
    ordered = sorted(resolved, key=lambda each: (each.group, each.hypothesis))
    teams = tuple(dict.fromkeys(each.group for each in ordered)) if apart else ()
    x, s, m, d = (np.array([getattr(each, name) for each in ordered]) for name in ("outcome", "se", "mean", "sd"))
    sizes = np.hypot(m, d)
    size = float(np.median(sizes)) if ordered else 0.0
    g = np.minimum(1.0, sizes / size) if size > 0 else np.zeros(len(ordered))
    member = np.array([[each.group == team for team in teams] for each in ordered]).reshape(len(ordered), len(teams))
    slopes = member * m[:, None] if apart else m[:, None]
    design = np.column_stack([g, np.zeros_like(m), slopes]) if apart else np.column_stack([g, slopes])
    surprise, stretch, spread, prior = _grid(size, apart=apart)
    variance = np.outer(surprise**2, g**2) + np.outer(stretch**2, d**2) + s**2
    log_share, mean, covariance = _given(x, design, variance, _prior_precision(size, spread, len(teams)))
    log_share = log_share + np.log(prior)
    share = np.exp(log_share - log_share.max())
    share /= share.sum()
    kept = share >= _LEAST_SHARE * share.max()
    return Fit(
        teams,
        share[kept] / share[kept].sum(),
        mean[kept],
        covariance[kept],
        surprise[kept],
        stretch[kept],
        spread[kept],
        size,
    )


def prior_rows() -> tuple[CalibrationPosteriorRow, ...]:
    """What is taken of how forecasts come out before any record."""
    return fit(()).rows()


def _grid(size: float, *, apart: bool) -> tuple[Floats, Floats, Floats, Floats]:
    """Surprise, stretch and spread, `(k,)` each, with their prior shares.

    The surprise is half-normal with the usual size of a forecast as scale; without a record there is none to speak of.
    """
    stretch = np.geomspace(0.35, 6.0, _STRETCHES)
    # Scaled inverse chi-squared for the square, over equal steps of its logarithm.
    by_stretch = stretch**-STRETCH_WORTH * np.exp(-STRETCH_WORTH * STRETCH_SQUARED / (2 * stretch**2))
    steps = np.arange(_SURPRISES) / (_SURPRISES - 1)
    surprise = 3 * size * steps**2 if size > 0 else np.zeros(1)
    width = np.gradient(surprise) if size > 0 else np.ones(1)
    by_surprise = width * np.exp(-0.5 * (surprise / size) ** 2) if size > 0 else np.ones(1)
    spread = np.array(_SPREADS) if apart else np.zeros(1)
    by_spread = np.gradient(spread) * np.exp(-0.5 * (spread / SPREAD_SD) ** 2) if apart else np.ones(1)
    grids = np.meshgrid(surprise, stretch, spread, indexing="ij")
    priors = np.meshgrid(by_surprise, by_stretch, by_spread, indexing="ij")
    share = (priors[0] * priors[1] * priors[2]).ravel()
    return grids[0].ravel(), grids[1].ravel(), grids[2].ravel(), share / share.sum()


def _prior_precision(size: float, spread: Floats, teams: int) -> tuple[Floats, Floats]:
    """Mean `(p,)` and precision `(k, p, p)` of bias, slope of all and slopes of teams around it, before any outcome."""
    bias_sd = max(min(BIAS_SD, size / _BIAS_SHARE), 1e-9)
    precision = np.zeros((len(spread), 2 + teams, 2 + teams))
    between = np.divide(1.0, spread**2, out=np.zeros_like(spread), where=spread > 0)
    precision[:, 0, 0] = 1 / bias_sd**2
    precision[:, 1, 1] = 1 / SLOPE_SD**2 + teams * between
    for at in range(2, 2 + teams):
        precision[:, at, at] = between
        precision[:, 1, at] = precision[:, at, 1] = -between
    return np.array([0.0, *([SLOPE] * (1 + teams))]), precision


def _given(x: Floats, design: Floats, variance: Floats, prior: tuple[Floats, Floats]) -> tuple[Floats, Floats, Floats]:
    """Log marginal likelihood `(k,)`, mean `(k, p)` and covariance `(k, p, p)` given each point of the grid.

    Args:
        x: outcomes, `(n,)`.
        design: `(n, p)`.
        variance: of each outcome around its mean, `(k, n)`.
        prior: mean `(p,)` and precision `(k, p, p)`.
    """
    centre, precision = prior
    rest = x - design @ centre
    weight = 1 / np.maximum(variance, 1e-18)
    posterior = precision + np.einsum("kn,np,nq->kpq", weight, design, design, optimize=True)
    covariance = np.linalg.inv(posterior)
    pull = (weight * rest) @ design
    shift = np.einsum("kpq,kq->kp", covariance, pull)
    log_likelihood = 0.5 * (
        np.linalg.slogdet(precision)[1]
        - np.linalg.slogdet(posterior)[1]
        + np.log(weight).sum(axis=1)
        - (weight * rest**2).sum(axis=1)
        + (shift * pull).sum(axis=1)
    )
    return log_likelihood, centre + shift, covariance
