"""Whole clusters in one arm: one row per cluster, held against loops over the units."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.results.moments import moments_of
from vitalfew.stats.moments import Moments
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from vitalfew.warehouse.measured import Measured

BEGIN = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400_000_000
PUPILS, CLASSES = 600, 40


def _frames(seed: int = 1) -> dict[str, Any]:
    rng = np.random.default_rng(seed)
    school_class = rng.integers(0, CLASSES, PUPILS)
    arm = np.where(school_class % 2, "control", "treatment")
    arm[np.flatnonzero(school_class == 6)[:2]] = "control"  # a class in both arms
    pupils = np.arange(PUPILS)
    marks = pa.array(
        [None if pupil % 11 == 0 else float(mark) for pupil, mark in zip(pupils, rng.normal(3, 1, PUPILS), strict=True)]
    )
    day = school_class % 5
    users = {"pupil": pupils, "class": school_class, "arm": arm, "mark": marks, "age": rng.integers(6, 12, PUPILS)}
    users["passed"] = rng.random(PUPILS) < 0.7
    seen = {"pupil": pupils, "class": school_class, "arm": arm, "exp": ["test"] * PUPILS}
    seen["at"] = pa.array(BEGIN + day * DAY, pa.timestamp("us", tz="UTC"))
    return {"users": pa.table(users), "seen": pa.table(seen)}


def _measured(frames: dict[str, Any], source: str, **more: Any) -> Measured:
    raw: dict[str, Any] = {
        "sources": {
            "users": {"table": "users", "unit": "pupil"},
            "seen": {"table": "seen", "unit": "pupil", "time": "at", "experiment": "exp", "variant": "arm"},
        },
        "metrics": {
            "mark": {"source": "users", "column": "mark", "cap": {"percentile": 0.9}, "covariates": ["age"]},
            "passed": {"kind": "proportion", "source": "users", "column": "passed"},
            "pace": {
                "kind": "ratio",
                "numerator": {"source": "users", "column": "mark"},
                "denominator": {"source": "users", "column": "age"},
            },
        },
        "segments": {"young": {"source": "users", "filter": "age < 9"}},
    }
    raw["experiments"] = {
        "test": {"source": source, "variant": "arm", "cluster": "class", "metrics": list(raw["metrics"])}
    }
    engine = open_engine(DataSettings(), None, frames)
    try:
        return measure(Definitions.model_validate(raw | more), source, engine)
    finally:
        engine.close()


def _by_hand(frames: dict[str, Any], arm: str, *, young: bool) -> dict[str, list[float]]:
    pupils = frames["users"].to_pylist()
    taking_part = [row for row in pupils if row["class"] != 6]
    limit = np.quantile([row["mark"] for row in taking_part if row["mark"] is not None], 0.9)
    columns: dict[str, list[float]] = {}
    for school_class in range(CLASSES):
        mine = [row for row in taking_part if row["class"] == school_class and row["arm"] == arm]
        mine = [row for row in mine if row["age"] < 9 or not young]
        marked = [row for row in mine if row["mark"] is not None]
        values = {
            "mark": sum(min(row["mark"], limit) for row in marked),
            "mark/denominator": len(marked),
            "mark/covariate/age": sum(row["age"] for row in mine),
            "passed": sum(row["passed"] for row in mine),
            "passed/denominator": len(mine),
            "pace": sum(row["mark"] for row in marked),
            "pace/denominator": sum(row["age"] for row in marked),
        }
        for name, value in values.items() if mine else ():
            missing = not marked and name.split("/")[0] in ("mark", "pace") and "covariate" not in name
            columns.setdefault(name, []).append(np.nan if missing else float(value))
    return columns


@pytest.mark.parametrize("source", ["users", "seen"])
def test_clusters_are_the_units_and_every_mean_is_a_ratio_of_their_sums(source: str) -> None:
    frames = _frames()
    measured = _measured(frames, source)
    assert measured.failed == ()
    assert {(row.arm, row.segment) for row in measured.moments} == {
        (arm, segment) for arm in ("control", "treatment") for segment in (None, "young")
    }
    for row in measured.moments:
        found, columns = moments_of(row), _by_hand(frames, row.arm, young=row.segment == "young")
        assert set(found.names) == set(columns)
        expected = Moments.of(
            {name: columns[name] for name in found.names}, dict(zip(found.names, found.shift, strict=True))
        )
        assert found.units == expected.units
        np.testing.assert_array_equal(found.n, expected.n)
        np.testing.assert_allclose(found.cross, expected.cross, rtol=1e-9, atol=1e-6)
    assert {row.arm: (row.units, row.crossed) for row in measured.assignments} == {
        "control": (20, 1),
        "treatment": (19, 1),
    }


def test_clusters_arrive_on_the_day_of_their_first_unit() -> None:
    measured = _measured(_frames(), "seen")
    assert sum(row.units for row in measured.arrivals) == 39
    assert len({row.day for row in measured.arrivals}) == 5
    assert sum(row.units for row in measured.daily) == 39
    assert {"mark", "mark/denominator"} <= set(measured.daily[0].names)


def test_a_unit_that_moves_between_clusters_takes_no_part() -> None:
    frames = _frames()
    moved = pa.table(
        {"pupil": [1], "class": [38], "arm": ["treatment"], "exp": ["test"], "at": frames["seen"]["at"][:1]}
    )
    frames["seen"] = pa.concat_tables([frames["seen"], moved.cast(frames["seen"].schema)])
    totals = {}
    for name in ("before", "after"):
        measured = _measured(_frames() if name == "before" else frames, "seen")
        totals[name] = sum(
            moments_of(row).mean_of("passed/denominator") * row.units for row in measured.moments if row.segment is None
        )
    assert totals["after"] < totals["before"]
