"""Ctrl-C while a command runs: heard wherever it comes, and told by one exit code."""

from __future__ import annotations

import signal
import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_AGAIN = 0.01  # seconds after which an interrupt that was lost is sent again


class Interrupted(KeyboardInterrupt):
    """A `KeyboardInterrupt` of our own.

    Where the interpreter's passes through text that is run, as when a data class is made, the process ends by the
    signal whatever becomes of it later, and not by our exit code.
    """


@contextmanager
def heard() -> Iterator[None]:
    """Raise `Interrupted` on Ctrl-C, and once more when it was lost.

    Python drops what is raised while an object goes, and the locks of imports go some thousand times in a run. Whoever
    handles or ignores the signal already keeps doing so.
    """
    first, told = signal.getsignal(signal.SIGINT), sys.unraisablehook
    if threading.current_thread() is not threading.main_thread() or first is not signal.default_int_handler:
        yield
        return
    ear = _Ear(told)
    signal.signal(signal.SIGINT, ear.interrupt)
    sys.unraisablehook = ear.dropped
    try:
        yield
    finally:
        ear.lost.clear()
        signal.signal(signal.SIGINT, first)
        sys.unraisablehook = told


class _Ear:
    """Handler of the signal, and of what Python drops; `lost`: whether an interrupt is still to be raised again."""

    def __init__(self, told: Callable[[sys.UnraisableHookArgs], object]) -> None:
        self.lost = threading.Event()
        self._told = told

    def interrupt(self, _signal: int, frame: FrameType | None) -> None:
        while frame is not None:
            if frame.f_code is _Ear.dropped.__code__:  # raised here, it would be lost again
                self._insist()
                return
            frame = frame.f_back
        self.lost.clear()
        raise Interrupted

    def dropped(self, what: sys.UnraisableHookArgs) -> None:
        if issubclass(what.exc_type, Interrupted):
            self._insist()
        else:
            self._told(what)

    def _insist(self) -> None:
        if not self.lost.is_set():
            self.lost.set()
            threading.Thread(target=self._send, daemon=True).start()

    def _send(self) -> None:
        main = threading.main_thread().ident
        while True:
            time.sleep(_AGAIN)
            if not self.lost.is_set() or main is None:
                return
            if sys.platform == "win32":
                signal.raise_signal(signal.SIGINT)
            else:
                signal.pthread_kill(main, signal.SIGINT)  # to that thread, which may be waiting for something
