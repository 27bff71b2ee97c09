from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.decide import classic_scores as classic
from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

NUMBERS = st.floats(0.01, 1e6)


def test_rice_is_reach_times_impact_times_confidence_over_effort() -> None:
    assert classic.rice(2000, 2, 0.8, 4) == 800
    assert classic.rice(2000, 2, 0.8, 0.1, least_effort=classic.RICE_LEAST_EFFORT) == 6400


def test_the_two_variants_of_ice_are_two_names() -> None:
    assert classic.ice_mean(7, 5, 8) == pytest.approx(6.67, abs=0.005)
    assert classic.ice_product(7, 5, 8) == 280


def test_wsjf_and_cost_of_delay_answer_different_questions() -> None:
    assert classic.wsjf(8, 5, 3, 5) == pytest.approx(3.2)
    assert classic.cost_of_delay(12_000, 4) == 3000


def test_normalised_columns_are_those_of_the_boards() -> None:
    assert classic.normalised([6, 3, 2]) == pytest.approx((100, 50, 100 / 3))
    assert classic.normalised([5, 1, -5]) == pytest.approx((100, 60, 0))
    assert classic.normalised([0, 0]) == (0, 0)
    assert classic.normalised([]) == ()


def test_a_scorecard_subtracts_effort_and_multiplies_by_confidence() -> None:
    assert classic.scorecard(8, 7, 9, 4, 0.8) == pytest.approx(16)


def test_a_weighted_score_needs_every_criterion_and_subtracts_where_less_is_better() -> None:
    weights = {"need": (3.0, True), "risk": (2.0, False)}
    assert classic.weighted({"need": 5, "risk": 1}, weights) == 13
    assert classic.weighted({"need": 5}, weights) is None
    assert classic.weighted({}, {}) is None


def test_confidence_climbs_the_ladder_with_the_strongest_evidence() -> None:
    assert list(classic.LADDER.values()) == sorted(classic.LADDER.values())
    assert (min(classic.LADDER.values()), max(classic.LADDER.values())) == (0.01, 10)
    assert classic.evidence_level(["anecdotes", "a test", "a pitch"]) == 5


def test_evidence_of_no_known_kind_is_refused_with_the_nearest() -> None:
    with pytest.raises(UsageError, match=r"a tset.* did you mean 'a test'"):
        classic.evidence_level(["a tset"])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: classic.rice(100, 1, 1, 0),
        lambda: classic.rice(100, 1, 1, -2),
        lambda: classic.rice(-1, 1, 1, 2),
        lambda: classic.wsjf(1, 1, 1, 0),
        lambda: classic.cost_of_delay(1, 0),
        lambda: classic.value_effort(1, float("nan")),
    ],
)
def test_what_cannot_be_is_refused_with_the_number_and_the_bound(wrong: Callable[[], float]) -> None:
    with pytest.raises(UsageError, match=r" is -?[\dn]"):
        wrong()


@given(NUMBERS, NUMBERS, st.floats(0.01, 1), NUMBERS, st.floats(0.1, 10))
def test_a_change_of_unit_changes_every_rice_score_alike(
    reach: float, impact: float, confidence: float, effort: float, factor: float
) -> None:
    one = classic.rice(reach, impact, confidence, effort)
    assert classic.rice(reach * factor, impact, confidence, effort) == pytest.approx(one * factor)
    assert classic.rice(reach, impact, confidence, effort * factor) == pytest.approx(one / factor)


@given(st.dictionaries(st.text(max_size=3), st.integers(-5, 5).map(float), max_size=12))
def test_ranks_share_the_better_place_among_equals(scores: dict[str, float]) -> None:
    found = classic.ranks(scores)
    assert all(found[name] == 1 + sum(other > score for other in scores.values()) for name, score in scores.items())
