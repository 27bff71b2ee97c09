"""Look at the value model: value."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.cli.output import day, progress, write_json
from vitalfew.cli.runs import AsJson, AsOf, Folder, leave

if TYPE_CHECKING:
    import typer

_PARTS = ("weights", "groups", "disagreement", "vital_few", "value")


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(value)


def value(folder: Folder = Path(), as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Show what counts as value, and how few would do.

    Besides: what is said twice, where effort goes against what is said, which groups weigh otherwise, and who loses.
    """
    from vitalfew.pipeline import run as walk
    from vitalfew.workspace import load

    workspace = load(folder)
    with progress() as report:
        results = walk(workspace, as_of=day(as_of), progress=report)
    if as_json:
        write_json(results.to_json(_PARTS))
    else:
        from rich.console import Console

        from vitalfew.report.terminal_value import print_value

        print_value(results.view, Console(file=sys.stdout))
    leave(results, remarks=as_json)
