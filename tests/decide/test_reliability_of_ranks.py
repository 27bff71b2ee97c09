"""Probabilities of ranks come true as often as they say; `make prove` runs the simulation of docs/validation."""

from __future__ import annotations

from functools import partial
from pathlib import Path

import numpy as np
import pytest

from validate_ranks import PASTS, WORLDS, candidates, error, exact, gathered, greedy_against_exact, shipped
from vitalfew.decide.portfolio import best_portfolio

PAGE = Path(__file__).parents[2] / "docs" / "validation" / "ranks.md"


def test_the_published_tables_have_every_world() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert all(f"| {each.name} |" in page for each in (*WORLDS, *PASTS))


def test_the_optimum_that_greedy_choice_is_held_against_is_that_of_few_lines() -> None:
    rng = np.random.default_rng(1)
    costs, values = rng.integers(1, 20, 9), rng.normal(1, 1, (9, 200))
    few = best_portfolio(values, np.broadcast_to(costs[:, None].astype(float), values.shape), 40)
    assert (exact(values, costs, 40) == few).all()


def test_greedy_choice_of_many_lines_loses_little_value_as_is_published() -> None:
    off, other, lost = np.mean([greedy_against_exact(25, seed) for seed in range(5)], axis=0)
    assert 0.03 < off < 0.2
    assert other < 0.1
    assert 0 < lost < 0.012


@pytest.mark.prove
@pytest.mark.parametrize("at", [0, 2])
def test_lines_belong_to_the_best_portfolio_as_often_as_is_said(at: int) -> None:
    told, true = gathered(lambda seed: candidates(WORLDS[at], seed), 300)
    assert error(told, true) < 0.05
    assert told.mean() == pytest.approx(true.mean(), abs=0.05)


@pytest.mark.prove
@pytest.mark.parametrize("at", [0, 2])
def test_lines_belong_to_the_vital_set_as_often_as_is_said(at: int) -> None:
    found = [shipped(PASTS[at], seed) for seed in range(300)]
    told, true = (np.concatenate([each[place] for each in found]) for place in (0, 1))
    assert error(told, true) < 0.06
    within = np.mean([low <= size <= high for _, _, (size, low, high) in found])
    assert within > 0.72


def test_forecasts_taken_as_said_promise_more_than_comes() -> None:
    raw, prior = (gathered(partial(candidates, world), 25) for world in (WORLDS[-1], WORLDS[0]))
    assert error(*raw) > error(*prior)
