"""The daily sample-ratio test: it finds losses, keeps quiet otherwise, and says what the other test says."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.special import comb

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats import sample_ratio
from vitalfew.stats.sequential_ratio import log_evidence, sequential_ratio


def test_a_loss_in_one_arm_fails_on_some_day_and_stays_failed() -> None:
    days = {"control": [1_000] * 20, "new": [930] * 20}
    found = sequential_ratio(days)
    assert found.status == "failed"
    assert found.first_failed is not None
    assert np.all(found.p_values[found.first_failed :] < 0.005)
    assert np.all(np.diff(found.p_values) <= 0)
    assert found.p_value == found.p_values[-1]


def test_the_message_is_worded_like_that_of_the_single_look() -> None:
    found = sequential_ratio({"control": [4_000, 4_000], "new": [3_000, 3_000]})
    once = sample_ratio({"control": 8_000, "new": 6_000})
    assert found.message.replace("(p < 0.0001)", "") == once.message.replace("(p < 0.0001)", "")


def test_sizes_as_planned_are_ok_for_any_split() -> None:
    found = sequential_ratio({"a": [100] * 30, "b": [900] * 30, "c": [500] * 30}, {"a": 1, "b": 9, "c": 5})
    assert (found.status, found.p_value, found.first_failed) == ("ok", 1.0, None)


def test_evidence_has_the_mean_one_when_the_plan_is_right() -> None:
    n, share = 60, 0.3
    k = np.arange(n + 1)
    chances = comb(n, k) * share**k * (1 - share) ** (n - k)
    evidence = np.exp(log_evidence(np.stack([k, n - k], axis=1), [share, 1 - share]))
    assert float(chances @ evidence) == pytest.approx(1.0, rel=1e-9)


@given(st.lists(st.integers(0, 500), min_size=1, max_size=8), st.integers(0, 3))
def test_days_without_units_change_nothing(days: list[int], at: int) -> None:
    other = [day + 20 for day in days]
    at = min(at, len(days))
    before = sequential_ratio({"a": days, "b": other})
    with_gap = sequential_ratio({"a": [*days[:at], 0, *days[at:]], "b": [*other[:at], 0, *other[at:]]})
    assert with_gap.p_value == before.p_value


@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400)), min_size=1, max_size=10))
def test_p_values_are_probabilities_that_never_rise(days: list[tuple[int, int]]) -> None:
    days = [*days, (1, 1)]
    found = sequential_ratio({"a": [a for a, _ in days], "b": [b for _, b in days]})
    assert np.all((found.p_values > 0) & (found.p_values <= 1))
    assert np.all(np.diff(found.p_values) <= 0)


def test_what_cannot_be_tested_is_refused() -> None:
    with pytest.raises(NotEnoughData, match="only one arm"):
        sequential_ratio({"a": [1]})
    with pytest.raises(NotEnoughData, match="no units"):
        sequential_ratio({"a": [0], "b": [0]})
    with pytest.raises(NotEnoughData, match="no units"):
        sequential_ratio({"a": [], "b": []})
    with pytest.raises(UsageError, match="different numbers of days"):
        sequential_ratio({"a": [1], "b": [1, 2]})
    with pytest.raises(UsageError, match="names the arms"):
        sequential_ratio({"a": [1], "b": [1]}, {"a": 1, "c": 1})
