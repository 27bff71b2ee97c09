"""What went into features that hardly anybody uses: a share with an interval that holds what is not known for sure."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, tables, use
from vitalfew.decide.hardly_used import hardly_used_share, hardly_used_upkeep
from vitalfew.decide.inputs import Inputs
from vitalfew.results.rows import Estimate

if TYPE_CHECKING:
    from vitalfew.results.rows import UseRow

TODAY = date(2026, 6, 1)


def inputs_of(costs: dict[str, Any], *uses: UseRow, **more: Any) -> Inputs:
    features = {key: {"source": "players", "events": [key], "cost": cost, **more} for key, cost in costs.items()}
    return Inputs.of(definitions(features=features), tables(use=uses), TODAY, 1)


def near(feature: str, users: int, eligible: int) -> UseRow:
    """A feature whose reach is known from so many."""
    reach = Estimate(users / eligible, 0.0, 1.0)
    known = use(feature, 0.0, hardly=users / eligible < 0.05)
    return replace(known, eligible=eligible, users=users, reach=reach)


def test_plain_costs_and_sure_reaches_give_a_share_without_doubt() -> None:
    found = inputs_of({"fax": 30.0, "list": 90.0}, near("fax", 100, 20_000), near("list", 9_000, 20_000))
    assert hardly_used_share(found) == Estimate(0.25)


def test_a_reach_near_the_bound_makes_the_share_uncertain() -> None:
    found = inputs_of({"fax": 30.0, "list": 90.0}, near("fax", 4, 100), near("list", 900, 2_000))
    share = hardly_used_share(found)
    assert share is not None
    assert (share.low, share.estimate, share.high) == (0.0, 0.25, 0.25)


def test_ranges_of_costs_make_it_uncertain_too() -> None:
    wide = {"p10": 10.0, "p50": 30.0, "p90": 90.0}
    share = hardly_used_share(
        inputs_of({"fax": wide, "list": 30.0}, near("fax", 100, 20_000), near("list", 9_000, 20_000))
    )
    assert share is not None
    assert share.low == pytest.approx(10 / 40, abs=0.02)
    assert share.high == pytest.approx(90 / 120, abs=0.02)


def test_what_is_not_judged_or_has_no_cost_counts_on_neither_side() -> None:
    young = replace(near("new", 1, 1000), hardly_used=None)
    found = inputs_of(
        {"fax": 30.0, "new": 500.0, "free": None}, near("fax", 1, 1000), young, use("free", 0.01, hardly=True)
    )
    assert hardly_used_share(found) == Estimate(1.0)
    assert hardly_used_share(inputs_of({"free": None}, use("free", 0.01, hardly=True))) is None


def test_the_upkeep_of_hardly_used_features_is_added_up() -> None:
    found = inputs_of({"fax": 1.0, "list": 1.0}, near("fax", 1, 1000), near("list", 900, 1000), upkeep=2.5)
    assert hardly_used_upkeep(found) == 2.5
    assert hardly_used_upkeep(inputs_of({"fax": 1.0}, near("fax", 1, 1000))) is None
