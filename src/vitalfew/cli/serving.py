"""Commands of the web application: serve, web, worker, manage."""

from __future__ import annotations

from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import Annotated

import typer

from vitalfew.cli.output import say

PORT = 8000


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(serve)
    app.command()(web)
    app.command()(worker)
    app.command(context_settings={"allow_extra_args": True, "ignore_unknown_options": True})(manage)


def serve(
    folder: Annotated[Path | None, typer.Argument(metavar="DIR", help="A workspace folder; none is needed.")] = None,
    host: Annotated[str, typer.Option(help="The address to listen at; 0.0.0.0 lets phones in.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")] = PORT,
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
) -> None:
    """Serve the web application on this machine.

    Starts web, worker and scheduler, prints one address, and, the first time, a link by which the first admin signs in.
    What DIR defines stays its own and is read-only in the browser; all else is kept in DIR/.vitalfew/server.
    """
    from vitalfew.server.launch import serve as run

    raise typer.Exit(run(folder, host, port, show=show, say=say))


def web(
    host: Annotated[str, typer.Option(help="The address to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65535, help="The port to listen at.")] = PORT,
    processes: Annotated[int, typer.Option(min=1, max=64, help="How many processes answer.")] = 2,
) -> None:
    """Answer requests only.

    For servers of several machines, beside `worker`; `serve` starts both. `vitalfew manage set_up` comes first.
    """
    from vitalfew.server.launch import web as run

    run(host, port, processes)


def worker() -> None:
    """Work on runs and imports of a server.

    For servers of several machines; `serve` starts one by itself. The same VITALFEW_* variables as for the server.
    """
    from vitalfew.server.launch import work

    work()


def manage(context: typer.Context) -> None:
    """Run a command of Django, such as `migrate`.

    `vitalfew manage help` lists them. The same VITALFEW_* variables as for the server.
    """
    from vitalfew.server.launch import manage as run

    run(context.args)
