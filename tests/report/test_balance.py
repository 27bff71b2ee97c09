"""The balance over horizons, as the report and the terminal say it."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from report import sample
from vitalfew.report.balance_words import payoff_sentence
from vitalfew.report.html_balance import (
    EXPLORATION_HEADS,
    MIX_HEADS,
    PAYOFF_HEADS,
    balance,
    exploration_cells,
    mix_cells,
    payoff_cells,
)
from vitalfew.report.sheet import Sheet
from vitalfew.report.terminal_balance import print_balance
from vitalfew.results.rows import Estimate, ExplorationRow, MixRow, PayoffRow

if TYPE_CHECKING:
    from vitalfew.report.view import View

MIX = (
    MixRow("h1", 0.7, 3, 12.0, Estimate(0.8, 0.7, 0.9), 0.5),
    MixRow("h3", 0.1, 1, 3.0, Estimate(0.2, 0.1, 0.3), None),
)
PAYOFFS = (
    PayoffRow("2026-Q4", agreed=True, lines=Estimate(1.5, 1.0, 2.0)),
    PayoffRow(None, agreed=True, lines=Estimate(0.5, 0.0, 1.0)),
    PayoffRow("2026-Q4", agreed=False, lines=Estimate(0.2, 0.0, 1.0)),
    PayoffRow("2027-Q1", agreed=False, lines=Estimate(0.8, 0.0, 1.0)),
    PayoffRow(None, agreed=False, lines=Estimate(2.0, 1.0, 3.0)),
)
TAUGHT = (
    ExplorationRow("h2", 0.2, None, 2, 1, None, 2, 1, 1, 0.4, 0, None),
    ExplorationRow("h3", 0.1, 0.15, 6, 4, Estimate(0.67, 0.41, 0.85), 5, 3, 2, 0.51, 1, 7.0),
)


def view(policy: dict[str, float] | None = None, *, empty: bool = False) -> View:
    base = sample.view()
    known: dict[str, Any] = {} if empty else {"horizon_mix": MIX, "payoffs": PAYOFFS, "exploration": TAUGHT}
    made = base.definitions.model_copy(
        update={"policy": base.definitions.policy.model_copy(update={"horizon_targets": policy or {}})}
    )
    return replace(base, definitions=made, tables=replace(base.tables, **known))


def page(given: View) -> str:
    return str(balance(given)).replace("\xa0", " ")


def test_effort_stands_beside_its_target_with_its_interval() -> None:
    told = page(view({"h1": 0.7, "h3": 0.3}))
    assert "80 % (70 % to 90 %)" in told
    assert "No targets are set" not in told
    assert "No targets are set: 70 % now, 20 % next and 10 % later are a usual start" in page(view())
    assert balance(view(empty=True)) is None


def test_the_histogram_stacks_candidates_on_agreed_work_and_has_a_table_beside() -> None:
    told = page(view())
    assert told.count('class="b-fill"') == told.count('class="b-open"') == 3  # two quarters, and what is later
    assert "Of 2 agreed lines about 1.5 will have paid within the horizon, likeliest in 2026-Q4." in told
    assert "Of 3 candidates about 1.0 will have paid within the horizon, likeliest in 2027-Q1." in told
    assert "1.5 (1 to 2)" in told
    assert "later or never" in told


def test_exploring_is_told_by_its_lessons_alone() -> None:
    told = page(view())
    assert "never by what it delivered" in told
    assert "4 of 6: 67 % (41 % to 85 %)" in told
    assert (
        "3 of 5 questions answered; 51 % of the doubt of 2 forecasts taken away; 1 stopped early, 7 person-weeks saved"
        in told
    )
    assert "target 10 %, every plan keeps 15 %" in told
    assert "points" not in told.partition("What exploring taught")[2]


def test_a_horizon_on_which_nothing_was_begun_is_no_share_of_nothing() -> None:
    idle = ExplorationRow("h2", 0.2, None, 0, 0, None, 0, 0, 0, None, 0, None)
    given = view()
    told = page(replace(given, tables=replace(given.tables, exploration=(idle,))))
    assert "0 of 0" not in told
    assert "nothing was begun" in told


def test_one_line_is_told_as_one() -> None:
    never = PayoffRow(None, agreed=False, lines=Estimate(1.0, 1.0, 1.0))
    assert payoff_sentence([never], agreed=False) == "None of 1 candidate is expected to pay within the horizon."


def test_files_hold_whole_numbers() -> None:
    assert dict(zip(MIX_HEADS, mix_cells(MIX[0]), strict=True)) == {
        "horizon": "h1", "target": 0.7, "lines": 3, "effort": 12.0, "share": 0.8, "share_low_80": 0.7,
        "share_high_80": 0.9, "share_of_best_plan": 0.5,
    }  # fmt: skip
    assert dict(zip(PAYOFF_HEADS, payoff_cells(PAYOFFS[1]), strict=True)) == {
        "quarter": "later or never", "work": "agreed", "lines": 0.5, "lines_low_80": 0.0, "lines_high_80": 1.0,
    }  # fmt: skip
    told = dict(zip(EXPLORATION_HEADS, exploration_cells(TAUGHT[0]), strict=True))
    assert (told["share"], told["doubt_taken_away"], told["stopped_early"], told["saved"]) == (None, 0.4, 0, None)


def printed(width: int, *, terminal: bool) -> str:
    out = io.StringIO()
    print_balance(view(), Sheet(Console(file=out, width=width, force_terminal=terminal, color_system=None)))
    return out.getvalue().replace("\xa0", " ")


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_keeps_to_its_width(width: int) -> None:
    told = printed(width, terminal=True)
    assert "NOW, NEXT, LATER" in told
    assert max(map(len, told.splitlines())) <= width


def test_a_pipe_says_what_each_number_is() -> None:
    told = printed(80, terminal=False).splitlines()
    assert "h1 (now) | target 70 % | agreed on 80 % (70 % to 90 %) | best plan 50 %" in told
    assert "2026-Q4 | agreed on 1.5 (1 to 2) | other candidates 0.2 (0 to 1)" in told
