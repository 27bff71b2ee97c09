from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from connect.idea_sheets import RICE, SHEETS, Sheet
from connect.strangers import write_text
from vitalfew.connect import begin
from vitalfew.errors import DataError
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.connect import Begun
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import ClassicRow

HEAD = "idea,reach,impact,confidence,effort"


def started(path: Path, *files: Path) -> tuple[Begun, Results]:
    begun = begin(files, into=path / "ws")
    results = run(load(begun.folder))
    assert not results.failures
    return begun, results


def ideas(path: Path, *lines: str, head: str = HEAD) -> tuple[Begun, dict[str, ClassicRow]]:
    begun, results = started(path, write_text(path / "ideas.csv", head, *lines))
    return begun, {row.line: row for row in results.tables.classic}


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_stranger_s_sheet_is_scored_by_its_own_method(sheet: Sheet, tmp_path: Path) -> None:
    begun, results = started(tmp_path, sheet.write(tmp_path))
    rows = {row.line: row for row in results.tables.classic}
    found = [getattr(rows[key], sheet.method) for key in begun.definitions.initiatives]
    assert found == [pytest.approx(score, rel=0.001) if score is not None else None for score in sheet.scores]
    scored = [row for row in rows.values() if row.score is not None]
    assert {row.by for row in scored} == {sheet.method}
    assert all(row.p_top is not None and 0 <= row.p_top <= 1 for row in scored)
    assert "Next, say of the ideas near the top" in begun.next_steps(results.tables)[-2]


def test_no_row_is_lost_and_every_oddity_is_told(tmp_path: Path) -> None:
    lines = ("Autosave,2000,2,80%,4", ",800,1,50%,2", "autosave,100,1,50%,3", "SSO,,3,80%,6", ",,,,")
    more = ("Bulk edit,50,1,80%,0", "Tour,abc,1,80%,1", "Total,2950,,,16")
    begun, rows = ideas(tmp_path, *lines, *more)
    assert list(begun.definitions.initiatives) == [
        "autosave",
        "row_2_no_title",
        "autosave_2",
        "sso",
        "bulk_edit",
        "tour",
    ]
    said = begun.recognised[0]
    for remark in (
        "1 row of totals left out (Total)",
        "1 row without a title, called after their place (2)",
        "1 row with a title that another one has, kept and numbered (autosave)",
        "1 idea with no effort above 0, so without a cost: Bulk edit",
        "'reach' holds what is no number: 'abc'",
    ):
        assert remark in said
    assert rows["sso"].notes == ("no RICE score without reach",)
    assert rows["bulk_edit"].notes == ("no RICE score without effort",)
    assert [row.line for row in rows.values() if row.score is None] == ["sso", "bulk_edit", "tour"]


def test_team_and_product_of_an_idea_are_taken(tmp_path: Path) -> None:
    lines = ("Autosave,2000,2,80%,4,Blue,Mobile app", "SSO,10,3,80%,6,,Web", "Tour,5,1,80%,1,Blue,Mobile app")
    begun, _ = ideas(tmp_path, *lines, head=f"{HEAD},team,product")
    made = begun.definitions
    assert {key: one.title for key, one in made.products.items()} == {"mobile_app": "Mobile app", "web": "Web"}
    found = [(one.team, one.product) for one in made.initiatives.values()]
    assert found == [("blue", "mobile_app"), (None, "web"), ("blue", "mobile_app")]


def test_the_first_of_many_is_told_to_be_the_luckiest(tmp_path: Path) -> None:
    lines = [f"Idea {at},{100 * (at + 1)},1,80%,2" for at in range(12)]
    begun, rows = ideas(tmp_path, *lines)
    first = rows["idea_11"]
    assert first.score == pytest.approx(480)
    assert first.likely is not None
    assert first.likely.estimate < (first.score or 0)
    assert first.top == 5
    assert sum(row.p_top or 0 for row in rows.values()) == pytest.approx(5)
    assert sum(row.p_first or 0 for row in rows.values()) == pytest.approx(1)
    said = begun.next_steps(run(load(begun.folder)).tables)
    assert said[0].startswith("By RICE 'Idea 11' comes first; it truly is with probability ")
    assert "times too high" in said[0]


def test_a_missing_column_is_named(tmp_path: Path) -> None:
    begun, rows = ideas(tmp_path, "Autosave,2000,2,80%", "SSO,300,1,50%", head="idea,reach,impact,confidence")
    assert "no RICE score without a column for effort" in begun.recognised[0]
    assert [row.notes for row in rows.values()] == [("no RICE score without effort",)] * 2


def test_numbers_that_cannot_be_are_told_and_not_taken(tmp_path: Path) -> None:
    begun, rows = ideas(tmp_path, "A,-100,2,80%,3", "B,1e400,2,80%,3", "C,1e3,2,80%,4", "D,NaN,2,80%,3")
    assert "numbers below 0 are not taken: A" in begun.recognised[0]
    assert "'reach' holds what is no number: '1e400', 'NaN'" in begun.recognised[0]
    assert {key: row.rice for key, row in rows.items()} == {"a": None, "b": None, "c": 400, "d": None}


def test_a_rating_below_zero_is_not_taken_as_told(tmp_path: Path) -> None:
    begun, rows = ideas(tmp_path, "A,7,5,8", "B,-7,5,8", "C,7,5,-8", head="title,impact,confidence,ease")
    assert "numbers below 0 are not taken: B, C" in begun.recognised[0]
    assert [row.ice_mean for row in rows.values()] == [pytest.approx(20 / 3), None, None]


def test_numbers_that_nothing_can_be_reckoned_with_are_told_and_not_taken(tmp_path: Path) -> None:
    begun, rows = ideas(tmp_path, "A,1,2,3", "B,1e300,2e300,3e300", "C,2,3,5", head="idea,p10,p50,p90")
    assert "'p50' holds what is no number: '2e300'" in begun.recognised[0]
    assert sorted(key for key, row in rows.items() if row.likely) == ["a", "c"]


def test_decimal_commas_and_points_in_one_column_are_each_read_by_their_own_signs_and_told(tmp_path: Path) -> None:
    lines = ("A;1.000,5;2;0,8;2,5", "B;2,000.5;1;0.5;1.5", "C;1500;1;50 %;0.00000025")
    begun, rows = ideas(tmp_path, *lines, head="title;reach;impact;confidence;effort")
    assert {key: row.rice for key, row in rows.items()} == pytest.approx({"a": 640.32, "b": 2000.5 / 3, "c": 3e9})
    assert "'reach' has decimal commas and points, such as '1.000,5' and '2,000.5'" in begun.recognised[0]


def test_ranges_without_width_are_no_certainty(tmp_path: Path) -> None:
    _, rows = ideas(tmp_path, "A,1,1,1", "B,1.2,1.2,1.2", "C,1.5,1.5,1.5", head="idea,p10,p50,p90")
    assert (rows["c"].p_first or 1) < 0.8


def test_more_metrics_than_anybody_weighs_are_no_factors(tmp_path: Path) -> None:
    lines = [f"I{at},Metric {at % 11},1,2,3,4" for at in range(22)]
    begun, _ = started(tmp_path, write_text(tmp_path / "many.csv", "idea,metric,p10,p50,p90,cost", *lines))
    assert not begun.definitions.factors
    assert "which few of the 11 metrics count as value" in begun.next_steps(run(load(begun.folder)).tables)[-2]


def test_a_score_that_the_sheet_worked_out_wrongly_is_told(tmp_path: Path) -> None:
    lines = ("A,2000,2,80%,4,800", "B,100,1,80%,2,40", "C,500,1,50%,1,999", "D,10,1,50%,1,5")
    begun, rows = ideas(tmp_path, *lines, head=f"{HEAD},rice score")
    assert "the sheet's own score of C is not reach x impact x confidence / effort" in begun.recognised[0]
    assert rows["c"].rice == 250


def test_done_and_dropped_ideas_are_no_candidates_and_persons_are_not_kept(tmp_path: Path) -> None:
    head = f"{HEAD},status,owner,team"
    lines = (
        "A,2000,2,80%,4,Done,Anna Berg,Core",
        "B,100,1,80%,2,Won't do,Ben,Core",
        "C,500,1,50%,1,In progress,Eve,Web",
    )
    begun, rows = ideas(tmp_path, *lines, "D,10,1,50%,1,Backlog,Eve,Web", head=head)
    assert [each.status for each in begun.definitions.initiatives.values()] == [
        "shipped",
        "dropped",
        "committed",
        "idea",
    ]
    assert set(rows) == {"c", "d"}
    assert begun.definitions.initiatives["c"].team == "web"
    written = "".join(file.read_text("utf-8") for file in begun.folder.rglob("*.yaml"))
    assert "Anna" not in written
    assert "owners are persons and not taken" in begun.recognised[0]


def test_ranges_of_a_metric_become_value_and_no_promise(tmp_path: Path) -> None:
    head = "initiative,kpi,p10,p50,p90,cost"
    lines = (
        "Price page,Revenue,0,2,6,5",
        "Help,Support time,-1,-4,-9,6",
        "Help,Revenue,0,1,2,6",
        "Tour,Revenue,3,2,1,5",
    )
    begun, results = started(tmp_path, write_text(tmp_path / "i.csv", head, *lines))
    assert begun.definitions.factors.keys() == {"revenue", "support_time"}
    help_ = begun.definitions.initiatives["help"].scores
    assert help_ is not None
    assert help_.moves["support_time"].p10 == -9
    assert not results.tables.promises
    lines_ = {line.line: line for line in results.tables.candidates}
    assert lines_["price_page"].grade == "opinion"
    assert lines_["price_page"].p_in is not None
    assert lines_["tour"].p_in is None
    assert "1 range not taken" in begun.recognised[0]
    assert any(text.startswith("Next, let people weigh the metrics") for text in begun.next_steps(results.tables))


PEOPLE = {"sales": (90, 30, 5), "support": (10, 40, 90), "product": (40, 90, 20)}


def opinions(path: Path) -> Path:
    names = ("Revenue", "Retention", "Support time")
    rows = [
        f"{group} {at},{group},{name},{points + at}"
        for group, given in PEOPLE.items()
        for at in range(2)
        for name, points in zip(names, given, strict=True)
    ]
    return write_text(path / "opinions.csv", "person,role,factor,points", *rows)


def test_opinions_beside_numbers_per_factor_tell_whether_the_disagreement_matters(tmp_path: Path) -> None:
    head = "title,Revenue,Retention,Support time,Cost (weeks)"
    lines = ("Price page,8,1,0,5", "Help centre,0,3,9,6", "Tour,2,8,4,8", "SSO,5,2,1,10", "Chat bot,1,0,6,4")
    begun, results = started(tmp_path, write_text(tmp_path / "ideas.csv", head, *lines), opinions(tmp_path))
    assert "10 being all of it" in begun.recognised[0]
    moves = begun.definitions.initiatives["help_centre"].scores
    assert moves is not None
    assert moves.moves["support_time"].p50 == pytest.approx(-0.9)  # less of it is better
    assert results.tables.disagreement[0].decision_agreement is not None
    said = " ".join(begun.next_steps(results.tables))
    assert "of them would fund the same: the disagreement changes" in said
    assert "alone would lose" in said


def test_opinions_beside_scores_alone_say_what_is_missing(tmp_path: Path) -> None:
    begun, results = started(tmp_path, SHEETS[0].write(tmp_path), opinions(tmp_path))
    said = begun.next_steps(results.tables)
    assert (
        "Whether the disagreement changes what is funded cannot be told: the ideas say nothing about the factors."
        in said
    )
    assert "a column" in said[-2] or "columns in the sheet of ideas for Revenue, Retention, Support time" in said[-2]


def test_five_thousand_ideas_are_ranked_in_seconds(tmp_path: Path) -> None:
    lines = [f"Idea {at},{at % 977 + 1},{(1, 2, 3, 0.5)[at % 4]},80%,{at % 13 + 1}" for at in range(5_000)]
    begun = time.process_time()
    made, rows = ideas(tmp_path, *lines)
    assert time.process_time() - begun < 60
    assert len(made.definitions.initiatives) == len(rows) == 5_000
    assert sum(row.p_top or 0 for row in rows.values()) == pytest.approx(5)


def test_a_title_above_the_table_is_left_out_only_where_nothing_is_read_again(tmp_path: Path) -> None:
    begun, _ = started(tmp_path, next(sheet for sheet in SHEETS if sheet.name == "excel_title.csv").write(tmp_path))
    assert "2 lines above the column names left out" in begun.recognised[0]
    use = write_text(
        tmp_path / "use.csv", "My export,,", "user_id,time,event", *(f"u{n},2025-01-0{n},a" for n in (1, 2, 3))
    )
    with pytest.raises(DataError, match="1 line above its column names"):
        begin([use], into=tmp_path / "other")


@pytest.mark.parametrize(
    ("head", "line"),
    [
        ("Summary,Created,Customer,Reach,Impact,Confidence,Effort", "Idea {n},2026-01-0{n},Firm {n},{n}00,1,80%,{n}"),
        ("Hypothesis,Metric,Impact,Confidence,Effort", "Idea {n},Retention,{n},80%,2"),
        ("Experiment,Impact,Confidence,Ease", "Idea {n},{n},5,5"),
        ("Name,User,Date,Low,Likely,High", "Idea {n},u{n},2026-01-0{n},1,{n}0,90"),
        ("Name der Idee;Reichweite;Auswirkung;Vertrauen;Aufwand", "Idee {n};{n}.000;hoch;80 %;{n},5"),
        ("Epic,Business Value,Time Criticality,RR&OE Value,Job Size", "Idea {n},{n},5,3,5"),
        ("Growth play,Impact (1-10),Confidence (1-10),Ease (1-10)", "Idea {n},{n},5,5"),
    ],
)
def test_other_columns_beside_make_ideas_nothing_else(head: str, line: str, tmp_path: Path) -> None:
    begun, _ = started(tmp_path, write_text(tmp_path / "s.csv", head, *(line.format(n=n) for n in range(1, 7))))
    assert begun.recognised[0].startswith("s.csv: ideas (6 rows; title=")
    assert len(begun.definitions.initiatives) == 6


def test_the_same_sheet_gives_the_same_chances_whatever_its_order(tmp_path: Path) -> None:
    plain = SHEETS[0]
    one, two = tmp_path / "one", tmp_path / "two"
    one.mkdir()
    two.mkdir()
    _, first = started(one, plain.write(one))
    turned = Sheet(plain.name, "\n".join((plain.lines[0], *reversed(plain.lines[1:]))), "rice", RICE)
    _, second = started(two, turned.write(two))
    assert {row.line: row.p_first for row in first.tables.classic} == {
        row.line: row.p_first for row in second.tables.classic
    }


def test_targets_of_horizons_are_offered_in_the_file_and_hold_for_nobody(tmp_path: Path) -> None:
    begun, results = started(tmp_path, write_text(tmp_path / "ideas.csv", HEAD, "a,100,2,80%,3", "b,200,1,50%,2"))
    written = (begun.folder / "vitalfew.yaml").read_text(encoding="utf-8")
    assert "# `horizon_targets: {h1: 0.7, h2: 0.2, h3: 0.1}` is a usual start, once ideas say" in written
    assert load(begun.folder).definitions.policy.horizon_targets == {}
    assert results.tables.horizon_mix == ()
