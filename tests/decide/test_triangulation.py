"""Whether kinds of evidence agree: several, only one, or one against another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, effect
from vitalfew.decide.triangulation import sentence, triangulation
from vitalfew.results.rows import CandidateLine, HealthRow, Tables

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow, TriangulationRow

LINE = CandidateLine("gate", "Gate", "initiative", None, None, (), None, None, None, "test_first", None)
HEARD = {"statement": "too early", "feedback": 12}


def badge(estimate: float | None = None, need: dict[str, Any] | None = None, **other: Any) -> TriangulationRow:
    """The badge of a line with an effect on retention (standard error 0.01) and a need."""
    made = definitions(
        needs={"early": need or {"statement": "too early"}},
        initiatives={"gate": {"serves": ["early"]}},
        hypotheses={"h": {"initiative": "gate", "metric": "retention"}},
        experiments={"e": {"source": "players", "initiative": "gate", "control": "old"}},
        releases=other.pop("releases", {}),
    )
    effects = () if estimate is None else (effect("e", "retention", estimate, 0.01),)
    (row,) = triangulation(made, Tables(candidates=(LINE,), effects=effects, **other))
    return row


def test_an_experiment_and_what_customers_said_triangulate() -> None:
    row = badge(0.05, HEARD)
    assert (row.badge, row.speaks_for, row.metric) == ("triangulated", ("experiment", "need"), "retention")
    assert sentence(row) == (
        "Evidence triangulated: experiments and what customers said of its need speak for it alike."
    )


def test_what_customers_asked_for_and_a_harmful_experiment_contradict_each_other() -> None:
    row = badge(-0.05, HEARD)
    assert (row.badge, row.speaks_for, row.speaks_against) == ("contradictory", ("need",), ("experiment",))


def test_one_kind_alone_is_a_single_source_and_an_unclear_one_is_silent() -> None:
    assert badge(0.05).badge == "single_source"
    assert badge(0.01, HEARD).speaks_for == ("need",)
    assert badge(0.01).badge == "none"
    assert badge().badge == "none"


def test_an_experiment_that_failed_a_trust_test_is_silent() -> None:
    failed = (HealthRow("e", "sample_ratio", 0.0001, "failed", "sizes"),)
    assert badge(0.05, HEARD, health=failed).badge == "single_source"


@pytest.mark.parametrize(("satisfaction", "respondents", "says"), [(0.3, 40, 1), (0.9, 40, -1), (0.3, 10, 0)])
def test_a_survey_speaks_by_what_is_important_and_unmet(satisfaction: float, respondents: int, says: int) -> None:
    survey = {"importance": 0.8, "satisfaction": satisfaction, "respondents": respondents}
    row = badge(None, {"statement": "s", "survey": survey})
    assert (len(row.speaks_for), len(row.speaks_against)) == (says == 1, says == -1)


def released(adjusted: float) -> EffectRow:
    return effect("r", "retention", 0.04, 0.01, p_value=0.001, adjusted_p=adjusted)


def test_a_release_speaks_only_where_it_stands_out_among_all() -> None:
    out = {"r": {"date": "2026-01-01", "initiatives": ["gate"]}}
    assert badge(0.05, releases=out, release_effects=(released(0.01),)).speaks_for == ("experiment", "release")
    assert badge(0.05, releases=out, release_effects=(released(0.4),)).badge == "single_source"
