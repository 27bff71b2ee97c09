from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

from command_line import typed, workspace

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed

__all__ = ["typed"]


@pytest.mark.parametrize("dialect", ["duckdb", "postgres", "bigquery", "snowflake", "spark", "clickhouse", "trino"])
def test_queries_are_printed_in_the_dialect_asked_for(tmp_path: Path, typed: Typed, dialect: str) -> None:
    answer = typed("sql", workspace(tmp_path), "retention", "--dialect", dialect)
    assert answer.code == 0
    assert "SELECT" in answer.out
    assert answer.err == ""


@pytest.mark.parametrize(
    ("words", "hint"), [(("retenton",), "did you mean 'retention'"), (("--dialect", "bigqery"), "mean 'bigquery'")]
)
def test_an_unknown_metric_or_dialect_is_wrong_usage(
    tmp_path: Path, typed: Typed, words: tuple[str, ...], hint: str
) -> None:
    answer = typed("sql", workspace(tmp_path), *words)
    assert answer.code == 2
    assert hint in answer.err


def test_the_answer_of_a_query_replaces_the_table(tmp_path: Path, typed: Typed) -> None:
    folder = workspace(tmp_path)
    here = typed("run", folder, "--json").json["experiments"]["move_gate"]["effects"]
    query = typed("sql", folder).out
    with duckdb.connect() as connection:
        connection.execute(f"CREATE TABLE \"players.csv\" AS SELECT * FROM read_csv('{folder / 'players.csv'}')")
        connection.execute(f"CREATE TABLE players AS SELECT * FROM read_csv('{folder / 'players.csv'}')")
        answer = connection.sql(query.replace(";", ""))
        answer.write_csv(str(tmp_path / "answer.csv"))
    (folder / "players.csv").unlink()
    taken = typed("import", "moments", tmp_path / "answer.csv", folder)
    assert taken.code == 0, taken.err
    (tmp_path / "answer.csv").unlink()
    there = typed("run", folder, "--json").json["experiments"]["move_gate"]["effects"]
    assert [effect["estimate"] for effect in there] == pytest.approx([effect["estimate"] for effect in here])
    assert [effect["se"] for effect in there] == pytest.approx([effect["se"] for effect in here])


def test_a_file_that_is_no_answer_is_refused(tmp_path: Path, typed: Typed) -> None:
    folder = workspace(tmp_path)
    answer = typed("import", "moments", folder / "players.csv", folder)
    assert answer.code in {1, 2}
    assert "players.csv" in answer.err
    gone = typed("import", "moments", folder / "nothing.csv", folder)
    assert gone.code in {1, 2}
    assert "nothing.csv" in gone.err
