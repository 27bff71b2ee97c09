"""Print what the limit of the warning of heavy tails costs: who is warned at 0.05, 0.03 and 0.02, beside the error.

`python tools/weigh_skew_warning.py` takes a minute; two equal arms, no effect, Welch's t at the 5 % level.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import Sample, differences
from vitalfew.stats.skew import skew_of_difference

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Law = Callable[[np.random.Generator, tuple[int, int]], Floats]

LEVEL = 0.05
LIMITS = (0.05, 0.03, 0.02)
MOST = 2_000_000  # values held at once
LAWS: dict[str, Law] = {
    "lognormal, sigma 2": lambda rng, shape: rng.lognormal(0, 2, shape),
    "lognormal, sigma 1": lambda rng, shape: rng.lognormal(0, 1, shape),
    "exponential": lambda rng, shape: rng.exponential(1, shape),
    "5 % buy, lognormal 1": lambda rng, shape: rng.binomial(1, 0.05, shape) * rng.lognormal(3, 1, shape),
    "normal": lambda rng, shape: rng.normal(0, 1, shape),
}
CASES = (
    ("lognormal, sigma 2", 200, 3000), ("lognormal, sigma 2", 2_000, 2000), ("lognormal, sigma 2", 10_000, 1000),
    ("lognormal, sigma 1", 30, 4000), ("lognormal, sigma 1", 100, 4000), ("lognormal, sigma 1", 200, 4000),
    ("lognormal, sigma 1", 1_000, 3000), ("exponential", 30, 4000), ("exponential", 100, 4000),
    ("5 % buy, lognormal 1", 1_000, 3000), ("5 % buy, lognormal 1", 5_000, 1000), ("normal", 30, 4000),
)  # fmt: skip


def measured(law: Law, n: int, runs: int) -> tuple[float, list[float]]:
    """False-positive rate at .05, and share of runs warned of at each limit."""
    rng = np.random.default_rng([n, runs])
    errors, warned, step = 0.0, np.zeros(len(LIMITS)), max(1, MOST // n)
    for first in range(0, runs, step):
        some = min(step, runs - first)
        arms = [law(rng, (some, n)) for _ in range(2)]
        size, zero = np.full(some, float(n)), np.zeros(some)
        one, two = (
            Sample(size, zero, arm.mean(axis=1), arm.var(axis=1, ddof=1), zero.astype(np.int64)) for arm in arms
        )
        errors += float((differences(one, two, (LEVEL,)).p_value < LEVEL).sum())
        away = [arm - arm.mean(axis=1, keepdims=True) for arm in arms]
        squares, cubes = ((away[0] ** k).sum(axis=1) + (away[1] ** k).sum(axis=1) for k in (2, 3))
        _, carried = skew_of_difference(size, size, squares, cubes)
        warned += [(carried > limit).sum() for limit in LIMITS]
    return errors / runs, (warned / runs).tolist()


def main() -> None:
    """Print one line per case, as in docs/validation/estimators.md."""
    limits = " | ".join(f"warned at {limit}" for limit in LIMITS)
    print(f"| values, units an arm | error | {limits} |\n|---|---|---|---|---|")
    for law, n, runs in CASES:
        error, warned = measured(LAWS[law], n, runs)
        print(f"| {law}, {n:,} | {error:.3f} | {' | '.join(f'{share:.2f}' for share in warned)} |", flush=True)


if __name__ == "__main__":
    main()
