"""The command about how well people predict: calibrate."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vitalfew.cli.output import day, progress, write_part
from vitalfew.cli.runs import leave


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(calibrate)


def calibrate(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="The workspace folder.")] = Path(),
    by: Annotated[
        str | None, typer.Option("--by", metavar="NAME", help="Your own name or pseudonym: adds your own record.")
    ] = None,
    group: Annotated[str | None, typer.Option(metavar="NAME", help="Only this team or source.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON and nothing else on standard output.")] = False,
    as_of: Annotated[
        str | None, typer.Option("--as-of", metavar="DATE", help="Read the past, to the end of this day.")
    ] = None,
) -> None:
    """Say how well forecasts came out.

    Of the organisation, its teams and sources; with --by of yourself, for your eyes only.
    """
    from vitalfew.pipeline import run
    from vitalfew.pipeline.calibration import calibrate as record
    from vitalfew.workspace import load

    with progress() as report:
        results = run(load(folder), as_of=day(as_of), progress=report)
    found = record(results, person=by, group=group)
    if as_json:
        write_part(found.to_dict(), results.info.workspace, results.info.id)
    else:
        from rich.console import Console

        from vitalfew.report.terminal_calibration import print_calibration

        print_calibration(str(found), Console(file=sys.stdout))
    leave(results)
