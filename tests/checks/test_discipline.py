"""The value discipline that was chosen: held or drifting, and the levels of the other two."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from checks.test_detectors import defined, found
from vitalfew.results.rows import EffortRow, SeriesRow, Tables

FOCUS: dict[str, Any] = {"policy": {"discipline": {"chosen": "intimacy"}}}


def effort(*shares: float, lines: int = 5) -> Tables:
    """Effort by quarter of 2025: a share on what was chosen, the rest on another discipline, and as much on none."""
    rows = []
    for at, share in enumerate(shares, start=1):
        parts = (("intimacy", share), ("product", 1 - share), (None, 1.0))
        rows += [EffortRow(f"2025-Q{at}", group, amount, amount / 2, lines) for group, amount in parts]
    return Tables(effort=tuple(rows))


def test_effort_that_leaves_the_chosen_discipline_is_named() -> None:
    (finding,) = found("discipline_drifts", defined(**FOCUS), effort(0.8, 0.7, 0.5, 0.4))
    assert finding.message == "The share of effort on intimacy fell from 75 % to 45 % in the last two quarters."


def test_a_small_fall_few_lines_no_past_and_no_choice_are_silent() -> None:
    assert found("discipline_drifts", defined(**FOCUS), effort(0.6, 0.6, 0.5, 0.45)) == []
    assert found("discipline_drifts", defined(**FOCUS), effort(0.8, 0.7, 0.5, 0.4, lines=4)) == []
    assert found("discipline_drifts", defined(**FOCUS), effort(0.8, 0.1)) == []
    assert found("discipline_drifts", defined(), effort(0.8, 0.7, 0.5, 0.4)) == []


def errors(level: float) -> Tables:
    """Four weeks of a metric that should be low, around a level that hardly scatters from week to week."""
    days = [date(2026, 5, 1) + timedelta(days=at) for at in range(28)]
    rows = (SeriesRow("s", "errors", None, day.isoformat(), level + 0.01 * (at // 7)) for at, day in enumerate(days))
    return Tables(series=tuple(rows))


def test_a_metric_on_the_wrong_side_of_its_level_is_named_and_one_near_it_is_not() -> None:
    focus = {"chosen": "intimacy", "thresholds": [{"metric": "errors", "level": 2.0}]}
    kept = defined(policy={"discipline": focus})
    (finding,) = found("below_threshold", kept, errors(3.0))
    assert (finding.subject, finding.message) == ("errors", "errors stands at 3.02, above its level of 2.")
    assert found("below_threshold", kept, errors(1.0)) == []
    assert found("below_threshold", kept, errors(1.99)) == []  # its interval holds the level
    assert found("below_threshold", kept) == []
