"""What teams say they are for stands side by side in the report, and one below the other in the terminal."""

from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from report import sample
from vitalfew.report.html_stories import narrative_cells, opposed_cells, stories
from vitalfew.report.sheet import Sheet
from vitalfew.report.terminal_stories import print_stories
from vitalfew.results.rows import Aim, GroupWeightRow, NarrativeRow, OpposedRow
from vitalfew.workspace.definitions import Hypothesis, Objective, Team, Vision

if TYPE_CHECKING:
    from vitalfew.report.view import View

UP = Aim("growth", "clicks", "promise", "nudge", None, 0.5, up=True)
DOWN = Aim("care", "clicks", "key_result", "calm", 5.0, 2.0, up=False)
ROWS = (
    NarrativeRow("growth", ("more",), (), (UP,), (), ("h",), "growth"),
    NarrativeRow("care", (), ("calm",), (DOWN,), ("planning",), (), None),
)


def view(*rows: NarrativeRow) -> View:
    base = sample.view()
    made = base.definitions.model_copy(
        update={
            "teams": {"growth": Team(title="Growth"), "care": Team(title="Care"), "silent": Team(title="Silent")},
            "vision": {"more": Vision(title="Everybody is back", team="growth")},
            "objectives": {"calm": Objective(title="Nobody waits", team="care")},
            "hypotheses": {
                "h": Hypothesis(initiative="nudge", metric="clicks", who="they", will="come", because="they forgot")
            },
        }
    )
    weights = (GroupWeightRow("growth", "planning", 6, 0.4, 0.3, 0.5, 0.0, 0.0, 0.0),)
    opposed = (OpposedRow("clicks", (UP,), (DOWN,)),) if rows else ()
    known = replace(base.tables, narratives=rows, opposed=opposed, group_weights=weights)
    return replace(base, definitions=made, tables=known)


def test_each_team_has_a_card_with_what_it_says() -> None:
    page = str(stories(view(*ROWS))).replace("\xa0", " ")
    assert page.count("<article") == 2
    growth, care = page.partition("<h4>Care</h4>")[::2]
    assert "Everybody is back" in growth
    assert "Clicks on suggestions: up, promised +0.5 clicks" in growth
    assert "they will come, because they forgot" in growth
    assert "Planning time per day 40 % (30 % to 50 %)" in growth
    assert "Nobody waits" in care
    assert "Clicks on suggestions: down from 5 to 2 clicks" in care
    assert "Planning time per day: nobody has described it" in care
    assert "Weighs" not in care
    assert "Nothing of their own say: Silent." in page


def test_opposite_directions_are_listed_with_what_they_hang_on() -> None:
    page = str(stories(view(*ROWS)))
    assert "Pulls in opposite directions" in page
    assert "Clicks on suggestions: up by Growth (nudge), down by Care (Nobody waits)." in page


def test_work_of_no_team_is_nobodys_as_the_check_says() -> None:
    given = view(*ROWS)
    known = replace(given.tables, opposed=(OpposedRow("clicks", (replace(UP, team=None),), (DOWN,)),))
    page = str(stories(replace(given, tables=known)))
    assert "up by nobody in particular (nudge), down by Care (Nobody waits)." in page


def test_one_story_alone_is_not_compared() -> None:
    assert stories(view(ROWS[0])) is None
    assert stories(view()) is None


def test_files_hold_a_sentence_a_row_and_whole_numbers() -> None:
    told = list(narrative_cells(view(*ROWS)))
    assert ("growth", "Wants to be", "Everybody is back") in told
    assert len(told) == 4 + 3
    assert list(opposed_cells(view(*ROWS))) == [
        ("clicks", "up", "growth", "promise", "nudge", None, 0.5),
        ("clicks", "down", "care", "key_result", "calm", 5.0, 2.0),
    ]


@pytest.mark.parametrize("width", [80, 120])
def test_the_terminal_keeps_to_its_width(width: int) -> None:
    out = io.StringIO()
    print_stories(view(*ROWS), Sheet(Console(file=out, width=width, force_terminal=True, color_system=None)))
    told = out.getvalue()
    assert "WHAT TEAMS SAY THEY ARE FOR" in told
    assert "Wants to reach: Nobody waits." in told
    assert max(map(len, told.splitlines())) <= width
