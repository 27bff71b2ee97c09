"""Effects of waves and of what units chose hold what they promise; full size in docs/validation/rollouts.md."""

from __future__ import annotations

import pytest

from validate_rollouts import CHOICES, WORLDS, choose, simulate

BY_NAME = {world.name: world for world in WORLDS}


@pytest.mark.prove
@pytest.mark.parametrize(
    "name",
    ["no effect", "no effect, 24 units (regions)", "grows, early waves gain most", "the same, 24 units (regions)"],
)
def test_intervals_and_bands_of_waves_cover(name: str) -> None:
    held = simulate(BY_NAME[name], 300)
    assert 0.915 < held.covered < 0.985
    assert 0.915 < held.band < 0.985
    assert held.before < 0.12


@pytest.mark.prove
def test_regression_with_effects_of_units_and_periods_is_biased_where_effects_grow() -> None:
    held = simulate(BY_NAME["grows, early waves gain most"], 300)
    assert abs(held.bias) < 0.03
    assert held.twfe_bias < -0.1
    assert held.twfe_covered < 0.5


@pytest.mark.prove
def test_those_who_chose_by_what_is_known_are_compared_rightly() -> None:
    by_name = {choice.name: choice for choice in CHOICES}
    plain, weighted, pairs = choose(by_name["by what is known"], 300)
    assert plain[0] > 0.3
    assert abs(weighted[0]) < 0.05
    assert abs(pairs[0]) < 0.05
    assert 0.915 < weighted[1] < 0.99
    _, unseen, _ = choose(by_name["by something unknown as well"], 100)
    assert unseen[0] > 0.3
