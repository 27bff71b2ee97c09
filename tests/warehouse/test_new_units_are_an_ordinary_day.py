"""Units join, leave and move every day; products follow them, and results are those of a full run."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growing_tables import BUY, History, assert_same, told
from vitalfew.warehouse import continued, past, state
from vitalfew.warehouse.engine import open_engine
from vitalfew.warehouse.grouped import NotOnward
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.warehouse.measured import Measured

__all__ = ["told"]

METRICS: dict[str, Any] = {
    "spend": {**BUY, "column": "amount", "window": {"length": 5}, "covariate_days": 3, "role": "goal"},
    "usual": {**BUY, "kind": "quantile", "column": "amount", "quantile": 0.5, "window": {"length": 6}},
    "visits": {"source": "events", "kind": "count", "events": ["visit"]},
    "largest": {**BUY, "column": "amount", "aggregation": "max", "window": {"length": 5}},
    "bought": {**BUY, "kind": "proportion", "window": {"length": 7}},
    "basket": {"kind": "ratio", "numerator": {**BUY, "column": "amount"}, "denominator": BUY, "window": {"length": 9}},
}
STEPS = ("ordinary", "late", "crossers", "nobody", "users", "moved", "rewritten", "removed")


class Product(History):
    """A product whose experiments meet new people every day, with a table of users that grows along."""

    def __init__(
        self,
        folder: Path,
        seed: int,
        *,
        experiments: int = 1,
        first: int = 300,
        apart: bool = False,
        whole: bool = False,
    ) -> None:
        super().__init__(folder, seed)
        self.whole = whole
        self.kind_of_unit = pa.int64() if whole else pa.string()
        (folder / "users").mkdir()
        self.many, self.known, self.apart, self.strangers = experiments, 0, apart, 10
        self.ordinary(first, 3 * first)

    def ordinary(self, joining: int = 12, events: int = 40, late: int = 0) -> None:
        """A day with new users, some of whom are exposed, exposures that come again, and events."""
        new = range(self.known, self.known + joining)
        self.known += joining
        self.write("users", "unit, country", [(self.name(at), self.chance.choice(["dk", "se"])) for at in new])
        shown = [*new, *(self.chance.randrange(self.known) for _ in range(joining))]
        seen = [(self.name(at), self.experiment(at), self.arm(at), self.moment(self.before(late))) for at in shown]
        self.write("exposures", "unit, experiment, arm, moment", seen)
        happened = [(self.someone(), self.before(late)) for _ in range(events)]
        rows = [(who, self.chance.choice(["buy", "visit"]), self.moment(day), self.amount()) for who, day in happened]
        self.write("events", "unit, name, moment, amount", rows)
        self.day += 1

    def late(self) -> None:
        """What happened up to four days before: first exposures move back in time."""
        self.ordinary(late=4)

    def crossers(self) -> None:
        """Some see the other arm."""
        self.ordinary()
        self.day -= 1
        people = [self.chance.randrange(self.known) for _ in range(5)]
        rows = [(self.name(at), self.experiment(at), self.arm(at + 1), self.moment(self.day)) for at in people]
        again = pa.concat_tables([pq.read_table(self.files("exposures")[-1]), self._exposures(rows)])
        pq.write_table(again, self.files("exposures")[-1])
        self.day += 1

    def nobody(self) -> None:
        """Events alone."""
        rows = [(self.someone(), "buy", self.moment(self.day), self.amount()) for _ in range(20)]
        self.write("events", "unit, name, moment, amount", rows)
        self.day += 1

    def users(self) -> None:
        """All users are written to one file, as snapshots are."""
        everybody = pa.concat_tables([pq.read_table(path) for path in self.files("users")])
        for path in self.files("users"):
            path.unlink()
        pq.write_table(everybody, self.folder / "users" / f"{self.day:03}all.parquet")
        self.ordinary()

    def moved(self) -> None:
        """Some users live elsewhere now."""
        path = self.chance.choice(self.files("users"))
        table = pq.read_table(path)
        countries = table["country"].to_pylist()
        for at in self.chance.sample(range(len(countries)), 5):
            countries[at] = "se" if countries[at] == "dk" else "dk"
        pq.write_table(table.set_column(1, "country", pa.array(countries)), path)
        self.ordinary()

    def rewritten(self) -> None:
        """All exposures are written to one file."""
        everything = pa.concat_tables([pq.read_table(path) for path in self.files("exposures")])
        for path in self.files("exposures"):
            path.unlink()
        pq.write_table(everything, self.folder / "exposures" / f"{self.day:03}all.parquet")
        self.ordinary()

    def removed(self) -> None:
        """A few exposures turn out never to have been."""
        path = self.chance.choice(self.files("exposures"))
        pq.write_table(pq.read_table(path).slice(3), path)
        self.ordinary()

    def name(self, at: int) -> str | int:
        """Ids that a database counted up from below nothing, or any other."""
        return at - 150 if self.whole else f"u{at}"

    def someone(self) -> str | int:
        return self.name(self.chance.randrange(self.known + self.strangers))

    def experiment(self, at: int) -> str:
        return f"test{at % self.many if self.apart else self.chance.randrange(self.many)}"

    def arm(self, at: int) -> str:
        return "ab"[at * 7919 % 101 % 2]

    def before(self, late: int) -> int:
        return max(self.day - self.chance.randint(0, late), 0)

    def amount(self) -> float | None:
        """Quarters, whose sums are exact, so that order statistics are as well."""
        return self.chance.choice([None, self.chance.randint(0, 200) / 4, 7.5])

    def _exposures(self, rows: list[tuple[Any, ...]]) -> pa.Table:
        return pa.table(
            [list(column) for column in zip(*rows, strict=True)], pq.read_schema(self.files("exposures")[0])
        )

    def results(self, *, remember: bool = True, **changed: Any) -> Measured:
        events = {"table": "events/*.parquet", "unit": "unit", "time": "moment", "event": "name"}
        seen = {"table": "exposures/*.parquet", "unit": "unit", "time": "moment", "experiment": "experiment"}
        metrics = METRICS | changed
        test = {"source": "seen", "control": "a", "metrics": list(metrics), "segments": ["danes"]}
        definitions = Definitions.model_validate(
            {
                "sources": {
                    "events": events,
                    "seen": {**seen, "variant": "arm"},
                    "users": {"table": "users/*.parquet", "unit": "unit"},
                },
                "metrics": metrics,
                "segments": {"danes": {"source": "users", "filter": "country == 'dk'"}},
                "experiments": {f"test{at}": test for at in range(self.many)},
            }
        )
        engine = open_engine(definitions.data, self.folder)
        try:
            return measure(definitions, "seen", engine, None, self.state if remember else None)
        finally:
            engine.close()


@pytest.mark.parametrize("whole", [False, True])
@pytest.mark.parametrize("step", STEPS)
def test_products_follow_those_who_join_leave_and_move(
    tmp_path: Path, told: list[bool], step: str, whole: bool
) -> None:
    product = Product(tmp_path, STEPS.index(step), whole=whole)
    product.ordinary()
    product.results()
    for _ in range(3):
        getattr(product, step)()
        assert_same(product.results(), product.results(remember=False))
    assert len(told) == 3, "every day goes on from the day before"
    assert sum(told) >= 2, "and most are told from the units that changed"


@given(
    st.lists(st.sampled_from(STEPS), min_size=2, max_size=6), st.integers(0, 2**32), st.integers(1, 3), st.booleans()
)
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_after_any_history_of_units_a_refresh_equals_a_full_run(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int, experiments: int, whole: bool
) -> None:
    product = Product(tmp_path_factory.mktemp("product"), seed, experiments=experiments, apart=True, whole=whole)
    product.results()
    for step in steps:
        getattr(product, step)()
        assert_same(product.results(), product.results(remember=False))


def test_several_experiments_in_one_table_go_on(tmp_path: Path, told: list[bool]) -> None:
    product = Product(tmp_path, 3, experiments=3)
    product.results()
    for _ in range(3):
        product.ordinary()
        refreshed, truth = product.results(), product.results(remember=False)
        assert len(refreshed.overlaps) == len(truth.overlaps) > 0
        assert_same(refreshed, truth)
    assert len(told) == 3


def test_a_window_that_looks_back_from_the_newest_event_is_computed_anew(tmp_path: Path, told: list[bool]) -> None:
    product = Product(tmp_path, 5)
    recent = {**BUY, "column": "amount", "window": {"kind": "lookback", "length": 2}}
    product.results(recent=recent)
    for _ in range(2):
        product.ordinary()
        assert_same(product.results(recent=recent), product.results(remember=False, recent=recent))
    assert not told


def test_a_ramp_is_seen_on_the_day_on_which_it_shows(tmp_path: Path, told: list[bool]) -> None:
    product = Product(tmp_path, 6, first=800)
    product.results()
    product.arm = lambda at: "ab"[at % 10 == 0]  # type: ignore[method-assign] # the split changes
    for _ in range(3):
        product.ordinary(joining=150)
        refreshed = product.results()
        assert_same(refreshed, product.results(remember=False))
    assert {row.phase for row in refreshed.moments} == {0, 1}
    assert len(told) == 3


def busy(product: Product, days: int = 1) -> None:
    """Days with many events of those who join on the next ones, each with its run."""
    for _ in range(days):
        product.ordinary(events=90)
        product.results()


def strangers(product: Product) -> list[dict[str, Any]]:
    """What the last run left of events of units that may join."""
    newest = max(product.state.glob("*.json"), key=lambda path: path.stat().st_mtime_ns)
    found: list[dict[str, Any]] = json.loads(newest.read_text())["body"]["strangers"]
    return found


@pytest.mark.parametrize("whole", [False, True])
def test_events_before_a_unit_joined_are_remembered_and_not_looked_for_in_old_files(
    tmp_path: Path, whole: bool
) -> None:
    product = Product(tmp_path, 8, whole=whole)
    product.results()
    busy(product, 3)
    product.ordinary()
    truth = product.results(remember=False)
    old = product.files("events")[-2]
    stat = old.stat()
    product.edit(old)
    assert old.stat().st_size == stat.st_size
    os.utime(old, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    assert_same(product.results(), truth)
    assert product.results(remember=False).moments != truth.moments


@pytest.mark.parametrize("whole", [False, True])
def test_who_took_part_before_was_no_stranger(tmp_path: Path, told: list[bool], whole: bool) -> None:
    product = Product(tmp_path, 9, whole=whole)
    product.results()
    for step in (product.late, product.crossers, product.late, product.removed, product.late, product.rewritten):
        busy(product, 2)
        step()
        assert_same(product.results(), product.results(remember=False))
    assert sum(told) >= 15


def test_files_may_hold_the_same_numbers_in_other_widths(tmp_path: Path, told: list[bool]) -> None:
    product = Product(tmp_path, 14, whole=True)
    product.results()
    for kind in (pa.int64(), pa.int32(), pa.int64(), pa.int16(), pa.int64()):
        product.kind_of_unit = kind
        busy(product)
        assert_same(product.results(), product.results(remember=False))
    assert strangers(product)
    assert len(told) >= 5


def test_an_ordinary_run_leaves_events_of_strangers_to_the_next(
    tmp_path: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(continued, "MOST_STEPS", 3)
    product = Product(tmp_path, 10)
    product.results()
    busy(product, 3)
    remembered = strangers(product)
    busy(product)
    assert len(told) == 3, "the last run was an ordinary one"
    files = [one["files"] for one in strangers(product)]
    assert files == [one["files"] for one in remembered]
    assert len(files) == 3
    busy(product, 2)
    assert_same(product.results(), product.results(remember=False))


def test_events_of_strangers_do_not_grow_without_bound(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    product = Product(tmp_path, 11)
    product.results()
    busy(product, 9)
    days = 3 + 2 + 1
    assert 0 < len(strangers(product)) <= days, "those of days that no covariate can reach are forgotten"
    few = len(list(product.state.iterdir()))
    busy(product, 3)
    assert len(list(product.state.iterdir())) <= few + 3 * 3, "their files are removed"
    product.strangers = 9000
    product.ordinary(events=90)
    product.results()
    assert product.files("events")[-1].name not in str(strangers(product)), "where most are strangers, files are read"
    product.strangers = 10
    monkeypatch.setattr(past, "MOST_STRANGERS", 0.01)
    busy(product)
    assert sum(one["units"] for one in strangers(product)) <= 0.01 * product.known
    product.ordinary()
    assert_same(product.results(), product.results(remember=False))


def test_several_experiments_leave_no_strangers(tmp_path: Path) -> None:
    product = Product(tmp_path, 12, experiments=2)
    product.results()
    busy(product, 2)
    assert not strangers(product)
    product.ordinary()
    assert_same(product.results(), product.results(remember=False))


def test_damaged_events_of_strangers_are_found(tmp_path: Path) -> None:
    product = Product(tmp_path, 13)
    product.results()
    busy(product, 2)
    path = product.state / strangers(product)[-1]["name"]
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 4
    path.write_bytes(content)
    product.ordinary()
    assert_same(product.results(), product.results(remember=False))


def test_a_state_of_an_earlier_version_is_left_alone(
    tmp_path: Path, told: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    product = Product(tmp_path, 14)
    with monkeypatch.context() as earlier:
        earlier.setattr(state, "_VERSION", 4)
        product.results()
        busy(product)
    told.clear()
    busy(product)
    assert not told, "everything is computed anew"
    busy(product)
    assert_same(product.results(), product.results(remember=False))
    assert told


def test_units_remembered_with_columns_of_another_kind_are_looked_at_anew() -> None:
    then = pa.table({"id": pa.array([0]), "unit": ["u0"], "cluster": pa.nulls(1)})
    with pytest.raises(NotOnward):
        continued._with(then, pa.table({"unit": ["u1"], "cluster": pa.array([1], pa.int32())}))
