"""One metric on the data at once: over everybody, by its own definition, with the queries that tell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitalfew.errors import DataError, Unsupported, UsageError
from vitalfew.pipeline.preview import columns, preview
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

START = datetime(2026, 1, 1, tzinfo=UTC)
USERS, DAYS = 200, 120


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Every user opens the product every day, and buys something worth the number of the user on every tenth."""
    users, days = np.meshgrid(np.arange(USERS), np.arange(DAYS))
    at = [START + timedelta(days=int(day), hours=12) for day in days.ravel()]
    opened = {"user": users.ravel(), "at": at, "event": ["open"] * len(at), "value": [0.0] * len(at)}
    bought = days.ravel() % 10 == 0
    buying = {
        "user": users.ravel()[bought],
        "at": [moment + timedelta(hours=1) for moment, yes in zip(at, bought, strict=True) if yes],
        "event": ["buy"] * int(bought.sum()),
        "value": users.ravel()[bought].astype(float),
    }
    pq.write_table(pa.concat_tables([pa.table(opened), pa.table(buying)]), tmp_path / "events.parquet")
    pq.write_table(
        pa.table({"user": np.arange(USERS), "score": np.arange(USERS, dtype=float)}), tmp_path / "users.parquet"
    )
    return tmp_path


def workspace(folder: Path, **metrics: dict[str, Any]) -> Workspace:
    sources = {
        "events": {"table": "events.parquet", "unit": "user", "time": "at", "event": "event"},
        "users": {"table": "users.parquet", "unit": "user"},
    }
    return Workspace(Definitions.model_validate({"sources": sources, "metrics": metrics}), root=folder)


def test_a_metric_over_events_follows_everybody_over_its_window(folder: Path) -> None:
    bought = {"kind": "count", "source": "events", "events": ["buy"], "window": {"length": 30}}
    told = preview(workspace(folder, bought=bought), "bought")
    assert told.value == 3.0
    assert told.units == USERS
    assert told.until == "2026-04-29"  # the last day of the data is seldom whole
    assert [value for _, value in told.weeks] == pytest.approx([3.0] * len(told.weeks), abs=1.0)
    assert len(told.weeks) > 4


def test_the_interval_is_that_of_the_units(folder: Path) -> None:
    spent = {"source": "events", "events": ["buy"], "column": "value", "aggregation": "sum", "window": {"length": 30}}
    told = preview(workspace(folder, spent=spent), "spent")
    per_user = 3.0 * np.arange(USERS)
    assert told.value == pytest.approx(per_user.mean())
    assert told.sure is not None
    assert told.sure[1] - per_user.mean() == pytest.approx(1.959964 * per_user.std(ddof=1) / np.sqrt(USERS))


def test_a_column_of_units_is_measured_as_it_is(folder: Path) -> None:
    told = preview(workspace(folder, score={"source": "users", "column": "score"}), "score")
    assert told.value == pytest.approx((USERS - 1) / 2)
    assert told.until is None


def test_the_queries_that_were_asked_can_be_read(folder: Path) -> None:
    told = preview(workspace(folder, opened={"kind": "count", "source": "events", "events": ["open"]}), "opened")
    assert any("'open'" in query for query in told.queries)


def test_columns_and_events_are_those_of_the_data(folder: Path) -> None:
    held = {found.source: found for found in columns(workspace(folder))}
    assert held["events"].events == ("open", "buy")
    assert held["users"].types == {"user": "integer", "score": "number"}


def test_a_window_longer_than_the_data_is_refused(folder: Path) -> None:
    long = {"kind": "count", "source": "events", "events": ["buy"], "window": {"length": 365}}
    with pytest.raises(Unsupported, match="longer than the events reach back"):
        preview(workspace(folder, long=long), "long")


def test_what_is_not_there_is_said(folder: Path) -> None:
    with pytest.raises(UsageError, match="there is no metric"):
        preview(workspace(folder), "nothing")
    lost = workspace(folder, lost={"kind": "count", "source": "events", "events": ["buy"]})
    (folder / "events.parquet").unlink()
    with pytest.raises(DataError):
        preview(lost, "lost")
