"""Which factors are necessary and not sufficient is said beside the value model."""

from __future__ import annotations

from typing import Any

from vitalfew.report.ends import necessary
from vitalfew.workspace.definitions import Definitions


def shop(**metrics: Any) -> Definitions:
    source = {"users": {"table": "users.csv", "unit": "id"}}
    found = {key: {"source": "users", "title": key.title()} | fields for key, fields in metrics.items()}
    factors = {key: {"range": [0, 1]} for key in metrics if key != "revenue"}
    return Definitions.model_validate({"sources": source, "metrics": found, "factors": factors})


def test_customers_delight_is_necessary_and_not_sufficient_where_there_is_a_business() -> None:
    joy, ease = {"side": "customer"}, {"value_type": "experience"}
    told = necessary(shop(joy=joy, ease=ease, speed={}, revenue={"level": "business"}))
    assert told == (
        "Joy and Ease are necessary, not sufficient: customers' delight keeps the business only by what they move of"
        " Revenue."
    )
    assert necessary(shop(joy=joy, revenue={"level": "business"})).startswith("Joy is necessary, not sufficient")


def test_without_a_business_or_without_customers_nothing_is_marked() -> None:
    assert necessary(shop(joy={"side": "customer"})) == ""
    assert necessary(shop(speed={}, revenue={"level": "business"})) == ""
    assert necessary(shop(joy={"side": "customer", "level": "business"})) == ""
