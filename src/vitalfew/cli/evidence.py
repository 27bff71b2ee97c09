"""Look at what many effects show together: links, releases, shrink."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.cli.runs import AsJson, AsOf, Folder, show_part

if TYPE_CHECKING:
    import typer


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

    show_part(folder, ("links", "corpus"), print_links, as_json=as_json, as_of=as_of)


def releases(folder: Folder = Path(), as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Show what changed after each release, and what of it is noise.

    Besides: what features, teams and releases gave at the top, and what took back what others had gained.
    """
    from vitalfew.report.terminal_releases import print_releases

    show_part(folder, ("releases", "corpus"), print_releases, as_json=as_json, as_of=as_of)


def shrink(folder: Folder = Path(), as_json: AsJson = False, as_of: AsOf = None) -> None:
    """Show what is left of effects without luck.

    The largest of many effects is large by luck, too; each is drawn towards what such changes do.
    """
    from vitalfew.report.terminal_shrunk import print_shrunk

    show_part(folder, ("corpus",), print_shrunk, as_json=as_json, as_of=as_of)
