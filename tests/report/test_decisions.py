"""What the HTML report says of decisions: the plan, the value model at work, the record, explanations."""

from __future__ import annotations

import re
from dataclasses import replace

from report import decided, sample
from vitalfew.report.html import html_page
from vitalfew.report.html_model import model
from vitalfew.report.html_plan import plan
from vitalfew.report.html_record import record
from vitalfew.report.view import View
from vitalfew.results.rows import ClassicRow, Estimate


def words_of(markup: object) -> str:
    """Text without tags."""
    return " ".join(re.sub("<[^>]+>", " ", str(markup)).replace("\N{NO-BREAK SPACE}", " ").split())


def test_a_report_without_decisions_has_none_of_their_sections() -> None:
    page = html_page(sample.view())
    assert not any(f'id="{name}"' in page for name in ("plan", "model", "record"))
    assert not any(f'href="#{name}"' in page for name in ("plan", "model", "record"))


def test_the_sections_of_decisions_are_there_and_named_on_top() -> None:
    page = html_page(decided.view())
    assert all(f'id="{name}"' in page and f'href="#{name}"' in page for name in ("plan", "model", "record"))


def test_the_plan_says_what_to_fund_in_which_order_and_what_to_find_out() -> None:
    said = words_of(plan(decided.view()))
    for part in (
        "Most expected value",
        "+4.5 (1.3 to 8.5)",
        "53 of 60",
        "In the way of more: the budget",
        "In which order",
        "Bets in two steps",
        "Knowing everything would add 1.3 points.",
        "1,200",
        "P(first 5)",
        "by RICE when each input is off by a factor of 1.5",
    ):
        assert part in said


def test_a_sealed_plan_shows_no_value() -> None:
    sealed = tuple(replace(row, value=None, regret=None) for row in decided.tables().plans)
    hidden = tuple(replace(row, value=None, sides=None) for row in decided.tables().frontier)
    said = words_of(plan(sample.view(replace(decided.tables(), plans=sealed, frontier=hidden))))
    assert "not shown before it is locked" in said
    assert "4.5" not in said


def test_the_model_says_what_fewer_factors_cost_and_who_loses() -> None:
    said = words_of(model(decided.view()))
    for part in (
        "2 factors would decide nearly the same: Retention at day 7, Planning time per day.",
        "Deciding by Retention at day 7 alone would cost 6 % (3 % to 9 %) of the value.",
        "may be parked: Jobs closed per week",
        "Jobs and planning move alike.",
        "Small firms (segment)",
        "30 % (20 % to 40 %)",
    ):
        assert part in said, part
    shown = said.partition("What every line means")[0]
    assert "Large firms" not in shown


def test_the_record_shows_no_score_below_ten_resolved() -> None:
    said = words_of(record(decided.view()))
    assert "Of what was forecast, 66 % (40 % to 92 %) came." in said
    assert "field (team)" in said
    assert "no record yet" in said
    assert "Overdue, nothing measured: Dispatch board." in said
    few = replace(decided.tables().calibration[0], resolved=4, own=False, coverage=None, skill=None, delivered=None)
    said = words_of(record(sample.view(replace(decided.tables(), calibration=(few,)))))
    assert "No record yet: 4 promises resolved, 10 are needed" in said
    assert "fell inside" not in said


def test_a_line_explains_itself_in_its_drawer() -> None:
    said = words_of(html_page(decided.view()))
    for part in (
        "In plain words",
        "What would change it",
        "At a cost of 25 person-weeks",
        "What to ask next",
        "Rank 2",
    ):
        assert part in said


def test_classic_scores_are_shown_with_what_is_left_of_them_without_luck() -> None:
    rows = (
        ClassicRow("a", rice=80.0, delay=2.5, value_effort=3.0, likely=Estimate(14.0, 9.0, 22.0),
                   rank=Estimate(2.1, 1.0, 4.0), p_top=0.9, top=5),
    )  # fmt: skip
    base = decided.view()
    said = words_of(plan(View(replace(base.tables, classic=rows), base.definitions, base.info)))
    for part in ("Delay, per week", "Value per effort", "14 (9 to 22)", "2.1 (1 to 4)"):
        assert part in said
