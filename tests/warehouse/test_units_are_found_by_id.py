"""Units are looked up in an array where ids are whole numbers near each other; numbers are those of any other ids."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.results.moments import moments_of
from vitalfew.warehouse.by_id import ById
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.stats.moments import Moments
    from vitalfew.warehouse.measured import Measured

UNITS, EVENTS, DAY = 400, 20_000, 86_400_000_000
START = 1_767_225_600_000_000  # microseconds
WINDOWS: dict[str, dict[str, Any]] = {
    "after": {"column": "amount", "window": {"length": 7}, "covariate_days": 5},
    "later": {"kind": "count", "events": ["buy"], "window": {"delay": 1, "length": 2}},
    "ever": {"column": "amount", "aggregation": "max"},
    "bought": {"kind": "proportion", "events": ["buy"], "window": {"length": 3}},
}


@pytest.fixture
def lookups(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether units were looked up by id, once for each time that events were read."""
    asked: list[bool] = []
    plain = ById.of.__func__  # type: ignore[attr-defined] # the function behind a class method

    def of(cls: type[ById], *args: Any) -> ById | None:
        found: ById | None = plain(cls, *args)
        asked.append(found is not None)
        return found

    monkeypatch.setattr(ById, "of", classmethod(of))
    return asked


@pytest.mark.parametrize("low", [0, 7_000_000_000, -150])
@pytest.mark.parametrize("windows", [WINDOWS, {"after": WINDOWS["after"]}, {"ever": WINDOWS["ever"]}])
def test_numbers_do_not_hang_on_the_kind_of_ids(lookups: list[bool], low: int, windows: dict[str, Any]) -> None:
    whole = _measured(lambda unit: unit + low, windows)
    words = _measured(lambda unit: f"unit {unit}", windows)
    assert lookups == [True, False]
    _assert_same(whole, words)


def test_ids_that_lie_far_apart_are_joined(lookups: list[bool]) -> None:
    far = _measured(lambda unit: unit * 1_000_003, WINDOWS)
    near = _measured(lambda unit: unit, WINDOWS)
    assert lookups == [False, True]
    _assert_same(far, near)


def test_ids_beyond_signed_numbers_are_joined(lookups: list[bool]) -> None:
    large = _measured(lambda unit: 2**63 + unit, WINDOWS)
    near = _measured(lambda unit: unit, WINDOWS)
    assert lookups == [False, True]
    _assert_same(large, near)


def test_units_of_several_experiments_are_joined(lookups: list[bool]) -> None:
    both = _measured(lambda unit: unit, WINDOWS, experiments=("one", "two"))
    assert lookups == [False]
    alone = _measured(lambda unit: unit, WINDOWS)
    mine = replace(both, moments=tuple(row for row in both.moments if row.experiment == "one"))
    _assert_same(mine, alone)


def _measured(
    named: Callable[[int], Any], windows: dict[str, Any], experiments: tuple[str, ...] = ("one",)
) -> Measured:
    """The same world whatever its units are called; some are seen in both arms, and some events have no unit."""
    chance = np.random.default_rng(11)
    units = [*range(UNITS), *range(20)]
    seen = START + chance.integers(0, 10 * DAY, len(units))
    arms = chance.choice(["a", "b"], len(units))
    rows = [(experiment, at) for experiment in experiments for at in range(len(units))]
    exposures = {
        "unit": _ids([named(units[at]) for _, at in rows]),
        "experiment": [experiment for experiment, _ in rows],
        "arm": [str(arms[at]) for _, at in rows],
        "at": pa.array([int(seen[at]) for _, at in rows], pa.timestamp("us")),
    }
    whose = chance.integers(0, UNITS + 50, EVENTS)
    at = START + chance.integers(-10 * DAY, 25 * DAY, EVENTS)
    events = {
        "unit": _ids(_with_gaps([named(int(unit)) for unit in whose], chance, 0.01)),
        "name": chance.choice(["buy", "visit", "other"], EVENTS).tolist(),
        "at": pa.array(_with_gaps(at.tolist(), chance, 0.01), pa.timestamp("us")),
        "amount": _with_gaps(chance.normal(size=EVENTS).tolist(), chance, 0.1),
    }
    defined = Definitions.model_validate(
        {
            "sources": {
                "seen": {"table": "seen", "unit": "unit", "experiment": "experiment", "variant": "arm", "time": "at"},
                "events": {"table": "events", "unit": "unit", "time": "at", "event": "name"},
            },
            "metrics": {key: {"source": "events", **metric} for key, metric in windows.items()},
            "experiments": {key: {"source": "seen", "control": "a", "metrics": list(windows)} for key in experiments},
        }
    )
    engine = open_engine(defined.data, None, {"seen": pa.table(exposures), "events": pa.table(events)})
    try:
        measured = measure(defined, "seen", engine)
    finally:
        engine.close()
    assert not measured.failed
    return measured


def _with_gaps(cells: list[Any], chance: np.random.Generator, share: float) -> list[Any]:
    return [None if missing else cell for cell, missing in zip(cells, chance.random(len(cells)) < share, strict=True)]


def _ids(cells: list[Any]) -> pa.Array:
    large = any(isinstance(cell, int) and cell >= 2**63 for cell in cells)
    return pa.array(cells, pa.uint64() if large else None)


def _assert_same(one: Measured, other: Measured) -> None:
    pairs = list(zip(map(moments_of, one.moments), map(moments_of, other.moments), strict=True))
    assert pairs
    for mine, theirs in pairs:
        assert mine.units == theirs.units
        np.testing.assert_array_equal(mine.n, theirs.n)
        np.testing.assert_allclose(_means(mine), _means(theirs), rtol=1e-9)
        np.testing.assert_allclose(mine.cross, theirs.cross, rtol=1e-9, atol=1e-9)


def _means(moments: Moments) -> Any:
    return moments.mean.diagonal() + moments.shift
