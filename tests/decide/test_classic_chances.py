from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.decide.classic_chances import Chances, chances, score_error, sum_error

LOGS = st.lists(st.floats(-5, 12), min_size=2, max_size=15)


def found(logs: list[float], top: int = 5, error: float = 0.8) -> Chances:
    return chances(logs, [error] * len(logs), [f"i{at}" for at in range(len(logs))], top=top)


@given(LOGS, st.integers(1, 6))
def test_chances_of_being_among_the_first_add_up_to_how_many_these_are(logs: list[float], top: int) -> None:
    held = found(logs, top)
    assert held.p_top.sum() == pytest.approx(min(top, len(logs)))
    assert held.p_first.sum() == pytest.approx(1)
    assert held.rank.sum() == pytest.approx(len(logs) * (len(logs) + 1) / 2)
    assert (held.rank_low <= held.rank_high).all()


@given(LOGS, st.floats(-3, 3))
def test_another_unit_of_effort_changes_no_chance(logs: list[float], shift: float) -> None:
    one, two = found(logs), found([log + shift for log in logs])
    assert two.p_top == pytest.approx(one.p_top, abs=0.002)
    assert two.middle == pytest.approx(one.middle + shift)


@given(LOGS)
def test_every_score_is_shrunk_towards_the_others_and_no_order_is_turned(logs: list[float]) -> None:
    held = found(logs)
    low, high = min(logs), max(logs)
    assert (held.middle >= low - 1e-9).all()
    assert (held.middle <= high + 1e-9).all()
    order = np.argsort(logs, kind="stable")
    assert (np.diff(held.middle[order]) >= -1e-9).all()


def test_without_much_error_the_order_is_sure_and_with_much_it_says_nothing() -> None:
    logs = [5.0, 4.0, 3.0, 2.0]
    assert found(logs, 1, 0.01).p_first == pytest.approx([1, 0, 0, 0], abs=1e-3)
    assert np.ptp(found(logs, 1, 30.0).p_first) < 0.1


def test_ideas_that_hardly_differ_are_not_ranked_as_if_they_did() -> None:
    alike = found([5.0, 5.05, 4.95, 5.02, 4.98, 5.0], 1)
    apart = found([9.0, 5.05, 4.95, 5.02, 4.98, 5.0], 1)
    assert alike.p_first.max() < 0.3
    assert apart.p_first.max() > 0.75
    assert alike.spread < apart.spread


def test_errors_add_up_over_the_inputs_of_a_score() -> None:
    assert score_error(4, 1.5) == pytest.approx(2 * math.log(1.5))
    random = np.random.default_rng(2)
    parts = np.array([8.0, 5.0, 3.0])
    simulated = np.log((parts * np.exp(0.1 * random.standard_normal((100_000, 3)))).sum(axis=1)).std()
    assert sum_error(parts.tolist(), math.exp(0.1)) == pytest.approx(simulated, rel=0.02)


@pytest.mark.parametrize("ideas", [8, 20])
def test_chances_are_as_reliable_as_they_say(ideas: int) -> None:
    random = np.random.default_rng(ideas)
    said, came = [], []
    for _ in range(60):
        true = random.normal(4, math.log(3), ideas)
        observed = true + random.normal(0, score_error(4), ideas)
        said += list(found(list(observed), 5, score_error(4)).p_top)
        came += [place < 5 for place in (-true).argsort().argsort()]
    for low in (0.0, 0.25, 0.5, 0.75):
        held = [hit for chance, hit in zip(said, came, strict=True) if low <= chance < low + 0.25 + 1e-9]
        mean = np.mean([chance for chance in said if low <= chance < low + 0.25 + 1e-9])
        assert np.mean(held) == pytest.approx(mean, abs=4 * math.sqrt(0.25 / len(held)))
