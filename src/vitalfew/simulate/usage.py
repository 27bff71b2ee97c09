"""A stranger's usage file: one table of user, time and event, as an analytics tool exports it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.simulate.clock import TOTAL, WEEK, WEEKS, phases
from vitalfew.simulate.trials import timestamps

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

_FEATURES = 40
_HALF = _FEATURES // 2


def usage_file(path: Path, users: int = 20_000, events: int = 1_000_000, seed: int = 1) -> None:
    """Write one usage file as CSV or Parquet, by the suffix of its name: columns user_id, timestamp, event_name.

    Forty features whose use falls off steeply, half of them hardly used: feature `feature_01` is used by most users,
    `feature_40` by one in a thousand.

    Args:
        path: the file to write, `.csv` or `.parquet`.
        users: number of users.
        events: number of rows.
        seed: any whole number from 0; the same seed gives the same bytes.

    Raises:
        UsageError: the suffix is neither of the two.
    """
    import pyarrow as pa
    import pyarrow.csv
    import pyarrow.parquet as pq

    if path.suffix not in {".csv", ".parquet"}:
        raise UsageError(f"'{path.name}' is neither CSV nor Parquet", expected="a name that ends in .csv or .parquet")
    rng = np.random.default_rng(seed)
    user, feature = _pairs(rng, users, events)
    at = np.sort(rng.integers(0, WEEKS, events) * WEEK + phases(rng, events)) % TOTAL
    names = pa.array([f"feature_{number:02}" for number in range(1, _FEATURES + 1)])
    table = pa.table(
        {
            "user_id": pa.array(user.astype(np.int32)),
            "timestamp": timestamps(at),
            "event_name": pa.DictionaryArray.from_arrays(pa.array(feature.astype(np.int8)), names).cast(pa.string()),
        }
    )
    if path.suffix == ".csv":
        pa.csv.write_csv(table, path)
    else:
        pq.write_table(table, path, compression="zstd")


def _pairs(rng: np.random.Generator, users: int, events: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Draw who uses what: a feature's events come from its own users only."""
    share = np.concatenate([np.geomspace(0.9, 0.12, _HALF), np.geomspace(0.03, 0.001, _FEATURES - _HALF)])
    feature = rng.choice(_FEATURES, events, p=share / share.sum())
    number = np.maximum((share * users).astype(np.int64), 1)
    member = (rng.random(events) * number[feature]).astype(np.int64)
    return (member + 37 * feature) % users, feature
