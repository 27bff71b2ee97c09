"""Signing in with a company's account by OpenID Connect, against a provider that runs on this machine."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING
from urllib.parse import urlencode
from urllib.request import HTTPErrorProcessor, build_opener

import pytest
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount
from django.conf import settings
from django.contrib.auth import authenticate
from django.test import Client, override_settings

from oidc_provider import CLIENT, SECRET, Provider, provider
from vitalfew.errors import UsageError
from vitalfew.server.config import Config, Oidc
from vitalfew.server.core.models import Member, User
from vitalfew.server.core.services import invitations, tokens

if TYPE_CHECKING:
    from collections.abc import Callable
    from http.client import HTTPResponse
    from typing import Any

    from vitalfew.server.core.models import Workspace

PASSWORD = "correct horse battery"  # noqa: S105 - of a test


class _Staying(HTTPErrorProcessor):
    """Looks at where it is sent, and does not go."""

    def http_response(self, request: Any, response: HTTPResponse) -> HTTPResponse:  # noqa: ARG002 - of urllib
        return response


def _by(known: Provider) -> override_settings:
    """A server that knows the provider."""
    config: Config = replace(settings.CONFIG, oidc=Oidc(known.issuer, CLIENT, SECRET, "Example Ltd"))
    return override_settings(CONFIG=config, SOCIALACCOUNT_PROVIDERS=config.provider_settings())


def _sent_back(known: Provider, client: Client, asked: str = "") -> str:
    """Press the button and give consent at the provider; gives the address it sends one back to."""
    there = client.post(f"/accounts/from/company/{asked}").headers["Location"]
    assert there.startswith(known.issuer)
    with build_opener(_Staying).open(there) as answer:
        back: str = answer.headers["Location"]
    return back.replace("http://testserver", "")


def come_from(known: Provider, client: Client, asked: str = "") -> Any:
    """Press the button, give consent at the provider, and come back."""
    with _by(known):
        return client.get(_sent_back(known, client, asked))


def test_whoever_is_invited_comes_in_with_the_company_account(
    member: Callable[..., Member], workspace: Workspace
) -> None:
    invitations.invite(workspace, member("admin").user, "analyst", email="ben@example.org")
    client = Client()
    with provider(sub="7", email="Ben@example.org", email_verified=True, name="Ben") as known:
        with _by(known):
            assert "Sign in with Example Ltd" in client.get("/accounts/login/").content.decode()
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


@pytest.mark.parametrize("said", ["false", "no", 0, None])
def test_a_word_that_means_no_vouches_for_nothing(said: object, member: Callable[..., Member]) -> None:
    who, client = member("admin"), Client()
    with provider(sub="66", email=who.user.email, email_verified=said) as known:
        assert come_from(known, client).status_code == 403
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("alike", ["\N{KELVIN SIGN}ate@example.org", "kate@example.org\N{ZERO WIDTH SPACE}"])
def test_letters_that_look_alike_are_those_of_another_address(alike: str, workspace: Workspace) -> None:
    kate = User.objects.create_user("kate@example.org")
    Member.objects.create(workspace=workspace, user=kate, role="admin")
    client = Client()
    with provider(sub="67", email=alike, email_verified=True) as known:
        assert come_from(known, client).status_code == 403
    assert client.get("/account/").status_code == 302


def test_whoever_took_an_address_by_an_open_link_loses_the_account_to_whom_the_provider_knows(
    member: Callable[..., Member], workspace: Workspace
) -> None:
    eve = Client()
    path = f"/invitation/{invitations.invite(workspace, member('admin').user, 'viewer')}/"
    eve.post(path, {"name": "Ben", "email": "ben@example.org", "password": PASSWORD})
    ben = User.objects.get(email="ben@example.org")
    Authenticator.objects.create(user=ben, type="totp", data={"secret": "x"})
    secret = tokens.make(ben, "for later", ["read"])
    assert eve.get("/account/").status_code == 200
    client = Client()
    with provider(sub="68", email="ben@example.org", email_verified=True) as known:
        assert come_from(known, client).status_code == 302
        assert client.get("/account/").status_code == 200
        assert eve.get("/account/").status_code == 302
        assert tokens.find(secret) is None
        assert authenticate(email="ben@example.org", password=PASSWORD) is None
        kept = tokens.make(ben, "mine", ["read"])
        assert come_from(known, Client()).status_code == 302
        assert tokens.find(kept) is not None, "it is proven once"


def test_a_second_factor_is_asked_for_after_the_provider_has_let_somebody_in(member: Callable[..., Member]) -> None:
    who, client = member("editor"), Client()
    Authenticator.objects.create(user=who.user, type="totp", data={"secret": "x"})
    with provider(sub="69", email=who.user.email, email_verified=True) as known:
        assert come_from(known, client).headers["Location"] == "/accounts/second/check/"
    assert client.get("/account/").status_code == 302


def test_an_account_that_was_closed_stays_closed_whatever_the_provider_says(member: Callable[..., Member]) -> None:
    who = member("editor")
    with provider(sub="70", email=who.user.email, email_verified=True) as known:
        assert come_from(known, Client()).status_code == 302
        User.objects.filter(pk=who.user.pk).update(is_active=False)
        client = Client()
        come_from(known, client)
        assert client.get("/account/").status_code == 302
        SocialAccount.objects.all().delete()
        assert come_from(known, client).status_code == 403


def test_whoever_is_signed_in_takes_no_account_of_others_by_connecting_theirs(member: Callable[..., Member]) -> None:
    eve, ada = member("viewer"), member("admin")
    client = Client()
    client.force_login(eve.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    with provider(sub="71", email=ada.user.email, email_verified=True) as known:
        assert (
            come_from(known, client, "?process=connect&next=https://evil.example/").headers["Location"] == "/account/"
        )
        assert not SocialAccount.objects.filter(user=eve.user).exists()
        answer = come_from(known, client, "?process=redirect&next=https://evil.example/")
    assert "evil" not in answer.headers["Location"]
    assert client.session["_auth_user_id"] == str(eve.user.pk)


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_sent_elsewhere_after_coming_from_the_provider(target: str, member: Callable[..., Member]) -> None:
    who = member("editor")
    with provider(sub="72", email=who.user.email, email_verified=True) as known:
        answer = come_from(known, Client(), f"?{urlencode({'next': target})}")
    assert answer.status_code == 302
    assert answer.headers["Location"].startswith("/")
    assert "evil" not in answer.headers["Location"]


def test_an_answer_serves_in_the_browser_that_asked_and_once(member: Callable[..., Member]) -> None:
    who, ada, eve = member("editor"), Client(), Client()
    with provider(sub="73", email=who.user.email, email_verified=True) as known, _by(known):
        back = _sent_back(known, ada)
        assert eve.get(back).status_code == 403, "which state belongs to whom is in the session"
        assert ada.get(back).status_code == 302
        ada.post("/accounts/logout/")
        assert ada.get(back).status_code == 403


def test_an_answer_that_nobody_asked_for_signs_nobody_in(member: Callable[..., Member]) -> None:
    who, client = member("editor"), Client()
    with provider(sub="8", email=who.user.email, email_verified=True) as known, _by(known):
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
