"""Run the cells, and hold their rates against exact binomial bands."""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.stats import binom, kstest  # noqa: TID251 - a referee of the figures, not of the product

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from validity.cells import Cell, Drawn

SEED = 20_260_101
AT_ONCE = 2_000_000  # numbers held in memory
LEVELS = (0.05, 0.01)
LEAST_P = 0.001  # of the test of uniformity, over all cells together


@dataclass(frozen=True, slots=True)
class Figure:
    """What one cell did.

    Attributes:
        cell: which one.
        runs: simulated experiments with an answer.
        rates: share of p-values below each of `LEVELS`.
        covered: share of 95 % intervals that hold the truth.
        covered_80: likewise of 80 % intervals.
        uniform: p-value of Kolmogorov and Smirnov's test of uniformity.
        warned: share of runs in which skewed values were warned of.
        lines: how many such lines share one error rate (Bonferroni).
    """

    cell: Cell
    runs: int
    rates: tuple[float, ...]
    covered: float
    covered_80: float
    uniform: float
    warned: float
    lines: int = 1

    @property
    def off(self) -> tuple[str, ...]:
        """Rates outside their band, for an A/A experiment."""
        found = [
            f"{rate:.4f} at {level}"
            for rate, level in zip(self.rates, LEVELS, strict=True)
            if not inside(rate, level, self.runs, self.lines)
        ]
        return tuple(found)

    @property
    def covers(self) -> bool:
        """Whether the coverage at 95 % lies in its band."""
        return inside(self.covered, 0.95, self.runs, self.lines)


def band(target: float, runs: int, lines: int = 1) -> tuple[float, float]:
    """Where all of these `lines` lie in 99.9 % of correct programs: exact binomial."""
    low, high = (float(binom.ppf(tail, runs, target)) / runs for tail in (0.0005 / lines, 1 - 0.0005 / lines))
    return low, high


def inside(rate: float, target: float, runs: int, lines: int = 1) -> bool:
    """Whether a rate lies in its band."""
    low, high = band(target, runs, lines)
    return low <= rate <= high


def figures(cells: Sequence[Cell], runs: int) -> Iterator[Figure]:
    """Simulate every cell from a seed of its own, so that new cells change no others."""
    for cell in cells:
        yield figure(cell, runs, len(cells))


def figure(cell: Cell, runs: int, lines: int = 1) -> Figure:
    """Simulate one cell."""
    rng = np.random.default_rng([SEED, zlib.crc32(cell.name.encode()), int(cell.truth != 0)])
    parts = [cell.draw(rng, count) for count in _chunks(runs, cell.width)]
    p = _joined([part.found.p_value for part in parts])
    known = np.isfinite(p)
    held = [_held(parts, at, cell.truth)[known].mean() for at in (0, 1)]
    return Figure(
        cell,
        int(known.sum()),
        tuple(float((p[known] < level).mean()) for level in LEVELS),
        float(held[1]),
        float(held[0]),
        float(kstest(p[known], "uniform").pvalue),
        float(_joined([part.warned for part in parts]).mean()),
        lines,
    )


def _held(parts: list[Drawn], at: int, truth: float) -> NDArray[np.float64]:
    return _joined([(part.found.low[at] <= truth) & (truth <= part.found.high[at]) for part in parts])


def _joined(parts: list[NDArray[np.float64]] | list[NDArray[np.bool_]]) -> NDArray[np.float64]:
    return np.concatenate(parts)


def _chunks(runs: int, width: int) -> list[int]:
    at_once = max(1, min(runs, AT_ONCE // width))
    return [min(at_once, runs - done) for done in range(0, runs, at_once)]
