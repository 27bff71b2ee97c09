"""Places and chances as they may be shown where a sealed forecast is among what they rest on.

A forecast that is not to be known yet moves every chance of its line, and of all lines that are ranked with it: with
enough digits, and a few lines beside it whose values are known, it could be reckoned back. So whole places are told,
and chances in steps, and the line is compared with no other one to one.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.results.rows import Estimate

if TYPE_CHECKING:
    from collections.abc import Collection

    from vitalfew.results.rows import RankRow

STEPS = 20
_NOTHING = 1e-9


def coarse(chance: float) -> float:
    """A chance in steps of a twentieth, towards one half: no step hides that something is possible, or not certain.

    >>> coarse(0.0), coarse(0.004), coarse(0.1), coarse(0.104), coarse(0.896), coarse(0.997), coarse(1.0)
    (0.0, 0.05, 0.1, 0.15, 0.85, 0.95, 1.0)
    """
    steps = chance * STEPS
    return (math.ceil(steps - _NOTHING) if chance < 1 / 2 else math.floor(steps + _NOTHING)) / STEPS


def coarse_place(rank: Estimate, line: str, sealed: Collection[str]) -> Estimate:
    """A mean rank as it may be told beside sealed lines: a whole place, of a sealed one without interval."""
    if not sealed:
        return rank
    ends = (None, None) if line in sealed else (rank.low, rank.high)
    return Estimate(float(round(rank.estimate)), *ends)


def coarse_row(row: RankRow, sealed: Collection[str]) -> RankRow:
    """Where a candidate stands, as far as it may be told beside sealed ones; of a sealed one its whole place.

    Args:
        row: as it was reckoned.
        sealed: lines that rest on a forecast which is not to be known yet; nothing changes without any.
    """
    if not sealed:
        return row
    rank = coarse_place(row.rank, row.line, sealed)
    if row.line in sealed:
        return replace(row, rank=rank, acceptability=(), p_top={}, wins={}, central={}, confidence=None)
    return replace(
        row,
        rank=rank,
        acceptability=tuple(coarse(chance) for chance in row.acceptability),
        p_top={most: coarse(chance) for most, chance in row.p_top.items()},
        wins={line: chance for line, chance in row.wins.items() if line not in sealed},
        central={factor: coarse(share) for factor, share in row.central.items()},
        confidence=None if row.confidence is None else coarse(row.confidence),
    )
