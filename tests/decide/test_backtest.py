"""Following the recommendations of back then, held against what has been measured since."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np
import pytest

from vitalfew.decide.backtest import Day, backtest
from vitalfew.decide.options import Options

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.decide.backtest import BacktestRow, Rule

DRAWS = 2_000
RNG = np.random.default_rng(1)


def options(lines: Mapping[str, tuple[float, float]], budget: float) -> Options:
    """Lines by key with their expected value and cost, each with some spread, one factor."""
    values = np.array([[value] for value, _ in lines.values()]) + RNG.normal(0, 0.1, (len(lines), DRAWS))
    return Options(
        lines=tuple(lines),
        factors=("retention",),
        swings=values[:, None, :].astype(np.float32),
        weights=np.ones((1, DRAWS)),
        costs=np.array([[cost] for _, cost in lines.values()]) * np.ones(DRAWS),
        budget=budget,
        fundable=np.ones(len(lines), dtype=bool),
    )


def came(**means: float) -> dict[str, np.ndarray[tuple[int], np.dtype[np.float64]]]:
    return {line: RNG.normal(mean, 0.2, DRAWS) for line, mean in means.items()}


def of(rows: tuple[BacktestRow, ...], rule: Rule) -> BacktestRow:
    (found,) = (row for row in rows if row.rule == rule)
    return found


FIRST = Day(
    date(2026, 1, 1),
    options({"a": (9, 3), "b": (6, 3), "c": (2, 3), "d": (1, 3)}, 6),
    {"c": 800.0, "d": 700.0, "b": 100.0},
    frozenset({"b", "c"}),
)


def test_each_rule_chooses_within_the_budget_what_it_says() -> None:
    found = backtest([FIRST], came(a=8, b=5, c=1, d=0))
    chosen = {row.rule: row.lines for row in found.days}
    assert set(chosen["vitalfew"]) == {"a", "b"}
    assert chosen["rice"] == ("c", "d")
    assert set(chosen["done"]) == {"b", "c"}
    assert set(chosen["all"]) == set("abcd")


def test_points_per_cost_and_what_was_missed_are_those_of_the_measured_lines() -> None:
    found = backtest([FIRST], came(a=8, b=5, c=1, d=0))
    ours, rice = of(found.total, "vitalfew"), of(found.total, "rice")
    assert ours.value is not None
    assert ours.value.mean == pytest.approx(13, abs=0.05)
    assert ours.cost == pytest.approx(6)
    assert rice.behind is not None
    assert rice.behind.estimate == pytest.approx((13 - 1) / 6, abs=0.02)
    assert rice.behind.low is not None
    assert rice.behind.low > 0
    assert found.promised == pytest.approx(15, abs=0.05)
    assert found.delivered is not None
    assert found.delivered.estimate == pytest.approx(13, abs=0.05)


def test_lines_nobody_measured_are_counted_and_not_guessed() -> None:
    found = backtest([FIRST], came(b=5))
    ours, rice = of(found.total, "vitalfew"), of(found.total, "rice")
    assert (len(ours.lines), ours.known) == (2, 1)
    assert ours.value is not None
    assert ours.value.mean == pytest.approx(5, abs=0.05)
    assert (rice.known, rice.value, rice.per_cost, rice.behind) == (0, None, None, None)
    assert any(
        note.startswith("1 of 2 lines that vitalfew would have chosen was never measured: ") for note in found.notes
    )
    assert found.tau is None


def test_a_line_chosen_on_several_days_counts_once() -> None:
    later = Day(date(2026, 4, 1), options({"a": (9, 3), "c": (2, 3)}, 6), {}, frozenset())
    found = backtest([FIRST, later], came(a=8, b=5, c=1))
    ours = of(found.total, "vitalfew")
    assert sorted(ours.lines) == ["a", "b", "c"]
    assert ours.cost == pytest.approx(9)


def test_an_order_foreseen_right_has_a_tau_of_one_and_its_reverse_of_minus_one() -> None:
    assert backtest([FIRST], came(a=8, b=5, c=1, d=0)).tau == pytest.approx(1.0)
    assert backtest([FIRST], came(a=0, b=1, c=5, d=8)).tau == pytest.approx(-1.0)


def test_what_failed_a_guardrail_is_not_chosen() -> None:
    gated = options({"a": (9, 3), "b": (6, 3)}, 6)
    barred = Options(**{name: getattr(gated, name) for name in gated.__slots__} | {"fundable": np.array([False, True])})
    (ours, *_) = backtest([Day(date(2026, 1, 1), barred, {}, frozenset())], {}).days
    assert ours.lines == ("b",)


def test_without_days_it_says_what_is_needed() -> None:
    found = backtest([], {})
    assert found.days == ()
    assert "candidates with a value and a cost" in found.notes[0]
