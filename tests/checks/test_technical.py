"""Technical health: floors that do not hold or will not, and the share that was agreed."""

from __future__ import annotations

from typing import Any

from checks.test_detectors import defined, found
from checks.test_discipline import errors
from vitalfew.results.rows import EffortRow, ErosionRow, Tables

FLOOR: dict[str, Any] = {"policy": {"technical": {"share": 0.2, "floors": [{"metric": "errors", "level": 2.0}]}}}


def test_a_metric_beyond_its_floor_is_named_and_one_near_it_is_not() -> None:
    (finding,) = found("below_floor", defined(**FLOOR), errors(3.0))
    assert (finding.subject, finding.message) == ("errors", "errors stands at 3.02, above its level of 2.")
    assert found("below_floor", defined(**FLOOR), errors(1.99)) == []
    assert found("below_floor", defined(), errors(3.0)) == []


def foreseen(chance: float, kept: float | None = None) -> Tables:
    return Tables(erosion=(ErosionRow("errors", 2.0, "2027-05-31", chance=chance, kept_chance=kept),))


def test_what_wears_away_is_named_before_it_is_gone_unless_the_plan_puts_it_back() -> None:
    (finding,) = found("health_erodes", defined(**FLOOR), foreseen(0.9))
    assert "will be beyond its floor by 2027-05-31 with probability 0.90" in finding.message
    (with_plan,) = found("health_erodes", defined(**FLOOR), foreseen(0.95, 0.85))
    assert "with the best plan" in with_plan.message
    assert found("health_erodes", defined(**FLOOR), foreseen(0.7)) == []
    assert found("health_erodes", defined(**FLOOR), foreseen(0.95, 0.3)) == []


def test_a_metric_that_is_beyond_its_floor_already_is_named_once() -> None:
    both = Tables(series=errors(3.0).series, erosion=foreseen(0.99).erosion)
    assert len(found("below_floor", defined(**FLOOR), both)) == 1
    assert found("health_erodes", defined(**FLOOR), both) == []


def effort(*shares: float, lines: int = 5) -> Tables:
    rows = []
    for at, share in enumerate(shares, start=1):
        parts = (("technical", share), (None, 1 - share))
        rows += [EffortRow(f"2025-Q{at}", group, each, each, lines, "technical") for group, each in parts]
    return Tables(effort=tuple(rows))


def test_less_than_the_agreed_share_over_two_quarters_is_named() -> None:
    (finding,) = found("technical_share_missed", defined(**FLOOR), effort(0.5, 0.1, 0.2))
    told = "Technical health got 15 % of the effort since 2025-Q2; agreed are at least 20 %."
    assert (finding.subject, finding.message) == ("policy", told)
    assert found("technical_share_missed", defined(**FLOOR), effort(0.1, 0.1, 0.3)) == []
    assert found("technical_share_missed", defined(**FLOOR), effort(0.1, 0.1, lines=4)) == []
    assert found("technical_share_missed", defined(), effort(0.1, 0.1)) == []
