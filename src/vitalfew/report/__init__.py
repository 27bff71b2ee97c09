"""What people see of a run: terminal tables, static SVG pictures, one self-contained HTML report.

Names are imported when they are first used: a page of the server draws a table or two, and no terminal.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from vitalfew.report.html import write_html
    from vitalfew.report.notebook import notebook_html
    from vitalfew.report.terminal import as_text, effects_text, print_findings, print_run, run_text
    from vitalfew.report.view import View

__all__ = [
    "View",
    "as_text",
    "effects_text",
    "notebook_html",
    "print_findings",
    "print_run",
    "run_text",
    "write_html",
]

_HOMES = {
    "View": "vitalfew.report.view",
    "as_text": "vitalfew.report.terminal",
    "effects_text": "vitalfew.report.terminal",
    "notebook_html": "vitalfew.report.notebook",
    "print_findings": "vitalfew.report.terminal",
    "print_run": "vitalfew.report.terminal",
    "run_text": "vitalfew.report.terminal",
    "write_html": "vitalfew.report.html",
}


def __getattr__(name: str) -> object:
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(_HOMES[name]), name)
