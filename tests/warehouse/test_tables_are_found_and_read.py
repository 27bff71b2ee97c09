"""Files as strangers have them: each is read, or refused in a sentence."""

from __future__ import annotations

import gzip
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlglot import exp

from vitalfew.errors import DataError
from vitalfew.warehouse.csv_files import SAMPLE_BYTES
from vitalfew.warehouse.engine import open_engine
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from pathlib import Path


def _read(folder: Path, table: str, **settings: Any) -> list[dict[str, Any]]:
    engine = open_engine(DataSettings(**settings), folder)
    try:
        engine.columns(table)
        rows = exp.select("*").from_(exp.Table(this=exp.to_identifier(table, quoted=True))).order_by("1")
        return list(engine.query(rows).to_pylist())
    finally:
        engine.close()


PLAIN = "id,name,price\n1,ada,1.5\n2,bob,2.5\n"
ROWS = [{"id": 1, "name": "ada", "price": 1.5}, {"id": 2, "name": "bob", "price": 2.5}]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("plain.csv", PLAIN.encode()),
        ("bom.csv", PLAIN.encode("utf-8-sig")),
        ("marked_twice.csv", ("\ufeff\ufeff" + PLAIN).encode()),
        ("marked_twice_16.csv", ("\ufeff" + PLAIN).encode("utf-16")),
        ("utf16.csv", PLAIN.encode("utf-16")),
        ("utf16le.csv", PLAIN.encode("utf-16-le")),
        ("windows.csv", PLAIN.replace("\n", "\r\n").encode()),
        ("semicolon.csv", PLAIN.replace(",", ";").encode()),
        ("european.csv", PLAIN.replace(",", ";").replace(".", ",").encode()),
        ("tabs.tsv", PLAIN.replace(",", "\t").encode()),
        ("bars.txt", PLAIN.replace(",", "|").encode()),
        ("packed.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)),
        ("unended.csv", PLAIN.rstrip().encode()),
    ],
)
def test_a_delimited_file_is_read_however_it_is_written(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    assert _read(tmp_path, name) == ROWS


def test_letters_of_older_windows_programs_are_read(tmp_path: Path) -> None:
    (tmp_path / "old.csv").write_bytes("id,name\n1,Jürgen Weiß\n".encode("cp1252"))
    assert _read(tmp_path, "old.csv") == [{"id": 1, "name": "Jürgen Weiß"}]


def test_letters_of_older_windows_programs_are_read_wherever_they_begin(tmp_path: Path) -> None:
    plain = "".join(f"{n},somebody with a name of plain letters\n" for n in range(10_000))
    (tmp_path / "old.csv").write_bytes(f"id,name\n{plain}10001,Jürgen Weiß\n".encode("cp1252"))
    assert (tmp_path / "old.csv").stat().st_size > SAMPLE_BYTES
    assert _read(tmp_path, "old.csv")[-1] == {"id": 10_001, "name": "Jürgen Weiß"}


def test_text_that_is_utf8_at_first_and_not_later_is_refused_by_its_line(tmp_path: Path) -> None:
    first = "".join(f"{n},Jürgen with a name of many letters\n" for n in range(10_000)).encode()
    (tmp_path / "mixed.csv").write_bytes(b"id,name\n" + first + "10001,Jürgen\n".encode("cp1252"))
    with pytest.raises(DataError, match=r"^mixed.csv, line 10002: the text is not UTF-8 here, though it begins so"):
        _read(tmp_path, "mixed.csv")


@pytest.mark.parametrize("suffix", [".csv", ".csv.gz", ".parquet", ".jsonl", ".jsonl.gz"])
@pytest.mark.parametrize(("name", "neighbour"), [("t[1]", "t1"), ("t?", "tx"), ("a[b]/t", "ab/t"), ("a*/t", "ab/t")])
def test_the_file_that_is_named_is_read_and_none_that_its_name_would_fit(
    tmp_path: Path, name: str, neighbour: str, suffix: str
) -> None:
    for place, value in ((name, 1), (neighbour, 2)):
        path = tmp_path / f"{place}{suffix}"
        path.parent.mkdir(exist_ok=True)
        if suffix == ".parquet":
            pq.write_table(pa.table({"id": [value]}), path)
        else:
            text = f'{{"id": {value}}}\n' if ".jsonl" in suffix else f"id\n{value}\n"
            path.write_bytes(gzip.compress(text.encode()) if suffix.endswith(".gz") else text.encode())
    folder, _, table = f"{name}{suffix}".rpartition("/")
    assert _read(tmp_path / folder, table) == [{"id": 1}]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("cut.csv.gz", gzip.compress(PLAIN.encode() * 50, mtime=0)[:-12], "cut.csv.gz is cut off or damaged"),
        ("plain.csv.gz", PLAIN.encode(), "plain.csv.gz is not what its name says"),
        ("noise.parquet", b"PAR1" + bytes(range(200)) + b"PAR1", "noise.parquet cannot be read"),
        ("none.parquet", b"hello", "none.parquet cannot be read"),
        ("bytes\udcff.csv", PLAIN.encode(), "is not UTF-8; rename the file"),
    ],
)
def test_a_file_that_is_not_what_it_should_be_is_told_so(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(DataError, match=message):
        _read(tmp_path, name)


def test_quoted_line_ends_and_delimiters_belong_to_the_cell(tmp_path: Path) -> None:
    (tmp_path / "quoted.csv").write_text('id,note\n1,"one, and\nanother ""line"""\n2,plain\n')
    assert [row["note"] for row in _read(tmp_path, "quoted.csv")] == ['one, and\nanother "line"', "plain"]


def test_a_value_far_down_that_contradicts_the_first_ones_changes_the_type(tmp_path: Path) -> None:
    numbers = "".join(f"{number},{number}\n" for number in range(60_000))
    (tmp_path / "late.csv").write_text(f"id,x\n{numbers}60000,unknown\n")
    rows = _read(tmp_path, "late.csv")
    assert len(rows) == 60_001
    assert rows[0]["x"] == "0"


def test_times_in_several_zones_are_one_instant_each(tmp_path: Path) -> None:
    (tmp_path / "zones.csv").write_text(
        "id,at\n1,2026-03-29T02:30:00+02:00\n2,2026-03-29T00:30:00Z\n3,2026-03-28T20:30:00-04:00\n"
    )
    instants = {row["at"] for row in _read(tmp_path, "zones.csv")}
    assert len(instants) == 1


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "t.csv is empty"),
        (b"\n\n  \n", "t.csv is empty"),
        (b"id,name\n", "t.csv holds column names but no rows"),
        (b"id,na\0me\n1,ada\n", "t.csv, line 1: there is a NUL byte"),
        (b"id,name,id\n1,ada,2\n", "t.csv: the header names the column 'id' twice"),
        (b"id,name,ID\n1,ada,2\n", "differ only in upper and lower case"),
        (b"1,2,3\n4,5,6\n", "the first line of t.csv looks like data"),
        (b"id,name\n1,ada\n2,bob,extra,cells\n3,eve\n", "t.csv, line 3: the row does not fit the others"),
        (b'id,name\n1,"ada\n2,bob\n', "the row does not fit the others"),
        (b"PK\x03\x04\x14\x00\x06\x00", "t.csv is not a text file"),
    ],
)
def test_a_broken_file_is_refused_in_a_sentence_within_a_second(tmp_path: Path, content: bytes, message: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    began = time.process_time()
    with pytest.raises(DataError) as refused:
        _read(tmp_path, "t.csv")
    assert message in str(refused.value)
    assert time.process_time() - began < 1


def test_two_thousand_columns_are_read_within_a_second(tmp_path: Path) -> None:
    names = [f"column_{number}" for number in range(2_000)]
    lines = [",".join(str(row * column) for column in range(2_000)) for row in range(50)]
    (tmp_path / "wide.csv").write_text("\n".join([",".join(names), *lines]))
    engine = open_engine(DataSettings(), tmp_path)
    began = time.process_time()
    assert list(engine.columns("wide.csv")) == names
    assert time.process_time() - began < 1
    engine.close()


def test_parquet_files_by_pattern_are_one_table(tmp_path: Path) -> None:
    for part in range(3):
        pq.write_table(pa.table({"id": [part]}), tmp_path / f"part-{part}.parquet")
    assert [row["id"] for row in _read(tmp_path, "part-*.parquet")] == [0, 1, 2]


def test_lines_of_json_are_a_table(tmp_path: Path) -> None:
    (tmp_path / "t.jsonl").write_text('{"id": 1, "name": "ada"}\n{"id": 2, "name": "bob"}\n')
    assert _read(tmp_path, "t.jsonl") == [{"id": 1, "name": "ada"}, {"id": 2, "name": "bob"}]


def test_tables_of_a_database_file_are_read_and_never_written(tmp_path: Path) -> None:
    with duckdb.connect(tmp_path / "shop.duckdb") as connection:
        connection.execute(
            "CREATE SCHEMA raw; CREATE TABLE raw.users AS SELECT 1 AS id; CREATE TABLE t AS SELECT 2 AS id"
        )
    before = (tmp_path / "shop.duckdb").read_bytes()
    assert _read(tmp_path, "raw.users", path="shop.duckdb") == [{"id": 1}]
    assert _read(tmp_path, "t", path="shop.duckdb") == [{"id": 2}]
    with pytest.raises(DataError, match=r"there is no table 'raw\.user' in shop\.duckdb; did you mean 'raw\.users'"):
        _read(tmp_path, "raw.user", path="shop.duckdb")
    assert (tmp_path / "shop.duckdb").read_bytes() == before


def test_a_missing_file_is_answered_with_the_nearest_name(tmp_path: Path) -> None:
    (tmp_path / "players.csv").write_text(PLAIN)
    with pytest.raises(DataError, match=r"there is no table 'player\.csv'; .*did you mean 'players\.csv'"):
        _read(tmp_path, "player.csv")
    with pytest.raises(DataError, match=r"there is no file or folder 'date'"):
        _read(tmp_path, "players.csv", path="date")


def test_what_the_engine_says_reaches_the_log_without_the_data(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "t.csv").write_text("id,name\n1,ada\n2,secret,salary,900000\n")
    with pytest.raises(DataError):
        _read(tmp_path, "t.csv")
    assert caplog.records
    assert "secret" not in caplog.text
    assert "900000" not in caplog.text


def test_a_database_that_cannot_be_opened_leaves_no_files_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.duckdb").write_bytes(b"no database " * 2000)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    with pytest.raises(DataError, match=r"broken\.duckdb cannot be read"):
        open_engine(DataSettings(path="broken.duckdb"), tmp_path)
    assert list(scratch.iterdir()) == []


def test_what_is_kept_takes_the_place_of_what_was_lent_under_its_name() -> None:
    with closing(open_engine(DataSettings())) as engine:
        engine.lend("people", pa.table({"id": [1, 2, 3]}))
        fewer = exp.select("id").from_(exp.to_table("people")).where("id > 1")
        engine.write("people", fewer)
        engine.write("people", fewer)
        assert engine.query(exp.select("id").from_("people").order_by("id")).to_pylist() == [{"id": 2}, {"id": 3}]
        engine.drop("people")


@pytest.mark.parametrize("written", ["inf", "Infinity", "-inf"])
def test_a_column_of_infinities_holds_numbers_and_no_dates(tmp_path: Path, written: str) -> None:
    rows = "".join(f"{i},{written if i % 2 else ''},2026-01-0{1 + i % 9}\n" for i in range(20))
    (tmp_path / "t.csv").write_text(f"id,value,day\n{rows}")
    engine = open_engine(DataSettings(), tmp_path)
    try:
        assert engine.columns("t.csv") == {"id": "integer", "value": "number", "day": "date"}
    finally:
        engine.close()
