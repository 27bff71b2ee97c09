"""The command line: thin commands over the rooms. Heavy packages load only when a command needs them."""

from __future__ import annotations

import logging
import os
import sys
from typing import Annotated

import typer

from vitalfew import __version__
from vitalfew.cli import (
    acts,
    analysis,
    backtesting,
    evidence,
    exchange,
    explaining,
    forecasts,
    moving,
    planning,
    portfolio,
    ranking,
    reviewing,
    runs,
    serving,
    value_model,
)
from vitalfew.cli.interrupts import heard
from vitalfew.cli.output import complain, harmless
from vitalfew.errors import UsageError, VitalfewError

_INTERRUPTED = 130

app = typer.Typer(
    name="vitalfew",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["--help", "-h"]},
)


def _say_version(asked: bool) -> None:
    if asked:
        typer.echo(f"vitalfew {__version__}")
        raise typer.Exit


@app.callback()
def vitalfew(
    version: Annotated[
        bool, typer.Option("--version", callback=_say_version, is_eager=True, help="Say which version this is.")
    ] = False,
) -> None:
    """Which few things we build create value, and how do we know?"""


runs.register(app)
analysis.register(app)
planning.register(app)
portfolio.register(app)
ranking.register(app)
explaining.register(app)
value_model.register(app)
reviewing.register(app)
evidence.register(app)
backtesting.register(app)
acts.register(app)
forecasts.register(app)
exchange.register(app)
serving.register(app)
moving.register(app)


def main() -> None:
    """Run the command line. Exit codes: 0 fine, 1 findings or a failed job, 2 wrong usage, 130 interrupted."""
    # Our matrices are small and many: threads inside one product cost more than they give, ten times on a busy machine.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    # What goes wrong is told in sentences; the trace behind one is for whoever sets VITALFEW_DEBUG.
    # Warnings of numerical libraries name lines of code, which says nothing to people either.
    logging.captureWarnings(capture=not os.environ.get("VITALFEW_DEBUG"))
    for logger in ("vitalfew", "py.warnings"):
        logging.getLogger(logger).addHandler(logging.NullHandler())
    for name in ("stdout", "stderr"):
        if getattr(sys, name) is None:  # closed by whoever started us
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - open until the end
    try:
        with heard():
            code = _run()
            sys.stdout.flush()
    except KeyboardInterrupt:
        code = _INTERRUPTED
    except BrokenPipeError:
        code = _quietly()
    if code == _INTERRUPTED:
        sys.stderr.write("vitalfew: interrupted; nothing was left half-written\n")
    raise SystemExit(code)


def _run() -> int:
    """Run one command and give its exit code."""
    try:
        app()
    except SystemExit as leaving:
        # typer turns an interrupt at a question, and a pipe that nobody reads, into the exit code 1.
        if isinstance(leaving.__context__, typer.Abort):
            return _INTERRUPTED
        if isinstance(leaving.__context__, BrokenPipeError):
            return _quietly()
        return leaving.code if isinstance(leaving.code, int) else 0
    except VitalfewError as error:
        for problem in error.problems:
            complain(str(problem))
        return 2 if isinstance(error, UsageError) else 1
    except (OSError, RuntimeError, ValueError, TypeError, LookupError, AttributeError, ImportError) as error:
        return _unexpected(error)
    return 0


def _unexpected(error: Exception) -> int:
    """Say what stopped the command, without a trace unless it is asked for."""
    if os.environ.get("VITALFEW_DEBUG"):
        raise error
    if isinstance(error, OSError) and error.strerror:
        place = f"{error.filename}: " if error.filename else ""
        why = os.strerror(error.errno) if error.errno else error.strerror  # libraries add words of their own to it
        sys.stderr.write(f"vitalfew: {harmless(f'{place}{why}')}\n")
    else:
        name = type(error).__name__
        sys.stderr.write(f"vitalfew: a fault of vitalfew ({name}); with VITALFEW_DEBUG=1 it shows where\n")
    return 1


def _quietly() -> int:
    """The reader of our output has gone, which is how `vitalfew … | head` ends: that is no failure."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


__all__ = ["app", "main"]
