"""The way of the data, as stages: files and acts in, a run out. Nothing else orchestrates."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.pipeline.analysis import analyze
    from vitalfew.pipeline.calibration import calibrate
    from vitalfew.pipeline.linking import links
    from vitalfew.pipeline.planning import plan
    from vitalfew.pipeline.ranking import rank
    from vitalfew.pipeline.replay import backtest
    from vitalfew.pipeline.results import Results, stored
    from vitalfew.pipeline.shrinking import shrink
    from vitalfew.pipeline.walk import run

__all__ = ["Results", "analyze", "backtest", "calibrate", "links", "plan", "rank", "run", "shrink", "stored"]

_HOMES = {
    "Results": "vitalfew.pipeline.results",
    "analyze": "vitalfew.pipeline.analysis",
    "calibrate": "vitalfew.pipeline.calibration",
    "links": "vitalfew.pipeline.linking",
    "backtest": "vitalfew.pipeline.replay",
    "plan": "vitalfew.pipeline.planning",
    "rank": "vitalfew.pipeline.ranking",
    "run": "vitalfew.pipeline.walk",
    "shrink": "vitalfew.pipeline.shrinking",
    "stored": "vitalfew.pipeline.results",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
