"""Addresses of signing in and of second factors: those of allauth that this server uses, each with who may."""

from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account import views as account
from allauth.mfa.base import views as mfa
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.socialaccount.providers.openid_connect import views as provider
from django.urls import path, register_converter
from django.urls.converters import StringConverter

from vitalfew.server.core.roles import Access
from vitalfew.server.core.views import signing_in

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponseBase
    from django.urls import URLPattern


class Base36(StringConverter):
    """A number of a user in the link of a mail; unlike the key after it, it holds no hyphen."""

    regex = "[0-9A-Za-z]+"


register_converter(Base36, "base36")
_ROUTES: tuple[tuple[str, Callable[..., HttpResponseBase], str, Access], ...] = (
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
    ("accounts/from/<slug:provider_id>/", provider.login, "openid_connect_login", Access.PUBLIC),
    ("accounts/from/<slug:provider_id>/back/", provider.callback, "openid_connect_callback", Access.PUBLIC),
    ("accounts/second/", mfa.index, "mfa_index", Access.SIGNED_IN),
    ("accounts/second/check/", mfa.authenticate, "mfa_authenticate", Access.PUBLIC),
    ("accounts/second/again/", mfa.reauthenticate, "mfa_reauthenticate", Access.SIGNED_IN),
    ("accounts/second/app/", totp.activate_totp, "mfa_activate_totp", Access.SIGNED_IN),
    ("accounts/second/app/off/", totp.deactivate_totp, "mfa_deactivate_totp", Access.SIGNED_IN),
    ("accounts/second/codes/", recovery.view_recovery_codes, "mfa_view_recovery_codes", Access.SIGNED_IN),
    ("accounts/second/codes/new/", recovery.generate_recovery_codes, "mfa_generate_recovery_codes", Access.SIGNED_IN),
    ("accounts/second/codes/file/", recovery.download_recovery_codes, "mfa_download_recovery_codes", Access.SIGNED_IN),
)


def _marked() -> list[URLPattern]:
    """The routes, marked for the guard."""
    found = []
    for pattern, view, name, access in _ROUTES:
        view.access = access  # type: ignore[attr-defined]  # read by the guard and by the access matrix
        found.append(path(pattern, view, name=name))
    return found


urlpatterns = _marked()
