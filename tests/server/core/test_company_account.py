"""Signing in with a company's account by OpenID Connect, against a provider that runs on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.request import HTTPErrorProcessor, build_opener

import pytest
from django.conf import settings
from django.test import Client, override_settings

from oidc_provider import CLIENT, SECRET, Provider, provider
from vitalfew.errors import UsageError
from vitalfew.server.config import Config, Oidc
from vitalfew.server.core.models import Member, User
from vitalfew.server.core.services import invitations

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from typing import Any

    from vitalfew.server.core.models import Workspace


class _Staying(HTTPErrorProcessor):
    """Looks at where it is sent, and does not go."""

    def http_response(self, request: Any, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002 - of urllib
        return response


def come_from(known: Provider, client: Client) -> Any:
    """Press the button, give consent at the provider, and come back."""
    config: Config = replace(settings.CONFIG, oidc=Oidc(known.issuer, CLIENT, SECRET, "Example Ltd"))
    with override_settings(CONFIG=config, SOCIALACCOUNT_PROVIDERS=config.provider_settings()):
        assert "Sign in with Example Ltd" in client.get("/accounts/login/").content.decode()
        there = client.post("/accounts/from/company/").headers["Location"]
        assert there.startswith(known.issuer)
        with build_opener(_Staying).open(there) as answer:
            back = answer.headers["Location"]
        return client.get(back.replace("http://testserver", ""))


def test_whoever_is_invited_comes_in_with_the_company_account(
    member: Callable[..., Member], workspace: Workspace
) -> None:
    invitations.invite(workspace, member("admin").user, "analyst", email="ben@example.org")
    client = Client()
    with provider(sub="7", email="Ben@example.org", email_verified=True, name="Ben") as known:
        assert come_from(known, client).status_code == 302
        assert Member.objects.get(user__email="ben@example.org").role == "analyst"
        assert client.get(f"/w/{workspace.key}/settings/").status_code == 200
        again = Client()
        assert come_from(known, again).status_code == 302
    assert again.get(f"/w/{workspace.key}/settings/").status_code == 200
    assert User.objects.filter(email="ben@example.org").count() == 1
    assert "Set the password" in again.get("/account/").content.decode()


def test_a_member_signs_in_with_the_company_account_of_the_same_verified_address(
    member: Callable[..., Member], workspace: Workspace
) -> None:
    who, client = member("editor"), Client()
    with provider(sub="8", email=who.user.email, email_verified=True) as known:
        assert come_from(known, client).status_code == 302
    assert client.get(f"/w/{workspace.key}/settings/").status_code == 200


@pytest.mark.parametrize("invited", [False, True])
def test_nobody_comes_in_without_an_invitation_or_with_an_address_the_provider_does_not_vouch_for(
    invited: bool, member: Callable[..., Member], workspace: Workspace
) -> None:
    admin, client = member("admin").user, Client()
    if invited:
        invitations.invite(workspace, admin, "admin", email="eve@example.org")
    with provider(sub="9", email="eve@example.org", email_verified=not invited) as known:
        assert come_from(known, client).status_code == 403
    assert client.get("/account/").status_code == 302
    assert not User.objects.filter(email="eve@example.org").exists()


def test_an_answer_that_nobody_asked_for_signs_nobody_in(member: Callable[..., Member]) -> None:
    who, client = member("editor"), Client()
    with provider(sub="8", email=who.user.email, email_verified=True) as known:
        config: Config = replace(settings.CONFIG, oidc=Oidc(known.issuer, CLIENT, SECRET, "Example Ltd"))
        with override_settings(CONFIG=config, SOCIALACCOUNT_PROVIDERS=config.provider_settings()):
            answer = client.get("/accounts/from/company/back/?code=stolen&state=guessed")
    assert answer.status_code == 403
    assert client.get("/account/").status_code == 302


def test_without_a_provider_there_is_no_button_and_no_such_page(member: Callable[..., Member]) -> None:
    assert member("viewer")
    assert "/accounts/from/" not in Client().get("/accounts/login/").content.decode()
    assert Client().post("/accounts/from/company/").status_code == 404


def test_the_provider_is_read_from_the_environment_and_half_of_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("VITALFEW_OIDC_ISSUER", "https://id.example.org/")
    with pytest.raises(UsageError, match="half set up"):
        Config.from_environment()
    monkeypatch.setenv("VITALFEW_OIDC_CLIENT", "vitalfew")
    found = Config.from_environment().oidc
    assert found is not None
    assert (found.issuer, found.origin) == ("https://id.example.org", "https://id.example.org")
    monkeypatch.setenv("VITALFEW_OIDC_ISSUER", "http://id.example.org/")
    with pytest.raises(UsageError, match="half set up"):
        Config.from_environment()


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("smtp+tls://me:p%40ss@mail.example.org:587?from=a@example.org", {"use_tls": True, "password": "p@ss"}),
        ("smtps://mail.example.org?from=a@example.org", {"use_ssl": True, "use_tls": False}),
    ],
)
def test_mail_is_read_from_one_address(address: str, expected: dict[str, object]) -> None:
    found: Any = replace(settings.CONFIG, mail=address).mail_settings()
    assert expected.items() <= found["OPTIONS"].items()
    with pytest.raises(UsageError, match="no mail server"):
        replace(settings.CONFIG, mail=address.replace("from=", "to=")).mail_settings()
