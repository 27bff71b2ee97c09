"""Units join, leave and move every day; products follow them, and results are those of a full run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from growing_tables import BUY, History, assert_same, told
from vitalfew.warehouse.engine import open_engine
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

    def __init__(self, folder: Path, seed: int, *, experiments: int = 1, first: int = 300, apart: bool = False) -> None:
        super().__init__(folder, seed)
        (folder / "users").mkdir()
        self.many, self.known, self.apart = experiments, 0, apart
        self.ordinary(first, 3 * first)

    def ordinary(self, joining: int = 12, events: int = 40, late: int = 0) -> None:
        """A day with new users, some of whom are exposed, exposures that come again, and events."""
        new = range(self.known, self.known + joining)
        self.known += joining
        self.write("users", "unit, country", [(f"u{at}", self.chance.choice(["dk", "se"])) for at in new])
        shown = [*new, *(self.chance.randrange(self.known) for _ in range(joining))]
        seen = [(f"u{at}", self.experiment(at), self.arm(at), self.moment(self.before(late))) for at in shown]
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
        rows = [(f"u{at}", self.experiment(at), self.arm(at + 1), self.moment(self.day)) for at in people]
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

    def someone(self) -> str:
        return f"u{self.chance.randrange(self.known + 10)}"

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


@pytest.mark.parametrize("step", STEPS)
def test_products_follow_those_who_join_leave_and_move(tmp_path: Path, told: list[bool], step: str) -> None:
    product = Product(tmp_path, STEPS.index(step))
    product.ordinary()
    product.results()
    for _ in range(3):
        getattr(product, step)()
        assert_same(product.results(), product.results(remember=False))
    assert len(told) == 3, "every day goes on from the day before"
    assert sum(told) >= 2, "and most are told from the units that changed"


@given(st.lists(st.sampled_from(STEPS), min_size=2, max_size=6), st.integers(0, 2**32), st.integers(1, 3))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_after_any_history_of_units_a_refresh_equals_a_full_run(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int, experiments: int
) -> None:
    product = Product(tmp_path_factory.mktemp("product"), seed, experiments=experiments, apart=True)
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
