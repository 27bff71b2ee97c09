"""How long the use of a feature grew after it shipped: what lines without a ramp of their own are expected to do."""

from __future__ import annotations

from collections import defaultdict
from datetime import UTC, datetime, time
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import numpy as np
from sqlglot import exp

from vitalfew.warehouse.cadence import MAIN_WINDOW
from vitalfew.warehouse.compile import number, present

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import date

    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.judge_use import History
    from vitalfew.warehouse.use_query import Events
    from vitalfew.workspace.definitions import Feature

SHORTEST, LONGEST = 8, 26
"""Full weeks since a feature shipped that must be known, and how many of them are looked at."""
FEWEST_USERS = 20
"""Users in a mean week, below which a curve is noise."""
_STEPS = 2
"""Ramps are told in halves of a week."""
_QUARTER = 90
"""Days."""
_WEEK = 7 * 86_400_000_000
"""Microseconds."""


def adoption(
    engine: Engine,
    events: Events,
    features: Mapping[str, Feature],
    history: History,
    *,
    end: int,
    zone: str,
) -> dict[str, float]:
    """Weeks over which the use of features grew once they had shipped, by key; without those it cannot be told of.

    Told of features that shipped after the first day of the data, at least eight weeks before the last, and that are
    meant to be used at least every quarter: a yearly one has no week that is like another.

    Args:
        engine: where the tables lie.
        events: the events.
        features: those that are measured.
        history: the days that the data cover.
        end: the last moment that counts, in microseconds.
        zone: the time zone in which days begin.
    """
    started = {
        key: _midnight(feature.shipped, zone)
        for key, feature in features.items()
        if feature.shipped is not None and feature.shipped > history.first and MAIN_WINDOW[feature.cadence] <= _QUARTER
    }
    weeks = {key: min((end - start) // _WEEK, LONGEST) for key, start in started.items()}
    known = [key for key in started if weeks[key] >= SHORTEST]
    if not known:
        return {}
    names = [
        (name, at, started[key], started[key] + weeks[key] * _WEEK)
        for at, key in enumerate(known)
        for name in dict.fromkeys(features[key].events)
    ]
    users: dict[int, dict[int, int]] = defaultdict(dict)
    for row in engine.query(_query(events, names)).to_pylist():
        users[row["feature"]][row["week"]] = row["users"]
    curves = {key: [users[at].get(week, 0) for week in range(weeks[key])] for at, key in enumerate(known)}
    return {key: weeks_to_level(curve) for key, curve in curves.items() if np.mean(curve) >= FEWEST_USERS}


def weeks_to_level(users: Sequence[float]) -> float:
    """Weeks over which use grew in a straight line before it stayed: the ramp with least squares.

    At most half of the weeks looked at: what has not levelled off by then took that long at least.

    Args:
        users: by week, from the day it shipped.

    >>> weeks_to_level([5, 15, 25, 35, 40, 40, 40, 40, 40, 40, 40, 40])
    4.0
    >>> weeks_to_level([90, 60, 50, 50, 50, 50, 50, 50])
    0.0
    """
    counted, at = np.asarray(users, dtype=np.float64), np.arange(len(users)) + 0.5
    ramps = np.arange(_STEPS * len(users) // 2 + 1) / _STEPS
    shapes = np.minimum(1.0, at / np.maximum(ramps, at[0])[:, None])
    level = shapes @ counted / (shapes**2).sum(axis=1)
    lost = ((counted - level[:, None] * shapes) ** 2).sum(axis=1)
    return float(ramps[lost.argmin()])


def _query(events: Events, names: Sequence[tuple[str, int, int, int]]) -> exp.Select:
    """Users by feature and week since it shipped."""
    at, start = events.at(), exp.column("start", "n")
    since = exp.cast(exp.Sub(this=at.copy(), expression=start.copy()), "DOUBLE")
    week = exp.cast(exp.Floor(this=exp.Div(this=since, expression=number(_WEEK))), "BIGINT")
    users = exp.Count(this=exp.Distinct(expressions=[events.scope.column(events.unit)]))
    return (
        exp.select(exp.column("feature", "n"), exp.alias_(week, "week"), exp.alias_(users, "users"))
        .from_(events.scope.source())
        .join(
            exp.values(list(names), alias="n", columns=("event", "feature", "start", "stop")),
            on=events.scope.text(events.event).eq(exp.column("event", "n")),
        )
        .where(
            present(events.scope.column(events.unit)),
            exp.GTE(this=at.copy(), expression=start.copy()),
            exp.LT(this=at.copy(), expression=exp.column("stop", "n")),
        )
        .group_by("1", "2")
    )


def _midnight(day: date, zone: str) -> int:
    """The moment a day begins, in microseconds since 1970 in UTC."""
    at = datetime.combine(day, time(), ZoneInfo(zone)) - datetime(1970, 1, 1, tzinfo=UTC)
    return round(at.total_seconds()) * 1_000_000
