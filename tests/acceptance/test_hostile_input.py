"""Input that is wrong, broken or malicious, through the command line: a clear answer each, and never a traceback."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from command_line import UNITS, typed, workspace

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from command_line import Answer, Typed

__all__ = ["typed"]

HEAD = "id,arm,back,rounds\n"
CALM = ("Traceback", "fault of vitalfew", "Exception", "\x1b")


def rows(line: Callable[[int], str], n: int = 60) -> str:
    return HEAD + "".join(f"{line(i)}\n" for i in range(n))


def arm(i: int) -> str:
    return "old" if i % 2 else "new"


def wider(table: str, by: int = 1996) -> str:
    head, *lines = table.splitlines()
    return "\n".join([head + "".join(f",c{i}" for i in range(by)), *(line + ",1" * by for line in lines)]) + "\n"


SOUND = rows(lambda i: f"{i},{arm(i)},{int(i % 3 == 0)},{i * 3 % 7}.5")


def calm(answer: Answer) -> Answer:
    for word in CALM:
        assert word not in answer.out + answer.err
    return answer


def run(typed: Typed, folder: Path) -> Answer:
    return calm(typed("run", folder, "--json"))


# Definitions -------------------------------------------------------------------------------------------------------

BOMB = "a: &a [1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{new}: &{new} [{','.join(['*' + old] * 9)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
)
WRONG_YAML = {
    "a kind with a typing error": (
        UNITS.replace("metrics:\n", "metrcs:\n"),
        "workspace.yaml:4",
        "did you mean 'metrics'",
    ),
    "a tab": ("a:\n\tb: 1\n", "workspace.yaml:2", "replace tabs by blanks"),
    "an open list": ("metrics: {a: [1,2", "workspace.yaml:1", "end it with ']'"),
    "a list of things": ("- a\n- b\n", "workspace.yaml:1", "kinds such as 'sources:'"),
    "a single word": ("hello", "workspace.yaml:1", "kinds such as 'sources:'"),
    "a bomb of references": (BOMB, "workspace.yaml:5", "more than 50,000 values"),
    "a list of 2 MB": (f"{UNITS}teams: [{'x,' * 1_000_000}x]\n", "too large", "data belong into tables"),
    "100,000 open lists": ("a: " + "[" * 100_000, "workspace.yaml:1", "nested more than 20 levels"),
    "a list for a column": (UNITS.replace("column: back", "column: [back]"), "column", "expected the name of a column"),
    "an unknown metric": (UNITS.replace("metrics: [retention", "metrics: [retenton"), "metrics[0]", "'retention'"),
    "not a number": (UNITS.replace("[0.1, 0.5]", "[.nan, 0.5]"), "range[0]", "expected a number"),
    "code": ('a: !!python/object/apply:os.system ["ls"]', "workspace.yaml:1", "put the text into quotes"),
    "a key of 900 letters": (UNITS.replace("move_gate:", "m" * 900 + ":"), "experiments", "expected"),
}


@pytest.mark.parametrize("what", WRONG_YAML)
def test_wrong_yaml_is_answered_with_the_place_and_the_next_step(tmp_path: Path, typed: Typed, what: str) -> None:
    yaml, place, hint = WRONG_YAML[what]
    answer = run(typed, workspace(tmp_path, yaml))
    assert answer.code == 1
    assert answer.out == ""
    assert place in answer.err
    assert hint in answer.err
    assert all(len(line) < 700 for line in answer.err.splitlines())


@pytest.mark.parametrize(
    ("content", "said"), [(bytes(range(256)), "UTF-8"), (UNITS.encode("utf-16"), "UTF-16"), (b"a: \x00", "control")]
)
def test_a_definition_that_is_no_text_is_refused(tmp_path: Path, typed: Typed, content: bytes, said: str) -> None:
    (workspace(tmp_path) / "workspace.yaml").write_bytes(content)
    answer = run(typed, tmp_path)
    assert answer.code == 1
    assert said in answer.err


def test_an_empty_definition_is_an_empty_ledger(tmp_path: Path, typed: Typed) -> None:
    answer = run(typed, workspace(tmp_path, " \n"))
    assert (answer.code, answer.json["ledger"]["shipped"]) == (0, [])


def test_a_folder_that_is_not_there_is_wrong_usage(tmp_path: Path, typed: Typed) -> None:
    answer = run(typed, tmp_path / "nowhere")
    assert answer.code == 2
    assert "vitalfew start" in answer.err


def test_links_that_go_round_are_not_followed(tmp_path: Path, typed: Typed) -> None:
    (workspace(tmp_path) / "round").symlink_to(tmp_path)
    assert run(typed, tmp_path).code == 0


# Names of tables, columns and arms ---------------------------------------------------------------------------------

WRONG_NAMES = {
    "a missing file": ("table: players.csv", "table: player.csv", "did you mean 'players.csv'"),
    "a missing column": ("column: back", "column: bakc", "did you mean 'back'"),
    "a missing variant column": ("variant: arm", "variant: amr", "did you mean 'arm'"),
    "a missing unit column": ("unit: id", "unit: ids", "did you mean 'id'"),
    "an unknown control": ("control: old", "control: odl", "did you mean 'old'"),
    "a table with 5,000 letters": ("table: players.csv", f"table: {'p' * 5000}.csv", "File name too long"),
    "a column with escapes": ("column: back", 'column: "\\e[31mback"', "the control character \\x1b"),
    "a table with a NUL": ("table: players.csv", 'table: "a\\0b.csv"', "the control character \\x00"),
    "data in no folder": ("sources:", "data: {path: nowhere}\nsources:", "'nowhere'"),
}


@pytest.mark.parametrize("what", WRONG_NAMES)
def test_a_name_that_does_not_exist_is_answered_with_the_nearest(tmp_path: Path, typed: Typed, what: str) -> None:
    old, new, said = WRONG_NAMES[what]
    answer = run(typed, workspace(tmp_path, UNITS.replace(old, new)))
    assert answer.code == 1
    assert said in answer.err
    assert len(answer.err) < 2000


# Tables ------------------------------------------------------------------------------------------------------------

READABLE = {
    "UTF-16": SOUND.encode("utf-16"),
    "UTF-16 without a mark": SOUND.encode("utf-16-le"),
    "a byte order mark": b"\xef\xbb\xbf" + SOUND.encode(),
    "semicolons and decimal commas": SOUND.replace(",", ";").replace(".5", ",5").encode(),
    "Windows lines": SOUND.replace("\n", "\r\n").encode(),
    "2,000 columns": wider(SOUND).encode(),
    "a row without its last cells": (SOUND + "99,old\n").encode(),
}


@pytest.mark.parametrize("what", READABLE)
def test_tables_as_other_programs_write_them_are_read(tmp_path: Path, typed: Typed, what: str) -> None:
    (workspace(tmp_path) / "players.csv").write_bytes(READABLE[what])
    answer = run(typed, tmp_path)
    assert answer.code == 0
    means = [effect["mean"]["old"] for effect in answer.json["experiments"]["move_gate"]["effects"]]
    assert means == pytest.approx([1 / 3, 3.5], abs=0.1)


BROKEN = {
    "nothing": (b"", "is empty"),
    "blanks": (b"  \n\n", "is empty"),
    "a header alone": (HEAD.encode(), "no rows"),
    "a column twice": (SOUND.replace("back,rounds", "back,back", 1).encode(), "'back' twice"),
    "a NUL byte": (SOUND.replace("5,old", "5,o\0ld", 1).encode(), "line 7: there is a NUL byte"),
    "an open quote": ((SOUND + '99,"old,1,2\n').encode(), "quotes that close"),
    "a row too long": ((SOUND + "1,2,3,4,5,6\n").encode(), "line 62"),
    "a file cut off in a row": ((SOUND + "99,ol").encode(), "line 62"),
    "text among numbers": ((SOUND + "99,old,1,many\n").encode(), "1 cell in column 'rounds'"),
    "a third value in a proportion": ((SOUND + "99,old,2,1\n").encode(), "neither 0 nor 1"),
    "units twice": ((SOUND + SOUND[len(HEAD) :]).encode(), "one row per unit"),
    "another file's bytes": (b"PK\x03\x04" + bytes(range(256)) * 9, "is not a text file"),
}


@pytest.mark.parametrize("what", BROKEN)
def test_a_broken_table_is_told_with_its_line_or_column(tmp_path: Path, typed: Typed, what: str) -> None:
    content, said = BROKEN[what]
    (workspace(tmp_path) / "players.csv").write_bytes(content)
    answer = run(typed, tmp_path)
    assert answer.code == 1
    assert said in answer.err
    assert answer.json["failed"]


THIN = {
    "an empty arm": (rows(lambda i: f"{i},old,{i % 2},{i}"), "'old' is the only arm"),
    "one unit": (rows(lambda i: f"{i},old,1,5", 1), "'old' is the only arm"),
    "two units": (rows(lambda i: f"{i},{arm(i)},{i},{i}", 2), "1 unit in control"),
    "a constant metric": (rows(lambda i: f"{i},{arm(i)},{int(i % 3 == 0)},5"), "does not vary between the units"),
    "a metric without values": (rows(lambda i: f"{i},{arm(i)},{int(i % 3 == 0)},"), "rounds"),
}


@pytest.mark.parametrize("what", THIN)
def test_data_that_say_nothing_are_called_too_few(tmp_path: Path, typed: Typed, what: str) -> None:
    content, said = THIN[what]
    (workspace(tmp_path) / "players.csv").write_text(content)
    answer = run(typed, tmp_path)
    assert answer.code == 0  # too few data is an answer, not a failure
    assert said in answer.err
    assert said in " ".join(row["reason"] for row in answer.json["failed"] if row["remark"])


def test_infinite_and_missing_numbers_never_reach_a_result(tmp_path: Path, typed: Typed) -> None:
    odd = {3: "inf", 4: "-inf", 5: "nan", 6: ""}
    table = rows(lambda i: f"{i},{arm(i)},{int(i % 3 == 0)},{odd.get(i, i)}")
    (workspace(tmp_path) / "players.csv").write_text(table)
    answer = run(typed, tmp_path)
    assert "NaN" not in answer.out
    assert "Infinity" not in answer.out
    assert "rounds" in answer.err + answer.out


def test_a_unit_in_two_arms_is_left_out_and_named(tmp_path: Path, typed: Typed) -> None:
    (workspace(tmp_path) / "players.csv").write_text(SOUND + "1,new,1,5\n")
    health = {row["test"]: row for row in run(typed, tmp_path).json["experiments"]["move_gate"]["health"]}
    assert health["crossed"]["status"] == "warning"
    assert "1 of 60 units" in health["crossed"]["message"]


def test_half_a_parquet_file_is_not_read(tmp_path: Path, typed: Typed) -> None:
    folder = workspace(tmp_path, UNITS.replace("players.csv", "players.parquet"))
    pq.write_table(pa.table({"id": [1, 2], "arm": ["old", "new"], "back": [0, 1], "rounds": [1, 2]}), folder / "whole")
    whole = (folder / "whole").read_bytes()
    (folder / "players.parquet").write_bytes(whole[: len(whole) // 2])
    answer = run(typed, folder)
    assert answer.code == 1
    assert "players.parquet cannot be read" in answer.err


EVENTS = """
sources:
  exposed: {table: exposed.csv, unit: id, time: at, experiment: exp, variant: arm}
  events: {table: events.csv, unit: id, time: at, event: name}
metrics:
  buys: {source: events, events: [buy]}
experiments:
  trial: {source: exposed, variant: arm, control: old, metrics: [buys]}
"""


def test_times_of_different_zones_are_brought_to_one_or_refused_by_name(tmp_path: Path, typed: Typed) -> None:
    zones = ("+02:00", "Z", "-05:00", "")
    exposed = "".join(f"{i},2026-03-01T10:00:00{zones[i % 4]},trial,{arm(i)}\n" for i in range(40))
    events = "".join(f"{i},2026-03-02T10:00:0{i % 7}{zones[i % 4]},buy\n" for i in range(0, 40, 3))
    workspace(tmp_path, EVENTS)
    (tmp_path / "exposed.csv").write_text("id,at,exp,arm\n" + exposed)
    (tmp_path / "events.csv").write_text("id,at,name\n" + events)
    answer = run(typed, tmp_path)
    assert answer.code == 0 or "'at'" in answer.err
    if answer.code == 0:
        assert answer.json["experiments"]["trial"]["effects"][0]["n"] == {"old": 20, "new": 20}


# Files that are no files -------------------------------------------------------------------------------------------


def test_a_folder_in_place_of_a_table_is_named(tmp_path: Path, typed: Typed) -> None:
    (workspace(tmp_path) / "players.csv").unlink()
    (tmp_path / "players.csv").mkdir()
    answer = run(typed, tmp_path)
    assert answer.code == 1
    assert "'players.csv'" in answer.err


def test_a_link_to_itself_is_named(tmp_path: Path, typed: Typed) -> None:
    (workspace(tmp_path) / "players.csv").unlink()
    (tmp_path / "players.csv").symlink_to("players.csv")
    answer = run(typed, tmp_path)
    assert answer.code == 1
    assert "players.csv" in answer.err


def test_a_table_one_may_not_read_is_named(tmp_path: Path, typed: Typed) -> None:
    if os.geteuid() == 0:
        pytest.skip("whoever is root may read everything")
    (workspace(tmp_path) / "players.csv").chmod(0)
    answer = run(typed, tmp_path)
    assert answer.code == 1
    assert "players.csv" in answer.err


def test_a_folder_of_definitions_one_may_not_read_is_named(tmp_path: Path, typed: Typed) -> None:
    (workspace(tmp_path) / "more").mkdir(mode=0o000)
    if os.access(tmp_path / "more", os.R_OK):
        pytest.skip("whoever is root may read everything")
    answer = run(typed, tmp_path)
    assert answer.code == 1
    assert "more: cannot be read: Permission denied; make it readable" in answer.err


def test_a_path_with_blanks_and_foreign_letters_works(tmp_path: Path, typed: Typed) -> None:
    folder = workspace(tmp_path / "Größe 测试 'x' \"y\" #1?")
    assert run(typed, folder).code == 0
    assert calm(typed("run", folder, "--html", folder / "Bericht ü.html")).code == 0
    assert (folder / "Bericht ü.html").is_file()


# What is shown -----------------------------------------------------------------------------------------------------

EVIL = '"<script>alert(1)</script>\\n\\"quoted\\" \\u202Eback"'


@pytest.mark.parametrize("words", [["run"], ["run", "--json"], ["check"], ["check", "--json"], ["verify"]])
def test_no_escape_of_a_user_reaches_the_terminal(tmp_path: Path, typed: Typed, words: list[str]) -> None:
    yaml = (
        UNITS.replace("Move the gate", "X")
        .replace("title: X", f"title: {EVIL}")
        .replace("title: Came back", f"title: {EVIL}")
    )
    folder = workspace(tmp_path, yaml)
    (folder / "players.csv").write_text(SOUND.replace("new", "\x1b[31mnew"))
    answer = calm(typed(words[0], folder, *words[1:]))
    assert not {"\x07", "\x9b", "\u202e"} & set(answer.out + answer.err)


def test_a_report_shows_markup_of_users_as_text(tmp_path: Path, typed: Typed) -> None:
    folder = workspace(tmp_path, UNITS.replace("title: Came back", f"title: {EVIL}"))
    typed("run", folder, "--html", folder / "report.html")
    page = (folder / "report.html").read_text(encoding="utf-8")
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert" in page
