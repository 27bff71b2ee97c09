"""Connections to PostgreSQL that stay open: taken in turn, given back by who goes away, made anew after a restart."""

from __future__ import annotations

import socket
import sys
from contextlib import ExitStack, closing
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from server_databases import in_place, postgres_at
from serving import Server, answers, serving
from vitalfew.server.core.connections import let_go
from vitalfew.server.core.models import Member, User, Workspace
from vitalfew.server.value.models import Session

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="starts every part of the server")
MOST = 8  # of one process
PROCESSES = 3  # two that answer pages, one that works; the one that watches them keeps none


@pytest.fixture
def server(postgres: str, tmp_path: Path) -> Iterator[Server]:
    """A server on PostgreSQL, whose tables the test sees."""
    told = {"VITALFEW_DATABASE": postgres, "VITALFEW_SECRET_KEY": settings.SECRET_KEY}  # signs what the test signs in
    with serving(home=tmp_path / "home", environment=told) as found, in_place(postgres_at(postgres)):
        assert answers(found)
        yield found


def test_pages_that_listen_and_people_who_go_away_keep_no_connection(server: Server, tmp_path: Path) -> None:
    cookie = _signed_in_to_a_session(tmp_path)
    with ExitStack() as open_pages:
        for _ in range(2 * MOST * PROCESSES):
            page = open_pages.enter_context(closing(_asked(server, "/w/field/sessions/weights/events/", cookie)))
            assert page.recv(15) == b"HTTP/1.1 200 OK"
        for _ in range(4 * MOST * PROCESSES):
            _asked(server, "/w/field/sessions/", cookie).close()
        assert all(server.get("/readyz")[0] == 200 for _ in range(MOST))
        assert 0 < _others() <= MOST * PROCESSES


def test_connections_that_a_restart_of_the_database_cut_are_made_anew(server: Server) -> None:
    assert _others("pg_terminate_backend(pid)") > 0
    assert [server.get("/readyz")[0] for _ in range(4)] == [200] * 4


@pytest.mark.usefixtures("postgres")
def test_the_same_connections_are_taken_again_until_they_are_let_go() -> None:
    def process() -> int:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            (found,) = cursor.fetchone()
        connection.close()
        return int(found)

    taken = {process() for _ in range(4 * MOST)}
    assert len(taken) <= MOST
    let_go()
    assert process() not in taken


def _signed_in_to_a_session(folder: Path) -> str:
    """The cookie of a member of a workspace in which people weigh."""
    row = Workspace.objects.create(key="field", name="Field", folder=str(folder))
    user = User.objects.create_user("ada@example.org", name="Ada")
    Member.objects.create(workspace=row, user=user, role="facilitator")
    Session.objects.create(workspace_id=row.pk, key="weights", title="Weights", opened_by=user)
    client = Client()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"


def _asked(server: Server, path: str, cookie: str) -> socket.socket:
    """A line to the server on which an address was asked for."""
    where = urlsplit(server.address)
    line = socket.create_connection((where.hostname or "", where.port or 0), timeout=20)
    line.sendall(f"GET {path} HTTP/1.1\r\nHost: {where.netloc}\r\nCookie: {cookie}\r\n\r\n".encode())
    return line


def _others(each: str = "pid") -> int:
    """How many other connections there are to this test's database, after something was done to each."""
    with connection.cursor() as cursor:
        cursor.execute(
            f"SELECT {each} FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
        return len(cursor.fetchall())
