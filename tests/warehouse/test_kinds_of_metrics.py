"""Every kind of metric over events, held against loops over the rows, on data full of ties and gaps."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pytest

from vitalfew.results.moments import moments_of
from vitalfew.stats.moments import Moments
from vitalfew.warehouse.duckdb_engine import DuckDBEngine
from vitalfew.warehouse.measure import measure
from vitalfew.workspace.definitions import DataSettings, Definitions

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.warehouse.measured import Measured

DAY, HOUR = timedelta(days=1), timedelta(hours=1)
START = datetime(2026, 3, 20, tzinfo=UTC)
NAN = float("nan")

type Event = tuple[datetime, str, str | None, float]

METRICS: dict[str, dict[str, Any]] = {
    "often": {"kind": "retention", "threshold": 2, "events": ["visit"], "window": {"delay": 1, "length": 3}},
    "gone": {"kind": "retention", "threshold": 2, "complement": True, "window": {"delay": 1, "length": 3}},
    "big": {"kind": "proportion", "threshold": 60, "events": ["order"], "column": "amount"},
    "once_big": {"kind": "proportion", "threshold": 60, "column": "amount", "aggregation": "max"},
    "recommends": {"kind": "nps", "column": "score", "events": ["rated"], "window": {"length": 6}},
    "pleased": {"kind": "csat", "column": "stars", "events": ["starred"]},
    "ease": {"kind": "ces", "rule": "mean", "column": "ease", "events": ["eased"]},
    "easy": {"kind": "ces", "rule": "share", "column": "ease", "events": ["eased"]},
    "net_ease": {"kind": "ces", "rule": "net", "column": "ease", "events": ["eased"]},
    "active": {"kind": "participation", "events": ["visit", "order"], "window": {"delay": 0.5, "length": 4}},
    "lately": {"kind": "participation", "window": {"kind": "lookback", "length": 3}},
    "failing": {
        "kind": "error_rate",
        "events": ["fail"],
        "denominator": {"source": "events", "events": ["fail", "ok"]},
    },
    "bought": {"kind": "funnel", "steps": ["visit", "basket", "order"], "window": {"delay": 1, "length": 6}},
    "again": {"kind": "funnel", "steps": ["visit", "order", "visit", "order"], "filters": ["amount > 20"]},
    "took": {"kind": "duration", "steps": ["basket", "order"], "horizon": 0.25},
    "took_long": {"kind": "duration", "steps": ["basket", "order"], "window": {"delay": 1, "length": 6}},
    "bought_lately": {"kind": "funnel", "steps": ["visit", "order"], "window": {"kind": "lookback", "length": 5}},
    "waits": {"kind": "duration", "column": "amount", "events": ["ok"]},
}
DISTRIBUTIONS: dict[str, dict[str, Any]] = {
    "p90": {"kind": "quantile", "quantile": 0.9, "column": "amount", "window": {"length": 6}},
    "slow": {"kind": "quantile", "quantile": 0.75, "over": "events", "column": "amount", "events": ["ok", "fail"]},
    "first_order": {"kind": "time_to_event", "events": ["order"], "filters": ["amount > 50"]},
    "soon": {"kind": "time_to_event", "events": ["basket"], "window": {"length": 2}, "horizon": 2},
}
NAMES = ["visit", "basket", "order", "fail", "ok", "rated", "starred", "eased"]


def _definitions(metrics: Mapping[str, Mapping[str, Any]], **more: Any) -> Definitions:
    keyed = {key: {"source": "events"} | dict(metric) for key, metric in metrics.items()}
    raw: dict[str, Any] = {
        "sources": {
            "users": {"table": "users", "unit": "id"},
            "events": {"table": "events", "unit": "user", "time": "at", "event": "name"},
            "seen": {"table": "seen", "unit": "user", "time": "at", "experiment": "exp", "variant": "arm"},
        },
        "metrics": keyed,
        "segments": {"old": {"source": "users", "filter": "age >= 40"}},
        "experiments": {"one": {"source": "seen", "control": "a", "metrics": list(keyed)}},
    }
    return Definitions.model_validate(raw | more)


def _frames(seed: int, units: int = 60) -> dict[str, pa.Table]:
    rng = np.random.default_rng(seed)
    n = 14 * units
    names = rng.choice(NAMES, n)
    answers = {"rated": (0, 11), "starred": (1, 6), "eased": (1, 8)}
    scores: dict[str, list[str | None]] = {}
    for column, event in (("score", "rated"), ("stars", "starred"), ("ease", "eased")):
        low, high = answers[event]
        given = rng.integers(low, high, n)
        # Elsewhere the column holds other things, as tables of events do.
        scores[column] = [
            (None if rng.random() < 0.1 else str(value)) if name == event else "page"
            for name, value in zip(names, given, strict=True)
        ]
    events = {
        "user": rng.integers(0, units + 5, n),
        # Whole hours, so that events fall on each other and on the edges of windows.
        "at": pa.array([START + int(hour) * HOUR for hour in rng.integers(0, 10 * 24, n)]),
        "name": names,
        "amount": np.where(rng.random(n) < 0.1, np.nan, rng.integers(1, 100, n)),
        **scores,
    }
    events["user"][events["user"] == 3] = 4  # one of the units has no events
    return {
        "users": pa.table({"id": np.arange(units), "age": rng.integers(18, 80, units)}),
        "events": pa.table(events),
        "seen": pa.table(
            {
                "user": np.arange(units),
                "at": pa.array([START + int(hour) * HOUR for hour in rng.integers(0, 4 * 24, units)]),
                "exp": ["one"] * units,
                "arm": rng.choice(["a", "b"], units),
            }
        ),
    }


def _measured(frames: Mapping[str, pa.Table], definitions: Definitions, as_of: date | None = None) -> Measured:
    engine = DuckDBEngine(DataSettings(), None, dict(frames))
    try:
        return measure(definitions, "seen", engine, as_of)
    finally:
        engine.close()


class Referee:
    """The units with their events, as lists."""

    def __init__(self, frames: Mapping[str, pa.Table], end: datetime | None = None) -> None:
        rows = [row for row in frames["events"].to_pylist() if end is None or row["at"] < end]
        self.last = max(row["at"] for row in rows)
        self.until = end or self.last + timedelta(microseconds=1)
        ages = dict(zip(*(frames["users"][name].to_pylist() for name in ("id", "age")), strict=True))
        self.units = [
            (row["at"], row["arm"], ages[row["user"]] >= 40, [e for e in rows if e["user"] == row["user"]])
            for row in frames["seen"].to_pylist()
        ]

    def of(self, arm: str, *, old: bool) -> list[tuple[datetime, list[dict[str, Any]]]]:
        return [(start, rows) for start, mine, is_old, rows in self.units if mine == arm and (is_old or not old)]

    def inside(self, metric: Mapping[str, Any], start: datetime, rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
        window = metric.get("window", {})
        low = start + window.get("delay", 0) * DAY
        high = low + window["length"] * DAY if "length" in window else datetime.max.replace(tzinfo=UTC)
        if window.get("kind") == "lookback":
            low, high = max(start, self.until - window["length"] * DAY), self.until
        named = metric.get("steps") or metric.get("events")
        kept = [row for row in rows if low <= row["at"] < high and (not named or row["name"] in named)]
        lowest = [float(text.split(">")[1]) for text in metric.get("filters", [])]
        return [row for row in kept if all(row["amount"] > least for least in lowest)]

    def value(
        self, key: str, metric: Mapping[str, Any], start: datetime, rows: list[dict[str, Any]]
    ) -> dict[str, float]:
        found = self.inside(metric, start, rows)
        amounts = [row["amount"] for row in found if row["amount"] == row["amount"]]
        match key:
            case "often":
                return {key: float(len(found) >= 2)}
            case "gone":
                return {key: float(len(found) < 2)}
            case "big":
                return {key: float(sum(amounts) >= 60)}
            case "once_big":
                return {key: float(max(amounts, default=0) >= 60)}
            case "active" | "lately":
                begin = self.until if key == "lately" else start + 0.5 * DAY
                return {key: len({(row["at"] - begin) // DAY for row in found}) / metric["window"]["length"]}
            case "failing":
                tried = [row for row in rows if row["at"] >= start and row["name"] in ("fail", "ok")]
                return {key: len(found), f"{key}/denominator": len(tried)}
            case "waits":
                return {key: sum(amounts) / len(amounts) if amounts else NAN}
            case "bought" | "again" | "bought_lately":
                deepest = _depth([(row["at"], row["name"]) for row in found], metric["steps"])
                last = len(metric["steps"])
                steps = {f"{key}/step{step}": float(deepest >= step) for step in range(1, last)}
                return {key: float(deepest >= last)} | steps
            case "took" | "took_long":
                longest = metric.get("horizon", 1000) * DAY
                taken = [time for time in _tasks(found, *metric["steps"]) if time <= longest]
                return {key: sum(time / timedelta(seconds=1) for time in taken), f"{key}/denominator": len(taken)}
        return {key: _worth(metric, [(row["at"], row[metric["column"]]) for row in found])}


def _depth(events: list[tuple[datetime, str]], steps: Sequence[str]) -> int:
    """How many steps some choice of different events in order of time reaches: every choice is tried."""
    reached: set[tuple[tuple[int, ...], datetime]] = {((), datetime.min.replace(tzinfo=UTC))}
    for depth, step in enumerate(steps):
        following = {
            ((*used, at), moment)
            for used, now in reached
            for at, (moment, name) in enumerate(events)
            if name == step
            and at not in used
            and moment >= now
            # Where an event stands in the list before, only a later one is another.
            and (step not in steps[:depth] or moment > now)
        }
        if not following:
            return depth
        reached = following
    return len(steps)


def _tasks(rows: list[dict[str, Any]], start: str, end: str) -> list[timedelta]:
    starts = sorted({row["at"] for row in rows if row["name"] == start})
    ends = sorted(row["at"] for row in rows if row["name"] == end)
    found = []
    for at, begin in enumerate(starts):
        after = [moment for moment in ends if moment > begin]
        if after and (at + 1 == len(starts) or after[0] <= starts[at + 1]):
            found.append(after[0] - begin)
    return found


def _worth(metric: Mapping[str, Any], answers: list[tuple[datetime, str | None]]) -> float:
    given = [(at, int(answer)) for at, answer in answers if answer is not None]
    if not given:
        return NAN
    _, last = max(given)
    match metric["kind"], metric.get("rule"):
        case "nps", _:
            return 100.0 * ((last >= 9) - (last <= 6))
        case "csat", _:
            return float(last >= 4)
        case _, "share":
            return float(last >= 5)
        case _, "net":
            return 100.0 * ((last >= 5) - (last <= 3))
    return float(last)


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("as_of", [None, date(2026, 3, 26)])
def test_sums_of_every_kind_equal_loops_over_the_rows(seed: int, as_of: date | None) -> None:
    frames = _frames(seed)
    measured = _measured(frames, _definitions(METRICS), as_of)
    assert measured.failed == ()
    referee = Referee(frames, None if as_of is None else datetime(2026, 3, 27, tzinfo=UTC))
    assert {(row.arm, row.segment) for row in measured.moments} == {(arm, of) for arm in "ab" for of in (None, "old")}
    for row in measured.moments:
        if row.phase:
            continue
        units = referee.of(row.arm, old=row.segment == "old")
        columns: dict[str, list[float]] = {}
        for start, rows in units:
            for key, metric in METRICS.items():
                for name, value in referee.value(key, metric, start, rows).items():
                    columns.setdefault(name, []).append(value)
        assert set(row.names) == set(columns)
        found = moments_of(row)
        expected = Moments.of({name: columns[name] for name in found.names})
        np.testing.assert_array_equal(found.n, expected.n)
        for name in found.names:
            np.testing.assert_allclose(found.mean_of(name), expected.mean_of(name), rtol=1e-9, atol=1e-9, err_msg=name)
            np.testing.assert_allclose(
                found.variance_of(name), expected.variance_of(name), rtol=1e-9, atol=1e-9, err_msg=name
            )


@pytest.mark.parametrize("seed", range(4))
def test_distributions_equal_loops_over_the_rows(seed: int) -> None:
    frames = _frames(seed)
    measured = _measured(frames, _definitions(DISTRIBUTIONS))
    assert measured.failed == ()
    assert all(row.names == () for row in measured.moments)
    referee = Referee(frames)
    assert {(row.metric, row.arm, row.segment) for row in measured.quantiles} == {
        (key, arm, segment) for key in ("p90", "slow") for arm in "ab" for segment in (None, "old")
    }
    for row in measured.quantiles:
        metric = DISTRIBUTIONS[row.metric]
        lists = [referee.inside(metric, start, rows) for start, rows in referee.of(row.arm, old=row.segment == "old")]
        amounts = [[event["amount"] for event in rows if event["amount"] == event["amount"]] for rows in lists]
        values = [sum(mine) for mine in amounts] if row.metric == "p90" else [one for mine in amounts for one in mine]
        assert row.n == len(values)
        assert metric["quantile"] in row.probabilities
        np.testing.assert_allclose(row.values, np.quantile(values, row.probabilities), rtol=1e-12)
        assert row.design_effect == (1.0 if row.metric == "p90" else pytest.approx(_design_effect(amounts, 0.75)))
    assert len(measured.lifetimes) == 8
    for lives in measured.lifetimes:
        units = referee.of(lives.arm, old=lives.segment == "old")
        expected = sorted(_life(referee, DISTRIBUTIONS[lives.metric], start, rows) for start, rows in units)
        assert lives.units == len(units)
        found = [
            (time, had)
            for time, events, censored in zip(lives.times, lives.events, lives.censored, strict=True)
            for had, count in ((False, censored), (True, events))
            for _ in range(count)
        ]
        np.testing.assert_allclose([time for time, _ in found], [time for time, _ in expected], rtol=1e-12)
        assert [had for _, had in found] == [had for _, had in expected]


def _design_effect(amounts: list[list[float]], quantile: float) -> float:
    """Variance of the share below over units, relative to that over as many independent events."""
    mine = [unit for unit in amounts if unit]
    edge = np.quantile([one for unit in mine for one in unit], quantile)
    below = np.array([sum(one <= edge for one in unit) for unit in mine], dtype=float)
    count = np.array([len(unit) for unit in mine], dtype=float)
    share = below.sum() / count.sum()
    return float(np.var(below - share * count, ddof=1) / (share * (1 - share) * count.mean()))


def _life(
    referee: Referee, metric: Mapping[str, Any], start: datetime, rows: list[dict[str, Any]]
) -> tuple[float, bool]:
    events = [row["at"] for row in referee.inside(metric, start, rows)]
    length = metric.get("window", {}).get("length", 1000)
    if events:
        return (min(events) - start) / DAY, True
    return min((max(referee.last, start) - start) / DAY, length), False


def test_a_funnel_takes_no_event_for_two_steps_and_does_not_need_clocks_finer_than_a_second() -> None:
    at = START + 1 * HOUR
    visits = [(1, at, "view"), (1, at, "buy"), (2, at, "view"), (2, at, "view"), (2, at + HOUR, "view"), (3, at, "buy")]
    visits += [(3, at + HOUR, "view")]
    frames = _by_hand(visits)
    funnels = {
        "buys": {"kind": "funnel", "steps": ["view", "buy"]},
        "twice": {"kind": "funnel", "steps": ["view", "view"]},
        "thrice": {"kind": "funnel", "steps": ["view", "view", "view"]},
    }
    totals = _totals(_measured(frames, _definitions(funnels, segments={})))
    assert totals == {
        "buys": 1, "buys/step1": 3, "twice": 1, "twice/step1": 3, "thrice": 0, "thrice/step1": 3, "thrice/step2": 1,
    }  # fmt: skip


def test_a_task_ends_after_its_start_and_before_the_next_one() -> None:
    begin, second = START + HOUR, timedelta(seconds=1)
    events = [
        (1, begin, "go"), (1, begin + 10 * second, "end"),
        (1, begin + 10 * second, "go"), (1, begin + 15 * second, "end"),
        (2, begin, "go"), (2, begin + 3 * second, "go"), (2, begin + 4 * second, "end"), (2, begin + 9 * second, "end"),
        (3, begin, "go"), (3, begin, "end"), (4, begin, "go"), (4, begin + 2 * HOUR, "end"),
    ]  # fmt: skip
    metric = {"took": {"kind": "duration", "steps": ["go", "end"], "horizon": 2 / 24}}
    assert _totals(_measured(_by_hand(events), _definitions(metric, segments={}))) == {
        "took": 10 + 5 + 1 + 7200,
        "took/denominator": 4,
    }
    metric["took"]["horizon"] = 1 / 24
    assert _totals(_measured(_by_hand(events), _definitions(metric, segments={})))["took/denominator"] == 3


def _by_hand(events: Sequence[tuple[int, datetime, str]]) -> dict[str, pa.Table]:
    user, at, name = zip(*events, strict=True)
    units = [*range(1, 6)]
    return {
        "events": pa.table({"user": user, "at": at, "name": name}),
        "seen": pa.table({"user": units, "at": [START] * 5, "exp": ["one"] * 5, "arm": ["a"] * 5}),
    }


def _totals(measured: Measured) -> dict[str, float]:
    (row,) = measured.moments
    moments = moments_of(row)
    return {name: round(moments.mean_of(name) * moments.count(name), 9) for name in row.names}


def test_answers_off_the_scale_are_refused_with_their_number() -> None:
    frames = _frames(1)
    scores = ["11" if at < 2 and name == "rated" else text for at, (name, text) in enumerate(_rated_first(frames))]
    frames["events"] = _sorted(frames).set_column(4, "score", [scores])
    metrics = {"nps": METRICS["recommends"], "csat": METRICS["pleased"]}
    measured = _measured(frames, _definitions(metrics))
    assert [(row.item, row.reason) for row in measured.failed] == [
        ("one/nps", "2 cells in column 'score' of 'events' hold no answer from 0 to 10, in whole numbers")
    ]
    assert measured.moments[0].names == ("csat",)


def _sorted(frames: Mapping[str, pa.Table]) -> pa.Table:
    rated = [name != "rated" for name in frames["events"]["name"].to_pylist()]
    return frames["events"].take(np.argsort(rated, kind="stable"))


def _rated_first(frames: Mapping[str, pa.Table]) -> list[tuple[str, str | None]]:
    table = _sorted(frames)
    return list(zip(table["name"].to_pylist(), table["score"].to_pylist(), strict=True))


def test_a_step_that_nobody_takes_is_named_with_the_nearest() -> None:
    metrics = {
        "f": {"kind": "funnel", "steps": ["visit", "bascet", "order"]},
        "w": {"kind": "time_to_event", "events": ["ordr"]},
    }
    measured = _measured(_frames(2), _definitions(metrics))
    assert [(row.item, row.reason) for row in measured.failed] == [
        ("one/f", "'events' has no event 'bascet'; did you mean 'basket'?"),
        ("one/w", "'events' has no event 'ordr'; did you mean 'order'?"),
    ]
    assert measured.lifetimes == ()


def test_times_need_to_know_when_a_unit_was_exposed() -> None:
    sources = _definitions({}).model_dump(mode="json")["sources"]
    sources["seen"]["time"] = None
    metrics = {key: METRICS[key] for key in ("active", "easy")} | {"wait": DISTRIBUTIONS["first_order"]}
    measured = _measured(_frames(3), _definitions(metrics, sources=sources))
    assert {row.item: row.reason.split(";")[0] for row in measured.failed} == {
        "one/active": "the window of 'active' begins with the exposure, whose time is not known",
        "one/wait": "'wait' counts from the first exposure, whose time is not known",
    }
    assert measured.moments[0].names == ("easy",)


def test_an_arm_without_events_has_no_quantiles_and_waits_all_along() -> None:
    frames = _frames(4)
    arms = frames["seen"]["arm"].to_pylist()
    silent = {user for user, arm in enumerate(arms) if arm == "b"}
    frames["events"] = frames["events"].filter([user not in silent for user in frames["events"]["user"].to_pylist()])
    measured = _measured(frames, _definitions({key: DISTRIBUTIONS[key] for key in ("slow", "first_order")}))
    assert {row.arm for row in measured.quantiles} == {"a"}
    waits = [row for row in measured.lifetimes if row.arm == "b" and row.segment is None]
    assert [sum(row.events) for row in waits] == [0]
    assert waits[0].units == len(silent)


def test_metrics_that_count_have_a_picture_of_their_distribution() -> None:
    metrics = {
        "spent": {"column": "amount"},
        "visits": {"kind": "count", "role": "goal"},
        "other": {"column": "amount"},
    }
    factors = {"spent": {"range": [0, 10]}}
    measured = _measured(_frames(5), _definitions(metrics, factors=factors))
    assert {(row.metric, row.segment) for row in measured.quantiles} == {("spent", None), ("visits", None)}
    visits = next(row for row in measured.quantiles if row.metric == "visits" and row.arm == "a")
    assert (visits.n, len(visits.values)) == (measured.assignments[0].units, len(visits.probabilities))
    assert list(visits.values) == sorted(visits.values)
