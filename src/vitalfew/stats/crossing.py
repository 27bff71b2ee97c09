"""Do two experiments change each other's effect? The four cells of units that are in both."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.stats.arrays import contrast, sample

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.stats.arrays import Differences
    from vitalfew.stats.moments import Moments


def interactions(
    neither: Sequence[Moments],
    first: Sequence[Moments],
    second: Sequence[Moments],
    both: Sequence[Moments],
    numerators: Sequence[str],
    denominators: Sequence[str | None],
    confidences: Sequence[float] = (0.95,),
) -> Differences:
    """Effect of the first experiment where the second treats too, minus its effect where the second does not.

    Welch's test over four independent cells, degrees of freedom by Satterthwaite (1946, eq. 17); symmetric in the two
    experiments. One entry per comparison, `(m,)`, in the metric's unit.

    Args:
        neither: units in control of both experiments.
        first: units that only the first experiment treats.
        second: units that only the second experiment treats.
        both: units that both treat.
        numerators: column to compare.
        denominators: column to divide by, None for a mean.
        confidences: of the two-sided intervals, as shares.
    """
    cells = [sample(moments, numerators, denominators) for moments in (both, first, second, neither)]
    return contrast(cells, (1.0, -1.0, -1.0, 1.0), confidences)
