from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.report.axis import Axis, Mark
from vitalfew.report.pictures import (
    Pair,
    Sided,
    Used,
    concentration,
    inventory,
    promised_against_measured,
    quadrants,
    stacked,
    ticks,
)
from vitalfew.report.svg import bar, empty, glyph, grade_mark, verdict_shape
from vitalfew.report.words import GRADES, VERDICTS


def test_four_of_five_equal_features_hold_80_percent_of_all_use() -> None:
    assert concentration([10.0] * 5)[1] == 4
    assert concentration([80.0, 10.0, 5.0, 5.0])[1] == 1


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=40))
def test_a_concentration_never_needs_more_features_than_there_are(uses: list[float]) -> None:
    drawn, needed = concentration(uses)
    assert 0 <= needed <= len(uses)
    assert "nan" not in drawn


def test_a_picture_is_one_image_until_parts_of_it_lead_somewhere() -> None:
    mark = Mark(1.0, (0.5, 1.5))
    alone, leading = (
        quadrants([Sided("Gate", mark, mark, open=False, behind=behind)], "business", "customers", ("a", "b", "c", "d"))
        for behind in (None, "/numbers/sides/1/")
    )
    assert 'role="img"' in alone
    assert 'role="group" aria-label="1 line by business and customers"' in leading
    assert 'href="/numbers/sides/1/"' in leading


@given(st.floats(-1e6, -1e-6), st.floats(1e-6, 1e6))
def test_ticks_are_round_few_and_hold_zero(low: float, high: float) -> None:
    found = ticks(low, high)
    assert 0 in found
    assert len(found) <= 8
    assert low <= found[0] <= found[-1] <= high


def test_losses_lie_left_of_zero_and_gains_right() -> None:
    drawn = stacked(Axis(-10, 10), [(0, 6.0), (1, -4.0)], Mark(2.0, (1.0, 3.0)), "line", width=208)
    (gain, loss) = re.findall(r'<rect x="([\d.]+)" y="3" width="([\d.]+)"', drawn)
    assert [float(number) for number in gain] == [104, 60]
    assert [float(number) for number in loss] == [64, 40]


def test_parts_of_one_sign_are_stacked_end_to_end() -> None:
    drawn = stacked(Axis(-10, 10), [(0, 2.0), (1, 3.0)], Mark(5.0), "line", width=208)
    first, second = re.findall(r'<rect x="([\d.]+)" y="3" width="([\d.]+)"', drawn)
    assert float(second[0]) == float(first[0]) + float(first[1])


def test_a_promise_kept_exactly_lies_on_the_line() -> None:
    pair = Pair("even", "even", Mark(0.5, (0.3, 0.7)), Mark(0.5, None, (0.4, 0.6)), "kept")
    drawn = promised_against_measured([pair], "points")
    (x1, y1, x2, y2) = (
        float(n) for n in re.findall(r'x1="([\d.]+)" y1="([\d.]+)" x2="([\d.]+)" y2="([\d.]+)" class="equal"', drawn)[0]
    )
    cx, cy = (float(n) for n in re.findall(r'cx="([\d.]+)" cy="([\d.]+)" r="7.5"', drawn)[0])
    assert (cx - x1) / (x2 - x1) == pytest.approx((cy - y1) / (y2 - y1), abs=0.005)


def test_an_interval_beyond_the_axis_ends_in_an_arrow() -> None:
    assert glyph(Axis(-1, 1), Mark(0.5, None, (0.2, 9.0)), "wide").count("g-arrow") == 1
    assert glyph(Axis(-1, 1), Mark(0.5, None, (0.2, 0.9)), "narrow").count("g-arrow") == 0


def test_every_verdict_has_its_own_shape_and_every_grade_its_own_mark() -> None:
    bare = [re.sub(r"<title>.*?</title>|aria-label=\".*?\"", "", verdict_shape(verdict)) for verdict in VERDICTS]
    assert len(set(bare)) == len(VERDICTS)
    assert len({re.sub(r"<title>.*?</title>", "", grade_mark(grade)) for grade in GRADES}) == len(GRADES)


def test_features_never_used_and_names_of_any_length_can_be_drawn() -> None:
    features = [Used("x" * 200, 0.0, 0.0, 0, hardly=True), Used("y", 1.0, 900.0, 5, hardly=False)]
    assert "nan" not in inventory(features, 0.05)
    assert inventory([], 0.05).startswith("<svg")


def test_unknown_numbers_carry_their_reason() -> None:
    assert "<title>nobody measured it</title>" in empty("nobody measured it")
    assert "<title>used by 3 %</title>" in bar(0.03, None, "used by 3 %").replace("\N{NO-BREAK SPACE}", " ")
