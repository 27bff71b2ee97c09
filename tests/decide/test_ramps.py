"""Lines that do not say how long their effects take to grow: as long as the use of past features did."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, promise, tables, use
from vitalfew.decide.draws import horizon_share
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.ramps import past_ramp

if TYPE_CHECKING:
    from vitalfew.results.rows import CandidateLine, UseRow

TODAY = date(2026, 6, 1)
FEATURES: dict[str, dict[str, Any]] = {key: {} for key in ("one", "two", "three", "old")}


def followed(*weeks: float) -> tuple[UseRow, ...]:
    rows = tuple(
        replace(use(key, 0.3, hardly=False), ramp_weeks=each) for key, each in zip(FEATURES, weeks, strict=False)
    )
    return (*rows, use("old", 0.5, hardly=False))


def line(initiative: dict[str, Any], rows: tuple[UseRow, ...]) -> CandidateLine:
    defined = definitions(features=FEATURES, initiatives={"gate": {"cost": 5, "reach": 1} | initiative})
    found = tables(promises=(promise("gate", "retention", 0.05, 0.02),), use=rows)
    _, (only,), _ = ledger(Inputs.of(defined, found, TODAY, 1))
    return only


def value(initiative: dict[str, Any], rows: tuple[UseRow, ...]) -> float:
    found = line(initiative, rows).value
    assert found is not None
    return found.mean


def test_effects_grow_as_the_use_of_past_features_did() -> None:
    share = horizon_share(52, 0.0, 8.0) / horizon_share(52, 0.0, 0.0)
    whole = value({"ramp_weeks": 0}, followed(4, 8, 10))
    assert value({}, followed(4, 8, 10)) == pytest.approx(value({"ramp_weeks": 8}, ()))
    assert value({}, followed(4, 8, 10)) == pytest.approx(share * whole, rel=0.05)


def test_a_line_says_where_its_ramp_comes_from() -> None:
    said = (
        "its effects are taken to grow over 8 weeks, as use of 3 past features did (80 % of them between 4.8 and 9.6)"
    )
    assert said in line({}, followed(4, 8, 10)).reasons
    at_once = line({}, followed(0, 0, 1))
    assert "its effects are taken to be whole at once, as the use of 3 past features was" in at_once.reasons
    assert not any("taken to grow" in reason for reason in line({"ramp_weeks": 2}, followed(4, 8, 10)).reasons)


@pytest.mark.parametrize("initiative", [{"ramp_weeks": 0}, {"feature": "old"}])
def test_a_ramp_of_its_own_and_users_who_are_there_come_first(initiative: dict[str, Any]) -> None:
    assert value(initiative, followed(4, 8, 10)) == pytest.approx(value({}, ()))


def test_of_two_features_nothing_is_said_of_a_third() -> None:
    assert past_ramp(followed(4, 8)) is None
    assert value({}, followed(4, 8)) == pytest.approx(value({"ramp_weeks": 0}, ()))
