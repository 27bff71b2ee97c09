"""Members: roles count at once, and somebody who administers always remains."""

from __future__ import annotations

from threading import Thread
from typing import TYPE_CHECKING

import pytest
from django.db import connection

from vitalfew.errors import UsageError
from vitalfew.server.core.models import AuditEntry, Member
from vitalfew.server.core.services import members

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace


def test_the_only_admin_stays_one_and_stays(member: Callable[..., Member], workspace: Workspace) -> None:
    admin = member("admin").user
    with pytest.raises(UsageError, match="only one"):
        members.change_member(workspace, admin.pk, by=admin, role="viewer")
    with pytest.raises(UsageError, match="only one"):
        members.remove_member(workspace, admin.pk, by=admin)
    assert Member.objects.get().role == "admin"


def test_two_admins_who_demote_each_other_at_once_leave_one(
    each_database: str, workspace: Workspace, member: Callable[..., Member]
) -> None:
    one, two = member("admin").user, member("admin").user
    refused: list[str] = []

    def demote(whom: int) -> None:
        try:
            members.change_member(workspace, whom, by=one, role="viewer")
        except UsageError as error:
            refused.append(str(error))
        finally:
            connection.close()

    threads = [Thread(target=demote, args=(user.pk,)) for user in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Member.objects.filter(role="admin").count() == 1, each_database
    assert len(refused) == 1


def test_a_role_counts_from_the_next_request_on(client_of: Callable[..., Client], workspace: Workspace) -> None:
    admin, other = client_of("admin"), client_of("editor")
    people = f"/w/{workspace.key}/settings/people/"
    assert other.get(people).status_code == 403
    user = other.member.user.pk  # type: ignore[attr-defined]  # of the fixture
    admin.post(f"{people}{user}/", {"role": "admin", "team": "games", "group": ""})
    assert other.get(people).status_code == 200
    admin.post(f"{people}{user}/remove/")
    assert other.get(people).status_code == 404


def test_a_new_role_gives_the_session_a_new_key_and_the_old_one_ends(
    client_of: Callable[..., Client], workspace: Workspace
) -> None:
    client, ledger = client_of("viewer"), f"/w/{workspace.key}/ledger/"
    client.get(ledger)
    before = client.session.session_key or ""
    who = client.member  # type: ignore[attr-defined]  # of the fixture
    members.change_member(workspace, who.user.pk, by=who.user, role="editor")
    assert client.get(ledger).status_code == 200
    assert client.session.session_key != before
    assert not client.session.exists(before)


def test_a_change_of_roles_is_told_in_the_trail(member: Callable[..., Member], workspace: Workspace) -> None:
    admin, other = member("admin").user, member("viewer").user
    members.change_member(workspace, other.pk, by=admin, role="analyst")
    entry = AuditEntry.objects.get(action="role changed")
    assert entry.actor == admin
    assert entry.detail == {"before": "viewer", "after": "analyst"}


def test_a_team_or_role_that_is_not_there_is_refused(client_of: Callable[..., Client], workspace: Workspace) -> None:
    admin = client_of("admin")
    user = admin.member.user.pk  # type: ignore[attr-defined]  # of the fixture
    for given in ({"role": "king"}, {"role": "admin", "team": "nobody"}):
        page = admin.post(f"/w/{workspace.key}/settings/people/{user}/", given, follow=True).content.decode()
        assert "no such role, team or group" in page
