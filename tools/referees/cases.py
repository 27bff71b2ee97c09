"""Data on which we and the referees compute the same things: the same numbers under any Python, without packages."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from math import isfinite
from pathlib import Path
from random import Random
from statistics import NormalDist

Columns = dict[str, list[float]]
Case = list[Columns]
"""One table of columns per arm, control first; `nan` is a missing value."""

TABLES = Path(__file__).parents[2] / "tests" / "stats" / "referees"
NOT_GIVEN = float("nan")
CAP = 12.0


def cases() -> dict[str, Case]:
    """Every case by name."""
    return {
        "means": [_normal(1, 200, 10.0, 3.0), _normal(2, 200, 10.8, 3.0)],
        "means, uneven arms and variances": [_normal(3, 60, 5.0, 1.0), _normal(4, 240, 5.4, 3.0)],
        "skewed means": [_skewed(5, 300, 0.0), _skewed(6, 300, 0.15)],
        "proportions": [_shares(7, 400, 0.20), _shares(8, 500, 0.27)],
        "few of many": [_shares(9, 3000, 0.01), _shares(10, 3000, 0.016)],
        "ratio": [_sessions(11, 250, 0.20), _sessions(12, 260, 0.24)],
        "covariate": [_before(13, 200, 0.0), _before(14, 220, 0.5)],
        "covariate and a large effect": [_before(15, 80, 0.0), _before(16, 120, 6.0)],
        "ratio and covariate": [_sessions(17, 250, 0.20), _sessions(18, 250, 0.23)],
        "three treatments": [_normal(19 + at, 150, 10 + shift, 3.0) for at, shift in enumerate((0.0, 0.2, 0.9, 0.6))],
        "missing values": [_gaps(57, 60, 0.6, 10.0), _gaps(58, 60, 0.6, 12.0)],
        "capped": [_capped(33, 300, 0.0), _capped(34, 320, 0.2)],
        "no noise to speak of": [_huge(35, 100, 0.0), _huge(36, 100, 0.5)],
        "far apart": [_normal(37, 400, 10.0, 1.0), _normal(38, 400, 14.0, 1.0)],
        "control near zero": [_normal(39, 120, 0.6, 4.0), _normal(40, 120, 2.1, 4.0)],
    }


def write(package: str, outputs: dict[str, dict[str, object]]) -> None:
    """Write a referee's answers with the versions that gave them."""
    made_with = {"python": platform.python_version()} | {name: version(name) for name in (package, "numpy", "scipy")}
    # JSON has no infinity and no NaN: null says that there is no such number.
    answers = {name: {key: _plain(value) for key, value in found.items()} for name, found in outputs.items()}
    table = {"referee": package, "made_with": made_with, "answers": answers}
    TABLES.mkdir(exist_ok=True)
    text = json.dumps(table, indent=1, sort_keys=True, allow_nan=False)
    (TABLES / f"{package.replace('-', '_')}.json").write_text(text + "\n")


def _plain(value: object) -> object:
    return None if isinstance(value, float) and not isfinite(value) else value


def _normals(seed: int, n: int) -> list[float]:
    random, standard = Random(seed), NormalDist()  # noqa: S311 - data of a test, not a secret
    return [standard.inv_cdf(random.random() * (1 - 1e-9) + 5e-10) for _ in range(n)]


def _normal(seed: int, n: int, mean: float, sd: float) -> Columns:
    return {"y": [round(mean + sd * z, 6) for z in _normals(seed, n)]}


def _skewed(seed: int, n: int, shift: float) -> Columns:
    return {"y": [round(2.718281828459045 ** (shift + z), 6) for z in _normals(seed, n)]}


def _shares(seed: int, n: int, share: float) -> Columns:
    edge = NormalDist().inv_cdf(share)
    return {"y": [float(z < edge) for z in _normals(seed, n)]}


def _sessions(seed: int, n: int, share: float) -> Columns:
    """Clicks per session of users who differ, with the same measured before."""
    habit, chance, noise = _normals(seed, n), _normals(seed + 1000, n), _normals(seed + 2000, n)
    sessions = [float(1 + int(2 + 2 * abs(z))) for z in habit]
    before = [float(1 + int(2 + 2 * abs(0.8 * z + 0.6 * e))) for z, e in zip(habit, noise, strict=True)]
    clicks = [round(max(0.0, s * (share + 0.08 * z)), 6) for s, z in zip(sessions, chance, strict=True)]
    clicks_before = [
        round(max(0.0, s * (0.2 + 0.06 * z + 0.04 * e)), 6) for s, z, e in zip(before, chance, noise, strict=True)
    ]
    return {"y": clicks, "d": sessions, "y_before": clicks_before, "d_before": before}


def _before(seed: int, n: int, effect: float) -> Columns:
    before, noise = _normals(seed, n), _normals(seed + 1000, n)
    after = [round(20 + effect + 3 * z + 2 * e, 6) for z, e in zip(before, noise, strict=True)]
    # The treated have somewhat more before, as happens by chance: what an adjustment is for.
    return {"y": after, "x": [round(15 + 3 * z + 0.4 * (effect > 0), 6) for z in before]}


def _gaps(seed: int, n: int, share: float, mean: float) -> Columns:
    edge = NormalDist().inv_cdf(share)
    kept = [z < edge for z in _normals(seed + 1000, n)]
    values = _normal(seed, n, mean, 3.0)["y"]
    return {"y": [value if keep else NOT_GIVEN for value, keep in zip(values, kept, strict=True)]}


def _capped(seed: int, n: int, shift: float) -> Columns:
    return {"y": [min(CAP, round(2.718281828459045 ** (1 + shift + z), 6)) for z in _normals(seed, n)]}


def _huge(seed: int, n: int, shift: float) -> Columns:
    return {"y": [1e9 + round(shift + z, 3) for z in _normals(seed, n)]}
