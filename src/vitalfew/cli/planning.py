"""Plan an experiment: plan."""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from typing import Annotated

import typer

from vitalfew.cli.analysis import Mode  # noqa: TC001 - typer reads the annotations
from vitalfew.cli.options import with_options
from vitalfew.cli.output import day, write_json
from vitalfew.cli.runs import AsJson, AsOf, Folder  # noqa: TC001 - likewise


@dataclass(frozen=True)
class _Wishes:
    """Options of `plan`."""

    weeks: Annotated[
        int | None,
        typer.Option(metavar="N", help="How long it may run, 1 to 12; 4 and the time that metrics follow a user."),
    ] = None
    mde: Annotated[
        float | None,
        typer.Option(metavar="SHARE", help="Smallest change worth finding, as a share of the level: 0.05."),
    ] = None
    power: Annotated[float | None, typer.Option(help="Chance to find it; 0.8 if nothing else is planned.")] = None
    alpha: Annotated[float | None, typer.Option(help="Error rate; 0.05 if nothing else is planned.")] = None
    mode: Annotated[Mode | None, typer.Option(help="The mode to plan for; all are shown.")] = None
    units_per_week: Annotated[
        float | None, typer.Option(metavar="N", help="New units a week, when history does not tell.")
    ] = None
    as_json: AsJson = False
    as_of: AsOf = None


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(plan)


@with_options(_Wishes)
def plan(
    folder: Folder,
    experiment: Annotated[str, typer.Argument(metavar="EXPERIMENT", help="Key of the experiment.")],
    options: _Wishes,
) -> None:
    """Say how long an experiment must run.

    How many units and weeks it needs, and what it can find, from the workspace's own history: no data of the experiment
    itself are needed.
    """
    from vitalfew.pipeline.planning import plan as planned
    from vitalfew.workspace import load

    found = planned(
        load(folder),
        experiment,
        weeks=options.weeks,
        smallest_effect=options.mde,
        power=options.power,
        alpha=options.alpha,
        mode=options.mode,
        units_per_week=options.units_per_week,
        as_of=day(options.as_of),
    )
    if options.as_json:
        write_json(json.dumps(found.to_dict(), indent=2, ensure_ascii=False, allow_nan=False))
    else:
        from rich.console import Console

        from vitalfew.report.plan_text import print_plan

        print_plan(found.plan, found.definitions, Console(file=sys.stdout))
    if not found.plan.metrics:
        raise typer.Exit(1)
