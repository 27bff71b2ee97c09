"""Signing in and new passwords: allauth's views with our limits, words and ways."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account import views
from allauth.core.ratelimit import respond_429
from django.conf import settings
from django.core.exceptions import NON_FIELD_ERRORS
from django.http import HttpResponseNotAllowed

from vitalfew.server.core.services.accounts import is_set_up

if TYPE_CHECKING:
    from django.forms import Form
    from django.http import HttpRequest, HttpResponseBase


class Login(views.LoginView):  # type: ignore[misc]  # allauth ships no types
    """Sign in by password, or by the company's provider where there is one."""

    def form_invalid(self, form: Form) -> HttpResponseBase:
        """Say that it was wrong, or that it was tried too often."""
        if form.has_error(NON_FIELD_ERRORS, "too_many_login_attempts"):
            answer: HttpResponseBase = respond_429(self.request)
        else:
            answer = super().form_invalid(form)
        return answer

    def get_form(self, form_class: type[Form] | None = None) -> Form:
        """Our words on its fields."""
        form: Form = super().get_form(form_class)
        for name, label in (("login", "E-mail"), ("password", "Password"), ("remember", "Stay signed in here")):
            form.fields[name].label = label
            form.fields[name].widget.attrs.pop("placeholder", None)
        return form

    def get_context_data(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - Django's
        """The name of the provider, for its button; whether anybody can sign in at all."""
        oidc = settings.CONFIG.oidc
        context: dict[str, Any] = super().get_context_data(**given)
        return context | {"company": oidc.name if oidc else "", "is_set_up": is_set_up()}


class PasswordReset(views.PasswordResetView):  # type: ignore[misc]  # allauth ships no types
    """A link to one's address, where the server sends mail; else the way to an admin."""

    def post(self, request: HttpRequest, *args: object, **given: object) -> HttpResponseBase:
        """Send the link."""
        if not settings.CONFIG.mail:
            return HttpResponseNotAllowed(["GET"])
        answer: HttpResponseBase = super().post(request, *args, **given)
        return answer

    def get_context_data(self, **given: Any) -> dict[str, Any]:  # noqa: ANN401 - Django's
        """Whether the server sends mail."""
        context: dict[str, Any] = super().get_context_data(**given)
        return context | {"has_mail": bool(settings.CONFIG.mail)}


login = Login.as_view()
password_reset = PasswordReset.as_view()
