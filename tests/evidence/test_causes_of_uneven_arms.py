"""Causes of uneven arms (Fabijan et al. 2019, KDD), each planted in tables: found, and traced to its stage.

40,000 users dealt by a hash, 14 days. The sizes alone say that something is wrong; what else fires says where: at the
assignment, while it ran, in the logs, in the analysis, or between experiments.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest
from scipy import stats
from sqlglot import exp

from vitalfew.evidence.health import health
from vitalfew.warehouse.dealing import dealt, dealt_arm
from vitalfew.warehouse.duckdb_engine import DuckDBEngine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Dealing, Definitions

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.results.rows import HealthRow

    World = dict[str, Any]

N, DAY = 40_000, 86_400_000_000
BEGIN = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
INSTANT = pa.timestamp("us", tz="UTC")
DEALING = Dealing(salt="checkout")
DEALT = np.array([dealt(DEALING, {"control": 1, "treatment": 1}, f"u{user}") for user in range(N)], dtype=object)
TREATED = np.flatnonzero(DEALT == "treatment")


def _world() -> World:
    """Exposures and events as columns; what breaks changes them."""
    rng = np.random.default_rng(20_260_402)
    user, at = np.arange(N), rng.integers(0, 14 * DAY, N)
    buyer = np.repeat(user, rng.integers(1, 4, N))
    bought = at[buyer] + rng.integers(1, 20 * DAY, len(buyer))
    columns: World = {"rng": rng, "user": user, "at": at, "arm": DEALT.copy(), "exp": np.full(N, "test", dtype=object)}
    logged = {"buyer": buyer, "bought": bought, "arrived": bought + 1, "amount": rng.lognormal(2, 1, len(buyer))}
    return columns | logged | {"id": np.arange(len(buyer)), "alias": [], "owner": []}


def _keep(world: World, kept: np.ndarray) -> None:
    for name in ("user", "at", "arm", "exp"):
        world[name] = world[name][kept]


def _lose(share: float) -> Callable[[World], None]:
    def lose(world: World) -> None:
        lost = (world["arm"] == "treatment") & (world["rng"].random(len(world["arm"])) < share)
        _keep(world, ~lost)

    return lose


def _other_salt(world: World) -> None:
    some = world["rng"].random(N) < 0.1
    world["arm"][some] = np.where(world["rng"].random(some.sum()) < 0.65, "treatment", "control")


def _one_platform_is_control(world: World) -> None:
    world["arm"][world["user"] % 20 == 0] = "control"


def _wrong_weights(world: World) -> None:
    moved = (world["arm"] == "control") & (world["rng"].random(N) < 0.05)
    world["arm"][moved] = "treatment"


def _again(share: float) -> Callable[[World], None]:
    def again(world: World) -> None:
        some = np.flatnonzero(world["rng"].random(N) < share)
        other = np.where(world["arm"][some] == "control", "treatment", "control")
        seen = {"user": some, "at": world["at"][some] + DAY, "arm": other, "exp": world["exp"][some]}
        for name, more in seen.items():
            world[name] = np.concatenate([world[name], more])

    return again


def _late_start(world: World) -> None:
    world["arm"][world["at"] < 3 * DAY] = "control"


def _pause(world: World) -> None:
    world["arm"][world["at"] // DAY == 6] = "control"


def _robots(world: World) -> None:
    robots = np.repeat(TREATED[TREATED % 60 == 0], 100)
    _log(world, robots, world["at"][robots] + np.tile(np.arange(1, 101) * 1_000_000, len(robots) // 100))


def _log(world: World, buyer: np.ndarray, bought: np.ndarray) -> None:
    more = {"buyer": buyer, "bought": bought, "arrived": bought + 1, "amount": np.ones(len(buyer))}
    more["id"] = len(world["id"]) + np.arange(len(buyer))
    for name, values in more.items():
        world[name] = np.concatenate([world[name], values])


def _merge(world: World) -> None:
    some = TREATED[: 2 * (len(TREATED) // 30)]
    world["alias"], world["owner"] = [f"u{user}" for user in some[::2]], [f"u{user}" for user in some[1::2]]


def _retries(world: World) -> None:
    twice = np.flatnonzero((DEALT[world["buyer"]] == "treatment") & (world["id"] % 10 == 0))
    for name in ("buyer", "bought", "arrived", "amount", "id"):
        world[name] = np.concatenate([world[name], world[name][twice]])


def _slow_logs(world: World) -> None:
    slow = (DEALT[world["buyer"]] == "treatment") & (world["id"] % 10 == 0)
    world["arrived"] = world["bought"] + np.where(slow, 5 * DAY, 1)


def _lost_amounts(world: World) -> None:
    world["amount"][DEALT[world["buyer"]] == "treatment"] *= np.where(
        world["rng"].random((DEALT[world["buyer"]] == "treatment").sum()) < 0.05, np.nan, 1.0
    )


def _two_spellings(world: World) -> None:
    world["arm"][(world["arm"] == "treatment") & (world["user"] % 10 == 0)] = "Treatment"


def _too_early(world: World) -> None:
    world["at"] = np.where(world["user"] % 7 == 0, world["at"] - 20 * DAY, world["at"])


def _held_out(world: World) -> None:
    out = np.arange(0, N, 10)
    seen = {"user": out, "at": np.zeros(len(out), dtype=np.int64), "arm": np.full(len(out), "out", dtype=object)}
    for name, more in (seen | {"exp": np.full(len(out), "holdout", dtype=object)}).items():
        world[name] = np.concatenate([world[name], more])


def _texts(users: np.ndarray) -> list[str]:
    return [f"u{user}" for user in users.tolist()]


def _frames(world: World) -> dict[str, pa.Table]:
    seen = {"user": _texts(world["user"]), "at": pa.array(BEGIN + world["at"], INSTANT), "arm": list(world["arm"])}
    log = {"user": _texts(world["buyer"]), "at": pa.array(BEGIN + world["bought"], INSTANT), "id": world["id"]}
    log |= {
        "arrived": pa.array(BEGIN + world["arrived"], INSTANT),
        "amount": pa.array(world["amount"], from_pandas=True),
    }
    same = {"alias": pa.array(world["alias"], pa.string()), "owner": pa.array(world["owner"], pa.string())}
    log["name"] = ["order"] * len(world["buyer"])
    return {"seen": pa.table(seen | {"exp": list(world["exp"])}), "log": pa.table(log), "same": pa.table(same)}


def _found(breaks: Callable[[World], None] | None) -> dict[str, HealthRow]:
    world = _world()
    if breaks is not None:
        breaks(world)
    names = {"table": "log", "unit": "user", "time": "at", "event": "name", "id": "id", "arrived": "arrived"}
    experiment = {"source": "seen", "split": {"control": 1, "treatment": 1}, "dealing": {"salt": DEALING.salt}}
    holdout = {"source": "seen", "control": "out", "design": "holdout", "holds_out": ["test"], "metrics": ["orders"]}
    definitions = Definitions.model_validate(
        {
            "data": {"identities": {"table": "same", "alias": "alias", "unit": "owner"}},
            "sources": {
                "seen": {"table": "seen", "unit": "user", "time": "at", "experiment": "exp", "variant": "arm"},
                "log": {**names, "bots_above": 60},
            },
            "metrics": {
                "orders": {"kind": "count", "source": "log"},
                "paid": {"source": "log", "column": "amount", "aggregation": "min"},
            },
            "experiments": {
                "test": {**experiment, "start": "2026-03-02", "end": "2026-03-15", "metrics": ["orders", "paid"]},
                "all": holdout | {"id": "holdout"},
            },
        }
    )
    engine = DuckDBEngine(DataSettings(), None, _frames(world))
    try:
        of = measure(definitions, "seen", engine)
    finally:
        engine.close()
    rows = health(definitions, of.assignments, of.moments, of.arrivals, of.counts)
    return {row.test: row for row in rows if row.experiment == "test" or row.test == "held_out"}


ASSIGNMENT = {
    "another salt for a tenth of the users": (_other_salt, {"sample_ratio": "failed", "dealing": "failed"}),
    "one platform always control": (_one_platform_is_control, {"sample_ratio": "failed", "dealing": "failed"}),
    "weights of 52 to 48": (_wrong_weights, {"sample_ratio": "failed", "dealing": "failed"}),
    "dealt anew after a restart": (_again(0.15), {"crossed": "failed"}),
}
RUNNING = {
    "a redirect loses 5 % of an arm": (_lose(0.05), {"sample_ratio": "failed"}),
    "old devices crash in an arm, 4 % are lost": (_lose(0.04), {"sample_ratio": "failed"}),
    "counted only after the first click in an arm": (_lose(0.1), {"sample_ratio": "failed"}),
    "one device for several people": (_again(0.03), {"crossed": "warning"}),
}
LOGS = {
    "robots in one arm only": (_robots, {"bots": "failed"}),
    "people joined in one arm only": (_merge, {"merged": "failed"}),
    "messages sent again in one arm": (_retries, {"duplicates": "warning"}),
    "messages late in one arm": (_slow_logs, {"late": "warning"}),
    "values lost in one arm": (_lost_amounts, {"missing_share/paid": "failed"}),
}
ANALYSIS = {
    "an arm written in two ways": (_two_spellings, {"arm_names": "warning"}),
    "days before the start counted": (_too_early, {"before_start": "failed"}),
    "the holdout forgotten": (_held_out, {"held_out": "failed"}),
}
CAUSES = ASSIGNMENT | RUNNING | LOGS | ANALYSIS


def test_a_sound_experiment_raises_no_alarm() -> None:
    assert {test: row.status for test, row in _found(None).items() if row.status != "ok"} == {}


@pytest.mark.parametrize("cause", CAUSES)
def test_a_planted_cause_is_found_and_traced_to_its_stage(cause: str) -> None:
    breaks, expected = CAUSES[cause]
    found = {test: row.status for test, row in _found(breaks).items() if row.status != "ok"}
    assert {test: found.get(test) for test in expected} == expected
    if cause in RUNNING | LOGS:
        assert "dealing" not in found  # the assignment is sound: look further down
    if cause in LOGS:
        assert "crossed" not in found


@pytest.mark.parametrize("breaks", [_late_start, _pause], ids=["an arm that starts later", "an arm paused for a day"])
def test_a_split_that_changed_on_the_way_is_told_with_its_day(breaks: Callable[[World], None]) -> None:
    message = _found(breaks)["ramp"].message
    assert "changed on 2026-03-05" in message or "changed on 2026-03-08" in message


def _dealt(salts: list[str], arms: int, units: int) -> np.ndarray:
    """The place of the arm of each unit by salt, `(salts, units)`, by the query that runs use."""
    split = {f"{arm:03d}": 1.0 for arm in range(arms)}
    engine = DuckDBEngine(DataSettings(), None, {"units": pa.table({"u": [f"u{unit}" for unit in range(units)]})})
    try:
        arms_of = [dealt_arm(Dealing(salt=salt), split, exp.column("u")).as_(f"s{at}") for at, salt in enumerate(salts)]
        table = engine.query(exp.select(*arms_of).from_("units"))
        return np.array([table[f"s{at}"].to_numpy().astype(int) for at in range(len(salts))])
    finally:
        engine.close()


def test_a_hundred_buckets_of_two_hundred_thousand_ids_are_even() -> None:
    counts = np.bincount(_dealt(["buckets"], 100, 200_000)[0], minlength=100)
    assert len(counts) == 100
    assert stats.chisquare(counts).pvalue > 1e-3


def test_experiments_with_salts_of_their_own_are_dealt_apart_from_each_other() -> None:
    treated = _dealt([f"experiment {at}" for at in range(100)], 2, 20_000)
    together = treated[:50] @ treated[50:].T  # units treated in both, of 50 x 50 pairs
    sizes, others, every = treated[:50].sum(axis=1)[:, None], treated[50:].sum(axis=1)[None, :], treated.shape[1]
    cells = [together, sizes - together, others - together, every - sizes - others + together]
    totals = [sizes * others, sizes * (every - others), (every - sizes) * others, (every - sizes) * (every - others)]
    found = sum((cell - total / every) ** 2 / (total / every) for cell, total in zip(cells, totals, strict=True))
    assert stats.kstest(stats.chi2.sf(found, 1).ravel(), "uniform").pvalue > 1e-3
    again = _dealt(["experiment 0"], 2, 20_000)[0]
    assert (again == treated[0]).all()
