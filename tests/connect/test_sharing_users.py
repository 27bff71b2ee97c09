from __future__ import annotations

from typing import TYPE_CHECKING

from connect.strangers import EXPORTS, USERS, uses, write_text, write_users
from vitalfew.connect import begin
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from vitalfew.connect import Begun


def _events(tmp_path: Path, header: str = "distinct_id,person_id,timestamp,event", *, gaps: int = 0) -> Path:
    lines = (
        f"d{use.user % 20},{'' if gaps and use.number % gaps == 0 else f'u{use.user}'},{use.at.isoformat()},{use.event}"
        for use in uses()
    )
    return write_text(tmp_path / "events.csv", header, *lines)


def _eligible(begun: Begun) -> set[tuple[str | None, int | None]]:
    rows = run(load(begun.folder)).tables.use
    return {(row.segment, row.eligible) for row in rows if row.segment in (None, "plan_pro")}


def test_the_user_is_the_column_that_users_are_listed_by(tmp_path: Path) -> None:
    write_users(tmp_path / "users.csv", key="Person-ID")
    begun = begin([_events(tmp_path), tmp_path / "users.csv"], into=tmp_path / "made")
    assert "user=person_id, time=timestamp" in begun.recognised[0]
    assert (
        "the user is 'person_id' rather than 'distinct_id', as it goes with the ids in users.csv" in begun.recognised[0]
    )
    assert "Warning" not in " ".join(begun.recognised)
    assert _eligible(begun) == {(None, USERS + 10), ("plan_pro", 20)}


def test_files_that_call_the_user_differently_are_joined_by_the_ids_they_share(tmp_path: Path) -> None:
    write_users(tmp_path / "customers.csv", key="id")
    begun = begin([_events(tmp_path), tmp_path / "customers.csv"], into=tmp_path / "made")
    assert "user=person_id" in begun.recognised[0]
    assert "user=id" in begun.recognised[1]
    assert _eligible(begun) == {(None, USERS + 10), ("plan_pro", 20)}


def test_a_user_s_name_beside_the_id_does_not_take_its_place(tmp_path: Path) -> None:
    lines = (f"u{n},name{n},{('free', 'pro')[n % 2]}" for n in range(40))
    users = write_text(tmp_path / "users.csv", "id,username,plan", *lines)
    begun = begin([EXPORTS[0].write(tmp_path), users], into=tmp_path / "made")
    assert "user=id" in begun.recognised[1]
    assert _eligible(begun) == {(None, 40), ("plan_pro", 20)}


def test_exposures_decide_as_users_do(tmp_path: Path) -> None:
    lines = (f"u{n},e{n},share,{('control', 'b')[n % 2]},2025-01-20T00:00:00Z" for n in range(30))
    exposures = write_text(tmp_path / "seen.csv", "person_id,user_id,experiment,variant,time", *lines)
    begun = begin([_events(tmp_path), exposures], into=tmp_path / "made")
    assert "user=person_id" in begun.recognised[0]
    assert "user=person_id" in begun.recognised[1]
    rows = run(load(begun.folder)).tables.assignments
    assert {row.arm: row.units for row in rows} == {"control": 15, "b": 15}


def test_rows_without_the_shared_user_are_counted_out_loud(tmp_path: Path) -> None:
    write_users(tmp_path / "users.csv", key="person_id")
    begun = begin([_events(tmp_path, gaps=4), tmp_path / "users.csv"], into=tmp_path / "made")
    assert "user=person_id" in begun.recognised[0]
    assert "100 rows without it are not counted" in begun.recognised[0]


def test_ids_that_do_not_overlap_are_a_warning_with_the_next_step(tmp_path: Path) -> None:
    write_users(tmp_path / "users.csv", key="account", prefix="x")
    begun = begin([EXPORTS[0].write(tmp_path), tmp_path / "users.csv"], into=tmp_path / "made")
    (warning,) = [sentence for sentence in begun.recognised if sentence.startswith("Warning")]
    assert "none of the 40 ids in 'account' of users.csv is found in 'user_id' of plain.csv" in warning
    assert "Next: give both files a column with the same ids and the same name" in warning


def test_a_column_called_like_the_user_that_holds_other_ids_makes_way(tmp_path: Path) -> None:
    lines = (f"z{n},u{n},{('free', 'pro')[n % 2]}" for n in range(40))
    users = write_text(tmp_path / "users.csv", "USER_ID,member_id,plan", *lines)
    begun = begin([EXPORTS[0].write(tmp_path), users], into=tmp_path / "made")
    assert "user=member_id" in begun.recognised[1]
    assert _eligible(begun) == {(None, 40), ("plan_pro", 20)}


def test_ids_that_are_numbers_meet_without_a_warning(tmp_path: Path) -> None:
    write_users(tmp_path / "users.csv", key="client", prefix="")
    events = next(export for export in EXPORTS if export.name == "epoch.csv").write(tmp_path)
    begun = begin([events, tmp_path / "users.csv"], into=tmp_path / "made")
    assert "Warning" not in " ".join(begun.recognised)
    assert _eligible(begun) == {(None, 40), ("plan_pro", 20)}


def test_the_workspace_is_called_after_its_folder_else_after_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = EXPORTS[0].write(tmp_path)
    assert begin([events], into=tmp_path / "Acme Ltd").definitions.workspace.name == "acme_ltd"
    monkeypatch.chdir(tmp_path)
    assert begin([events]).definitions.workspace.name == "plain"
