"""A North Star is put to five tests: each is passed, failed or not known, with the fact behind it."""

from __future__ import annotations

from typing import Any

import pytest

from decide.building import definitions, effect, tables
from vitalfew.decide.north_star import north_star
from vitalfew.results.rows import Estimate, LinkRow, PathRow, StarRow, VitalFactorsRow

MONEY = {"source": "players", "column": "m", "level": "business"}


def told(found: dict[str, Any] | None = None, metric: dict[str, Any] | None = None, **more: Any) -> dict[str, StarRow]:
    kinds: dict[str, Any] = {
        "metrics": {"calm": {"source": "players", "column": "c"} | (metric or {}), "money": MONEY, "sold": MONEY},
        "factors": {"calm": {"range": [0, 1], "north_star": True} | more.pop("factor", {})},
    }
    return {row.test: row for row in north_star(definitions(**kinds | more), tables(**(found or {})))}


def linked(status: Any, low: float | None, high: float | None) -> LinkRow:
    estimate = None if low is None or high is None else (low + high) / 2
    return LinkRow("l", "calm", "money", "influence", status, estimate, low, high, 1.0, "tested", 5.0, 9, "EM")


LINKS = {"links": {"l": {"kind": "influence", "parent": "calm", "child": "money"}}}


def test_without_a_star_there_is_nothing_to_test() -> None:
    assert north_star(definitions(), tables()) == ()


def test_it_moves_where_sound_experiments_moved_it() -> None:
    effects = (*(effect(f"x{at}", "calm", 0.0, 1.0) for at in range(2)), effect("y", "calm", 5.0, 1.0))
    row = told({"effects": effects})["moves"]
    assert (row.status, row.said) == ("yes", "was moved by 1 of 3 experiments")
    assert told({"effects": effects[:2]})["moves"].status == "unknown"
    assert told({"effects": effects}, factor={"lag_weeks": 60.0})["moves"].status == "no"


@pytest.mark.parametrize(
    ("metric", "factor", "status"),
    [({}, {"provenance": "customer"}, "yes"), ({"side": "customer"}, {}, "yes"), ({"side": "business"}, {}, "no")],
)
def test_it_is_customers_value_where_they_said_so_or_it_counts_to_them(
    metric: dict[str, Any], factor: dict[str, Any], status: str
) -> None:
    assert told(metric=metric, factor=factor)["customers"].status == status


def test_a_count_in_a_feature_is_activity() -> None:
    assert told(metric={"kind": "count", "level": "feature"})["outcome"].status == "no"
    assert told()["outcome"].status == "yes"


def test_it_leads_to_the_business_once_data_tell_and_not_by_a_wish() -> None:
    assert told()["business"].status == "no"
    assert told(**LINKS)["business"].status == "unknown"
    assert told({"links": (linked("weak", -1.0, 2.0),)}, **LINKS)["business"].status == "unknown"
    row = told({"links": (linked("estimated", 1.0, 2.0),)}, **LINKS)["business"]
    assert (row.status, row.said) == ("yes", "moves money, as experiments tell")
    assert told(metric={"level": "business"})["business"].said == "is a metric of the business itself"


def test_a_chain_that_tells_counts_like_a_link() -> None:
    chain = {
        "l": {"kind": "influence", "parent": "calm", "child": "money"},
        "m": {"kind": "influence", "parent": "money", "child": "sold"},
    }
    path = PathRow("calm", "sold", ("l", "m"), Estimate(2.0, 1.0, 3.0), None, None, None, 9, "tested")
    assert told({"paths": (path,)}, links=chain)["business"].said == "moves sold, as experiments tell"


@pytest.mark.parametrize(("low", "lines", "status"), [(0.3, 20, "no"), (0.1, 20, "yes"), (0.3, 19, "unknown")])
def test_it_decides_well_alone_where_little_is_lost(low: float, lines: int, status: str) -> None:
    row = VitalFactorsRow(1, ("calm",), Estimate(0.4, low, 0.5), None, declared=True, lines=lines)
    assert told({"vital_factors": (row,)})["alone"].status == status
