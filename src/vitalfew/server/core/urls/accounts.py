"""Addresses of signing in and of second factors: those of allauth that this server uses, each with who may."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from allauth.account import views as account
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from vitalfew.server.core.roles import Access
from vitalfew.server.core.views import signing_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase
    from django.urls import URLPattern

    type View = Callable[..., HttpResponseBase]


class Base36(StringConverter):
    """A number of a user in the link of a mail; unlike the key after it, it holds no hyphen."""

    regex = "[0-9A-Za-z]+"


def _later(module: str, name: str) -> View:
    """A view of allauth that is imported when it is first asked for: second factors bring all of cryptography along."""

    def view(request: HttpRequest, **given: str) -> HttpResponseBase:
        found: View = getattr(import_module(f"allauth.{module}.views"), name)
        return found(request, **given)

    return view


register_converter(Base36, "base36")
_MFA, _TOTP, _CODES = "mfa.base", "mfa.totp", "mfa.recovery_codes"
_PROVIDER = "socialaccount.providers.openid_connect"
_ROUTES: tuple[tuple[str, View, str, Access], ...] = (
    ("accounts/login/", signing_in.login, "account_login", Access.PUBLIC),
    ("accounts/logout/", account.logout, "account_logout", Access.PUBLIC),
    ("accounts/signup/", account.signup, "account_signup", Access.PUBLIC),
    ("accounts/inactive/", account.account_inactive, "account_inactive", Access.PUBLIC),
    ("accounts/reauthenticate/", account.reauthenticate, "account_reauthenticate", Access.SIGNED_IN),
    ("accounts/password/", account.password_change, "account_change_password", Access.SIGNED_IN),
    ("accounts/password/first/", account.password_set, "account_set_password", Access.SIGNED_IN),
    ("accounts/password/reset/", signing_in.password_reset, "account_reset_password", Access.PUBLIC),
    ("accounts/password/reset/sent/", account.password_reset_done, "account_reset_password_done", Access.PUBLIC),
    (
        "accounts/password/reset/<base36:uidb36>-<str:key>/",
        account.password_reset_from_key,
        "account_reset_password_from_key",
        Access.LINK,
    ),
    (
        "accounts/password/reset/set/",
        account.password_reset_from_key_done,
        "account_reset_password_from_key_done",
        Access.PUBLIC,
    ),
    ("accounts/from/<slug:provider_id>/", _later(_PROVIDER, "login"), "openid_connect_login", Access.PUBLIC),
    ("accounts/from/<slug:provider_id>/back/", _later(_PROVIDER, "callback"), "openid_connect_callback", Access.PUBLIC),
    ("accounts/second/", _later(_MFA, "index"), "mfa_index", Access.SIGNED_IN),
    ("accounts/second/check/", _later(_MFA, "authenticate"), "mfa_authenticate", Access.PUBLIC),
    ("accounts/second/again/", _later(_MFA, "reauthenticate"), "mfa_reauthenticate", Access.SIGNED_IN),
    ("accounts/second/app/", _later(_TOTP, "activate_totp"), "mfa_activate_totp", Access.SIGNED_IN),
    ("accounts/second/app/off/", _later(_TOTP, "deactivate_totp"), "mfa_deactivate_totp", Access.SIGNED_IN),
    ("accounts/second/codes/", _later(_CODES, "view_recovery_codes"), "mfa_view_recovery_codes", Access.SIGNED_IN),
    (
        "accounts/second/codes/new/",
        _later(_CODES, "generate_recovery_codes"),
        "mfa_generate_recovery_codes",
        Access.SIGNED_IN,
    ),
    (
        "accounts/second/codes/file/",
        _later(_CODES, "download_recovery_codes"),
        "mfa_download_recovery_codes",
        Access.SIGNED_IN,
    ),
)


def _marked() -> list[URLPattern]:
    """The routes, marked for the guard."""
    found = []
    for pattern, view, name, access in _ROUTES:
        view.access = access  # type: ignore[attr-defined]  # read by the guard and by the access matrix
        found.append(path(pattern, view, name=name))
    return found


urlpatterns = _marked()
