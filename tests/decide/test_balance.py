"""Balance over horizons: effort beside its targets, when work pays, and what exploring taught."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from decide.building import definitions, promise, tables
from vitalfew.decide.balance import bought_down, exploration, horizon_mix, payoffs
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.payback import Paying
from vitalfew.results.rows import Estimate, PlanRow, SequenceRow, VerdictRow, Viability

TODAY = date(2026, 6, 1)
TARGETS = {"h1": 0.7, "h2": 0.2, "h3": 0.1}
LOCKED = {"locked_at": "2026-01-01"}


def inputs(policy: dict[str, Any] | None = None, found: dict[str, Any] | None = None, **initiatives: Any) -> Inputs:
    hypotheses = {f"{key}_retention": {"initiative": key, "metric": "retention"} for key in initiatives}
    defined = definitions(policy=policy or {}, initiatives=initiatives, hypotheses=hypotheses)
    return Inputs.of(defined, tables(**(found or {})), TODAY, 1)


def verdict(initiative: str, kind: Any, estimate: float | None = None, se: float | None = None) -> VerdictRow:
    return VerdictRow(f"{initiative}_retention", initiative, "retention", kind, "why", 0.02, estimate, se=se)


def test_what_is_agreed_stands_beside_its_target_and_beside_the_best_plan() -> None:
    best = PlanRow("best", ("idea",), None, 8.0, 20.0, None, 0.0, horizons={"h1": 0.5, "h3": 0.5})
    known = inputs(
        {"horizon_targets": TARGETS},
        {"plans": (best,)},
        now={"status": "committed", "cost": 6, "horizon": "h1"},
        begun={"started": "2026-05-01", "cost": 3, "horizon": "h2"},
        plain={"status": "committed", "cost": 3},
        free={"status": "committed", "horizon": "h3"},
        idea={"cost": 9, "horizon": "h3"},
        out={"status": "shipped", "shipped": "2026-01-01", "cost": 9, "horizon": "h2"},
        gone={"status": "dropped", "started": "2026-01-01", "cost": 9, "horizon": "h2"},
    )
    told = [(row.horizon, row.target, row.lines, row.effort, row.share, row.planned) for row in horizon_mix(known)]
    assert told == [
        ("h1", 0.7, 1, 6.0, Estimate(0.5), 0.5),
        ("h2", 0.2, 1, 3.0, Estimate(0.25), 0.0),
        ("h3", 0.1, 1, 0.0, Estimate(0.0), 0.5),  # no cost is known of it
        (None, None, 1, 3.0, Estimate(0.25), 0.0),
    ]


def test_ranges_of_costs_give_shares_an_interval() -> None:
    cost = {"p10": 2, "p50": 4, "p90": 8}
    rows = horizon_mix(
        inputs({}, None, a={"status": "committed", "cost": cost, "horizon": "h1"},
               b={"status": "committed", "cost": 4, "horizon": "h3"})
    )  # fmt: skip
    share = rows[0].share
    assert share is not None
    assert share.low is not None
    assert share.high is not None
    assert share.low == pytest.approx(2 / 6, abs=0.02)  # at its own 10 % quantile
    assert share.high == pytest.approx(8 / 12, abs=0.02)


def test_where_nobody_speaks_of_horizons_nothing_is_said() -> None:
    assert horizon_mix(inputs({}, None, a={"status": "committed", "cost": 3})) == ()
    assert [row.share for row in horizon_mix(inputs({"horizon_targets": TARGETS}))] == [None, None, None]


def paid(*weeks: float) -> Paying:
    return Paying(Viability(4.0, 0.0, 52), np.array(weeks))


def test_lines_are_counted_in_the_quarter_in_which_they_have_paid() -> None:
    # From 1 June 2026: the second quarter ends after 30 days, the third after 122.
    known = inputs({}, None, a={"weeks": 1, "cost": 1}, b={"weeks": 10, "cost": 1}, c={"weeks": 1, "cost": 1})
    rows = payoffs({"a": paid(2, 2), "b": paid(1, 20), "c": paid(np.inf, np.inf)}, known)
    told = {row.quarter: row.lines for row in rows}
    assert list(told) == ["2026-Q2", "2026-Q3", "2026-Q4", None]
    assert told["2026-Q2"] == Estimate(1.0, 1.0, 1.0)  # a: 3 weeks from now in both draws
    assert told["2026-Q3"].estimate == 0.5  # b: 11 weeks in one
    assert told["2026-Q4"].estimate == 0.5  # and 30 in the other
    assert told[None] == Estimate(1.0, 1.0, 1.0)
    assert not any(row.agreed for row in rows)


def test_the_order_of_work_says_when_a_line_is_out_and_what_is_begun_goes_on() -> None:
    slot = SequenceRow(1, "later", None, 2.0, 18.0, 20.0, 0.1, "why")
    known = inputs(
        {},
        {"sequence": (slot,)},
        later={"weeks": 2, "cost": 1},
        begun={"weeks": 10, "cost": 1, "started": "2026-04-06"},
    )
    rows = payoffs({"later": paid(1), "begun": paid(1)}, known)
    held = {(row.quarter, row.agreed) for row in rows if row.lines.estimate}
    # later: 21 weeks from 1 June; begun: 8 of its 10 weeks are over.
    assert held == {("2026-Q4", False), ("2026-Q2", True)}


def test_each_line_is_counted_once_in_every_draw() -> None:
    rng = np.random.default_rng(1)
    known = inputs({}, None, a={"weeks": 1, "cost": 1}, b={"weeks": 3, "cost": 1})
    weeks = np.where(rng.random((2, 500)) < 0.3, np.inf, rng.uniform(0, 52, (2, 500)))
    rows = payoffs({"a": paid(*weeks[0]), "b": paid(*weeks[1])}, known)
    assert sum(row.lines.estimate for row in rows) == pytest.approx(2.0)
    assert payoffs({"a": Paying(Viability(1.0, 0.0, 52, reason="no price"))}, known) == ()


def test_exploring_is_judged_by_what_it_taught() -> None:
    found = {
        "promises": tuple(promise(key, "retention", 0.02, 0.02, **LOCKED) for key in ("answered", "halved", "dim")),
        "verdicts": (
            verdict("answered", "fell_short", 0.001, 0.002),
            verdict("halved", "unproven", 0.02, 0.01),
            verdict("dim", "unproven", 0.02, 0.1),
        ),
    }
    begun = {"started": "2026-01-05", "cost": 10, "horizon": "h3"}
    known = inputs(
        {"horizon_targets": TARGETS, "minimum_shares": {"h3": 0.15}},
        found,
        answered=begun,
        halved=begun,
        dim=begun,
        silent=begun,
        stopped={**begun, "status": "dropped", "spent": [{"at": "2026-02-01", "amount": 3}]},
        overdone={**begun, "status": "dropped", "spent": [{"at": "2026-02-01", "amount": 12}]},
        idea={"cost": 10, "horizon": "h3"},
        rejected={"cost": 10, "horizon": "h3", "status": "dropped"},
        today={**begun, "horizon": "h1"},
    )
    h2, h3 = exploration(known)
    assert (h2.horizon, h2.target, h2.bets, h2.share) == ("h2", 0.2, 0, None)
    assert (h3.target, h3.protected) == (0.1, 0.15)
    # Six were begun; one answered its question, one halved its doubt, one was stopped with 7 of 10 unspent.
    assert (h3.bets, h3.learnt, h3.questions, h3.answered, h3.resolved) == (6, 3, 6, 1, 3)
    assert (h3.stopped, h3.saved) == (1, 7.0)
    assert h3.share is not None
    assert h3.share.estimate == 0.5
    # Wilson at 80 % of 3 of 6: 0.5 ± 1.28155 sqrt(1 / 24 + 1.6424 / 144) / (1 + 1.6424 / 6).
    assert (h3.share.low, h3.share.high) == pytest.approx((0.2682, 0.7318), abs=1e-4)


def test_doubt_is_taken_away_as_two_normals_say() -> None:
    # Ends 0.02 from the middle: sd 0.02 / 1.28155 = 0.015606; measured with the same error half of it is gone.
    sd = 0.02 / 1.2815515655
    known = inputs({}, {"promises": (promise("a", "retention", 0.02, 0.02, **LOCKED),)}, a={"cost": 1})
    assert bought_down(known, verdict("a", "unproven", 0.01, sd)) == pytest.approx(0.5, abs=0.03)
    assert bought_down(known, verdict("a", "unproven", 0.01, 3 * sd)) == pytest.approx(0.1, abs=0.03)
    assert bought_down(known, verdict("a", "unproven")) is None


def test_of_few_bets_counts_are_told_and_no_share() -> None:
    begun = {"started": "2026-01-05", "cost": 10, "horizon": "h2"}
    (row,) = exploration(inputs({}, None, a=begun, b=begun))
    assert (row.bets, row.share, row.bought_down, row.saved) == (2, None, None, None)
    assert exploration(inputs({}, None, a={"cost": 3})) == ()


def test_what_pays_in_more_than_ten_years_is_counted_with_what_does_not() -> None:
    known = inputs(a={"cost": 1}, b={"cost": 1e9})
    rows = payoffs({"a": paid(2, 2), "b": paid(1e9, np.inf)}, known)
    assert rows[-1].quarter is None
    assert rows[-1].lines.estimate == 1
    assert len(rows) <= 42
