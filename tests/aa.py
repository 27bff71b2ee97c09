"""Experiments in which nothing changed, many at once: laws to draw units from, and how often a method errs.

Every arm is an array `(runs, units)` from a fixed seed; an estimator turns two of them into p-values `(runs,)`.
`python tests/aa.py` prints the rates of adjusted and clustered experiments.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom

from vitalfew.stats.arrays import Sample, differences
from vitalfew.stats.clusters import for_clusters
from vitalfew.stats.moments import Moments
from vitalfew.stats.regression import adjusted

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from vitalfew.stats.arrays import Differences

    Floats = NDArray[np.float64]
    Draw = Callable[[np.random.Generator, tuple[int, int]], Floats]

RUNS = 10_000
SEED = 20_260_106
ADJUSTED: dict[str, tuple[tuple[int, int], tuple[str, ...], str | None]] = {
    "one covariate, 100 + 100": ((100, 100), ("past",), None),
    "one covariate, 40 + 200": ((40, 200), ("past",), None),
    "a covariate of no use, 50 + 50": ((50, 50), ("noise",), None),
    "three covariates, 60 + 60": ((60, 60), ("past", "other", "noise"), None),
    "three covariates, 50 + 250": ((50, 250), ("past", "other", "noise"), None),
    "ratio with two covariates, 200 + 200": ((200, 200), ("z", "past"), "x"),
}
LAWS: dict[str, Draw] = {
    "normal": lambda rng, shape: rng.normal(0, 1, shape),
    "exponential": lambda rng, shape: rng.exponential(1, shape),
    "lognormal 1": lambda rng, shape: rng.lognormal(0, 1, shape),
    "lognormal 2": lambda rng, shape: rng.lognormal(0, 2, shape),
    "zero-inflated": lambda rng, shape: np.where(rng.random(shape) < 0.2, rng.exponential(1, shape), 0.0),
    "proportion 2 %": lambda rng, shape: (rng.random(shape) < 0.02).astype(np.float64),
    "proportion 20 %": lambda rng, shape: (rng.random(shape) < 0.2).astype(np.float64),
}


@dataclass(frozen=True, slots=True)
class Rate:
    """How often something happened in `runs` runs, and the band that `sure` of correct programs fall in."""

    what: str
    level: float
    found: float
    runs: int
    sure: float = 0.999

    @property
    def band(self) -> tuple[float, float]:
        """Exact binomial band around the level."""
        tail = (1 - self.sure) / 2
        low, high = (float(binom.ppf(side, self.runs, self.level)) / self.runs for side in (tail, 1 - tail))
        return low, high

    @property
    def holds(self) -> bool:
        """Whether the rate lies in its band."""
        return self.band[0] <= self.found <= self.band[1]


def rates(what: str, p_values: Floats, levels: Sequence[float] = (0.05, 0.01), sure: float = 0.999) -> list[Rate]:
    """Share of p-values below each level; runs without a p-value count as not significant."""
    found = np.nan_to_num(p_values, nan=1.0)
    return [Rate(what, level, float((found < level).mean()), len(found), sure) for level in levels]


def moments_of_runs(columns: dict[str, Floats]) -> list[Moments]:
    """Moments of every run, from columns `(runs, units)`; one shift per column for all runs."""
    names = tuple(columns)
    table = np.stack([columns[name] for name in names], axis=2)
    runs, units, k = table.shape
    mean = table.mean(axis=1)
    away = table - mean[:, None, :]
    cross = np.einsum("rui,ruj->rij", away, away)
    third, low, high = (away**3).sum(axis=1), table.min(axis=1), table.max(axis=1)
    n, shift = np.full((k, k), float(units)), np.zeros(k)
    return [
        Moments(names, n, shift, np.repeat(mean[at][:, None], k, 1), cross[at], units, third[at], low[at], high[at])
        for at in range(runs)
    ]


def means(control: Floats, treatment: Floats) -> Differences:
    """Welch's test of every run."""
    return differences(_arm(control), _arm(treatment), (0.95,))


def _arm(values: Floats) -> Sample:
    runs, n = values.shape
    return Sample(
        np.full(runs, float(n)),
        np.zeros(runs),
        values.mean(axis=1),
        values.var(axis=1, ddof=1),
        np.zeros(runs, dtype=np.int64),
    )


def regressions(
    control: dict[str, Floats], treatment: dict[str, Floats], covariates: Sequence[str], denominator: str | None = None
) -> tuple[Differences, Floats]:
    """Regression adjustment of column `y` in every run, and the share of variance it took away."""
    arms = moments_of_runs(control), moments_of_runs(treatment)
    runs = len(arms[0])
    found = adjusted(*arms, ["y"] * runs, [denominator] * runs, [tuple(covariates)] * runs)
    return differences(found.control, found.treatment, (0.95,)), found.reduction


def correlated(
    rng: np.random.Generator, shape: tuple[int, int], effect: float = 0.0, slope: float = 1.0
) -> dict[str, Floats]:
    """Units whose two covariates explain about half of `y`; a third explains nothing. `x` counts sessions."""
    past, other = rng.normal(0, 1, shape), rng.exponential(1, shape)
    sessions = rng.integers(1, 11, shape).astype(np.float64)
    y = 5 + effect + slope * past + 0.7 * other + rng.normal(0, 1, shape)
    return {"y": y, "past": past, "other": other, "noise": rng.normal(0, 1, shape), "x": sessions, "z": sessions + past}


def cluster_arm(
    rng: np.random.Generator, runs: int, clusters: int, icc: float, sizes: str = "uneven"
) -> dict[str, Floats]:
    """Clusters of 20 to 180 units (or 50 each): sum `y` and size `x` per cluster, units alike by `icc`."""
    shape = (runs, clusters)
    size = rng.integers(20, 181, shape) if sizes == "uneven" else np.full(shape, 50)
    inside = rng.normal(0, 1, shape) * np.sqrt((1 - icc) / size)
    return {"y": size * (5 + rng.normal(0, 1, shape) * np.sqrt(icc) + inside), "x": size.astype(np.float64)}


def clustered(control: dict[str, Floats], treatment: dict[str, Floats]) -> Differences:
    """Ratios over clusters, corrected for few and uneven ones, in every run."""
    arms = moments_of_runs(control), moments_of_runs(treatment)
    runs = len(arms[0])
    plain = adjusted(*arms, ["y"] * runs, ["x"] * runs, [()] * runs)
    one, two = (
        for_clusters(arm, moments, ["x"] * runs)
        for arm, moments in zip((plain.control, plain.treatment), arms, strict=True)
    )
    return differences(one, two, (0.95,))


def adjusted_rates(what: str, runs: int = RUNS) -> list[Rate]:
    """False alarms of one of `ADJUSTED`."""
    (n_control, n_treatment), covariates, denominator = ADJUSTED[what]
    rng = np.random.default_rng([SEED, list(ADJUSTED).index(what)])
    control, treatment = correlated(rng, (runs, n_control)), correlated(rng, (runs, n_treatment))
    return rates(what, regressions(control, treatment, covariates, denominator)[0].p_value)


def cluster_rates(control: int, treatment: int, icc: float, runs: int = RUNS) -> list[Rate]:
    """False alarms with few clusters of 20 to 180 units."""
    rng = np.random.default_rng([SEED, control, treatment, int(100 * icc)])
    arms = [cluster_arm(rng, runs, clusters, icc) for clusters in (control, treatment)]
    return rates(f"{control} + {treatment} uneven clusters, intraclass correlation {icc:g}", clustered(*arms).p_value)


def main() -> None:
    """Print the rates as a table."""
    found = [rate for what in ADJUSTED for rate in adjusted_rates(what)]
    clusters = [(*sizes, icc) for sizes in ((10, 10), (10, 20)) for icc in (0, 0.05, 0.2, 0.5)]
    found += [rate for case in clusters for rate in cluster_rates(*case)]
    sys.stdout.write("| what | wanted | measured | band |\n|---|---|---|---|\n")
    for rate in found:
        band = f"{rate.band[0]:.4f} to {rate.band[1]:.4f}"
        sys.stdout.write(f"| {rate.what} | {rate.level:g} | {rate.found:.4f} | {band} |\n")


if __name__ == "__main__":
    main()
