"""Starting the server: everything on one machine with one command, or each part apart."""

from __future__ import annotations

import importlib.util
import os
import signal
import socket
import subprocess
import sys
import time
import webbrowser
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.error import URLError
from urllib.request import urlopen

from vitalfew.errors import UsageError
from vitalfew.server.config import default_home, make_secret

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from io import FileIO
    from types import FrameType

SETTINGS = "vitalfew.server.settings"
_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_EVERYWHERE = ("0.0.0.0", "::")  # noqa: S104 - compared, not bound
_LARGEST_LOG = 10_000_000  # bytes
_PATIENCE = 30.0  # seconds until a server that does not answer is given up
_FAREWELL = 8.0  # seconds that parts have to end by themselves
_SETTLED = 10.0  # seconds after which a part counts as well started


def require_web() -> None:
    """Say so when the web application is not installed.

    Raises:
        UsageError: it is not.
    """
    if any(importlib.util.find_spec(name) is None for name in ("django", "granian", "allauth", "ninja")):
        raise UsageError("the web application is not installed", hint="pip install 'vitalfew[web]'")


def prepare(folder: Path | None = None) -> Path:
    """Choose and make the server's folder, with its secret, and name it to all parts; gives the folder.

    Raises:
        UsageError: the web application is not installed, or there is no such workspace folder.
    """
    require_web()
    if folder is not None:
        if not folder.is_dir():
            raise UsageError(f"there is no folder '{folder}'", hint="'vitalfew start FILE' makes one from your data")
        from vitalfew.workspace.people import private_folder

        os.environ["VITALFEW_HOME"] = str(private_folder(folder.resolve()) / "server")
    home = Path(os.environ.setdefault("VITALFEW_HOME", str(default_home())))
    make_secret(home)
    os.environ["DJANGO_SETTINGS_MODULE"] = SETTINGS
    return home


def serve(folder: Path | None, host: str, port: int, *, show: bool, say: Callable[[str], None]) -> int:
    """Start web, worker and scheduler, and keep them running until this process is told to stop; gives its exit code.

    Args:
        folder: a workspace folder, whose kinds of definitions stay its own; None for a server without one.
        host: the address to listen at.
        port: the port to listen at.
        show: whether to open a browser.
        say: prints a sentence.

    Raises:
        UsageError: the port is taken, the folder does not exist, or the web application is not installed.
    """
    home = prepare(folder)
    _refuse_taken(host, port)
    reached = reached_at(host)
    if host not in _LOOPBACK:
        os.environ.setdefault("VITALFEW_HOSTS", f"localhost 127.0.0.1 [::1] {reached} {socket.gethostname()}")
    own, address = (f"http://{name}:{port}" for name in ("localhost" if host in _EVERYWHERE else reached, reached))
    with _log(home) as log:
        parts = _Parts(log.fileno())
        with parts.stopped_by_signals():
            parts.start(
                "web", web_command(host, port, min(2, os.cpu_count() or 1))
            )  # it loads while the tables are made
            first = _first_address(folder, address)
            _wait_for(f"{own}/healthz", parts, home)
            parts.start("worker", [sys.executable, "-m", "vitalfew", "worker"])
            if first:
                say(f"Nobody can sign in yet. Open this once, within a day, and choose a password: {first}")
            say(f"vitalfew is at {address}/ (stop it with Ctrl-C; its log: {home / 'server.log'})")
            if show:
                webbrowser.open(first or address)
            return parts.keep_running()


def web(host: str, port: int, workers: int) -> None:
    """Become the web server; does not come back.

    Raises:
        UsageError: the web application is not installed.
    """
    prepare()
    command = web_command(host, port, workers)
    os.execv(command[0], command)  # noqa: S606 - this Python, no shell


def work() -> None:
    """Work on jobs and keep up what the clock asks for, until told to stop.

    Raises:
        UsageError: the web application is not installed.
    """
    prepare()
    _set_up()
    from vitalfew.server.core.worker import run_worker

    run_worker()


def manage(arguments: Sequence[str]) -> None:
    """Run one of Django's commands, such as `migrate`.

    Raises:
        UsageError: the web application is not installed.
    """
    prepare()
    from django.core.management import execute_from_command_line

    execute_from_command_line(["vitalfew manage", *arguments])


def web_command(host: str, port: int, workers: int) -> list[str]:
    """The command that starts the web server."""
    return [
        *(sys.executable, "-m", "granian", "--interface", "asginl", "--host", host, "--port", str(port)),
        *("--workers", str(workers), "--respawn-failed-workers", "--respawn-interval", "0.5"),
        *("--workers-kill-timeout", "5", "--log-level", "warning", "--no-ws", "vitalfew.server.asgi:application"),
    ]


def reached_at(host: str) -> str:
    """The name under which others reach a server that listens at an address.

    Of one that listens everywhere: the address of this machine in its network. Nothing is sent to find it.
    """
    if host not in _EVERYWHERE:
        return f"[{host}]" if ":" in host else host
    with closing(socket.socket(socket.AF_INET, socket.SOCK_DGRAM)) as trial:
        try:
            trial.connect(("192.0.2.1", 9))  # an address for examples: connecting chooses the way, and sends nothing
        except OSError:
            return socket.gethostname()
        return str(trial.getsockname()[0])


# One machine ------------------------------------------------------------------------------------------------------


def _set_up() -> None:
    import django

    django.setup()


def _first_address(folder: Path | None, address: str) -> str:
    """Make or bring up to date the tables, connect the folder; gives the address of the first admin's setup, if any."""
    _set_up()
    from django.core.management import call_command

    from vitalfew.server.core.connections import let_go
    from vitalfew.server.core.services.accounts import first_address
    from vitalfew.server.core.services.workspaces import connect_folder

    call_command("migrate", verbosity=0, interactive=False)
    call_command("createcachetable", verbosity=0)
    if folder is not None:
        connect_folder(folder)
    found = first_address(address)
    let_go()  # this process only watches from now on, and starts others
    return found


def _refuse_taken(host: str, port: int) -> None:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with closing(socket.socket(family)) as trial:
        trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trial.bind((host, port))
        except OSError as error:
            reason = error.strerror or "no reason given"
            raise UsageError(f"port {port} of {host} cannot be used: {reason}", hint="name another: --port") from None


def _log(home: Path) -> FileIO:
    """The file that all parts write their log to; one that has grown large is put aside."""
    path = home / "server.log"
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(home / "server.log.1")
    return path.open("ab", buffering=0)


def _wait_for(address: str, parts: _Parts, home: Path) -> None:
    until = time.monotonic() + _PATIENCE
    while time.monotonic() < until:
        try:
            with urlopen(address, timeout=1) as answer:  # noqa: S310 - our own address
                if answer.status == 200:  # noqa: PLR2004 - HTTP's own number for fine
                    return
        except (URLError, OSError):
            time.sleep(0.05)
        if parts.asked_to_stop:
            return
    raise UsageError("the server does not answer", hint=f"its log says why: {home / 'server.log'}")


@dataclass
class _Part:
    """A part of the server, and when it was started."""

    command: list[str]
    process: subprocess.Popen[bytes]
    since: float


class _Parts:
    """The processes of a server on one machine: started, watched, started again, stopped together."""

    def __init__(self, log: int) -> None:
        self._log = log
        self._parts: dict[str, _Part] = {}
        self.asked_to_stop = False

    def start(self, name: str, command: list[str]) -> None:
        """Start a part, which ends when this process does, however it ends."""
        from vitalfew.server.core.working.jail import end_with_parent

        process = subprocess.Popen(  # noqa: S603 - this Python, our own modules
            command,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=self._log,
            start_new_session=True,  # Ctrl-C reaches this process alone, which then stops its parts in order
            preexec_fn=end_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509 - there are no threads here
        )
        self._parts[name] = _Part(command, process, time.monotonic())

    def keep_running(self) -> int:
        """Start again whatever ends, until asked to stop."""
        while not self.asked_to_stop:
            for name, part in list(self._parts.items()):
                if part.process.poll() is not None and not self.asked_to_stop:
                    if time.monotonic() - part.since < _SETTLED:
                        time.sleep(1)
                    self.start(name, part.command)
            time.sleep(0.2)
        return 0

    def stopped_by_signals(self) -> _Stopping:
        """Within it, signals ask to stop; at its end all parts are stopped."""
        return _Stopping(self)

    def ask_to_stop(self, _signal: int, _frame: FrameType | None) -> None:
        """What a signal does."""
        self.asked_to_stop = True

    def stop(self) -> None:
        """Ask the parts to end, the worker first, and end those that do not."""
        for part in reversed(self._parts.values()):
            if part.process.poll() is None:
                part.process.terminate()
        until = time.monotonic() + _FAREWELL
        for part in self._parts.values():
            try:
                part.process.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                part.process.kill()
                part.process.wait()


class _Stopping:
    """Signals ask to stop, and nothing stays behind."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts

    def __enter__(self) -> None:
        for kind in (signal.SIGINT, signal.SIGTERM):
            signal.signal(kind, self._parts.ask_to_stop)

    def __exit__(self, *_: object) -> None:
        self._parts.stop()
