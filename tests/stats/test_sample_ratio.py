"""Trust tests: sizes of arms, missing shares, and the interval of a share, against scipy and statsmodels."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from vitalfew.errors import NotEnoughData, UsageError
from vitalfew.stats import sample_ratio, wilson
from vitalfew.stats.sample_sizes import missing_share_p


def test_cookie_cats_deserves_a_warning_with_numbers_and_causes() -> None:
    found = sample_ratio({"gate_30": 44_700, "gate_40": 45_489})
    assert round(found.p_value, 4) == 0.0086
    assert found.status == "warning"
    split = "gate_30 49.56 %, gate_40 50.44 %; planned gate_30 50.00 %, gate_40 50.00 %"
    assert f"90,189 units split {split}" in found.message
    assert "Likely causes" in found.message


@given(st.lists(st.integers(400, 100_000), min_size=3, max_size=6), st.data())
def test_several_arms_agree_with_chi_square(counts: list[int], data: st.DataObject) -> None:
    weights = data.draw(st.lists(st.integers(1, 9), min_size=len(counts), max_size=len(counts)))
    names = [f"arm {at}" for at in range(len(counts))]
    found = sample_ratio(dict(zip(names, counts, strict=True)), dict(zip(names, map(float, weights), strict=True)))
    expected = np.array(weights) / sum(weights) * sum(counts)
    referee = stats.chisquare(counts, expected, sum_check=False).pvalue
    assert found.p_value == pytest.approx(max(referee, 5e-324), rel=1e-9)


@given(st.integers(0, 400), st.integers(0, 400), st.sampled_from([0.5, 0.1, 0.9, 1 / 3]))
def test_two_small_arms_agree_with_the_exact_binomial_test(a: int, b: int, share: float) -> None:
    if a + b == 0:
        return
    found = sample_ratio({"a": a, "b": b}, {"a": share, "b": 1 - share})
    assert found.p_value == pytest.approx(stats.binomtest(a, a + b, share).pvalue, rel=1e-9, abs=1e-300)


@pytest.mark.parametrize(
    ("counts", "status"), [((500, 500), "ok"), ((5000, 5280), "warning"), ((5000, 5500), "failed")]
)
def test_the_status_follows_the_p_value(counts: tuple[int, int], status: str) -> None:
    assert sample_ratio({"a": counts[0], "b": counts[1]}).status == status


def test_an_arm_that_was_planned_and_got_nobody_fails() -> None:
    found = sample_ratio({"a": 100_000, "b": 0})
    assert found.status == "failed"
    assert found.p_value > 0


@pytest.mark.parametrize(
    ("counts", "expected", "error", "sentence"),
    [
        ({"a": 5}, None, NotEnoughData, "only one arm has units: a"),
        ({}, None, NotEnoughData, "only one arm has units: none"),
        ({"a": 0, "b": 0}, None, NotEnoughData, "no units in any arm"),
        (
            {"a": 1, "b": 1},
            {"a": 1.0, "c": 1.0},
            UsageError,
            "names the arms a, c; expected the arms of the data: a, b",
        ),
        ({"a": 1, "b": 1}, {"a": 1.0, "b": 0.0}, UsageError, "share of 'b' is 0"),
        ({"a": 1, "b": 1}, {"a": 1.0, "b": math.nan}, UsageError, "share of 'b' is nan"),
    ],
)
def test_a_ratio_that_cannot_be_tested_says_why(
    counts: dict[str, int], expected: dict[str, float] | None, error: type[Exception], sentence: str
) -> None:
    with pytest.raises(error, match=sentence):
        sample_ratio(counts, expected)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(51, 5000)), min_size=2, max_size=5))
def test_missing_shares_agree_with_the_contingency_table(arms: list[tuple[int, int]]) -> None:
    missing, units = zip(*arms, strict=True)
    if sum(missing) == 0:
        assert missing_share_p(missing, units) == 1.0
        return
    table = np.array([missing, np.array(units) - np.array(missing)])
    assert missing_share_p(missing, units) == pytest.approx(
        stats.chi2_contingency(table, correction=False).pvalue, rel=1e-9
    )


def test_arms_without_units_say_nothing_about_missing_values() -> None:
    assert missing_share_p([0, 3], [0, 10]) == 1.0
    assert missing_share_p([0, 0], [0, 0]) == 1.0
    assert missing_share_p([5, 7], [5, 7]) == 1.0


@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.8, 0.9, 0.95, 0.99]))
def test_wilson_agrees_with_statsmodels(n: int, share: float, confidence: float) -> None:
    successes = round(share * n)
    low, high = wilson(successes, n, confidence)
    assert (low, high) == pytest.approx(
        proportion_confint(successes, n, 1 - confidence, method="wilson"), rel=1e-9, abs=1e-12
    )
    assert 0 <= low <= successes / n <= high <= 1


def test_a_share_of_nobody_has_no_interval() -> None:
    with pytest.raises(NotEnoughData, match="no units"):
        wilson(0, 0)
    with pytest.raises(UsageError, match="3 of 2 is no share"):
        wilson(3, 2)
