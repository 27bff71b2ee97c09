from __future__ import annotations

import hashlib
import os
from dataclasses import replace
from typing import TYPE_CHECKING

import pyarrow as pa

from vitalfew.warehouse.fingerprint import Fingerprint, fingerprint
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from pathlib import Path


def definitions(**tables: str) -> Definitions:
    return Definitions.model_validate(
        {"sources": {key: {"table": table, "unit": "user_id"} for key, table in tables.items()}}
    )


def test_a_file_is_known_by_path_size_time_and_content(tmp_path: Path) -> None:
    (tmp_path / "players.csv").write_bytes(b"user_id\n1\n")
    found = fingerprint(definitions(players="players.csv"), tmp_path)["players"]
    stat = (tmp_path / "players.csv").stat()
    assert found == Fingerprint("players.csv", 10, stat.st_mtime_ns, hashlib.sha256(b"user_id\n1\n").hexdigest())


def test_content_is_hashed_only_when_size_or_time_differ(tmp_path: Path) -> None:
    file = tmp_path / "players.csv"
    file.write_bytes(b"user_id\n1\n")
    first = fingerprint(definitions(players="players.csv"), tmp_path)["players"]
    trusted = replace(first, sha256="as known")
    assert fingerprint(definitions(players="players.csv"), tmp_path, {"players": trusted}) == {"players": trusted}
    os.utime(file, ns=(1, 1))
    touched = fingerprint(definitions(players="players.csv"), tmp_path, {"players": trusted})["players"]
    assert touched == replace(first, mtime_ns=1)
    file.write_bytes(b"user_id\n2\n")
    assert fingerprint(definitions(players="players.csv"), tmp_path, {"players": touched})["players"] != touched


def test_a_missing_file_is_represented_and_its_arrival_seen(tmp_path: Path) -> None:
    before = fingerprint(definitions(players="players.csv"), tmp_path)
    assert before["players"] == Fingerprint("players.csv", None, None, None)
    assert before["players"].missing
    (tmp_path / "players.csv").write_text("user_id\n")
    assert not fingerprint(definitions(players="players.csv"), tmp_path, before)["players"].missing


def test_a_file_used_by_two_sources_is_read_once(tmp_path: Path) -> None:
    (tmp_path / "players.csv").write_text("user_id\n")
    found = fingerprint(definitions(a="players.csv", b="players.csv"), tmp_path)
    assert found["a"] is found["b"]


def test_tables_of_a_database_share_its_fingerprint(tmp_path: Path) -> None:
    (tmp_path / "data.duckdb").write_bytes(b"x")
    workspace = definitions(a="one", b="two").model_copy(
        update={"data": Definitions.model_validate({"data": {"path": "data.duckdb"}}).data}
    )
    found = fingerprint(workspace, tmp_path)
    assert {key: value.path for key, value in found.items()} == {"a": "data.duckdb", "b": "data.duckdb"}


def test_a_frame_is_known_by_its_content_however_it_is_cut() -> None:
    whole = pa.table({"user_id": [1, 2, 3], "x": [0.5, None, 2.0]})
    pieces = pa.concat_tables([whole.slice(0, 1), whole.slice(1)])
    other = pa.table({"user_id": [1, 2, 4], "x": [0.5, None, 2.0]})
    one, two, three = (
        fingerprint(definitions(players="t"), None, frames={"t": frame})["players"] for frame in (whole, pieces, other)
    )
    assert one.sha256 == two.sha256
    assert one.sha256 != three.sha256
    assert one.path == "frame:t"


def test_moments_computed_elsewhere_count_with_the_table(tmp_path: Path) -> None:
    (tmp_path / "moments").mkdir()
    (tmp_path / "moments" / "players.csv").write_text("query_hash\n")
    found = fingerprint(definitions(players="players.csv"), tmp_path)["players"]
    assert (found.path, found.size) == ("players.csv and moments/players", 11)


def test_both_tables_of_aggregates_with_covariances_count(tmp_path: Path) -> None:
    arms = {arm: {"n": "n", "mean": "mean"} for arm in ("control", "treatment")}
    covariances = {"table": "pairs.csv", "metrics": ["a", "b"], "arms": {"control": "c", "treatment": "t"}}
    source = {"table": "past.csv", "shape": "aggregates", "experiment": "e", "metric": "m", "arms": arms}
    workspace = Definitions.model_validate({"sources": {"past": source | {"covariances": covariances}}})
    seen = [fingerprint(workspace, tmp_path)["past"]]
    for name in ("past.csv", "pairs.csv"):
        for content in ("1", "2"):
            (tmp_path / name).write_text(content)
            os.utime(tmp_path / name, ns=(1, 1))
            seen.append(fingerprint(workspace, tmp_path, {"past": seen[-1]})["past"])
    assert seen[0] == Fingerprint("past.csv and pairs.csv", None, None, None)
    assert [found.size for found in seen[1:]] == [1, 1, 2, 2]
    assert len({found.sha256 for found in seen}) == len(seen)
    in_memory = fingerprint(workspace, tmp_path, frames={"pairs.csv": pa.table({"a": [1]})})["past"]
    assert in_memory.path == "past.csv and frame:pairs.csv"
    database = tmp_path / "data.duckdb"
    database.write_bytes(b"x")
    inside = workspace.model_copy(update={"data": Definitions.model_validate({"data": {"path": database.name}}).data})
    assert fingerprint(inside, tmp_path)["past"].path == "data.duckdb"


def test_files_of_a_pattern_are_known_together(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("user_id\n1\n")
    one = fingerprint(definitions(players="*.csv"), tmp_path)["players"]
    (tmp_path / "b.csv").write_text("user_id\n2\n")
    two = fingerprint(definitions(players="*.csv"), tmp_path, {"players": one})["players"]
    assert (one.size, two.size) == (10, 20)
    assert one.sha256 != two.sha256
