"""The worker's side of long work: start the process, hear its steps, kill it when it is to stop."""

from __future__ import annotations

import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from selectors import EVENT_READ, DefaultSelector
from typing import TYPE_CHECKING, Any

from vitalfew.server.core.working.jail import without_secrets

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vitalfew.server.core.working.order import Bounds, Order

_LOOK = 0.25  # seconds between looks at whether to stop
_FAREWELL = 10.0  # seconds that a process may take to end after its last word
_LONGEST_LINE = 64 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a piece of work: `result`, or why there is none.

    Attributes:
        result: what it gave; None when it failed or was stopped.
        error: the reason for people; empty when it is a fault of ours.
        detail: the reason for the log, without any text of customers.
        lacking: what this machine cannot shut the process out of.
        stopped: whether it was stopped on demand.
    """

    result: dict[str, Any] | None = None
    error: str = ""
    detail: str = ""
    lacking: tuple[str, ...] = ()
    stopped: bool = False


def watched(
    order: Order, bounds: Bounds, on_step: Callable[[str, int, int], None], should_stop: Callable[[], bool]
) -> Outcome:
    """Have a process do the work, and wait for it.

    Args:
        order: the work.
        bounds: how far it may go; a temporary folder of its own is added.
        on_step: called with each step that is told.
        should_stop: asked a few times a second; True kills the process.
    """
    temporary = tempfile.mkdtemp(prefix="vitalfew-job-")
    try:
        within = replace(bounds, writes=(*bounds.writes, temporary))
        with _started(temporary) as (process, answers):
            told = _Told(on_step)
            _give(process, order, within)
            why = told.hear(process, answers, should_stop, time.monotonic() + bounds.seconds)
        return told.outcome(process.returncode, why)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)


class _started:  # noqa: N801 - used like a function
    """The process with the reading end of its answers; killed with all that it started when this ends."""

    def __init__(self, temporary: str) -> None:
        self._temporary = temporary

    def __enter__(self) -> tuple[subprocess.Popen[bytes], int]:
        self._answers, writing = os.pipe()
        environment = without_secrets(os.environ.items()) | {"TMPDIR": self._temporary, "HOME": self._temporary}
        # -P: the folder that the server was started in is no place to load code from, nor for the process to read.
        command = [sys.executable, "-P", "-m", "vitalfew.server.core.working.child", str(writing)]
        try:
            self._process = subprocess.Popen(  # noqa: S603 - this Python, our own module
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("VITALFEW_DEBUG") else subprocess.DEVNULL,
                env=environment,
                pass_fds=(writing,),
                start_new_session=True,
            )
        finally:
            os.close(writing)
        return self._process, self._answers

    def __exit__(self, *_: object) -> None:
        kill(self._process)
        os.close(self._answers)


def kill(process: subprocess.Popen[bytes]) -> None:
    """Kill a process and its children, and wait for its end."""
    if process.poll() is None:
        try:
            os.killpg(process.pid, signal.SIGKILL)
        except (ProcessLookupError, PermissionError):
            process.kill()
    process.wait()
    if process.stdin is not None:
        with suppress(BrokenPipeError):
            process.stdin.close()


def _give(process: subprocess.Popen[bytes], order: Order, bounds: Bounds) -> None:
    given = process.stdin
    if given is None:
        raise ValueError("the process takes no order")
    try:
        given.write(json.dumps(asdict(bounds)).encode() + b"\n")
        pickle.dump(order, given, protocol=pickle.HIGHEST_PROTOCOL)
        given.close()
    except BrokenPipeError:
        return  # it has ended already, and says why


@dataclass
class _Told:
    """What the process has told so far."""

    on_step: Callable[[str, int, int], None]
    result: dict[str, Any] | None = None
    error: str = ""
    detail: str = ""
    lacking: tuple[str, ...] = ()
    _rest: bytearray = field(default_factory=bytearray)

    def hear(
        self, process: subprocess.Popen[bytes], answers: int, should_stop: Callable[[], bool], until: float
    ) -> str:
        """Listen until the process ends; gives why it was killed, if it was."""
        with DefaultSelector() as ready:
            ready.register(answers, EVENT_READ)
            while True:
                if should_stop():
                    return "stopped"
                if time.monotonic() > until:
                    return "late"
                if ready.select(_LOOK):
                    part = os.read(answers, 1 << 16)
                    if not part:
                        with suppress(subprocess.TimeoutExpired):
                            process.wait(timeout=_FAREWELL)
                        return ""
                    self._take(part)

    def _take(self, part: bytes) -> None:
        self._rest += part
        if len(self._rest) > _LONGEST_LINE:
            raise ValueError("the process tells more than anybody would read")
        for line in self._lines():
            answer = json.loads(line)
            if "step" in answer:
                self.on_step(answer["step"], answer["done"], answer["total"])
            else:
                self.result = answer.get("result", self.result)
                self.error, self.detail = answer.get("error", self.error), answer.get("detail", self.detail)
                self.lacking = tuple(answer.get("lacking", self.lacking))

    def _lines(self) -> Iterator[bytes]:
        while (end := self._rest.find(b"\n")) >= 0:
            yield bytes(self._rest[:end])
            del self._rest[: end + 1]

    def outcome(self, code: int | None, why: str) -> Outcome:
        """What it all comes to."""
        if self.result is not None and not why:
            return Outcome(self.result, lacking=self.lacking)
        if why == "stopped":
            return Outcome(stopped=True, lacking=self.lacking)
        if why == "late":
            return Outcome(error="this took longer than the server gives to one job", detail="late")
        if self.error or self.detail:
            return Outcome(error=self.error, detail=self.detail, lacking=self.lacking)
        killed = "it was killed, most likely because memory ran out" if code and code < 0 else ""
        return Outcome(error=killed, detail=f"ended with {code}", lacking=self.lacking)
