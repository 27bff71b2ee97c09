"""In which order to do the lines of a plan."""

from __future__ import annotations

import math
from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vitalfew.decide.sequence import Job, delay_cost, sequence

jobs = st.lists(
    st.tuples(st.integers(1, 9), st.integers(0, 9), st.sets(st.integers(0, 4), max_size=2)), min_size=1, max_size=5
)


def made(drawn: list[tuple[int, int, set[int]]], *, free: bool = False) -> list[Job]:
    """Jobs that need earlier ones only."""
    return [
        Job(str(at), weeks, delay, needs=() if free else tuple(str(n) for n in sorted(needs) if n < at))
        for at, (weeks, delay, needs) in enumerate(drawn)
    ]


def cheapest(found: list[Job]) -> float:
    """Least cost of delay over all orders in one queue."""
    costs = []
    for order in permutations(found):
        end, cost, done = 0.0, 0.0, set[str]()
        for job in order:
            if not done.issuperset(job.needs):
                break
            end += job.weeks
            cost += job.delay * end
            done.add(job.key)
        else:
            costs.append(cost)
    return min(costs)


@given(jobs)
@settings(deadline=None)
def test_one_queue_costs_the_least_delay_that_any_order_costs(drawn: list[tuple[int, int, set[int]]]) -> None:
    found = made(drawn, free=True)
    assert delay_cost(sequence(found)) == pytest.approx(cheapest(found))


@given(jobs)
@settings(deadline=None)
def test_prerequisites_come_first_and_cost_little_more_than_they_must(drawn: list[tuple[int, int, set[int]]]) -> None:
    found = made(drawn)
    slots = sequence(found)
    ends = {slot.job.key: slot.end for slot in slots}
    assert all(ends[needed] <= slot.start for slot in slots for needed in slot.job.needs)
    assert delay_cost(slots) <= 1.25 * cheapest(found) + 1e-9


def test_a_dear_enabler_comes_first_when_all_that_it_serves_is_worth_it() -> None:
    enabler = Job("enabler", 10, 0)
    served = [Job("one", 1, 10, needs=("enabler",)), Job("two", 1, 10, needs=("enabler",))]
    other = Job("other", 1, 1.2)
    assert [slot.job.key for slot in sequence([other, enabler, *served])] == ["enabler", "one", "two", "other"]
    assert [slot.job.key for slot in sequence([other, enabler, served[0]])] == ["other", "enabler", "one"]


def test_teams_work_side_by_side_and_wait_for_each_other() -> None:
    slots = {
        slot.job.key: slot
        for slot in sequence(
            [
                Job("api", 4, 0, "platform"),
                Job("app", 2, 9, "product", needs=("api",)),
                Job("fix", 1, 1, "product"),
                Job("idea", 9, 1, "product"),
            ]
        )
    }
    assert (slots["api"].start, slots["api"].end) == (0, 4)
    assert slots["fix"].start == 0
    assert slots["app"].start >= 4
    by_team = sorted((slot.start, slot.end) for slot in slots.values() if slot.job.team == "product")
    assert all(before[1] <= after[0] for before, after in pairwise(by_team))


def of_all_orders(found: list[Job]) -> float:
    """Least cost of delay over all orders of several teams that wait for each other."""

    def cost(order: tuple[Job, ...]) -> float:
        ends, free, total = dict[str, float](), dict[str | None, float](), 0.0
        for job in order:
            if not ends.keys() >= set(job.needs):
                return math.inf
            start = max([free.get(job.team, 0.0), *(ends[key] for key in job.needs)])
            ends[job.key] = free[job.team] = start + job.weeks
            total += job.delay * ends[job.key]
        return total

    return min(map(cost, permutations(found)))


def test_orders_of_several_teams_that_wait_for_each_other_are_the_best_or_nearly() -> None:
    gaps = []
    for seed in range(60):
        rng = np.random.default_rng(seed)
        found = [
            Job(
                str(at),
                float(rng.integers(1, 9)),
                float(rng.integers(1, 10)),
                str(rng.integers(3)),
                tuple(str(n) for n in range(at) if rng.random() < 0.3),
            )
            for at in range(6)
        ]
        slots = sequence(found)
        ends = {slot.job.key: slot.end for slot in slots}
        assert all(ends[needed] <= slot.start for slot in slots for needed in slot.job.needs)
        gaps.append(delay_cost(slots) / of_all_orders(found) - 1)
    assert np.mean(gaps) < 0.005
    assert np.mean(np.array(gaps) < 1e-9) > 0.9
    assert max(gaps) < 0.1


def test_what_waits_says_for_whom() -> None:
    slots = sequence([Job("api", 4, 0, "platform"), Job("app", 2, 9, "product", needs=("api",))])
    assert (slots[1].start, slots[1].waits) == (4, "api")
    assert slots[0].waits is None


def test_jobs_that_need_each_other_still_get_a_place() -> None:
    slots = sequence([Job("a", 1, 1, needs=("b",)), Job("b", 1, 1, needs=("a",)), Job("c", 1, 1)])
    assert slots[0].job.key == "c"
    assert len(slots) == 3
    assert [slot.job.key for slot in sequence([Job("a", 1, 1, needs=("a",))])] == ["a"]
    assert sequence([]) == ()
