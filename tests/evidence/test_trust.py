"""Trust tests find what is planted, stay quiet where nothing is, and say what to look at."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from evidence.trials import KEY, arrivals, definitions, judged, moments, two_arms
from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.pre_period import pre_period
from vitalfew.results.rows import AssignmentRow, CountedFact, CountRow, HealthRow

RNG = np.random.default_rng(20_260_303)
RUNNING = {"start": "2026-01-01"}
DAY = date(2026, 1, 31)


def _found(experiment: dict[str, Any] | None = None, **tables: Any) -> dict[str, HealthRow]:
    return {row.test: row for row in judged(definitions(experiment), DAY, **tables).health}


def _counted(what: CountedFact, control: int, new: int, of: int = 10_000) -> tuple[CountRow, ...]:
    return CountRow(KEY, what, "control", control, of), CountRow(KEY, what, "new", new, of)


def test_a_running_experiment_is_tested_so_that_looking_daily_raises_no_alarm() -> None:
    rows = two_arms(RNG, 100)
    fair = _found(RUNNING, moments=rows, arrivals=arrivals(14, control=100, new=100))["sample_ratio"]
    assert fair.status == "ok"
    assert "tested on every day" in fair.message
    uneven = _found(RUNNING, moments=rows, arrivals=arrivals(14, control=1000, new=900))["sample_ratio"]
    assert uneven.status == "failed"
    assert "likely causes" in uneven.message.lower()


def test_an_experiment_that_is_over_is_tested_once() -> None:
    over = {"start": "2026-01-01", "end": "2026-01-14"}
    row = _found(over, moments=two_arms(RNG, 100), arrivals=arrivals(14, control=100, new=100))["sample_ratio"]
    assert (row.status, row.p) == ("ok", 1.0)
    assert "tested on every day" not in row.message


def test_a_ramp_is_told_and_only_its_last_stretch_is_held_to_the_plan() -> None:
    came = arrivals(14, control=[900] * 7 + [500] * 7, new=[100] * 7 + [500] * 7)
    found = _found(RUNNING, moments=two_arms(RNG, 100), arrivals=came)
    assert found["ramp"].status == "ok"
    assert "changed on 2026-01-08 (control 90 %, new 10 % → control 50 %, new 50 %)" in found["ramp"].message
    assert found["sample_ratio"].status == "ok"
    assert "Tested since 2026-01-08" in found["sample_ratio"].message


def test_a_change_too_small_for_a_ramp_is_a_warning() -> None:
    came = arrivals(14, control=[5000] * 14, new=[5000] * 7 + [4400] * 7)
    assert _found(RUNNING, moments=two_arms(RNG, 100), arrivals=came)["ramp"].status == "warning"


@pytest.mark.parametrize(
    ("what", "test", "counts"),
    [
        ("before_start", "before_start", (0, 50, 1500)),
        ("mismatched", "dealing", (0, 20, 400)),
        ("held_out", "held_out", (0, 50, 800)),
    ],
)
def test_units_where_they_should_not_be_are_counted(what: CountedFact, test: str, counts: tuple[int, int, int]) -> None:
    for count, status in zip(counts, ("ok", "warning", "failed"), strict=True):
        row = _found(moments=two_arms(RNG, 50), counts=_counted(what, count, count))[test]
        assert row.status == status
        assert ("Likely causes:" in row.message) == (status != "ok")


@pytest.mark.parametrize(
    ("what", "worst"), [("bots", "failed"), ("merged", "failed"), ("late", "warning"), ("duplicates", "warning")]
)
def test_what_should_be_alike_in_all_arms_is_compared(what: CountedFact, worst: str) -> None:
    alike = _found(moments=two_arms(RNG, 50), counts=_counted(what, 200, 205))[what]
    apart = _found(moments=two_arms(RNG, 50), counts=_counted(what, 200, 400))[what]
    assert (alike.status, apart.status) == ("ok", worst)
    assert "Not alike in all arms." in apart.message


def test_a_small_difference_between_many_events_is_no_alarm() -> None:
    """A million events of which 1.0 % and 1.1 % came twice: the p-value is tiny, the difference is, too."""
    row = _found(moments=two_arms(RNG, 50), counts=_counted("duplicates", 10_000, 11_000, 1_000_000))["duplicates"]
    assert row.p is not None
    assert (row.status, row.p < 1e-6) == ("ok", True)


def _before(arm: str, shift: float, n: int = 400) -> Any:
    before = RNG.normal(10, 2, n) + shift
    age = RNG.normal(40, 10, n)
    return moments(arm, {"value": before + RNG.normal(0, 1, n), "value/before": before, "value/covariate/age": age})


def test_arms_that_differed_before_are_found_and_what_differed_most_is_named() -> None:
    alike = _found(moments=(_before("control", 0), _before("new", 0)))["pre_period"]
    apart = _found(moments=(_before("control", 0), _before("new", 1.5)))["pre_period"]
    assert (alike.status, apart.status) == ("ok", "failed")
    assert "were alike in 2 measures" in alike.message
    assert "most in Value (+" in apart.message
    assert "deal anew with a new salt" in apart.message


def test_the_test_of_the_time_before_keeps_its_level() -> None:
    """Five correlated measures of 60 units: 2,000 A/A tests reject 5 %, within a 99.9 % band."""
    mix = RNG.normal(size=(5, 5))
    p_values = []
    for _ in range(2000):
        rows = [
            moments(arm, {"value": values[:, 0], **{f"value/covariate/c{at}": values[:, at] for at in range(5)}})
            for arm, values in zip(("control", "new"), RNG.normal(size=(2, 60, 5)) @ mix, strict=True)
        ]
        (row,) = pre_period(definitions(), KEY, "control", by_experiment(rows)[KEY])
        p_values.append(row.p)
    rate = float(np.mean(np.array(p_values) < 0.05))
    assert 0.0345 <= rate <= 0.0665


def test_phases_are_no_difference_before() -> None:
    """Users of the second phase differ from those of the first, and more of them are treated."""
    rows = []
    for phase, (control, new, level) in enumerate(((900, 100, 0.0), (500, 500, 5.0))):
        for arm, n in (("control", control), ("new", new)):
            values = RNG.normal(level, 1, n)
            rows.append(moments(arm, {"value": values + RNG.normal(size=n), "value/before": values}, phase=phase))
    assert _found(moments=tuple(rows))["pre_period"].status == "ok"


def test_a_unit_that_decides_alone_is_named() -> None:
    """One customer of 50 lost a hundred times what the others gained."""
    control = RNG.normal(5, 0.5, 50)
    new = np.append(RNG.normal(5.5, 0.5, 49), -30.0)
    found = _found(moments=(moments("control", {"value": control}), moments("new", {"value": new})))
    assert found["outliers/value"].message.startswith("Value, new: one unit decides: without the smallest value of")
    assert "cap the metric" in found["skew/value"].message
    assert {found[name].status for name in ("outliers/value", "skew/value")} == {"warning"}


def test_a_p_value_near_the_line_is_not_one_units_doing() -> None:
    """Every largest value of 400 turns .049 into .051."""
    noise = RNG.normal(0, 1, 400)
    noise -= noise.mean()
    shift = 1.98 * np.sqrt(2 * noise.var(ddof=1) / 400)
    found = _found(moments=(moments("control", {"value": noise}), moments("new", {"value": noise + shift})))
    assert not any(name.startswith("outliers") for name in found)


def test_an_early_look_at_a_test_for_one_look_is_a_warning() -> None:
    experiment = {"start": "2026-01-01", "end": "2026-02-28", "mode": "fixed"}
    row = _found(experiment, moments=two_arms(RNG, 50))["peeking"]
    assert row.status == "warning"
    assert "set mode: always_valid" in row.message
    assert "peeking" not in _found(
        {"start": "2026-01-01", "end": "2026-01-05", "mode": "fixed"}, moments=two_arms(RNG, 9)
    )


def test_an_effect_too_good_to_be_true_is_checked_first() -> None:
    found = judged(definitions(), moments=two_arms(RNG, 500, 3.0))
    assert found.effects[0].check_first is not None
    row = next(row for row in found.health if row.test == "check_first/value")
    assert row.status == "warning"
    assert "check events, joins and units of both arms first" in row.message
    assert judged(definitions(), moments=two_arms(RNG, 500, 0.2)).effects[0].check_first is None


def test_warnings_do_not_lower_the_grade_and_failures_do() -> None:
    uneven = (AssignmentRow(KEY, "control", 1000), AssignmentRow(KEY, "new", 1130))
    found = judged(definitions(), moments=two_arms(RNG, 100), assignments=uneven)
    assert {row.test: row.status for row in found.health}["sample_ratio"] == "warning"
    assert found.effects[0].grade == "tested"
    broken = judged(definitions(), moments=two_arms(RNG, 100), counts=_counted("mismatched", 500, 500))
    assert broken.effects[0].grade == "staged"
    assert broken.experiments[0].action == "do_not_decide"


def test_units_kept_in_their_first_arm_are_said_to_be() -> None:
    assigned = (AssignmentRow(KEY, "control", 5000, 200), AssignmentRow(KEY, "new", 5000, 200))
    row = _found({"crossed": "first"}, moments=two_arms(RNG, 50), assignments=assigned)["crossed"]
    assert row.message.startswith("200 of 10,000 units (2.00 %) were seen in more than one arm; each is kept")


def test_events_of_several_tables_add_up_and_the_least_complete_day_counts() -> None:
    first = [CountRow(KEY, "late", arm, 10, 1_000, "2026-03-09") for arm in ("control", "new")]
    second = [CountRow(KEY, "late", arm, 0, 9_000, "2026-03-04") for arm in ("control", "new")]
    row = _found(moments=two_arms(RNG, 50), counts=(*first, *second))["late"]
    assert row.message == (
        "control 0.10 %, new 0.10 % of the events came more than 48 hours late. "
        "Complete to 2026-03-04; later days may still change."
    )
