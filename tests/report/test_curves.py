from __future__ import annotations

import re
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from vitalfew.report.curves import cumulative, interval_words, power_curves, spread
from vitalfew.report.words import Unit
from vitalfew.results.rows import BandRow, QuantilesRow

PERCENT = Unit(100.0, "pp", "%", "percentage points")


def band(ends: list[tuple[float, float, float]]) -> list[BandRow]:
    first = date(2026, 3, 1)
    return [
        BandRow("e", "m", "b", str(first + timedelta(day)), 100 * (day + 1), estimate, low, high)
        for day, (estimate, low, high) in enumerate(ends)
    ]


def heights(drawn: str, class_: str) -> list[float]:
    path = re.findall(r'<path d="([^"]+)" class="' + class_ + '"', drawn)[0]
    return [float(pair.split()[1]) for pair in re.findall(r"[\d.]+ [\d.]+", path)]


def test_a_band_narrows_as_its_interval_does() -> None:
    drawn = cumulative(band([(0.02, -0.02, 0.06), (0.02, 0.0, 0.04), (0.02, 0.01, 0.03)]), PERCENT, "t")
    upper, lower = heights(drawn, "band")[:3], heights(drawn, "band")[:2:-1]
    gaps = [low - high for low, high in zip(lower, upper, strict=True)]
    assert gaps[0] > gaps[1] > gaps[2] > 0


def test_the_margin_of_a_guardrail_lies_on_the_side_that_is_worse() -> None:
    rows = band([(0.0, -0.02, 0.02), (0.0, -0.02, 0.02)])
    up = float(re.findall(r'y1="([\d.]+)"[^>]*class="g-margin"', cumulative(rows, PERCENT, "t", margin=0.01))[0])
    worse_is_up = Unit(100.0, "pp", "%", "percentage points", down_is_better=True)
    down = float(re.findall(r'y1="([\d.]+)"[^>]*class="g-margin"', cumulative(rows, worse_is_up, "t", margin=0.01))[0])
    zero = heights(cumulative(rows, PERCENT, "t"), "curve")[0]
    assert up > zero > down


@given(
    st.lists(
        st.tuples(st.floats(-1e6, 1e6), st.floats(0, 1e9), st.floats(0, 1e9)).map(
            lambda found: (found[0], found[0] - found[1], found[0] + found[2])
        ),
        min_size=1,
        max_size=30,
    )
)
def test_any_band_can_be_drawn(ends: list[tuple[float, float, float]]) -> None:
    drawn = cumulative(band(ends), Unit(), "t")
    assert "nan" not in drawn
    assert "inf" not in drawn


def test_the_arm_with_larger_values_lies_farther_right() -> None:
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    rows = [
        QuantilesRow("s", "e", arm, None, "m", 100, shares, tuple(shift + share for share in shares))
        for arm, shift in (("control", 0.0), ("new", 0.5))
    ]
    drawn = spread(rows, Unit(), "t")
    first, second = (float(x) for x in re.findall(r'cx="([\d.]+)"', drawn))
    assert second > first
    assert "control" in drawn


def test_lines_of_power_are_told_apart_by_dashes_and_names() -> None:
    curves = {"fixed": [(1.0, 0.4), (4.0, 0.9)], "any time": [(1.0, 0.3), (4.0, 0.8)]}
    drawn = power_curves(curves, "weeks", 0.8, "t")
    assert drawn.count("stroke-dasharray") == 1
    assert all(name in drawn for name in curves)


def test_the_words_beside_a_band_hold_its_last_interval() -> None:
    assert interval_words(band([(0.02, -0.02, 0.06)])[0], PERCENT) == "+2.0\N{NO-BREAK SPACE}pp (−2.0 to 6.0)"
