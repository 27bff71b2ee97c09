"""Do the arms have the sizes that were planned, and do they miss values alike?"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats.arrays import SMALLEST_P
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Status = Literal["ok", "warning", "failed"]

WARNING_BELOW = 0.01
FAILED_BELOW = 0.0005
CAUSES = (
    "likely causes: users lost or redirected in one arm, an exposure logged only in one arm, "
    "a filter or bot rule that the change itself affects, a ramp or restart in between"
)
_SMALL = 1_000  # units up to which a test of two arms is exact; beyond, chi-square agrees to within a thousandth
_TIES = 1 + 1e-7  # probabilities this close count as equal, whatever their rounding


@dataclass(frozen=True, slots=True)
class SampleRatio:
    """Whether the arms have the planned sizes. `p_value` of sizes at least this uneven under the plan; never 0."""

    p_value: float
    status: Status
    message: str


def sample_ratio(
    counts: Mapping[str, int], expected: Mapping[str, float] | None = None, *, counted: str = "units"
) -> SampleRatio:
    """Test the number of units per arm against the planned split.

    Chi-square; an exact binomial test for two arms of at most 1,000 units together. Status: *warning* below p .01,
    *failed* below p .0005 (Fabijan et al. 2019, KDD, list the causes).

    Args:
        counts: units per arm, arms without units included.
        expected: planned share or weight of each arm, in any scale; equal when None.
        counted: what was dealt, for the message.

    Raises:
        NotEnoughData: fewer than two arms, or no units.
        UsageError: the plan does not name the same arms, a weight is not positive, or a count cannot be one.

    >>> from vitalfew.stats import sample_ratio
    >>> found = sample_ratio({"gate_30": 44_700, "gate_40": 45_489})
    >>> round(found.p_value, 4), found.status
    (0.0086, 'warning')
    """
    if len(counts) < 2:  # noqa: PLR2004 - a ratio needs two arms
        raise NotEnoughData(f"only one arm has units: {', '.join(counts) or 'none'}", expected="at least two arms")
    shares = planned_shares(counts, expected)
    observed = as_counts(list(counts.values()))
    if observed.sum() < 1:
        raise NotEnoughData("no units in any arm", expected="at least one unit")
    p_value = _p_of_sizes(observed, np.array([shares[arm] for arm in counts]))
    status = status_of(p_value)
    return SampleRatio(p_value, status, message_of(counts, shares, p_value, status, counted))


def missing_share_p(missing: Sequence[int], units: Sequence[int]) -> float:
    """P-value that the share of units with a missing value is the same in all arms: chi-square of the 2 x k table.

    Args:
        missing: units without a value, per arm, `(k,)`.
        units: all units, per arm, `(k,)`.

    Raises:
        UsageError: the counts are none, or do not fit each other.

    >>> round(missing_share_p([30, 60], [1000, 1000]), 4)
    0.0012
    """
    gone, every = as_counts(missing), as_counts(units)
    if gone.shape != every.shape or (gone > every).any():
        raise UsageError("more units without a value than units", expected="for every arm both counts")
    gone, every = gone[every > 0], every[every > 0]
    share = gone.sum() / every.sum() if every.sum() else 0.0
    if len(every) < 2 or share in (0.0, 1.0):  # noqa: PLR2004 - a comparison needs two arms
        return 1.0
    return _chi_square_tail(
        float((((gone - every * share) ** 2) / (every * share * (1 - share))).sum()), len(every) - 1
    )


def as_counts(counts: Sequence[float] | Sequence[Sequence[float]]) -> NDArray[np.float64]:
    """Counts as an array.

    Raises:
        UsageError: one of them is negative or no number.
    """
    found = np.asarray(counts, dtype=np.float64)
    if not np.all((found >= 0) & np.isfinite(found)):
        raise UsageError("a number of units is negative or no number", expected="counts of 0 or more")
    return found


def status_of(p_value: float) -> Status:
    """Words for the p-value of a trust test."""
    if p_value < FAILED_BELOW:
        return "failed"
    return "warning" if p_value < WARNING_BELOW else "ok"


def planned_shares(counts: Mapping[str, object], expected: Mapping[str, float] | None) -> dict[str, float]:
    """Planned share of each arm of `counts`, in its order; equal when nothing is expected.

    Raises:
        UsageError: the plan does not name the same arms, or a weight is not positive.
    """
    plan = dict.fromkeys(counts, 1.0) if expected is None else dict(expected)
    if set(plan) != set(counts):
        raise UsageError(
            f"the planned split names the arms {', '.join(sorted(plan))}",
            expected=f"the arms of the data: {', '.join(sorted(counts))}",
        )
    wrong = [arm for arm, weight in plan.items() if not (weight > 0 and math.isfinite(weight))]
    if wrong:
        raise UsageError(f"the planned share of '{wrong[0]}' is {plan[wrong[0]]:g}", expected="a number above zero")
    most = max(plan.values())  # weights near the largest float are not added before they are divided
    total = sum(weight / most for weight in plan.values())
    return {arm: plan[arm] / most / total for arm in counts}


def _p_of_sizes(observed: NDArray[np.float64], shares: NDArray[np.float64]) -> float:
    total = float(observed.sum())
    if len(observed) == 2 and total <= _SMALL:  # noqa: PLR2004 - the binomial is about two arms
        return _exact_two_sided(int(observed[0]), int(total), float(shares[0]))
    expected = total * shares
    return _chi_square_tail(float(((observed - expected) ** 2 / expected).sum()), len(observed) - 1)


def _exact_two_sided(successes: int, n: int, share: float) -> float:
    """Sum of the probabilities of all outcomes no likelier than the one seen."""
    from scipy.special import gammaln, xlog1py, xlogy

    k = np.arange(n + 1, dtype=np.float64)
    log_p = gammaln(n + 1) - gammaln(k + 1) - gammaln(n - k + 1) + xlogy(k, share) + xlog1py(n - k, -share)
    likelihood = np.exp(log_p)
    return min(1.0, max(float(likelihood[likelihood <= likelihood[successes] * _TIES].sum()), SMALLEST_P))


def _chi_square_tail(statistic: float, df: int) -> float:
    from scipy.special import chdtrc

    return max(float(chdtrc(df, statistic)), SMALLEST_P)


def message_of(
    counts: Mapping[str, int], shares: Mapping[str, float], p_value: float, status: Status, counted: str
) -> str:
    """What a test of sizes found, for a reader: sizes, plan, p-value and, when they differ, the likely causes."""
    total = sum(counts.values())
    seen = ", ".join(f"{arm} {percent(counts[arm] / total, 2)}" for arm in counts)
    planned = ", ".join(f"{arm} {percent(share, 2)}" for arm, share in shares.items())
    sizes = f"{total:,} {counted} split {seen}; planned {planned} (p {_short(p_value)})"
    if status == "ok":
        return f"The arms have the planned sizes: {sizes}."
    lead = "The arms do not have the planned sizes" if status == "failed" else "The arms may not have the planned sizes"
    return f"{lead}: {sizes}. {CAUSES[0].upper()}{CAUSES[1:]}."


def _short(p_value: float) -> str:
    return "< 0.0001" if p_value < 0.0001 else f"{p_value:.4f}"  # noqa: PLR2004 - four decimals are shown
