"""One's own account: what is kept about one is told and can be erased; colours stay with the account."""

from __future__ import annotations

import shutil
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from vitalfew.judgement.recording import erase as erase_acts
from vitalfew.judgement.recording import judge
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import AuditEntry, Comment, Job, Member
from vitalfew.server.core.queries.runs import open_run, run_ids
from vitalfew.server.core.services import own_acts
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.comments import say, withdraw
from vitalfew.server.core.services.jobs import claim, give_up
from vitalfew.server.core.services.upkeep import forget_expired
from vitalfew.server.core.services.work import _end
from vitalfew.server.core.working.watch import Outcome
from vitalfew.server.value.models import Participant, Session
from vitalfew.server.value.services.answers import enter, enter_as_member
from vitalfew.server.value.services.sessions import Plan, advance
from weighing import answer, open_for_weights

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

    from vitalfew.server.core.models import Workspace
    from vitalfew.workspace.acts import Erasure
    from vitalfew.workspace.workspace import Workspace as Folder

PASSWORD = "correct horse battery"  # noqa: S105 - of a test


@pytest.fixture
def browser(client_of: Callable[..., Client]) -> Client:
    """Of an editor with a password, who judged."""
    client = client_of("editor")
    who: Member = client.member  # type: ignore[attr-defined]  # of the fixture
    who.user.set_password(PASSWORD)
    who.user.save()
    client.force_login(who.user)
    judge(acting(who.workspace), voice_of_user(who.user), {"rounds": 61, "retention": 39})
    return client


def test_name_and_colours_are_kept_with_the_account(browser: Client) -> None:
    browser.post("/account/", {"name": "Ada B", "theme": "dark"})
    page = browser.get("/account/").content.decode()
    assert 'data-theme="dark"' in page
    assert "Ada B" in page
    assert browser.post("/account/colours/", {"theme": "light"}).status_code == 204
    assert 'data-theme="light"' in browser.get("/account/").content.decode()
    assert browser.post("/account/colours/", {"theme": "pink"}).status_code == 400


def test_the_account_stands_in_the_frame_of_the_workspace_one_was_in_last(
    browser: Client, workspace: Workspace
) -> None:
    browser.get(f"/w/{workspace.key}/settings/")
    assert f"/w/{workspace.key}/ledger/" in browser.get("/account/").content.decode()


def test_what_is_kept_about_one_is_told_whole_and_without_secrets(browser: Client, workspace: Workspace) -> None:
    told = browser.get("/account/export/").json()
    assert told["workspaces"][0]["role"] == "editor"
    (act,) = told["said"][workspace.key]
    assert act["says"]["points"] == {"rounds": 61, "retention": 39}
    assert "password" not in str(told["account"])
    assert AuditEntry.objects.filter(action="exported").exists()


def test_erasing_takes_the_password_a_tick_and_leaves_a_sound_chain(browser: Client, workspace: Workspace) -> None:
    path = f"/w/{workspace.key}/me/erase/"
    assert browser.post(path, {"sure": "on"}).headers["Location"].startswith("/accounts/reauthenticate/")
    assert len(TableJournal(workspace.pk).read().bodies) == 1
    browser.get(path)
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    assert "1 act" in browser.get(path).content.decode()
    assert browser.post(path, {}).status_code == 200
    assert len(TableJournal(workspace.pk).read().bodies) == 1
    assert browser.post(path, {"sure": "on"}).status_code == 302
    log = TableJournal(workspace.pk).read()
    assert (len(log.acts), log.bodies, log.damage) == (1, {}, ())
    assert browser.get("/account/export/").json()["said"][workspace.key] == []
    assert AuditEntry.objects.get(action="erased what they said").detail == {"acts": 1}


def test_erasing_takes_along_what_waits_in_a_session_and_nobody_elses(browser: Client, workspace: Workspace) -> None:
    user, path = browser.member.user, f"/w/{workspace.key}/me/erase/"  # type: ignore[attr-defined]  # of the fixture
    plan = Plan("Autumn", ("rounds", "retention"), people=(("Mia", ""),))
    session, (mia,) = open_for_weights(workspace, plan, user)

    def erased(says: str) -> str:
        page = browser.get(path).text
        assert says in page
        assert "Comments stay" in page
        told = browser.post(path, {"sure": "on"}, follow=True).text
        drafts = [(bool(one.draft), one.ready_at is not None) for one in Participant.objects.order_by("user")]
        assert sorted(drafts) == [(False, False), (True, True)], "what Mia answered waits on"
        return told

    answer(enter(mia.secret))
    answer(enter_as_member(workspace, session.key, user, ""))
    browser.post("/accounts/reauthenticate/", {"password": PASSWORD})
    before = Session.objects.get().version
    assert "Erased: 1 of your acts" in erased("in a value session that still runs goes, too")
    assert Session.objects.get().version > before, "whoever runs it sees that one fewer has handed in"
    answer(enter_as_member(workspace, session.key, user, ""))
    assert "Erased: your answers that waited" in erased("is no act yet")
    assert "nothing here that is still kept" in browser.get(path).text
    advance(session.pk, "reveal", user)
    assert len(TableJournal(workspace.pk).read().bodies) == 1


def test_a_second_round_that_begins_meanwhile_keeps_nothing_of_what_is_erased(
    browser: Client, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = browser.member.user  # type: ignore[attr-defined]  # of the fixture
    session, _ = open_for_weights(workspace, Plan("Autumn", ("rounds", "retention")), user)
    answer(enter_as_member(workspace, session.key, user, ""))
    advance(session.pk, "reveal", user)
    laid_out = []

    def slowly(acts: Folder, by: str) -> Erasure:
        advance(session.pk, "again", user)
        laid_out.append(Participant.objects.get().draft["first"])
        return erase_acts(acts, by)

    monkeypatch.setattr(own_acts, "erase_acts", slowly)
    assert own_acts.erase(workspace, user) == 2
    assert laid_out == ["rounds"]
    assert Participant.objects.get().draft == {}


def test_a_deleted_comment_is_gone_a_day_later(workspace: Workspace, browser: Client) -> None:
    user = browser.member.user  # type: ignore[attr-defined]  # of the fixture
    first, second, third = (say(workspace, "metrics", "rounds", text, by=user) for text in ("one", "two", "three"))
    for one, days in ((first, 2), (second, 0)):
        withdraw(workspace, one, by=user)
        Comment.objects.filter(pk=one).update(deleted_at=timezone.now() - timedelta(days=days))
    forget_expired()
    assert [*Comment.objects.values_list("pk", flat=True)] == [second, third]


@pytest.fixture
def own(demo: Workspace, tmp_path: Path) -> Workspace:
    """The demo with its run, in a folder of its own."""
    shutil.copytree(demo.folder, tmp_path / "own")
    demo.folder = str(tmp_path / "own")
    demo.save()
    return demo


def test_what_was_erased_is_gone_from_every_page_at_once_and_a_new_run_is_begun(
    own: Workspace, member: Callable[..., Member]
) -> None:
    user = member("editor").user
    judge(acting(own), voice_of_user(user), {"jobs_completed": 1, "planning_minutes": 2})
    before = run_ids(own)
    assert open_run(own) is not None, "kept in memory for the next reader"
    Job.objects.create(workspace=own, kind="run", asked_at=timezone.now())
    waiting = Job.objects.get()
    under_way = claim(waiting.pk)
    assert under_way is not None
    own.refresh_from_db()
    assert own_acts.erase(own, user) == 1
    assert (run_ids(own), open_run(own), open_run(own, before[-1])) == ((), None, None)
    assert not under_way.beat(), "what is under way was begun on what was still said"
    assert not under_way.finish({"run": before[-1]}, lambda: None)
    (anew,) = Job.objects.exclude(pk=waiting.pk)
    assert (anew.kind, anew.state, anew.asked_by) == ("run", Job.State.WAITING, None)


def test_a_run_that_was_given_up_is_not_kept(own: Workspace) -> None:
    (run_id,) = run_ids(own)
    Job.objects.create(workspace=own, kind="run")
    mine = claim(Job.objects.get().pk)
    assert mine is not None
    give_up(own, "run")
    _end(mine, Outcome(result={"run": run_id}))
    assert run_ids(own) == ()
    own.refresh_from_db()
    assert Job.objects.get().state == Job.State.CANCELLED
