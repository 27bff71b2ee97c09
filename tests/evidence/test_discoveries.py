"""Many releases by many metrics are looked at together: what stands out does so among all of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.evidence.bundles import once
from vitalfew.evidence.discoveries import among_all, stands_out
from vitalfew.results.rows import EffectRow, PlaceboRow

SAID = "stands out: 0 of 56 dates without it moved at least as much"


def effect(release: str, metric: str, p: float | None, estimate: float = 1.0) -> EffectRow:
    return EffectRow(
        experiment=release,
        metric=metric,
        metric_version=1,
        segment=None,
        arm="after",
        control="before",
        estimate=estimate,
        se=0.4,
        intervals=(),
        p_value=p,
        relative=None,
        n={},
        mean={},
        method="forecast against placebo dates",
        mode="fixed",
        grade="dated",
        notes=(SAID, "something else"),
    )


def placebo(release: str, metric: str, p: float) -> PlaceboRow:
    return PlaceboRow(
        release, metric, (0.1,), p, descriptive=False, bundle=(), before_days=28, after_days=28, message=SAID
    )


def test_one_of_a_hundred_that_chance_explains_does_not_stand_out() -> None:
    effects = [effect(f"r{at}", "orders", (at + 1) / 101, at) for at in range(100)]
    found, placebos = among_all(effects, [placebo("r0", "orders", 1 / 101)])
    assert stands_out(effects[0])
    assert not any(stands_out(row) for row in found)
    assert found[0].family == "releases: 100 tests, false-discovery rate (Benjamini-Hochberg)"
    milder = "cannot be told from noise among 100 tests: 0 of 56 dates without it moved at least as much"
    assert found[0].notes == (milder, "something else")
    assert placebos[0].message == milder


def test_an_effect_far_beyond_chance_stands_out_among_a_hundred() -> None:
    effects = [effect("big", "orders", 1e-5), *(effect(f"r{at}", "orders", (at + 1) / 101, at) for at in range(99))]
    found, _ = among_all(effects, ())
    assert [row.experiment for row in found if stands_out(row)] == ["big"]
    assert found[0].notes[0] == SAID
    assert found[0].adjusted_p == pytest.approx(1e-3)


def test_releases_of_one_bundle_are_one_test() -> None:
    effects = [effect("login", "orders", 0.03), effect("search", "orders", 0.03), effect("menu", "orders", 0.9, 0.1)]
    found, _ = among_all(effects, ())
    assert [row.adjusted_p for row in found] == pytest.approx([0.06, 0.06, 0.9])
    assert found[0].family is not None
    assert found[0].family.startswith("releases: 2 tests")


def test_releases_of_one_bundle_are_one_change_in_a_corpus() -> None:
    described = [effect("new", "orders", None), effect("newer", "orders", None)]
    effects = [effect("login", "orders", 0.03), effect("search", "orders", 0.03), effect("menu", "visits", 0.03)]
    assert [row.experiment for row in once([*effects, *described])] == ["login", "menu", "new", "newer"]


def test_what_was_not_tested_stays_as_it_is_and_counts_for_nothing() -> None:
    described = effect("new", "orders", None)
    found, _ = among_all([described, effect("old", "orders", 0.04)], ())
    assert found[0] == described
    assert found[1].adjusted_p == 0.04
    assert not stands_out(described)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=30, unique=True))
def test_correcting_never_makes_anything_stand_out_and_keeps_the_order(p_values: list[float]) -> None:
    found, _ = among_all([effect(f"r{at}", "orders", p, at) for at, p in enumerate(p_values)], ())
    adjusted = np.array([row.adjusted_p for row in found], dtype=np.float64)
    assert np.all(adjusted >= np.array(p_values) - 1e-12)  # rounding
    assert np.all(np.diff(adjusted[np.argsort(p_values)]) >= 0)
