"""Time in the simulation: 78 whole weeks, and a weekly rhythm of work that repeats exactly.

Because the rhythm repeats every week, any window of whole weeks holds the same expected number of events wherever it
begins. That is what makes planted effects exact numbers instead of approximations.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

START = date(2025, 5, 5)
"""A Monday, and the first day of the data (UTC)."""

WEEKS = 78
"""Length of the data: 18 months."""

DAY = 86_400
WEEK = 7 * DAY
TOTAL = WEEKS * WEEK
NEVER = np.int64(2**60)
"""Seconds after START of something that never happens."""

_KNOTS = 4096


def day(week: int, extra_days: int = 0) -> date:
    """Date at the beginning of a week counted from the start of the data, some days later."""
    return START + timedelta(days=7 * week + extra_days)


def phases(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    """Draw moments within a week, in seconds since Monday 00:00, busy in working hours; `(count,)`."""
    place = rng.random(count) * _KNOTS
    knot = place.astype(np.int64)
    low = _QUANTILES[knot]
    return (low + (place - knot) * (_QUANTILES[knot + 1] - low)).astype(np.int64)


def next_with_phase(after: NDArray[np.int64], phase: NDArray[np.int64]) -> NDArray[np.int64]:
    """First moments at or after `after` that lie at `phase` within their week; both in seconds, `(n,)`."""
    return after + (phase - after) % WEEK


def _rhythm() -> NDArray[np.float64]:
    hours = np.arange(168) % 24
    weekday = np.arange(168) // 24
    working = np.exp(-(((hours - 8.5) / 2.2) ** 2)) + 0.8 * np.exp(-(((hours - 14.5) / 2.6) ** 2)) + 0.03
    share = np.array([1.1, 1.0, 1.0, 0.95, 0.85, 0.22, 0.08])[weekday]
    cumulative = np.concatenate([[0.0], np.cumsum(working * share)])
    at = np.linspace(0.0, cumulative[-1], _KNOTS + 1)
    return np.asarray(np.interp(at, cumulative, np.arange(169) * 3600.0), dtype=np.float64)


_QUANTILES = _rhythm()
