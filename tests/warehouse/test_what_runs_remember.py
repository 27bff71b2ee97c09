"""How long numbers are remembered: as long as runs use them, and no further than there is room."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.warehouse import state
from vitalfew.warehouse.state import Kept, State

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

UNITS = 100


def numbers(value: float = 1.0) -> Kept:
    names = ["id", "experiment", "arm", "unit"]
    people = pa.table([range(UNITS), [0] * UNITS, [0] * UNITS, range(UNITS)], names=names)
    return Kept(people, [np.full(UNITS, value)], {"events/1.parquet": "1:2"}, None)


def run(folder: Path, *keys: str) -> list[bool]:
    """A run with a group of experiments for each key: whether numbers of each were there."""
    here = State(folder)
    found = []
    for at, key in enumerate(keys):
        kept = here.load(key)
        found.append(kept is not None)
        here.save(key, numbers(at) if kept is None else kept)
    return found


def test_as_many_groups_as_a_run_has_are_there_for_the_next(tmp_path: Path) -> None:
    groups = [f"group{at}" for at in range(7)]
    assert not any(run(tmp_path, *groups))
    for _ in range(5):
        assert all(run(tmp_path, *groups))


def test_numbers_that_no_run_used_for_three_are_forgotten_with_their_files(tmp_path: Path) -> None:
    run(tmp_path, "a", "b", "c")
    for _ in range(2):
        run(tmp_path, "a", "b")
        assert (tmp_path / "c.json").exists()
    run(tmp_path, "a", "b")
    assert {path.stem for path in tmp_path.glob("*.json")} == {"a", "b"}
    assert len(list(tmp_path.glob("*.f8"))) == 2
    assert len(list(tmp_path.glob("*.arrow"))) == 2


def test_numbers_that_are_only_read_count_as_used(tmp_path: Path) -> None:
    run(tmp_path, "a", "b")
    for _ in range(5):
        here = State(tmp_path)
        assert here.load("b") is not None
        here.save("a", numbers())
    assert State(tmp_path).load("b") is not None


def test_beyond_the_room_those_used_longest_ago_are_forgotten(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    run(tmp_path, "a")
    one = sum(path.stat().st_size for path in tmp_path.iterdir() if path.suffix in (".f8", ".arrow"))
    monkeypatch.setattr(state, "MOST_BYTES", int(2.5 * one))
    run(tmp_path, "b", "c")
    assert {path.stem for path in tmp_path.glob("*.json")} == {"b", "c"}
    monkeypatch.setattr(state, "MOST_BYTES", 1)
    run(tmp_path, "d")
    assert {path.stem for path in tmp_path.glob("*.json")} == {"d"}
    assert State(tmp_path).load("d") is not None


def test_of_many_groups_a_run_reads_each_list_a_few_times(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    groups = [f"group{at}" for at in range(20)]
    run(tmp_path, *groups)
    read, names_in = list[str](), state._names_in

    def counted(path: Path) -> Iterator[str]:
        read.append(path.stem)
        return names_in(path)

    monkeypatch.setattr(state, "_names_in", counted)
    here = State(tmp_path)
    for key in groups:
        here.save(key, numbers())
    assert len(read) <= 3 * len(groups)


def test_what_another_run_wrote_meanwhile_is_kept(tmp_path: Path) -> None:
    one, other = State(tmp_path), State(tmp_path)
    for value in (1.0, 2.0, 3.0):
        one.save("a", numbers(value))
        other.save("b", numbers(value))
        other.save("a", numbers(-value))
    for reader in (one, other, State(tmp_path)):
        kept = reader.load("a")
        assert kept is not None
        assert kept.numbers[0][0] == -3
        assert reader.load("b") is not None
    assert len(list(tmp_path.glob("*.f8"))) == 2


@pytest.mark.parametrize("content", ["", "{", "[true, null]", '["x"]', "[99999999999999999999]", '{"a": 1}', "7"])
def test_what_is_said_of_runs_may_be_damaged(tmp_path: Path, content: str) -> None:
    run(tmp_path, "a", "b", "c")
    (tmp_path / "runs").write_text(content, "utf-8")
    assert all(run(tmp_path, "a", "b", "c"))
