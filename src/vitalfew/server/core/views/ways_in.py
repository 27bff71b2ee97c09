"""Pages behind personal links: the first admin, invitations, new passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from allauth.account.utils import perform_login
from django.contrib import messages
from django.core.exceptions import ValidationError
from django.http import Http404
from django.shortcuts import redirect, render
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.server.core.forms import NewAccount, NewPassword
from vitalfew.server.core.models import Link, User
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services import accounts, invitations
from vitalfew.server.core.services.links import find_link

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.forms import Form
    from django.http import HttpRequest, HttpResponse


def setup(request: HttpRequest, secret: str) -> HttpResponse:
    """Make the first admin; once there is an account the page is gone for ever."""
    link = None if accounts.is_set_up() else find_link(secret, Link.Purpose.SETUP)
    if link is None:
        raise Http404("no such link")
    form = NewAccount(request.POST or None)
    if form.is_valid():
        given = form.cleaned_data
        user = _try(form, lambda: accounts.set_up(link, given["email"], given["name"], given["password"]))
        if user is not None:
            return _enter(request, user)
    return render(request, "core/setup.html", {"title": "Make the first admin", "form": form})


def join(request: HttpRequest, secret: str) -> HttpResponse:
    """Use an invitation: with the account one is signed in with, or with a new one."""
    link = find_link(secret, Link.Purpose.INVITATION)
    if link is None or link.workspace is None:
        return render(request, "core/link_gone.html", {"title": "This invitation no longer works"}, status=404)
    Link.objects.filter(pk=link.pk, opened_at=None).update(opened_at=timezone.now())
    context = {"title": f"Join {link.workspace.name}", "link": link, "meaning": Role(link.role).meaning}
    if request.user.is_authenticated:
        return _join_as(request, link, context)
    if link.email and User.objects.filter(email=link.email).exists():
        return render(request, "core/join.html", context | {"known": True})
    form = NewAccount(request.POST or None, fixed=link.email)
    if form.is_valid():
        given = form.cleaned_data
        user = _try(form, lambda: invitations.join(link, given.get("email", ""), given["name"], given["password"]))
        if user is not None:
            return _enter(request, user)
    return render(request, "core/join.html", context | {"form": form})


def choose_password(request: HttpRequest, secret: str) -> HttpResponse:
    """Choose a new password by the link of an admin; signing in comes after, with the second factor if there is one."""
    link = find_link(secret, Link.Purpose.PASSWORD)
    if link is None:
        return render(request, "core/link_gone.html", {"title": "This link no longer works"}, status=404)
    form = NewPassword(request.POST or None)
    if form.is_valid() and _try(form, lambda: accounts.choose_password(link, form.cleaned_data["password"])):
        messages.success(request, "The password is set. Sign in with it.")
        return redirect("account_login")
    return render(request, "core/choose_password.html", {"title": "Choose a new password", "form": form})


def _join_as(request: HttpRequest, link: Link, context: dict[str, object]) -> HttpResponse:
    user = cast("User", request.user)
    if link.email and link.email != user.email:
        return render(request, "core/join.html", context | {"stranger": user})
    if request.method == "POST":
        try:
            member = invitations.accept(link, user)
        except UsageError as error:
            return render(request, "core/link_gone.html", {"title": str(error.problem.message)}, status=409)
        return redirect("ledger", workspace=member.workspace.key)
    return render(request, "core/join.html", context | {"as_user": user})


def _try(form: Form, work: Callable[[], User]) -> User | None:
    """Do it; what stands against it is told in the form."""
    try:
        return work()
    except ValidationError as error:
        form.add_error("password", error)
    except UsageError as error:
        form.add_error(None, str(error))
    return None


def _enter(request: HttpRequest, user: User) -> HttpResponse:
    answer: HttpResponse = perform_login(request, user, email_verification="none")
    return answer
