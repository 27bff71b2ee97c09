"""The answer of the query for use, as counts that can be read per feature and segment."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.warehouse.cadence import WINDOWS
from vitalfew.warehouse.judge_use import UseCount

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Counts = NDArray[np.int64]


class UseCounts:
    """Eligible units and users by feature, window and pattern of segments."""

    def __init__(self, segments: tuple[str, ...], patterns: NDArray[np.bool_], eligible: Counts, used: Counts) -> None:
        self.segments = segments
        self._patterns, self._eligible, self._used = patterns, eligible, used
        self.known = 0
        self.strangers = 0

    @classmethod
    def of(cls, rows: Sequence[Mapping[str, Any]], segments: tuple[str, ...], features: int) -> UseCounts:
        """Read the rows that `use_query` answers with."""
        flags = [f"s{number}" for number in range(len(segments))]
        at: dict[tuple[int, ...], int] = {}
        for row in rows:
            if row["known"]:
                at.setdefault(tuple(row[flag] or 0 for flag in flags), len(at))
        eligible = np.zeros((len(at), len(WINDOWS), 2), dtype=np.int64)
        used = np.zeros((features, len(at), len(WINDOWS), 3), dtype=np.int64)
        patterns = np.array(list(at), dtype=bool).reshape(len(at), len(flags))
        counts = cls(segments, patterns, eligible, used)
        for row in rows:
            counts._take(row, at, flags)
        return counts

    def _take(self, row: Mapping[str, Any], at: Mapping[tuple[int, ...], int], flags: Sequence[str]) -> None:
        if not row["known"]:
            self.strangers += int(row[f"now_{WINDOWS[-1]}"])
            return
        pattern = at[tuple(row[flag] or 0 for flag in flags)]
        for number, window in enumerate(WINDOWS):
            now, before, uses = (int(row[f"{name}_{window}"] or 0) for name in ("now", "before", "uses"))
            if row["feature"] < 0:
                self._eligible[pattern, number] = now, before
            else:
                self._used[row["feature"], pattern, number] = now, before, uses
        if row["feature"] >= 0:
            self.known += int(row[f"now_{WINDOWS[-1]}"])

    def cell(self, feature: int, eligible: str, segment: str | None) -> dict[int, UseCount]:
        """Counts by window among the eligible of a feature, within a segment."""
        chosen = np.ones(len(self._patterns), dtype=bool)
        for name in (eligible, segment):
            if name is not None and name != "all":
                chosen &= self._patterns[:, self.segments.index(name)]
        have, use = self._eligible[chosen].sum(axis=0), self._used[feature][chosen].sum(axis=0)
        return {
            window: UseCount(
                eligible=int(have[at, 0]),
                users=int(use[at, 0]),
                uses=int(use[at, 2]),
                eligible_before=int(have[at, 1]),
                users_before=int(use[at, 1]),
            )
            for at, window in enumerate(WINDOWS)
        }
