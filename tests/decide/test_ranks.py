"""Ranks and their probabilities: closed forms, an independent count, and what must hold of any options."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.decide.options import Options
from vitalfew.decide.portfolio import FEW, best_first, best_portfolio, lots, merit
from vitalfew.decide.ranks import rank_rows, ranks, standing, standing_of
from vitalfew.decide.what_if import WhatIf, weights_of

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.results.rows import RankRow

    Floats = NDArray[np.float64]

seeds = st.integers(0, 10_000)


def options(swings: Floats, weights: Floats, costs: Floats | None = None, **other: object) -> Options:
    """Options of named lines, `swings (lines, factors, draws)`; all costs 1 when none are given."""
    lines, factors, draws = swings.shape
    made = Options(
        tuple(f"line_{at}" for at in range(lines)),
        tuple(f"f{at}" for at in range(factors)),
        swings.astype(np.float32),
        weights,
        np.ones((lines, draws)) if costs is None else costs,
        1.0,
        np.ones(lines, dtype=bool),
    )
    return replace(made, **other)  # type: ignore[arg-type]  # fields of options by name


def anything(seed: int, lines: int = 6, factors: int = 3, draws: int = 300) -> Options:
    """Options with losses, ties, lines that do nothing, and costs of any size."""
    rng = np.random.default_rng(seed)
    swings = rng.normal(rng.normal(0, 1, (lines, factors, 1)), 1, (lines, factors, draws))
    swings[rng.random((lines, factors, draws)) < 0.3] = 0
    swings[0] = swings[-1]
    costs = rng.lognormal(0, 1, (lines, 1)) * np.ones(draws)
    costs[0] = costs[-1]
    return options(swings, rng.dirichlet(np.ones(factors), draws).T, costs, budget=float(costs[:, 0].sum() / 2))


def of_points(points: list[list[float]], weights: Floats) -> dict[str, RankRow]:
    """Ranks of lines that surely have these values by factor."""
    swings = np.array(points)[:, :, None] * np.ones(weights.shape[1])
    return {row.line: row for row in ranks(options(swings, weights))}


def uniform(factors: int, draws: int = 200_000) -> Floats:
    return np.random.default_rng(1).dirichlet(np.ones(factors), draws).T


# Closed forms of SMAA-2 over all possible weights ---------------------------------------------------------------------


def test_over_two_factors_acceptabilities_are_the_lengths_of_intervals_of_weights() -> None:
    # Values w, 1 - w and 0.6: the third is best for w from 0.4 to 0.6 and else second; the others halve that interval.
    found = of_points([[1, 0], [0, 1], [0.6, 0.6]], uniform(2))
    first, second, third = (found[f"line_{at}"] for at in range(3))
    assert first.acceptability == pytest.approx((0.4, 0.1, 0.5), abs=0.005)
    assert second.acceptability == pytest.approx((0.4, 0.1, 0.5), abs=0.005)
    assert third.acceptability == pytest.approx((0.2, 0.8, 0.0), abs=0.005)


def test_over_two_factors_central_weights_are_the_middles_of_these_intervals_and_sure() -> None:
    found = of_points([[1, 0], [0, 1], [0.6, 0.6]], uniform(2))
    assert found["line_0"].central == pytest.approx({"f0": 0.8, "f1": 0.2}, abs=0.005)
    assert found["line_2"].central == pytest.approx({"f0": 0.5, "f1": 0.5}, abs=0.005)
    assert [found[f"line_{at}"].confidence for at in range(3)] == [1, 1, 1]


def test_over_three_factors_the_central_weight_is_the_mean_of_the_longest_of_three_pieces() -> None:
    found = of_points([[1, 0, 0], [0, 1, 0], [0, 0, 1]], uniform(3))
    longest = (1 + 1 / 2 + 1 / 3) / 3  # of a stick broken at two random places
    assert found["line_0"].p_top["1"] == pytest.approx(1 / 3, abs=0.005)
    assert found["line_0"].central["f0"] == pytest.approx(longest, abs=0.005)
    assert found["line_0"].central["f1"] == pytest.approx((1 - longest) / 2, abs=0.005)


def test_a_line_that_is_never_best_has_no_central_weight() -> None:
    found = of_points([[1, 0], [0, 1], [0.4, 0.4]], uniform(2, 5000))
    assert found["line_2"].central == {}
    assert found["line_2"].confidence is None


def test_the_confidence_factor_is_the_chance_at_the_central_weights() -> None:
    # One line is worth 0, the other is normal around 1: it comes first with the chance of being above 0.
    rng = np.random.default_rng(1)
    swings = np.zeros((2, 1, 20_000))
    swings[1, 0] = rng.normal(1, 1, 20_000)
    rows = {row.line: row for row in ranks(options(swings, np.ones((1, 20_000))))}
    assert rows["line_1"].confidence == pytest.approx(0.8413, abs=0.03)
    assert rows["line_0"].confidence == pytest.approx(0.1587, abs=0.03)


def test_ranks_are_by_value_per_cost_and_losses_come_last() -> None:
    values, costs = np.array([[3.0], [2.0], [-0.1], [-9.0], [0.0]]), np.array([[6.0], [1.0], [9.0], [9.0], [1.0]])
    assert best_first(merit(values, costs)).tolist() == [[1, 0, 4, 2, 3]]


def test_of_what_costs_nothing_the_most_valuable_comes_first() -> None:
    values, costs = np.array([[9.0], [1.0], [3.0], [0.0], [1e4]]), np.array([[0.1], [0.0], [0.0], [0.0], [0.0]])
    assert best_first(merit(values, costs)).tolist() == [[4, 2, 1, 0, 3]]


# An independent count -------------------------------------------------------------------------------------------------


def counted(found: Options) -> tuple[Floats, Floats]:
    """Acceptabilities `(lines, lines)` and P(in the best portfolio) by plain loops over draws."""
    values, cast = found.values(), lots(found.ready, found.weights.shape[1])
    lines, draws = values.shape
    places, taken = np.zeros((lines, lines)), np.zeros(lines)
    for s in range(draws):
        ratio = [
            np.float32(v) / np.float32(c) if v > 0 else np.float32(v)
            for v, c in zip(values[:, s], found.costs[:, s], strict=True)
        ]
        order = sorted(range(lines), key=lambda at: (-ratio[at], cast[at, s], at))
        left, chosen = found.budget, set()
        for rank, at in enumerate(order):
            places[at, rank] += 1
            if values[at, s] > 0 and found.costs[at, s] <= left:
                chosen.add(at)
                left -= found.costs[at, s]
        single = [values[at, s] if found.costs[at, s] <= found.budget else 0 for at in range(lines)]
        if max(single) > sum(values[at, s] for at in chosen):
            chosen = {int(np.argmax(single))}
        taken[list(chosen)] += 1
    return places / draws, taken / draws


@given(seeds)
def test_all_at_once_gives_what_a_loop_over_draws_gives(seed: int) -> None:
    found = anything(seed, lines=FEW + 1, draws=40)
    together = standing_of(found, found.singles())
    places, taken = counted(found)
    assert together.places / 40 == pytest.approx(places)
    assert together.p_in == pytest.approx(taken)


@given(seeds)
def test_of_few_lines_no_set_that_can_be_paid_is_worth_more(seed: int) -> None:
    found = anything(seed, draws=40)
    values, budget = found.values(), found.budget * (1 + 1e-9)
    chosen = best_portfolio(values, found.costs, found.budget, lots(found.ready, 40))
    sets = np.array(list(product([False, True], repeat=len(values))))
    most = np.where(sets @ found.costs <= budget, sets @ values, -np.inf).max(axis=0)
    assert (chosen * values).sum(axis=0) == pytest.approx(most)
    assert ((chosen * found.costs).sum(axis=0) <= budget).all()
    assert not chosen[values <= 0].any()
    assert standing_of(found, found.singles()).p_in == pytest.approx(chosen.mean(axis=1))


def test_of_lines_alike_of_which_few_can_be_paid_each_is_taken_as_often() -> None:
    alike = np.ones((4, 8000))
    assert standing(alike, alike, 2.0, lots("abcd", 8000)).p_in == pytest.approx(0.5, abs=0.02)


# What must hold of any options ----------------------------------------------------------------------------------------


@given(seeds)
def test_acceptabilities_sum_to_one_over_ranks_and_over_lines(seed: int) -> None:
    rows = ranks(anything(seed))
    shares = np.array([row.acceptability for row in rows])
    assert shares.sum(axis=0) == pytest.approx(1)
    assert shares.sum(axis=1) == pytest.approx(1)
    for row in rows:
        assert row.p_top["1"] == pytest.approx(row.acceptability[0])
        assert sum(at * share for at, share in enumerate(row.acceptability, start=1)) == pytest.approx(
            row.rank.estimate
        )
        assert row.rank.low is not None
        assert row.rank.high is not None
        assert row.rank.low <= row.rank.high


@given(seeds)
def test_one_wins_what_the_other_loses(seed: int) -> None:
    rows = {row.line: row for row in ranks(anything(seed))}
    for line, row in rows.items():
        for other, share in row.wins.items():
            assert share + rows[other].wins[line] == pytest.approx(1)


@given(seeds)
def test_no_order_of_lines_or_factors_changes_a_rank(seed: int) -> None:
    found, rng = anything(seed), np.random.default_rng(seed)
    lines, factors = rng.permutation(6), rng.permutation(3)
    other = replace(
        found,
        lines=tuple(found.lines[at] for at in lines),
        factors=tuple(found.factors[at] for at in factors),
        swings=found.swings[lines][:, factors],
        weights=found.weights[factors],
        costs=found.costs[lines],
    )
    before, after = ({row.line: row for row in ranks(each)} for each in (found, other))
    for line, row in before.items():
        assert after[line].rank.estimate == pytest.approx(row.rank.estimate, abs=0.02)  # sums in another order
        assert after[line].p_top == pytest.approx(row.p_top, abs=0.01)


@given(seeds)
def test_one_more_line_turns_no_two_others_round(seed: int) -> None:
    found = anything(seed)
    fewer = replace(
        found, lines=found.lines[:-1], swings=found.swings[:-1], costs=found.costs[:-1], fundable=found.fundable[:-1]
    )
    before, after = ({row.line: row for row in ranks(each)} for each in (fewer, found))
    for line, row in before.items():
        assert {other: share for other, share in after[line].wins.items() if other in row.wins} == row.wins
    assert found.values()[:-1].tolist() == fewer.values().tolist()


@given(seeds)
def test_a_factor_split_in_two_with_halved_weights_changes_no_value(seed: int) -> None:
    found = anything(seed)
    split = replace(
        found,
        factors=(*found.factors, "twin"),
        swings=np.concatenate([found.swings, found.swings[:, :1]], axis=1),
        weights=np.concatenate([found.weights[:1] / 2, found.weights[1:], found.weights[:1] / 2]),
    )
    assert split.values() == pytest.approx(found.values(), rel=1e-4, abs=1e-5)


@given(seeds, st.floats(0, 1), st.floats(0, 5))
def test_what_is_dominated_on_every_draw_and_dearer_is_never_the_best_buy(
    seed: int, less: float, dearer: float
) -> None:
    found = anything(seed)
    values, costs = found.values(), found.costs.copy()
    values[1], costs[1] = values[0] - less - 0.01, costs[0] + dearer
    assert standing(values, costs, found.budget).p_best[1] == 0


@given(seeds, st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_a_failed_guardrail_cannot_be_bought_by_any_weight(seed: int, weights: list[float]) -> None:
    found = anything(seed)
    gated = replace(found, fundable=np.array([True, True, False, True, True, True]))
    by = weights_of(gated, dict(zip(found.factors, weights, strict=True)))
    rows = rank_rows(gated, gated.singles(by), standing_of(gated, gated.singles(by)))
    assert "line_2" not in {row.line for row in rows}
    assert all("line_2" not in row.wins for row in rows)


@given(seeds)
def test_best_buys_and_doing_nothing_share_all_draws(seed: int) -> None:
    found = anything(seed)
    nothing = (found.values() <= 0).all(axis=0).mean()
    assert standing_of(found, found.singles()).p_best.sum() + nothing == pytest.approx(1)


@given(seeds, st.lists(st.floats(0, 1), min_size=2, max_size=2))
def test_weights_that_are_set_are_kept_and_the_others_share_the_rest(seed: int, given_: list[float]) -> None:
    found = anything(seed)
    some = {"f0": given_[0] / 2, "f1": given_[1] / 2}
    by = weights_of(found, some)
    assert by.sum(axis=0) == pytest.approx(1)
    assert by[0] == pytest.approx(some["f0"])
    one = weights_of(found, {"f0": 0.5})
    assert one[1] / (one[1] + one[2]) == pytest.approx(found.weights[1] / (found.weights[1] + found.weights[2]))


def test_equal_lines_are_ranked_by_lot() -> None:
    rows = ranks(options(np.ones((4, 1, 20_000)), np.ones((1, 20_000))))
    assert [row.rank.estimate for row in rows] == pytest.approx([2.5] * 4, abs=0.05)
    assert [row.confidence for row in rows] == pytest.approx([0.25] * 4)


def test_nothing_to_rank_gives_no_rows() -> None:
    empty = options(np.zeros((0, 2, 10)), np.full((2, 10), 0.5))
    assert ranks(empty) == ()
    assert WhatIf(empty).standing().p_in.tolist() == []
    gated = replace(options(np.ones((1, 1, 10)), np.ones((1, 10))), fundable=np.zeros(1, dtype=bool))
    assert ranks(gated) == ()
    assert len(ranks(options(np.ones((1, 1, 10)), np.ones((1, 10))))) == 1


def test_costs_of_nothing_and_a_budget_of_nothing_are_no_error() -> None:
    free = options(np.ones((2, 1, 10)), np.ones((1, 10)), np.zeros((2, 10)), budget=0.0)
    assert standing_of(free, free.singles()).p_in.tolist() == [1, 1]
    worthless = options(np.zeros((2, 1, 10)), np.ones((1, 10)), np.zeros((2, 10)))
    found = standing_of(worthless, worthless.singles())
    assert found.p_best.tolist() == [0, 0]
    assert np.isfinite(found.mean_rank).all()


def test_a_preview_is_within_a_fiftieth_of_the_exact_answer() -> None:
    found = WhatIf(anything(7, lines=8, draws=10_000))
    exact, preview = found.standing(), found.standing(preview=True)
    assert np.abs(exact.p_in - preview.p_in).max() < 0.04
    assert np.abs(exact.p_best - preview.p_best).max() < 0.04
