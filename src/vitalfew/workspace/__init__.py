"""The vocabulary of a workspace as typed definitions, read from YAML; and the log of what people said and decided.

Names are imported when they are first used, so that `import vitalfew` stays light.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.loading import load
    from vitalfew.workspace.workspace import Workspace

__all__ = ["Definitions", "Workspace", "load"]

_HOMES = {
    "Definitions": "vitalfew.workspace.definitions",
    "Workspace": "vitalfew.workspace.workspace",
    "load": "vitalfew.workspace.loading",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
