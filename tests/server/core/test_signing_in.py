"""Signing in: limits, sessions, second factor, and what browsers are told to do with cookies."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from allauth.mfa.totp.internal.auth import format_hotp_value, hotp_value, yield_hotp_counters_from_time
from django.conf import settings
from django.core import mail
from django.test import Client, override_settings

from vitalfew.server.core.models import AuditEntry, User

if TYPE_CHECKING:
    from pathlib import Path

PASSWORD = "correct horse battery"  # noqa: S105 - of a test
LOGIN = "/accounts/login/"

pytestmark = pytest.mark.django_db


@pytest.fixture
def ada() -> User:
    return User.objects.create_user("ada@example.org", PASSWORD, name="Ada")


def sign_in(client: Client, password: str = PASSWORD, login: str = "ada@example.org", **given: str) -> int:
    """Try to sign in; gives the status of the answer."""
    return client.post(LOGIN, {"login": login, "password": password}, **given).status_code  # type: ignore[arg-type]  # headers by name


def signed_in() -> Client:
    """A browser in which Ada is signed in."""
    client = Client()
    assert sign_in(client) == 302
    return client


def test_the_page_tells_the_first_person_where_the_link_is_and_the_others_who_invites() -> None:
    assert "link that stands in the terminal" in Client().get(LOGIN).content.decode()
    User.objects.create_user("ada@example.org", PASSWORD, name="Ada")
    said = Client().get(LOGIN).content.decode()
    assert "invitation of an admin" in said
    assert "terminal" not in said


def test_who_signs_in_gets_a_session_with_a_new_key_and_is_told_in_the_trail(ada: User) -> None:
    client = Client()
    client.get(LOGIN)
    session = client.session
    session["before"] = "x"
    session.save()
    before = session.session_key
    assert sign_in(client) == 302
    assert client.session.session_key != before
    assert [(entry.action, entry.actor) for entry in AuditEntry.objects.all()] == [("signed in", ada)]


def test_ten_wrong_passwords_in_an_hour_lock_the_account_from_everywhere(ada: User) -> None:
    statuses = [sign_in(Client(), "wrong", REMOTE_ADDR=f"192.0.2.{number}") for number in range(11)]
    assert statuses == [200] * 10 + [429]
    client = Client()
    answer = client.post(LOGIN, {"login": ada.email, "password": PASSWORD}, REMOTE_ADDR="192.0.2.99")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "3600"
    assert "Too many tries" in answer.content.decode()
    assert AuditEntry.objects.filter(action="sign-in failed", actor=ada).count() == 10


def test_twenty_tries_in_an_hour_are_all_that_one_address_has(ada: User) -> None:
    tries = [sign_in(Client(), "wrong", login=f"nobody{number}@example.org") for number in range(21)]
    assert tries == [200] * 20 + [429]
    assert sign_in(Client(), REMOTE_ADDR="192.0.2.7") == 302, str(ada)


def test_an_address_told_by_a_header_counts_only_behind_a_known_proxy(ada: User) -> None:
    forged = [sign_in(Client(), "wrong", f"x{n}@example.org", HTTP_X_FORWARDED_FOR=f"192.0.2.{n}") for n in range(21)]
    assert forged[-1] == 429
    with override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1):
        told = sign_in(Client(), login=ada.email, HTTP_X_FORWARDED_FOR="198.51.100.9, 192.0.2.200")
    assert told == 302


def test_what_was_typed_wrong_is_nowhere_in_the_trail() -> None:
    sign_in(Client(), "my secret", login="my-password@example.org")
    assert "my" not in str(list(AuditEntry.objects.values()))


@pytest.mark.parametrize(
    "target", ["//evil.example/", "https://evil.example/", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_sent_elsewhere_after_signing_in(ada: User, target: str) -> None:
    answer = Client().post(f"{LOGIN}?next={target}", {"login": ada.email, "password": PASSWORD, "next": target})
    assert answer.status_code == 302
    assert "evil" not in answer.headers["Location"]
    assert "javascript" not in answer.headers["Location"]


def test_a_new_password_ends_all_other_sessions_and_keeps_this_one_with_a_new_key(ada: User) -> None:
    here, there = signed_in(), signed_in()
    before = here.session.session_key
    new = {"oldpassword": PASSWORD, "password1": "entirely other words", "password2": "entirely other words"}
    assert here.post("/accounts/password/", new).status_code == 302
    assert here.session.session_key != before
    assert here.get("/account/").status_code == 200, str(ada)
    assert there.get("/account/").status_code == 302


def test_signing_out_takes_a_post(ada: User) -> None:
    client = signed_in()
    client.get("/accounts/logout/")
    assert client.get("/account/").status_code == 200, str(ada)
    client.post("/accounts/logout/")
    assert client.get("/account/").status_code == 302


def test_one_can_end_the_sessions_one_has_elsewhere(ada: User) -> None:
    here, there = signed_in(), signed_in()
    assert here.get("/account/").content.decode().count('<th scope="row">') == 2, str(ada)
    here.post("/account/sessions/end/")
    assert here.get("/account/").status_code == 200
    assert there.get("/account/").status_code == 302


def test_with_a_second_factor_a_password_alone_opens_nothing(ada: User) -> None:
    client = signed_in()
    client.post("/accounts/reauthenticate/", {"password": PASSWORD})
    page = client.get("/accounts/second/app/")
    secret = page.context["form"].secret
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    code = format_hotp_value(hotp_value(secret, next(iter(yield_hotp_counters_from_time()))))
    assert client.post("/accounts/second/app/", {"code": code}, follow=True).status_code == 200
    codes = client.get("/accounts/second/codes/").context["unused_codes"]
    assert len(codes) == 10
    other = Client()
    assert sign_in(other) == 302
    assert other.get("/account/").status_code == 302, str(ada)
    assert other.post("/accounts/second/check/", {"code": "000000"}).status_code == 200
    assert other.post("/accounts/second/check/", {"code": codes[0]}).status_code == 302
    assert other.get("/account/").status_code == 200


def test_a_forgotten_password_goes_by_mail_where_there_is_mail_and_to_an_admin_where_there_is_none(ada: User) -> None:
    page = Client().get("/accounts/password/reset/").content.decode()
    assert "An admin of your workspace can make you a link" in page
    config = replace(settings.CONFIG, mail="smtp://mail.example.org?from=vitalfew@example.org")
    with override_settings(CONFIG=config):
        client = Client()
        client.post("/accounts/password/reset/", {"email": ada.email})
        (sent,) = mail.outbox
        path = next(word for word in sent.body.split() if word.startswith("http")).replace("http://testserver", "")
        form = client.get(path, follow=True)
        new = {"password1": "entirely other words", "password2": "entirely other words"}
        assert client.post(form.redirect_chain[-1][0], new).status_code == 302
    ada.refresh_from_db()
    assert ada.check_password("entirely other words")


def test_behind_https_cookies_are_bound_to_this_host_and_browsers_stay_with_https(tmp_path: Path) -> None:
    script = """
import django, json; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0); call_command("createcachetable")
from django.test import Client
answer = Client().get("/accounts/login/", secure=True, headers={"host": "localhost"})
cookies = "".join(cookie.OutputString() for cookie in answer.cookies.values())
print(json.dumps({"cookies": cookies, "hsts": answer.headers.get("Strict-Transport-Security", "")}))
from django.conf import settings
print(json.dumps([settings.SESSION_COOKIE_NAME, settings.SESSION_COOKIE_SECURE]))
"""
    given = {
        "VITALFEW_HOME": str(tmp_path),
        "VITALFEW_HTTPS": "yes",
        "DJANGO_SETTINGS_MODULE": "vitalfew.server.settings",
    }
    done = subprocess.run(
        [sys.executable, "-c", script], env=os.environ | given, capture_output=True, text=True, check=True
    )
    told, session = (json.loads(line) for line in done.stdout.strip().splitlines()[-2:])
    assert "__Host-csrf=" in told["cookies"]
    assert "Secure" in told["cookies"]
    assert "Path=/" in told["cookies"]
    assert int(told["hsts"].split("max-age=")[1].split(";")[0]) >= 31_536_000
    assert session == ["__Host-session", True]


def test_an_old_form_gets_a_page_that_says_what_to_do(ada: User) -> None:
    answer = Client(enforce_csrf_checks=True).post(LOGIN, {"login": ada.email, "password": PASSWORD})
    assert answer.status_code == 403
    assert "This form is too old" in answer.content.decode()
