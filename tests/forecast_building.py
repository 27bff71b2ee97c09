"""Resolved forecasts, and a workspace full of them, for tests."""

from __future__ import annotations

import csv
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import yaml

from vitalfew.judgement.calibration_rows import History
from vitalfew.judgement.record import Outcome, Quantiles, Resolved
from vitalfew.judgement.recording import forecast, lock
from vitalfew.workspace import load

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

LOCKED = datetime(2025, 1, 6, 9, tzinfo=UTC)


def resolved(
    count: int,
    *,
    slope: float = 1.0,
    stretch: float = 1.0,
    se: float = 0.02,
    teams: int = 1,
    seed: int = 1,
    p_zero: float = 0.0,
) -> list[Resolved]:
    """Forecasts of 5 to 30 % of a range whose outcomes follow the model, in turn of so many teams."""
    rng = np.random.default_rng(seed)
    found = []
    for at in range(count):
        middle = float(rng.uniform(0.05, 0.3))
        said = Quantiles(0.4 * middle, middle, 1.6 * middle, p_zero)
        blank = Resolved(f"h{at}", f"team{at % teams}", said, 0.0, se)
        own, noise = rng.standard_normal(2)
        came = slope * blank.mean + stretch * blank.sd * own + se * noise
        found.append(Resolved(blank.hypothesis, blank.group, said, float(came), se))
    return found


def history(
    people: Mapping[str, float],
    *,
    count: int = 24,
    teams: Sequence[str] = ("blue",),
    groups: Mapping[str, str] | None = None,
) -> History:
    """Promises of several people, each of whom forecasts what will come times a bias, give or take 2 % of a range."""
    rng = np.random.default_rng(7)
    outcomes, said = [], {}
    for at in range(count):
        truth = float(rng.uniform(0.05, 0.3))
        bodies = {}
        for person, bias in people.items():
            middle = bias * truth + 0.02 * float(rng.standard_normal())
            bodies[person] = {"p10": middle - 0.03, "p50": middle, "p90": middle + 0.03, "p_zero": 0.0}
        p50 = float(np.mean([body["p50"] for body in bodies.values()]))
        promise = Quantiles(p50 - 0.03, p50, p50 + 0.03, 0.0)
        came = truth + 0.01 * float(rng.standard_normal())
        outcomes.append(Outcome(f"h{at}", teams[at % len(teams)], 1.0, promise, came, 0.01))
        said[f"h{at}"] = bodies
    behind = {key: frozenset(bodies) for key, bodies in said.items()}
    return History(tuple(outcomes), behind, said, groups or {})


def folder(root: Path, people: Mapping[str, float], *, count: int = 12) -> Path:
    """A workspace in which so many promises were locked in 2025 and came out, and one hypothesis is still open.

    Each person forecasts the truth times a number of theirs.
    """
    rng = np.random.default_rng(5)
    keys = [f"idea_{at:02}" for at in range(count)]
    truth = {key: round(float(rng.uniform(0.01, 0.06)), 4) for key in [*keys, "next"]}
    defined = {
        "sources": {
            "past": {
                "table": "past.csv",
                "shape": "results",
                "experiment": "name",
                "metric": "metric",
                "estimate": "effect",
                "se": "se",
            },
            "users": {"table": "users.csv", "unit": "id"},
        },
        "metrics": {"bought": {"source": "users", "kind": "proportion", "column": "bought"}},
        "factors": {"bought": {"range": [0.1, 0.3]}},
        "initiatives": {key: {"started": "2025-02-03", "shipped": "2025-03-03", "cost": 5} for key in keys}
        | {"next": {"cost": 5}},
        "hypotheses": {f"h_{key}": {"initiative": key, "metric": "bought", "due": "2025-06-02"} for key in keys}
        | {"h_next": {"initiative": "next", "metric": "bought", "due": "2030-01-01"}},
        "experiments": {key: {"source": "past", "initiative": key} for key in keys},
    }
    (root / "w.yaml").write_text(yaml.safe_dump(defined))
    with (root / "past.csv").open("w", newline="") as file:
        rows = [[key, "bought", round(truth[key] + 0.002 * float(rng.standard_normal()), 5), 0.002] for key in keys]
        csv.writer(file).writerows([["name", "metric", "effect", "se"], *rows])
    (root / "users.csv").write_text("id,bought\n1,0\n2,1\n")
    ws = load(root)
    for day, key in enumerate([*keys, "next"]):
        at = LOCKED + timedelta(hours=day)
        for person, times in people.items():
            middle = times * truth[key]
            quantiles = {"p10": 0.5 * middle, "p50": middle, "p90": 1.5 * middle, "p_zero": 0.0}
            forecast(ws, f"h_{key}", person, quantiles, at=at)
        if key != "next":
            lock(ws, f"h_{key}", next(iter(people)), at=at)
    return root
