"""In which order to do the lines of a plan: by cost of delay over duration, queue by queue.

For one queue of independent jobs that order costs least delay (Smith 1956). With prerequisites the set of jobs, closed
under what they need, of the largest ratio goes first (Sidney 1975); the sets are grown greedily here, which finds the
best in most cases. Several teams are several queues, and a job waits for what it needs from another team: then single
jobs are moved as long as that costs less delay.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

_NO_TIME = 1e-9
_SEARCHED = 40
"""Jobs up to which an order with prerequisites is improved by moving single ones."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do.

    Attributes:
        key: its name.
        weeks: how long the team is busy with it; above 0.
        delay: what a week of delay costs, 0 or more.
        team: whose queue it is in.
        needs: keys of jobs that must be finished before; others are passed over.
    """

    key: str
    weeks: float
    delay: float
    team: str | None = None
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Slot:
    """When a job is done, in weeks from now; `waits` for the job of another team that ends last before it."""

    job: Job
    start: float
    end: float
    waits: str | None = None


def sequence(jobs: Sequence[Job]) -> tuple[Slot, ...]:
    """Start and end of every job, one at a time in each team.

    Jobs that need each other in a circle stand last, in the order given.

    >>> slots = sequence([Job("big", 8, 4), Job("small", 1, 1), Job("urgent", 2, 3)])
    >>> [(slot.job.key, slot.end) for slot in slots]
    [('urgent', 2.0), ('small', 3.0), ('big', 11.0)]
    """
    return tuple(sorted(_timetable(_improved(_greedy(jobs))), key=lambda slot: (slot.start, slot.end)))


def _greedy(jobs: Sequence[Job]) -> list[Job]:
    """The jobs in the order in which they begin when what is most urgent goes first."""
    left = {job.key: job for job in jobs}
    ends: dict[str, float] = {}
    free: dict[str | None, float] = {job.team: 0.0 for job in jobs}
    order = []
    while left:
        job = _next(left, ends, free)
        ends[job.key] = free[job.team] = _begin(job, ends, free) + job.weeks
        order.append(left.pop(job.key))
    return order


def _improved(order: list[Job]) -> list[Job]:
    """The order with single jobs moved to where the whole costs least delay, until no move helps."""
    keys = {job.key for job in order}
    if len(order) > _SEARCHED or not any(keys.intersection(job.needs) for job in order):
        return order
    cost = _delay(order)
    while True:
        moves = ((_delay(moved), moved) for moved in _moved(order))
        best, moved = min(moves, key=lambda each: each[0], default=(cost, order))
        if best >= cost * (1 - _NO_TIME):
            return order
        cost, order = best, moved


def _moved(order: list[Job]) -> Iterator[list[Job]]:
    """The order with each job at each other place."""
    for at, job in enumerate(order):
        rest = order[:at] + order[at + 1 :]
        yield from ([*rest[:to], job, *rest[to:]] for to in range(len(order)) if to != at)


def _delay(order: list[Job]) -> float:
    """What all delays cost in this order; infinite where a job stands before what it needs."""
    keys, ends, free = {job.key for job in order}, dict[str, float](), dict[str | None, float]()
    cost = 0.0
    for job in order:
        if any(key in keys and key not in ends for key in job.needs):
            return math.inf
        ends[job.key] = free[job.team] = _begin(job, ends, free) + job.weeks
        cost += job.delay * ends[job.key]
    return cost


def _begin(job: Job, ends: Mapping[str, float], free: Mapping[str | None, float]) -> float:
    """When a job could begin: its team is free, and what it needs is done."""
    return max([free.get(job.team, 0.0), *(ends[key] for key in job.needs if key in ends)])


def _timetable(order: Iterable[Job]) -> list[Slot]:
    ends: dict[str, float] = {}
    free: dict[str | None, float] = {}
    slots = []
    for job in order:
        asked = {key: ends[key] for key in job.needs if key in ends}
        latest = max(asked, key=lambda key: asked[key], default=None)
        ready = asked[latest] if latest else 0.0
        start = _begin(job, ends, free)
        waits = latest if ready > free.get(job.team, 0.0) + _NO_TIME else None
        ends[job.key] = free[job.team] = start + job.weeks
        slots.append(Slot(job, float(start), float(start + job.weeks), waits))
    return slots


def _next(left: Mapping[str, Job], ends: Mapping[str, float], free: Mapping[str | None, float]) -> Job:
    """The job to do next: of the largest ratio among those that could begin first, all teams taken together."""
    urgent = urgencies(left)
    able = [job for job in left.values() if not any(key in left for key in job.needs)] or list(left.values())
    first = min(_begin(job, ends, free) for job in able)
    ready = [job for job in able if _begin(job, ends, free) <= first + _NO_TIME]
    return max(ready, key=lambda job: (urgent[job.key], job.delay / job.weeks))


def urgencies(jobs: Mapping[str, Job]) -> dict[str, float]:
    """Largest cost of delay per week of work of a set that each job belongs to, by key.

    Args:
        jobs: those not done yet, by key.
    """
    whole = {key: _closure(jobs, key) for key in jobs}
    free = all(len(part) == 1 for part in whole.values())
    urgent = {key: job.delay / job.weeks for key, job in jobs.items()}
    if free:
        return urgent
    for key, part in whole.items():
        if len(part) > 1:
            members, ratio = _grown(jobs, whole, key)
            for member in members:
                urgent[member] = max(urgent[member], ratio)
    return urgent


def _closure(jobs: Mapping[str, Job], key: str) -> frozenset[str]:
    """A job with all that it needs and that is not done, directly or not."""
    found, todo = {key}, [key]
    while todo:
        for needed in jobs[todo.pop()].needs:
            if needed in jobs and needed not in found:
                found.add(needed)
                todo.append(needed)
    return frozenset(found)


def _grown(jobs: Mapping[str, Job], whole: Mapping[str, frozenset[str]], seed: str) -> tuple[frozenset[str], float]:
    """The set around a job: what shares its prerequisites joins as long as that raises the ratio."""
    members = whole[seed]
    ratio = _ratio(jobs, members)
    others = {key for key, part in whole.items() if part & members and key not in members}
    while others:
        best = max(sorted(others), key=lambda key: _ratio(jobs, whole[key] - members))
        if _ratio(jobs, whole[best] - members) <= ratio:
            break
        members |= whole[best]
        ratio = _ratio(jobs, members)
        others -= members
    return members, ratio


def _ratio(jobs: Mapping[str, Job], keys: Iterable[str]) -> float:
    some = [jobs[key] for key in keys]
    return sum(job.delay for job in some) / max(sum(job.weeks for job in some), _NO_TIME)


def delay_cost(slots: Iterable[Slot]) -> float:
    """What all delays of a sequence cost: each job's cost of delay until its end."""
    return sum(slot.job.delay * slot.end for slot in slots)
