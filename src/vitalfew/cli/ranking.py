"""Rank the candidates anew: rank."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, Literal

import typer

from vitalfew.cli.output import day, progress, write_part
from vitalfew.cli.runs import AsJson, AsOf, Folder, leave

Weights = Annotated[
    list[str] | None,
    typer.Option("--weight", metavar="FACTOR=SHARE", help="What if this factor weighed that much. Repeatable."),
]
AnyWeights = Annotated[
    bool, typer.Option("--any-weights", help="What if nobody agreed on any weight: over all there could be.")
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
    any_weights: AnyWeights = False,
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

    weights = _weights(weight or [], any_weights=any_weights)
    workspace = load(folder)
    with progress() as report:
        results = walk(workspace, as_of=day(as_of), progress=report, keep=False)
    found = ranked(workspace, results, weights=weights, budget=budget)
    if as_json:
        write_part(found.to_dict(), results.info.workspace, results.info.id)
    else:
        from rich.console import Console

        from vitalfew.report.terminal_ranks import print_ranking

        print_ranking(found, Console(file=sys.stdout))
    leave(results, remarks=as_json)


def _weights(given: list[str], *, any_weights: bool) -> dict[str, float] | Literal["any"] | None:
    from vitalfew.errors import UsageError

    if any_weights:
        if given:
            raise UsageError("--weight sets a weight and --any-weights none", expected="one of the two")
        return "any"
    found = {}
    for each in given:
        factor, _, number = each.partition("=")
        if factor.strip() in found:
            raise UsageError(f"the weight of '{factor.strip()}' is given twice", expected="one weight per factor")
        try:
            found[factor.strip()] = float(number)
        except ValueError:
            raise UsageError(f"'{each}' is no weight", expected="a factor and a number, as in speed=0.4") from None
    return found or None
