from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from connect.strangers import EXPORTS, write_text
from vitalfew.connect import begin
from vitalfew.errors import UsageError, VitalfewError
from vitalfew.workspace import load

HOSTILE = {
    "empty.csv": (b"", "empty"),
    "blank.csv": (b"\n\n  \n", "empty"),
    "header_only.csv": (b"user_id,time,event\n", "no rows"),
    "binary.csv": (bytes(range(256)) * 40, ""),
    "nul.csv": (b"user,time,event\n1,2025-01-01,a\x00b\n", "NUL"),
    "one_column.csv": (b"event\ngo\nstop\n", "one_column.csv"),
    "zip.csv": (b"PK\x03\x04" + b"\0" * 300, "not a text file"),
    "half.parquet": (b"PAR1" + b"\0" * 100, "half.parquet"),
    "half.csv.gz": (b"\x1f\x8b\x08\x00" + b"\0" * 20, "half.csv.gz"),
    "broken.jsonl": (b'{"user": 1, "event"\n{{{', "broken.jsonl"),
    "sheet.xlsx": (b"PK\x03\x04", "save the sheet as CSV"),
    "picture.png": (b"\x89PNG", "picture.png"),
    "no_header.csv": (b"u1,2025-01-01,export\nu2,2025-01-02,share\n", "looks like data"),
    "ends.csv": (b"person,factor,points\nmia,trust,40\r\nmia,speed,60\r\n", "lines may end in two ways"),
    "twice.csv": (b"user,user,time,event\n1,1,2025-01-01,go\n", "twice"),
    "no_times.csv": (b"user,time,event\n1,soon,go\n1,later,go\n", "time"),
    "nobody.csv": (b"user,time,event\n,2025-01-01,go\n,2025-01-02,go\n", "missing user ('user' is empty)"),
    "long_cell.csv": (
        b"user,time,event\n1,2025-01-01," + b"x" * 400_000 + b"\n",
        "line 2: the line does not end within",
    ),
    "long_name.csv": (b"user,time," + b"e" * 400_000 + b"\n1,2025-01-01,go\n", "line 1: the line does not end within"),
    "archive.zip": (b"PK\x03\x04", "unpack it"),
    "cut.jsonl": (b'{"user": 1, "time": "2025-01-01", "event": "go"}\n{"user":', ": this is no JSON"),
    "page.csv": (b"<!DOCTYPE html><html><body>Sign in</body></html>\n", "web page (HTML or XML)"),
    "report.csv": (b"\r\n <html>\r\n<table><tr><td>user</td></tr>\r\n<tr><td>1</td></tr></table>", "save it as CSV"),
    "array.csv": (b'[{"user": "u1", "time": "2025-01-01", "event": "go"}]', "holds JSON"),
    "sheet.csv": (b'<?xml version="1.0"?>\n<Workbook>\n<Row>1</Row>\n</Workbook>\n', "web page (HTML or XML)"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_hostile_file_gets_a_clear_answer_and_leaves_nothing(name: str, tmp_path: Path) -> None:
    data, said = HOSTILE[name]
    path = tmp_path / name
    path.write_bytes(data)
    with pytest.raises(VitalfewError) as caught:
        begin([path], into=tmp_path / "made")
    assert said in str(caught.value)
    assert [one.name for one in tmp_path.iterdir()] == [name]


def test_a_missing_file_names_the_nearest_one(tmp_path: Path) -> None:
    EXPORTS[0].write(tmp_path)
    with pytest.raises(UsageError, match=r"did you mean 'plain\.csv'"):
        begin([tmp_path / "plian.csv"], into=tmp_path / "made")


def test_a_link_that_leads_nowhere_says_so(tmp_path: Path) -> None:
    (tmp_path / "one.csv").symlink_to(tmp_path / "two.csv")
    (tmp_path / "two.csv").symlink_to(tmp_path / "one.csv")
    with pytest.raises(UsageError, match="is a link that leads to no file"):
        begin([tmp_path / "one.csv"], into=tmp_path / "made")


def test_a_folder_is_refused_with_what_it_holds(tmp_path: Path) -> None:
    EXPORTS[0].write(tmp_path)
    with pytest.raises(UsageError, match=r"is a folder; expected one or more files; it holds plain\.csv"):
        begin([tmp_path], into=tmp_path / "made")


def test_nothing_is_ever_overwritten(tmp_path: Path) -> None:
    path = EXPORTS[0].write(tmp_path)
    home = tmp_path / "made"
    home.mkdir()
    begin([path], into=home)
    kept = (home / "vitalfew.yaml").read_text(encoding="utf-8")
    with pytest.raises(UsageError, match=r"never overwritten; name another folder: --into DIR"):
        begin([path], into=home)
    assert (home / "vitalfew.yaml").read_text(encoding="utf-8") == kept


def test_an_empty_folder_in_which_somebody_stands_is_filled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = EXPORTS[0].write(tmp_path)
    (tmp_path / "acme").mkdir()
    monkeypatch.chdir(tmp_path / "acme")
    begun = begin([path], into=Path())
    assert begun.definitions.workspace.name == "acme"
    assert load(Path()).definitions == begun.definitions


def test_an_interruption_leaves_nothing_behind(tmp_path: Path) -> None:
    lines = (f"{n % 5},0{n % 9 + 1}/02/2025,go" for n in range(30))
    path = write_text(tmp_path / "few.csv", "user,date,event", *lines)

    def interrupt(*_: object) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        begin([path], into=tmp_path / "made", ask=interrupt)
    assert [one.name for one in tmp_path.iterdir()] == ["few.csv"]


def test_two_files_of_one_kind_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="are both usage events; expected one file of each kind"):
        begin([EXPORTS[0].write(tmp_path), EXPORTS[1].write(tmp_path)], into=tmp_path / "made")


def test_one_user_with_odd_names_of_events_is_no_problem(tmp_path: Path) -> None:
    names = (
        "it's",
        '""quoted""',
        "a: b # c",
        "日本語",
        "no",
        "12:30",
        "- x",
        "{y}",
        "with`tick",
        "tab\there",
        "x" * 500,
        " ",
    )
    lines = (f'1,2025-01-{n % 28 + 1:02},"{names[n % len(names)]}"' for n in range(120))
    begun = begin([write_text(tmp_path / "odd.csv", "user,time,event", *lines)], into=tmp_path / "made")
    events = {feature.events[0] for feature in load(begun.folder).definitions.features.values()}
    assert events == {name.replace('""', '"') for name in names if len(name) < 200 and name.strip()}


def test_odd_names_of_columns_and_segments_are_written_so_that_they_are_read_back(tmp_path: Path) -> None:
    events = EXPORTS[0].write(tmp_path)
    lines = (f"u{n},O'Hara,\"it's; {n % 2}\",{n % 2}" for n in range(30))
    users = write_text(tmp_path / "users.csv", "user_id,name of owner,plan (new),paid?", *lines)
    begun = begin([events, users], into=tmp_path / "made")
    assert {segment.filter for segment in begun.definitions.segments.values()} == {
        "`plan (new)` == 'it''s; 0'",
        "`plan (new)` == 'it''s; 1'",
    }
    assert begun.definitions.metrics["paid"].kind == "proportion"


def test_the_command_line_goes_from_a_file_to_a_ledger_and_names_what_comes_next(tmp_path: Path) -> None:
    EXPORTS[0].write(tmp_path)
    command = [sys.executable, "-m", "vitalfew", "start", "plain.csv"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 0, done.stderr
    assert "plain.csv: usage events (400 rows; user=user_id, time=timestamp, event=event)" in done.stdout
    assert "used by under 5 % over 30 days" in done.stdout
    assert "Next, add your users: columns user_id" in done.stdout
    assert (tmp_path / "vitalfew-plain" / "vitalfew.yaml").is_file()


def test_events_with_control_characters_in_their_names_are_left_out_and_counted(tmp_path: Path) -> None:
    names = ["open", "save", "we\x1fird", "esc\x1b[31mred"]
    rows = [f"u{i % 30},2025-01-{1 + i % 27:02}T10:00:00,{names[i % 4]}" for i in range(400)]
    (tmp_path / "u.csv").write_text("\n".join(["user_id,timestamp,event", *rows]) + "\n")
    begun = begin([tmp_path / "u.csv"], into=tmp_path / "made")
    assert set(load(begun.folder).definitions.features) == {"open", "save"}
    assert any("2 events left out" in sentence and "control characters" in sentence for sentence in begun.recognised)
