"""Look back: review."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.cli.runs import AsJson, AsOf, Folder, show_part

if TYPE_CHECKING:
    import typer


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(review)


def review(folder: Folder = Path(), as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Look back: where effort went, and what came of it.

    By origin of the idea, value discipline, team, product and horizon. Facts about groups, never about people.
    """
    from vitalfew.report.terminal_review import print_review

    show_part(folder, ("review",), print_review, as_json=as_json, as_of=as_of)
