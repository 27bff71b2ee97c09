"""How often one may look decides how wide an interval is; which mode holds follows from dates and plans."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from evidence.trials import KEY, arrivals, definitions, judged, moments, two_arms
from vitalfew.evidence.arms import by_experiment
from vitalfew.evidence.modes import boundary, p_at_look
from vitalfew.evidence.settings import settings
from vitalfew.results.moments import moments_of, moments_row
from vitalfew.results.rows import EffectRow, GivenRow, Interval
from vitalfew.stats import Moments, always_valid, compare
from vitalfew.stats.group_sequential import boundaries

RNG = np.random.default_rng(20_260_302)
DAY = date(2026, 1, 10)


def _mode(experiment: dict[str, Any], today: date | None = DAY, days: int = 0) -> str:
    rows = two_arms(RNG, 100)
    found = settings(definitions(experiment), by_experiment(rows), arrivals(days, control=10, new=10), today)
    return found[KEY].mode


def _wide(row: EffectRow) -> Interval:
    return row.intervals[1]


@pytest.mark.parametrize(
    ("experiment", "days", "mode"),
    [
        ({}, 0, "fixed"),
        ({}, 5, "always_valid"),
        ({"start": "2026-01-01"}, 0, "always_valid"),
        ({"start": "2026-01-01", "end": "2026-01-10"}, 0, "always_valid"),
        ({"start": "2026-01-01", "end": "2026-01-09"}, 0, "fixed"),
        ({"end": "2026-01-09"}, 5, "fixed"),
        ({"start": "2026-01-01", "mode": "fixed"}, 0, "fixed"),
        ({"mode": "bayesian"}, 0, "bayesian"),
        ({"start": "2026-01-01", "mode": "fixed", "plan": {"mode": "group_sequential"}}, 0, "group_sequential"),
    ],
)
def test_the_mode_follows_from_dates_unless_it_is_said(experiment: dict[str, Any], days: int, mode: str) -> None:
    assert _mode(experiment, days=days) == mode


def test_without_a_day_nothing_counts_as_running() -> None:
    assert _mode({"start": "2026-01-01"}, today=None) == "fixed"


def test_a_running_experiment_has_the_intervals_of_the_confidence_sequence() -> None:
    rows = two_arms(RNG, 500, 0.1)
    found = judged(definitions({"start": "2026-01-01", "plan": {"units": 2000}}), DAY, moments=rows)
    (row,) = found.effects
    assert row.se is not None
    assert row.estimate is not None
    half = float(always_valid.half_widths(row.se, 1000, 2000))
    assert (_wide(row).low, _wide(row).high) == pytest.approx((row.estimate - half, row.estimate + half))
    assert row.p_value == pytest.approx(float(always_valid.p_values(row.estimate, row.se, 1000, 2000)))
    assert row.mode == "always_valid"
    assert "may be looked at any time" in found.experiments[0].reason


def test_the_relative_interval_leaves_out_zero_exactly_when_the_absolute_one_does() -> None:
    """Effects around the edge of significance, in every mode that widens intervals."""
    plan = {"units": 2000, "looks": 4}
    for mode in ("fixed", "always_valid", "group_sequential"):
        seen = set()
        for effect in np.linspace(0.05, 0.35, 13):
            (row,) = judged(
                definitions({"start": "2026-01-01", "plan": plan, "mode": mode}),
                DAY,
                moments=two_arms(RNG, 500, effect),
            ).effects
            assert row.relative is not None
            assert row.relative.low is not None
            assert row.p_value is not None
            significant = _wide(row).low > 0
            assert (row.relative.low > 0) == significant == (row.p_value < 0.05 and (row.estimate or 0) > 0)
            seen.add(significant)
        assert seen == {True, False}, mode


def test_before_a_hundred_units_nothing_is_said() -> None:
    found = judged(definitions({"start": "2026-01-01"}), DAY, moments=two_arms(RNG, 40, 3.0))
    (row,) = found.effects
    assert (row.intervals, row.p_value) == ((), 1.0)
    assert "fewer than 100 units: nothing is said before that" in row.notes
    assert found.experiments[0].action == "inconclusive"


def test_planned_units_are_foretold_from_the_first_week_alone() -> None:
    experiment = {"start": "2026-01-01", "end": "2026-01-20"}
    came = arrivals(9, control=[50] * 7 + [500] * 2, new=[50] * 7 + [500] * 2)
    found = settings(definitions(experiment), by_experiment(two_arms(RNG, 100)), came, DAY)[KEY]
    assert found.planned == 100 * 20
    assert "about 2,000 units expected by the end" in found.notes[0]


def test_without_a_plan_the_intervals_say_so() -> None:
    (row,) = judged(definitions({"start": "2026-01-01"}), DAY, moments=two_arms(RNG, 500)).effects
    assert any("no planned number of units" in note for note in row.notes)


def test_a_planned_look_has_the_published_boundary() -> None:
    """Lan-DeMets O'Brien-Fleming, five looks: 2.68 at 60 %, 2.031 at the end."""
    for n, bound in ((300, 2.680), (500, 2.031)):
        plan = {"mode": "group_sequential", "units": 1000, "looks": 5}
        (row,) = judged(definitions({"plan": plan}), moments=two_arms(RNG, n)).effects
        assert row.se is not None
        half = (_wide(row).high - _wide(row).low) / 2 / row.se
        assert half == pytest.approx(bound, abs=0.03)  # Student's t, so a little wider
        assert half > bound


def test_the_p_value_at_a_look_is_the_level_at_which_it_would_have_stopped() -> None:
    looks = (0.25, 0.5)
    assert p_at_look(boundary(looks, 0.05, "obrien_fleming"), looks, "obrien_fleming") == pytest.approx(0.05, rel=1e-9)
    for z in (1.1, 1.7, 2.2, 3.3, 5.0):
        exact = brentq(lambda level, z=z: boundaries(looks, level, "pocock")[-1] - z, 1e-9, 0.98)
        assert p_at_look(z, looks, "pocock") == pytest.approx(exact, rel=0.01)
    assert p_at_look(0.01, looks, "pocock") == 1.0
    one = boundaries(looks, 0.05, "pocock", two_sided=False)[-1]
    assert p_at_look(one, looks, "pocock", two_sided=False) == pytest.approx(0.05, rel=1e-9)
    assert p_at_look(-1.0, looks, "pocock", two_sided=False) > 0.5


def test_between_planned_looks_a_success_waits() -> None:
    for n, action in ((300, "ship"), (345, "inconclusive"), (500, "ship")):
        plan = {"mode": "group_sequential", "units": 1000, "looks": 5}
        found = judged(definitions({"plan": plan}), moments=two_arms(RNG, n, 1.0)).experiments[0]
        assert found.action == action, n
        assert ("the next planned look is at 800 units" in found.reason) == (action == "inconclusive")


def test_a_belief_draws_a_result_towards_what_such_changes_do() -> None:
    """Twenty-five others moved the metric by about 2 %; this one says 20 % and is hardly believed."""
    rng = np.random.default_rng(5)
    others = [GivenRow("past", f"e{at}", "value", float(rng.normal(0.1, 0.05)), 0.02) for at in range(25)]
    (row, *_) = judged(
        definitions({"mode": "bayesian"}), moments=two_arms(rng, 60, 1.0, mean=5.0), given=tuple(others)
    ).effects
    assert row.shrunk is not None
    assert row.estimate is not None
    assert row.se is not None
    assert 0 < row.shrunk.estimate < 0.7 * row.estimate
    assert (row.shrunk.low, row.shrunk.high) == (_wide(row).low, _wide(row).high)
    assert row.p_better is not None
    assert row.p_value == pytest.approx(2 * (1 - row.p_better), rel=1e-6)
    assert row.expected_loss is not None
    assert 0 <= row.expected_loss < 0.01
    assert any("prior from 25 past effects" in note for note in row.notes)


def test_without_a_past_the_prior_is_weak_and_says_so() -> None:
    (row,) = judged(definitions({"mode": "bayesian"}), moments=two_arms(RNG, 400, 0.3)).effects
    assert row.shrunk is not None
    assert row.shrunk.estimate == pytest.approx(row.estimate or 0, rel=0.05)
    assert any(note.startswith("weak prior (0 ± 10 % of the control's level)") for note in row.notes)


def test_a_belief_in_a_metric_that_should_fall_keeps_its_sign() -> None:
    arms = {"control": RNG.normal(5, 1, 400), "new": RNG.normal(4.5, 1, 400)}
    rows = tuple(moments(arm, {"cost": values}) for arm, values in arms.items())
    (row,) = judged(definitions({"mode": "bayesian"}), moments=rows).effects
    assert row.shrunk is not None
    assert row.estimate is not None
    assert row.estimate < row.shrunk.estimate < 0
    assert row.p_better is not None
    assert row.p_better > 0.999
    assert row.p_non_inferior is not None
    assert row.p_non_inferior < 1e-6


@pytest.mark.parametrize("mode", ["fixed", "always_valid", "group_sequential", "bayesian"])
def test_a_guardrail_is_held_to_its_margin_in_every_mode(mode: str) -> None:
    """Cost may rise by 0.5 (down is good): no rise passes, a rise of 1 does not."""
    plan = {"units": 2000, "looks": 4}
    for rise, kept in ((0.0, True), (1.0, False)):
        rows = tuple(
            moments(arm, {"cost": RNG.normal(5 + more, 1, 500)}) for arm, more in (("control", 0), ("new", rise))
        )
        (row,) = judged(definitions({"mode": mode, "plan": plan}), moments=rows).effects
        assert row.margin == 0.5
        assert row.p_non_inferior is not None
        assert (row.p_non_inferior < 0.05) == kept
        assert row.adjusted_p is None
        assert row.role == "guardrail"


def test_one_look_keeps_the_numbers_of_compare() -> None:
    rows = two_arms(RNG, 60, 0.2)
    (row,) = judged(definitions(), moments=rows).effects
    referee = compare(moments_of(rows[0]), moments_of(rows[1]), numerator="value")
    assert (row.estimate, row.se, row.p_value) == (referee.estimate, referee.se, referee.p_value)
    assert row.relative is not None
    assert (row.relative.low, row.relative.high) == (referee.relative.low, referee.relative.high)


def test_a_segment_has_its_part_of_the_planned_units() -> None:
    whole, part = two_arms(RNG, 1000), two_arms(RNG, 250, segment="young")
    rows = judged(definitions({"start": "2026-01-01", "plan": {"units": 8000}}), DAY, moments=(*whole, *part)).effects
    segment = next(row for row in rows if row.segment == "young")
    assert segment.se is not None
    half = float(always_valid.half_widths(segment.se, 500, 2000))
    assert (_wide(segment).high - _wide(segment).low) / 2 == pytest.approx(half)


def test_moments_without_a_variance_stay_without_an_interval_in_every_mode() -> None:
    rows = tuple(
        moments_row("users", KEY, arm, None, Moments.given("value", n=500, mean=5.0, variance=None))
        for arm in ("control", "new")
    )
    for mode in ("fixed", "always_valid", "group_sequential", "bayesian"):
        (row,) = judged(definitions({"mode": mode}), moments=rows).effects
        assert (row.se, row.intervals, row.p_value, row.p_non_inferior) == (None, (), None, None)
