"""Checks of how metrics hang together: each fires on its case and stays silent on a near miss."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

import pytest

from checks.test_detectors import TODAY, defined, effect, found, subjects
from vitalfew.results.rows import Aim, EffectRow, FailedRow, OpposedRow, Tables

SHIPPED = {"i": {"shipped": date(2026, 5, 1)}}
TESTED = {"x": {"source": "players", "variant": "v", "initiative": "i"}}
LIVE: dict[str, Any] = {"initiatives": SHIPPED, "experiments": TESTED}


def test_a_clear_loss_that_nobody_looked_for_is_found_with_whom_it_hits() -> None:
    effects = (effect("x", "errors", 9), effect("x", "fun", -9, segment="small"), effect("x", "fun", -9))
    (finding,) = found("unintended", defined(**LIVE), Tables(effects=effects))
    assert finding.message == "x made worse what it was not made for: errors (for all) and fun (for small and all)."


@pytest.mark.parametrize(
    ("kinds", "effects"),
    [
        ({}, (effect("x", "fun", 9),)),
        ({}, (effect("x", "fun", -2.5), *(effect("x", "fun", 0.1, segment=f"s{at}") for at in range(20)))),
        ({"factors": {"fun": {"range": [0, 1]}}}, (effect("x", "fun", -9),)),
        ({"guardrails": {"fun": {"margin": 0.0}}}, (effect("x", "fun", -9),)),
        ({"hypotheses": {"h": {"initiative": "i", "metric": "fun"}}}, (effect("x", "fun", -9),)),
        ({"experiments": {"x": TESTED["x"] | {"metrics": ["fun"]}}}, (effect("x", "fun", -9),)),
        ({"initiatives": {"i": {"shipped": TODAY + timedelta(days=1)}}}, (effect("x", "fun", -9),)),
        ({}, (effect("x", "fun", -9, grade="dated"),)),
    ],
    ids=[
        "a gain",
        "in doubt among many",
        "a factor",
        "a guardrail",
        "its aim",
        "all it measured",
        "not live yet",
        "a weak grade",
    ],
)
def test_what_is_watched_already_or_in_doubt_is_no_side_effect(
    kinds: dict[str, Any], effects: tuple[EffectRow, ...]
) -> None:
    assert found("unintended", defined(**(LIVE | kinds)), Tables(effects=effects)) == []


def test_a_staged_release_is_searched_too() -> None:
    kinds = {"releases": {"spring": {"date": date(2026, 5, 1), "title": "Spring"}}}
    tables = Tables(release_effects=(effect("spring", "fun", -9, grade="staged"),))
    (finding,) = found("unintended", defined(**kinds), tables)
    assert finding.message.startswith("Spring made worse")


def two_factors(**dates: date) -> dict[str, Any]:
    factors = {key: {"range": [0, 1]} for key in ("fun", "money")}
    initiatives = {key: {"shipped": day, "serves": [key.partition("_")[0]]} for key, day in dates.items()}
    return {"factors": factors, "initiatives": initiatives}


def test_a_factor_that_nobody_worked_on_for_two_quarters_is_neglected() -> None:
    kinds = two_factors(fun_old=date(2025, 9, 1), money_old=date(2025, 9, 1), fun_new=date(2026, 5, 1))
    assert subjects("neglected", defined(**kinds)) == ["money"]
    new = kinds | {"initiatives": kinds["initiatives"] | {"plan": {"status": "committed", "serves": ["money"]}}}
    assert subjects("neglected", defined(**new)) == []


def test_an_improvement_by_the_way_is_attention_enough() -> None:
    kinds = two_factors(money_old=date(2025, 9, 1), fun_new=date(2026, 5, 1))
    kinds["experiments"] = {
        "x": {"source": "players", "variant": "v", "initiative": "fun_new", "end": date(2026, 4, 1)}
    }
    assert subjects("neglected", defined(**kinds)) == ["money"]
    assert subjects("neglected", defined(**kinds), Tables(effects=(effect("x", "money", 3),))) == []


def test_neglect_needs_two_quarters_of_record_and_work_elsewhere() -> None:
    assert subjects("neglected", defined(**two_factors(fun_new=date(2026, 5, 1)))) == []
    assert subjects("neglected", defined(**two_factors(fun_old=date(2025, 9, 1)))) == []


def test_an_end_of_the_business_that_nothing_measured_leads_to() -> None:
    links = {"l": {"parent": "errors", "child": "fun"}}
    assert subjects("end_without_means", defined(links=links)) == ["money"]
    assert subjects("end_without_means", defined()) == []
    assert subjects("end_without_means", defined(links={"l": {"parent": "fun", "child": "money"}})) == []
    assert subjects("end_without_means", defined(links=links), Tables(effects=(effect("x", "money", 0.1),))) == []


def test_a_formula_that_does_not_hold_is_told_once_and_a_split_that_failed_is_not() -> None:
    gap = FailedRow("components", "money", "the formula does not hold on your data: in x, …", remark=True)
    broken = FailedRow("components", "money in x", "divided by zero")
    (finding,) = found("formula_does_not_hold", defined(), Tables(failed=(gap, broken)))
    assert finding.message == "money: the formula does not hold on your data: in x, …."


def test_a_metric_that_is_to_go_both_ways_is_told() -> None:
    up = Aim("care", "clicks", "key_result", "more", 1.0, 2.0, up=True)
    down = Aim(None, "clicks", "promise", "less", None, -1.0, up=False)
    (finding,) = found("opposed_aims", defined(), Tables(opposed=(OpposedRow("clicks", (up,), (down,)),)))
    assert finding.subject == "clicks"
    assert finding.message.endswith("is to rise for care and to fall for nobody in particular.")
    assert found("opposed_aims", defined(), Tables()) == []
