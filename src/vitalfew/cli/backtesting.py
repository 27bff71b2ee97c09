"""Replay the past: backtest."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from vitalfew.cli.output import day, progress, write_part
from vitalfew.cli.runs import AsJson, Folder  # noqa: TC001 - typer reads the annotations

Days = Annotated[
    list[str] | None,
    typer.Option("--on", metavar="DATE", help="A day to replay, repeatable; else the last twelve quarters."),
]


def register(app: typer.Typer) -> None:
    """Add the command of this module."""
    app.command()(backtest)


def backtest(folder: Folder, on: Days = None, as_json: AsJson = False) -> None:
    """Say what following its own advice would have brought.

    On each day the ledger is made as it stood then; what it recommends, what RICE recommends and what was done are held
    against what has been measured since.
    """
    from vitalfew.pipeline import backtest as replay
    from vitalfew.pipeline.walk import name_of
    from vitalfew.workspace import load

    workspace = load(folder)
    days = [each for text in on or () if (each := day(text)) is not None]
    with progress() as report:
        found = replay(workspace, days, progress=report)
    if as_json:
        write_part(found.to_dict(), name_of(workspace))
        return
    from rich.console import Console

    from vitalfew.report.backtest_text import print_backtest

    print_backtest(found.found, found.unit, Console(file=sys.stdout))
