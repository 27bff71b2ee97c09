"""How true effects on two metrics go together: planted trade-offs are found, and few experiments say nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from evidence.effect_tables import corpus_of
from vitalfew.evidence.joint import joint_of
from vitalfew.evidence.trade_offs import front, trade_offs
from vitalfew.results.rows import TradeOffRow, WeightRow
from vitalfew.workspace.definitions import Definitions

METRICS = ("joy", "errors", "money", "other")
# Joy and money gain together; errors (down is better) rise with joy: a trade-off.
SPREAD = np.array([[1.0, 0.8, 0.3, 0], [0.8, 1.0, 0.2, 0], [0.3, 0.2, 1.0, 0], [0, 0, 0, 1.0]])


def defined() -> Definitions:
    metric = {"source": "users", "column": "x"}
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {"joy": metric, "errors": metric | {"direction": "down"}, "money": metric, "other": metric},
            "factors": {"joy": {"range": [0, 10]}, "money": {"range": [0, 5]}},
            "guardrails": {"errors": {"margin": 1.0}},
        }
    )


def planted(seed: int, count: int, noise: float = 0.1, swap: bool = False) -> Any:
    rng = np.random.default_rng(seed)
    errors = noise * np.eye(4)
    true = rng.multivariate_normal(np.zeros(4), SPREAD, count)
    found = true + rng.multivariate_normal(np.zeros(4), errors, count)
    signs = np.where(np.arange(count) % 2 == 1, -1.0, 1.0)[:, None] if swap else np.ones((count, 1))
    effects = {f"x{k}": dict(zip(METRICS, (found * signs)[k].tolist(), strict=True)) for k in range(count)}
    return corpus_of(effects, errors, METRICS)


def rows(corpus: Any, weights: tuple[WeightRow, ...] = ()) -> dict[tuple[str, str], TradeOffRow]:
    found = trade_offs(defined(), corpus, joint_of(corpus), weights)
    return {(row.first, row.second): row for row in found}


def test_pairs_are_of_what_people_care_about() -> None:
    assert set(rows(planted(1, 40))) == {("joy", "errors"), ("joy", "money"), ("errors", "money")}


def test_a_planted_trade_off_is_found_with_its_rate() -> None:
    row = rows(planted(2, 80))["joy", "errors"]
    assert row.p_opposed is not None
    assert row.p_opposed > 0.99
    for told, true in ((row.correlation, 0.8), (row.exchange_rate, 0.8)):
        assert told is not None
        assert told.low is not None
        assert told.high is not None
        assert told.low < true < told.high
    assert row.experiments == 80
    assert row.covariance is not None
    assert row.covariance[1] == pytest.approx(0.8, abs=0.4)


def test_which_arm_is_called_treatment_changes_nothing() -> None:
    plain, swapped = (rows(planted(3, 40, swap=swap))["joy", "errors"] for swap in (False, True))
    assert plain.correlation is not None
    assert swapped.correlation is not None
    assert plain.correlation.estimate == pytest.approx(swapped.correlation.estimate, rel=1e-6)
    assert plain.p_opposed == pytest.approx(swapped.p_opposed, rel=1e-6)


@pytest.mark.prove
def test_intervals_of_the_correlation_hold_their_promise() -> None:
    covered = 0
    for seed in range(100):
        row = rows(planted(seed, 60))["joy", "errors"]
        assert row.correlation is not None
        covered += (row.correlation.low or 0) < 0.8 < (row.correlation.high or 0)
    assert 0.90 <= covered / 100 <= 0.99


def test_few_experiments_show_who_beats_whom_and_nothing_else() -> None:
    row = rows(planted(4, 6))["joy", "money"]
    assert row.covariance is None
    assert row.correlation is None
    assert row.notes[0] == "6 experiments measured both: to tell how effects go together takes 10"
    assert row.front
    assert rows(planted(4, 2)) == {}


def test_where_too_few_measured_everything_a_pair_is_told_from_its_own_effects() -> None:
    row = rows(planted(4, 12, noise=0.02))["joy", "errors"]
    assert joint_of(planted(4, 12)) is None
    assert row.notes[0].startswith("from effects on these two alone")
    assert row.exchange_rate is not None
    assert (row.exchange_rate.low or 0) < 0.8 < (row.exchange_rate.high or 0)
    assert row.p_opposed is not None
    assert row.p_opposed > 0.95


def test_a_correlation_at_its_end_has_no_interval_and_is_left_out() -> None:
    noisy = [rows(planted(seed, 12, noise=1.0))["joy", "errors"] for seed in range(6)]
    ends = [row for row in noisy if row.correlation is None and row.covariance is not None]
    assert ends
    assert all(row.notes[-1].startswith("the correlation is too close to its end") for row in ends if row.exchange_rate)
    assert all(abs(row.correlation.estimate) < 0.95 for row in noisy if row.correlation is not None)


def test_the_agreed_rate_is_what_makes_up_for_one_unit_by_the_weights() -> None:
    """One unit of joy is a tenth of its range, worth .06; one of money a fifth, worth .08."""
    weights = (WeightRow("joy", 0.6), WeightRow("money", 0.4))
    row = rows(planted(5, 40), weights)["joy", "money"]
    assert row.agreed_rate == pytest.approx(-(0.6 / 10) / (0.4 / 5))
    assert rows(planted(5, 40), weights)["joy", "errors"].agreed_rate is None


def test_the_front_holds_what_no_other_beats_on_both() -> None:
    points = np.array([[0.0, 0.0], [2.0, 1.0], [1.0, 2.0], [2.0, 1.0], [0.5, 0.5]])
    assert front(points) == [1, 2, 3]


def test_the_front_counts_down_as_good_where_down_is_better() -> None:
    effects = {
        "fast": {"joy": 1.0, "errors": -1.0},
        "slow": {"joy": 1.0, "errors": 1.0},
        "mixed": {"joy": 2.0, "errors": 0.0},
    }
    row = rows(corpus_of(effects, np.eye(4), METRICS))["joy", "errors"]
    assert row.front == ("fast", "mixed")
