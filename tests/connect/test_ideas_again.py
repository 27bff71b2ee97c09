from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from command_line import typed
from connect.strangers import write_text
from vitalfew.connect import begin
from vitalfew.connect.ideas_again import plan_ideas
from vitalfew.errors import DataError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed
    from vitalfew.connect.ideas_again import IdeasPlan

__all__ = ["typed"]

HEAD = "idea,reach per quarter,impact,confidence,effort (person-weeks),team"
FIRST = ("Dark mode,1000,1,80%,2,Blue", "Search,5000,2,50%,5,Red", "Export,100,3,80%,1,")


class Sheets:
    """A workspace that was started from a sheet, into which newer ones are taken."""

    def __init__(self, path: Path, *lines: str, head: str = HEAD) -> None:
        path.mkdir(exist_ok=True)
        self.path, self.folder = path, path / "ws"
        begin([self.sheet(*(lines or FIRST), head=head)], into=self.folder)

    def sheet(self, *lines: str, head: str = HEAD) -> Path:
        return write_text(self.path / "ideas.csv", head, *lines)

    def plan(self, *lines: str, head: str = HEAD) -> IdeasPlan:
        return plan_ideas(self.sheet(*lines, head=head), load(self.folder))

    def take(self, *lines: str) -> dict[str, str]:
        plan = self.plan(*lines)
        plan.write()
        return {change.key: change.what for change in plan.changes}

    def edit(self, before: str, after: str) -> None:
        file = self.folder / "vitalfew.yaml"
        text = file.read_text("utf-8")
        assert before in text
        file.write_text(text.replace(before, after, 1), "utf-8")

    def idea(self, key: str) -> Any:
        return load(self.folder).definitions.initiatives[key].model_dump(mode="json", exclude_defaults=True)


@pytest.fixture
def sheets(tmp_path: Path) -> Sheets:
    return Sheets(tmp_path)


def test_the_same_sheet_changes_nothing(sheets: Sheets) -> None:
    before = (sheets.folder / "vitalfew.yaml").read_bytes()
    assert set(sheets.take(*FIRST).values()) == {"same"}
    assert (sheets.folder / "vitalfew.yaml").read_bytes() == before


def test_what_is_new_changed_and_gone_is_told_and_nothing_is_lost(sheets: Sheets) -> None:
    newer = ("Search,9000,2,50%,5,Red", "Export,100,3,80%,1,", "Single sign-on,50,3,100%,4,Green")
    plan = sheets.plan(*newer)
    said = list(plan.sentences(written=False))
    assert "    rice reach: 5000 → 9000" in said
    assert "  Dark mode (dark_mode)" in said[said.index("Not in this sheet; kept:") :]
    found = sheets.take(*newer)
    assert found == {"search": "changed", "export": "same", "single_sign_on": "added", "dark_mode": "gone"}
    assert sheets.idea("search")["scores"]["rice"]["reach"] == 9000
    assert sheets.idea("dark_mode")["title"] == "Dark mode"
    assert "green" in load(sheets.folder).definitions.teams
    assert set(sheets.take(*newer).values()) == {"same", "gone"}


def test_what_a_person_changed_is_kept_and_other_parts_follow_the_sheet(sheets: Sheets) -> None:
    sheets.edit("cost: 5", "cost: 6  # Mia asked the builders")
    assert sheets.take(*FIRST)["search"] == "kept"
    assert sheets.take(FIRST[0], "Search,7000,2,50%,5,Red", FIRST[2])["search"] == "changed"
    found = sheets.idea("search")
    assert found["cost"] == 6
    assert found["scores"]["rice"]["reach"] == 7000


def test_what_changed_on_both_sides_stays_and_is_a_conflict_until_people_settle_it(sheets: Sheets) -> None:
    sheets.edit("cost: 5", "cost: 6")
    newer = (FIRST[0], "Search,5000,2,50%,8,Red", FIRST[2])
    plan = sheets.plan(*newer)
    assert [change.key for change in plan.conflicts] == ["search"]
    assert "cost: 6 → 8 (not taken)" in plan.conflicts[0].details
    for _ in range(2):
        assert sheets.take(*newer)["search"] == "conflict"
        assert sheets.idea("search")["cost"] == 6
    sheets.edit("cost: 6", "cost: 8")
    assert sheets.take(*newer)["search"] == "same"


def test_keys_follow_the_title_of_the_sheet_whatever_it_is_called_here(sheets: Sheets) -> None:
    sheets.edit("  search:\n    title: Search\n", "  find:\n    title: Find anything\n    serves: []\n")
    assert sheets.take(*FIRST)["find"] == "kept"
    assert sheets.take("Search,9999,2,50%,5,Red")["find"] == "changed"
    assert sheets.idea("find")["title"] == "Find anything"


def test_an_idea_is_not_taken_for_another_that_the_sheet_calls_as_it_is_called_here(sheets: Sheets) -> None:
    sheets.edit("title: Search", "title: Find")
    found = sheets.take(FIRST[0], "Find,70,3,80%,9,Red", *FIRST[1:])
    assert found == {"dark_mode": "same", "find": "added", "search": "kept", "export": "same"}
    assert sheets.idea("search")["cost"] == 5


def test_an_idea_renamed_alike_on_both_sides_is_known_again(sheets: Sheets) -> None:
    sheets.edit("title: Search", "title: Find")
    assert sheets.take(FIRST[0], "Find,5000,2,50%,5,Red", FIRST[2])["search"] == "same"


def test_a_sheet_that_names_ideas_alike_adds_none_again(tmp_path: Path) -> None:
    rows = ("Export,1,1,80%,2,", "Export,2,1,80%,3,", "Export 2,3,1,80%,4,")
    sheets = Sheets(tmp_path, *rows)
    assert set(sheets.take(*rows).values()) == {"same"}


def test_a_purpose_that_a_person_took_out_stays_out(tmp_path: Path) -> None:
    head = "idea,metric,p10,p50,p90,effort"
    sheets = Sheets(tmp_path, "A,visits,1,2,3,2", "A,orders,1,2,3,2", "B,visits,1,2,3,2", head=head)
    sheets.edit("serves: [visits, orders]", "serves: [visits]")
    plan = sheets.plan("A,visits,1,2,4,2", "A,orders,1,2,3,2", "B,orders,1,2,3,2", head=head)
    plan.write()
    assert {change.key: change.what for change in plan.changes} == {"a": "changed", "b": "changed"}
    assert sheets.idea("a")["serves"] == ["visits"]
    assert sheets.idea("b")["serves"] == ["visits", "orders"]


def test_the_unit_of_costs_that_people_wrote_stays(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path)
    for settings in ("cost_unit: person-days", "budget: 40"):
        text = f"policy: {{{settings}}}\nmetrics: {{}}\n"
        (sheets.folder / "vitalfew.yaml").write_text(text, "utf-8")
        unit = load(sheets.folder).definitions.policy.cost_unit
        with pytest.raises(DataError, match=f"counts costs in person-months, the workspace in {unit}"):
            sheets.plan(*FIRST, head=HEAD.replace("weeks", "months"))
        plan = sheets.plan("Dark mode,1000,1,80%", head="idea,reach per quarter,impact,confidence")
        assert plan.application.after.policy.cost_unit == unit
        assert plan.notes == ("policy: rice_period: nothing → quarter",)


def test_an_idea_written_by_hand_is_kept_and_compared_from_then_on(sheets: Sheets) -> None:
    text = "initiatives:\n  tour: {title: Tour, cost: 3, origin: sales}\n"
    (sheets.folder / "more.yaml").write_text(text, "utf-8")
    assert sheets.take(*FIRST, "Tour,10,1,50%,9,")["tour"] == "kept"
    found = sheets.idea("tour")
    assert (found["cost"], found["origin"]) == (3, "sales")
    assert "tour" not in (sheets.folder / "vitalfew.yaml").read_text("utf-8")
    # Edited here and now changed in the sheet as well: said, never overwritten.
    assert sheets.take(*FIRST, "Tour,10,1,50%,12,")["tour"] == "conflict"
    assert sheets.idea("tour")["cost"] == 3


def test_another_unit_of_cost_or_reach_is_refused(sheets: Sheets) -> None:
    with pytest.raises(DataError, match="counts costs in person-months, the workspace in person-weeks"):
        sheets.plan(*FIRST, head=HEAD.replace("weeks", "months"))
    with pytest.raises(DataError, match="counts reach per month, the workspace per quarter"):
        sheets.plan(*FIRST, head=HEAD.replace("quarter", "month"))


def test_the_command_shows_the_plan_first_and_says_by_its_code_what_is_unsettled(sheets: Sheets, typed: Typed) -> None:
    newer = sheets.sheet(FIRST[0], "Search,5000,2,50%,8,Red", "Tour,10,1,50%,9,")
    before = (sheets.folder / "vitalfew.yaml").read_bytes()
    shown = typed("import", "ideas", newer, sheets.folder, "--dry-run").out
    assert "cost: 5 → 8" in shown
    assert "Nothing was written (--dry-run); it would go into vitalfew.yaml." in shown
    assert (sheets.folder / "vitalfew.yaml").read_bytes() == before
    sheets.edit("cost: 5", "cost: 6")
    answer = typed("import", "ideas", newer, sheets.folder)
    assert answer.code == 1
    assert "Changed both here and in the sheet" in answer.out
    assert set(load(sheets.folder).definitions.initiatives) == {"dark_mode", "search", "export", "tour"}


NAMELESS = ("Dark mode,1000,1,80%,2,Blue", ",5000,2,50%,5,Red", ",100,3,80%,1,")


def test_rows_without_a_title_are_known_by_their_numbers_when_rows_are_put_in(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, *NAMELESS)
    plan = sheets.plan(NAMELESS[0], "New one,7,1,80%,1,", *NAMELESS[1:])
    assert {change.key: change.what for change in plan.changes} == {
        "dark_mode": "same",
        "new_one": "added",
        "row_2_no_title": "changed",
        "row_3_no_title": "changed",
    }
    assert ("title: Row 2 (no title) → Row 3 (no title)",) in [change.details for change in plan.changes]
    plan.write()
    assert sheets.idea("row_2_no_title")["scores"]["rice"]["reach"] == 5000
    again = sheets.take(NAMELESS[2], NAMELESS[0], "New one,7,1,80%,1,", NAMELESS[1])
    assert again["row_2_no_title"] == "changed"
    assert sheets.idea("row_3_no_title")["title"] == "Row 1 (no title)"
    assert sheets.idea("row_2_no_title")["title"] == "Row 4 (no title)"


def test_a_title_given_here_stays_where_only_the_row_moved(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, *NAMELESS)
    sheets.edit("title: Row 2 (no title)", "title: Fix the login")
    found = sheets.take("New one,7,1,80%,1,", *NAMELESS)
    assert found["row_2_no_title"] == "kept"
    assert sheets.idea("row_2_no_title")["title"] == "Fix the login"
    assert sheets.take("New one,7,1,80%,1,", *NAMELESS)["row_2_no_title"] == "kept"


def test_a_row_that_has_a_title_by_now_is_the_idea_it_was(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, *NAMELESS)
    found = sheets.take(NAMELESS[0], "Fix the login,5000,2,50%,5,Red", NAMELESS[2])
    assert found == {"dark_mode": "same", "row_2_no_title": "changed", "row_3_no_title": "same"}
    assert sheets.idea("row_2_no_title")["title"] == "Fix the login"
    assert sheets.take(NAMELESS[2], "Fix the login,5000,2,60%,5,Red", NAMELESS[0])["row_2_no_title"] == "changed"


def test_rows_without_a_title_that_may_be_new_or_changed_are_refused(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, *NAMELESS)
    with pytest.raises(DataError, match=r"row 2 of the sheet is without a title .* \(row 2\)"):
        sheets.plan(NAMELESS[0], ",6000,2,50%,5,Red", NAMELESS[2])
    with pytest.raises(DataError, match=r"rows 1, 3 of the sheet are without a title"):
        sheets.plan(",1,1,80%,2,", NAMELESS[0], ",2,2,50%,5,Red")


def test_rows_without_a_title_that_can_only_be_new_or_gone_are_taken(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, *NAMELESS)
    assert sheets.take(*NAMELESS[:2])["row_3_no_title"] == "gone"
    added = Sheets(tmp_path / "added", *NAMELESS).take(*NAMELESS, ",6,2,50%,5,Red")
    assert added["row_4_no_title"] == "added"


def test_a_new_idea_with_the_numbers_of_one_without_a_title_does_not_take_its_place(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, *NAMELESS)
    found = sheets.take("New one,5000,2,50%,5,Red", *NAMELESS)
    assert found["new_one"] == "added"
    assert sheets.idea("row_2_no_title")["title"] == "Row 3 (no title)"


def test_a_row_without_a_title_and_without_numbers_that_count_is_the_same_in_the_same_sheet(tmp_path: Path) -> None:
    sheets = Sheets(tmp_path, *NAMELESS, ",,,,0,Blue")
    assert sheets.take(*NAMELESS, ",,,,0,Blue")["row_4_no_title"] == "same"


@pytest.mark.parametrize(
    "counted",
    ["teams: {blue: {capacity: 12}}", "initiatives: {dark_mode: {spent: [{at: 2026-01-31, amount: 2}]}}"],
)
def test_what_teams_can_do_and_what_was_spent_is_counted_in_the_unit_of_costs(tmp_path: Path, counted: str) -> None:
    folder = tmp_path / "ws"
    folder.mkdir()
    (folder / "vitalfew.yaml").write_text(f"workspace: {{name: own}}\n{counted}\n", "utf-8")
    sheet = write_text(tmp_path / "ideas.csv", "idea,effort (person-days),reach,impact,confidence", "Search,2,10,1,80%")
    with pytest.raises(DataError, match="the sheet counts costs in person-days, the workspace in person-weeks"):
        plan_ideas(sheet, load(folder))
