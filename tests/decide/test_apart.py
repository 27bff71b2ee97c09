"""How far apart groups weigh: half the sum of the differences of their weights."""

from __future__ import annotations

import pytest

from vitalfew.decide.apart import distances
from vitalfew.results.rows import DistanceRow, GroupWeightRow


def group(name: str, *weights: float, spread: float = 0.02) -> list[GroupWeightRow]:
    return [
        GroupWeightRow(name, f"f{at}", 5, mean, mean - spread, mean + spread, 0.0, 0.0, 0.0)
        for at, mean in enumerate(weights)
    ]


def ends(pair: DistanceRow) -> tuple[float, float]:
    assert pair.share.low is not None
    assert pair.share.high is not None
    return pair.share.low, pair.share.high


def test_the_distance_of_two_groups_is_known() -> None:
    (pair,) = distances([*group("a", 0.5, 0.3, 0.2), *group("b", 0.2, 0.3, 0.5)])
    assert (pair.one, pair.other) == ("a", "b")
    assert pair.share.estimate == pytest.approx(0.3)
    low, high = ends(pair)
    assert 0.25 < low < 0.3 < high < 0.35


def test_groups_that_share_no_factor_are_as_far_apart_as_can_be() -> None:
    (pair,) = distances([*group("a", 1.0, 0.0), *group("b", 0.0, 1.0)])
    assert (pair.share.estimate, *ends(pair)) == pytest.approx((1.0, 1.0, 1.0))


def test_what_is_not_known_well_has_a_wide_interval() -> None:
    near, far = (
        ends(distances([*group("a", 0.5, 0.5, spread=spread), *group("b", 0.3, 0.7, spread=spread)])[0])
        for spread in (0.02, 0.2)
    )
    assert far[1] - far[0] > 3 * (near[1] - near[0])


def test_pairs_come_farthest_first_and_one_group_has_none() -> None:
    found = distances([*group("a", 0.5, 0.5), *group("b", 0.6, 0.4), *group("c", 0.9, 0.1)])
    assert [(pair.one, pair.other) for pair in found] == [("a", "c"), ("b", "c"), ("a", "b")]
    assert distances(group("a", 0.5, 0.5)) == ()
    assert distances([]) == ()
