"""Look back: review."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitalfew.cli.runs import AsJson, AsOf, Folder, show_part

if TYPE_CHECKING:
    from rich.console import Console

    from vitalfew.report.view import View


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(review)


def review(
    folder: Folder = Path(),
    as_json: AsJson = False,
    as_of: AsOf = None,
    notes: Annotated[bool, typer.Option("--notes", help="Print release notes of value instead, as Markdown.")] = False,
    since: Annotated[
        str | None, typer.Option(metavar="DATE", help="With --notes: only what was shipped from this day on.")
    ] = None,
) -> None:
    """Look back: where effort went, and what came of it.

    By origin of the idea, value discipline, team, product and horizon. Facts about groups, never about people. Release
    notes say of everything shipped who can now do what, from where to where, with n and interval, or that nobody
    measured it.
    """
    from vitalfew.cli.output import day
    from vitalfew.errors import UsageError
    from vitalfew.report.release_notes import delivered, release_notes
    from vitalfew.report.terminal_review import print_review

    first = day(since)
    if since is not None and not notes:
        raise UsageError("--since is the first day of release notes", expected="--notes besides")

    def print_notes(view: View, _: Console) -> None:
        typer.echo(release_notes(view, delivered(view, first), first), nl=False)

    show_part(folder, ("review",), print_notes if notes else print_review, as_json=as_json, as_of=as_of)
