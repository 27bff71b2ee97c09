from __future__ import annotations

from typing import TYPE_CHECKING

import pyarrow.compute as pc
import pyarrow.csv
import pyarrow.parquet as pq
import pytest

from vitalfew.errors import UsageError
from vitalfew.simulate import usage_file

if TYPE_CHECKING:
    from pathlib import Path


def test_the_file_has_the_asked_size_and_forty_features(tmp_path: Path) -> None:
    path = tmp_path / "usage.csv"
    usage_file(path, users=2_000, events=30_000, seed=5)
    table = pyarrow.csv.read_csv(path)
    assert table.column_names == ["user_id", "timestamp", "event_name"]
    assert table.num_rows == 30_000
    assert len(pc.unique(table["event_name"])) == 40
    assert pc.max(table["user_id"]).as_py() < 2_000


def test_half_of_the_features_reach_less_than_a_twentieth_of_the_users(tmp_path: Path) -> None:
    path = tmp_path / "usage.parquet"
    usage_file(path, users=5_000, events=100_000)
    users = pq.read_table(path).group_by("event_name").aggregate([("user_id", "count_distinct")])
    reach = [count / 5_000 for count in users["user_id_count_distinct"].to_pylist()]
    assert sum(share < 0.05 for share in reach) == 20


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one.parquet", "two.parquet"):
        usage_file(tmp_path / name, users=500, events=5_000, seed=7)
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "two.parquet").read_bytes()


def test_an_unknown_suffix_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="neither CSV nor Parquet"):
        usage_file(tmp_path / "usage.xlsx")
