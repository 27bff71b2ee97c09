"""Who gains and who loses by a line: rater groups, stakeholders, segments, sides, and whose guardrails break."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.group_values import Voice, group_values, values_to
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.measured_lines import measured_lines
from vitalfew.decide.options import pool_of
from vitalfew.results.rows import GroupValueRow, GroupWeightRow, Tables
from vitalfew.stats.normal import cdf
from vitalfew.workspace.sides import side_of

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
SHIPPED = {"gate": {"status": "shipped", "cost": 5}}
TESTED = {"exp": {"source": "players", "variant": "v", "initiative": "gate"}}


def rows_of(defined: Definitions, known: Tables) -> list[GroupValueRow]:
    inputs = Inputs.of(defined, known, TODAY, 1)
    pool = pool_of(inputs)
    shipped, candidates, headline = ledger(inputs, pool)
    told = replace(known, shipped=shipped, candidates=candidates, headline=(headline,))
    inputs = Inputs.of(defined, told, TODAY, 1)
    return list(group_values(inputs, pool.options, measured_lines(inputs)))


def one(rows: list[GroupValueRow], kind: str, group: str, line: str = "gate") -> GroupValueRow:
    (row,) = [row for row in rows if (row.kind, row.group, row.line) == (kind, group, line)]
    return row


def measured(retention: float, tickets: float, **more: Any) -> Tables:
    rows = (effect("exp", "retention", retention, 0.001, **more), effect("exp", "tickets", tickets, 0.05, **more))
    return tables(effects=rows)


def test_a_stakeholder_gains_or_loses_by_the_factors_that_are_theirs() -> None:
    stakeholders = {"player": {"role": "user"}, "helper": {"role": "staff"}}
    factors = {
        "retention": {"range": [0.1, 0.3], "stakeholder": "player"},
        "tickets": {"range": [0, 10], "stakeholder": "helper"},
    }
    defined = definitions(stakeholders=stakeholders, factors=factors, initiatives=SHIPPED, experiments=TESTED)
    rows = rows_of(defined, measured(0.02, 1.0))
    player, helper = one(rows, "stakeholder", "player"), one(rows, "stakeholder", "helper")
    assert player.value is not None
    assert helper.value is not None
    assert player.value.mean == pytest.approx(10.0, abs=0.1)
    assert helper.value.mean == pytest.approx(-10.0, abs=0.1)
    assert (player.p_loss, helper.p_loss) == (0.0, 1.0)
    assert player.shipped
    assert player.notes == ("by the factors that are theirs",)
    assert {row.group for row in rows if row.kind == "side"} == {"customer", "employee"}


def test_rater_groups_see_a_line_by_their_own_weights() -> None:
    weights = tuple(
        GroupWeightRow(group, factor, 5, mean, mean * 0.8, min(mean * 1.2, 1.0), 0.0, -0.1, 0.1)
        for group, pair in {"customers": (0.2, 0.8), "staff": (0.9, 0.1)}.items()
        for factor, mean in zip(("retention", "tickets"), pair, strict=True)
    )
    defined = definitions(
        stakeholders={"buyer": {"raters": "customers"}, "few": {"raters": "board"}},
        initiatives=SHIPPED,
        experiments=TESTED,
    )
    rows = rows_of(defined, replace(measured(0.02, 1.0), group_weights=weights))
    customers, staff = one(rows, "raters", "customers"), one(rows, "raters", "staff")
    assert customers.value is not None
    assert staff.value is not None
    assert customers.value.mean == pytest.approx(0.2 * 10 - 0.8 * 10, abs=0.3)
    assert staff.value.mean == pytest.approx(0.9 * 10 - 0.1 * 10, abs=0.3)
    buyer = one(rows, "stakeholder", "buyer")
    assert (buyer.value, buyer.notes) == (customers.value, ("by the weights of their raters",))
    assert not [row for row in rows if row.group == "few"]


def test_a_segment_is_seen_by_its_own_effects() -> None:
    defined = definitions(segments={"new": {}, "old": {}}, initiatives=SHIPPED, experiments=TESTED)
    everyone = measured(0.02, 0.0)
    lost = measured(-0.04, 0.0, segment="new").effects
    rows = rows_of(defined, replace(everyone, effects=(*everyone.effects, *lost)))
    row = one(rows, "segment", "new")
    assert row.value is not None
    assert row.value.mean == pytest.approx(0.75 * -20, abs=0.2)
    assert row.p_loss == 1.0
    assert not [row for row in rows if row.group == "old"]


def test_a_candidate_is_seen_by_forecasts_about_the_segment_unless_they_would_tell_who_said_what() -> None:
    defined = definitions(segments={"new": {"share": 0.5}}, initiatives={"idea": {"cost": 5}, "other": {"cost": 5}})
    told = promise("idea", "retention", 0.02, 0.01, segment="new")
    rows = rows_of(defined, tables(promises=(told,)))
    row = one(rows, "segment", "new", "idea")
    assert row.value is not None
    assert row.value.mean > 0
    assert row.notes[-1] == "partly from forecasts about them"
    assert rows_of(defined, tables(promises=(replace(told, forecasters=1),))) == []


def test_a_broken_guardrail_is_told_to_whom_it_belongs_and_in_its_segments() -> None:
    guardrails = {"tickets": {"margin": 0.5, "stakeholder": "helper"}}
    defined = definitions(
        stakeholders={"helper": {"role": "staff"}},
        segments={"new": {}},
        guardrails=guardrails,
        factors={"retention": {"range": [0.1, 0.3]}},
        initiatives=SHIPPED,
        experiments=TESTED,
    )
    everyone = measured(0.02, 0.6)
    rows = rows_of(defined, replace(everyone, effects=(*everyone.effects, *measured(0.0, 0.45, segment="new").effects)))
    helper = one(rows, "stakeholder", "helper")
    assert (helper.value, helper.p_loss, helper.guardrail) == (None, None, "tickets")
    assert helper.p_breach == pytest.approx(cdf((0.6 - 0.5) / 0.05))
    assert one(rows, "segment", "new").p_breach == pytest.approx(cdf((0.45 - 0.5) / 0.05))


def test_dropped_work_and_untrusted_experiments_harm_nobody() -> None:
    from vitalfew.results.rows import HealthRow

    guardrails = {"tickets": {"margin": 0.5, "stakeholder": "helper"}}
    base: dict[str, Any] = {
        "stakeholders": {"helper": {"role": "staff"}},
        "guardrails": guardrails,
        "experiments": TESTED,
    }
    dropped = definitions(initiatives={"gate": {"status": "dropped"}}, **base)
    assert rows_of(dropped, measured(0.02, 2.0)) == []
    broken = replace(measured(0.02, 2.0), health=(HealthRow("exp", "sample_ratio", 0.0, "failed", "sizes"),))
    assert rows_of(definitions(initiatives=SHIPPED, **base), broken) == []


def test_without_weights_or_lines_there_is_nothing_to_tell() -> None:
    assert rows_of(definitions(), tables()) == []
    assert rows_of(definitions(factors={}), replace(tables(), weights=())) == []


def test_values_to_a_group_are_linear_in_its_weights() -> None:
    rng = np.random.default_rng(1)
    swings = rng.normal(size=(3, 2, 50)).astype(np.float32)
    weights = rng.dirichlet([1, 1], 50).T
    found = values_to(Voice("x", "raters", weights), swings)
    assert found == pytest.approx(np.einsum("lfd,fd->ld", swings, weights), abs=1e-5)


def test_whose_side_a_metric_is_on() -> None:
    metrics: dict[str, Any] = {
        "said": {"side": "technical"},
        "held": {},
        "money": {"level": "business"},
        "quick": {"value_type": "efficiency"},
        "other": {},
    }
    metrics = {key: {"source": "players", "column": key} | more for key, more in metrics.items()}
    factors = {"held": {"range": [0, 1], "stakeholder": "crew"}}
    defined = definitions(metrics=metrics, factors=factors, stakeholders={"crew": {"role": "staff"}})
    sides = [side_of(defined, key) for key in metrics]
    assert sides == ["technical", "employee", "business", "customer", None]


def test_what_shipped_and_what_may_come_are_seen_over_the_same_weeks() -> None:
    """A line that shipped and gained what another one is sure to gain means the same to everybody."""
    slow = {"cost": 5, "ramp_weeks": 52, "reach": 1}
    defined = definitions(
        stakeholders={"player": {"role": "user"}},
        factors={
            "retention": {"range": [0.1, 0.3], "stakeholder": "player"},
            "tickets": {"range": [0, 10]},
        },
        segments={"new": {"share": 0.5}},
        initiatives={"gate": slow | {"status": "shipped"}, "idea": slow},
        experiments={key: {"source": "players", "variant": "v", "initiative": key} for key in ("gate", "idea")},
    )
    effects = [effect(key, "retention", 0.02, 1e-6, segment=each) for key in ("gate", "idea") for each in (None, "new")]
    rows = rows_of(defined, tables(effects=tuple(effects)))
    for kind, group in (("stakeholder", "player"), ("segment", "new")):
        out, open_ = one(rows, kind, group), one(rows, kind, group, "idea")
        assert out.value is not None
        assert open_.value is not None
        assert (out.shipped, open_.shipped) == (True, False)
        assert out.value.mean == pytest.approx(open_.value.mean, rel=1e-3)
        assert out.value.mean < 0.6 * (10 if kind == "stakeholder" else 7.5)
