"""The metrics of the simulated companies computed directly from the raw files in numpy, for comparison."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.parquet as pq

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

DAY = 86_400_000_000

METRICS = {
    "planning_minutes": ("day_planned", 0, 28, "ratio"),
    "app_errors": ("app_error", 0, 28, "count"),
    "planning_clicks": ("planning_click", 0, 28, "capped"),
    "first_time_fix": ("visit_done", 0, 28, "ratio"),
    "jobs_completed": ("job_completed", 0, 28, "count"),
    "invoiced": ("invoice_sent", 0, 14, "any"),
    "support_contacts": ("support_contact", 0, 28, "count"),
    "overtime_hours": ("overtime_logged", 0, 28, "sum"),
    "seats_added": ("seats_added", 0, 28, "sum"),
    "retention_28": ("app_opened", 21, 7, "any"),
}


@dataclass(frozen=True)
class Difference:
    """Treatment minus control with its standard error."""

    experiment: str
    metric: str
    segment: str | None
    estimate: float
    se: float
    units: int


class RawData:
    """The three files of a simulated company in memory."""

    def __init__(self, folder: Path) -> None:
        users = pq.read_table(folder / "data" / "users.parquet")
        events = pq.read_table(folder / "data" / "events.parquet")
        self.exposures = pq.read_table(folder / "data" / "exposures.parquet")
        self.segment = users["segment"].to_numpy()
        self.count = users.num_rows
        name = events["event"].to_numpy()
        kinds = events["event"].combine_chunks()
        codes = kinds.indices.to_numpy() if hasattr(kinds, "indices") else name
        names = kinds.dictionary.to_pylist() if hasattr(kinds, "dictionary") else sorted(set(name))
        at = events["at"].to_numpy().astype("datetime64[us]").astype(np.int64)
        user, value = events["user"].to_numpy(), events["value"].to_numpy()
        self.events: dict[str, tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]] = {}
        for code, event in enumerate(names):
            rows = np.flatnonzero(codes == (code if codes is not name else event))
            self.events[event] = (user[rows], at[rows], value[rows])

    def arms(self, experiment: str) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_]]:
        """Users of an experiment, their first exposure, and whether they are treated."""
        rows = np.flatnonzero(self.exposures["experiment"].to_numpy() == experiment)
        user = self.exposures["user"].to_numpy()[rows]
        at = self.exposures["at"].to_numpy()[rows].astype("datetime64[us]").astype(np.int64)
        treated = self.exposures["variant"].to_numpy()[rows] == "treatment"
        _, first = np.unique(user, return_index=True)  # rows are in order of time
        return user[first], at[first], treated[first]

    def differences(self, experiment: str, metrics: tuple[str, ...], *, by_segment: bool = False) -> list[Difference]:
        """Differences of an experiment over all users, and by segment when asked for."""
        user, exposed, treated = self.arms(experiment)
        groups: list[tuple[str | None, NDArray[np.bool_]]] = [(None, np.ones(len(user), dtype=bool))]
        if by_segment:
            segments = [(name, self.segment[user] == name) for name in ("solo", "mid", "enterprise")]
            groups += [(name, members) for name, members in segments if members.any()]
        found = []
        for metric in metrics:
            top, bottom = self._per_user(metric, user, exposed)
            for name, members in groups:
                arms = [(top[members & arm], bottom[members & arm]) for arm in (treated, ~treated)]
                (high, high_se), (low, low_se) = (_mean(*arm) for arm in arms)
                se = float(np.hypot(high_se, low_se))
                found.append(Difference(experiment, metric, name, high - low, se, int(members.sum())))
        return found

    def _per_user(
        self, metric: str, user: NDArray[np.int64], exposed: NDArray[np.int64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        event, delay, length, how = METRICS[metric]
        who, at, value = self.events[event]
        since = np.full(self.count, np.iinfo(np.int64).max)
        since[user] = exposed
        day = (at - since[who]) // DAY
        inside = (since[who] < np.iinfo(np.int64).max) & (day >= delay) & (day < delay + length)
        count = np.bincount(who[inside], minlength=self.count)[user].astype(float)
        if how in ("ratio", "sum"):
            total = np.bincount(who[inside], weights=value[inside], minlength=self.count)[user]
            return total, count if how == "ratio" else np.ones(len(user))
        top = {"count": count, "capped": np.minimum(count, 20), "any": (count > 0).astype(float)}[how]
        return top, np.ones(len(user))


def _mean(top: NDArray[np.float64], bottom: NDArray[np.float64]) -> tuple[float, float]:
    ratio = top.sum() / bottom.sum()
    influence = (top - ratio * bottom) / bottom.mean()
    return float(ratio), float(influence.std(ddof=1) / np.sqrt(len(top)))
