"""From a stranger's files to a workspace: recognise, ask little, write, say what comes next.

Names are imported when they are first used: starting from a template needs no engine.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.connect.opening import Begun, begin

__all__ = ["Begun", "begin"]


def __getattr__(name: str) -> object:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module("vitalfew.connect.opening"), name)
