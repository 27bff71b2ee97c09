"""Rules of the value model that a ledger must not bend."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, promise, tables, use
from vitalfew.decide.draws import cost_draws
from vitalfew.decide.effects import Known, correlation, known_effects
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.verdicts import verdicts
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import WeightRow
from vitalfew.stats.moments import Moments
from vitalfew.workspace.definitions import Quantiles

if TYPE_CHECKING:
    from vitalfew.results.rows import CandidateLine, EffectRow, ShippedLine, Tables, VerdictRow
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
LOCKED = "2026-01-01T00:00:00Z"
EXPERIMENT = {"source": "players", "variant": "v", "initiative": "gate"}


def candidate(defined: Definitions, found: Tables) -> CandidateLine:
    return ledger(Inputs.of(defined, found, TODAY, 1))[1][0]


def shipped(defined: Definitions, found: Tables) -> ShippedLine:
    return ledger(Inputs.of(defined, found, TODAY, 1))[0][0]


def asked(**hypothesis: Any) -> Definitions:
    return definitions(
        guardrails={"tickets": {"margin": 0.5, "segment": "new"}},
        segments={"new": {"source": "players", "filter": "fresh"}},
        initiatives={"gate": {"status": "shipped"}},
        hypotheses={"gate_retention": {"initiative": "gate", "metric": "retention", **hypothesis}},
        experiments={"exp": EXPERIMENT},
    )


def verdict_of(defined: Definitions, *rows: EffectRow, **locked: Any) -> VerdictRow:
    held = promise("gate", "retention", 0.02, 0.01, locked_at=LOCKED, **locked)
    return verdicts(defined, (held,), rows, (), TODAY)[0]


GOOD, OTHER = effect("exp", "retention", 0.03, 0.001), effect("exp", "tickets", 3.0, 0.01)


@pytest.mark.parametrize("later", [{"metric": "tickets"}, {"segment": "new"}, {"due": date(2027, 1, 1)}])
def test_a_promise_is_judged_as_it_was_locked_whatever_the_definition_says_by_now(later: dict[str, Any]) -> None:
    assert verdict_of(asked(**later), GOOD, OTHER, due="2026-05-01").verdict == "kept"


def test_the_locked_day_is_waited_for_though_the_definition_was_moved_forward() -> None:
    found = verdict_of(asked(due=date(2026, 5, 1)), GOOD, due="2026-12-01")
    assert found.verdict == "unproven"
    assert "1 Dec 2026" in found.reason


def test_a_promise_about_a_metric_that_is_gone_is_unproven() -> None:
    held = promise("gate", "lost", 0.02, 0.01, hypothesis="gate_retention", locked_at=LOCKED)
    (found,) = verdicts(asked(), (held,), (GOOD,), (), TODAY)
    assert found.verdict == "unproven"
    assert "no longer defined" in found.reason


def test_a_guardrail_of_a_segment_is_held_against_that_segment() -> None:
    everyone = effect("exp", "tickets", 2.0, 0.1)
    newcomers = effect("exp", "tickets", 0.0, 0.1, segment="new")
    assert verdict_of(asked(), GOOD, everyone, newcomers).verdict == "kept"
    hurt = effect("exp", "tickets", 2.0, 0.1, segment="new")
    assert verdict_of(asked(), GOOD, effect("exp", "tickets", 0.0, 0.1), hurt).verdict == "harmful"


def test_a_failed_guardrail_is_harm_even_where_the_promised_metric_was_not_measured() -> None:
    assert verdict_of(asked(), effect("exp", "tickets", 2.0, 0.1, segment="new")).verdict == "harmful"


def test_the_promise_shown_is_the_one_behind_the_verdict() -> None:
    defined = definitions(
        initiatives={"gate": {"status": "shipped"}},
        hypotheses={
            "gate_retention": {"initiative": "gate", "metric": "retention"},
            "gate_tickets": {"initiative": "gate", "metric": "tickets"},
        },
        experiments={"exp": EXPERIMENT},
    )
    held = (
        promise("gate", "retention", 0.02, 0.01, locked_at=LOCKED),
        promise("gate", "tickets", -1.0, 0.5, locked_at=LOCKED),
    )
    rows = (GOOD, OTHER)
    found = verdicts(defined, held, rows, (), TODAY)
    line = shipped(defined, tables(effects=rows, promises=held, verdicts=found))
    assert line.verdict == "harmful"
    assert line.promised is not None
    assert line.measured is not None
    assert line.promised.metric == line.measured.metric == "tickets"


@pytest.mark.parametrize(("forecasters", "hidden"), [(1, True), (2, True), (3, False)])
def test_the_value_of_a_candidate_never_tells_what_one_or_two_people_forecast(forecasters: int, hidden: bool) -> None:
    defined = definitions(initiatives={"gate": {"cost": 5}})
    open_promise = promise("gate", "retention", 0.05, 0.01, forecasters=forecasters)
    line = candidate(defined, tables(promises=(open_promise,)))
    assert (line.value is None, line.parts == ()) == (hidden, hidden)
    assert any("fewer than three people" in reason for reason in line.reasons) == hidden
    assert line.p_in is not None
    locked = candidate(
        defined, tables(promises=(promise("gate", "retention", 0.05, 0.01, forecasters=1, locked_at=LOCKED),))
    )
    assert locked.value is not None


def test_of_two_forecasts_of_one_factor_the_locked_one_counts_in_any_order() -> None:
    defined = definitions(initiatives={"gate": {"cost": 5}})
    one = promise("gate", "retention", 0.01, 0.001, hypothesis="b", locked_at=LOCKED)
    two = promise("gate", "retention", 0.09, 0.001, hypothesis="a", forecasters=9)
    first, second = (candidate(defined, tables(promises=order)) for order in ((one, two), (two, one)))
    assert first == second
    assert first.value is not None
    assert first.value.mean == pytest.approx(100 * 0.75 * 0.01 / 0.2, rel=0.01)
    assert any("several forecasts" in reason for reason in first.reasons)


def test_a_forecast_about_a_segment_alone_is_named_and_not_taken_for_all() -> None:
    defined = definitions(initiatives={"gate": {"cost": 5}})
    line = candidate(defined, tables(promises=(promise("gate", "retention", 0.05, 0.01, segment="new"),)))
    assert line.value is None
    assert any("new alone" in reason for reason in line.reasons)


def test_a_forecast_about_a_segment_counts_by_the_share_of_the_segment() -> None:
    promised = promise("gate", "retention", 0.05, 0.001, segment="new")
    everyone = candidate(
        definitions(initiatives={"gate": {"cost": 5}}), tables(promises=(replace(promised, segment="all"),))
    )
    given = definitions(initiatives={"gate": {"cost": 5}}, segments={"new": {"share": 0.2}})
    line = candidate(given, tables(promises=(promised,)))
    assert line.value is not None
    assert everyone.value is not None
    assert line.value.mean == pytest.approx(0.2 * everyone.value.mean, rel=1e-6)
    assert any("new (20 % of all units)" in reason for reason in line.reasons)
    measured = definitions(
        initiatives={"gate": {"cost": 5}}, segments={"new": {}}, features={"forms": {"events": ["x"]}}
    )
    rows = (use("forms", 0.4, hardly=False), replace(use("forms", 0.4, hardly=False), segment="new", eligible=200))
    assert candidate(measured, tables(promises=(promised,), use=rows)).value == line.value


def test_a_factor_nobody_weighed_is_named_and_not_taken_as_worthless() -> None:
    defined = definitions(initiatives={"gate": {"status": "shipped"}}, experiments={"exp": EXPERIMENT})
    line = shipped(defined, tables(effects=(GOOD, OTHER), weights=(WeightRow("retention", 1.0),)))
    assert [part.factor for part in line.parts] == ["retention"]
    assert any("nobody has weighed: tickets" in reason for reason in line.reasons)


def test_a_forecast_without_spread_does_not_outweigh_a_test() -> None:
    defined = definitions(initiatives={"gate": {"cost": 5}}, experiments={"exp": EXPERIMENT})
    sure = promise("gate", "retention", 0.1, 0.0, locked_at=LOCKED)
    line = candidate(defined, tables(promises=(sure,), effects=(effect("exp", "retention", -0.05, 0.002),)))
    assert line.value is not None
    assert line.value.high < 0
    assert line.recommendation == "drop"


def test_evidence_and_forecast_are_joined_by_their_precision() -> None:
    defined = definitions(initiatives={"gate": {"cost": 5}}, experiments={"exp": EXPERIMENT})
    held = promise("gate", "retention", 0.04, 0.01, locked_at=LOCKED)
    line = candidate(defined, tables(promises=(held,), effects=(effect("exp", "retention", 0.01, 0.01),)))
    sd = 0.02 * np.pi / np.sqrt(3) / (2 * np.log(9))  # of the symmetric metalog with this 80 % interval
    weight = (1 / sd**2) / (1 / sd**2 + 1 / 0.01**2)
    assert line.value is not None
    assert line.value.mean == pytest.approx(100 * 0.75 / 0.2 * (weight * 0.04 + (1 - weight) * 0.01), abs=0.05)


def test_experiments_that_contradict_each_other_are_not_replicated_and_widen_the_interval() -> None:
    defined = definitions(initiatives={"gate": {}}, experiments={"a": EXPERIMENT, "b": {**EXPERIMENT, "variant": "w"}})

    def joined(second: float) -> Known:
        rows = (effect("a", "retention", 0.05, 0.01), effect("b", "retention", second, 0.01))
        return known_effects(defined, rows, frozenset())["gate"]["retention"]

    assert joined(0.051).grade == "replicated"
    assert joined(0.051).se == pytest.approx(0.01 / np.sqrt(2))
    assert joined(-0.05).grade == "tested"
    assert joined(-0.05).low < -0.05


def test_the_same_data_under_two_names_count_once() -> None:
    defined = definitions(initiatives={"gate": {}}, experiments={"a": EXPERIMENT, "b": EXPERIMENT})
    rows = (effect("a", "retention", 0.05, 0.01), effect("b", "retention", 0.05, 0.01))
    found = known_effects(defined, rows, frozenset())["gate"]["retention"]
    assert (found.se, found.grade, found.experiments) == (0.01, "tested", ("a",))


def test_the_correlation_of_a_ratio_and_a_mean_is_that_of_their_estimates() -> None:
    rng = np.random.default_rng(5)
    estimates, joint = [], []
    for _ in range(400):
        arms = {}
        for arm in ("old", "new"):
            sessions = rng.poisson(5, 300) + 1.0
            spend = sessions * 2 + rng.normal(0, 3, 300)
            depth = sessions + rng.normal(0, 1, 300)
            depth[rng.random(300) < 0.2] = np.nan
            arms[arm] = Moments.of({"spend": spend, "spend/denominator": sessions, "depth": depth})
        estimates.append(
            [
                arms["new"].mean_of("spend") / arms["new"].mean_of("spend/denominator")
                - arms["old"].mean_of("spend") / arms["old"].mean_of("spend/denominator"),
                arms["new"].mean_of("depth") - arms["old"].mean_of("depth"),
            ]
        )
        rows = [moments_row("players", "exp", arm, None, found) for arm, found in arms.items()]
        known = {m: Known(m, 0.0, 1.0, "tested", ("exp",), 0, 0, arms=("old", "new")) for m in ("spend", "depth")}
        joint.append(correlation(rows, "exp", known)[0, 1])
    seen = np.corrcoef(np.array(estimates).T)[0, 1]
    assert np.mean(joint) == pytest.approx(seen, abs=0.12)
    assert abs(np.mean(joint)) < 0.2  # the numerators alone are correlated by more than 0.6


def test_a_lone_candidate_without_a_budget_is_not_dropped_for_lack_of_room() -> None:
    defined = definitions(initiatives={"gate": {"cost": 5}}, experiments={"exp": EXPERIMENT})
    _, (line,), headline = ledger(Inputs.of(defined, tables(effects=(GOOD,)), TODAY, 1))
    assert line.recommendation == "fund"
    assert any("dearest candidate" in note for note in headline.notes)


def test_costs_that_may_be_nothing_keep_their_median() -> None:
    drawn = cost_draws(Quantiles(p10=0, p50=4, p90=8), np.random.default_rng(1))
    assert np.median(drawn) == pytest.approx(4, rel=0.05)
    assert np.quantile(drawn, 0.9) == pytest.approx(8, rel=0.05)


def test_equal_cost_quantiles_are_a_number() -> None:
    assert set(cost_draws(Quantiles(p10=3, p50=3, p90=3), np.random.default_rng(1)).round(9)) == {3.0}


def test_no_factors_no_effects_and_nothing_to_rank_are_no_error() -> None:
    for found in (tables(weights=()), tables(weights=(), promises=(promise("gate", "retention", 0.05, 0.01),))):
        assert candidate(definitions(factors={}, initiatives={"gate": {"cost": 1}}), found).value is None


def test_a_metric_may_be_factor_and_guardrail_at_once() -> None:
    defined = definitions(
        guardrails={"retention": {"margin": 0.01}}, initiatives={"gate": {"cost": 1}}, experiments={"exp": EXPERIMENT}
    )
    assert candidate(defined, tables(effects=(GOOD,))).recommendation == "fund"
    worse = candidate(defined, tables(effects=(effect("exp", "retention", -0.05, 0.001),)))
    assert worse.recommendation == "drop"
    assert worse.p_in == 0
