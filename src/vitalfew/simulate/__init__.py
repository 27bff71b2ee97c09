"""Simulated companies with planted truth: the demo products, a healthy company, and a stranger's usage file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.simulate.company import create
from vitalfew.simulate.daybreak import DaybreakTruth, daybreak, daybreak_recovery
from vitalfew.simulate.fieldnote import FIELDNOTE
from vitalfew.simulate.recovery import Recovered, Recovery, recovery
from vitalfew.simulate.steadyworks import STEADYWORKS
from vitalfew.simulate.truth import PlantedEffect, Truth
from vitalfew.simulate.usage import usage_file

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.simulate.plan import Size

__all__ = [
    "DaybreakTruth",
    "PlantedEffect",
    "Recovered",
    "Recovery",
    "Truth",
    "daybreak",
    "daybreak_recovery",
    "demo",
    "healthy",
    "recovery",
    "usage_file",
]


def demo(folder: Path, seed: int = 1, size: Size = "full") -> Truth:
    """Write the demo product Fieldnote into a new folder: 18 months of a field-service application; see `create`."""
    return create(FIELDNOTE, folder, seed, size)


def healthy(folder: Path, seed: int = 1, size: Size = "full") -> Truth:
    """Write the planted healthy company into a new folder, on which checks should be all but silent; see `create`."""
    return create(STEADYWORKS, folder, seed, size)
