"""What a candidate is worth: reach by segment, links, grades, calibration, time, removals."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from decide.building import definitions, effect, promise, tables, use
from vitalfew.decide.copula import FEWEST, together
from vitalfew.decide.draws import horizon_share
from vitalfew.decide.effects import BIAS
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.options import options_of
from vitalfew.decide.sampling import chances, correlated, forecast_draws, normals
from vitalfew.decide.shrunk import shrunk
from vitalfew.judgement.metalog import moments, sample

if TYPE_CHECKING:
    from vitalfew.results.rows import CandidateLine, ShippedLine, Tables
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
LOCKED = "2026-01-01T00:00:00Z"
POINTS = 100 * 0.75 / 0.2  # a unit of retention by its weight and its range
SEGMENTS = {
    "free": {"source": "players", "filter": "plan == 'free'", "share": 0.6},
    "pro": {"source": "players", "filter": "plan == 'pro'", "share": 0.2},
    "young": {"source": "players", "filter": "age < 30", "share": 0.5},
}


def candidate(defined: Definitions, found: Tables) -> CandidateLine:
    return ledger(Inputs.of(defined, found, TODAY, 1))[1][0]


def shipped(defined: Definitions, found: Tables) -> ShippedLine:
    return ledger(Inputs.of(defined, found, TODAY, 1))[0][0]


def mean_of(defined: Definitions, found: Tables) -> float:
    value = candidate(defined, found).value
    assert value is not None
    return value.mean


def sure(metric: str, size: float, segment: str = "all", **other: Any) -> Any:
    name = f"gate_{metric}_{segment}"
    return promise("gate", metric, size, 1e-6, segment=segment, locked_at=LOCKED, hypothesis=name, **other)


def gate(**fields: Any) -> Definitions:
    return definitions(initiatives={"gate": {"cost": 5, **fields}}, segments=SEGMENTS)


# Reach ---------------------------------------------------------------------------------------------------------------


def test_forecasts_about_segments_that_exclude_each_other_are_added_up_by_their_shares() -> None:
    told = (sure("retention", 0.05, "free"), sure("retention", -0.01, "pro"))
    assert mean_of(gate(), tables(promises=told)) == pytest.approx(POINTS * (0.6 * 0.05 - 0.2 * 0.01), rel=1e-3)


def test_where_segments_may_overlap_one_forecast_counts_and_the_other_is_named() -> None:
    told = (sure("retention", 0.05, "free"), sure("retention", 0.05, "young"))
    line = candidate(gate(), tables(promises=told))
    assert line.value is not None
    assert line.value.mean == pytest.approx(POINTS * 0.6 * 0.05, rel=1e-3)
    assert any("several forecasts of retention: gate_retention_free counts" in reason for reason in line.reasons)


def test_a_reach_that_is_given_is_split_as_the_segments_are() -> None:
    told = (sure("retention", 0.04, "free"), sure("retention", 0.08, "pro"))
    expected = POINTS * 0.4 * (0.75 * 0.04 + 0.25 * 0.08)
    assert mean_of(gate(reach=0.4), tables(promises=told)) == pytest.approx(expected, rel=1e-3)


# Time ----------------------------------------------------------------------------------------------------------------


def test_a_year_of_value_by_hand() -> None:
    assert horizon_share(52, 0.0, 0) == 1
    assert horizon_share(4, 0.0, 2) == pytest.approx((0.25 + 0.75 + 1 + 1) / 4)
    assert horizon_share(4, 0.0, 0, lag=2) == pytest.approx(0.5)
    assert horizon_share(4, 0.0, 0, until=1.5) == pytest.approx(1.5 / 4)
    assert horizon_share(2, 0.0, 0, half_life=1) == pytest.approx((0.5**0.5 + 0.5**1.5) / 2)
    assert horizon_share(1, 0.1, 0) == pytest.approx(1.1 ** (-0.5 / 52))


def test_decay_lag_and_a_window_that_closes_make_a_line_worth_less() -> None:
    told = tables(promises=(sure("retention", 0.05),))
    plain = mean_of(gate(), told)
    assert mean_of(gate(half_life_weeks=13), told) == pytest.approx(
        plain * horizon_share(52, 0, 0, half_life=13), rel=1e-3
    )
    lagging = definitions(
        initiatives={"gate": {"cost": 5}}, factors={"retention": {"range": [0.1, 0.3], "lag_weeks": 26}}
    )
    weights = tuple(row for row in told.weights if row.factor == "retention")
    assert mean_of(lagging, replace(told, weights=weights)) == pytest.approx(plain / 2, rel=1e-3)
    closing = gate(weeks=4, needed_by="2026-08-10")
    assert mean_of(closing, told) == pytest.approx(plain * 6 / 52, rel=1e-3)
    late = candidate(gate(weeks=20, needed_by="2026-08-10"), told)
    assert late.value is not None
    assert late.value.mean == 0
    assert any("cannot be out before 2026-08-10" in reason for reason in late.reasons)


# Links ---------------------------------------------------------------------------------------------------------------

LINKED = {
    "metrics": {
        "retention": {"source": "players", "column": "r"},
        "tickets": {"source": "players", "column": "t", "direction": "down"},
        "wait": {"source": "players", "column": "w", "direction": "down"},
        "ease": {"source": "players", "column": "e"},
    },
    "links": {
        "wait_retention": {"parent": "wait", "child": "retention", "low": -0.011, "high": -0.009},
        "wait_ease": {"parent": "wait", "child": "ease", "low": -1.0, "high": -1.0},
        "ease_retention": {"parent": "ease", "child": "retention", "low": 0.02, "high": 0.02},
    },
}


def test_a_metric_that_is_no_factor_reaches_it_by_all_paths_and_as_opinion() -> None:
    defined = definitions(
        **LINKED,
        initiatives={"gate": {"cost": 5}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )
    line = candidate(defined, tables(effects=(effect("exp", "wait", -2.0, 1e-6),)))
    assert line.value is not None
    assert line.value.mean == pytest.approx(POINTS * 2 * (0.01 + 0.02), rel=0.01)
    assert line.grade == "opinion"
    assert any("reached through links" in reason for reason in line.reasons)


def test_what_is_known_of_a_factor_stands_in_for_what_links_would_carry() -> None:
    defined = definitions(**LINKED, initiatives={"gate": {"cost": 5}})
    told = tables(promises=(sure("wait", -2.0), sure("retention", 0.01)))
    assert mean_of(defined, told) == pytest.approx(POINTS * 0.01, rel=1e-3)
    halfway = tables(promises=(sure("wait", -2.0), sure("ease", 0.5)))
    assert mean_of(defined, halfway) == pytest.approx(POINTS * (2 * 0.01 + 0.5 * 0.02), rel=0.01)


def test_links_without_a_range_carry_nothing_and_the_forecast_is_named() -> None:
    links = {"a": {"parent": "wait", "child": "retention"}}
    defined = definitions(metrics=LINKED["metrics"], links=links, initiatives={"gate": {"cost": 5}})
    line = candidate(defined, tables(promises=(sure("wait", -2.0),)))
    assert line.value is None
    assert "forecast is about wait, which is no factor" in line.reasons


def test_a_wrong_link_moves_all_lines_that_rest_on_it_together() -> None:
    wide = LINKED | {"links": {"a": {"parent": "wait", "child": "retention", "low": -0.03, "high": 0.01}}}
    defined = definitions(**wide, initiatives={"one": {"cost": 5}, "two": {"cost": 5}})
    told = [promise(key, "wait", -2.0, 1e-6, locked_at=LOCKED) for key in ("one", "two")]
    first, second = options_of(Inputs.of(defined, tables(promises=tuple(told)), TODAY, 1)).values()
    assert np.corrcoef(first, second)[0, 1] > 0.999


# Evidence ------------------------------------------------------------------------------------------------------------


def test_weak_evidence_is_wider_than_its_standard_error_and_a_test_is_not() -> None:
    defined = definitions(
        initiatives={"gate": {"status": "shipped"}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
    )

    def half_width(grade: str) -> float:
        value = shipped(defined, tables(effects=(effect("exp", "retention", 0.02, 0.01, grade=grade),))).value
        assert value is not None
        return (value.high - value.low) / 2 / POINTS / 1.2815515655

    assert half_width("tested") == pytest.approx(0.01, rel=0.03)
    assert half_width("correlated") == pytest.approx(np.hypot(0.01, BIAS["correlated"] * 0.2), rel=0.03)
    assert half_width("dated") == pytest.approx(np.hypot(2**0.5 * 0.01, BIAS["dated"] * 0.2), rel=0.03)
    assert half_width("tested") < half_width("staged") < half_width("dated") < half_width("correlated")


def test_without_a_record_less_than_half_of_a_forecast_is_expected() -> None:
    said = tables(promises=(sure("retention", 0.05),))
    prior = replace(said, calibration_posterior=())
    assert mean_of(gate(), prior) == pytest.approx(0.4 * mean_of(gate(), said), rel=0.03)


def test_an_effect_of_a_removed_feature_is_what_its_removal_takes_away() -> None:
    defined = definitions(
        features={"wizard": {"upkeep": 3}},
        initiatives={
            "wizard_v1": {"status": "shipped", "feature": "wizard"},
            "drop_it": {"cost": 1, "removes": "wizard"},
        },
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "wizard_v1"}},
    )
    found = tables(
        effects=(effect("exp", "retention", 0.02, 1e-6),), use=(use("wizard", 0.02, hardly=True),), promises=()
    )
    line = candidate(defined, found)
    assert line.value is not None
    assert line.value.mean == pytest.approx(-POINTS * 0.02, rel=1e-3)
    assert line.recommendation == "drop"
    assert any("saves 3 person-weeks a year" in reason for reason in line.reasons)


def test_a_change_beyond_the_range_is_told() -> None:
    utility = {"form": "saturating", "half": 0.15}
    factors = {"retention": {"range": [0.1, 0.3], "baseline": 0.25, "utility": utility}}
    defined = definitions(initiatives={"gate": {"cost": 5}}, factors=factors)
    line = candidate(defined, tables(promises=(sure("retention", 0.1),)))
    assert any("would leave its range with probability 100 %" in reason for reason in line.reasons)
    assert line.value is not None
    assert 0 < line.value.mean < POINTS * 0.1


# Draws ---------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("p50", "spread", "p_zero"), [(0.5, 0.6, 0.0), (0.5, 0.6, 0.3), (-0.2, 0.5, 0.6)])
def test_draws_of_a_forecast_have_its_moments_quantiles_and_share_of_nothing(
    p50: float, spread: float, p_zero: float
) -> None:
    told = promise("gate", "retention", p50, spread, p_zero=p_zero)
    drawn = forecast_draws([told], chances(400_000, 1, "gate", "retention")[None])[0].astype(float)
    mean, variance = moments(told)
    assert drawn.mean() == pytest.approx(mean, abs=0.01)
    assert drawn.var() == pytest.approx(variance, rel=0.03)
    assert (drawn == 0).mean() == pytest.approx(p_zero, abs=0.005)
    shares = np.array([0.05, 0.2, 0.5, 0.8, 0.95])
    exact = sample(told, (np.arange(100_000) + 0.5) / 100_000)
    assert np.quantile(drawn, shares) == pytest.approx(np.quantile(exact, shares), abs=0.02)


def test_a_lopsided_forecast_that_no_metalog_fits_keeps_its_quantiles() -> None:
    told = replace(promise("gate", "retention", 0.0, 1.0), p10=0.0, p50=0.1, p90=1.0)
    drawn = forecast_draws([told], chances(200_000, 1, "x")[None])[0]
    assert np.quantile(drawn, [0.1, 0.5, 0.9]) == pytest.approx([0, 0.1, 1], abs=0.01)


def test_chances_with_a_copula_have_its_correlation_and_stay_uniform() -> None:
    apart = np.array([chances(50_000, 1, "a"), chances(50_000, 1, "b")])
    found = correlated(apart, np.array([[1, 0.7], [0.7, 1]]))
    first, second = normals()[found]
    assert np.corrcoef(first, second)[0, 1] == pytest.approx(0.7, abs=0.02)
    assert np.quantile(found[0], [0.1, 0.5, 0.9]) / 65_536 == pytest.approx([0.1, 0.5, 0.9], abs=0.01)


def test_forecasts_of_one_line_go_together_as_past_effects_did() -> None:
    rng = np.random.default_rng(1)
    keys = [f"x{at}" for at in range(60)]
    sizes = rng.normal(0, 1, 60)
    rows = [
        row
        for key, size in zip(keys, sizes.tolist(), strict=True)
        for row in (effect(key, "retention", size, 0.05), effect(key, "tickets", -size + rng.normal(0, 0.3), 0.05))
    ]
    past = {key: {"source": "players", "variant": key, "initiative": "old"} for key in keys}
    defined = definitions(initiatives={"old": {"status": "removed"}, "gate": {"cost": 5}}, experiments=past)
    told = (promise("gate", "retention", 0.05, 0.05), promise("gate", "tickets", -1.0, 1.0))
    swings = options_of(Inputs.of(defined, tables(effects=tuple(rows), promises=told), TODAY, 1)).swings[0]
    assert np.corrcoef(swings)[0, 1] > 0.6
    few = tuple(rows[: 2 * (FEWEST - 1)])
    apart = options_of(Inputs.of(defined, tables(effects=few, promises=told), TODAY, 1)).swings[0]
    assert abs(np.corrcoef(apart)[0, 1]) < 0.05


def test_metrics_that_were_never_measured_together_are_independent() -> None:
    rows = [
        effect(f"x{at}", metric, 0.1 * at, 0.1)
        for metric in ("a", "b")
        for at in range(30)
        if (at < 15) == (metric == "a")
    ]
    assert together(rows, ("a", "b")).between(("a", "b")).tolist() == [[1, 0], [0, 1]]


# The vital set -------------------------------------------------------------------------------------------------------


def test_luck_is_taken_out_of_equal_lines_and_not_out_of_sure_ones() -> None:
    rng = np.random.default_rng(3)
    noisy = rng.normal(1, 1, 31)[:, None] + rng.normal(0, 1, (31, 4000))
    assert shrunk(noisy, 1).mean(axis=1).std() < noisy.mean(axis=1).std() / 2
    exact = np.arange(31.0)[:, None] + rng.normal(0, 1e-3, (31, 4000))
    assert shrunk(exact, 1).mean(axis=1) == pytest.approx(np.arange(31.0), abs=1e-3)


def test_of_very_few_lines_and_of_lines_without_any_doubt_nothing_is_taken() -> None:
    few, none = np.random.default_rng(1).normal(size=(4, 50)), np.ones((9, 50))
    assert shrunk(few, 1).tolist() == few.tolist()
    assert shrunk(none, 1).tolist() == none.tolist()
