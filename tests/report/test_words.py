from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from report.sample import effect
from vitalfew.report import words
from vitalfew.results.rows import EffectRow, Estimate, ExperimentRow, Headline, Interval, UseRow
from vitalfew.workspace.definitions import Metric

PLAIN = words.Unit()
PERCENT = words.unit_of(Metric.model_validate({"source": "s", "column": "c", "kind": "proportion"}))
MINUTES = words.unit_of(Metric.model_validate({"source": "s", "column": "c", "unit": "min", "direction": "down"}))
numbers = st.floats(-1e9, 1e9, allow_nan=False)


def test_the_effect_on_a_proportion_is_told_in_percentage_points() -> None:
    assert words.change(-0.0082, -0.0133, -0.0031, PERCENT) == "−0.82\N{NO-BREAK SPACE}pp (−1.33 to −0.31)"
    assert words.level(0.182, PERCENT) == "18.2\N{NO-BREAK SPACE}%"


def test_an_estimate_without_interval_says_so() -> None:
    assert words.change(0.0123, None, None, PERCENT) == "+1.23\N{NO-BREAK SPACE}pp (no interval)"


def test_the_number_keeps_the_sign_of_its_metric_even_where_less_is_better() -> None:
    assert words.change(-4.1, -5.5, -2.7, MINUTES).startswith("−4.1")
    assert MINUTES.good == -1


@pytest.mark.parametrize(
    ("low", "high", "shown"),
    [
        (0.31, 1.33, "0.31 to 1.33"),
        (120.0, 480.0, "120 to 480"),
        (0.00112, 0.00158, "0.00112 to 0.00158"),
        (-1e9, 2e9, "−1,000,000,000 to 2,000,000,000"),
    ],
)
def test_an_interval_shows_two_figures_of_half_its_width(low: float, high: float, shown: str) -> None:
    assert words.between(low, high, words.decimals(high - low)) == shown


@given(numbers, st.integers(0, 6))
def test_a_figure_is_read_back_as_the_rounded_number(value: float, places: int) -> None:
    text = words.figure(value, places, signed=True)
    assert float(text.replace(",", "").replace("−", "-")) == pytest.approx(round(value, places), abs=10**-places)
    assert not any(text == sign + "0" for sign in "+−")


@given(numbers.filter(lambda x: abs(x) > 1e-3))
def test_a_number_without_interval_keeps_three_figures(value: float) -> None:
    text = words.significant(value).replace(",", "").replace("−", "-")
    assert math.isclose(float(text), value, rel_tol=0.006)


@given(numbers, st.floats(1e-6, 1e6))
def test_the_interval_always_holds_the_estimate_as_shown(middle: float, half: float) -> None:
    places = words.decimals(2 * half)
    shown = [words.figure(x, places) for x in (middle - half, middle, middle + half)]
    low, mid, high = (float(text.replace(",", "").replace("−", "-")) for text in shown)
    assert low <= mid <= high


@pytest.mark.parametrize(
    ("p", "text"),
    [(0.0, "<.01"), (0.006, ".01"), (0.5, ".50"), (0.93, ".93"), (0.999, ">.99"), (1.0, ">.99"), (None, "")],
)
def test_a_probability_is_never_shown_as_certain(p: float | None, text: str) -> None:
    assert words.probability(p) == text


@pytest.mark.parametrize(("p", "text"), [(0.0016, "0.0016"), (0.38, "0.38"), (1e-9, "<0.0001"), (None, "–")])
def test_p_values_have_two_figures(p: float | None, text: str) -> None:
    assert words.p_value(p) == text


def test_a_clear_effect_is_a_sentence_that_says_what_happened() -> None:
    row = effect("x", "retention_7", -0.0082, 0.0026)
    sentence = words.effect_sentence("Retention at day 7", row, PERCENT)
    assert sentence == "Retention at day 7 fell by 0.82 percentage points (0.31 to 1.33)"


def test_an_interval_over_zero_is_no_clear_change() -> None:
    assert "no clear change: −0.10 percentage points (−0.49 to 0.29)" in words.effect_sentence(
        "Rate", effect("x", "retention_7", -0.001, 0.002), PERCENT
    )


def test_an_effect_that_was_not_computed_says_why() -> None:
    missing = EffectRow(
        "x",
        "m",
        1,
        None,
        "t",
        "c",
        None,
        None,
        (),
        None,
        None,
        {},
        {},
        "Welch",
        "fixed",
        "tested",
        ("variance missing",),
    )
    assert words.effect_sentence("Revenue", missing, PLAIN) == "Revenue could not be compared: variance missing"


def test_not_measured_is_not_the_same_as_not_used() -> None:
    absent = UseRow("f", measured=False, window_days=30, main=True, reason="no events are defined")
    unused = UseRow("f", measured=True, window_days=30, main=True, reach=Estimate(0.0, 0.0, 0.001))
    assert words.use_sentence(absent) == "Use not measured: no events are defined."
    assert words.use_sentence(unused).startswith("Used by 0.00\N{NO-BREAK SPACE}% (0.00 to 0.10) of the eligible")


def test_a_young_feature_is_not_judged_yet() -> None:
    young = UseRow("f", measured=True, window_days=30, main=True, reach=Estimate(0.01, 0.0, 0.02), hardly_used=None)
    assert words.judged_use(young) == "not judged yet"


def test_what_to_do_is_not_told_twice() -> None:
    row = ExperimentRow("x", "X", None, "do_not_ship", "Do not ship: retention fell by 1.0 pp.")
    assert words.decision(row) == ("Do not ship", "Retention fell by 1.0 pp.")


def test_things_are_counted_in_the_plural_they_have() -> None:
    assert [words.count(n, noun) for n, noun in ((1, "day"), (2, "day"), (2, "entry"), (1_200, "feature"))] == [
        "1 day",
        "2 days",
        "2 entries",
        "1,200 features",
    ]


def test_the_headline_says_how_few_gave_the_value() -> None:
    told = words.headline_sentences(Headline(31, 8, 6, 4, 9, 31, 16, 30, 40, resolved=7), "person-weeks")
    assert told[0] == "About 6 (4 to 9) of 31 shipped lines gave 80 % of the measured value"
    assert told[1] == "16 of 30 measured features hardly used; 10 not measured"
    assert told[2] == "own delivery rate: no record yet (7 promises resolved, 10 are needed)"


def test_without_values_the_headline_claims_no_vital_few() -> None:
    assert "cannot be told yet" in words.headline_sentences(Headline(3, 1), "person-weeks")[0]


def test_from_ten_resolved_promises_the_record_is_a_count_of_facts() -> None:
    assert "14 of 23 resolved promises kept" in words.headline_sentences(Headline(3, 1, kept=14, resolved=23), "weeks")


def test_dates_are_written_for_people() -> None:
    assert words.date_and_time("2026-11-22T08:12:00+00:00") == "22 Nov 2026, 08:12 UTC"
    assert words.date_and_time("2026-11-02") == "2 Nov 2026"
    assert words.date_and_time("soon") == "soon"


def test_an_estimate_reports_the_interval_of_95_percent() -> None:
    row = effect("x", "planning", -4.0, 1.0)
    assert Interval(0.95, -5.96, -2.04) == row.intervals[1]
    assert "(2.0 to 6.0)" in words.effect_sentence("Planning time", row, MINUTES)


@pytest.mark.parametrize(
    ("valued", "said"),
    [
        (1, "The one shipped line that was measured gave no value"),
        (3, "None of the 3 shipped lines that were measured is likely to have given value"),
    ],
)
def test_a_ledger_without_gains_says_so_instead_of_about_none(valued: int, said: str) -> None:
    head = Headline(shipped=valued, candidates=0, vital_k=0, vital_low=0, vital_high=1, vital_n=valued)
    assert words.headline_sentences(head, "weeks")[0] == said


def test_one_line_that_gave_value_is_no_matter_of_about() -> None:
    head = Headline(shipped=14, candidates=0, vital_k=1, vital_low=1, vital_high=1, vital_n=1)
    assert words.headline_sentences(head, "weeks")[0] == "The one shipped line that was measured gave value"


def test_a_bound_beside_zero_is_not_written_as_zero() -> None:
    assert words.change(0.025, 0.0004, 0.0496, words.Unit(100.0, "pp")) == "+2.50\N{NO-BREAK SPACE}pp (0.04 to 4.96)"
    assert words.change(0.025, 0.0, 0.05, words.Unit(100.0, "pp")) == "+2.5\N{NO-BREAK SPACE}pp (0.0 to 5.0)"
