"""Where nobody joined, products are changed by the units that changed; results are those of a full run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from growing_tables import History, assert_same, told
from vitalfew.stats.moments import Moments
from vitalfew.warehouse import refresh, state
from vitalfew.warehouse.parts import Part
from vitalfew.warehouse.products import Products

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.warehouse.measured import Measured

__all__ = ["told"]

ADDITIVE: dict[str, Any] = {"kinds": {"source": "events", "kind": "count", "events": ["buy", "visit"]}}
KNOWN = np.array([True, True])


class Steady(History):
    """A history whose metrics can all be added up."""

    def events(self, count: int, *, late: int = 0) -> None:
        """A day passes on which nobody is exposed."""
        days = [max(self.day - self.chance.randint(0, late), 0) for _ in range(count)]
        seen = [(self.unit(), self.chance.choice(["buy", "visit"]), self.moment(day), self.amount()) for day in days]
        self.write("events", "unit, name, moment, amount", seen)
        self.day += 1

    def refreshed(self) -> Measured:
        return self.measure(changed=ADDITIVE)

    def in_full(self) -> Measured:
        return self.measure(changed=ADDITIVE, remember=False)


@pytest.mark.parametrize("seed", range(2))
def test_after_many_days_of_events_alone_results_are_those_of_a_full_run(
    tmp_path: Path, told: list[bool], seed: int
) -> None:
    history = Steady(tmp_path, seed)
    for _ in range(3):
        history.grow(units=200)
    history.refreshed()
    told.clear()
    for day in range(12):
        if day == 7:
            history.grow(late=3)  # units join in between
        else:
            history.events(history.chance.choice([1, 4, 20]), late=14)
        mine = history.refreshed()
        told_so_far = list(told)
        assert_same(mine, history.in_full())
        assert told == told_so_far, "a full run remembers nothing"
    assert sum(told) >= 3, "most days are told from the units that changed"


def test_units_of_several_blocks_change_as_those_of_one(
    tmp_path: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(state, "_BLOCK", 64)  # bytes, of 8 units
    monkeypatch.setattr(refresh, "_SHIFT", 3)
    monkeypatch.setattr(refresh, "_BLOCK", 8)
    history = Steady(tmp_path, 10)
    for _ in range(3):
        history.grow(units=200)
    history.refreshed()
    told.clear()
    for _ in range(2):
        history.events(6, late=9)
        assert_same(history.refreshed(), history.in_full())
    assert any(told), "a day is told from the units that changed"


def test_a_damaged_file_of_any_kind_is_found(tmp_path: Path) -> None:
    history = Steady(tmp_path, 5)
    history.grow(units=200)
    history.refreshed()
    for suffix in ("log", "f8", "arrow"):
        history.events(5)
        history.refreshed()
        for path in history.state.glob(f"*.{suffix}"):
            content = bytearray(path.read_bytes())
            if content:
                content[len(content) // 2] ^= 4
                path.write_bytes(content)
        history.events(3)
        assert_same(history.refreshed(), history.in_full())


def test_numbers_that_a_run_beside_this_one_removed_are_computed_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    history = Steady(tmp_path, 12)
    history.grow(units=200)
    history.refreshed()
    history.events(5)
    load = state.State.of_day

    def loaded_and_removed(self: state.State, day: str) -> tuple[str, state.Kept] | None:
        found = load(self, day)
        assert found is not None
        for path in history.state.glob("*.f8"):
            path.unlink()
        return found

    monkeypatch.setattr(state.State, "of_day", loaded_and_removed)
    assert_same(history.refreshed(), history.in_full())


def test_edited_and_removed_files_and_other_exposures_are_seen(tmp_path: Path) -> None:
    history = Steady(tmp_path, 6)
    history.grow(units=200)
    history.events(9)
    history.refreshed()
    for change in (history.edit, history.remove, history.repeat, lambda: history.grow(events=1), history.edit):
        history.events(2)
        history.refreshed()
        change()
        assert_same(history.refreshed(), history.in_full())


def test_the_state_does_not_grow_from_day_to_day(tmp_path: Path) -> None:
    history = Steady(tmp_path, 8)
    history.grow(units=200)
    history.refreshed()
    few = len(list(history.state.iterdir()))
    for _ in range(33):
        history.events(2)
        history.refreshed()
    assert len(list(history.state.iterdir())) <= few + 31, "events are added to the numbers after so many runs"
    assert_same(history.refreshed(), history.in_full())


def _products(values: np.ndarray[Any, Any]) -> Products:
    moments = Moments.of({"a": values[:, 0], "b": values[:, 1]})
    return Products.of(moments, (values == 0).sum(axis=0).astype(float), frozenset())


def _changed(found: Products, before: np.ndarray[Any, Any], after: np.ndarray[Any, Any]) -> Products | None:
    return found.changed(Part.of(before.T.copy(), found.centre), Part.of(after.T.copy(), found.centre), KNOWN)


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_products_changed_thirty_times_are_those_of_all_units(scale: float) -> None:
    chance = np.random.default_rng(3)
    values = chance.exponential(1, (500, 2)) + scale
    values[chance.random((500, 2)) < 0.1] = np.nan
    found = _products(values)
    for _ in range(30):
        some = chance.choice(500, 40, replace=False)
        after = values[some] + chance.exponential(1, (40, 2))
        changed = _changed(found, values[some], after)
        values[some] = after
        found = changed if changed is not None else _products(values)
    truth = _products(values).moments
    spread = np.sqrt(truth.cross.diagonal())
    both, mine = np.outer(spread, spread), found.moments
    np.testing.assert_array_equal(mine.n, truth.n)
    np.testing.assert_allclose(mine.cross / both, truth.cross / both, atol=1e-10)
    np.testing.assert_allclose(mine.third / spread**3, truth.third / spread**3, atol=1e-10)
    means = [one.mean + one.shift[:, None] for one in (mine, truth)]
    np.testing.assert_allclose(means[0], means[1], rtol=1e-12)
    np.testing.assert_allclose(mine.high + mine.shift, truth.high + truth.shift, rtol=1e-12)


def test_what_cannot_be_told_from_changed_units_alone_is_not_guessed() -> None:
    values = np.array([[0.0, 1.0], [5.0, 1.5], [7.0, 2.5], [9.0, 1e9]])
    found = _products(values)
    lowest_left = _changed(found, values[:1], np.array([[6.0, 1.0]]))
    outlier_left = _changed(found, values[3:], np.array([[9.0, 2.0]]))
    assert lowest_left is None
    assert outlier_left is None
    assert _changed(found, values[1:2], np.array([[8.0, 1.5]])) is not None
