"""One's own account: what is kept about one is told and can be erased; colours stay with the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.judgement.recording import judge
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import AuditEntry, Member
from vitalfew.server.core.services.acts import acting, voice_of_user

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

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
