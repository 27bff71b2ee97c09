"""Do the arms have the planned sizes, tested every day without false alarms adding up?

An e-process for multinomial counts (Lindon & Malek 2022, "Anytime-valid inference for multinomial count data", NeurIPS
35): the likelihood of the counts under unknown shares with a Dirichlet prior, divided by that under the plan. Where
the plan is right it exceeds 1 / level ever with at most the probability `level`, however often one looks (Ville).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.sample_sizes import WARNING_BELOW, as_counts, message_of, planned_shares

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from vitalfew.stats.sample_sizes import Status

    Floats = NDArray[np.float64]

FAILED_BELOW = 0.005
"""Error rate of *failed* over the whole life of an experiment. A test of .0005 repeated on 30 days has about this."""
CONCENTRATIONS = (300.0, 3_000.0, 30_000.0, 300_000.0)
"""Units that the prior is worth: of two equal arms the share may miss the plan by about 3, 1, 0.3 or 0.1 percentage
points. Losses of logging and redirects are of these sizes; a flat prior wastes its power on splits like 10 : 90."""


@dataclass(frozen=True, slots=True)
class SequentialRatio:
    """Whether the arms have had the planned sizes on every day so far.

    Attributes:
        p_values: of each day, `(days,)`: of sizes at least this uneven ever until then; never rising, never 0.
        status: *warning* below .01, *failed* below .005, at the last day.
        first_failed: the first day (from 0) on which it failed, None if never.
        message: in words, for the last day.
    """

    p_values: Floats
    status: Status
    first_failed: int | None
    message: str

    @property
    def p_value(self) -> float:
        """Of the last day."""
        return float(self.p_values[-1])


def sequential_ratio(
    counts: Mapping[str, Sequence[int]],
    expected: Mapping[str, float] | None = None,
    *,
    failed_below: float = FAILED_BELOW,
    counted: str = "units",
) -> SequentialRatio:
    """Test the number of units per arm against the planned split, at every day at once.

    Args:
        counts: units first seen by arm and day (not cumulative), the same days for all arms.
        expected: planned share or weight of each arm; equal when None.
        failed_below: error rate over all looks at which the result is *failed*.
        counted: what was dealt, for the message.

    Raises:
        NotEnoughData: fewer than two arms, or no units.
        UsageError: the plan does not name the same arms, a weight is not positive, the days differ between arms,
            a count is negative or no number.

    >>> found = sequential_ratio({"a": [1_000] * 14, "b": [900] * 14})
    >>> found.status, found.first_failed
    ('failed', 3)
    """
    if len(counts) < 2:  # noqa: PLR2004 - a ratio needs two arms
        raise NotEnoughData(f"only one arm has units: {', '.join(counts) or 'none'}", expected="at least two arms")
    if len({len(days) for days in counts.values()}) != 1:
        raise UsageError("the arms have different numbers of days", expected="one count per arm and day")
    shares = planned_shares(counts, expected)
    table = as_counts(list(counts.values())).T
    if table.sum() < 1:
        raise NotEnoughData("no units in any arm", expected="at least one unit")
    evidence = log_evidence(np.cumsum(table, axis=0), list(shares.values()))
    p_values = np.maximum(np.exp(-np.maximum.accumulate(np.maximum(evidence, 0.0))), SMALLEST_P)
    last = float(p_values[-1])
    status: Status = "failed" if last < failed_below else "warning" if last < WARNING_BELOW else "ok"
    failed = np.flatnonzero(p_values < failed_below)
    totals = {arm: int(sum(days)) for arm, days in counts.items()}
    first = int(failed[0]) if len(failed) else None
    return SequentialRatio(p_values, status, first, message_of(totals, shares, last, status, counted))


def log_evidence(totals: ArrayLike, shares: ArrayLike) -> Floats:
    """Logarithm of the e-process at cumulative counts `(..., arms)` against planned shares `(arms,)`; `(...)`.

    The average over `CONCENTRATIONS` of Dirichlet-multinomial likelihoods, divided by the multinomial one.
    """
    from scipy.special import gammaln, logsumexp, xlogy

    seen, plan = np.asarray(totals, dtype=np.float64), np.asarray(shares, dtype=np.float64)
    units = seen.sum(axis=-1)
    parts = []
    for concentration in CONCENTRATIONS:
        prior = concentration * plan
        arms = (gammaln(prior + seen) - gammaln(prior)).sum(axis=-1)
        parts.append(arms - gammaln(concentration + units) + gammaln(concentration))
    mixed = logsumexp(np.stack(parts, axis=-1), axis=-1) - np.log(len(CONCENTRATIONS))
    return np.asarray(mixed - xlogy(seen, plan).sum(axis=-1))
