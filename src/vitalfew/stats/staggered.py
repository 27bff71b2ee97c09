"""Effects of something that reached units in waves, from moments per wave (Callaway & Sant'Anna 2021, J. Econometrics).

The effect on the units of wave g in period t is how their outcome moved since the last period before g, less how that
of units without it moved meanwhile. Every such effect and every average of them is a contrast of the waves' mean
outcomes, so means and covariances over periods are all it takes, and standard errors are those of the paper's
influence functions. Regression with effects of units and periods, which compares waves with waves that already have it,
is not offered; nor are covariates, for which moments over periods do not suffice.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.errors import DataError, UsageError
from vitalfew.stats.simultaneous import Estimates

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import ArrayLike, NDArray

    Floats = NDArray[np.float64]

Controls = Literal["not_yet", "never"]
Base = Literal["universal", "varying"]


@dataclass(frozen=True, slots=True, eq=False)
class Cohort:
    """The units of one wave.

    Attributes:
        wave: period in which they got it; None: never.
        units: how many; waves weigh by them.
        mean: outcome per period, `(T,)`.
        covariance: of the outcomes of one unit (one cluster) over periods, divisor n - 1, `(T, T)`.
        clusters: how many, where units of a cluster are not independent; `covariance` is then that of clusters.
    """

    wave: int | None
    units: int
    mean: Floats
    covariance: Floats
    clusters: int | None = None

    @classmethod
    def of(cls, values: ArrayLike, wave: int | None) -> Cohort:
        """The cohort of units with outcomes `(n, T)`.

        Raises:
            UsageError: there is no unit, or a value is missing.
        """
        rows = np.asarray(values, dtype=np.float64)
        if rows.ndim != 2 or not len(rows) or not np.isfinite(rows).all():  # noqa: PLR2004 - units by periods
            raise UsageError("no outcomes of units", expected="a table of numbers, a row per unit, a column per period")
        away = rows - rows.mean(axis=0)
        covariance = away.T @ away / (len(rows) - 1) if len(rows) > 1 else np.full((rows.shape[1],) * 2, np.nan)
        return cls(wave, len(rows), rows.mean(axis=0), covariance)

    @property
    def independent(self) -> int:
        """Number of independent units: clusters, where there are any."""
        return self.units if self.clusters is None else self.clusters


@dataclass(frozen=True, slots=True, eq=False)
class GroupTime:
    """Effects of every wave in every period, ATT(g, t), and what follows from them.

    Attributes:
        waves: wave of each effect, `(m,)`.
        times: period of each effect, `(m,)`.
        estimates: the effects; `labels` are their positions.
        contrasts: weight of the mean of each cohort in each period, `(m, cohorts, T)`.
        sizes: how each effect moves with the size of each cohort, per share of its units, `(m, cohorts)`.
        cohorts: by wave, those that never got it last.
        anticipation: periods before a wave in which its units may already have moved.
        left_out: waves without a period before them.
        drawn: whether cohorts' sizes are taken as drawn with the units.
        small_sample: whether variances have divisor n - 1.
    """

    waves: NDArray[np.int64]
    times: NDArray[np.int64]
    estimates: Estimates
    contrasts: Floats
    sizes: Floats
    cohorts: tuple[Cohort, ...]
    anticipation: int
    left_out: tuple[int, ...]
    drawn: bool
    small_sample: bool

    @property
    def since(self) -> NDArray[np.int64]:
        """Periods since the wave of each effect, `(m,)`."""
        return self.times - self.waves

    def simple(self, last: int | None = None) -> Estimates:
        """All effects from the wave on, up to `last` periods after it, weighed by units."""
        return self._averages({0: self._after(last)})

    def by_event(self, first: int | None = None, last: int | None = None) -> Estimates:
        """The effect by periods since the wave (the event study); negative ones should be zero."""
        low = self.since.min(initial=0) if first is None else first
        high = self.since.max(initial=0) if last is None else last
        found = sorted({int(one) for one in self.since if low <= one <= high})
        return self._averages({one: self.since == one for one in found})

    def by_wave(self, last: int | None = None) -> Estimates:
        """The average effect on each wave from its period on, up to `last` periods after."""
        after = self._after(last)
        found = sorted({int(wave) for wave in self.waves[after]})
        return self._averages({wave: after & (self.waves == wave) for wave in found})

    def by_period(self) -> Estimates:
        """The average effect in each period on all waves that have it by then."""
        after = self._after(None)
        found = sorted({int(time) for time in self.times[after]})
        return self._averages({time: after & (self.times == time) for time in found})

    def overall(self, last: int | None = None) -> Estimates:
        """The effect on an average unit: of each wave its average over periods, waves weighed by units.

        Equation 3.11 of the paper, the summary its authors recommend.
        """
        return self._weighed((0,), self._shares(last)[None, :])

    def level(self, last: int | None = None) -> float:
        """Mean outcome of the units that have it, over the same waves and periods as `overall`."""
        means = {cohort.wave: cohort.mean for cohort in self.cohorts}
        own = [means[wave][time] for wave, time in zip(self.waves.tolist(), self.times.tolist(), strict=True)]
        return float(self._shares(last) @ np.array(own))

    def _shares(self, last: int | None) -> Floats:
        """Weight of each effect in that on an average unit, `(m,)`."""
        after = self._after(last)
        sizes = {cohort.wave: cohort.units for cohort in self.cohorts}
        weights = np.zeros(len(self.waves))
        for wave in sorted({int(wave) for wave in self.waves[after]}):
            of_wave = after & (self.waves == wave)
            weights[of_wave] = sizes[wave] / of_wave.sum()
        return weights / weights.sum()

    def before(self) -> Estimates:
        """The effects before the wave (and its anticipation), where there should be none; `labels` are positions."""
        found = np.flatnonzero(self.since < -self.anticipation)
        kept = found[self.estimates.se[found] > 0]
        return self.estimates.pick([int(at) for at in kept])

    def _after(self, last: int | None) -> NDArray[np.bool_]:
        after = self.since >= 0
        return np.asarray(after if last is None else after & (self.since <= last))

    def _averages(self, parts: dict[int, NDArray[np.bool_]]) -> Estimates:
        """Averages over effects, weighed by the units of their waves."""
        sizes = {cohort.wave: cohort.units for cohort in self.cohorts}
        units = np.array([sizes[wave] for wave in self.waves.tolist()], dtype=np.float64)
        rows = [chosen * units / (chosen @ units) for chosen in parts.values()]
        return self._weighed(tuple(parts), np.array(rows).reshape(len(parts), len(units)))

    def _weighed(self, labels: tuple[int, ...], weights: Floats) -> Estimates:
        """Weighted sums of the effects, `weights` `(k, m)`."""
        found = _estimates(labels, np.einsum("km,mgt->kgt", weights, self.contrasts), self.cohorts, self.small_sample)
        if not self.drawn:
            return found
        parts = weights * (self.estimates.estimate[None, :] - found.estimate[:, None])
        own = [parts[:, self.waves == cohort.wave].sum(axis=1) for cohort in self.cohorts]
        return _with_drawn_sizes(found, weights @ self.sizes + np.column_stack(own), self.cohorts)


def group_time(
    cohorts: Sequence[Cohort],
    *,
    controls: Controls = "not_yet",
    base: Base = "universal",
    anticipation: int = 0,
    drawn: bool = True,
    small_sample: bool = True,
) -> GroupTime:
    """Effects of every wave in every period, with their covariance.

    Args:
        cohorts: one per wave, and one of the units that never got it where there are such.
        controls: whom a wave is compared with: those that do not have it *yet* in the periods compared (later waves and
            never treated), or those that *never* get it.
        base: with which period. From the wave on it is the last one before the wave (and its anticipation) either way.
            Before it, *universal* takes the same period, so that a trend that has been apart for long shows in full;
            *varying* takes the period before each, as R's `did` does unless told otherwise.
        anticipation: periods before the wave in which its units may already have moved.
        drawn: whether waves' sizes were drawn with the units, as the paper has it, or fixed beforehand.
        small_sample: variances with divisor n - 1 and intervals of Student's t; without it as in the paper.

    A cohort of a single unit has no variance of its own and takes that pooled over the others.

    Raises:
        UsageError: cohorts differ in their periods, or two are of the same wave.
        DataError: no wave has both a period before it and units to be compared with.
    """
    ordered = _ordered(cohorts)
    periods = len(ordered[0].mean)
    found: list[tuple[int, int, Floats]] = []
    left_out = []
    for wave in _waves(ordered):
        last_before = wave - anticipation - 1
        if not 0 <= last_before < periods:
            left_out.append(wave)
            continue
        for time in range(periods):
            since = last_before if base == "universal" or time > last_before else time - 1
            contrast = _contrast(ordered, wave, time, since, controls, anticipation) if since >= 0 else None
            if contrast is not None:
                found.append((wave, time, contrast))
    if not any(time >= wave for wave, time, _ in found):
        raise DataError(
            "no wave can be compared with anybody",
            expected="a period before the wave, and units that do not have it yet in a period after",
        )
    contrasts = np.array([contrast for _, _, contrast in found])
    sizes = np.array([_sizes(contrast, wave, ordered) for wave, _, contrast in found])
    estimates = _estimates(tuple(range(len(found))), contrasts, ordered, small_sample)
    return GroupTime(
        waves=np.array([wave for wave, _, _ in found], dtype=np.int64),
        times=np.array([time for _, time, _ in found], dtype=np.int64),
        estimates=_with_drawn_sizes(estimates, sizes, ordered) if drawn else estimates,
        contrasts=contrasts,
        sizes=sizes,
        cohorts=ordered,
        anticipation=anticipation,
        left_out=tuple(left_out),
        drawn=drawn,
        small_sample=small_sample,
    )


def _waves(cohorts: Sequence[Cohort]) -> list[int]:
    return [cohort.wave for cohort in cohorts if cohort.wave is not None]


def _ordered(cohorts: Sequence[Cohort]) -> tuple[Cohort, ...]:
    """By wave, never last; single units with the covariance of the others."""
    if len({len(cohort.mean) for cohort in cohorts}) != 1:
        raise UsageError("cohorts of different periods", expected="at least one cohort, and the same periods in all")
    if len({cohort.wave for cohort in cohorts}) < len(cohorts):
        raise UsageError("two cohorts of the same wave", expected="one cohort per wave")
    several = [cohort for cohort in cohorts if cohort.independent > 1]
    if not several:
        raise DataError("every wave is a single unit", expected="several units in some wave, to know how units differ")
    total = sum(cohort.independent - 1 for cohort in several)
    pooled = sum((cohort.independent - 1) * cohort.covariance for cohort in several) / total
    filled = [
        cohort
        if cohort.independent > 1
        else Cohort(cohort.wave, cohort.units, cohort.mean, np.asarray(pooled), cohort.clusters)
        for cohort in cohorts
    ]
    return tuple(sorted(filled, key=lambda cohort: (cohort.wave is None, cohort.wave or 0)))


def _contrast(
    cohorts: tuple[Cohort, ...], wave: int, time: int, since: int, controls: Controls, anticipation: int
) -> Floats | None:
    """Weights of means of cohorts, `(cohorts, T)`; None where there is nobody to compare with."""
    until = max(time, since) + anticipation
    others = [
        cohort.wave is None or (controls == "not_yet" and cohort.wave > until and cohort.wave != wave)
        for cohort in cohorts
    ]
    units = np.array([cohort.units if other else 0 for cohort, other in zip(cohorts, others, strict=True)], dtype=float)
    if not units.sum():
        return None
    own = np.array([cohort.wave == wave for cohort in cohorts], dtype=float)
    found = np.zeros((len(cohorts), len(cohorts[0].mean)))
    found[:, time] += own - units / units.sum()
    found[:, since] -= own - units / units.sum()
    return found


def _sizes(contrast: Floats, wave: int, cohorts: tuple[Cohort, ...]) -> Floats:
    """How the change of the units compared with moves with the share of each cohort among them, `(cohorts,)`."""
    changes = np.array([row @ cohort.mean for row, cohort in zip(contrast, cohorts, strict=True)])
    own = np.array([cohort.wave == wave for cohort in cohorts])
    shares = np.where(own, 0.0, np.abs(contrast).max(axis=1))
    return np.asarray(np.where(own, 0.0, changes - shares * changes[~own].sum()), dtype=np.float64)


def _with_drawn_sizes(found: Estimates, sizes: Floats, cohorts: Sequence[Cohort]) -> Estimates:
    """Add what comes from sizes of cohorts that are drawn with the units.

    A unit's influence through the share of its cohort is the same for all units of the cohort (the paper's theorem 2),
    and so uncorrelated with its influence through its outcomes.
    """
    extra = np.einsum("ac,bc,c->ab", sizes, sizes, 1.0 / np.array([cohort.independent for cohort in cohorts]))
    return Estimates(found.labels, found.estimate, found.covariance + extra, found.df)


def _estimates(labels: tuple[int, ...], contrasts: Floats, cohorts: Sequence[Cohort], small_sample: bool) -> Estimates:
    """Contrasts of cohorts' means, `(k, cohorts, T)`, with covariance and Welch's degrees of freedom."""
    estimate = np.zeros(len(contrasts))
    covariance = np.zeros((len(contrasts), len(contrasts)))
    squares = np.zeros(len(contrasts))
    total = sum(cohort.independent - 1 for cohort in cohorts)
    for at, cohort in enumerate(cohorts):
        n = cohort.independent
        rows = np.flatnonzero(contrasts[:, at, :].any(axis=1))
        own = contrasts[rows, at, :]
        part = own @ cohort.covariance @ own.T / n
        if not small_sample and n > 1:
            part *= (n - 1) / n
        estimate[rows] += own @ cohort.mean
        covariance[np.ix_(rows, rows)] += part
        squares[rows] += np.diagonal(part) ** 2 / (n - 1 if n > 1 else total)
    variance = np.diagonal(covariance)
    df = np.divide(variance**2, squares, out=np.full(len(contrasts), np.inf), where=squares > 0)
    return Estimates(labels, estimate, covariance, df if small_sample else np.full(len(contrasts), np.inf))
