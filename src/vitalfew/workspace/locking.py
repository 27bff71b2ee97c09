"""An advisory lock on an open file, so that two processes never append at once and no reader sees half a line."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

if sys.platform == "win32":
    import msvcrt

    @contextmanager
    def locked(descriptor: int, *, exclusive: bool) -> Iterator[None]:  # noqa: ARG001 - Windows knows one kind of lock
        """Hold the lock of an open file while the block runs."""
        msvcrt.locking(descriptor, msvcrt.LK_LOCK, 1)
        try:
            yield
        finally:
            msvcrt.locking(descriptor, msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    @contextmanager
    def locked(descriptor: int, *, exclusive: bool) -> Iterator[None]:
        """Hold the lock of an open file while the block runs; waits for others to release theirs.

        Where a file system has no locks, reading goes on without one; writing fails.
        """
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX if exclusive else fcntl.LOCK_SH)
        except OSError:
            if exclusive:
                raise
        try:
            yield
        finally:
            fcntl.flock(descriptor, fcntl.LOCK_UN)
