"""What must hold of the ledger whatever the numbers are."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from decide.building import definitions, effect, promise, tables
from vitalfew.decide import candidates, draws
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.portfolio import lots
from vitalfew.decide.ranks import standing
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.panel import panel_of
from vitalfew.judgement.weights import weight_rows
from vitalfew.results.rows import WeightRow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.results.rows import CandidateLine, ShippedLine, Tables
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
LOCKED = "2026-01-01T00:00:00Z"
Lines = dict[str, "ShippedLine | CandidateLine"]
FEW_DRAWS = 300
"""Draws where something must hold exactly, whatever their number."""
few = settings(max_examples=min(settings().max_examples // 4 or 1, 25) if settings().max_examples < 1_000 else 1_000)
numbers = st.floats(0.01, 5)


def company(
    effects: list[float], ideas: list[float], scale: float = 1.0, width: float = 0.2
) -> tuple[dict[str, Any], Tables]:
    """Shipped lines with measured effects on both factors, and ideas with locked forecasts; `scale` is the unit."""
    kinds = {
        "metrics": {
            "retention": {"source": "players", "column": "r"},
            "tickets": {"source": "players", "column": "t", "direction": "down"},
        },
        "factors": {"retention": {"range": [0.1 * scale, (0.1 + width) * scale]}, "tickets": {"range": [10, 0]}},
        "initiatives": {f"old_{i}": {"status": "shipped"} for i in range(len(effects))}
        | {f"idea_{i}": {"cost": {"p10": 2 + i, "p50": 4 + i, "p90": 8 + i}} for i in range(len(ideas))},
        "experiments": {
            f"exp_{i}": {"source": "players", "variant": f"v{i}", "initiative": f"old_{i}"} for i in range(len(effects))
        },
    }
    measured = [
        row
        for i, size in enumerate(effects)
        for row in (
            effect(f"exp_{i}", "retention", size * scale / 50, 0.01 * scale),
            effect(f"exp_{i}", "tickets", 1 - size, 0.5),
        )
    ]
    promised = [
        promise(f"idea_{i}", "retention", size * scale / 50, 0.02 * scale, locked_at=LOCKED)
        for i, size in enumerate(ideas)
    ]
    return kinds, tables(effects=tuple(measured), promises=tuple(promised))


def lines(kinds: dict[str, Any], found: Tables, seed: int = 1, count: int = FEW_DRAWS) -> Lines:
    with pytest.MonkeyPatch.context() as fewer:
        fewer.setattr(draws, "DRAWS", count)
        shipped, open_to, _ = ledger(Inputs.of(definitions(**kinds), found, TODAY, seed))
    return {line.line: line for line in shipped} | {line.line: line for line in open_to}


def shuffled(kinds: dict[str, Any], seed: int) -> dict[str, Any]:
    return {kind: dict(mixed(list(defined.items()), seed)) for kind, defined in kinds.items()}


def mixed(rows: Sequence[Any], seed: int) -> list[Any]:
    return [rows[at] for at in np.random.default_rng(seed).permutation(len(rows))]


@few
@given(st.lists(numbers, min_size=1, max_size=4), st.lists(numbers, min_size=1, max_size=4), st.integers(0, 9))
def test_no_order_of_factors_initiatives_experiments_or_rows_changes_a_line(
    effects: list[float], ideas: list[float], seed: int
) -> None:
    kinds, found = company(effects, ideas)
    other = tables(
        effects=tuple(mixed(found.effects, seed)),
        promises=tuple(mixed(found.promises, seed)),
        weights=tuple(reversed(found.weights)),
    )
    assert lines(shuffled(kinds, seed), other) == lines(kinds, found)


@few
@given(
    st.lists(numbers, min_size=1, max_size=3),
    st.lists(numbers, min_size=1, max_size=3),
    st.sampled_from([1e-3, 100.0, 1e6]),
)
def test_the_unit_of_a_metric_changes_no_value(effects: list[float], ideas: list[float], scale: float) -> None:
    before, after = lines(*company(effects, ideas)), lines(*company(effects, ideas, scale))
    for key, line in before.items():
        assert after[key].recommendation == line.recommendation
        assert line.value is not None
        assert after[key].value.mean == pytest.approx(line.value.mean, rel=1e-5, abs=1e-4)  # type: ignore[union-attr]  # the same lines have a value
        assert after[key].value.p_positive == pytest.approx(line.value.p_positive, abs=1e-3)  # type: ignore[union-attr]  # likewise


@few
@given(st.lists(numbers, min_size=2, max_size=4))
def test_twice_the_range_at_twice_the_weight_keeps_the_value_up_to_its_scale(ideas: list[float]) -> None:
    kinds, found = company([], ideas)
    wide, _ = company([], ideas, width=0.4)
    heavier = tables(promises=found.promises, weights=(WeightRow("retention", 1.5), WeightRow("tickets", 0.25)))
    before, after = lines(kinds, found), lines(wide, heavier)
    for key, line in before.items():
        assert after[key].value.mean == pytest.approx(line.value.mean, rel=1e-5, abs=1e-4)  # type: ignore[union-attr]  # all have a value


@few
@given(st.lists(numbers, min_size=1, max_size=3), numbers)
def test_one_more_idea_changes_no_value_of_another(ideas: list[float], more: float) -> None:
    kinds, found = company([1.0], ideas)
    more_kinds, more_found = company([1.0], [*ideas, more])
    before, after = lines(kinds, found), lines(more_kinds, more_found)
    assert {key: after[key].value for key in before} == {key: line.value for key, line in before.items()}


@given(
    st.lists(st.lists(st.floats(0.1, 100), min_size=3, max_size=3), min_size=2, max_size=5),
    st.sampled_from([0.01, 3.0, 1e4]),
)
def test_a_person_whose_scale_is_another_changes_no_weight(answers: list[list[float]], scale: float) -> None:
    names = ("a", "b", "c")

    def weights(first: float) -> list[float]:
        said = [
            Judgement(str(at), dict(zip(names, [(first if at == 0 else 1) * point for point in points], strict=True)))
            for at, points in enumerate(answers)
        ]
        return [row.mean for row in weight_rows(panel_of(said, names, {}))]

    assert weights(scale) == pytest.approx(weights(1.0), abs=1e-6)


def test_a_factor_split_in_two_equal_halves_keeps_the_value() -> None:
    initiatives = {"a": {"status": "shipped"}}
    experiments = {"exp": {"source": "players", "variant": "v", "initiative": "a"}}
    measured = {"twin": {"source": "players", "column": "r"}, "retention": {"source": "players", "column": "r"}}
    one = definitions(
        metrics=measured, factors={"retention": {"range": [0, 1]}}, initiatives=initiatives, experiments=experiments
    )
    two = definitions(
        metrics=measured,
        factors={"retention": {"range": [0, 1]}, "twin": {"range": [0, 1]}},
        initiatives=initiatives,
        experiments=experiments,
    )
    moments = tuple(arm_of_twins(arm) for arm in ("old", "new"))
    rows = (effect("exp", "retention", 0.02, 0.01), effect("exp", "twin", 0.02, 0.01))
    whole, _, _ = ledger(Inputs.of(one, tables(effects=rows[:1], weights=(WeightRow("retention", 1.0),)), TODAY, 1))
    halves = (WeightRow("retention", 0.5), WeightRow("twin", 0.5))
    split, _, _ = ledger(Inputs.of(two, tables(effects=rows, moments=moments, weights=halves), TODAY, 1))
    first, second = whole[0].value, split[0].value
    assert first is not None
    assert second is not None
    assert second.mean == pytest.approx(first.mean, abs=0.03)
    assert second.high - second.low == pytest.approx(first.high - first.low, rel=0.03)


def arm_of_twins(arm: str) -> Any:
    from vitalfew.results.moments import moments_row
    from vitalfew.stats.moments import Moments

    values = np.random.default_rng(1).normal(size=200)
    return moments_row("players", "exp", arm, None, Moments.of({"retention": values, "twin": values}))


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=6), st.floats(0.01, 1), st.floats(0, 3))
def test_what_is_dominated_and_costs_more_is_never_the_best_buy(
    others: list[tuple[float, float]], less: float, dearer: float
) -> None:
    values = np.array([[value] for value, _ in others] + [[others[0][0] * (1 - less)]])
    costs = np.array([[cost] for _, cost in others] + [[others[0][1] + dearer]])
    assert standing(values, costs, 1.0).p_best[-1] == 0


@given(st.lists(st.tuples(numbers, numbers), min_size=1, max_size=8), st.floats(0, 20), st.floats(0, 20))
def test_more_budget_never_lowers_the_value_of_the_plan(
    options: list[tuple[float, float]], budget: float, more: float
) -> None:
    values = np.array([[value] for value, _ in options])
    costs = np.array([[cost] for _, cost in options])
    small = (standing(values, costs, budget).p_in * values[:, 0]).sum()
    large = (standing(values, costs, budget + more).p_in * values[:, 0]).sum()
    assert large >= small - 1e-9


def test_the_same_seed_gives_the_same_lines_and_another_one_does_not() -> None:
    kinds, found = company([1.0, 2.0], [1.0, 1.5])
    assert lines(kinds, found, seed=3) == lines(kinds, found, seed=3)
    assert lines(kinds, found, seed=3) != lines(kinds, found, seed=4)


def test_twice_the_draws_move_no_probability_by_a_fiftieth() -> None:
    kinds, found = company([0.4, 1.0, -0.3], [0.5, 0.9, 1.3, 2.0])
    before, after = (lines(kinds, found, count=times * draws.DRAWS) for times in (1, 2))
    for key, line in before.items():
        for name in ("p_best", "p_in", "p_vital"):
            assert getattr(after[key], name, None) == pytest.approx(getattr(line, name, None), abs=0.02)
        assert after[key].value.p_positive == pytest.approx(line.value.p_positive, abs=0.02)  # type: ignore[union-attr]  # all have a value


def test_twins_share_the_best_place_whatever_they_are_called() -> None:
    values, costs = np.full((2, 4000), 3.0), np.full((2, 4000), 1.0)
    assert standing(values, costs, 1.0).p_best.tolist() == [0.5, 0.5]
    assert standing(values, costs, 1.0, lots(["a", "b"], 4000)).p_in == pytest.approx([0.5, 0.5], abs=0.05)


def test_what_costs_nothing_is_the_best_buy() -> None:
    assert standing(np.array([[1.0], [9.0]]), np.array([[0.0], [1.0]]), 1.0).p_best.tolist() == [1.0, 0.0]


def test_a_trifle_does_not_keep_out_what_would_fill_the_budget() -> None:
    found = standing(np.array([[2.0], [10.0]]), np.array([[1.0], [10.0]]), 10.0).p_in
    assert found.tolist() == [0.0, 1.0]


def test_nothing_fits_a_budget_smaller_than_everything() -> None:
    assert standing(np.array([[2.0]]), np.array([[1.0]]), 0.5).p_in.tolist() == [0.0]


@pytest.mark.parametrize("weight", [0.0, 0.5, 1.0])
def test_a_failed_guardrail_cannot_be_bought_by_any_weight(weight: float) -> None:
    defined = gated()
    weights = (WeightRow("retention", weight), WeightRow("tickets", 1 - weight))
    rows = (
        effect("exp", "retention", 0.1, 0.001),
        effect("exp", "tickets", 2.0, 0.1),
        effect("good", "retention", 0.01, 0.001),
    )
    _, (first, second), _ = ledger(Inputs.of(defined, tables(effects=rows, weights=weights), TODAY, 1))
    gate = first if first.line == "gate" else second
    assert gate.p_in == 0
    assert gate.p_best == 0
    assert gate.recommendation == "drop"
    assert any("guardrail tickets failed" in reason for reason in gate.reasons)


def test_a_waiver_makes_a_candidate_fundable_and_is_named() -> None:
    rows = (effect("exp", "retention", 0.1, 0.001), effect("exp", "tickets", 2.0, 0.1))
    _, found, _ = ledger(Inputs.of(gated(), tables(effects=rows), TODAY, 1, {"gate": "2026-05-01"}))
    line = next(line for line in found if line.line == "gate")
    assert line.recommendation == "fund"
    assert any("waiver of 2026-05-01" in reason for reason in line.reasons)


def test_a_guardrail_that_nobody_can_tell_yet_is_tested_first() -> None:
    rows = (effect("exp", "retention", 0.1, 0.001), effect("exp", "tickets", 0.4, 0.5))
    _, found, _ = ledger(Inputs.of(gated(), tables(effects=rows), TODAY, 1))
    line = next(line for line in found if line.line == "gate")
    assert line.p_in is not None
    assert line.p_in > candidates.FUND_FROM
    assert line.recommendation == "test_first"


def gated() -> Definitions:
    return definitions(
        policy={"budget": 10},
        guardrails={"tickets": {"margin": 0.5}},
        initiatives={"gate": {"cost": 5}, "good": {"cost": 5}},
        experiments={
            "exp": {"source": "players", "variant": "v", "initiative": "gate"},
            "good": {"source": "players", "variant": "w", "initiative": "good"},
        },
    )
