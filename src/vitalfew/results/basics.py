"""Small parts that rows of several tables are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

HealthStatus = Literal["ok", "warning", "failed"]
Verdict = Literal["kept", "fell_short", "harmful", "unproven", "no_promise"]
NextStep = Literal["keep", "fix", "remove", "measure"]
Choice = Literal["fund", "test_first", "drop"]
Proof = Literal["proved", "claimed", "no"]
Severity = Literal["error", "warning", "info"]
Light = Literal["on", "partly", "off"]
Role = Literal["primary", "secondary", "guardrail", "exploratory"]


@dataclass(frozen=True, slots=True)
class Interval:
    """A confidence interval; `confidence` as a share."""

    confidence: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval (80 % for a value of a line, as its field says); None when unknown."""

    estimate: float
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """Value in points (100: every factor from worst to best over the whole horizon), with its 80 % interval."""

    mean: float
    low: float
    high: float
    p_positive: float
