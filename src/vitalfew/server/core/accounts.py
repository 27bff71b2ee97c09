"""How people come in: nobody signs up by themselves, an admin's link or invitation opens the door."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.signals import password_reset
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from django.dispatch import receiver
from django.shortcuts import render
from django.urls import reverse

from vitalfew.server.core.models import User
from vitalfew.server.core.services import accounts, invitations
from vitalfew.server.core.services.audit import note

if TYPE_CHECKING:
    from allauth.socialaccount.models import SocialAccount, SocialLogin
    from django.http import HttpRequest, HttpResponse


class Adapter(DefaultAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Accounts are made by links only; sign-ins are told in the audit trail, failed ones too."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the same for everybody
        """No: an account comes with an invitation."""
        return False

    def post_login(self, request: HttpRequest, user: User, **given: Any) -> HttpResponse:  # noqa: ANN401 - handed on
        """After every way of signing in."""
        note(None, user, "signed in", str(user))
        answer: HttpResponse = super().post_login(request, user, **given)
        return answer

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:  # noqa: ANN401, ARG002 - allauth's
        """A wrong password. What was typed is not kept: it may be a password in the wrong field."""
        email = str(credentials.get("email", "")).casefold()
        user = User.objects.filter(email=email).first()
        note(None, user, "sign-in failed", str(user) if user else "an unknown address")

    def reauthenticate(self, user: User, password: str) -> bool:
        """Whether this is the password of whoever is signed in; tries are counted as those of signing in are."""
        found = self.authenticate(self.request, email=user.email, password=password)
        return found is not None and found.pk == user.pk


class ForeignAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # allauth ships no types
    """Who comes from another provider needs an account or an invitation for an address the provider has verified."""

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Find or make the account.

        Raises:
            ImmediateHttpResponse: there is neither account nor invitation.
        """
        if sociallogin.is_existing:
            return
        address = _vouched_for(sociallogin)
        found = User.objects.filter(email=address, is_active=True).first() if address else None
        user = found or (_invited(address, sociallogin) if address else None)
        if user is not None:
            accounts.prove(user)
            sociallogin.connect(request, user)
            return
        title = "No invitation is open for you" if address else "Your address is not verified there"
        text = "Ask an admin of the workspace to invite the address you sign in with."
        raise ImmediateHttpResponse(render(request, "core/error.html", {"title": title, "text": text}, status=403))

    def get_connect_redirect_url(self, request: HttpRequest, socialaccount: SocialAccount) -> str:  # noqa: ARG002 - allauth's
        """Whoever is signed in already and comes from the provider once more goes to their account."""
        return reverse("account")

    def on_authentication_error(self, request: HttpRequest, provider: Any, **given: Any) -> None:  # noqa: ANN401, ARG002 - allauth's
        """The provider did not let them in, or did not answer.

        Raises:
            ImmediateHttpResponse: always: a page that says so.
        """
        text = f"{provider.name} did not confirm who you are. Try once more, or sign in with a password."
        page = {"title": "Signing in did not work", "text": text}
        raise ImmediateHttpResponse(render(request, "core/error.html", page, status=403))


@receiver(password_reset)
def _proven_by_mail(user: User, **_: object) -> None:
    """Whoever got the mail has the address."""
    accounts.prove(user, keep_password=True)


def _vouched_for(sociallogin: SocialLogin) -> str:
    """The address that the provider says it has verified; empty where it says so of none.

    Some say it as a word, and then "false" is no yes. Of letters beyond ASCII some look like others and become them in
    small letters, so that addresses with such letters are taken for nobody's.
    """
    said = sociallogin.account.get_provider_account().get_user_data()
    email = str(said.get("email", ""))
    return email.casefold() if str(said.get("email_verified")).lower() == "true" and email.isascii() else ""


def _invited(address: str, sociallogin: SocialLogin) -> User | None:
    link = invitations.invitation_for(address)
    if link is None:
        return None
    name = str(sociallogin.account.get_provider_account().get_user_data().get("name", ""))
    user = accounts.new_user(address, name[:120], None)
    invitations.accept(link, user)
    return user
