"""Effects as shares."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.rows import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.results.rows import Interval


def relative_to(level: float, estimate: float, intervals: Iterable[Interval]) -> Estimate | None:
    """An effect as a share of what was foretold without it; None where that is not above 0.

    The level is taken as known: how far it strays is part of the effect's interval already.
    """
    if level <= 0:
        return None
    wide = next((one for one in intervals if one.confidence == 0.95), None)  # noqa: PLR2004 - the one that rows show
    ends = (None, None) if wide is None else (wide.low / level, wide.high / level)
    return Estimate(estimate / level, *ends)
