"""Rows are fetched in a thread of their own: all, in order; what goes wrong there is heard, and nothing stays."""

from __future__ import annotations

import threading
from contextlib import closing
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest

from vitalfew.errors import DataError
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.queries import read_query
from vitalfew.warehouse.running import ahead
from vitalfew.workspace.definitions import DataSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

ROWS, BATCH = 50_000, 10_000


def test_all_batches_come_in_order() -> None:
    assert list(ahead(range(7))) == list(range(7))
    assert list(ahead(iter(()))) == []
    table = pa.table({"x": list(range(ROWS))})
    with closing(open_engine(DataSettings(), None, {"t": table})) as engine:
        stream = engine.stream(read_query("q", "SELECT x FROM t").tree, BATCH)
        assert sum(batch.num_rows for batch in ahead(stream)) == ROWS


def test_what_the_engine_refuses_is_heard_behind_what_came_before() -> None:
    texts = ["1"] * ROWS + ["one"]
    with closing(open_engine(DataSettings(), None, {"t": pa.table({"x": texts})})) as engine:
        stream = engine.stream(read_query("q", "SELECT CAST(x AS INT) AS x FROM t").tree, BATCH)
        with pytest.raises(DataError, match="not of the type asked for"):
            list(ahead(stream))
        assert engine.query(read_query("q", "SELECT count(*) AS n FROM t").tree).to_pylist() == [{"n": ROWS + 1}]


@pytest.mark.parametrize("error", [KeyboardInterrupt, MemoryError])
def test_an_interrupt_in_the_thread_ends_the_reader(error: type[BaseException]) -> None:
    def batches() -> Iterator[int]:
        yield 1
        raise error

    found: list[int] = []
    with pytest.raises(error):
        found.extend(ahead(batches()))
    assert found in ([], [1])


def test_who_stops_reading_leaves_no_thread_and_the_engine_may_be_closed() -> None:
    before = threading.active_count()
    engine = open_engine(DataSettings(), None, {"t": pa.table({"x": list(range(ROWS))})})
    reading = ahead(engine.stream(read_query("q", "SELECT a.x FROM t a, t b").tree, BATCH))
    next(reading)
    engine.close()
    reading.close()  # type: ignore[attr-defined] # a generator
    assert threading.active_count() == before
