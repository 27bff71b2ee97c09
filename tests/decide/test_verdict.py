"""The verdict formula: promise against effect."""

from __future__ import annotations

import math
from typing import Literal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from vitalfew.decide.verdict import judge
from vitalfew.errors import UsageError

NUMBER = st.floats(-10, 10, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-6)
SE = st.floats(0.01, 5)


def _by_the_book(p50: float, d: float, se: float) -> str:
    """The rule for a promised gain, word for word, with another implementation of the normal distribution."""
    if norm.cdf(0, d, se) >= 0.95:
        return "harmful"
    if norm.sf(p50 / 2, d, se) >= 0.8 and norm.sf(0, d, se) >= 0.95:
        return "kept"
    if norm.ppf(0.975, d, se) < p50:
        return "fell_short"
    return "unproven"


@given(st.floats(0.01, 10), NUMBER, SE)
def test_a_promised_gain_is_judged_as_the_rule_says(p50: float, estimate: float, se: float) -> None:
    assert judge(p50, estimate, se, good="up")[0] == _by_the_book(p50, estimate, se)


@given(NUMBER, NUMBER, SE, st.one_of(st.none(), st.floats(0, 5)))
def test_a_metric_that_should_fall_is_the_mirror_image(
    p50: float, estimate: float, se: float, margin: float | None
) -> None:
    assert judge(p50, estimate, se, good="up", margin=margin) == judge(-p50, -estimate, se, good="down", margin=margin)


@given(NUMBER, NUMBER, SE, st.floats(0.001, 1000), st.floats(0, 5))
def test_the_unit_of_the_metric_does_not_matter(
    p50: float, estimate: float, se: float, k: float, margin: float
) -> None:
    one = judge(p50, estimate, se, good="up", margin=margin)[0]
    other = judge(k * p50, k * estimate, k * se, good="up", margin=k * margin)[0]
    nudged = {
        judge(p50, estimate * f, se, good="up", margin=margin * g)[0]
        for f in (1 - 1e-9, 1 + 1e-9)
        for g in (1 - 1e-9, 1 + 1e-9)
    }
    assert one == other or len(nudged) > 1


@given(st.floats(0.01, 10), SE)
def test_a_better_effect_never_gets_a_worse_verdict(p50: float, se: float) -> None:
    rank = {"harmful": 0, "fell_short": 1, "unproven": 2, "kept": 3}
    effects = [p50 * step / 10 - 3 * se for step in range(-10, 60)]
    ranks = [rank[judge(p50, effect, se, good="up")[0]] for effect in sorted(effects)]
    assert ranks == sorted(ranks)


def test_a_failed_guardrail_cannot_be_bought_by_any_effect() -> None:
    assert judge(1, 100, 0.1, good="up", guardrail_failed=True) == ("harmful", "a guardrail failed")
    assert judge(0, 0, 0.1, good="up", guardrail_failed=True, margin=9)[0] == "harmful"


@pytest.mark.parametrize(
    ("estimate", "se", "margin", "verdict"),
    [
        (0.0, 0.1, 0.3, "kept"),
        (-0.1, 0.05, 0.3, "kept"),  # a loss that is sure but within what counts as no change
        (-0.5, 0.1, 0.3, "harmful"),
        (0.0, 1.0, 0.3, "unproven"),
        (2.0, 0.1, 0.3, "unproven"),
        (0.0, 0.1, None, "unproven"),
        (-0.5, 0.1, None, "harmful"),
    ],
)
def test_a_promise_of_no_change_needs_the_interval_within_the_margin(
    estimate: float, se: float, margin: float | None, verdict: str
) -> None:
    assert judge(0.0, estimate, se, good="up", margin=margin)[0] == verdict


@pytest.mark.parametrize(
    ("estimate", "se", "verdict"),
    [(-1.0, 0.1, "kept"), (0.5, 0.1, "kept"), (-2.0, 0.1, "harmful"), (-1.0, 3.0, "unproven"), (-1.1, 0.1, "kept")],
)
def test_a_promised_loss_is_kept_when_no_more_was_lost(estimate: float, se: float, verdict: str) -> None:
    assert judge(-1.0, estimate, se, good="up")[0] == verdict


@pytest.mark.parametrize(("estimate", "se"), [(1.0, 0.0), (1.0, -1.0), (math.nan, 1.0), (1.0, math.inf)])
def test_an_effect_without_a_standard_error_gets_no_verdict(estimate: float, se: float) -> None:
    with pytest.raises(UsageError, match="standard error"):
        judge(1.0, estimate, se, good="up")


@pytest.mark.parametrize("good", ["up", "down"])
def test_reasons_never_claim_certainty(good: Literal["up", "down"]) -> None:
    for effect in (-100.0, -1.0, 0.0, 0.4, 1.0, 100.0):
        reason = judge(1.0, effect, 0.1, good=good)[1]
        assert "100 %" not in reason.replace("upper end", "")
        assert " 0 %" not in reason
