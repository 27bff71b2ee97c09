"""Look at the value model: value."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.cli.runs import AsJson, AsOf, Folder, show_part

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
    from vitalfew.report.terminal_value import print_value

    show_part(folder, _PARTS, print_value, as_json=as_json, as_of=as_of)
