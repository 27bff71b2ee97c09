"""What was measured, on the footing of what had been expected: over the horizon."""

from __future__ import annotations

from datetime import date

import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.measured_lines import over_horizon
from vitalfew.decide.shipped import measured_value

TODAY = date(2026, 6, 1)


def test_an_effect_that_came_as_it_was_forecast_is_worth_what_was_expected() -> None:
    defined = definitions(
        initiatives={"gate": {"cost": 5, "ramp_weeks": 8, "half_life_weeks": 13}},
        factors={"retention": {"range": [0.1, 0.3], "lag_weeks": 4}, "tickets": {"range": [0, 10]}},
        experiments={"exp": {"source": "players", "variant": "v", "initiative": "gate"}},
        policy={"discount": 0.1},
    )
    told = (promise("gate", "retention", 0.02, 1e-6), promise("gate", "tickets", -1.0, 1e-6))
    expected = ledger(Inputs.of(defined, tables(promises=told), TODAY, 1))[1][0].value
    came = (effect("exp", "retention", 0.02, 1e-6), effect("exp", "tickets", -1.0, 1e-6))
    inputs = Inputs.of(defined, tables(effects=came), TODAY, 1)
    gate = defined.initiatives["gate"]
    measured = measured_value(inputs, "gate", gate, inputs.known["gate"])
    assert measured is not None
    assert expected is not None
    assert expected.mean < measured.value.mean() / 2
    assert over_horizon(inputs, gate, measured).mean() == pytest.approx(expected.mean, rel=1e-3)
