"""How forecasts come out, applied to promises that are still open (6.8).

What comes of a forecast is taken as bias + slope x its mean, give or take its own range (times a stretch) and a
surprise. `calibration_fit` learns these from forecasts whose outcome was measured. The calibrated form of a promise
serves only to rank: verdicts and scores use what was said.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.judgement.calibration_fit import prior_rows
from vitalfew.judgement.metalog import moments
from vitalfew.judgement.posterior import root
from vitalfew.judgement.streams import stream

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from vitalfew.judgement.metalog import Quantiled
    from vitalfew.results.rows import CalibrationPosteriorRow

    Floats = NDArray[np.float64]
    Reals = NDArray[np.floating[Any]]

NO_TEAM = "no team"
JOINED = ", "
"""Between names of teams that are merged; no key holds it."""
_NO_WIDTH = 1e-3
"""Spread of effects, as a share of their mean, below which it is the rounding of a number that was typed."""


@dataclass(frozen=True)
class Calibration:
    """Draws of how forecasts come out, `(draws,)` each, shared by all lines: they are uncertain together.

    Attributes:
        bias: what comes besides, in ranges of the factor and in the good direction.
        surprise: standard deviation of what comes around it, in ranges of the factor.
        stretch: how many times too narrow ranges are.
        slope: what comes of one unit forecast by a team without a record, before how it differs from others.
        spread: standard deviation of slopes between teams.
        teams: slope by team, of those with a record.
        size: usual size of a forecast on record, in ranges; 0 without a record, when bias and surprise are 0 too.
        seed: of the streams of teams without a record.
    """

    bias: Floats
    surprise: Floats
    stretch: Floats
    slope: Floats
    spread: Floats
    teams: Mapping[str, Floats]
    size: Floats
    seed: int = 0

    @classmethod
    def exactly(
        cls, draws: int, *, bias: float = 0, slope: float = 1, surprise: float = 0, stretch: float = 1
    ) -> Calibration:
        """A calibration known for sure; by default the one that leaves forecasts as they are."""
        none = np.zeros(draws)
        return cls(none + bias, none + surprise, none + stretch, none + slope, none, {}, none)

    @cached_property
    def biased(self) -> bool:
        """Whether anything comes besides what is forecast."""
        return bool(self.bias.any())

    @cached_property
    def surprising(self) -> bool:
        """Whether anything comes around it."""
        return bool(self.surprise.any())

    def slope_of(self, team: str | None) -> Floats:
        """Draws of the slope of a team; of one without a record, as teams differ."""
        name = team or NO_TEAM
        if name in self.teams:
            return self.teams[name]
        if not self.spread.any():
            return self.slope
        apart = stream(self.seed, "", "calibration", "team", name).standard_normal(len(self.slope))
        return np.asarray(self.slope + self.spread * apart)


def drawn_calibration(rows: Sequence[CalibrationPosteriorRow], seed: int, draws: int) -> Calibration:
    """Draw from what is known of how forecasts come out, once for all lines.

    Args:
        rows: the table `calibration_posterior` of a run; empty: the prior.
        seed: of the run.
        draws: how many.
    """
    rows = rows or prior_rows()
    shares = np.cumsum([row.share for row in rows])
    chosen = np.searchsorted(shares / shares[-1], stream(seed, "", "calibration").uniform(size=draws), side="right")
    names = ["bias", "slope", *rows[0].teams]
    noise = np.array([stream(seed, "", "calibration", name).standard_normal(draws) for name in names])
    values = np.empty_like(noise)
    for at, row in enumerate(rows):
        own = chosen == at
        if own.any():
            covariance = np.array(row.covariance).reshape(len(names), len(names))
            values[:, own] = np.array(row.mean)[:, None] + root(covariance) @ noise[:, own]
    each = {
        part: np.array([getattr(row, part) for row in rows])[chosen]
        for part in ("surprise", "stretch", "spread", "size")
    }
    return Calibration(
        bias=values[0],
        surprise=each["surprise"],
        stretch=each["stretch"],
        slope=values[1],
        spread=each["spread"],
        teams={team: values[2 + at] for at, name in enumerate(rows[0].teams) for team in name.split(JOINED)},
        size=each["size"],
        seed=seed,
    )


def calibrated(
    drawn: Reals,
    promises: Sequence[Quantiled],
    known: Calibration,
    *,
    scales: Sequence[float],
    team: str | None = None,
    noise: Reals,
) -> Reals:
    """Draws of what will come of the promises of one team, from draws of the promises themselves. Only for ranking.

    With a slope of 1, no bias, no surprise and a stretch of 1 promises come back unchanged. Mean and variance are
    those of 6.8, slope x mean and stretch² x variance; what is forecast as no effect stays none, for whoever doubts
    that anything comes has not said that harm will.

    Args:
        drawn: draws of promises with their point masses, `(promises, draws)`, in the metrics' units, of any precision.
        promises: the same promises.
        known: how forecasts come out, `(draws,)` each.
        scales: one range of each factor in the metric's unit; negative where less is better.
        team: the team of the initiative.
        noise: standard normal draws of each promise's own stream, of the shape of `drawn`.

    Returns:
        Effects in the metrics' units, of shape and precision of `drawn`.

    >>> from vitalfew.judgement.metalog import sample
    >>> from vitalfew.results.rows import PromiseRow
    >>> promise = PromiseRow("h", "gate", "retention", "all", p10=1, p50=2, p90=5, p_zero=0.2, forecasters=3)
    >>> drawn, noise = sample(promise, [[0.1, 0.5, 0.9]]), np.zeros(3)
    >>> half = calibrated(drawn, [promise], Calibration.exactly(3, slope=0.5), scales=[10.0], noise=noise)
    >>> drawn.round(2), half.round(2)
    (array([[0.  , 1.61, 4.6 ]]), array([[0.  , 0.18, 3.61]]))
    """
    both = [moments(promise) for promise in promises]
    kind = drawn.dtype
    shifts = np.array([_shift(*each) for each in zip(promises, both, strict=True)], dtype=kind).T[:, :, None]
    shifted = _stretched(drawn, shifts, known.slope_of(team).astype(kind), known.stretch.astype(kind))
    if not (known.biased or known.surprising):  # without a record, which is where every workspace begins
        return shifted
    scale = np.array(scales, dtype=kind)[:, None]
    sizes = np.array([math.hypot(mean, math.sqrt(variance)) for mean, variance in both], dtype=kind)[:, None]
    share = _share_of_usual(sizes / np.abs(scale), known.size.astype(kind))
    shifted += share * scale * known.bias.astype(kind)
    shifted += share * np.abs(scale) * known.surprise.astype(kind) * noise
    return shifted


def _shift(promise: Quantiled, both: tuple[float, float]) -> tuple[float, float, bool]:
    """How a promise is moved: its centre, what share of (stretch² - slope²) is added, whether no effect moves, too.

    Effects alone are moved, to slope x their mean, and stretched by what the whole then lacks in variance. Where they
    have no width to be stretched, or there is nothing but effects, all draws are moved and stretched alike.
    """
    mean, variance = both
    effect = 1 - _share_of_none(promise)
    centre = mean / effect if effect > 0 else 0.0
    own = (variance + mean**2) / effect - centre**2 if effect > 0 else 0.0
    if effect == 1 or own <= (_NO_WIDTH * centre) ** 2:
        return mean, 0.0, True
    return centre, (1 - effect) * centre**2 / own, False


def _stretched(drawn: Reals, shifts: Reals, slope: Reals, stretch: Reals) -> Reals:
    """Draws with mean slope x mean and variance stretch² x variance, in which no effect stays none."""
    centre, lacking, all_alike = shifts
    moved: Reals = drawn - centre
    if lacking.any():
        squared = stretch * stretch
        wider = lacking * (squared - slope * slope)
        wider += squared
        moved *= np.sqrt(np.clip(wider, 0, None, out=wider), out=wider)
    else:
        moved *= stretch
    moved += slope * centre
    if not all_alike.all():
        moved *= (drawn != 0) | (all_alike != 0)
        moved += 0  # a minus zero is told as zero
    return moved


def _share_of_none(promise: Quantiled) -> float:
    """P(no effect), with what a range that ends at its median of 0 says on top."""
    flat = sum(end == promise.p50 == 0 for end in (promise.p10, promise.p90)) / 2
    return promise.p_zero + (1 - promise.p_zero) * flat


def _share_of_usual(sizes: Reals, usual: Reals) -> Reals:
    """How much of bias and surprise, learned from forecasts of the usual size, smaller ones bring."""
    return np.divide(sizes, usual, out=np.ones_like(sizes * usual), where=usual > sizes)
