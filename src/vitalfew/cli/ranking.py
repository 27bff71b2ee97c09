"""Rank the candidates anew: rank."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from vitalfew.cli.output import day, progress, write_part
from vitalfew.cli.runs import AsJson, AsOf, Folder, leave

Weights = Annotated[
    list[str] | None,
    typer.Option("--weight", metavar="FACTOR=SHARE", help="What if this factor weighed that much. Repeatable."),
]
Budget = Annotated[
    float | None, typer.Option(metavar="N", help="Another budget than the policy's, in its unit of cost.")
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(rank)


def rank(
    folder: Folder = Path(),
    weight: Weights = None,
    budget: Budget = None,
    as_json: AsJson = False,
    as_of: AsOf = None,
) -> None:
    """Rank candidates, also by other weights or a budget.

    Nothing is changed or recorded. Weights of some factors are shares of the whole: the others keep their proportions.
    """
    from vitalfew.pipeline import run as walk
    from vitalfew.pipeline.ranking import rank as ranked
    from vitalfew.workspace import load

    weights = _weights(weight or [])
    workspace = load(folder)
    with progress() as report:
        results = walk(workspace, as_of=day(as_of), progress=report, keep=False)
    found = ranked(workspace, results, weights=weights or None, budget=budget)
    if as_json:
        write_part(found.to_dict(), results.info.workspace, results.info.id)
    else:
        from rich.console import Console

        from vitalfew.report.terminal_ranks import print_ranking

        print_ranking(found, Console(file=sys.stdout))
    leave(results, remarks=as_json)


def _weights(given: list[str]) -> dict[str, float]:
    from vitalfew.errors import UsageError

    found = {}
    for each in given:
        factor, _, number = each.partition("=")
        try:
            found[factor.strip()] = float(number)
        except ValueError:
            raise UsageError(f"'{each}' is no weight", expected="a factor and a number, as in speed=0.4") from None
    return found
