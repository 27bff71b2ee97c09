from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.report.axis import Axis, Mark, axis_over, comparable, metric_scales
from vitalfew.report.textbar import ASCII, UNICODE, bar, grade_mark, plain
from vitalfew.report.words import GRADES, Unit

sizes = st.floats(-1e6, 1e6, allow_nan=False).filter(lambda x: x == 0 or abs(x) > 1e-6)
marks = st.builds(lambda dot, a, b: Mark(dot, None, (dot - abs(a), dot + abs(b))), sizes, sizes, sizes)


@given(st.lists(marks, max_size=20))
def test_every_dot_lies_on_the_axis_and_so_does_zero(drawn: list[Mark]) -> None:
    axis = axis_over(drawn)
    assert axis.low < 0 < axis.high
    assert not any(axis.beyond(mark.dot) for mark in drawn)


def test_one_wide_interval_does_not_squash_the_others() -> None:
    usual = [Mark(x, None, (x - 1, x + 1)) for x in (1.0, 2.0, 3.0)]
    axis = axis_over([*usual, Mark(1.0, None, (-400, 400))])
    assert axis.high < 10
    assert axis.beyond(400)


@given(marks, st.sampled_from(["up", "down"]))
def test_right_is_better_whichever_way_a_metric_counts(mark: Mark, direction: str) -> None:
    unit = Unit(down_is_better=direction == "down")
    shown = comparable(mark, "m", unit, metric_scales([("m", mark)]))
    assert shown.dot * mark.dot * unit.good >= 0
    assert shown.reach[0] <= shown.dot <= shown.reach[1]


def test_metrics_of_different_units_share_zero_and_fill_their_own_scale() -> None:
    pairs = [("money", Mark(5000.0)), ("rate", Mark(0.01)), ("rate", Mark(0.005))]
    scales = metric_scales(pairs)
    shown = [comparable(mark, metric, Unit(), scales).dot for metric, mark in pairs]
    assert shown == pytest.approx([1 / 1.04, 1 / 1.04, 0.5 / 1.04])


@given(marks, st.integers(7, 60), st.sampled_from([UNICODE, ASCII]))
def test_a_text_bar_has_its_width_and_one_dot(mark: Mark, width: int, signs: object) -> None:
    chosen = UNICODE if signs is UNICODE else ASCII
    text = bar(axis_over([mark]), mark, width, chosen)
    assert len(text) == width
    assert text.count(chosen.dot) == 1


def test_a_text_bar_shows_both_intervals_and_where_it_is_cut() -> None:
    axis = Axis(-10, 10)
    assert bar(axis, Mark(4, (2, 6), (0, 8)), 21, UNICODE) == "          ├─━━●━━─┤  "
    assert bar(axis, Mark(8, None, (4, 30)), 21, UNICODE).rstrip().endswith("▸")
    assert bar(axis, Mark(4, (2, 6)), 21, ASCII) == "          : |-*-|    "


def test_marks_of_grades_rise_with_the_strength_of_evidence() -> None:
    assert [grade_mark(grade, ASCII) for grade in GRADES] == list("123456")
    assert len({grade_mark(grade, UNICODE) for grade in GRADES}) == 6


def test_text_for_a_terminal_carries_no_control_signs() -> None:
    assert plain("a\x1b[31mb\nc\u202ed", UNICODE) == "a [31mb c d"
    assert plain("−3 → 4 · größer", ASCII) == "-3 -> 4 | gr??er"
