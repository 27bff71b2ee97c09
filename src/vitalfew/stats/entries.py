"""Arms whose numbers are read from a whole distribution: one entry each, with the reason where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.stats.arrays import Sample

if TYPE_CHECKING:
    from collections.abc import Sequence


type Entry = tuple[float, float, float, int, str | None]
"""Degrees of freedom, level, variance of one unit's contribution, `Fault`, and why there is no answer."""


@dataclass(frozen=True, slots=True)
class Entries:
    """Quantiles, restricted means or medians of many arms, ready for `arrays.differences` and `arrays.lifts`.

    Attributes:
        sample: level and variance, and degrees of freedom that say how well each arm's own standard error is known.
        reasons: why an entry has no answer, `None` where it has one.
    """

    sample: Sample
    reasons: tuple[str | None, ...]


def gathered(counts: Sequence[float], entries: Sequence[Entry]) -> Entries:
    """Entries of arms of `counts` values each, laid side by side, `(m,)`."""
    numbers = np.array([entry[:4] for entry in entries], dtype=np.float64).reshape(-1, 4)
    df, mean, variance, fault = numbers.T
    n = np.array(counts, dtype=np.float64)
    sample = Sample(n, np.zeros(len(entries)), mean, variance, fault.astype(np.int64), df)
    return Entries(sample, tuple(entry[4] for entry in entries))
