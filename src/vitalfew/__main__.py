"""`vitalfew` and `python -m vitalfew` are the command line."""

from __future__ import annotations

import os
import signal
from typing import NoReturn


def main() -> None:
    """Load the command line and run it. Ctrl-C before it is loaded ends at once, as nothing has been begun."""
    is_ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if is_ours:
        signal.signal(signal.SIGINT, _leave)
    from vitalfew.cli import main as run

    if is_ours:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    run()


def _leave(*_: object) -> NoReturn:
    # Neither an exception, which would be told as a trace of imports, nor the closing of what is half loaded.
    os.write(2, b"vitalfew: interrupted; nothing was left half-written\n")
    os._exit(130)


if __name__ == "__main__":
    main()
