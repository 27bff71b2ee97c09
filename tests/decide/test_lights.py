"""Four lights per factor: told, measured, weighed, with a target."""

from __future__ import annotations

from typing import Any

from decide.building import definitions, effect
from vitalfew.decide.lights import lights
from vitalfew.results.rows import FactorLightsRow, Tables, WeightRow

WELL_TOLD: dict[str, Any] = {
    "teams": {"crew": {}},
    "stakeholders": {"player": {}},
    "metrics": {
        "retention": {
            "source": "players",
            "column": "r",
            "title": "Came back",
            "description": "Share who came back.",
            "owner": "crew",
        }
    },
    "factors": {"retention": {"range": [0.1, 0.3], "baseline": 0.2, "stakeholder": "player"}},
    "objectives": {
        "o": {
            "title": "x",
            "key_results": {"k": {"metric": "retention", "baseline": 0.2, "target": 0.25, "due": "2026-12-31"}},
        }
    },
}
MEASURED = Tables(
    effects=(effect("x", "retention", 0.01, 0.01),), weights=(WeightRow("retention", 1.0, 0.9, 1.0, raters=7),)
)


def test_a_factor_that_is_agreed_in_numbers_has_all_lights_on() -> None:
    assert lights(definitions(**WELL_TOLD), MEASURED) == (FactorLightsRow("retention", "on", "on", "on", "on"),)


def test_a_bare_factor_is_told_by_nobody_measured_nowhere_and_asked_for_by_nothing() -> None:
    first, _ = lights(definitions(), Tables())
    assert (first.narrative, first.definition, first.weight, first.target) == ("off", "off", "off", "off")
    assert first.missing == (
        "narrative: give it a title, describe it in a sentence, name whose value it is",
        "definition: measure it in an experiment, name its owner, say where it stands (baseline)",
        "weight: nobody has weighed it",
        "target: no key result asks for it",
    )


def test_what_is_half_there_is_partly_lit() -> None:
    half = {key: value for key, value in WELL_TOLD.items() if key != "objectives"}
    half["objectives"] = {"o": {"title": "x", "key_results": {"k": {"metric": "retention"}}}}
    half["factors"] = {"retention": {"range": [0.1, 0.3], "stakeholder": "player"}, "tickets": {"range": [0, 1]}}
    half["metrics"] = half["metrics"] | {"tickets": {"source": "players", "column": "t"}}
    half["metrics"]["retention"] = {**half["metrics"]["retention"], "description": None}
    said = Tables(
        effects=MEASURED.effects,
        weights=(WeightRow("retention", 0.6, 0.2, 0.8, raters=7), WeightRow("tickets", 0.4, 0.2, 0.8, raters=1)),
    )
    first, second = lights(definitions(**half), said)
    assert (first.narrative, first.definition, first.weight, first.target) == ("partly",) * 4
    assert first.missing == (
        "narrative: describe it in a sentence",
        "definition: say where it stands (baseline)",
        "weight: its weight is far from agreed",
        "target: its key result lacks a baseline, a target or a date",
    )
    assert "weight: one person's answer" in second.missing


def test_without_factors_there_are_no_lights() -> None:
    assert lights(definitions(factors={}), Tables()) == ()
