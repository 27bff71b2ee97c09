"""Utilities: what a change of a factor is worth, by form."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from vitalfew.decide.utility import curvature, curve
from vitalfew.workspace.definitions import Factor


def factor(**fields: Any) -> Factor:
    return Factor.model_validate(fields)


SMALLEST = 1e-6
"""What a definition holds is 0 or a number to reckon with."""
LEVELS = np.linspace(-0.5, 1.5, 401)
places = st.floats(0.05, 0.95)
shares = st.just(0.0) | st.floats(SMALLEST, 1)
shifts = st.integers(-100, 100).map(float)  # a difference of fractions may lie below what can be reckoned with
ends = st.just(0.0) | st.floats(SMALLEST, 1e6) | st.floats(-1e6, -SMALLEST)


@st.composite
def utilities(draw: st.DrawFn) -> dict[str, Any]:
    """A utility on the range 0 to 1 with any of the forms."""
    form = draw(st.sampled_from(["linear", "saturating", "threshold", "piecewise"]))
    given: dict[str, Any] = {"form": form, "loss": draw(st.floats(1, 3))}
    if form == "saturating":
        given["half"] = draw(places)
    if form == "threshold":
        given |= {"target": draw(places), "width": draw(st.floats(0.02, 1))}
    if form == "piecewise":
        levels = sorted(draw(st.lists(st.integers(1, 9), min_size=1, max_size=4, unique=True)))
        worths = sorted(draw(st.lists(shares, min_size=len(levels), max_size=len(levels))))
        given["points"] = [(level / 10, worth) for level, worth in zip(levels, worths, strict=True)]
    return given


def in_other_units(utility: dict[str, Any], unit: float, shift: float) -> dict[str, Any]:
    """The same utility of a metric whose level is `unit` times as large, plus a shift; a negative unit turns it."""
    moved = dict(utility)
    for name in ("half", "target"):
        if name in moved:
            moved[name] = unit * moved[name] + shift
    if "width" in moved:
        moved["width"] = abs(unit) * moved["width"]
    if "points" in moved:
        moved["points"] = [(unit * level + shift, worth) for level, worth in moved["points"]]
    return moved


@given(utilities(), places)
def test_every_utility_is_0_at_the_worst_end_and_1_at_the_best_and_never_falls(
    utility: dict[str, Any], start: float
) -> None:
    found = curve(factor(range=(0.0, 1.0), baseline=start, utility=utility), "up")
    assert found.worth(np.array([0.0, 1.0])) == pytest.approx([0, 1], abs=1e-9)
    assert (np.diff(found.worth(LEVELS)) >= -1e-12).all()
    assert (np.diff(found.change(LEVELS - start)) >= -1e-12).all()
    assert float(found.change(np.array(0.0))) == 0


@given(utilities(), places, st.floats(-0.5, 0.5), st.floats(0.001, 1000), shifts)
def test_neither_the_unit_of_a_metric_nor_the_order_of_its_range_changes_what_a_change_is_worth(
    utility: dict[str, Any], start: float, by: float, unit: float, shift: float
) -> None:
    plain = curve(factor(range=(0.0, 1.0), baseline=start, utility=utility), "up")
    for sign, direction in ((1, "up"), (-1, "down")):
        scale = sign * unit
        ends = (shift, scale + shift)
        moved = in_other_units(utility, scale, shift)
        for order in (ends, ends[::-1]):
            other = curve(factor(range=order, baseline=scale * start + shift, utility=moved), direction)
            assert float(other.change(np.array(scale * by))) == pytest.approx(
                float(plain.change(np.array(by))), abs=1e-6
            )


@given(ends, ends, st.floats(-1e6, 1e6))
def test_a_linear_utility_is_the_share_of_the_range_with_or_without_a_baseline(
    low: float, high: float, by: float
) -> None:
    assume(abs(high - low) > 1e-3)
    for baseline in (None, low):
        found = curve(factor(range=(low, high), baseline=baseline), "up")
        assert float(found.change(np.array(by))) == pytest.approx(by / abs(high - low), rel=1e-9, abs=1e-12)


@given(places)
def test_half_of_the_worth_is_reached_at_the_level_that_was_named(half: float) -> None:
    found = curve(factor(range=(0, 1), baseline=0.0, utility={"form": "saturating", "half": half}), "up")
    assert float(found.worth(np.array(half))) == pytest.approx(0.5, abs=1e-6)


def test_curvature_has_known_values() -> None:
    assert curvature(0.5) == 0
    assert curvature(0.25) == pytest.approx(-curvature(0.75))
    # By hand: at rho = 2 ln 3 the worth of z is (1 - 9^-z) / (8/9), which is one half at z = ln(9/5) / ln 9.
    assert curvature(np.log(9 / 5) / np.log(9)) == pytest.approx(2 * np.log(3), rel=1e-6)


def test_a_threshold_has_80_percent_of_its_rise_within_its_width() -> None:
    utility = {"form": "threshold", "target": 0.5, "width": 0.2}
    found = curve(factor(range=(0, 1), baseline=0.0, utility=utility), "up")
    low, middle, high = found.worth(np.array([0.4, 0.5, 0.6]))
    assert middle == pytest.approx(0.5)
    assert high - low == pytest.approx(0.8, abs=0.001)


def test_beyond_an_end_the_slope_of_the_end_goes_on_and_the_share_beyond_is_told() -> None:
    found = curve(factor(range=(0, 1), baseline=0.5, utility={"form": "piecewise", "points": [(0.5, 0.8)]}), "up")
    assert found.worth(np.array([-1.0, 2.0])) == pytest.approx([-1.6, 1.4])
    assert found.outside(np.array([-1.0, 0.0, 0.2, 1.0])) == 0.5


def test_a_loss_counts_as_many_times_as_was_said() -> None:
    found = curve(factor(range=(0, 10), baseline=5.0, utility={"loss": 2.0}), "up")
    assert found.change(np.array([1.0, -1.0])) == pytest.approx([0.1, -0.2])


def test_single_precision_stays_single_and_keeps_small_changes_of_large_levels() -> None:
    wide = factor(range=(1e6, 1e6 + 10), baseline=1e6 + 5, utility={"form": "saturating", "half": 1e6 + 3})
    changes = np.array([0.01, 0.02], dtype=np.float32)
    found = curve(wide, "up").change(changes)
    assert found.dtype == np.float32
    assert found == pytest.approx(curve(wide, "up").change(changes.astype(np.float64)), rel=1e-4)
