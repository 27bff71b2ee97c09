"""Rows that lack their last cells, as spreadsheets write them, are read; other rows that do not fit are refused."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import sqlglot
import yaml

import vitalfew as vf
from vitalfew.connect.opening import begin
from vitalfew.errors import DataError
from vitalfew.warehouse.engine import open_engine
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 'id,at,amount,note\n1,2026-01-01,1.5,x\n2,2026-01-02,2.5\n3,2026-01-03\n4,2026-01-04,4.5,"y\nz"\n'


def _read(folder: Path, text: str, *, encoding: str = "utf-8", as_text: bool = False) -> tuple[list[Any], list[str]]:
    (folder / "t.csv").write_bytes(text.encode(encoding))
    engine = open_engine(DataSettings(), folder, as_text=as_text)
    try:
        query = sqlglot.parse_one('SELECT * FROM "t.csv"').assert_is(sqlglot.exp.Select)
        rows = sorted(tuple(row.values()) for row in engine.query(query).to_pylist())
        told = [f"{table}: {text}" for table, text in engine.remarks()]
        assert engine.remarks() == ()
        return rows, told
    finally:
        engine.close()


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
def test_missing_last_cells_are_empty_and_the_rows_are_counted(tmp_path: Path, encoding: str) -> None:
    rows, told = _read(tmp_path, ROWS, encoding=encoding)
    assert [row[2:] for row in rows] == [(1.5, "x"), (2.5, None), (None, None), (4.5, "y\nz")]
    assert told == ["t.csv: 2 rows lack their last cells, which are read as empty"]


def test_the_same_holds_for_cells_as_they_are_written(tmp_path: Path) -> None:
    rows, told = _read(tmp_path, ROWS, as_text=True)
    assert rows[1] == ("2", "2026-01-02", "2.5", None)
    assert len(told) == 1


def test_a_file_of_whole_rows_is_read_without_a_word(tmp_path: Path) -> None:
    assert _read(tmp_path, "id,note\n1,x\n2,\n") == ([(1, "x"), (2, None)], [])


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("id,at,note\n1,a,x\n2,b\n3,c,z,more\n4,d,x\n", 3),  # a row with a cell too many beside one too short
        ("id,at,note\n1,a,x\n2,b,y\n3,c", 4),  # the file was cut off in its last row
        ("id,at,note\n1,a\n2,b\n3,c,z\n", 2),  # most rows: the header is wrong
        ('id,at,note\n1,a,x\n2,b\n3,c,"z\n', 3),  # a quote that never closes
    ],
)
def test_other_rows_that_do_not_fit_are_refused_with_their_line(tmp_path: Path, text: str, line: int) -> None:
    with pytest.raises(DataError, match=f"t.csv, line {line}: the row does not fit the others"):
        _read(tmp_path, text)


def test_a_run_says_how_many_rows_and_says_it_again_when_nothing_has_changed(tmp_path: Path) -> None:
    users = "user,arm,value,note\n" + "".join(f"u{at},{'ab'[at % 2]},{at % 7}{',x' * (at > 2)}\n" for at in range(60))
    (tmp_path / "users.csv").write_text(users)
    definitions = {
        "sources": {"users": {"table": "users.csv", "unit": "user"}},
        "metrics": {"value": {"source": "users", "column": "value"}},
        "experiments": {"e": {"source": "users", "variant": "arm", "control": "a", "metrics": ["value"]}},
    }
    (tmp_path / "w.yaml").write_text(yaml.safe_dump(definitions))
    for _ in range(2):
        results = vf.run(vf.load(tmp_path))
        (remark,) = results.tables.failed
        assert (remark.item, remark.remark) == ("users.csv", True)
        assert remark.reason == "3 rows lack their last cells, which are read as empty"
        assert results.tables.effects[0].n == {"a": 30, "b": 30}


def test_starting_from_such_a_file_names_the_rows(tmp_path: Path) -> None:
    rows = [f"u{at % 9},2026-01-{1 + at % 28:02d} 10:00:00,click{',web' * (at > 0)}" for at in range(80)]
    (tmp_path / "usage.csv").write_text("\n".join(["user,time,event,device", *rows]) + "\n")
    begun = begin([tmp_path / "usage.csv"], into=tmp_path / "made")
    assert "1 row lacks its last cells, which are read as empty" in begun.recognised[0]
