"""Which experiments from different sources of exposures may change each other."""

from __future__ import annotations

from typing import Any

import pytest

from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.meetings import meetings


def _exposed(**second: Any) -> Definitions:
    table = {"unit": "user", "experiment": "test", "variant": "arm"}
    return Definitions.model_validate(
        {
            "sources": {
                "web": {"table": "web", **table},
                "app": {"table": "app", **table},
                "shops": {"table": "shops", **table, "unit": "shop"},
                "users": {"table": "users", "unit": "user"},
            },
            "metrics": {"value": {"source": "users"}, "cost": {"source": "users"}},
            "experiments": {
                "button": {"source": "web", "metrics": ["value"], "start": "2026-01-01", "end": "2026-01-31"},
                "colour": {"source": "app", "metrics": ["value"], "start": "2026-01-15", **second},
            },
        }
    )


@pytest.mark.parametrize("second", [{}, {"start": None}, {"metrics": ["cost", "value"]}])
def test_experiments_that_may_share_units_and_metrics_meet(second: dict[str, Any]) -> None:
    assert meetings(_exposed(**second)) == (("button", "colour"),)


@pytest.mark.parametrize(
    "second",
    [
        {"source": "web"},
        {"source": "shops"},
        {"metrics": ["cost"]},
        {"start": "2026-03-01"},
        {"cluster": "city"},
        {"design": "switchback"},
        {"id": "button"},
    ],
)
def test_experiments_of_one_source_or_that_cannot_meet_do_not(second: dict[str, Any]) -> None:
    assert meetings(_exposed(**second)) == ()
