"""`vitalfew serve`: one command, one address, a link for the first admin; nothing stays when it stops."""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import pytest
from django.urls import resolve

from serving import answers, gone, serving
from vitalfew.server.core.bounded import ORDINARY, Bounded
from vitalfew.server.core.services.accounts import first_address
from vitalfew.server.launch import reached_at

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

    from server.conftest import ClientOf, DemoRun
    from vitalfew.server.core.models import Workspace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are looked up in /proc")


def test_a_folder_is_served_started_again_when_a_part_dies_and_stopped_whole(demo_run: DemoRun, tmp_path: Path) -> None:
    folder = tmp_path / "product"
    shutil.copytree(demo_run.folder, folder)
    with serving(folder, home=tmp_path / "unused") as server:
        assert server.home == folder / ".vitalfew" / "server"
        assert not (tmp_path / "unused").exists()
        assert (server.home / "secret.key").stat().st_mode & 0o777 == 0o600
        assert server.setup.startswith(server.address + "/setup/")
        assert answers(server)
        _, _, page = server.get(server.setup.removeprefix(server.address))
        assert b"password" in page

        style = re.search(rb'href="(/static/dist/[^"]+\.css)"', page)
        assert style is not None
        _, headers, body = server.get(style[1].decode(), {"Accept-Encoding": "gzip"})
        assert headers["content-encoding"] == "gzip"
        assert gzip.decompress(body)
        assert "max-age=315360000" in headers["cache-control"]
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]

        (worker,) = server.parts("vitalfew worker")
        os.kill(worker, signal.SIGKILL)
        assert _within(30, lambda: server.parts("vitalfew worker") not in ([], [worker]))
        every = server.parts("")
        assert "secret" not in server.log
        assert server.setup.rpartition("/setup/")[2].strip("/") not in server.log
        assert all(json.loads(line)["at"] for line in server.log.splitlines() if line.startswith("{"))
    assert server.process.returncode == 0
    assert _within(10, lambda: all(gone(pid) for pid in every))


def test_a_server_for_phones_prints_the_address_that_they_open(tmp_path: Path) -> None:
    with serving("--host", "0.0.0.0", home=tmp_path) as server:  # noqa: S104 - what the test is about
        address = server.setup.partition("/setup/")[0]
        assert address.startswith(f"http://{reached_at('0.0.0.0')}:")  # noqa: S104 - likewise
        for asked in (address, server.address.replace("127.0.0.1", "localhost")):
            with urlopen(f"{asked}/accounts/login/", timeout=20) as answer:  # noqa: S310 - our own server
                assert answer.status == 200
    assert reached_at("::1") == "[::1]"
    assert reached_at("value.example.org") == "value.example.org"


@pytest.mark.django_db
def test_a_link_says_when_it_opens_on_this_computer_only(workspace: Workspace, client_of: ClientOf) -> None:
    invite = f"/w/{workspace.key}/settings/people/"
    asked = {"email": "", "role": "rater"}
    here = client_of("admin").post(invite, asked, headers={"host": "127.0.0.1:8000"}, follow=True)
    assert "opens on this computer only" in here.content.decode()
    there = client_of("admin").post(invite, asked, follow=True)
    assert "serves once" in there.content.decode()
    assert "opens on this computer only" not in there.content.decode()


@pytest.mark.django_db
def test_a_name_that_is_not_the_servers_is_named_as_the_reason(client: Client) -> None:
    answer = client.get("/accounts/login/", headers={"host": "192.0.2.7"})
    assert answer.status_code == 400
    assert "VITALFEW_HOSTS" in answer.content.decode()


def _within(seconds: float, happens: Callable[[], bool]) -> bool:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if happens():
            return True
        time.sleep(0.1)
    return False


def test_a_port_that_is_taken_is_said_in_a_sentence(tmp_path: Path) -> None:
    with closing(socket.socket()) as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "vitalfew", "serve", "--port", str(taken.getsockname()[1])]
        environment = {**os.environ, "VITALFEW_HOME": str(tmp_path)}
        said = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert said.returncode == 2
    assert "cannot be used" in said.stderr
    assert "--port" in said.stderr


def test_a_weak_secret_is_refused(tmp_path: Path) -> None:
    environment = {**os.environ, "VITALFEW_HOME": str(tmp_path), "VITALFEW_SECRET_KEY": "secret"}
    command = [sys.executable, "-m", "vitalfew", "manage", "check"]
    said = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    assert said.returncode == 2
    assert "too weak" in said.stderr


def test_files_are_answered_whole_and_only_when_they_have_changed(client: Client) -> None:
    answer = client.get("/static/mark.svg")
    assert answer.status_code == 200
    assert not answer.streaming
    assert answer.content.startswith(b"<svg")
    assert answer["Cache-Control"] == "max-age=60, public"
    again = client.get("/static/mark.svg", headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("path", "announced", "sent", "status"),
    [
        ("/w/x/ledger/", ORDINARY + 1, 0, 413),
        ("/w/x/ledger/", None, ORDINARY + 1, 413),
        ("/w/x/ledger/", ORDINARY, ORDINARY, 200),
        ("/w/x/files/", ORDINARY + 1, ORDINARY + 1, 200),
        ("/w/x/files/", 2 * ORDINARY + 1, 0, 413),
        ("/workspaces/files/", None, 2 * ORDINARY + 1, 413),
    ],
)
def test_a_request_that_carries_too_much_is_refused(path: str, announced: int | None, sent: int, status: int) -> None:
    assert asyncio.run(_asked(path, announced, sent)) == status


async def _asked(path: str, announced: int | None, sent: int) -> int:
    given: list[dict[str, object]] = []
    parts = [b"x" * min(1_000_000, sent - at) for at in range(0, sent, 1_000_000)]

    async def application(_scope: Any, receive: Any, send: Any) -> None:
        for _ in range(len(parts)):
            await receive()
        await send({"type": "http.response.start", "status": 200})

    async def receive() -> dict[str, object]:
        return {"type": "http.request", "body": parts.pop(0) if parts else b"", "more_body": True}

    async def send(message: dict[str, object]) -> None:
        given.append(message)

    headers = [] if announced is None else [(b"content-length", str(announced).encode())]
    bounded = Bounded(application, 2 * ORDINARY)
    await bounded({"type": "http", "path": path, "headers": headers}, receive, send)
    return int(str(given[0]["status"]))


def test_the_first_admins_address_is_that_of_the_page(db: None) -> None:  # noqa: ARG001 - links are rows
    found = resolve(first_address("http://x").removeprefix("http://x"))
    assert found.url_name == "setup"
