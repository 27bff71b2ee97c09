"""Look at what many effects show together: links, releases, shrink."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.cli.output import day, progress, write_json
from vitalfew.cli.runs import AsJson, AsOf, Folder, leave

if TYPE_CHECKING:
    from collections.abc import Callable

    import typer
    from rich.console import Console

    from vitalfew.report.view import View


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(links)
    app.command()(releases)
    app.command()(shrink)


def links(folder: Folder = Path(), as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Show which metric moves which, as far as experiments tell.

    Besides: what a link would take to be known, chains, trade-offs, and early metrics that stand in for late ones.
    """
    from vitalfew.report.terminal_links import print_links

    _show(folder, ("links", "corpus"), print_links, as_json=as_json, as_of=as_of)


def releases(folder: Folder = Path(), as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Show what changed after each release, and what of it is noise.

    Besides: what features, teams and releases gave at the top, and what took back what others had gained.
    """
    from vitalfew.report.terminal_releases import print_releases

    _show(folder, ("releases", "corpus"), print_releases, as_json=as_json, as_of=as_of)


def shrink(folder: Folder = Path(), as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Show what is left of effects without luck.

    The largest of many effects is large by luck, too; each is drawn towards what such changes do.
    """
    from vitalfew.report.terminal_shrunk import print_shrunk

    _show(folder, ("corpus",), print_shrunk, as_json=as_json, as_of=as_of)


def _show(
    folder: Path, parts: tuple[str, ...], show: Callable[[View, Console], None], *, as_json: bool, as_of: str | None
) -> None:
    from vitalfew.pipeline import run as walk
    from vitalfew.workspace import load

    workspace = load(folder)
    with progress() as report:
        results = walk(workspace, as_of=day(as_of), progress=report)
    if as_json:
        write_json(results.to_json(parts))
    else:
        from rich.console import Console

        show(results.view, Console(file=sys.stdout))
    leave(results, remarks=as_json)
