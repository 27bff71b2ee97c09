"""Simulations that hold the estimators to their promises; `python tests/experiment_validity.py` prints the figures.

Every simulation is one array per arm, all runs at once, from a fixed seed.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from vitalfew.stats import sample_ratio
from vitalfew.stats.arrays import Sample, differences, lifts

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Arms = tuple[Sample, Sample]

RUNS = 10_000
SEED = 20_260_101


@dataclass(frozen=True, slots=True)
class Figure:
    """A measured share with the band that 99.9 % of correct programs fall in; no band: told, not promised."""

    what: str
    share: float
    target: float
    promised: bool = True

    @property
    def band(self) -> tuple[float, float]:
        """Exact binomial band of the share, at `RUNS` runs."""
        low, high = (float(binom.ppf(tail, RUNS, self.target)) / RUNS for tail in (0.0005, 0.9995))
        return low, high

    @property
    def holds(self) -> bool:
        """Whether the share lies in the band."""
        low, high = self.band
        return low <= self.share <= high


def arm(values: Floats) -> Sample:
    """An arm of every run, from values `(runs, units)`."""
    n = np.full(len(values), float(values.shape[1]))
    return _sample(n, values.mean(axis=1), values.var(axis=1, ddof=1))


def proportion_arm(rng: np.random.Generator, n: int, share: float) -> Sample:
    """An arm of every run in which each unit does with probability `share`."""
    mean = rng.binomial(n, share, RUNS) / n
    return _sample(np.full(RUNS, float(n)), mean, mean * (1 - mean) * n / (n - 1))


def ratio_arm(rng: np.random.Generator, users: int, most_sessions: int, correlation: float) -> Sample:
    """An arm of every run: clicks per session, sessions of a user alike (intraclass correlation)."""
    sessions = rng.integers(1, most_sessions + 1, (RUNS, users))
    spread = 1 / correlation - 1 if correlation else 0.0
    share = rng.beta(0.2 * spread, 0.8 * spread, (RUNS, users)) if correlation else np.full((RUNS, users), 0.2)
    clicks = rng.binomial(sessions, share).astype(np.float64)
    ratio = clicks.sum(axis=1) / sessions.sum(axis=1)
    influence = (clicks - ratio[:, None] * sessions) / sessions.mean(axis=1)[:, None]
    return _sample(np.full(RUNS, float(users)), ratio, influence.var(axis=1, ddof=1))


def _sample(n: Floats, mean: Floats, variance: Floats) -> Sample:
    return Sample(n, np.zeros(RUNS), mean, variance, np.zeros(RUNS, dtype=np.int64))


def p_values(arms: Arms) -> Floats:
    """P-values of every run."""
    return differences(*arms, (0.95,)).p_value


def nothing_changed() -> Mapping[str, Callable[[np.random.Generator], Arms]]:
    """A/A experiments: both arms from the same law, or at least with the same mean."""
    return {
        "means: normal, 100 + 100": lambda g: (arm(g.normal(5, 2, (RUNS, 100))), arm(g.normal(5, 2, (RUNS, 100)))),
        "means: variances 1 and 9, 50 + 200": lambda g: (
            arm(g.normal(0, 1, (RUNS, 50))),
            arm(g.normal(0, 3, (RUNS, 200))),
        ),
        "means: exponential, 200 + 200": lambda g: (
            arm(g.exponential(3, (RUNS, 200))),
            arm(g.exponential(3, (RUNS, 200))),
        ),
        "proportions: 50 %, 300 + 300": lambda g: (proportion_arm(g, 300, 0.5), proportion_arm(g, 300, 0.5)),
        "proportions: 19 %, 4,500 + 4,500": lambda g: (proportion_arm(g, 4500, 0.19), proportion_arm(g, 4500, 0.19)),
        "proportions: 2 %, 5,000 + 15,000": lambda g: (proportion_arm(g, 5000, 0.02), proportion_arm(g, 15_000, 0.02)),
        "ratio: 1 to 10 sessions, correlation 0": lambda g: (ratio_arm(g, 300, 10, 0), ratio_arm(g, 300, 10, 0)),
        "ratio: 1 to 50 sessions, correlation 0.1": lambda g: (ratio_arm(g, 300, 50, 0.1), ratio_arm(g, 300, 50, 0.1)),
        "ratio: 1 to 50 sessions, correlation 0.5": lambda g: (ratio_arm(g, 300, 50, 0.5), ratio_arm(g, 300, 50, 0.5)),
    }


def false_alarms() -> list[Figure]:
    """Share of A/A experiments called significant."""
    figures = []
    for at, (what, draw) in enumerate(nothing_changed().items()):
        found = p_values(draw(np.random.default_rng([SEED, at])))
        figures += [Figure(f"{what}, at {level:g}", float((found < level).mean()), level) for level in (0.05, 0.01)]
    return figures


def skewed() -> list[Figure]:
    """Where the normal approximation is known to fail: told, not promised."""
    figures = []
    for at, (first, second) in enumerate([(200, 200), (20, 180), (200, 1800)]):
        rng = np.random.default_rng([SEED, 100 + at])
        arms = (arm(rng.lognormal(0, 2, (RUNS, first))), arm(rng.lognormal(0, 2, (RUNS, second))))
        what = f"lognormal sigma 2, {first} + {second:,}, at 0.05"
        figures.append(Figure(what, float((p_values(arms) < 0.05).mean()), 0.05, promised=False))
    return figures


def coverage() -> list[Figure]:
    """Share of intervals that hold the true difference, and of Fieller intervals that hold the true lift."""
    rng = np.random.default_rng([SEED, 200])
    pairs: dict[str, tuple[Arms, float, float]] = {
        "normal, 100 + 150, true lift 0.2": (
            (arm(rng.normal(5, 2, (RUNS, 100))), arm(rng.normal(6, 3, (RUNS, 150)))),
            1.0,
            0.2,
        ),
        "exponential, 500 + 500, true lift -0.1": (
            (arm(rng.exponential(10, (RUNS, 500))), arm(rng.exponential(9, (RUNS, 500)))),
            -1.0,
            -0.1,
        ),
        "proportions 20 % to 25 %, 2,000 + 2,000, true lift 0.25": (
            (proportion_arm(rng, 2000, 0.2), proportion_arm(rng, 2000, 0.25)),
            0.05,
            0.25,
        ),
        "normal around -8, 200 + 200, true lift 0.25": (
            (arm(rng.normal(-8, 6, (RUNS, 200))), arm(rng.normal(-6, 6, (RUNS, 200)))),
            2.0,
            0.25,
        ),
    }
    figures = []
    for what, (arms, difference, lift) in pairs.items():
        found = differences(*arms, (0.8, 0.95))
        for at, confidence in enumerate((0.8, 0.95)):
            inside = (found.low[at] <= difference) & (difference <= found.high[at])
            figures.append(Figure(f"difference, {what}, at {confidence:g}", float(inside.mean()), confidence))
        relative = lifts(*arms, found)
        inside = (relative.low <= lift) & (lift <= relative.high)
        figures.append(Figure(f"lift, {what}, at 0.95", float(inside.mean()), 0.95))
    return figures


def sample_ratio_alarms() -> list[Figure]:
    """Share of sound assignments that the sample-ratio test warns of or fails."""
    plans = {
        "2 arms, 10,000 units": (10_000, [0.5, 0.5]),
        "2 arms 90 : 10, 20,000 units": (20_000, [0.9, 0.1]),
        "4 arms, 10,000 units": (10_000, [0.25] * 4),
    }
    figures = []
    for at, (what, (units, plan)) in enumerate(plans.items()):
        names = [f"arm {place}" for place in range(len(plan))]
        expected = dict(zip(names, plan, strict=True))
        drawn = np.random.default_rng([SEED, 300 + at]).multinomial(units, plan, RUNS).tolist()
        found = np.array([sample_ratio(dict(zip(names, counts, strict=True)), expected).p_value for counts in drawn])
        figures.append(Figure(f"warning or failed, {what}", float((found < 0.01).mean()), 0.01))
        figures.append(Figure(f"failed, {what}", float((found < 0.0005).mean()), 0.0005))
    return figures


def main() -> None:
    """Print the figures as tables."""
    parts = {
        "False alarms when nothing changed": false_alarms(),
        "Coverage of intervals": coverage(),
        "False alarms of the sample-ratio test": sample_ratio_alarms(),
        "Known limits: heavy tails": skewed(),
    }
    for title, figures in parts.items():
        sys.stdout.write(f"\n### {title}\n\n| what | wanted | measured | band |\n|---|---|---|---|\n")
        for figure in figures:
            band = f"{figure.band[0]:.4f} to {figure.band[1]:.4f}" if figure.promised else "not promised"
            sys.stdout.write(f"| {figure.what} | {figure.target:g} | {figure.share:.4f} | {band} |\n")


if __name__ == "__main__":
    main()
