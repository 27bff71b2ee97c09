"""Small experiments, built from values of units, for tests of evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from vitalfew.evidence.evaluation import evaluate
from vitalfew.results.moments import moments_row
from vitalfew.results.rows import ArrivalRow, Tables
from vitalfew.stats import Moments
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from numpy.typing import ArrayLike, NDArray

    from vitalfew.evidence.evaluation import Evidence
    from vitalfew.results.rows import MomentsRow

KEY = "test"


def definitions(experiment: Mapping[str, Any] | None = None, **more: Any) -> Definitions:
    """A workspace with one experiment on `value` (a factor), `rate` (a ratio), `cost` (a guardrail, down is good)."""
    base: dict[str, Any] = {
        "sources": {"users": {"table": "users.csv", "unit": "id"}},
        "metrics": {
            "value": {"source": "users"},
            "clicks": {"source": "users"},
            "visits": {"source": "users"},
            "cost": {"source": "users", "direction": "down"},
            "rate": {"kind": "ratio", "numerator": {"source": "users"}, "denominator": {"source": "users"}},
        },
        "factors": {"value": {"range": [0, 10]}},
        "guardrails": {"cost": {"margin": 0.5}},
        "segments": {"young": {"title": "the young"}, "old": {"title": "the old"}, "new": {}},
        "experiments": {KEY: {"source": "users", "variant": "arm", **(experiment or {})}},
    }
    return Definitions.model_validate(base | more)


def moments(
    arm: str, values: Mapping[str, ArrayLike], segment: str | None = None, phase: int = 0, day: str | None = None
) -> MomentsRow:
    """Moments of one arm, all arms shifted alike."""
    shift = dict.fromkeys(values, 0.0)
    return moments_row("users", KEY, arm, segment, Moments.of(dict(values), shift), phase, day)


def two_arms(
    rng: np.random.Generator, n: int, effect: float = 0.0, *, mean: float = 5.0, **more: Any
) -> tuple[MomentsRow, MomentsRow]:
    """Control and an arm `new` with a different mean of `value`."""
    return (
        moments("control", {"value": rng.normal(mean, 1, n)}, **more),
        moments("new", {"value": rng.normal(mean + effect, 1, n)}, **more),
    )


def arrivals(days: int, **units: int | list[int]) -> tuple[ArrivalRow, ...]:
    """The same units every day by arm, or a list of them, from 1 January 2026."""
    return tuple(
        ArrivalRow(KEY, f"2026-01-{day + 1:02d}", arm, count[day] if isinstance(count, list) else count)
        for day in range(days)
        for arm, count in units.items()
    )


def judged(found: Definitions, today: date | None = None, plans: Any = None, **tables: Any) -> Evidence:
    """Everything said of the experiment."""
    return evaluate(found, Tables(**tables), today, plans)


def correlated(rng: np.random.Generator, n: int, rho: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """A measure before, and one after that it explains by rho squared."""
    before = rng.normal(0, 1, n)
    return before, rho * before + np.sqrt(1 - rho * rho) * rng.normal(0, 1, n)
