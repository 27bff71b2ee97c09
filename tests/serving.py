"""A real `vitalfew serve` in a process of its own, for tests that need everything at once."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import Request, urlopen

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

_PATIENCE = 60.0  # seconds: the machine may be busy


@dataclass(frozen=True)
class Server:
    """A server that runs.

    Attributes:
        process: its supervisor.
        address: where it listens, such as `http://127.0.0.1:8123`.
        setup: the one-time address of the first admin; empty when there is one.
        home: its folder.
    """

    process: subprocess.Popen[str]
    address: str
    setup: str
    home: Path

    @property
    def log(self) -> str:
        """What all its parts logged."""
        return (self.home / "server.log").read_text(encoding="utf-8")

    def get(self, path: str, headers: Mapping[str, str] | None = None) -> tuple[int, dict[str, str], bytes]:
        """Ask for an address; gives status, headers and body."""
        request = Request(self.address + path, headers=dict(headers or {}))  # noqa: S310 - our own server
        with urlopen(request, timeout=20) as answer:  # noqa: S310 - likewise
            return answer.status, {name.lower(): value for name, value in answer.headers.items()}, answer.read()

    def parts(self, of: str) -> list[int]:
        """Ids of the processes below the supervisor whose command names something."""
        found, todo = [], [self.process.pid]
        while todo:
            for child in _children(todo.pop()):
                todo.append(child)
                if of in _command(child):
                    found.append(child)
        return found


@contextmanager
def serving(*words: str | Path, home: Path, environment: Mapping[str, str] | None = None) -> Iterator[Server]:
    """Run `vitalfew serve` with these words at a free port, and stop it."""
    port = free_port()
    variables = {**os.environ, "VITALFEW_HOME": str(home), "PYTHONUNBUFFERED": "1", **(environment or {})}
    command = [sys.executable, "-m", "vitalfew", "serve", *map(str, words), "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=variables)
    try:
        said = _said(process)
        found = re.search(r"its log: (.*)/server\.log", said)
        setup = re.search(r"http\S+/setup/\S+", said)
        place = Path(found[1]) if found else home
        yield Server(process, f"http://127.0.0.1:{port}", setup[0] if setup else "", place)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


def _said(process: subprocess.Popen[str]) -> str:
    """What it says until it serves."""
    assert process.stdout is not None
    said = ""
    for line in process.stdout:
        said += line
        if "its log:" in line:
            return said
    raise AssertionError(process.communicate()[1])


def free_port() -> int:
    with socket.socket() as trial:
        trial.bind(("127.0.0.1", 0))
        port: int = trial.getsockname()[1]
        return port


def answers(server: Server, path: str = "/readyz") -> bool:
    """Whether it answers, within a minute."""
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            return server.get(path)[0] == 200
        except (URLError, OSError):
            time.sleep(0.1)
    return False


def gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return "\nState:\tZ" in Path(f"/proc/{pid}/status").read_text(encoding="utf-8")
    except OSError:
        return True


def _children(pid: int) -> list[int]:
    try:
        tasks = list(Path(f"/proc/{pid}/task").iterdir())
        return [int(child) for task in tasks for child in (task / "children").read_text(encoding="utf-8").split()]
    except OSError:
        return []


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""
