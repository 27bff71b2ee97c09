from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from connect.opinion_sheets import HEAD, RATINGS, ROWS, SHEETS, Opinions
from connect.strangers import write_text, write_users
from vitalfew.connect import begin
from vitalfew.connect.asking import Asker
from vitalfew.connect.look import look
from vitalfew.connect.recognise import recognise
from vitalfew.errors import DataError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path


def kind_of(path: Path, *, ask: str | None = None, assumes: bool = False) -> tuple[str, str]:
    """The kind of a file, and the sentence about it."""
    opened = look(path)
    try:
        found = recognise(opened, Asker(None if ask is None else lambda *_: ask, assumes))
    finally:
        opened.close()
    return found.kind.key, found.sentence


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_a_sheet_of_opinions_says_of_every_person_what_is_written(sheet: Opinions, tmp_path: Path) -> None:
    begun = begin([sheet.write(tmp_path)], into=tmp_path / "ws")
    log = load(begun.folder).acts
    acts = [log.bodies[act.n] for act in log.acts if act.kind == "judgement"]
    wanted = [
        {key: value for key, value in zip(sheet.factors, said, strict=True) if value is not None} for said in sheet.said
    ]
    assert [body["points"] for body in acts] == [pytest.approx(points) for points in wanted]
    assert tuple(body.get("group") for body in acts) == sheet.groups
    assert set(begun.definitions.factors) == set(sheet.factors)
    assert sheet.told in begun.recognised[0]
    assert not [name for name in ("Anna", "Ben", "Cem", "anna@") if name in " ".join(begun.recognised)]


@pytest.mark.parametrize(
    "lines",
    [
        (",person,Trust,Speed", f"{'1' * 5000},Anna,40,60", f"{'2' * 5000},Ben,30,70"),
        (f"person,{'[' * 20_000},Speed", "Anna,40,60", "Ben,30,70"),
        (f"person,Trust{' ' * 20_000}x,Speed", "Anna,40,60", "Ben,30,70"),
        ("person,Trust,Speed", "Anna,40,60", *(",30,70" for _ in range(1_400))),
    ],
    ids=["a number of 5,000 digits", "brackets", "blanks", "hardly a name"],
)
def test_cells_and_headings_may_be_long_and_names_missing(lines: tuple[str, ...], tmp_path: Path) -> None:
    begun = time.process_time()
    assert kind_of(write_text(tmp_path / "votes.csv", *lines))[0] == "opinions"
    assert time.process_time() - begun < 6, "nothing is gone through again and again"


RANKS = ("Anna,1,2,3", "Ben,3,1,2", "Cem,2,1,3")


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ((HEAD, *RANKS), "puts 3 factors in order: ranks do not say how much more"),
        (("factor,Anna,Ben", "Trust,1,3", "Speed,2,1", "Price,3,2"), "puts 3 factors in order"),
        ((HEAD, "Anna,high,low,medium", "Ben,low,high,high"), "rates Trust, Speed, Price in words"),
        ((HEAD, "Anna,wichtig,unwichtig,sehr wichtig", "Ben,wichtig,wichtig,wichtig"), "in words"),
    ],
)
def test_what_says_no_points_is_answered_with_what_would(lines: tuple[str, ...], message: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=message):
        begin([write_text(tmp_path / "votes.csv", *lines)], into=tmp_path / "ws")


def test_who_says_that_they_are_points_is_believed(tmp_path: Path) -> None:
    file = write_text(tmp_path / "votes.csv", HEAD, *RANKS)
    begun = begin([file], into=tmp_path / "ws", kind=["votes.csv=opinions"])
    assert begun.facts.opinions == 3


def test_users_with_outcomes_stay_users(tmp_path: Path) -> None:
    write_users(tmp_path / "users.csv")
    assert kind_of(tmp_path / "users.csv")[0] == "users"
    rows = (f"u{n},{n * 7 % 11},{n * 3 % 11}" for n in range(400))
    many = write_text(tmp_path / "many.csv", "user_id,nps,csat", *rows)
    assert kind_of(many)[0] == "users"
    rows = (f"c{n},{n * 13.7 % 300:.2f},{n * 3.1 % 90:.2f}" for n in range(25))
    assert kind_of(write_text(tmp_path / "spend.csv", "customer_id,spend,hours", *rows))[0] == "users"
    rows = (f"c{n},{n % 2},{n % 3 // 2}" for n in range(25))
    assert kind_of(write_text(tmp_path / "flags.csv", "user,retained,churned", *rows))[0] == "users"
    rows = (f"p{n},2025-01-0{n % 9 + 1},{n % 9},{n % 7}" for n in range(25))
    assert kind_of(write_text(tmp_path / "dated.csv", "user_id,signup,visits,orders", *rows))[0] == "users"


def test_a_table_that_could_be_both_is_asked_about_and_else_refused_with_what_each_needs(tmp_path: Path) -> None:
    rows = (f"{n},{n * 7 % 11},{n * 3 % 11}" for n in range(20))
    file = write_text(tmp_path / "score.csv", "customer,speed,trust", *rows)
    with pytest.raises(DataError, match=r"could be users or opinions:\n  users: one row per user(.|\n)*--as"):
        kind_of(file)
    with pytest.raises(DataError, match="opinions: points that people give to factors; found a row per person; rating"):
        kind_of(file)
    assert kind_of(file, ask="opinions")[0] == "opinions"
    kind, said = kind_of(file, assumes=True)
    assert kind == "users"
    assert "it could be something else, if so: --as 'score.csv=opinions'" in said


def test_sheets_of_ideas_and_of_results_stay_what_they_are(tmp_path: Path) -> None:
    for name, lines in {
        "ideas": ("name,impact,confidence,ease", "A,5,3,2", "B,7,8,1"),
        "ideas ": ("name,value,effort", "A,5,3", "B,7,8"),
        "results": ("experiment,estimate,se", "A,0.5,0.2", "B,0.1,0.2"),
        "series": ("date,visits,orders", "2025-01-01,10,3", "2025-01-02,20,5", "2025-01-03,15,5"),
        "aggregates": ("experiment,variant,n,conversions", "A,a,100,10", "A,b,100,20"),
        "features": ("name,cost,upkeep", "A,10,5", "B,5,2"),
    }.items():
        file = write_text(tmp_path / f"{name.strip()}.csv", *lines)
        assert kind_of(file)[0] == name.strip(), lines


@pytest.mark.parametrize(
    "lines",
    [
        ("team,speed,faults", "Red,312.5,17", "Blue,210,4", "Green,90,33"),
        ("team,Q1,Q2,Q3", "Red,10,20,5", "Blue,5,10,20", "Green,10,10,30"),
        ("name,Jan 2025,Feb 2025", "Red,10,20", "Blue,5,10", "Green,10,10"),
        ("name,nps,csat", "Anna,9,4", "Ben,3,2", "Cem,10,5"),
    ],
)
def test_what_was_measured_is_no_opinion(lines: tuple[str, ...], tmp_path: Path) -> None:
    file = write_text(tmp_path / "teams.csv", *lines)
    with pytest.raises(DataError, match=r"That is no kind of file that is known|has a column for each month"):
        kind_of(file)


IDEAS = ("name,effort,Trust,Speed,Price", "Search,3,8,2,0", "Export,1,0,3,9", "Login,2,4,4,1")


@pytest.mark.parametrize("head", ["idea", "name"])
def test_ideas_beside_name_the_factors_that_people_weigh(head: str, tmp_path: Path) -> None:
    opinions = write_text(tmp_path / "votes.csv", HEAD.replace("person", "name"), *RATINGS)
    ideas = write_text(tmp_path / "ideas.csv", IDEAS[0].replace("name", head), *IDEAS[1:])
    for files in ((opinions, ideas), (ideas, opinions)):
        begun = begin(files, into=tmp_path / f"{head}{files[0].stem}")
        assert begun.facts.opinions == 3
        assert begun.facts.ideas == 3
        assert begun.facts.idea_moves == 3
        assert len(begun.definitions.initiatives) == 3


def test_a_table_for_the_command_that_records_can_be_started_from(tmp_path: Path) -> None:
    file = write_text(tmp_path / "sheet.csv", "person,group,retention,speed", "anna,staff,100,20", "ben,staff,50,50")
    assert kind_of(file)[0] == "opinions"
    long = write_text(tmp_path / "long.csv", "person,factor,points", *(f"{row.split(',')[0]},Trust,5" for row in ROWS))
    assert kind_of(long)[0] == "opinions"
