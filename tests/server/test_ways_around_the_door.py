"""Ways around signing in and around personal links: counts of tries, proxies, hosts, lines that stay open."""

from __future__ import annotations

import asyncio
import json
import time
from contextlib import aclosing
from typing import TYPE_CHECKING

import pytest
from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.cache import cache
from django.db import connection, connections
from django.test import AsyncClient, Client, override_settings
from django.urls import reverse

from vitalfew.server.core import limits
from vitalfew.server.core.access import MOST_TRIES
from vitalfew.server.core.models import Member, User, Workspace
from vitalfew.server.core.services import members
from vitalfew.server.core.services.upkeep import forget_expired
from vitalfew.server.value.models import Participant, Session
from vitalfew.server.value.services import sessions
from vitalfew.server.value.views import live

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    type ClientOf = Callable[..., Client]
    type MakeMember = Callable[..., Member]

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
LOGIN = "/accounts/login/"


def _try(password: str, login: str = "ada@example.org", **given: str) -> int:
    return Client().post(LOGIN, {"login": login, "password": password}, **given).status_code  # type: ignore[arg-type]  # headers by name


# Counts of tries --------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_nobody_makes_the_server_forget_what_was_tried_by_trying_much_else() -> None:
    User.objects.create_user("ada@example.org", PASSWORD)
    assert [_try("wrong", REMOTE_ADDR=f"192.0.2.{number}") for number in range(11)][-1] == 429
    for number in range(1_000):
        limits.count(f"tries:198.51.100.{number}", 600)
    assert _try(PASSWORD, REMOTE_ADDR="192.0.2.99") == 429


@pytest.mark.django_db
def test_counts_that_are_over_are_forgotten_and_no_others() -> None:
    limits.count("standing", 600)
    cache.set("over", 1, timeout=-1)
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE vitalfew_cache SET expires = '2020-01-01 00:00:00' WHERE cache_key NOT LIKE %s", ["%stan%"]
        )
    forget_expired()
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM vitalfew_cache WHERE expires < '2021-01-01 00:00:00'")
        assert cursor.fetchone()[0] == 0
    assert limits.counted("standing", 600) == 1


@pytest.mark.django_db
def test_whoever_has_many_addresses_of_one_house_tries_links_no_more_often() -> None:
    tried = [Client(REMOTE_ADDR=f"2001:db8:7::{number:x}").get(f"/join/{number}/").status_code for number in range(61)]
    assert len(tried) == MOST_TRIES + 1
    assert (set(tried[:-1]), tried[-1]) == ({410}, 429)
    assert Client(REMOTE_ADDR="2001:db8:8::1").get("/join/1/").status_code == 410


# Behind a proxy ---------------------------------------------------------------------------------------------------


@pytest.mark.django_db
@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_a_proxy_no_address_that_a_visitor_tells_counts() -> None:
    User.objects.create_user("ada@example.org", PASSWORD)
    tried = [_try("wrong", f"x{n}@example.org", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}, 203.0.113.5") for n in range(21)]
    assert tried[-1] == 429
    links = [
        Client().get("/join/x/", headers={"X-Forwarded-For": f"192.0.2.{n}, 203.0.113.6"}).status_code
        for n in range(61)
    ]
    assert links[-1] == 429


@pytest.mark.django_db
@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
@pytest.mark.parametrize("told", ["nonsense", "", ",", "1.2.3.4:99999", "[::1", "x" * 5_000, "' OR 1=1 --"])
def test_an_address_that_is_none_breaks_nothing(told: str) -> None:
    User.objects.create_user("ada@example.org", PASSWORD)
    assert _try("wrong", HTTP_X_FORWARDED_FOR=told) in (200, 403)
    assert Client().get("/join/x/", headers={"X-Forwarded-For": told}).status_code == 410


@pytest.mark.parametrize(
    "headers",
    [
        {"X-Forwarded-Host": "evil.example"},
        {"Forwarded": "host=evil.example;proto=https"},
        {"X-Forwarded-Proto": "https", "X-Forwarded-Port": "4443", "X-Original-URL": "/evil.example"},
    ],
)
@pytest.mark.usefixtures("workspace")
def test_links_are_made_for_this_host_whatever_else_a_header_names(
    headers: dict[str, str], client_of: ClientOf
) -> None:
    admin, people = client_of("admin"), "/w/playground/settings/people/"
    page = admin.post(people, {"role": "viewer", "email": "ben@example.org"}, headers=headers).text
    assert "http://testserver/invitation/" in page
    assert "evil.example" not in page


@pytest.mark.django_db
@pytest.mark.parametrize("host", ["evil.example", "localhost@evil.example", "localhost, evil.example", "testserver:x"])
def test_a_host_that_is_not_ours_is_not_answered(host: str) -> None:
    with override_settings(ALLOWED_HOSTS=["testserver"]):
        assert Client().get("/accounts/password/reset/", headers={"Host": host}).status_code == 400


# Lines that stay open ---------------------------------------------------------------------------------------------


@pytest.fixture
def weights(sqlite: None, workspace: Workspace, member: MakeMember) -> Iterator[Session]:  # noqa: ARG001 - seen by other threads
    """A session in a database that other threads see, and forget afterwards."""
    plan = sessions.Plan("Autumn", ("rounds", "retention"), people=(("Cleo", ""),))
    key, _ = sessions.open_session(workspace, plan, member("facilitator").user)
    _everywhere(_forget)
    yield Session.objects.get(key=key)
    _everywhere(_forget)


def _everywhere(work: Callable[[], None]) -> None:
    """In the threads in which lines that stay open ask the database."""
    live._reader.submit(work).result()
    asyncio.run(sync_to_async(work)())


def _forget() -> None:
    connections["default"].close()
    del connections["default"]


async def _heard(client: AsyncClient, address: str, meanwhile: Callable[[], object]) -> list[str]:
    """What comes over a line until it ends, while something is done."""
    answer = await client.get(address)
    found: list[str] = []
    async with aclosing(aiter(answer.streaming_content)) as events:  # type: ignore[attr-defined]  # a stream of events
        async for text in events:
            found.append(text.decode())
            if len(found) == 1:
                await asyncio.to_thread(_alone, meanwhile)
    return found


def _alone(work: Callable[[], object]) -> None:
    try:
        work()
    finally:
        connections.close_all()


def _by(user: User) -> AsyncClient:
    client = AsyncClient()
    client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


@pytest.mark.parametrize("how", ["taken out", "signed out"])
def test_whoever_may_no_longer_look_on_hears_nothing_more(
    how: str, weights: Session, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "AGAIN", 0.1)
    monkeypatch.setattr(live, "EVERY", 0.05)
    row, who, admin = weights.workspace, member("viewer"), member("admin")
    client = _by(who.user)

    def out() -> None:
        if how == "taken out":
            members.remove_member(row, who.user_id, by=admin.user)
        else:
            client.logout()

    address = reverse("session-events", kwargs={"workspace": row.key, "key": weights.key})
    begun = time.monotonic()
    heard = asyncio.run(_heard(client, address, out))
    assert time.monotonic() - begun < 20, "and not after five minutes"
    assert [json.loads(text.split("data: ")[1])["step"] for text in heard if "data: " in text] == ["frame"]


def test_a_rater_who_was_left_out_hears_nothing_more_and_never_what_others_say(
    weights: Session, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "AGAIN", 0.1)
    monkeypatch.setattr(live, "EVERY", 0.05)
    seat = Participant.objects.get(name="Cleo").pk
    secret = sessions.new_link(weights.pk, seat, member("facilitator").user).secret
    entered = Client()
    entered.post(reverse("rate-link", kwargs={"secret": secret}))
    client = AsyncClient()
    client.cookies = entered.cookies
    heard = asyncio.run(_heard(client, "/rate/events/", lambda: sessions.leave_out(weights.pk, seat)))
    said = json.loads(heard[0].split("data: ")[1])
    assert set(said) == {"version", "step", "ready", "people", "signed", "ends"}
    assert "Cleo" not in "".join(heard)


def test_one_person_holds_so_many_lines_and_gives_them_back(
    weights: Session, member: MakeMember, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "MOST", 2)
    client = _by(member("viewer").user)
    address = reverse("session-events", kwargs={"workspace": weights.workspace.key, "key": weights.key})

    async def opened() -> list[int]:
        lines = [await client.get(address) for _ in range(2)]
        for line in lines:
            await anext(aiter(line.streaming_content))  # type: ignore[attr-defined]  # a stream of events
        return [line.status_code for line in lines] + [(await client.get(address)).status_code]

    assert asyncio.run(opened()) == [200, 200, 429]
    assert not live._listening, "a line that broke counts no more"


def test_events_of_another_workspace_are_those_of_nothing(weights: Session) -> None:
    other = Workspace.objects.create(key="other", name="Other", folder="/nowhere")
    eve = User.objects.create_user("eve@example.org")
    Member.objects.create(workspace=other, user=eve, role="admin")
    client = Client()
    client.force_login(eve, backend=settings.AUTHENTICATION_BACKENDS[0])
    for where in (weights.workspace.key, "other"):
        assert client.get(f"/w/{where}/sessions/{weights.key}/events/").status_code == 404
    assert client.get("/rate/events/").status_code == 404
