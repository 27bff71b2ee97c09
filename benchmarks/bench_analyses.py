"""10,000 analyses from ready Moments, beside the formulas in plain numpy and tea-tasting from ready aggregates.

An analysis: estimate, standard error, p-value, 80 % and 95 % interval of the difference, Fieller interval of the lift.
500 pairs of arms (experiments by segments) with 20 metrics each, 5 of them ratios.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import tea_tasting as tt
from scipy.special import stdtr, stdtrit
from tea_tasting.aggr import Aggregates

from vitalfew.stats.arrays import differences, lifts, sample
from vitalfew.stats.moments import Moments
from vitalfew.stats.regression import adjusted

if TYPE_CHECKING:
    from collections.abc import Callable

PAIRS, METRICS, RATIOS, UNITS = 500, 20, 5, 200
THEIRS = 200  # analyses that tea-tasting is timed on; its time grows in proportion
ROUNDS = 7
SAME = 1e-9
COLUMNS = [*(f"m{at}" for at in range(METRICS)), *(f"b{at}" for at in range(RATIOS))]
PAST = [f"{name}/before" for name in COLUMNS[:METRICS]]
Arms = list[tuple[Moments, Moments]]


def generate() -> Arms:
    """Moments of two arms per pair, metrics, denominators and pasts as columns."""
    rng = np.random.default_rng(1)
    names = [*COLUMNS, *PAST]

    def arm() -> Moments:
        rows = rng.gamma(2.0, 3.0, (UNITS, len(names)))
        rows[:, : len(PAST)] += rows[:, -len(PAST) :]
        return Moments.of(dict(zip(names, rows.T, strict=True)))

    return [(arm(), arm()) for _ in range(PAIRS)]


def asked(arms: Arms) -> tuple[list[Moments], list[Moments], list[str], list[str | None]]:
    """One entry per analysis."""
    bottoms: list[str | None] = [f"b{at}" if at < RATIOS else None for at in range(METRICS)]
    control, treatment = ([pair[side] for pair in arms for _ in range(METRICS)] for side in (0, 1))
    return control, treatment, COLUMNS[:METRICS] * len(arms), bottoms * len(arms)


def by_vitalfew(arms: Arms) -> float:
    """Everything of an analysis; the mean p-value."""
    control, treatment, tops, bottoms = asked(arms)
    one, two = sample(control, tops, bottoms), sample(treatment, tops, bottoms)
    found = differences(one, two, (0.8, 0.95))
    lifts(one, two, found)
    return float(found.p_value.mean())


def by_vitalfew_adjusted(arms: Arms) -> float:
    """The same with each metric's past as covariate."""
    control, treatment, tops, bottoms = asked(arms)
    found = adjusted(control, treatment, tops, bottoms, [(name,) for name in PAST] * len(arms))
    effects = differences(found.control, found.treatment, (0.8, 0.95))
    lifts(found.control, found.treatment, effects)
    return float(effects.p_value.mean())


def by_hand(arms: Arms) -> float:
    """Welch's test and intervals in numpy from stacked matrices, without refusing anything; the mean p-value."""
    y = np.arange(METRICS)
    x = np.where(y < RATIOS, METRICS + y, y)
    ratio = y < RATIOS
    parts = []
    for side in (0, 1):
        n = np.stack([pair[side].n for pair in arms])[:, y, y]
        mean = np.stack([pair[side].mean for pair in arms])
        level = np.stack([pair[side].shift for pair in arms])[:, None, :].swapaxes(1, 2) + mean
        cross = np.stack([pair[side].cross for pair in arms])
        bottom = np.where(ratio, level[:, x, x], 1.0)
        r = np.where(ratio, level[:, y, y] / bottom, 0.0)
        squares = cross[:, y, y] - 2 * r * cross[:, y, x] + r * r * cross[:, x, x]
        parts.append((level[:, y, y] / bottom, squares / (n - 1) / bottom**2 / n, n))
    (mean_c, v_c, n_c), (mean_t, v_t, n_t) = parts
    d, v = mean_t - mean_c, v_c + v_t
    df = v * v / (v_c * v_c / (n_c - 1) + v_t * v_t / (n_t - 1))
    p_value = 2 * stdtr(df, -np.abs(d) / np.sqrt(v))
    bounds = [(d - half, d + half) for half in (stdtrit(df, 0.5 + share / 2) * np.sqrt(v) for share in (0.8, 0.95))]
    t2 = stdtrit(df, 0.975) ** 2
    root = np.sqrt(t2 * (v_c * (mean_c + d) ** 2 + v_t * (mean_c**2 - t2 * v_c)))
    lift = [(d * mean_c + t2 * v_c + sign * root) / (mean_c**2 - t2 * v_c) for sign in (-1, 1)]
    assert len(bounds) == len(lift)
    return float(p_value.mean())


def aggregates(arms: Arms) -> list[tuple[tt.RatioOfMeans, Aggregates, Aggregates]]:
    """The first analyses as tea-tasting takes them, made ready beforehand."""
    control, treatment, tops, bottoms = asked(arms)
    rows = zip(control[:THEIRS], treatment[:THEIRS], tops[:THEIRS], bottoms[:THEIRS], strict=True)
    return [
        (tt.RatioOfMeans(top, bottom), _aggregate(one, top, bottom), _aggregate(two, top, bottom))
        for one, two, top, bottom in rows
    ]


def _aggregate(moments: Moments, top: str, bottom: str | None) -> Aggregates:
    names = [top] if bottom is None else [top, bottom]
    pairs = {} if bottom is None else {(top, bottom): moments.covariance_of(top, bottom)}
    means, variances = ({name: read(name) for name in names} for read in (moments.mean_of, moments.variance_of))
    return Aggregates(moments.units, means, variances, pairs)


def by_tea_tasting(ready: list[tuple[tt.RatioOfMeans, Aggregates, Aggregates]]) -> float:
    """The mean p-value."""
    return float(np.mean([metric.analyze_aggregates(one, two).pvalue for metric, one, two in ready]))


def seconds(run: Callable[[], float]) -> float:
    """Processor time of the best of several runs: one thread does all, and other processes do not count."""
    best = float("inf")
    for _ in range(ROUNDS):
        began = time.process_time()
        run()
        best = min(best, time.process_time() - began)
    return best


def main() -> None:
    """Check that all agree, and print milliseconds and ratios."""
    arms = generate()
    ready = aggregates(arms)
    assert abs(by_vitalfew(arms) - by_hand(arms)) < SAME
    assert abs(by_vitalfew(arms[: THEIRS // METRICS]) - by_tea_tasting(ready)) < SAME
    found = {
        "plain numpy, stacked": seconds(lambda: by_hand(arms)),
        "vitalfew": seconds(lambda: by_vitalfew(arms)),
        "vitalfew, regression adjusted": seconds(lambda: by_vitalfew_adjusted(arms)),
        "tea-tasting from aggregates": seconds(lambda: by_tea_tasting(ready)) * PAIRS * METRICS / THEIRS,
    }
    print(f"\n{PAIRS * METRICS:,} analyses from ready Moments\n{'plan':<36}{'ms':>9}{'ratio':>9}")
    for name, took in found.items():
        print(f"{name:<36}{1000 * took:>9.1f}{took / found['vitalfew']:>9.2f}")


if __name__ == "__main__":
    main()
