"""What the explanations say of shipped lines and candidates, and what they keep to themselves."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.break_even import standings
from vitalfew.decide.explain import reasons
from vitalfew.decide.explain_candidates import Field
from vitalfew.decide.explain_shipped import verdict_turn, vital_turns
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.options import options_of
from vitalfew.decide.portfolio import vital_set
from vitalfew.decide.prices import price
from vitalfew.decide.questions import ask_about_candidate
from vitalfew.decide.testing import DECIDE_ANYWAY, hidden_lines, suggested_tests, with_tests
from vitalfew.decide.verdict import judge
from vitalfew.decide.verdicts import verdicts
from vitalfew.results.rows import PlanRow, Value, VerdictRow

if TYPE_CHECKING:
    from vitalfew.results.rows import ReasonRow, Tables
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
LOCKED = "2026-01-01T00:00:00Z"


def company(**kinds: Any) -> Definitions:
    base: dict[str, Any] = {
        "policy": {"budget": 14},
        "initiatives": {
            "first": {"title": "First idea", "cost": 5, "reach": 0.5},
            "second": {"title": "Second idea", "cost": {"p10": 6, "p50": 8, "p90": 12}},
            "third": {"title": "Third idea", "cost": 9},
            "old": {"title": "Old thing", "status": "shipped"},
            "flop": {"title": "Flop", "status": "shipped"},
        },
        "hypotheses": {
            "old_retention": {"initiative": "old", "metric": "retention"},
            "flop_retention": {"initiative": "flop", "metric": "retention"},
        },
        "experiments": {
            key: {"source": "players", "variant": f"v_{key}", "initiative": key, "metrics": ["retention"]}
            for key in ("old", "flop")
        },
    }
    return definitions(**(base | kinds))


def measured(**parts: Any) -> Tables:
    base: dict[str, Any] = {
        "effects": (effect("old", "retention", 0.03, 0.005), effect("flop", "retention", 0.002, 0.005)),
        "promises": (
            promise("first", "retention", 0.04, 0.03, locked_at=LOCKED),
            promise("second", "retention", 0.03, 0.03, locked_at=LOCKED),
            promise("third", "tickets", -0.5, 0.6, locked_at=LOCKED),
            promise("old", "retention", 0.03, 0.01, locked_at=LOCKED),
            promise("flop", "retention", 0.03, 0.01, locked_at=LOCKED),
        ),
    }
    return tables(**(base | parts))


def explained(defined: Definitions, found: Tables, plan: PlanRow | None = None) -> dict[str, list[ReasonRow]]:
    rows = verdicts(defined, found.promises, found.effects, (), TODAY)
    inputs = Inputs.of(defined, replace(found, verdicts=rows), TODAY, 1)
    options = options_of(inputs)
    shipped, candidates, _ = ledger(inputs)
    advice = suggested_tests(options, inputs, price(options, inputs), hidden_lines(options, candidates))
    whole = replace(
        found,
        verdicts=rows,
        shipped=shipped,
        candidates=with_tests(candidates, advice),
        plans=() if plan is None else (plan,),
    )
    told: dict[str, list[ReasonRow]] = {}
    for row in reasons(options, inputs, whole):
        told.setdefault(row.line, []).append(row)
    return told


def said(rows: list[ReasonRow], kind: str) -> str:
    return " ".join(row.text for row in rows if row.kind == kind)


def test_every_line_is_told_why_and_what_to_ask_next() -> None:
    told = explained(company(), measured())
    assert set(told) == {"first", "second", "third", "old", "flop"}
    for rows in told.values():
        assert said(rows, "why")
        assert said(rows, "ask")


def test_a_candidate_is_told_its_place_its_factors_its_evidence_and_its_neighbours() -> None:
    why = said(explained(company(), measured())["first"], "why")
    assert "It is number 1 of 3 by value per cost, number 2 by P in plan (the order of the ledger)" in why
    assert "Retention carries what it is worth" in why
    assert "nothing has been measured yet" in why
    assert "It reaches 50 % of all units" in why
    assert "Just below stands Second idea" in why


def test_a_place_by_value_per_cost_stands_beside_the_place_in_the_ledger() -> None:
    told = explained(company(), measured())
    rows = [told[line][0] for line in ("first", "second", "third")]
    assert sorted(row.numbers["place_by_p_in"] for row in rows) == [1, 2, 3]
    for row in rows:
        same = row.numbers["place"] == row.numbers["place_by_p_in"]
        assert ("and by P in plan" in row.text) is same
        assert ("(the order of the ledger)" in row.text) is not same


def test_a_cost_with_a_range_is_told_as_expected_and_a_certain_one_is_not() -> None:
    told = explained(company(), measured())
    assert " for about 8.8 person-weeks expected, " in said(told["second"], "why")
    assert " for 5 person-weeks, " in said(told["first"], "why")


def test_the_numbers_of_a_sentence_are_those_it_speaks_of() -> None:
    rows = explained(company(), measured())["second"]
    turn = next(row for row in rows if "expected effect came" in row.text)
    assert f"{100 * turn.numbers['share']:.0f} %" in turn.text
    assert turn.numbers["points"] == pytest.approx(turn.numbers["share"] * turn.numbers["expected"])
    assert 0 <= turn.numbers["chance"] <= 1


def test_a_candidate_outside_the_plan_is_told_what_would_bring_it_in() -> None:
    change = said(explained(company(), measured())["third"], "change")
    assert "It would come into the plan if its effect were" in change
    # With the first it fits as the second does, and is worth more where 15 x the weight < 4.94 x the rest.
    assert "if retention weighed less than 25 % instead of 75 %" in change


def test_below_the_grade_staged_the_change_asked_for_is_evidence() -> None:
    told = explained(company(), measured())
    assert "needs evidence of its own" in said(told["first"], "change")
    assert "Test first" in said(told["first"], "why")


def test_what_cannot_be_ranked_is_told_what_is_missing() -> None:
    without_cost = company(initiatives={"idea": {}, "other": {"cost": 3}})
    told = explained(without_cost, measured(effects=(), promises=(promise("idea", "retention", 0.02, 0.01),)))
    assert "What would it cost?" in said(told["idea"], "ask")
    assert "Record their forecasts" in said(told["other"], "ask")
    nothing = explained(definitions(factors={}, initiatives={"idea": {"cost": 3}}), tables(weights=()))
    assert "Name them as factors" in said(nothing["idea"], "ask")


def test_a_forecast_of_few_people_is_told_by_no_sentence() -> None:
    sealed = (
        promise("first", "retention", 0.04, 0.03, forecasters=2),
        promise("second", "retention", 0.03, 0.03, locked_at=LOCKED),
    )
    told = explained(company(), measured(promises=sealed))
    mine = told["first"]
    assert "stays hidden" in said(mine, "why")
    assert "stays hidden" in said(mine, "change")
    assert "Fewer than three have forecast it" in said(mine, "ask")
    assert not any("points" in row.numbers or "share" in row.numbers for row in mine)
    # The other line's turning points would tell the hidden value, for it is what stands next to it.
    assert "stays hidden" in said(told["second"], "change")
    assert not any("points" in row.numbers for row in told["second"] if row.kind == "change")


def test_the_best_plan_is_named_where_it_differs_from_value_per_cost() -> None:
    plan = PlanRow("best", ("third",), Value(1, 0, 2, 0.9), 9, 14, 0, 0)
    told = explained(company(), measured(), plan)
    assert "fits in with the others better" in said(told["third"], "why")
    assert "other bounds" in said(told["first"], "why")


def test_where_a_test_costs_more_than_it_tells_the_answer_is_to_decide() -> None:
    defined = company(policy={"budget": 14, "test_cost": 500})
    told = explained(defined, measured())
    asked = said(told["first"], "ask")
    assert "a test costs more than it can tell" in asked or "None" in asked or "reach" in asked
    assert DECIDE_ANYWAY not in said(told["first"], "change")


def test_a_kept_promise_is_told_from_where_it_would_not_count_as_kept() -> None:
    told = explained(company(), measured())
    rows = told["old"]
    assert "It kept its promise" in said(rows, "why")
    change = next(row for row in rows if "would not count as kept" in row.text)
    turn = change.numbers["effect"]
    assert judge(0.03, turn, 0.005, good="up")[0] != "kept"
    assert judge(0.03, turn * 1.001, 0.005, good="up")[0] == "kept"
    assert "had retention changed by 1.9\N{NO-BREAK SPACE}pp; measured: 3\N{NO-BREAK SPACE}pp." in change.text
    assert "None" in said(rows, "ask")


def test_a_larger_value_that_is_less_sure_says_why_it_stands_lower() -> None:
    effects = (effect("old", "retention", 0.03, 0.002), effect("flop", "retention", 0.034, 0.012))
    told = explained(company(), measured(effects=effects))
    order = "the order is that of the probability to be one of the few"
    assert order in said(told["flop"], "why")
    assert order not in said(told["old"], "why")


def test_a_promise_not_kept_is_told_from_where_it_would_be() -> None:
    told = explained(company(), measured())
    rows = told["flop"]
    change = next(row for row in rows if "would count as kept" in row.text)
    assert judge(0.03, change.numbers["effect"], 0.005, good="up")[0] == "kept"
    assert judge(0.03, change.numbers["effect"] * 0.999, 0.005, good="up")[0] != "kept"
    assert "For whom did it fall short?" in said(rows, "ask")


@pytest.mark.parametrize(("good", "promised", "estimate"), [("tickets", -1.0, -0.2), ("tickets", -1.0, -1.2)])
def test_a_metric_that_should_fall_turns_in_its_own_direction(good: str, promised: float, estimate: float) -> None:
    inputs = Inputs.of(company(), measured(), TODAY, 1)
    verdict = judge(promised, estimate, 0.2, good="down")
    row = VerdictRow("h", "old", good, *verdict, promised=promised, estimate=estimate, se=0.2)
    turn = verdict_turn(row, inputs)
    assert turn is not None
    assert (judge(promised, turn, 0.2, good="down")[0] == "kept") != (verdict[0] == "kept")


def test_where_a_guardrail_decided_no_effect_would_change_the_verdict() -> None:
    inputs = Inputs.of(company(), measured(), TODAY, 1)
    row = VerdictRow("h", "old", "retention", "harmful", "a guardrail failed", 0.03, 0.03, se=0.005)
    assert verdict_turn(row, inputs) is None


def test_at_the_value_told_a_line_joins_or_leaves_the_few() -> None:
    values = np.array([9.0, 5.0, 2.0, 1.0, -3.0])
    for at, turn in enumerate(vital_turns(values)):
        if np.isnan(turn):
            continue
        changed = values.copy()
        changed[at] = turn
        assert vital_set(changed[:, None])[at, 0] != vital_set(values[:, None])[at, 0]


def test_what_waits_for_its_verdict_counts_as_work_that_is_not_done() -> None:
    hypotheses = {"old_retention": {"initiative": "old", "metric": "retention", "due": "2026-09-01"}}
    told = explained(company(hypotheses=hypotheses), measured())
    assert "Until its verdict on 2026-09-01 it counts as work that is not done" in said(told["old"], "why")


def test_the_same_tables_give_the_same_sentences() -> None:
    assert explained(company(), measured()) == explained(company(), measured())


@pytest.mark.parametrize("agreed", [False, True])
def test_nobody_is_sent_to_talk_about_weights_where_that_would_hardly_change_the_choice(*, agreed: bool) -> None:
    inputs = Inputs.of(company(), measured(), TODAY, 1)
    options = options_of(inputs)
    line = next(one for one in ledger(inputs)[1] if one.line == "first")
    apart = tuple(replace(one, by_weights=0.9) for one in standings(options))
    field = Field(inputs, {line.line: line}, apart, None, options.budget, frozenset(), agreed)
    asked = " ".join(sentence.text for sentence in ask_about_candidate(line, field))
    assert ("talking costs an hour" in asked) is not agreed


def test_an_empty_workspace_has_nothing_to_explain() -> None:
    assert explained(definitions(), tables()) == {}


def test_one_idea_alone_is_explained_without_numbers_that_tell_nothing() -> None:
    alone = {"initiatives": {"idea": {"cost": 3}}}
    rises = explained(
        definitions(**alone), tables(promises=(promise("idea", "retention", 0.02, 0.03, locked_at=LOCKED),))
    )
    assert "if it did no good at all" in said(rises["idea"], "change")
    assert "if it cost any more than the 3 person-weeks expected" in said(rises["idea"], "change")
    harms = explained(
        definitions(**alone), tables(promises=(promise("idea", "retention", -0.02, 0.03, locked_at=LOCKED),))
    )
    assert "if it did more good than harm" in said(harms["idea"], "change")
    assert "carries its loss" in said(harms["idea"], "why")


def test_what_the_whole_budget_cannot_pay_is_told_so() -> None:
    told = explained(company(policy={"budget": 2}), measured())
    assert "It costs more than the whole budget of 2 person-weeks." in said(told["first"], "why")
