"""What was measured, on the footing of what had been expected: over the horizon."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.measured_lines import measured_lines, over_horizon
from vitalfew.decide.shipped import measured_value

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

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
    found = measured_lines(replace(inputs, definitions=shipped(defined)))
    weights = [inputs.weights[factor].mean() for factor in found.factors]
    assert found.means[0] @ weights == pytest.approx(expected.mean, rel=1e-2)  # beside candidates, for the vital few


def shipped(defined: Definitions) -> Definitions:
    initiatives = {key: each.model_copy(update={"status": "shipped"}) for key, each in defined.initiatives.items()}
    return defined.model_copy(update={"initiatives": initiatives})
