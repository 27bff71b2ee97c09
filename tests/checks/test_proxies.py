"""Checks of proxies and goals: each fires on its case and stays silent on a near miss."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from acts_building import append
from checks.test_detectors import METRIC, TODAY, defined, effect, found, subjects
from vitalfew import checks
from vitalfew.results.rows import ProxyRow, SeriesRow, Tables
from vitalfew.workspace.acts import read
from vitalfew.workspace.plan_locks import plan_body

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.workspace.definitions import Definitions

DUE = date(2026, 3, 1)


def proxy_row(status: Any, proxy: str = "fun", target: str = "money") -> ProxyRow:
    message, agreement = "it points the wrong way", -0.5
    return ProxyRow(
        target, {proxy: 1.0}, 1_000, None, 0.2, agreement, None, 30, status=status, message=message, front=True
    )


@pytest.mark.parametrize(
    ("status", "kinds", "fires"),
    [
        ("broken", {"links": {"l": {"parent": "fun", "child": "money"}}}, True),
        ("broken", {"objectives": {"o": {"title": "O", "key_results": {"k": {"metric": "fun"}}}}}, True),
        ("broken", {}, False),  # nobody relies on it
        ("doubtful", {"links": {"l": {"parent": "fun", "child": "money"}}}, False),
    ],
)
def test_a_proxy_that_leads_elsewhere_is_told_where_somebody_relies_on_it(
    status: str, kinds: dict[str, Any], *, fires: bool
) -> None:
    rows = found("proxy_broken", defined(**kinds), Tables(proxies=(proxy_row(status),)))
    assert [row.message for row in rows] == (["fun: it points the wrong way."] if fires else [])


@pytest.mark.parametrize(("goal", "count", "fires"), [(0.0, 5, True), (5.0, 5, False), (0.0, 4, False)])
def test_a_proxy_that_left_its_goal_behind_is_told(goal: float, count: int, *, fires: bool) -> None:
    known = defined(
        metrics={"clicks": METRIC, "fun": METRIC},
        links={"clicks_fun": {"parent": "clicks", "child": "fun", "low": 0.4, "high": 0.6}},
    )
    rows = [effect(f"e{at}", metric, size) for at in range(count) for metric, size in (("clicks", 10.0), ("fun", goal))]
    assert bool(subjects("goodhart", known, Tables(effects=tuple(rows)))) is fires


@pytest.mark.parametrize(("day", "fires"), [(date(2026, 2, 1), True), (date(2025, 1, 1), False)])
def test_the_newest_experiments_tell_whether_a_proxy_left_its_goal_behind(day: date, *, fires: bool) -> None:
    days = {f"e{at}": {"source": "past", "end": date(2026, 1, 1) + timedelta(days=at)} for at in range(1, 6)}
    past = {"table": "p.csv", "shape": "results", "experiment": "e", "metric": "m", "estimate": "x", "se": "s"}
    known = defined(
        sources={"past": past},
        metrics={"clicks": {"source": "past"}, "fun": {"source": "past"}},
        links={"clicks_fun": {"parent": "clicks", "child": "fun", "low": 0.4, "high": 0.6}},
        experiments=days | {"e0": {"source": "past", "end": day}},
    )
    behind = [effect("e0", "clicks", 10.0), effect("e0", "fun", -40.0)]
    well = [effect(f"e{at}", *pair) for at in range(1, 6) for pair in (("clicks", 10.0), ("fun", 5.0))]
    assert bool(subjects("goodhart", known, Tables(effects=(*behind, *well)))) is fires


@pytest.mark.parametrize(
    ("counters", "guardrails", "fires"),
    [
        ({}, {}, []),  # nobody uses counter-metrics
        ({"fun": "errors", "money": "fun"}, {"errors": {"margin": 1}}, []),  # a guardrail, and a factor
        ({"fun": "errors", "money": "fun"}, {}, ["fun"]),
        ({"fun": "errors"}, {"errors": {"margin": 1}}, ["factors"]),
        ({"fun": "errors"}, {}, ["fun", "factors"]),
    ],
)
def test_what_is_chased_has_a_counter_metric_that_is_guarded(
    counters: dict[str, str], guardrails: dict[str, Any], fires: list[str]
) -> None:
    factors = {
        key: {"range": [0, 1]} | ({"counter": counters[key]} if key in counters else {}) for key in ("fun", "money")
    }
    assert subjects("unpaired", defined(factors=factors, guardrails=guardrails)) == fires


def key_results(count: int, due: date = DUE) -> dict[str, Any]:
    """Key results on metrics of their own, from 0 to 10."""
    names = [f"m{at}" for at in range(count)]
    results = {name: {"metric": name, "baseline": 0, "target": 10, "due": due} for name in names}
    return {
        "metrics": dict.fromkeys(names, METRIC),
        "objectives": {"o": {"title": "O", "key_results": results}},
    }


def ended(values: list[float]) -> Tables:
    return Tables(series=tuple(SeriesRow("s", f"m{at}", None, DUE.isoformat(), v) for at, v in enumerate(values)))


@pytest.mark.parametrize(
    ("values", "fires"),
    [
        ([10.1] * 9, True),
        ([10.1] * 6 + [9.9] * 3, False),
        ([10.1] * 7, False),  # too few to show a habit
        ([14.0] * 9, False),  # far above is no bunching
    ],
)
def test_key_results_that_end_just_above_their_targets_are_told(values: list[float], *, fires: bool) -> None:
    assert bool(subjects("bunched_at_targets", defined(**key_results(len(values))), ended(values))) is fires


def series(spike: float, back: bool = True) -> Tables:
    rng = np.random.default_rng(1)
    rows = []
    for at in range(120):
        day = DUE + timedelta(days=at - 109)
        high = spike if -2 <= (day - DUE).days <= (0 if back else 10) else 0.0
        rows.append(SeriesRow("s", "m0", None, day.isoformat(), 5 + float(rng.normal(0, 0.5)) + high))
    return Tables(series=tuple(rows))


@pytest.mark.parametrize(("spike", "back", "fires"), [(6.0, True, True), (6.0, False, False), (0.0, True, False)])
def test_a_jump_for_the_due_date_only_is_told(spike: float, *, back: bool, fires: bool) -> None:
    assert bool(subjects("spike_at_due", defined(**key_results(1)), series(spike, back))) is fires


def test_steady_series_hardly_ever_look_like_a_jump() -> None:
    rng = np.random.default_rng(2)
    alarms = 0
    for _ in range(100):
        walk = 5 + np.cumsum(rng.normal(0, 0.1, 120)) + rng.normal(0, 0.5, 120)
        days = [DUE + timedelta(days=at - 109) for at in range(120)]
        rows = tuple(SeriesRow("s", "m0", None, day.isoformat(), float(v)) for day, v in zip(days, walk, strict=True))
        alarms += bool(subjects("spike_at_due", defined(**key_results(1)), Tables(series=rows)))
    assert alarms <= 1


def with_filter(value: str) -> Definitions:
    metric = METRIC | {"filters": [f"country = '{value}'"]}
    results = {"k": {"metric": "fun", "baseline": 0, "target": 10, "due": DUE}}
    return defined(
        metrics={"fun": metric},
        experiments={name: {"source": "players", "metrics": ["fun"]} for name in ("one", "two")},
        objectives={"o": {"title": "O", "key_results": results}},
    )


@pytest.mark.parametrize(
    ("locked_old", "locked_new", "fires"),
    [
        (date(2026, 2, 1), date(2026, 2, 20), True),
        (date(2025, 11, 1), date(2026, 2, 20), False),  # may have changed long before
        (date(2026, 2, 1), date(2026, 3, 20), False),  # may have changed after the day
    ],
)
def test_a_metric_defined_anew_before_its_key_result_fell_due_is_told(
    tmp_path: Path, locked_old: date, locked_new: date, *, fires: bool
) -> None:
    before, now = with_filter("DE"), with_filter("DK")
    for name, known, day in (("one", before, locked_old), ("two", now, locked_new)):
        at = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
        append(tmp_path, "lock", name, "ann", plan_body(name, known), at=at)
    rows = checks.run(now, read(tmp_path), Tables(), TODAY)
    assert [row.subject for row in rows if row.id == "redefined_before_due"] == (["fun"] if fires else [])
