"""Randomised trials: who is exposed when, what treatment changes in whom, and the exact effect that follows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.simulate.clock import NEVER, WEEK, phases
from vitalfew.simulate.outcomes import OUTCOMES, change_for, expected
from vitalfew.simulate.plan import LANE_STARTS, SEGMENTS, SLOTS, WATCH_WEEKS
from vitalfew.simulate.truth import PlantedEffect

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import pyarrow as pa
    from numpy.typing import NDArray

    from vitalfew.simulate.plan import Company, InfluenceLink, Trial
    from vitalfew.simulate.users import Users

_SEEN_AGAIN = 0.2
_LOST_WHEN_IDLE = 0.75


@dataclass(frozen=True, slots=True, eq=False)
class Assignment:
    """One trial carried out: positions of the exposed users, when, and who is treated; `(n,)` each."""

    trial: Trial
    user: NDArray[np.int64]
    at: NDArray[np.int64]
    treated: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Field:
    """All trials together, as look-up tables for the generator of events.

    Attributes:
        exposed_at: seconds after START at which a user is exposed in a slot of the user's lane, `(n_users, SLOTS)`.
        treated: whether that user is treated, `(n_users, SLOTS)`.
        change: by metric, the change of a treated user's process, `(lanes, SLOTS, segments)`.
    """

    assignments: tuple[Assignment, ...]
    exposed_at: NDArray[np.int64]
    treated: NDArray[np.bool_]
    change: Mapping[str, NDArray[np.float64]]
    effects: tuple[PlantedEffect, ...]

    def exposures(self, rng: np.random.Generator) -> pa.Table:
        """The table of exposures, some users seen twice: user, at, experiment, variant; in order of time."""
        import pyarrow as pa

        parts = [_rows(rng, number, assignment) for number, assignment in enumerate(self.assignments)]
        user, at, number, treated = (np.concatenate(column) for column in zip(*parts, strict=True))
        order = np.argsort(at, kind="stable")
        keys = pa.array([assignment.trial.key for assignment in self.assignments])
        return pa.table(
            {
                "user": pa.array(user[order].astype(np.int32)),
                "at": timestamps(at[order]),
                "experiment": pa.DictionaryArray.from_arrays(pa.array(number[order].astype(np.int8)), keys),
                "variant": pa.DictionaryArray.from_arrays(
                    pa.array(treated[order].astype(np.int8)), pa.array(["control", "treatment"])
                ),
            }
        )


def run_trials(rng: np.random.Generator, company: Company, users: Users) -> Field:
    """Assign and expose users, and turn the planted changes into changes of each process and exact effects."""
    exposed_at = np.full((users.count, SLOTS), NEVER)
    treated = np.zeros((users.count, SLOTS), dtype=bool)
    change = {metric: np.zeros((len(LANE_STARTS), SLOTS, len(SEGMENTS))) for metric in OUTCOMES}
    assignments, effects = [], []
    for trial in company.trials:
        assignment = _assign(rng, trial, users)
        exposed_at[assignment.user, trial.slot] = assignment.at
        treated[assignment.user, trial.slot] = assignment.treated
        for segments, at in _groups(trial, assignment.user, users):
            for metric, value in _changes(trial, company.links, users, at, SEGMENTS[segments[0]]).items():
                change[metric][trial.lane, trial.slot, segments] = value
        effects += _effects(trial, users, assignment.user, change)
        assignments.append(_lose_units(rng, assignment, users))
    return Field(tuple(assignments), exposed_at, treated, change, tuple(effects))


def timestamps(seconds: NDArray[np.int64]) -> pa.Array:
    """Seconds after START as timestamps in microseconds, UTC without a zone."""
    import pyarrow as pa

    from vitalfew.simulate.clock import START

    origin = np.datetime64(START, "s").astype(np.int64)
    return pa.array(((seconds + origin) * 1_000_000).view("datetime64[us]"))


def _assign(rng: np.random.Generator, trial: Trial, users: Users) -> Assignment:
    begin = trial.week * WEEK
    there = (users.lane == trial.lane) & (users.signed_up < begin)
    if trial.segment is not None:
        there &= users.segment == SEGMENTS.index(trial.segment)
    user = np.flatnonzero(there & (rng.random(users.count) < trial.exposed))
    return Assignment(trial, user, begin + phases(rng, len(user)), rng.random(len(user)) < trial.treated)


def _lose_units(rng: np.random.Generator, assignment: Assignment, users: Users) -> Assignment:
    """The planted fault: the exposure of treated users who rarely open the application is often not recorded."""
    if not assignment.trial.loses_units:
        return assignment
    activity = users.rate["app_opened"][assignment.user]
    idle = activity < np.median(activity)
    kept = ~(assignment.treated & idle & (rng.random(len(idle)) < _LOST_WHEN_IDLE))
    return Assignment(assignment.trial, assignment.user[kept], assignment.at[kept], assignment.treated[kept])


def _groups(trial: Trial, user: NDArray[np.int64], users: Users) -> Iterator[tuple[list[int], NDArray[np.int64]]]:
    """Segments that share one change, with their exposed users; all together unless a change differs by segment."""
    if all(isinstance(value, float) for value in trial.changes.values()):
        yield list(range(len(SEGMENTS))), user
        return
    for segment in range(len(SEGMENTS)):
        yield [segment], user[users.segment[user] == segment]


def _changes(
    trial: Trial, links: Sequence[InfluenceLink], users: Users, at: NDArray[np.int64], segment: str
) -> dict[str, float]:
    """Direct changes plus what the links carry from parents to children, as changes of each process."""
    effects: dict[str, float] = {}
    changes: dict[str, float] = {}
    for metric, outcome in OUTCOMES.items():
        planted = trial.changes.get(metric, 0.0)
        relative = planted if isinstance(planted, float) else planted.get(segment, 0.0)
        effect = relative * expected(outcome, users, at) if relative else 0.0
        effect += sum(link.slope * effects[link.parent] for link in links if link.child == metric)
        effects[metric] = effect
        if effect:
            changes[metric] = change_for(outcome, users, at, effect)
    return changes


def _effects(
    trial: Trial, users: Users, user: NDArray[np.int64], change: Mapping[str, NDArray[np.float64]]
) -> list[PlantedEffect]:
    """True effects of a trial on every metric, over all exposed users and by segment."""
    rows = []
    of = users.segment[user]
    groups = [(None, user), *((key, user[of == i]) for i, key in enumerate(SEGMENTS) if (of == i).any())]
    for name, members in groups:
        for metric in OUTCOMES:
            by_segment = change[metric][trial.lane, trial.slot]
            effect, base = _effect(metric, users, members, by_segment)
            rows.append(PlantedEffect(trial.key, metric, name, effect, base, not trial.loses_units))
    return rows


def _effect(metric: str, users: Users, at: NDArray[np.int64], by_segment: NDArray[np.float64]) -> tuple[float, float]:
    outcome = OUTCOMES[metric]
    base = expected(outcome, users, at)
    if not by_segment.any():
        return 0.0, base
    rate = users.rate[outcome.event][at]
    of = users.segment[at]
    weight = rate if outcome.how in ("mean_value", "share_value") else np.ones(len(at))
    treated = 0.0
    for segment, value in enumerate(by_segment):
        members = of == segment
        if members.any():
            share = float(weight[members].sum() / weight.sum())
            treated += share * expected(outcome, users, at[members], float(value))
    return treated - base, base


def _rows(rng: np.random.Generator, number: int, assignment: Assignment) -> tuple[NDArray[np.int64], ...]:
    again = np.flatnonzero(rng.random(len(assignment.user)) < _SEEN_AGAIN)
    later = assignment.at[again] + (rng.random(len(again)) * WATCH_WEEKS * WEEK).astype(np.int64)
    user = np.concatenate([assignment.user, assignment.user[again]])
    treated = np.concatenate([assignment.treated, assignment.treated[again]]).astype(np.int64)
    return user, np.concatenate([assignment.at, later]), np.full(len(user), number), treated
