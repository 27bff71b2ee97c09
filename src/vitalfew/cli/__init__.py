"""The command line: thin commands over the rooms. Heavy packages load only when a command needs them."""

from __future__ import annotations

import sys

import typer

from vitalfew.cli import acts, exchange, runs
from vitalfew.errors import UsageError, VitalfewError

app = typer.Typer(
    name="vitalfew",
    help="Which few things we build create value, and how do we know?",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
runs.register(app)
acts.register(app)
exchange.register(app)


def main() -> None:
    """Run the command line. Exit codes: 0 fine, 1 findings or a failed job, 2 wrong usage, 130 interrupted."""
    try:
        app()
    except VitalfewError as error:
        for problem in error.problems:
            sys.stderr.write(f"vitalfew: {problem}\n")
        raise SystemExit(2 if isinstance(error, UsageError) else 1) from None
    except KeyboardInterrupt:
        sys.stderr.write("vitalfew: interrupted; nothing was left half-written\n")
        raise SystemExit(130) from None
    except BrokenPipeError:
        # The reader of our output has gone, which is how `vitalfew … | head` ends.
        sys.stderr.close()
        raise SystemExit(0) from None


__all__ = ["app", "main"]
