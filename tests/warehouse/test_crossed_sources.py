"""Units that experiments from different sources of exposures share, held against the same experiments in one source."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from vitalfew.evidence.crossings import crossings
from vitalfew.warehouse.crossed_sources import crossed_sources
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

BEGIN = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400_000_000
INSTANT = pa.timestamp("us", tz="UTC")
RNG = np.random.default_rng(11)


def _frames(together: float = 0.0, shared: int = 1_500) -> dict[str, Any]:
    """Experiment one has units 0 to 1999, two the last `shared` of them and 500 others; each arm buys more."""
    one, two = np.arange(2_000), np.arange(2_000 - shared, 2_500)
    users = np.concatenate([one, two])
    arms = np.concatenate([np.where(one % 2, "new", "control"), np.where(two // 2 % 2, "new", "control")])
    seen = {
        "user": users,
        "at": pa.array(BEGIN + RNG.integers(0, 3, len(users)) * DAY, INSTANT),
        "exp": ["one"] * len(one) + ["two"] * len(two),
        "arm": arms,
    }
    everyone = np.arange(2_500)
    rates = 2 + 0.2 * (everyone % 2) + together * (everyone % 2) * (everyone // 2 % 2)
    buyers = np.repeat(everyone, RNG.poisson(rates))
    bought = pa.array(BEGIN + 3 * DAY + RNG.integers(0, 4 * DAY, len(buyers)), INSTANT)
    events = {"user": buyers, "at": bought, "name": ["order"] * len(buyers)}
    table = pa.table(seen)
    split = {name: table.filter(pc.field("exp") == name) for name in ("one", "two")}
    return {"seen": table, **split, "events": pa.table(events)}


def _definitions(
    two: dict[str, Any] | None = None, data: dict[str, Any] | None = None, *, apart: bool = True
) -> Definitions:
    columns = {"unit": "user", "time": "at", "experiment": "exp", "variant": "arm"}
    experiment = {"control": "control", "metrics": ["orders"]}
    web, app = ("web", "app") if apart else ("seen", "seen")
    return Definitions.model_validate(
        {
            "data": data or {},
            "sources": {
                "seen": {"table": "seen", **columns},
                "web": {"table": "one", **columns},
                "app": {"table": "two", **columns} | (two or {}),
                "events": {"table": "events", "unit": "user", "time": "at", "event": "name"},
            },
            "metrics": {"orders": {"kind": "count", "source": "events", "window": {"length": 7}}},
            "experiments": {"one": {"source": web, **experiment}, "two": {"source": app, **experiment}},
        }
    )


def _crossed(definitions: Definitions, frames: dict[str, Any]) -> Measured:
    engine = open_engine(DataSettings(), None, frames)
    try:
        return crossed_sources(definitions, engine)
    finally:
        engine.close()


def _in_one_source(frames: dict[str, Any]) -> Measured:
    engine = open_engine(DataSettings(), None, frames)
    try:
        return measure(_definitions(apart=False), "seen", engine)
    finally:
        engine.close()


def test_units_shared_across_sources_are_measured_as_in_one_source() -> None:
    frames = _frames()
    expected = {(row.first_arm, row.second_arm): row for row in _in_one_source(frames).overlaps}
    found = _crossed(_definitions(), frames)
    assert found.failed == ()
    assert sum(row.units for row in found.overlaps) == 1_500
    assert len(found.overlaps) == len(expected) == 4
    for row in found.overlaps:
        assert (row.first, row.second) == ("one", "two")
        same = expected[row.first_arm, row.second_arm]
        assert (row.units, row.names) == (same.units, same.names)
        assert row.mean[0] + row.shift[0] == pytest.approx(same.mean[0] + same.shift[0])
        assert row.cross[0] == pytest.approx(same.cross[0])


@pytest.mark.parametrize(("together", "clear"), [(0.0, False), (1.0, True)])
def test_a_planted_interaction_across_sources_is_found_and_none_is_quiet(together: float, clear: bool) -> None:
    definitions = _definitions()
    (row,) = crossings(definitions, _crossed(definitions, _frames(together)).overlaps)
    assert (row.experiment, row.by, row.metric) == ("one", ("two", "new"), "orders")
    assert (row.adjusted_p < 1e-6) is clear
    assert ("is larger by" in row.message) is clear
    assert row.estimate == pytest.approx(together, abs=4 * (row.se or 0))


def test_ids_that_stand_for_others_and_ids_of_another_type_meet() -> None:
    frames = _frames()
    plain = {(row.first_arm, row.second_arm): row.units for row in _crossed(_definitions(), frames).overlaps}
    second = frames["two"]
    as_text = second.set_column(0, "user", pc.cast(second["user"], pa.string()))
    found = _crossed(_definitions(), {**frames, "two": as_text}).overlaps
    assert {(row.first_arm, row.second_arm): row.units for row in found} == plain

    other = pa.array([f"device {user}" for user in second["user"].to_pylist()])
    ids = pa.table({"alias": other, "person": pc.cast(second["user"], pa.string())})
    known = {"identities": {"table": "ids", "alias": "alias", "unit": "person"}}
    written = {**frames, "two": second.set_column(0, "user", other), "ids": ids}
    assert _crossed(_definitions(), written).overlaps == ()
    found = _crossed(_definitions(data=known), written).overlaps
    assert {(row.first_arm, row.second_arm): row.units for row in found} == plain


@pytest.mark.parametrize("second", [{"unit": "visitor"}, {"table": "nowhere"}])
def test_units_of_another_kind_and_sources_that_cannot_be_read_are_left_to_where_they_are_measured(
    second: dict[str, Any],
) -> None:
    found = _crossed(_definitions(second), _frames())
    assert (found.overlaps, found.failed) == ((), ())


def test_few_shared_units_are_no_overlap() -> None:
    assert _crossed(_definitions(), _frames(shared=5)).overlaps == ()


def test_where_only_one_of_two_sources_knows_times_that_is_said() -> None:
    (remark,) = _crossed(_definitions({"time": None}), _frames()).failed
    assert remark.remark
    assert remark.item == "web, app"
    assert "no time of exposure is known (one and two)" in remark.reason
