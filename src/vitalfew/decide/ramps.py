"""How long effects take to reach their full size where nobody says: as the use of past features did."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.results.rows import UseRow
    from vitalfew.workspace.definitions import Initiative

FEWEST = 3
"""Features whose use was followed since they shipped, below which nothing is said of the next one."""


AT_ONCE = 0.5
"""Weeks below which use counts as whole from the first day."""


@dataclass(frozen=True, slots=True)
class Ramp:
    """Weeks until the use of past features stayed: the median, and between what 80 % of them lie."""

    weeks: float
    low: float
    high: float
    features: int

    @property
    def said(self) -> str:
        """Where the ramp of a line without one of its own comes from, in words."""
        if self.weeks < AT_ONCE:
            return f"its effects are taken to be whole at once, as the use of {self.features} past features was"
        told = f"its effects are taken to grow over {self.weeks:.3g} weeks, as use of {self.features} past features did"
        return f"{told} (80 % of them between {self.low:.3g} and {self.high:.3g})"


def past_ramp(use: Iterable[UseRow]) -> Ramp | None:
    """What the use of past features says; None of fewer than three."""
    weeks = [row.ramp_weeks for row in use if row.ramp_weeks is not None]
    if len(weeks) < FEWEST:
        return None
    low, middle, high = np.quantile(weeks, [0.1, 0.5, 0.9]).tolist()
    return Ramp(middle, low, high, len(weeks))


def assumed(initiative: Initiative, past: Ramp | None, uses: Mapping[str, UseRow]) -> Ramp | None:
    """The ramp that is assumed of a line: None where it has its own, or nobody has to come to it first.

    What is taken away is gone at once, and a change of a feature meets those who use it already.
    """
    used = uses.get(initiative.feature or "")
    at_once = initiative.removes is not None or (used is not None and bool(used.users))
    return None if at_once or initiative.ramp_weeks is not None else past
