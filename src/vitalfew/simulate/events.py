"""Events of all users over 78 weeks, changed for treated users while a trial watches them.

Each kind of event is drawn at its base rate for everybody; inside the watched window of a treated user events are
then thinned (fewer) or added (more), which leaves a Poisson process with exactly the changed rate.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.simulate.clock import DAY, TOTAL, WEEK, next_with_phase, phases
from vitalfew.simulate.outcomes import EVENT_RATES, OUTCOMES, OVERTIME_HOURS, SEAT_SHARES, SEATS
from vitalfew.simulate.plan import LANE_STARTS, SEGMENTS, SLOT_WEEKS, SLOTS, WATCH_WEEKS
from vitalfew.simulate.trials import timestamps

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from vitalfew.simulate.plan import FeatureUse
    from vitalfew.simulate.trials import Field
    from vitalfew.simulate.users import Users

_MINUTES_SHAPE = 12.0
_WATCHED = WATCH_WEEKS * WEEK
_OF_EVENT = {outcome.event: outcome for outcome in OUTCOMES.values()}


@dataclass(frozen=True, slots=True, eq=False)
class Events:
    """Events of one kind: positions of users, seconds after START, and values (None: the event has none); `(n,)`."""

    user: NDArray[np.int64]
    at: NDArray[np.int64]
    value: NDArray[np.float64] | None = None


def draw_events(seeds: np.random.SeedSequence, users: Users, field: Field, features: Sequence[FeatureUse]) -> pa.Table:
    """All events in order of time: user, at, event, value. Each kind has a stream of random numbers of its own."""
    kinds: dict[str, Events] = {}
    streams = seeds.spawn(len(EVENT_RATES) + len(features))
    for event, stream in zip(EVENT_RATES, streams, strict=False):
        kinds[event] = _outcome_events(np.random.default_rng(stream), event, users, field)
    for feature, stream in zip(features, streams[len(EVENT_RATES) :], strict=True):
        if feature.use != "not_measured":
            kinds[f"used_{feature.key}"] = _feature_events(np.random.default_rng(stream), feature, users)
    return _table(kinds)


def _outcome_events(rng: np.random.Generator, event: str, users: Users, field: Field) -> Events:
    outcome = _OF_EVENT[event]
    rate = users.rate[event]
    user, at = _draw(rng, rate, users.signed_up)
    about_values = outcome.how in ("mean_value", "share_value")
    if not about_values:
        user, at = _thin(rng, user, at, _changes(field, users, outcome.metric, user, at))
        more_user, more_at = _more(rng, rate, users, field, outcome.metric)
        user, at = np.concatenate([user, more_user]), np.concatenate([at, more_at])
    change = _changes(field, users, outcome.metric, user, at) if about_values else None
    return Events(user, at, _values(rng, event, users, user, change))


def _draw(
    rng: np.random.Generator, rate: NDArray[np.float64], begin: NDArray[np.int64], end: int = TOTAL
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """A Poisson process with weekly rhythm per user from `begin` to `end`; whole weeks are drawn and the ends cut."""
    first = np.maximum(begin, 0) // WEEK
    weeks = np.maximum(-(-end // WEEK) - first, 0)
    user = np.repeat(np.arange(len(rate)), rng.poisson(rate * weeks))
    week = first[user] + (rng.random(len(user)) * weeks[user]).astype(np.int64)
    at = week * WEEK + phases(rng, len(user))
    inside = (at >= begin[user]) & (at < end)
    return user[inside], at[inside]


def _changes(
    field: Field, users: Users, metric: str, user: NDArray[np.int64], at: NDArray[np.int64]
) -> NDArray[np.float64]:
    """Change that treatment makes at each event; 0 outside watched windows and in control."""
    lane = users.lane[user]
    slot = (at // WEEK - np.array(LANE_STARTS)[lane]) // SLOT_WEEKS
    inside = (slot >= 0) & (slot < SLOTS)
    slot = np.where(inside, slot, 0)
    since = at - field.exposed_at[user, slot]
    watched = inside & field.treated[user, slot] & (since >= 0) & (since < _WATCHED)
    return np.where(watched, field.change[metric][lane, slot, users.segment[user]], 0.0)


def _thin(
    rng: np.random.Generator, user: NDArray[np.int64], at: NDArray[np.int64], change: NDArray[np.float64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    fewer = np.flatnonzero(change < 0)
    keep = np.ones(len(user), dtype=bool)
    keep[fewer] = rng.random(len(fewer)) < 1.0 + change[fewer]
    return user[keep], at[keep]


def _more(
    rng: np.random.Generator, rate: NDArray[np.float64], users: Users, field: Field, metric: str
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Extra events of treated users whose rate rises, anywhere in their watched windows."""
    user, slot = np.nonzero(field.treated)
    change = field.change[metric][users.lane[user], slot, users.segment[user]]
    rises = change > 0
    user, slot, change = user[rises], slot[rises], change[rises]
    count = rng.poisson(rate[user] * WATCH_WEEKS * change)
    begin = np.repeat(field.exposed_at[user, slot], count)
    week = rng.integers(0, WATCH_WEEKS, len(begin))
    return np.repeat(user, count), next_with_phase(begin, phases(rng, len(begin))) + week * WEEK


def _values(
    rng: np.random.Generator,
    event: str,
    users: Users,
    user: NDArray[np.int64],
    change: NDArray[np.float64] | None,
) -> NDArray[np.float64] | None:
    n = len(user)
    if event == "day_planned" and change is not None:
        scale = users.minutes[user] * (1 + change) / _MINUTES_SHAPE
        return np.asarray(rng.standard_gamma(_MINUTES_SHAPE, n) * scale)
    if event == "visit_done" and change is not None:
        return (rng.random(n) < users.fixed[user] + change).astype(np.float64)
    if event == "seats_added":
        return rng.choice(np.array(SEATS, dtype=np.float64), n, p=SEAT_SHARES)
    if event == "overtime_logged":
        return np.asarray(rng.gamma(2.0, OVERTIME_HOURS / 2, n))
    return None


def _feature_events(rng: np.random.Generator, feature: FeatureUse, users: Users) -> Events:
    eligible = np.ones(users.count, dtype=bool)
    if feature.segment is not None:
        eligible = users.segment == SEGMENTS.index(feature.segment)
    rate = np.where(eligible & (rng.random(users.count) < feature.share), feature.per_week, 0.0)
    begin = np.maximum(users.signed_up, feature.since * DAY)
    end = TOTAL if feature.until is None else feature.until * DAY
    return Events(*_draw(rng, rate * rng.gamma(4.0, 1 / 4, users.count), begin, end))


def _table(kinds: Mapping[str, Events]) -> pa.Table:
    import pyarrow as pa

    at = np.concatenate([events.at for events in kinds.values()])
    order = np.argsort(at, kind="stable")
    kind = np.repeat(np.arange(len(kinds), dtype=np.int8), [len(events.at) for events in kinds.values()])
    user = np.concatenate([events.user.astype(np.int32) for events in kinds.values()])
    value = np.concatenate(
        [np.full(len(events.at), np.nan) if events.value is None else events.value for events in kinds.values()]
    )
    return pa.table(
        {
            "user": pa.array(user[order]),
            "at": timestamps(at[order]),
            "event": pa.DictionaryArray.from_arrays(pa.array(kind[order]), pa.array(list(kinds))),
            "value": pa.array(np.round(value[order], 3), from_pandas=True),
        }
    )
