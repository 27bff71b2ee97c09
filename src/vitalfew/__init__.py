"""Which few things we build create value, and how do we know?

Public names are loaded when first used, so that `import vitalfew` costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew import stats
    from vitalfew.judgement.pooling import weights
    from vitalfew.judgement.sheets import record
    from vitalfew.pipeline import analyze, backtest, calibrate, links, plan, rank, run, shrink, stored
    from vitalfew.workspace import load
    from vitalfew.workspace.verify import verify

__all__ = [
    "__version__",
    "analyze",
    "backtest",
    "calibrate",
    "links",
    "load",
    "plan",
    "rank",
    "record",
    "run",
    "shrink",
    "stats",
    "stored",
    "verify",
    "weights",
]
__version__ = "0.1.0.dev0"

_HOMES = {
    "load": "vitalfew.workspace",
    "verify": "vitalfew.workspace.verify",
    "run": "vitalfew.pipeline",
    "analyze": "vitalfew.pipeline",
    "calibrate": "vitalfew.pipeline",
    "links": "vitalfew.pipeline",
    "plan": "vitalfew.pipeline",
    "rank": "vitalfew.pipeline",
    "backtest": "vitalfew.pipeline",
    "shrink": "vitalfew.pipeline",
    "stored": "vitalfew.pipeline",
    "record": "vitalfew.judgement.sheets",
    "weights": "vitalfew.judgement.pooling",
}


def __getattr__(name: str) -> object:
    if name == "stats":
        return importlib.import_module("vitalfew.stats")
    if name not in _HOMES:
        raise AttributeError(f"module 'vitalfew' has no attribute '{name}'")
    value: object = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
