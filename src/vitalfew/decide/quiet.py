"""Silence for what writes to standard output behind Python's back."""

from __future__ import annotations

import ctypes
import os
import sys
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_STDOUT = 1


@contextmanager
def quiet() -> Iterator[None]:
    """Throw away what compiled code prints meanwhile.

    HiGHS prints lines of its own at times, even when told not to, and one of them would spoil `--json`. Only the file
    descriptor reaches compiled code; without one (closed, or a notebook's) there is nothing to spoil.
    """
    _flush()
    try:
        kept = os.dup(_STDOUT)
    except OSError:
        yield
        return
    try:
        with open(os.devnull, "wb") as nowhere:  # noqa: PTH123 - a file descriptor is wanted, not a path
            os.dup2(nowhere.fileno(), _STDOUT)
        yield
    finally:
        _flush()
        os.dup2(kept, _STDOUT)
        os.close(kept)


def _flush() -> None:
    """Let out what is in the buffers of Python and of C, so that each line goes where it belongs."""
    with suppress(OSError, ValueError, AttributeError):
        sys.stdout.flush()
    with suppress(OSError, AttributeError, TypeError):
        ctypes.CDLL(None).fflush(None)
