"""Whether candidates pay, as the explanation, the report and the terminal say it."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from report import sample
from vitalfew.decide.explain_payback import after_weeks, pays, spent
from vitalfew.report.html_payback import HEADS, figures, payback
from vitalfew.report.sheet import Sheet
from vitalfew.report.terminal_payback import print_payback
from vitalfew.results.rows import CandidateLine, Estimate, Viability

if TYPE_CHECKING:
    from vitalfew.report.view import View

PAYS = Viability(9.0, 2.0, 52, Estimate(12.0, -3.0, 40.0), Estimate(14.0, 6.0, 31.0), 0.93, "Priced by money.")
LATE = Viability(9.0, -5.0, 52, Estimate(0.0, 0.0, 0.0), Estimate(30.0, 8.0, None), 0.62, "Priced by money.")
NEVER = Viability(9.0, 0.0, 52, Estimate(0.0, 0.0, 0.0), None, 0.12, "Priced by money.")
HIDDEN = Viability(9.0, 0.0, 52, reason="its forecasts are not to be known before they are locked")
NET = Estimate(68.0, -27.0, 202.0)


def line(found: Viability | None, key: str = "idea", net: Estimate | None = NET) -> CandidateLine:
    made = CandidateLine(key, key.title(), "initiative", None, None, (), None, 0.1, 0.5, "test_first", None)
    return replace(made, net=net, viability=found)


def view(*lines: CandidateLine) -> View:
    base = sample.view()
    return replace(base, tables=replace(base.tables, candidates=lines))


def said(found: Viability | None, net: Estimate | None = NET) -> str:
    return " ".join(sentence.text for sentence in pays(line(found, net=net), "person-weeks"))


def test_the_weeks_are_told_with_their_interval_and_what_lies_beyond() -> None:
    assert after_weeks(PAYS) == "14 weeks (6 to 31)"
    assert after_weeks(LATE) == "30 weeks (8 to over 52)"
    assert after_weeks(NEVER) == "over 52 weeks"


def test_costs_of_running_stand_beside_those_of_building() -> None:
    assert spent(PAYS, "person-weeks") == "9 person-weeks to build and 2 to run it for 52 weeks"
    assert spent(LATE, "person-weeks") == "9 person-weeks to build, with 5 of upkeep saved in 52 weeks"
    assert spent(NEVER, "person-weeks") == "9 person-weeks to build"


def test_a_line_is_explained_with_what_is_left_when_it_pays_and_what_is_given_up() -> None:
    assert said(PAYS) == (
        "Of its value 68 person-weeks (−27 to 202) are left after 9 person-weeks to build and 2 to run it for 52 weeks."
        " Priced by money. It has paid for itself 14 weeks (6 to 31) after it is out, 93 % likely within the 52 looked"
        " at. What it takes of the budget would bring 12 person-weeks (−3 to 40) elsewhere."
    )
    assert "1 person-week (−1 to 4) is left after" in said(PAYS, Estimate(1.0, -1.0, 4.0))
    assert "12 % likely to have paid for itself within the 52 weeks looked at" in said(NEVER)
    assert "Nothing else is given up for it: the budget reaches for all." in said(NEVER)


def test_a_line_that_is_not_shown_hides_no_missing_price_and_none_is_missing_where_all_are_not_shown() -> None:
    unpriced_line = line(replace(HIDDEN, reason="No factor has a price."), net=None)
    mixed = str(payback(view(line(HIDDEN, net=None), unpriced_line)))
    assert "Not known: No factor has a price. First step" in mixed
    sealed = str(payback(view(line(HIDDEN, net=None))))
    assert "First step" not in sealed
    assert "its forecasts are not to be known before they are locked" in sealed


def test_why_nothing_is_known_is_told_once() -> None:
    assert said(HIDDEN, net=None) == (
        "When it pays is not known: its forecasts are not to be known before they are locked."
    )
    assert said(None) == ""


def test_the_report_draws_what_is_left_and_when_it_pays() -> None:
    page = str(payback(view(line(PAYS), line(LATE, "late"), line(NEVER, "never"), line(HIDDEN, "sealed", None))))
    page = page.replace("\xa0", " ")
    assert page.count("<svg") == 3 + 2 + 4  # three nets, two paybacks, and frames of what is not known of the last
    assert "Idea: 14 weeks (6 to 31), 80 % interval" in page
    assert "9 + 2" in page
    assert "9 − 5" in page
    assert "<span>over 52 weeks</span>" in page
    assert "its forecasts are not to be known before they are locked" in page
    assert "Priced by money." in page
    assert payback(view()) is None


def test_without_a_price_the_report_says_why_and_what_to_do() -> None:
    page = str(payback(view(line(replace(HIDDEN, reason="Nothing has a price."), net=None))))
    assert "Not known: Nothing has a price. First step: say what the swing of a factor is worth in money" in page
    assert "<table" not in page


def test_a_file_holds_whole_numbers_and_blanks_for_what_is_not_known() -> None:
    assert dict(zip(HEADS, figures(line(LATE)), strict=True)) == {
        "net": 68.0, "net_low_80": -27.0, "net_high_80": 202.0, "build": 9.0, "run": -5.0, "given_up": 0.0,
        "given_up_low_80": 0.0, "given_up_high_80": 0.0, "payback_weeks": 30.0, "payback_low_80": 8.0,
        "payback_high_80": None, "p_pays_within_horizon": 0.62,
    }  # fmt: skip
    assert figures(line(None)) == (None,) * len(HEADS)
    assert figures(sample.view().tables.shipped[0]) == (None,) * len(HEADS)


@pytest.mark.parametrize("width", [80, 140])
def test_the_terminal_keeps_to_its_width(width: int) -> None:
    out = io.StringIO()
    lines = [line(PAYS), line(LATE, "late"), line(NEVER, "never")]
    print_payback(view(*lines), Sheet(Console(file=out, width=width, force_terminal=True, color_system=None)))
    text = out.getvalue()
    assert "DOES IT PAY?" in text
    assert "30 weeks (8 to over 52)" in text
    assert max(map(len, text.splitlines())) <= width


def test_a_pipe_says_what_each_number_is() -> None:
    out = io.StringIO()
    print_payback(view(line(PAYS), line(NEVER, "never")), Sheet(Console(file=out, width=80, force_terminal=False)))
    told = out.getvalue().splitlines()
    assert "Idea | left 68 (−27 to 202) | pays after 14 weeks (6 to 31) | likely .93 | build 9 | run 2" in told
    assert "Never | left 68 (−27 to 202) | pays after over 52 weeks | likely .12 | build 9 | run 0" in told
