"""What several do at the same moment on PostgreSQL: nobody waits for ever, nothing is done twice, nothing is lost."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from django.db import connection, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from vitalfew.server.core.models import ActRecord, Answer, Definition, Job, Link, Member
from vitalfew.server.core.services import invitations, runs, tokens
from vitalfew.server.core.services.definitions import Conflict, save
from vitalfew.server.value.models import Participant, Session
from vitalfew.server.value.services import answers, sessions

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.models import Workspace

    type MakeMember = Callable[..., Member]

AT_ONCE = 8


def alone[Done](work: Callable[[], Done]) -> Done:
    """Do something by a connection of this thread."""
    try:
        return work()
    finally:
        connection.close()


def together[Done](work: Callable[[int], Done]) -> list[Done]:
    """What several get who do the same at once."""
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda number: alone(lambda: work(number)), range(AT_ONCE)))


@pytest.fixture
def weighing(postgres: str, workspace: Workspace, member: MakeMember) -> tuple[Session, str]:  # noqa: ARG001 - where it lies
    plan = sessions.Plan("Autumn", ("rounds", "retention"), people=(("Cleo", ""),))
    key, (cleo,) = sessions.open_session(workspace, plan, member("facilitator").user)
    return Session.objects.get(key=key), cleo.secret


def test_whoever_opens_a_link_while_another_is_made_waits_and_neither_fails(weighing: tuple[Session, str]) -> None:
    row, secret = weighing
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Session.objects.select_for_update().get(pk=row.pk)  # as whoever makes a new link begins
            coming = pool.submit(alone, lambda: answers.enter(secret))
            _wait_for_somebody_who_waits()
            Participant.objects.filter(session=row).update(entries=7)  # and goes on
        assert coming.result(timeout=10)
    assert Participant.objects.get().entries == 8


def test_the_link_that_a_new_one_takes_the_place_of_opens_nothing_though_nobody_used_it(
    weighing: tuple[Session, str], member: MakeMember
) -> None:
    row, lost = weighing
    seat = Participant.objects.get().pk
    found = sessions.new_link(row.pk, seat, member("facilitator").user).secret
    with pytest.raises(answers.LinkGone):
        answers.enter(lost)
    assert answers.enter(found)
    with pytest.raises(answers.LinkGone):
        answers.enter(found)


def test_a_link_that_is_ended_while_somebody_waits_to_open_it_opens_nothing(weighing: tuple[Session, str]) -> None:
    row, secret = weighing
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Session.objects.select_for_update().get(pk=row.pk)
            coming = pool.submit(alone, lambda: answers.enter(secret))
            _wait_for_somebody_who_waits()
            Link.objects.update(revoked_at=timezone.now())
        with pytest.raises(answers.LinkGone):
            coming.result(timeout=10)
    assert Participant.objects.get().joined_at is None


def test_whoever_signs_while_the_session_changes_waits_and_neither_fails(weighing: tuple[Session, str]) -> None:
    row, secret = weighing
    answers.enter(secret)
    Session.objects.filter(pk=row.pk).update(step="sign_off")
    seat = Participant.objects.get().pk
    with ThreadPoolExecutor(1) as pool:
        with transaction.atomic():
            Session.objects.select_for_update().get(pk=row.pk)
            coming = pool.submit(alone, lambda: sessions.sign(row.workspace, seat))
            _wait_for_somebody_who_waits()
            Participant.objects.filter(session=row).update(name="Cleopatra")
        coming.result(timeout=10)
    signed = Participant.objects.get()
    assert (signed.name, signed.signed_at is not None) == ("Cleopatra", True)


def test_a_link_for_one_person_lets_one_browser_in(weighing: tuple[Session, str]) -> None:
    _, secret = weighing

    def enter(_: int) -> int:
        client = Client()
        return client.post(reverse("rate-link", kwargs={"secret": secret})).status_code

    assert sorted(together(enter)) == [302] + [410] * (AT_ONCE - 1)


def test_the_last_seat_is_taken_by_one(weighing: tuple[Session, str]) -> None:
    from vitalfew.server.value.queries.sessions import door_code, view_of

    row, _ = weighing
    sessions.set_seats(row.pk, 1)
    row.refresh_from_db()
    address = reverse("join", kwargs={"code": door_code(view_of(row))})
    assert sorted(together(lambda _: Client().post(address).status_code)) == [302] + [410] * (AT_ONCE - 1)
    assert Participant.objects.filter(name="").count() == 1


@pytest.mark.usefixtures("postgres")
def test_of_those_who_save_over_the_same_version_one_does_and_the_others_are_told(workspace: Workspace) -> None:
    def change(number: int) -> str:
        try:
            save(workspace, "teams", "games", {"title": f"Games {number}"}, by=None, version=1)
        except Conflict as told:
            return str(told.version)
        return "saved"

    assert sorted(together(change)) == ["2"] * (AT_ONCE - 1) + ["saved"]
    assert Definition.objects.get(kind="teams", key="games").version == 2


@pytest.mark.usefixtures("postgres")
def test_an_invitation_serves_one_of_those_who_use_it_at_once(workspace: Workspace, member: MakeMember) -> None:
    secret = invitations.invite(workspace, member("admin").user, "viewer")

    def join(number: int) -> int:
        told = {"name": "Eve", "email": f"eve{number}@example.org", "password": "quite a long password"}
        return Client().post(f"/invitation/{secret}/", told).status_code

    found = together(join)
    assert found.count(302) == 1
    assert set(found) <= {200, 302, 404}
    assert Link.objects.exclude(used_at=None).count() == 1
    assert Member.objects.filter(workspace=workspace).count() == 2


@pytest.mark.usefixtures("postgres")
def test_the_same_request_at_once_is_done_once(workspace: Workspace, member: MakeMember) -> None:
    secret = tokens.make(member("editor").user, "test", ["act"])
    body = {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 3}

    def forecast(_: int) -> int:
        client = Client(headers={"Authorization": f"Bearer {secret}", "Idempotency-Key": "one"})
        address = f"/api/v1/workspaces/{workspace.key}/acts/forecasts"
        return client.post(address, body, content_type="application/json").status_code

    found = together(forecast)
    assert set(found) <= {201, 409}
    assert 201 in found
    assert ActRecord.objects.filter(kind="forecast").count() == 1
    assert Answer.objects.count() == 1


@pytest.mark.usefixtures("postgres")
def test_who_asks_for_a_run_while_others_do_gets_theirs(workspace: Workspace) -> None:
    assert len({job.id for job in together(lambda _: runs.start(workspace, None))}) == 1
    assert Job.objects.count() == 1


def _wait_for_somebody_who_waits() -> None:
    """Until another connection waits for a lock of this one."""
    until = time.monotonic() + 60
    while time.monotonic() < until:
        with connection.cursor() as cursor:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchone()[0]:
                return
        time.sleep(0.02)
    raise AssertionError("nobody waits")
