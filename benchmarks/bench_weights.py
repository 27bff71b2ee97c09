"""Live refit of the weights when somebody answers, beside one solve per cell, person and factor in a plain loop.

10 people, 10 factors, grid of 14 x 12 cells. What is timed is what a session does per answer: the fit, 4,000 draws and
the intervals of all weights.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.panel import panel_of
from vitalfew.judgement.posterior import SIGMA_CELLS, TAU_CELLS, posterior
from vitalfew.judgement.weights import weight_rows

if TYPE_CHECKING:
    from collections.abc import Callable

PEOPLE, FACTORS, ROUNDS = 10, 10, 9
SAME = 1e-6


def session() -> tuple[list[Judgement], list[str]]:
    """What people of a group with some spread answered."""
    rng, names = np.random.default_rng(1), [f"f{at}" for at in range(FACTORS)]
    middle = rng.normal(0, 1, FACTORS)
    answers = np.exp(middle + rng.normal(0, 0.6, (PEOPLE, FACTORS)))
    return [Judgement(str(at), dict(zip(names, row.tolist(), strict=True))) for at, row in enumerate(answers)], names


def by_loop(said: list[Judgement], names: list[str]) -> np.ndarray[tuple[int, ...], np.dtype[np.float64]]:
    """Means of the group's log weights by cell, `(cells, factors)`, the formula written down as it stands."""
    found = posterior(said, names)
    centre = np.eye(FACTORS) - 1 / FACTORS
    logs = [np.log([judgement.points[name] for name in names]) for judgement in said]
    means = []
    for tau, sigma in zip(found.tau, found.sigma, strict=True):
        precision, score = np.zeros((FACTORS, FACTORS)), np.zeros(FACTORS)
        for row in logs:
            shrunk = np.linalg.inv(np.eye(FACTORS) + tau**2 * centre / sigma**2)
            precision += shrunk @ centre / sigma**2
            score += shrunk @ centre @ row / sigma**2
        means.append(np.linalg.pinv(precision, rcond=SAME) @ score)
    return np.array(means)


def best_of(job: Callable[[], object]) -> float:
    """Seconds of processor time of the fastest round."""
    times = []
    for _ in range(ROUNDS):
        began = time.process_time()
        job()
        times.append(time.process_time() - began)
    return min(times)


def main() -> None:
    """Print seconds and the ratio."""
    said, names = session()
    found = posterior(said, names)
    assert np.abs(by_loop(said, names) - found.mean[:, 0] @ found.seen.basis.T).max() < SAME
    loop = best_of(lambda: by_loop(said, names))
    fit = best_of(lambda: posterior(said, names))
    live = best_of(lambda: weight_rows(panel_of(said, names, {})))
    print(f"{PEOPLE} people x {FACTORS} factors, {TAU_CELLS} x {SIGMA_CELLS} cells, milliseconds of processor time")
    print(f"{'one loop over cells and people':<40}{1e3 * loop:>8.1f}   1.00")
    print(f"{'all cells and people at once':<40}{1e3 * fit:>8.1f}{fit / loop:>7.2f}")
    print(f"{'live refit: fit, draws, intervals':<40}{1e3 * live:>8.1f}{live / loop:>7.2f}")


if __name__ == "__main__":
    main()
