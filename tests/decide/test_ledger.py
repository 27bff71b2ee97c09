from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, effect, promise, tables, use
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.verdicts import verdicts
from vitalfew.results.rows import CandidateLine, Headline, HealthRow, ShippedLine, Tables, VerdictRow

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
SHIPPED = {"status": "shipped", "cost": 5}
IDEA = {"cost": {"p10": 2, "p50": 4, "p90": 8}}


def made(
    defined: Definitions, found: Tables, today: date = TODAY
) -> tuple[dict[str, ShippedLine], dict[str, CandidateLine], Headline]:
    shipped, candidates, headline = ledger(Inputs.of(defined, found, today, 1))
    return {line.line: line for line in shipped}, {line.line: line for line in candidates}, headline


def one_experiment(**initiative: Any) -> Definitions:
    return definitions(
        initiatives={"gate": {**SHIPPED, **initiative}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )


def test_value_is_weight_times_share_of_the_range_times_reach() -> None:
    found = tables(effects=(effect("exp", "retention", 0.02, 1e-9), effect("exp", "tickets", -1.0, 1e-9)))
    shipped, _, _ = made(one_experiment(reach=0.5), found)
    value = shipped["gate"].value
    assert value is not None
    assert value.mean == pytest.approx(100 * 0.5 * (0.75 * 0.02 / 0.2 + 0.25 * 1.0 / 10), rel=1e-6)
    assert {part.factor: round(part.mean, 4) for part in shipped["gate"].parts} == {"retention": 3.75, "tickets": 1.25}


def test_without_factors_the_ledger_says_facts_only() -> None:
    defined = definitions(factors={}, initiatives={"gate": SHIPPED, "idea": IDEA})
    shipped, candidates, headline = made(defined, tables(weights=()))
    assert shipped["gate"].value is None
    assert "no factors yet: facts only" in shipped["gate"].reasons
    assert candidates["idea"].recommendation == "test_first"
    assert any("facts" in note for note in headline.notes)


def test_where_nothing_says_which_metric_counts_the_clearest_effect_is_shown() -> None:
    defined = definitions(
        factors={},
        initiatives={"gate": SHIPPED},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )
    both = tables(weights=(), effects=(effect("exp", "retention", -0.01, 0.01), effect("exp", "tickets", 4.0, 1.0)))
    line = made(defined, both)[0]["gate"]
    assert line.measured is not None
    assert line.measured.metric == "tickets"
    assert "of 2 metrics the clearest effect is shown: nothing says which of them counts" in line.reasons
    one = tables(weights=(), effects=(effect("exp", "retention", -0.01, 0.01),))
    assert not any("clearest" in reason for reason in made(defined, one)[0]["gate"].reasons)


def test_without_judgements_ranks_run_over_the_whole_weight_space_and_say_so() -> None:
    found = tables(weights=(), effects=(effect("exp", "retention", 0.02, 0.001), effect("exp", "tickets", 5, 0.1)))
    shipped, _, headline = made(one_experiment(), found)
    value = shipped["gate"].value
    assert value is not None
    assert value.low < 0 < value.high  # good for one factor, bad for the other: the weights decide
    assert any("weights unknown" in note for note in headline.notes)


def test_an_unmeasured_factor_is_named_and_not_guessed() -> None:
    shipped, _, _ = made(one_experiment(), tables(effects=(effect("exp", "retention", 0.02, 0.001),)))
    assert any("tickets" in reason for reason in shipped["gate"].reasons)
    assert [part.factor for part in shipped["gate"].parts] == ["retention"]


def test_adding_a_line_changes_no_value_of_another() -> None:
    found = tables(effects=(effect("exp", "retention", 0.02, 0.01),))
    alone, _, _ = made(one_experiment(), found)
    defined = definitions(
        initiatives={"gate": SHIPPED, "other": SHIPPED, "idea": IDEA},
        experiments={
            "exp": {"source": "players", "variant": "v", "initiative": "gate"},
            "exp2": {"source": "players", "variant": "v", "initiative": "other"},
        },
    )
    more = tables(effects=(*found.effects, effect("exp2", "retention", 0.05, 0.01)))
    together, _, _ = made(defined, more)
    assert together["gate"].value == alone["gate"].value


def test_a_tested_candidate_says_why_its_effect_is_no_value_and_what_makes_it_one() -> None:
    trial = {"source": "players", "variant": "v", "control": "old", "initiative": "idea", "metrics": ["retention"]}
    found = tables(effects=(effect("exp", "retention", 0.022, 0.004),))
    weighed = definitions(
        factors={"tickets": {"range": [20, 10]}}, initiatives={"idea": IDEA}, experiments={"exp": trial}
    )
    _, candidates, _ = made(weighed, found)
    told = "tested: +2.20\N{NO-BREAK SPACE}percentage points on retention, which is no factor and leads to none"
    assert f"{told}: link retention to a factor" in candidates["idea"].reasons
    both = tables(effects=(*found.effects, effect("exp", "visits", 1.2, 0.1)))
    _, candidates, _ = made(weighed, both)
    assert candidates["idea"].reasons[0] == (
        "tested on retention and visits, which are no factors and lead to none: link them to a factor"
    )
    _, counted, _ = made(definitions(initiatives={"idea": IDEA}, experiments={"exp": trial}), found)
    assert not any(reason.startswith("tested:") for reason in counted["idea"].reasons)


def test_the_same_seed_gives_the_same_ledger() -> None:
    found = tables(effects=(effect("exp", "retention", 0.02, 0.01),))
    assert made(one_experiment(), found) == made(one_experiment(), found)


def test_a_feature_without_a_shipped_initiative_is_a_line_of_its_own() -> None:
    defined = definitions(
        features={"wizard": {"upkeep": 2}, "forms": {}},
        initiatives={"forms_v1": {**SHIPPED, "feature": "forms"}},
    )
    shipped, candidates, headline = made(
        defined, tables(use=(use("wizard", 0.02, hardly=True), use("forms", 0.4, hardly=False)))
    )
    assert set(shipped) == {"wizard", "forms_v1"}
    assert shipped["wizard"].verdict == "no_promise"
    assert shipped["wizard"].recommendation == "measure"
    assert shipped["forms_v1"].use is not None
    assert candidates["remove_wizard"].recommendation == "test_first"
    assert any("saves 2" in reason for reason in candidates["remove_wizard"].reasons)
    assert (headline.hardly_used, headline.features) == (1, 2)


def test_a_loss_beyond_doubt_is_said_though_nothing_was_promised() -> None:
    lost, gained = (made(one_experiment(), tables(effects=(effect("exp", "retention", x, 0.01),))) for x in (-0.1, 0.1))
    assert lost[0]["gate"].verdict == "no_promise"
    assert any("a loss with probability" in reason for reason in lost[0]["gate"].reasons)
    assert not any("a loss with probability" in reason for reason in gained[0]["gate"].reasons)


def test_a_value_from_other_factors_than_what_was_promised_says_so() -> None:
    defined = definitions(
        metrics={key: {"source": "players", "column": key} for key in ("retention", "tickets", "clicks")},
        initiatives={"gate": SHIPPED},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
        hypotheses={"more": {"initiative": "gate", "metric": "clicks", "due": "2026-03-01"}},
    )
    told = promise("gate", "clicks", 1.0, 0.5, hypothesis="more", locked_at="2025-12-01T00:00:00Z")
    verdict = VerdictRow("more", "gate", "clicks", "unproven", "its effect is not known")
    found = tables(effects=(effect("exp", "retention", 0.02, 0.001),), promises=(told,), verdicts=(verdict,))
    said = "its value is that of retention; what was promised, clicks, is not in it"
    assert said in made(defined, found)[0]["gate"].reasons
    found = tables(effects=(effect("exp", "retention", 0.02, 0.001),))
    assert not any("not in it" in reason for reason in made(defined, found)[0]["gate"].reasons)


def test_lines_without_numbers_stand_as_people_count() -> None:
    titles = {f"exp_{n}": {"title": f"Exp {n}", "shipped": "2026-01-01"} for n in (10, 2, 1)}
    shipped, _, _ = made(definitions(initiatives=titles), tables())
    assert [line.title for line in shipped.values()] == ["Exp 1", "Exp 2", "Exp 10"]


def test_a_removal_somebody_proposed_is_not_proposed_twice() -> None:
    defined = definitions(features={"wizard": {}}, initiatives={"drop_it": {**IDEA, "removes": "wizard"}})
    _, candidates, _ = made(defined, tables(use=(use("wizard", 0.02, hardly=True),)))
    assert set(candidates) == {"drop_it"}


def test_opinion_is_never_funded_only_tested() -> None:
    defined = definitions(initiatives={"idea": IDEA}, policy={"budget": 100})
    _, candidates, _ = made(defined, tables(promises=(promise("idea", "retention", 0.05, 0.001),)))
    line = candidates["idea"]
    assert line.p_in == 1
    assert line.grade == "opinion"
    assert line.recommendation == "test_first"


def test_a_tested_candidate_of_sure_value_is_funded() -> None:
    defined = definitions(
        initiatives={"idea": IDEA},
        policy={"budget": 100},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "idea"}},
    )
    _, candidates, _ = made(defined, tables(effects=(effect("exp", "retention", 0.05, 0.005),)))
    assert candidates["idea"].recommendation == "fund"


def test_a_candidate_that_another_passes_in_everything_says_by_which() -> None:
    ideas = {"idea": IDEA | {"cost": 3}, "bigger": IDEA | {"cost": 2, "title": "The bigger one"}}
    told = (promise("idea", "retention", 0.01, 0.001), promise("bigger", "retention", 0.05, 0.001))
    _, candidates, _ = made(definitions(initiatives=ideas, policy={"budget": 3}), tables(promises=told))
    said = "The bigger one does at least as much for every factor and costs no more"
    assert said in candidates["idea"].reasons
    assert not any("at least as much" in reason for reason in candidates["bigger"].reasons)


def test_a_candidate_of_no_value_is_dropped() -> None:
    defined = definitions(initiatives={"idea": IDEA}, policy={"budget": 100})
    _, candidates, _ = made(defined, tables(promises=(promise("idea", "retention", -0.05, 0.01),)))
    assert candidates["idea"].recommendation == "drop"


def test_evidence_moves_a_candidate_but_never_a_verdict() -> None:
    defined = definitions(
        initiatives={"idea": IDEA, "gate": SHIPPED},
        hypotheses={"gate_retention": {"initiative": "gate", "metric": "retention"}},
        experiments={
            "exp": {"source": "players", "variant": "v", "initiative": "idea"},
            "exp2": {"source": "players", "variant": "v", "initiative": "gate"},
        },
        factors={"retention": {"range": [0, 10]}},
    )
    promised = (
        promise("idea", "retention", 3, 1.2815515655),
        promise("gate", "retention", 3, 1.2815515655, locked_at="2026-01-01T00:00:00Z"),
    )
    effects = (effect("exp", "retention", 1, 1), effect("exp2", "retention", 1, 1))
    found = tables(promises=promised, effects=effects)
    _, candidates, _ = made(defined, found)
    value = candidates["idea"].value
    assert value is not None
    # Prior 3 and evidence 1, about equally strong: the candidate's expected effect lies between; 75 points per 10.
    assert 1.5 < value.mean / 7.5 < 2.5
    (verdict,) = verdicts(defined, promised, effects, (), TODAY)
    assert verdict.estimate == 1


def test_a_missing_cost_leaves_the_rank_open() -> None:
    defined = definitions(initiatives={"idea": {}})
    _, candidates, _ = made(defined, tables(promises=(promise("idea", "retention", 0.05, 0.01),)))
    assert candidates["idea"].p_in is None
    assert any("no cost" in reason for reason in candidates["idea"].reasons)


def test_without_a_budget_half_of_the_cost_is_taken_and_said() -> None:
    defined = definitions(initiatives={"a": {"cost": 4}, "b": {"cost": 4}})
    promised = (promise("a", "retention", 0.05, 0.001), promise("b", "retention", 0.02, 0.001))
    _, candidates, headline = made(defined, tables(promises=promised))
    assert candidates["a"].p_in == 1
    assert candidates["b"].p_in == 0
    assert any("half of the candidates' cost" in note for note in headline.notes)


def test_an_experiment_that_failed_its_trust_test_gives_no_verdict() -> None:
    defined = definitions(
        initiatives={"gate": SHIPPED},
        hypotheses={"gate_retention": {"initiative": "gate", "metric": "retention"}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )
    promised = (promise("gate", "retention", 0.02, 0.01, locked_at="2026-01-01T00:00:00Z"),)
    failed = (HealthRow("exp", "sample_ratio", 1e-9, "failed", "uneven"),)
    (verdict,) = verdicts(defined, promised, (effect("exp", "retention", 0.03, 0.001),), failed, TODAY)
    assert verdict.verdict == "unproven"
    assert "trust test" in verdict.reason
    found = tables(effects=(effect("exp", "retention", 0.03, 0.001),), health=failed, verdicts=(verdict,))
    shipped, _, headline = made(defined, found)
    assert shipped["gate"].value is None
    assert shipped["gate"].measured is None
    assert any("failed a trust test" in reason for reason in shipped["gate"].reasons)
    assert headline.vital_k is None


@pytest.mark.parametrize(
    ("due", "locked", "expected"),
    [(None, None, "no_promise"), ("2026-07-01", "2026-01-01", "unproven"), ("2026-05-01", "2026-01-01", "kept")],
)
def test_verdicts_wait_for_a_locked_promise_and_its_day(due: str | None, locked: str | None, expected: str) -> None:
    defined = definitions(
        initiatives={"gate": SHIPPED},
        hypotheses={"gate_retention": {"initiative": "gate", "metric": "retention", "due": due}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )
    promised = (promise("gate", "retention", 0.02, 0.01, locked_at=locked),)
    (verdict,) = verdicts(defined, promised, (effect("exp", "retention", 0.03, 0.001),), (), TODAY)
    assert verdict.verdict == expected


def test_a_promise_locked_after_the_start_predicted_nothing() -> None:
    defined = definitions(
        initiatives={"gate": SHIPPED},
        hypotheses={"gate_retention": {"initiative": "gate", "metric": "retention"}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )
    late = promise("gate", "retention", 0.02, 0.01, locked_at="2026-01-01T00:00:00Z", proved="no")
    effects = (effect("exp", "retention", 0.03, 0.001),)
    (verdict,) = verdicts(defined, (late,), effects, (), TODAY)
    assert verdict.verdict == "no_promise"
    assert "after the start" in verdict.reason
    _, _, headline = made(defined, tables(effects=effects, promises=(late,), verdicts=(verdict,)))
    assert headline.resolved == 0


def test_a_failed_guardrail_makes_a_line_harmful_whatever_it_gains() -> None:
    defined = definitions(
        guardrails={"tickets": {"margin": 0.5}},
        initiatives={"gate": SHIPPED},
        hypotheses={"gate_retention": {"initiative": "gate", "metric": "retention"}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )
    promised = (promise("gate", "retention", 0.02, 0.01, locked_at="2026-01-01T00:00:00Z"),)
    effects = (effect("exp", "retention", 0.1, 0.001), effect("exp", "tickets", 2.0, 0.1))
    (verdict,) = verdicts(defined, promised, effects, (), TODAY)
    assert verdict.verdict == "harmful"
    assert "tickets" in verdict.reason


def test_thirty_one_equal_lines_do_not_pretend_to_know_the_vital_few() -> None:
    keys = [f"line_{number}" for number in range(31)]
    defined = definitions(
        initiatives=dict.fromkeys(keys, SHIPPED),
        experiments={f"exp_{key}": {"source": "players", "variant": "v", "initiative": key} for key in keys},
    )
    found = tables(effects=tuple(effect(f"exp_{key}", "retention", 0.01, 0.01) for key in keys))
    shipped, _, headline = made(defined, found)
    assert headline.vital_low is not None
    assert headline.vital_high is not None
    assert headline.vital_high > headline.vital_low
    assert all(0.3 < (line.p_vital or 0) < 0.8 for line in shipped.values())
