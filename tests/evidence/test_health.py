"""Trust tests: one row per test, in words with numbers."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest

from vitalfew.evidence import health
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import AssignmentRow
from vitalfew.stats import Moments
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.results.rows import HealthRow, MomentsRow


def _definitions(**experiment: Any) -> Definitions:
    arms = {arm: {"n": "n", "mean": "m"} for arm in ("control", "treatment")}
    return Definitions.model_validate(
        {
            "sources": {
                "users": {"table": "u.csv", "unit": "id"},
                "past": {"table": "p.csv", "shape": "aggregates", "experiment": "e", "metric": "m", "arms": arms},
            },
            "experiments": {"test": {"source": "users"} | experiment},
        }
    )


def _assigned(crossed: int = 0, **units: int) -> tuple[AssignmentRow, ...]:
    return tuple(AssignmentRow("test", arm, count, crossed) for arm, count in units.items())


def _named(rows: tuple[HealthRow, ...]) -> dict[str, HealthRow]:
    return {row.test: row for row in rows}


def test_a_healthy_experiment_gets_a_row_per_test_that_says_ok() -> None:
    arm = Moments.of({"x": [1.0, 2.0]})
    moments = tuple(moments_row("users", "test", name, None, arm) for name in ("control", "new"))
    rows = health(_definitions(), _assigned(control=5000, new=5050), moments)
    assert [(row.test, row.status) for row in rows] == [
        ("sample_ratio", "ok"),
        ("crossed", "ok"),
        ("missing_share", "ok"),
    ]


def test_sizes_are_tested_against_the_planned_split() -> None:
    uneven = _assigned(control=9000, new=1000)
    assert _named(health(_definitions(), uneven, ()))["sample_ratio"].status == "failed"
    planned = _definitions(split={"control": 90.0, "new": 10.0})
    assert _named(health(planned, uneven, ()))["sample_ratio"].status == "ok"


def test_a_planned_arm_without_units_fails() -> None:
    planned = _definitions(split={"control": 1.0, "new": 1.0})
    row = _named(health(planned, _assigned(control=9000), ()))["sample_ratio"]
    assert row.status == "failed"
    assert "new 0.00 %" in row.message


def test_a_split_that_names_other_arms_says_so() -> None:
    planned = _definitions(split={"control": 1.0, "old": 1.0})
    row = _named(health(planned, _assigned(control=10, new=10), ()))["sample_ratio"]
    assert (row.status, row.p) == ("warning", None)
    assert row.message == "Not tested: 'new' has units and no share in the planned split, which names control, old."


@pytest.mark.parametrize(("crossed", "status"), [(0, "ok"), (50, "ok"), (200, "warning"), (2000, "failed")])
def test_units_in_two_arms_are_counted(crossed: int, status: str) -> None:
    row = _named(health(_definitions(), _assigned(crossed, control=5000, new=5000), ()))["crossed"]
    assert row.status == status
    if crossed:
        assert f"{crossed:,} of {10_000 + crossed:,} units" in row.message


def _with_missing(arm: str, gone: int, units: int = 2000) -> MomentsRow:
    values = [math.nan] * gone + [float(at % 2) for at in range(units - gone)]
    return moments_row(
        "users", "test", arm, None, Moments.of({"x": values, "y": [float(at % 3) for at in range(units)]})
    )


def test_missing_values_that_differ_by_arm_are_found_and_named() -> None:
    rows = health(
        _definitions(), _assigned(control=2000, new=2000), (_with_missing("control", 100), _with_missing("new", 200))
    )
    row = _named(rows)["missing_share/x"]
    assert row.status == "failed"
    assert row.message.startswith("X is missing for control 5.00 %, new 10.00 % of the units, not alike")
    assert "missing_share/y" not in _named(rows)


def test_missing_values_that_are_alike_are_ok() -> None:
    rows = health(
        _definitions(), _assigned(control=2000, new=2000), (_with_missing("control", 100), _with_missing("new", 110))
    )
    assert _named(rows)["missing_share/x"].status == "ok"


def test_aggregates_without_a_plan_are_not_tested_against_one() -> None:
    rows = tuple(
        moments_row("past", "e9", arm, None, Moments.given("m", n=n, mean=1.0, variance=1.0))
        for arm, n in (("control", 9000), ("treatment", 1000))
    )
    (row,) = health(_definitions(), (), rows)
    assert (row.test, row.p, row.status) == ("sample_ratio", None, "ok")
    assert row.message == "Not tested: the planned split is not known (control 90.00 %, treatment 10.00 %)."


def test_aggregates_with_a_plan_are_tested() -> None:
    definitions = _definitions(source="past", split={"control": 1.0, "treatment": 1.0})
    rows = tuple(
        moments_row("past", "test", arm, None, Moments.given("m", n=n, mean=1.0, variance=1.0))
        for arm, n in (("control", 9000), ("treatment", 1000))
    )
    (row,) = health(definitions, (), rows)
    assert row.status == "failed"
