"""Checks of classic scores and surveys fire on their case and stay silent on a near miss."""

from __future__ import annotations

from typing import Any

import pytest

from checks.test_detectors import defined, found, subjects


def scored(*scores: dict[str, Any], **fields: Any) -> Any:
    initiatives = {f"i{at}": {"title": f"Idea {at}", "scores": each} | fields for at, each in enumerate(scores)}
    return defined(initiatives=initiatives)


def rice(**parts: float) -> dict[str, Any]:
    return {"rice": {"reach": 100, "impact": 2, "confidence": 0.8, "effort": 3} | parts}


def ice(score: float | None, *parts: float) -> dict[str, Any]:
    named = dict(zip(("impact", "confidence", "ease"), parts, strict=True))
    return {"ice": named | ({} if score is None else {"score": score})}


@pytest.mark.parametrize("check", ["off_scale", "mixed_ice", "same_confidence", "few_respondents", "kano_wording"])
def test_a_workspace_without_scores_is_fine(check: str) -> None:
    assert subjects(check, defined(initiatives={"a": {}}, needs={"n": {"statement": "N"}})) == []


@pytest.mark.parametrize(
    ("scores", "told"),
    [
        (rice(impact=7), "RICE impact is none of 3, 2, 1, 0.5, 0.25: Idea 0."),
        (rice(confidence=0.65), "RICE confidence is none of 100, 80, 50 %: Idea 0."),
        (ice(None, 11, 5, 5), "ICE ratings are not 1 to 10: Idea 0."),
        ({"wsjf": {"value": 4, "criticality": 3, "opportunity": 1, "size": 5}}, "WSJF numbers are none of"),
    ],
)
def test_a_score_off_its_scale_is_told(scores: dict[str, Any], told: str) -> None:
    (finding,) = found("off_scale", scored(scores))
    assert finding.message.startswith(told)
    assert subjects("off_scale", scored(scores, status="dropped")) == []


def test_scores_on_their_scales_are_fine() -> None:
    wsjf = {"wsjf": {"value": 20, "criticality": 1, "opportunity": 13, "size": 8}}
    assert subjects("off_scale", scored(rice(), ice(None, 1, 10, 5), wsjf)) == []


def test_less_than_half_a_person_month_is_told_where_months_are_counted() -> None:
    small = {"a": {"scores": rice(effort=0.25)}}
    assert subjects("off_scale", defined(initiatives=small, policy={"cost_unit": "person-months"})) == ["initiatives"]
    assert subjects("off_scale", defined(initiatives=small, policy={"cost_unit": "person-weeks"})) == []


def test_means_and_products_in_one_list_are_told() -> None:
    (finding,) = found("mixed_ice", scored(ice(6.67, 7, 5, 8), ice(9.0, 9, 9, 9), ice(280, 7, 5, 8)))
    assert finding.message == "Some ICE scores are means and others products; products: Idea 2."
    assert subjects("mixed_ice", scored(ice(280, 7, 5, 8), ice(729, 9, 9, 9))) == []
    assert subjects("mixed_ice", scored(ice(1, 1, 1, 1), ice(280, 7, 5, 8))) == []  # 1 is the mean and the product


def test_five_ideas_of_one_confidence_are_told() -> None:
    (finding,) = found("same_confidence", scored(*[rice()] * 5))
    assert finding.message == "All 5 ideas have the same confidence, 80 %."
    assert subjects("same_confidence", scored(*[rice()] * 4)) == []
    assert subjects("same_confidence", scored(*[rice()] * 5, rice(confidence=0.5))) == []


@pytest.mark.parametrize(("respondents", "subject"), [(29, ["n"]), (30, [])])
def test_an_opportunity_score_of_few_is_told(respondents: int, subject: list[str]) -> None:
    survey = {"importance": 0.8, "satisfaction": 0.4, "respondents": respondents}
    assert subjects("few_respondents", defined(needs={"n": {"statement": "N", "survey": survey}})) == subject


@pytest.mark.parametrize(("questionable", "subject"), [(6, ["i0"]), (5, [])])
def test_a_kano_question_that_is_misunderstood_is_told(questionable: int, subject: list[str]) -> None:
    counts = {"attractive": 100 - questionable, "questionable": questionable}
    assert subjects("kano_wording", scored({"kano": counts})) == subject
