"""Explain one line of the ledger: explain."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vitalfew.cli.output import day, progress, write_part
from vitalfew.cli.runs import AsJson, AsOf, Folder, leave


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(explain)


def explain(
    folder: Folder,
    line: Annotated[str, typer.Argument(metavar="LINE", help="Key or title of a line: an initiative, or a feature.")],
    as_json: AsJson = False,
    as_of: AsOf = None,
) -> None:
    """Say why a line of the ledger stands where it does.

    And what would have to be otherwise for it to stand elsewhere, and which question is the cheapest to answer next.
    """
    from vitalfew.pipeline import run as walk
    from vitalfew.pipeline.explanation import explanation
    from vitalfew.workspace import load

    workspace = load(folder)
    with progress() as report:
        results = walk(workspace, as_of=day(as_of), progress=report)
    found = explanation(results.tables, line)
    if as_json:
        write_part(found.to_dict(), results.info.workspace, results.info.id)
    else:
        from rich.console import Console

        from vitalfew.report.terminal_explain import print_explanation

        print_explanation(found.line, found.rows, Console(file=sys.stdout))
    leave(results, remarks=as_json)
