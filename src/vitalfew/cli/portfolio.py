"""Choose what to fund: portfolio."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vitalfew.cli.output import day, progress, write_part
from vitalfew.cli.runs import AsJson, AsOf, Folder, leave

Budget = Annotated[
    float | None, typer.Option(metavar="N", help="Another budget than the policy's, in its unit of cost.")
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(portfolio)


def portfolio(folder: Folder = Path(), budget: Budget = None, as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Say what to fund, and in which order.

    The plan of most expected value within budget, capacities, prerequisites, minimum shares and guardrails; the
    cheapest one near it; what each budget buys; in which order to do the work.
    """
    from vitalfew.pipeline import run as walk
    from vitalfew.pipeline.portfolio import portfolio as made
    from vitalfew.workspace import load

    workspace = load(folder)
    with progress() as report:
        results = walk(workspace, as_of=day(as_of), progress=report)
    found = made(results, budget)
    if as_json:
        write_part(found.to_dict(), results.info.workspace, results.info.id)
    else:
        from rich.console import Console

        from vitalfew.report.terminal_plans import print_plans

        print_plans(found.found, results.view, Console(file=sys.stdout))
    leave(results, remarks=as_json)
