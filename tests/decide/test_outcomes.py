"""What came of locked promises, in units that can be learned from together."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from decide.building import definitions, effect, promise
from vitalfew.decide.outcomes import is_resolved, outcomes
from vitalfew.results.rows import Tables, VerdictRow

TODAY = date(2026, 6, 1)
LOCKED = "2026-01-01T00:00:00Z"
DEFINED = definitions(
    initiatives={"gate": {"team": "blue"}},
    teams={"blue": {}},
    experiments={"x": {"source": "players", "variant": "arm", "initiative": "gate"}},
)
NO_FACTORS = DEFINED.model_copy(update={"factors": {}})


def verdict(metric: str, **other: Any) -> VerdictRow:
    fields: dict[str, Any] = {"promised": 0.04, "estimate": 0.02, "se": 0.01, "due": "2026-05-01"}
    return VerdictRow(f"gate_{metric}", "gate", metric, "kept", "so", **(fields | other))


def tables(*verdicts: VerdictRow, **other: Any) -> Tables:
    promises = tuple(promise("gate", metric, 0.04, 0.01, locked_at=LOCKED) for metric in ("retention", "tickets"))
    return Tables(promises=promises, verdicts=verdicts, **other)


def test_an_outcome_is_in_ranges_of_the_factor_and_in_the_good_direction() -> None:
    (up, down), notes = outcomes(DEFINED, tables(verdict("retention"), verdict("tickets")), TODAY)
    assert (up.scale, down.scale) == pytest.approx((0.2, -10))
    assert (up.team, notes) == ("blue", ())
    assert up.against(up.promise, "blue").outcome == pytest.approx(0.1)
    assert down.against(down.promise, "blue").outcome == pytest.approx(-0.002)


def test_a_metric_that_is_no_factor_counts_in_its_standard_deviations() -> None:
    rows = (effect("x", "retention", 0.02, 0.01, n={"old": 800, "new": 800}),)
    ((found,), _) = outcomes(NO_FACTORS, tables(verdict("retention"), effects=rows), TODAY)
    assert found.scale == pytest.approx(0.01 * 20)


def test_what_has_no_scale_is_left_out_and_said() -> None:
    found, notes = outcomes(NO_FACTORS, tables(verdict("retention")), TODAY)
    assert found == ()
    assert notes == ("1 left out: on metrics without range and without a known spread",)


@pytest.mark.parametrize(
    "open_",
    [{"due": "2026-06-02"}, {"due": "2026-06-01"}, {"estimate": None}, {"promised": None}],
    ids=["not due", "due today", "not measured", "late"],
)
def test_what_is_not_resolved_teaches_nothing(open_: dict[str, Any]) -> None:
    row = verdict("retention", **open_)
    assert not is_resolved(row, TODAY)
    assert outcomes(DEFINED, tables(row), TODAY) == ((), ())


def test_the_day_after_its_day_a_promise_is_resolved() -> None:
    assert is_resolved(verdict("retention", due="2026-05-31"), TODAY)
    assert is_resolved(verdict("retention", due=None), TODAY)
