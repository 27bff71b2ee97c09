"""Ways in: the first admin by the link of the console, invitations, new passwords by an admin's link."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.models import AuditEntry, Link, Member, User, Workspace
from vitalfew.server.core.services import accounts, invitations
from vitalfew.server.core.services.links import make_link

if TYPE_CHECKING:
    from collections.abc import Callable

NEW = {"name": "Ada", "email": "ada@example.org", "password": "correct horse battery"}


def link_in(text: str, kind: str) -> str:
    """The link that a page shows once."""
    found = re.search(rf"http://testserver(/{kind}/[^\"]+)", text)
    assert found is not None
    return found[1]


def test_the_link_of_the_console_makes_the_first_admin_of_every_workspace(workspace: Workspace) -> None:
    client, path = Client(), f"/setup/{make_link('setup')}/"
    assert client.get(path).status_code == 200
    assert client.post(path, NEW).status_code == 302
    assert client.get(f"/w/{workspace.key}/settings/people/").status_code == 200
    assert Member.objects.get().role == "admin"


@pytest.mark.django_db
def test_once_there_is_an_account_setup_is_gone_for_ever_with_a_fresh_link_too() -> None:
    used = make_link("setup")
    Client().post(f"/setup/{used}/", NEW)
    for secret in (used, make_link("setup"), "none"):
        answer = Client().post(f"/setup/{secret}/", NEW | {"email": "eve@example.org"})
        assert answer.status_code == 404
    assert User.objects.count() == 1


@pytest.mark.django_db
def test_a_weak_password_is_refused_with_the_reason_and_the_link_still_works() -> None:
    path = f"/setup/{make_link('setup')}/"
    assert "too short" in Client().post(path, NEW | {"password": "short"}).content.decode()
    assert Client().post(path, NEW).status_code == 302


def test_an_invitation_makes_an_account_with_its_address_role_and_team(
    client_of: Callable[..., Client], workspace: Workspace
) -> None:
    given = {"email": "Ben@example.org", "role": "analyst", "team": "games", "group": ""}
    page = client_of("admin").post(f"/w/{workspace.key}/settings/people/", given).content.decode()
    path = link_in(page, "invitation")
    client = Client()
    assert "ben@example.org" in client.get(path).content.decode()
    assert client.post(path, NEW | {"email": "eve@example.org"}).status_code == 302
    made = Member.objects.get(user__email="ben@example.org")
    assert (made.role, made.team) == ("analyst", "games")
    assert Client().get(path).status_code == 404, "it serves once"
    assert not User.objects.filter(email="eve@example.org").exists()


def test_whoever_has_an_account_signs_in_first_and_joins_with_it(member: Callable[..., Member]) -> None:
    elsewhere = Workspace.objects.create(key="elsewhere", name="Elsewhere", folder="/nowhere")
    user, admin = member("viewer").user, member("admin", of=elsewhere).user
    path = f"/invitation/{invitations.invite(elsewhere, admin, 'editor', email=user.email)}/"
    assert f"/accounts/login/?next={path}" in Client().get(path).content.decode()
    client = Client()
    client.force_login(user)
    assert client.post(path).status_code == 302
    assert Member.objects.get(user=user, workspace=elsewhere).role == "editor"


def test_an_invitation_for_one_address_lets_nobody_else_in(member: Callable[..., Member], workspace: Workspace) -> None:
    admin = member("admin").user
    stranger = User.objects.create_user("eve@example.org")
    path = f"/invitation/{invitations.invite(workspace, admin, 'admin', email='ben@example.org')}/"
    client = Client()
    client.force_login(stranger)
    assert "signed in as eve@example.org" in client.post(path).content.decode()
    assert not Member.objects.filter(user=stranger).exists()


@pytest.mark.parametrize("ended", ["revoked", "expired", "renewed"])
def test_an_invitation_that_was_ended_lets_nobody_in(
    ended: str, client_of: Callable[..., Client], workspace: Workspace
) -> None:
    admin = client_of("admin")
    secret = invitations.invite(workspace, admin.member.user, "viewer")  # type: ignore[attr-defined]  # of the fixture
    link, people = Link.objects.get(), f"/w/{workspace.key}/settings/people/"
    if ended == "expired":
        Link.objects.update(expires_at=timezone.now())
    else:
        verb = {"revoked": "revoke", "renewed": "renew"}[ended]
        page = admin.post(f"{people}invitations/{link.pk}/{verb}/").content.decode()
        if ended == "renewed":
            assert Client().get(link_in(page, "invitation")).status_code == 200
    assert Client().post(f"/invitation/{secret}/", NEW).status_code == 404
    assert not User.objects.filter(email=NEW["email"]).exists()


def test_an_admin_is_never_invited_by_a_bare_link(member: Callable[..., Member], workspace: Workspace) -> None:
    with pytest.raises(UsageError, match="by address"):
        invitations.invite(workspace, member("admin").user, "admin")


def test_the_link_of_an_admin_sets_a_new_password_once_and_ends_all_sessions(
    client_of: Callable[..., Client], member: Callable[..., Member], workspace: Workspace
) -> None:
    who, browser = member("editor"), Client()
    browser.force_login(who.user)
    page = client_of("admin").post(f"/w/{workspace.key}/settings/people/{who.user.pk}/password/").content.decode()
    path = link_in(page, "password")
    assert Client().post(path, {"password": "wholly new words here"}).status_code == 302
    assert Client().post(path, {"password": "another try of mine"}).status_code == 404
    who.user.refresh_from_db()
    assert who.user.check_password("wholly new words here")
    assert browser.get("/account/").status_code == 302


def test_no_admin_reaches_into_a_workspace_of_others_by_a_password_link(
    member: Callable[..., Member], workspace: Workspace
) -> None:
    elsewhere = Workspace.objects.create(key="elsewhere", name="Elsewhere", folder="/nowhere")
    admin, who = member("admin").user, member("viewer")
    Member.objects.create(workspace=elsewhere, user=who.user, role="admin")
    with pytest.raises(UsageError, match="do not administer"):
        accounts.make_password_link(workspace, who.user.pk, by=admin)


def test_links_are_kept_as_hashes_and_told_in_the_trail_without_their_secret(
    member: Callable[..., Member], workspace: Workspace
) -> None:
    secret = invitations.invite(workspace, member("admin").user, "viewer", email="ben@example.org")
    kept = str([list(Link.objects.values()), list(AuditEntry.objects.values())])
    assert "ben@example.org" in kept
    assert secret not in kept
