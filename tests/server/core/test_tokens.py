"""Personal tokens: shown once, kept as a hash, with scopes, for a term."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.models import AuditEntry, Token
from vitalfew.server.core.roles import Ability, Role
from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Member, Workspace


@pytest.fixture
def owner(member: Callable[..., Member]) -> Member:
    return member("editor")


def test_a_token_is_found_by_its_secret_and_kept_only_as_a_hash(owner: Member) -> None:
    secret = tokens.make(owner.user, "export", ["read"], workspace=owner.workspace)
    found = tokens.find(secret)
    assert found is not None
    assert found.user == owner.user
    assert found.reaches(owner.workspace)
    row = Token.objects.get()
    assert secret not in {str(value) for value in vars(row).values()}
    assert row.last_used_at is not None


def test_two_tokens_differ_in_256_random_bits_and_a_checksum(owner: Member) -> None:
    one, two = (tokens.make(owner.user, "x", ["read"]) for _ in range(2))
    assert one != two
    assert one.startswith("vf_")
    assert tokens.find(one[:-1] + ("0" if one[-1] != "0" else "1")) is None


@pytest.mark.parametrize("change", [{"revoked_at": timezone.now()}, {"expires_at": timezone.now()}])
def test_a_token_that_was_revoked_or_expired_is_refused(owner: Member, change: dict[str, object]) -> None:
    secret = tokens.make(owner.user, "x", ["read"])
    Token.objects.update(**change)
    assert tokens.find(secret) is None


def test_a_token_of_somebody_who_may_no_longer_sign_in_is_refused(owner: Member) -> None:
    secret = tokens.make(owner.user, "x", ["read"])
    owner.user.is_active = False
    owner.user.save()
    assert tokens.find(secret) is None


def test_a_token_allows_no_more_than_its_person_may(owner: Member) -> None:
    bearer = tokens.find(tokens.make(owner.user, "x", ["admin"]))
    assert bearer is not None
    assert bearer.abilities(Role.EDITOR) == Role.EDITOR.abilities
    assert Ability.ADMINISTER not in bearer.abilities(Role.EDITOR)


def test_a_token_to_read_does_nothing_but_read(owner: Member) -> None:
    bearer = tokens.find(tokens.make(owner.user, "x", ["read"]))
    assert bearer is not None
    assert bearer.abilities(Role.ADMIN) == {Ability.READ}


@pytest.mark.parametrize(("name", "scopes", "days"), [("", ["read"], 9), ("x", [], 9), ("x", ["read"], 999)])
def test_a_token_needs_a_name_a_scope_and_a_term(owner: Member, name: str, scopes: list[str], days: int) -> None:
    with pytest.raises(UsageError, match="a name, a scope and a term"):
        tokens.make(owner.user, name, scopes, days=days)


def test_the_secret_is_on_the_page_once_and_never_again(client_of: Callable[..., Client], workspace: Workspace) -> None:
    client, path = client_of("viewer"), f"/w/{workspace.key}/settings/tokens/"
    made = client.post(path, {"name": "nightly", "scopes": ["read"], "days": 30, "here": "on"}).content.decode()
    secret = made.split('value="vf_')[1].split('"')[0]
    assert tokens.find("vf_" + secret) is not None
    again = client.get(path).content.decode()
    assert "nightly" in again
    assert secret not in again


def test_a_token_is_never_taken_from_an_address(client_of: Callable[..., Client], workspace: Workspace) -> None:
    who = client_of("admin")
    secret = tokens.make(who.member.user, "x", ["admin"])  # type: ignore[attr-defined]  # of the fixture
    who.cookies.clear()
    for name in ("token", "access_token", "api_key", "key"):
        assert who.get(f"/api/v1/workspaces?{name}={secret}").status_code == 401
    given = who.get("/api/v1/workspaces", headers={"Authorization": f"Bearer {secret}"})
    assert given.status_code == 200
    assert workspace.key in given.content.decode()


def test_nobody_revokes_another_ones_token(client_of: Callable[..., Client], workspace: Workspace) -> None:
    one, two = client_of("viewer"), client_of("admin")
    tokens.make(one.member.user, "mine", ["read"])  # type: ignore[attr-defined]  # of the fixture
    path = f"/w/{workspace.key}/settings/tokens/{Token.objects.get().pk}/revoke/"
    assert two.post(path).status_code == 404
    assert Token.objects.get().revoked_at is None
    assert one.post(path).status_code == 302
    assert Token.objects.get().revoked_at is not None
    assert AuditEntry.objects.filter(action="token revoked").count() == 1


def test_when_a_token_was_used_is_noted_to_the_minute_only(owner: Member) -> None:
    secret = tokens.make(owner.user, "x", ["read"])
    tokens.find(secret)
    first = Token.objects.get().last_used_at
    tokens.find(secret)
    assert Token.objects.get().last_used_at == first
    Token.objects.update(last_used_at=timezone.now() - timedelta(minutes=2))
    tokens.find(secret)
    assert Token.objects.filter(last_used_at__gt=timezone.now() - timedelta(minutes=1)).exists()
