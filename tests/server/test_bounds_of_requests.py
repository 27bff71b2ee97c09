"""What a request may ask for: no question of the database without end, no way around a proxy."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import psycopg
import pytest
from django.conf import settings
from django.db import OperationalError, connection
from django.test import Client, override_settings

from vitalfew.server.core.connections import bound, let_go, took_too_long
from vitalfew.server.core.models import AuditEntry
from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from server.conftest import ClientOf

HERE = "/w/playground/settings/audit/"
SHOW = (
    "from django.db import connection as c; q = c.cursor(); q.execute('SHOW statement_timeout'); print(q.fetchone()[0])"
)


@pytest.fixture
def bounded(postgres: str) -> str:
    """A PostgreSQL of which this process asks nothing that takes a second; gives its address."""
    let_go()
    bound(1)
    return postgres


def test_a_question_that_takes_too_long_is_given_up(bounded: str) -> None:
    assert bounded
    with connection.cursor() as cursor, pytest.raises(OperationalError) as caught:
        cursor.execute("SELECT pg_sleep(30)")
    assert took_too_long(caught.value)


def test_a_page_and_the_api_say_that_it_took_too_long(bounded: str, client_of: ClientOf) -> None:
    browser = client_of("admin")
    secret = tokens.make(browser.member.user, "slow", ["admin"])  # type: ignore[attr-defined]  # given by `client_of`
    program = Client(headers={"Authorization": f"Bearer {secret}"})
    with psycopg.connect(bounded) as other:
        other.execute(f"LOCK TABLE {AuditEntry._meta.db_table} IN ACCESS EXCLUSIVE MODE")
        page, answer = browser.get(HERE), program.get("/api/v1/workspaces/playground/audit")
    assert (page.status_code, answer.status_code) == (503, 503)
    assert "This took too long" in page.content.decode()
    assert answer.json()["detail"] == "the database took too long over this"
    assert browser.get(HERE).status_code == 200


@pytest.mark.parametrize(
    ("first", "told", "bounds"),
    [
        ("import vitalfew.server.asgi", {}, "30s"),
        ("import vitalfew.server.asgi", {"VITALFEW_REQUEST_SECONDS": "0"}, "0"),
        ("import django; django.setup()", {}, "0"),
    ],
)
def test_pages_have_a_bound_and_jobs_have_none(
    postgres: str, tmp_path: Path, first: str, told: dict[str, str], bounds: str
) -> None:
    own = {"DJANGO_SETTINGS_MODULE": "vitalfew.server.settings", "VITALFEW_HOME": str(tmp_path)}
    given = os.environ | own | {"VITALFEW_DATABASE": postgres} | told
    done = subprocess.run(
        [sys.executable, "-c", f"{first}; {SHOW}"], env=given, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == bounds


@pytest.fixture
def behind_two() -> Iterator[None]:
    """Two proxies stand before the server."""
    config = replace(settings.CONFIG, proxies=2)
    with override_settings(CONFIG=config, ALLAUTH_TRUSTED_PROXY_COUNT=2):
        yield


@pytest.mark.django_db
@pytest.mark.usefixtures("behind_two")
@pytest.mark.parametrize(
    ("path", "told", "status"),
    [
        ("/accounts/login/", "192.0.2.1", 400),
        ("/accounts/login/", "192.0.2.1, 10.0.0.1", 200),
        ("/accounts/login/", "198.51.100.9, 192.0.2.1, 10.0.0.1", 200),
        ("/rate/nothing-of-ours/", "192.0.2.1", 400),
        ("/accounts/login/", "", 200),
        ("/api/v1/workspaces", "192.0.2.1", 400),
    ],
)
def test_a_request_past_a_proxy_is_refused_and_said_why(path: str, told: str, status: int) -> None:
    headers: dict[str, Any] = {"X-Forwarded-For": told} if told else {}
    answer = Client(raise_request_exception=True).get(path, headers=headers)
    assert answer.status_code == status
    assert ("VITALFEW_PROXIES" in answer.content.decode()) == (status == 400)


@pytest.mark.django_db
@pytest.mark.usefixtures("behind_two")
def test_signing_in_past_a_proxy_is_no_fault_of_ours() -> None:
    told = {"login": "ada@example.org", "password": "wrong"}
    assert Client().post("/accounts/login/", told, headers={"X-Forwarded-For": "192.0.2.1"}).status_code == 400
    assert Client().post("/accounts/login/", told).status_code == 200
