"""Moments and ready results become effects; what cannot be computed is named, and the rest goes on."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vitalfew.evidence import effects
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import GivenRow, HealthRow
from vitalfew.stats import Moments, compare
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow, MomentsRow

RNG = np.random.default_rng(7)


def _definitions(**more: Any) -> Definitions:
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {
                "revenue": {"source": "users", "version": 3},
                "paid": {"source": "users", "kind": "proportion"},
                "click_rate": {"kind": "ratio", "numerator": {"source": "users"}, "denominator": {"source": "users"}},
            },
            "experiments": {
                "test": {"source": "users", "variant": "arm", "metrics": ["revenue", "paid", "click_rate"]}
            },
        }
        | more
    )


def _arm(n: int = 200) -> Moments:
    clicks = RNG.poisson(3, n).astype(float)
    return Moments.of(
        {
            "revenue": RNG.gamma(2, 5, n),
            "paid": RNG.integers(0, 2, n).astype(float),
            "click_rate": clicks,
            "click_rate/denominator": clicks + RNG.poisson(5, n) + 1.0,
        }
    )


def _rows(arms: dict[str, Moments], segment: str | None = None, experiment: str = "test") -> tuple[MomentsRow, ...]:
    return tuple(moments_row("users", experiment, arm, segment, moments) for arm, moments in arms.items())


def _by_metric(rows: tuple[EffectRow, ...]) -> dict[str, EffectRow]:
    return {row.metric: row for row in rows}


def test_every_metric_gets_the_numbers_of_compare() -> None:
    arms = {"control": _arm(), "new": _arm(300)}
    rows, failed = effects(_definitions(), _rows(arms), ())
    assert failed == ()
    assert [row.metric for row in rows] == ["revenue", "paid", "click_rate"]
    for row in rows:
        bottom = "click_rate/denominator" if row.metric == "click_rate" else None
        referee = compare(arms["control"], arms["new"], numerator=row.metric, denominator=bottom)
        assert (row.estimate, row.se, row.p_value) == (referee.estimate, referee.se, referee.p_value)
        assert [tuple(vars_of) for vars_of in referee.intervals] == [
            (i.confidence, i.low, i.high) for i in row.intervals
        ]
        assert row.relative is not None
        assert (row.relative.low, row.relative.high) == (referee.relative.low, referee.relative.high)
        assert row.n == {"control": 200, "new": 300}
        assert (row.arm, row.control, row.mode, row.grade) == ("new", "control", "fixed", "tested")
    assert _by_metric(rows)["revenue"].metric_version == 3
    assert "proportions" in _by_metric(rows)["paid"].method
    assert "delta method" in _by_metric(rows)["click_rate"].method


def test_segments_and_several_arms_each_get_a_row() -> None:
    arms = {"control": _arm(), "a": _arm(), "b": _arm()}
    rows, _ = effects(_definitions(), (*_rows(arms), *_rows(arms, "young")), ())
    assert [(row.segment, row.arm) for row in rows if row.metric == "paid"] == [
        (None, "a"),
        (None, "b"),
        ("young", "a"),
        ("young", "b"),
    ]
    assert rows[0].family == "exploratory: 3 metrics x 2 arms, false-discovery rate (Benjamini-Hochberg)"
    assert all(row.adjusted_p is not None and row.adjusted_p >= (row.p_value or 0) for row in rows)


def test_an_unknown_control_lists_the_arms_that_exist() -> None:
    rows, failed = effects(_definitions(), _rows({"old": _arm(), "new": _arm()}), ())
    assert rows == ()
    assert failed[0].item == "test"
    assert failed[0].reason == "control 'control' is no arm of the data; arms: old, new"


def test_an_experiment_with_one_arm_is_not_enough() -> None:
    rows, failed = effects(_definitions(), _rows({"control": _arm()}), ())
    assert rows == ()
    assert "'control' is the only arm that has units" in failed[0].reason


def test_an_empty_arm_in_a_segment_is_named_and_the_rest_goes_on() -> None:
    rows, failed = effects(
        _definitions(), (*_rows({"control": _arm(), "new": _arm()}), *_rows({"control": _arm()}, "young")), ()
    )
    assert len(rows) == 3
    assert [(row.item, row.reason) for row in failed] == [("test/young", "not enough data: no units in arm 'new'")]


def test_a_constant_metric_fails_alone() -> None:
    arm = Moments.of({"revenue": [1.0, 2.0, 4.0], "paid": [1.0, 1.0, 1.0], "click_rate": [1.0, 0.0, 2.0]})
    rows, failed = effects(_definitions(), _rows({"control": arm, "new": arm}), ())
    assert [row.metric for row in rows] == ["revenue", "click_rate"]
    assert failed[0].item == "test/paid/new"
    assert "does not vary between the units" in failed[0].reason


def test_a_metric_that_was_not_measured_is_named_with_the_nearest() -> None:
    definitions = _definitions(experiments={"test": {"source": "users", "metrics": ["revenue", "paid"]}})
    arm = Moments.of({"revenue": [1.0, 2.0]})
    rows, failed = effects(
        definitions, (*_rows({"control": arm, "new": arm}), *_rows({"control": arm, "new": arm}, "a")), ()
    )
    assert [row.metric for row in rows] == ["revenue", "revenue"]
    assert len(failed) == 1
    assert failed[0].reason == "not measured in any arm; known: revenue"


def _aggregates(variance: float | None = 2.0) -> tuple[MomentsRow, ...]:
    return tuple(
        moments_row("past", "e1", arm, None, Moments.given(metric, n=50, mean=mean, variance=variance))
        for metric in ("m1", "m2")
        for arm, mean in (("control", 1.0), ("treatment", 1.5))
    )


def test_aggregates_of_an_experiment_nobody_defined_are_compared_too() -> None:
    rows, failed = effects(_definitions(), _aggregates(), ())
    assert failed == ()
    assert [(row.experiment, row.metric, row.estimate) for row in rows] == [("e1", "m1", 0.5), ("e1", "m2", 0.5)]
    assert rows[0].se == pytest.approx(math.sqrt(2 / 50 + 2 / 50))


def test_a_missing_variance_keeps_the_estimate_and_says_so() -> None:
    rows, failed = effects(_definitions(), _aggregates(None), ())
    assert failed == ()
    for row in rows:
        assert (row.estimate, row.se, row.intervals, row.p_value) == (0.5, None, (), None)
        assert "variance missing: no standard error, interval or p-value" in row.notes


def test_aggregates_say_that_links_cannot_be_corrected() -> None:
    rows, _ = effects(_definitions(), _aggregates(), ())
    assert all("links between metrics cannot be corrected" in row.notes[0] for row in rows)
    rows, _ = effects(_definitions(), _rows({"control": _arm(), "new": _arm()}), ())
    assert not any("links between metrics" in note for row in rows for note in row.notes)


def test_a_ready_result_is_taken_as_given() -> None:
    rows, _ = effects(_definitions(), (), [GivenRow("past", "old_test", "revenue", 0.5, 0.2, n=900)])
    (row,) = rows
    assert (row.estimate, row.se, row.method, row.grade) == (0.5, 0.2, "as given", "tested")
    assert row.intervals[1].low == pytest.approx(0.5 - 1.959963984540054 * 0.2)
    assert row.p_value == pytest.approx(0.01241933)
    assert "900 units in all" in row.notes


@pytest.mark.parametrize("se", [None, 0.0])
def test_a_ready_result_without_a_standard_error_has_no_interval(se: float | None) -> None:
    rows, _ = effects(_definitions(), (), [GivenRow("past", "old_test", "revenue", 0.5, se)])
    assert (rows[0].se, rows[0].intervals, rows[0].p_value) == (None, (), None)
    assert "standard error missing" in rows[0].notes[0]


def test_a_failed_trust_test_makes_the_grade_one_step_weaker() -> None:
    arms = _rows({"control": _arm(), "new": _arm()})
    rows, _ = effects(_definitions(), arms, (), [HealthRow("test", "sample_ratio", 1e-9, "failed", "uneven")])
    assert {row.grade for row in rows} == {"staged"}
    assert "trust test failed (sample ratio)" in rows[0].notes[-1]


def test_missing_values_of_one_metric_weaken_that_metric_alone() -> None:
    arms = _rows({"control": _arm(), "new": _arm()})
    tests = [
        HealthRow("test", "missing_share/paid", 1e-9, "failed", "drops out"),
        HealthRow("other", "crossed", None, "failed", ""),
    ]
    rows, _ = effects(_definitions(), arms, (), tests)
    assert {row.metric: row.grade for row in rows} == {"revenue": "tested", "paid": "staged", "click_rate": "tested"}


def test_nothing_measured_gives_nothing() -> None:
    assert effects(_definitions(), (), ()) == ((), ())
