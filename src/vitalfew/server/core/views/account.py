"""One's own account: name, colours, where one is signed in, what is kept, and erasing what one said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from allauth.account.decorators import reauthentication_required
from allauth.mfa.utils import is_mfa_enabled
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBadRequest, JsonResponse
from django.shortcuts import redirect, render

from vitalfew.errors import UsageError
from vitalfew.server.core.access import Place, is_shut
from vitalfew.server.core.forms import Erase, Mine
from vitalfew.server.core.models import Member, User
from vitalfew.server.core.queries import myself
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services import accounts, own_acts
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.sessions import last_member

if TYPE_CHECKING:
    from django.http import HttpRequest

    from vitalfew.server.core.access import Request


def account(request: HttpRequest) -> HttpResponse:
    """The page of one's account; POST changes name and colours."""
    user = cast("User", request.user)
    form = Mine(request.POST or None, initial={"name": user.name, "theme": user.theme})
    if request.method == "POST" and form.is_valid():
        accounts.change_account(user, **form.cleaned_data)
        messages.success(request, "Saved.")
        return redirect("account")
    context = {
        "title": "Your account",
        "answers": "What do others see of you, who can sign in as you, and what is kept about you?",
        "layout": _layout(request, user),
        "form": form,
        "second_factor": is_mfa_enabled(user),
        "has_password": user.has_usable_password(),
        "sessions": myself.sessions(user, request.session.session_key),
        "memberships": Member.objects.filter(user=user).select_related("workspace").order_by("workspace__name"),
    }
    return render(request, "core/account.html", context)


def theme(request: HttpRequest) -> HttpResponse:
    """Keep the colours chosen in the menu."""
    user = cast("User", request.user)
    try:
        accounts.change_account(user, name=user.name, theme=request.POST.get("theme", ""))
    except UsageError as error:
        return HttpResponseBadRequest(str(error))
    return HttpResponse(status=204)


def end_sessions(request: HttpRequest) -> HttpResponse:
    """Sign out everywhere else."""
    user = cast("User", request.user)
    ended = accounts.end_sessions(user, keep=request.session.session_key)
    note(None, user, "signed out elsewhere", str(user), sessions=ended)
    messages.success(request, "You are signed in here only.")
    return redirect("account")


def export(request: HttpRequest) -> HttpResponse:
    """All that is kept about whoever asks, as JSON; by whoever could see it in its workspaces."""
    user = cast("User", request.user)
    members = Member.objects.filter(user=user).select_related("workspace")
    if any(is_shut(row.workspace, user) for row in members):
        messages.error(request, "One of your workspaces needs a second factor: set one up first.")
        return redirect("mfa_index")
    found: dict[str, Any] = myself.kept(user)
    found["said"] = {row.workspace.key: own_acts.said(row.workspace, user) for row in members}
    note(None, user, "exported", "what is kept about me")
    answer = JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False})
    answer.headers["Content-Disposition"] = 'attachment; filename="vitalfew-about-me.json"'
    return answer


@reauthentication_required  # type: ignore[untyped-decorator]  # allauth ships no types
def erase(request: Request) -> HttpResponse:
    """Erase what one said in a workspace: judgements, forecasts, reasons. The chain keeps hashes only."""
    place = request.place
    form = Erase(request.POST or None)
    if request.method == "POST" and form.is_valid():
        count = own_acts.erase(place.workspace, place.user)
        acts = f"{count} of your acts" if count else "your answers that waited in a session"
        messages.success(request, f"Erased: {acts}. The log stays whole, and says which acts were erased.")
        return redirect("account")
    context = {
        "title": "Erase what you said",
        "answers": f"Your judgements, forecasts and reasons in {place.workspace.name}.",
        "form": form,
        "count": own_acts.count_said(place.workspace, place.user),
        "waiting": own_acts.count_waiting(place.workspace, place.user),
    }
    return render(request, "core/erase.html", context)


def _layout(request: HttpRequest, user: User) -> str:
    """The frame of the workspace one was in last, so that the way back is there; a plain page where none is open."""
    member = last_member(request, user)
    if member is None or is_shut(member.workspace, user):
        return "core/plain.html"
    request.place = Place(member.workspace, member, user, Role(member.role).abilities)  # type: ignore[attr-defined]  # read by the frame
    return "core/page.html"
