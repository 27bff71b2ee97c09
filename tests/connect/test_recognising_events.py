from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connect.strangers import EXPORTS, NAMES, USERS, Export, uses, write_json_lines, write_text
from vitalfew.connect import begin
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("export", EXPORTS, ids=lambda export: export.name)
def test_a_stranger_s_export_is_recognised_and_every_use_counted(export: Export, tmp_path: Path) -> None:
    path = export.write(tmp_path)
    before = path.read_bytes()
    begun = begin([path], into=tmp_path / "made")
    found = f"user={export.user}, time={export.time}, event={export.event}"
    assert begun.recognised[0].startswith(f"{export.name}: usage events (400 rows; {found})")
    results = run(load(begun.folder))
    assert results.tables.failed == ()
    yearly = {row.feature: row for row in results.tables.use if row.window_days == 365 and row.segment is None}
    assert set(yearly) == set(NAMES)
    for name in NAMES:
        assert yearly[name].eligible == USERS
        assert yearly[name].users == len({use.user for use in uses() if use.event == name})
    assert abs(begun.facts.days - 101) <= 1
    assert path.read_bytes() == before


def test_nested_json_lines_are_laid_open(tmp_path: Path) -> None:
    write_json_lines(tmp_path / "mixpanel.jsonl")
    begun = begin([tmp_path / "mixpanel.jsonl"], into=tmp_path / "made")
    assert "user=properties.distinct_id, time=properties.time, event=event" in begun.recognised[0]
    results = run(load(begun.folder))
    assert {row.eligible for row in results.tables.use if row.window_days == 365} == {USERS}


def test_what_no_value_tells_is_assumed_and_said(tmp_path: Path) -> None:
    path = write_text(tmp_path / "few.csv", "user,date,event", *(f"{n % 5},0{n % 9 + 1}/02/2025,go" for n in range(30)))
    begun = begin([path], into=tmp_path / "made")
    assert "'date' is read day first" in begun.recognised[0]
    assert "which is assumed: no value tells" in begun.recognised[0]
    assert begun.facts.first is not None
    assert begun.facts.first.month == 2


def test_the_answer_of_a_person_decides_between_day_and_month(tmp_path: Path) -> None:
    path = write_text(tmp_path / "few.csv", "user,date,event", *(f"{n % 5},0{n % 9 + 1}/02/2025,go" for n in range(30)))
    asked: list[tuple[str, tuple[str, ...], str]] = []

    def ask(question: str, choices: tuple[str, ...], default: str) -> str:
        asked.append((question, choices, default))
        return "month"

    begun = begin([path], into=tmp_path / "made", ask=ask)
    assert [choices for _, choices, _ in asked] == [("day", "month")]
    assert begun.facts.last is not None
    assert begun.facts.last.month == 9


def test_events_that_only_say_that_somebody_was_there_are_no_features(tmp_path: Path) -> None:
    names = ("Page View", "login", "export", "Session-Start")
    lines = (f"{n % 7},2025-01-{n % 28 + 1:02},{names[n % 4]}" for n in range(200))
    begun = begin([write_text(tmp_path / "use.csv", "user,day,event", *lines)], into=tmp_path / "made")
    assert list(begun.definitions.features) == ["export"]
    assert "not taken as features, by their names: Page View, Session-Start, login" in begun.recognised[0]


def test_of_many_events_the_sixty_most_used_are_taken_and_the_rest_counted(tmp_path: Path) -> None:
    lines = (f"{user},2025-01-{user % 28 + 1:02},event {n}" for n in range(80) for user in range(n + 5))
    begun = begin([write_text(tmp_path / "use.csv", "user,day,event", *lines)], into=tmp_path / "made")
    assert len(begun.definitions.features) == 60
    assert "event_79" in begun.definitions.features
    assert "event_3" not in begun.definitions.features
    assert "20 less used events of 80 left out" in begun.recognised[0]
    steps = " ".join(begun.next_steps(run(load(begun.folder)).tables))
    assert "Left out: the 20 least used events" in steps
    assert "columns name, event" in steps


def _with_a_hardly_used_one(tmp_path: Path, names: int) -> str:
    path = tmp_path / f"use_{names}.csv"
    hardly = [f"{user},2025-01-{user % 28 + 1:02},rare {n}" for n in range(names) for user in range(2 + n % 2)]
    often = (f"{user},2025-01-{user % 28 + 1:02},often" for user in range(100))
    write_text(path, "user,day,event", *hardly, *often, *(f"{n % 90},2025-02-{n % 28 + 1:02},often" for n in range(90)))
    begun = begin([path], into=tmp_path / f"made_{names}")
    return " ".join(begun.next_steps(run(load(begun.folder)).tables))


def test_no_removal_is_proposed_as_reaching_fewest_when_less_used_events_were_left_out(tmp_path: Path) -> None:
    assert "reaches fewest" in _with_a_hardly_used_one(tmp_path, 20)
    left_out = _with_a_hardly_used_one(tmp_path, 70)
    assert "Test removing" not in left_out
    assert "of the 60 most used are used by under 5 % over 30 days" in left_out
    assert "nothing above says what reaches fewest" in left_out


def test_what_is_used_once_a_year_is_judged_over_a_year(tmp_path: Path) -> None:
    days = [f"2025-{month:02}-{day:02}" for month in range(1, 13) for day in (3, 4, 5)]
    daily = (f"{user},{day},open report" for user in range(9) for day in days)
    yearly = (f"{user},2025-01-{user + 10:02},tax return" for user in range(9))
    begun = begin([write_text(tmp_path / "use.csv", "user,day,event", *daily, *yearly)], into=tmp_path / "made")
    assert begun.definitions.features["tax_return"].cadence == "yearly"
    results = run(load(begun.folder))
    assert {row.hardly_used for row in results.tables.use if row.feature == "tax_return" and row.main} == {False}
