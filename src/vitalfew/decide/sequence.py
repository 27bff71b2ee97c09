"""In which order to do the lines of a plan: by cost of delay over duration, queue by queue.

For one queue of independent jobs that order costs least delay (Smith 1956). With prerequisites the set of jobs, closed
under what they need, of the largest ratio goes first (Sidney 1975); the sets are grown greedily here, which finds the
best in most cases. Several teams are several queues, and a job waits for what it needs from another team.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NO_TIME = 1e-9


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
    left = {job.key: job for job in jobs}
    ends: dict[str, float] = {}
    free: dict[str | None, float] = {job.team: 0.0 for job in jobs}
    slots = []
    while left:
        job = _next(left, ends, free)
        asked = {key: ends[key] for key in job.needs if key in ends}
        latest = max(asked, key=lambda key: asked[key], default=None)
        ready = asked[latest] if latest else 0.0
        start = max(free[job.team], ready)
        waits = latest if ready > free[job.team] + _NO_TIME else None
        ends[job.key] = free[job.team] = start + job.weeks
        slots.append(Slot(job, float(start), float(start + job.weeks), waits))
        del left[job.key]
    return tuple(sorted(slots, key=lambda slot: (slot.start, slot.end)))


def _next(left: Mapping[str, Job], ends: Mapping[str, float], free: Mapping[str | None, float]) -> Job:
    """The job to do next: of the largest ratio among those that could begin first, all teams taken together."""
    urgent = urgencies(left)
    able = [job for job in left.values() if not any(key in left for key in job.needs)] or list(left.values())

    def begin(job: Job) -> float:
        return max([free[job.team], *(ends[key] for key in job.needs if key in ends)])

    first = min(begin(job) for job in able)
    ready = [job for job in able if begin(job) <= first + _NO_TIME]
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
