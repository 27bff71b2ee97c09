"""From counted uses to rows: reach with its interval, frequency, trend, and what may be said about hardly used."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.results.measured_rows import HARDLY_USED
from vitalfew.results.rows import Estimate, UseRow
from vitalfew.stats import wilson
from vitalfew.stats.percent import percent
from vitalfew.warehouse.cadence import MAIN_WINDOW

if TYPE_CHECKING:
    from datetime import date

    from vitalfew.workspace.definitions import Feature


@dataclass(frozen=True, slots=True)
class History:
    """The days that events of a source cover, both ends included."""

    first: date
    last: date

    @property
    def days(self) -> int:
        """Number of days covered."""
        return (self.last - self.first).days + 1

    def since(self, shipped: date | None) -> int | None:
        """Days on which a feature shipped on that day could be used; None when nobody says when it shipped."""
        return None if shipped is None else (self.last - shipped).days + 1


@dataclass(frozen=True, slots=True)
class UseCount:
    """Use of one feature by one group of eligible units in one window and in the window before it."""

    eligible: int
    users: int
    uses: int
    eligible_before: int
    users_before: int


def use_row(key: str, feature: Feature, window: int, count: UseCount, history: History, segment: str | None) -> UseRow:
    """Turn the counts of one feature, window and segment into a row.

    Args:
        key: key of the feature.
        feature: its definition; cadence and shipping date decide what may be said.
        window: days back from the end of the data.
        count: eligible units, users and uses in that window and the one before.
        history: the days the data cover.
        segment: key of the segment; None stands for all the eligible.
    """
    covered = max(min(window, history.days, history.since(feature.shipped) or window), 1)
    reach = _reach(count)
    main = window == MAIN_WINDOW[feature.cadence]
    trend, no_trend = _trend(count, window, feature, history)
    judged = main and segment is None
    hardly, why = _hardly_used(reach, window, feature, history) if judged else (None, None)
    return UseRow(
        feature=key,
        measured=True,
        window_days=window,
        main=main,
        eligible=count.eligible,
        users=count.users,
        reach=reach,
        frequency=count.uses / count.users * 30 / covered if count.users else None,
        trend=trend,
        hardly_used=hardly,
        segment=segment,
        reason="; ".join(part for part in (_nobody(count), why, no_trend) if part) or None,
    )


def not_measured(key: str, feature: Feature, reason: str) -> UseRow:
    """A row that says why nothing is known about the use of a feature, which is not the same as no use."""
    return UseRow(key, measured=False, window_days=MAIN_WINDOW[feature.cadence], main=True, reason=reason)


def _reach(count: UseCount) -> Estimate | None:
    if not count.eligible:
        return None
    return Estimate(count.users / count.eligible, *wilson(count.users, count.eligible))


def _nobody(count: UseCount) -> str | None:
    return None if count.eligible else "nobody is eligible"


def _hardly_used(
    reach: Estimate | None, window: int, feature: Feature, history: History
) -> tuple[bool | None, str | None]:
    """Judge by the point estimate; days that are missing can only add users, so enough reach is always an answer.

    With at least half of the window covered and use going on as it did, reach grows at most in proportion to the
    days; when even that stays below the limit, the answer does not have to wait.
    """
    if reach is None:
        return None, None
    if reach.estimate >= HARDLY_USED:
        return False, None
    since = history.since(feature.shipped)
    if since is not None and since < window:
        return None, f"shipped {since} {_days(since)} ago; its use is judged after {window} days"
    if history.days >= window:
        return True, None
    short = f"the data cover {history.days} of {window} days"
    if 2 * history.days >= window and reach.estimate * window / history.days < HARDLY_USED:
        return True, f"{short}; at this pace reach stays below {percent(HARDLY_USED)}"
    return None, f"{short}, too few to call it hardly used"


def _trend(count: UseCount, window: int, feature: Feature, history: History) -> tuple[float | None, str | None]:
    since = history.since(feature.shipped)
    if history.days < 2 * window:
        return None, f"no trend: the data cover {history.days} of the {2 * window} days it needs"
    if since is not None and since < 2 * window:
        return None, f"no trend: shipped {since} {_days(since)} ago, it needs {2 * window}"
    if not count.eligible or not count.eligible_before:
        return None, "no trend: nobody was eligible before"
    return count.users / count.eligible - count.users_before / count.eligible_before, None


def _days(number: int) -> str:
    return "day" if number == 1 else "days"
