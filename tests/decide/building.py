"""Small workspaces and tables for tests of decisions."""

from __future__ import annotations

from typing import Any

from vitalfew.results.rows import (
    CalibrationPosteriorRow,
    EffectRow,
    Estimate,
    Interval,
    PromiseRow,
    Tables,
    UseRow,
    WeightRow,
)
from vitalfew.workspace.definitions import Definitions

Z95 = 1.959964


def definitions(**kinds: Any) -> Definitions:
    base: dict[str, Any] = {
        "sources": {"players": {"table": "players.csv", "unit": "id"}},
        "metrics": {
            "retention": {"source": "players", "column": "r", "kind": "proportion"},
            "tickets": {"source": "players", "column": "t", "direction": "down"},
        },
        "factors": {"retention": {"range": [0.1, 0.3]}, "tickets": {"range": [0, 10]}},
    }
    return Definitions.model_validate(base | kinds)


def effect(experiment: str, metric: str, estimate: float, se: float, **other: Any) -> EffectRow:
    fields: dict[str, Any] = {
        "experiment": experiment,
        "metric": metric,
        "metric_version": 1,
        "segment": None,
        "arm": "new",
        "control": "old",
        "estimate": estimate,
        "se": se,
        "intervals": (Interval(0.95, estimate - Z95 * se, estimate + Z95 * se),),
        "p_value": 0.5,
        "relative": None,
        "n": {"old": 1000, "new": 1000},
        "mean": {},
        "method": "Welch",
        "mode": "fixed",
        "grade": "tested",
    }
    return EffectRow(**(fields | other))


def promise(initiative: str, metric: str, p50: float, spread: float, **other: Any) -> PromiseRow:
    fields: dict[str, Any] = {
        "hypothesis": f"{initiative}_{metric}",
        "initiative": initiative,
        "metric": metric,
        "segment": "all",
        "p10": p50 - spread,
        "p50": p50,
        "p90": p50 + spread,
        "p_zero": 0.0,
        "forecasters": 3,
        "proved": "claimed" if other.get("locked_at") else "no",
    }
    return PromiseRow(**(fields | other))


def use(feature: str, reach: float, *, hardly: bool) -> UseRow:
    return UseRow(
        feature=feature,
        measured=True,
        window_days=30,
        main=True,
        eligible=1000,
        users=int(1000 * reach),
        reach=Estimate(reach, reach - 0.01, reach + 0.01),
        hardly_used=hardly,
    )


WEIGHTS = (WeightRow("retention", 0.75, raters=4), WeightRow("tickets", 0.25, raters=4))


AS_SAID = (CalibrationPosteriorRow(1.0, (), (0.0, 1.0), (0.0, 0.0, 0.0, 0.0), 0.0, 1.0, 0.0, 0.0),)
"""A record by which forecasts come out as they are said."""


def tables(**parts: Any) -> Tables:
    return Tables(**({"weights": WEIGHTS, "calibration_posterior": AS_SAID} | parts))
