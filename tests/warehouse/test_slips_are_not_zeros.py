"""Ids and times as strangers write them: joined where they mean the same, else refused; never a silent 0."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from vitalfew.results.moments import moments_of
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.warehouse.use import feature_use
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.warehouse.measured import Measured

IDS = pa.array([1, 2, 3, 4])
SEEN = pa.array([datetime(2026, 3, 1, tzinfo=UTC)] * 4, pa.timestamp("us"))
LATER = pa.array([datetime(2026, 3, 2, 12, tzinfo=UTC)] * 4, pa.timestamp("us"))


def _definitions(seen: str = "exposed", events: str = "events") -> Definitions:
    return Definitions.model_validate(
        {
            "sources": {
                "seen": {"table": seen, "unit": "user", "time": "at", "experiment": "exp", "variant": "arm"},
                "events": {"table": events, "unit": "user", "time": "at", "event": "name"},
                "users": {"table": seen, "unit": "user"},
            },
            "metrics": {"orders": {"kind": "count", "source": "events", "events": ["order"]}},
            "features": {"ordering": {"source": "events", "events": ["order"]}},
            "experiments": {"e": {"source": "seen", "control": "a", "metrics": ["orders"]}},
        }
    )


def _exposed(ids: Any = IDS, at: Any = SEEN) -> pa.Table:
    return pa.table({"user": ids, "at": at, "exp": ["e"] * 4, "arm": ["a", "b", "a", "b"]})


def _events(ids: Any = IDS, at: Any = LATER) -> pa.Table:
    return pa.table({"user": ids, "at": at, "name": ["order"] * 4})


def _measured(exposed: pa.Table, events: pa.Table) -> Measured:
    engine = open_engine(DataSettings(), None, {"exposed": exposed, "events": events})
    try:
        return measure(_definitions(), "seen", engine)
    finally:
        engine.close()


def _orders(measured: Measured) -> list[float]:
    return [moments_of(row).mean_of("orders") for row in measured.moments if row.names]


@pytest.mark.parametrize(
    "ids",
    [
        pa.array(["1", "2", "3", "4"]),
        pa.array([1.0, 2.0, 3.0, 4.0]),
        pa.array([Decimal(number) for number in (1, 2, 3, 4)], pa.decimal128(10, 2)),
        pa.array([1, 2, 3, 4], pa.uint64()),
    ],
    ids=["texts", "floats, as a missing id makes them", "decimals", "unsigned"],
)
def test_the_same_ids_in_different_types_join(ids: pa.Array) -> None:
    assert _orders(_measured(_exposed(), _events(ids))) == [1.0, 1.0]
    assert _orders(_measured(_exposed(ids), _events())) == [1.0, 1.0]
    assert _orders(_measured(_exposed(ids), _events(pa.array(["1", "2", "3", "4"])))) == [1.0, 1.0]


@pytest.mark.parametrize(
    "ids",
    [pa.array([11, 12, 13, 14]), pa.array(["001", "002", "003", "004"]), pa.array(["a1", "a2", "a3", "a4"])],
    ids=["other numbers", "leading zeros", "other names"],
)
def test_ids_that_do_not_meet_are_refused_and_not_measured_as_zero(ids: pa.Array) -> None:
    measured = _measured(_exposed(), _events(ids))
    assert [row.reason for row in measured.failed] == [
        "no 'user' of 'events' takes part in an experiment of 'seen'; are these the same ids, written the same way?"
    ]
    assert _orders(measured) == []


def test_units_that_were_only_quiet_count_as_zero() -> None:
    before = pa.array([datetime(2026, 2, 1, tzinfo=UTC)] * 4, pa.timestamp("us"))
    measured = _measured(_exposed(), _events(at=before))
    assert not measured.failed
    assert _orders(measured) == [0.0, 0.0]


INSTANT = datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    "at",
    [
        *(pa.array([int(INSTANT * 10**digits)] * 4) for digits in (0, 3, 6, 9)),
        pa.array([INSTANT] * 4),
        *(LATER.cast(pa.timestamp(unit)) for unit in ("s", "ms", "ns")),
        *(LATER.cast(pa.timestamp(unit)).cast(pa.timestamp(unit, "Asia/Kolkata")) for unit in ("s", "ms", "us", "ns")),
    ],
    ids=str,
)
def test_times_of_every_precision_are_the_same_instant(at: pa.Array, tmp_path: Path) -> None:
    pq.write_table(_events(at=at), tmp_path / "events.parquet")
    frames = {"exposed": _exposed(at=pa.array([datetime(2026, 3, 2, 11, 59, tzinfo=UTC)] * 4, pa.timestamp("us")))}
    definitions = _definitions(events="events.parquet")
    engine = open_engine(DataSettings(), tmp_path, frames)
    assert _orders(measure(definitions, "seen", engine)) == [1.0, 1.0]
    (use,) = (row for row in feature_use(definitions, engine)[0] if row.main)
    assert use.users == 4
    engine.close()
    engine = open_engine(DataSettings(), tmp_path, frames | {"events.parquet": _events(at=at)})
    assert _orders(measure(definitions, "seen", engine)) == [1.0, 1.0]
    engine.close()


def test_numbers_that_are_no_time_are_left_out_and_noted() -> None:
    odd = _measured(_exposed(), _events(at=pa.array([float("inf"), INSTANT, float("nan"), None])))
    assert [row.reason for row in odd.failed] == ["3 rows of 'events' without a readable time in 'at' are left out"]
    assert _orders(odd) == [0.0, 0.5]


def test_times_that_nobody_can_read_are_named() -> None:
    words = pa.array(["soon"] * 4)
    assert {row.reason for row in _measured(_exposed(), _events(at=words)).failed if not row.remark} == {
        "no row of 'events' has a readable time in 'at'; write it like 2026-01-31 17:45:00"
    }
    assert [row.reason for row in _measured(_exposed(at=words), _events()).failed] == [
        "4 rows of 'exposed' without a readable time in 'at' are left out"
    ]


@pytest.mark.parametrize("name", ["seen", "population", "per unit", "first exposures", "n", "units", "frame 0"])
def test_a_table_may_have_any_name(name: str) -> None:
    definitions = _definitions(seen=name)
    engine = open_engine(DataSettings(), None, {name: _exposed(), "events": _events()})
    assert _orders(measure(definitions, "seen", engine)) == [1.0, 1.0]
    (use,) = (row for row in feature_use(definitions, engine)[0] if row.main)
    assert (use.users, use.eligible) == (4, 4)
    engine.close()


def test_a_segment_far_from_the_rest_of_its_arm_keeps_its_variance() -> None:
    rows = 40
    spent = [3e9 + 1e9 * (at % 3) if at % 4 == 0 else -1e7 - 3.5 * (at % 2) - at / 8 for at in range(rows)]
    definitions = Definitions.model_validate(
        {
            "sources": {"people": {"table": "people", "unit": "id"}},
            "metrics": {"spent": {"source": "people", "column": "spent"}},
            "segments": {"small": {"source": "people", "filter": "size == 's'"}},
            "experiments": {"e": {"source": "people", "variant": "arm", "control": "a"}},
        }
    )
    frame = pa.table(
        {
            "id": list(range(rows)),
            "arm": ["ab"[at // 2 % 2] for at in range(rows)],
            "size": ["l" if at % 4 == 0 else "s" for at in range(rows)],
            "spent": spent,
        }
    )
    engine = open_engine(DataSettings(), None, {"people": frame})
    (row,) = (row for row in measure(definitions, "people", engine).moments if (row.arm, row.segment) == ("a", "small"))
    engine.close()
    mine = [spent[at] for at in range(rows) if at % 4 == 1]
    mean = sum(mine) / len(mine)
    exact = sum((value - mean) ** 2 for value in mine) / (len(mine) - 1)
    assert moments_of(row).variance_of("spent") == pytest.approx(exact, rel=1e-9)


def test_a_column_without_any_value_is_missing_and_not_of_an_odd_type() -> None:
    definitions = Definitions.model_validate(
        {
            "sources": {"people": {"table": "people", "unit": "id"}},
            "metrics": {"spent": {"source": "people", "column": "spent"}},
            "segments": {"north": {"source": "people", "filter": "region == 'north'"}},
            "experiments": {"e": {"source": "people", "variant": "arm", "control": "0"}},
        }
    )
    frame = pa.table({"id": [1, 2], "arm": [0.0, 1.0], "spent": pa.nulls(2), "region": pa.nulls(2)})
    engine = open_engine(DataSettings(), None, {"people": frame})
    measured = measure(definitions, "people", engine)
    engine.close()
    assert not measured.failed
    assert [(row.arm, moments_of(row).count("spent")) for row in measured.moments] == [("0", 0), ("1", 0)]
