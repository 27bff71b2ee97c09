"""Members, invitations and raters of a workspace, and links they need."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404, HttpResponseNotAllowed
from django.shortcuts import redirect, render
from django.urls import reverse

from vitalfew.errors import UsageError
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.forms import Invite, MemberForm
from vitalfew.server.core.queries import people as known
from vitalfew.server.core.services import accounts, invitations, links, members
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.mail import send

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.access import Place, Request

ANSWERS = "Who takes part here, and who may do what?"


def index(request: Request) -> HttpResponse:
    """Members, open invitations, raters without an account; POST invites."""
    place = request.place
    choices = _choices(place)
    form = Invite(request.POST or None, initial={"role": "contributor"}, **choices)
    if request.GET.get("format") == "csv":
        return _csv(place)
    made = ""
    if request.method == "POST" and form.is_valid():
        try:
            secret = invitations.invite(place.workspace, place.user, **form.cleaned_data)
        except UsageError as error:
            form.add_error("email", str(error))
        else:
            return _page(request, Invite(initial={"role": "contributor"}, **choices), _handed(request, secret, form))
    return _page(request, form, made)


def change(request: Request, user: int) -> HttpResponse:
    """Another role, team or group."""
    if not any(person.user_id == user for person in known.people(request.place.workspace)):
        raise Http404("no such member")
    form = MemberForm(request.POST, **_choices(request.place))
    if not form.is_valid():
        messages.error(request, "There is no such role, team or group here.")
        return _back(request)
    place, given = request.place, form.cleaned_data
    return _done(request, lambda: members.change_member(place.workspace, user, by=place.user, **given), "Changed.")


def remove(request: Request, user: int) -> HttpResponse:
    """Take somebody out."""
    place = request.place
    return _done(request, lambda: members.remove_member(place.workspace, user, by=place.user), "Removed.")


def password(request: Request, user: int) -> HttpResponse:
    """A link with which a member chooses a new password."""
    place = request.place
    try:
        secret = accounts.make_password_link(place.workspace, user, by=place.user)
    except links.NoSuch as error:
        raise Http404(str(error)) from error
    except UsageError as error:
        messages.error(request, str(error))
        return _back(request)
    address = request.build_absolute_uri(reverse("choose-password", kwargs={"secret": secret}))
    return _page(request, None, address, "Hand this to them yourself: it sets a new password, once, within a day.")


def revoke(request: Request, link: int) -> HttpResponse:
    """End an invitation."""
    place = request.place
    return _done(request, lambda: invitations.revoke(place.workspace, link, place.user), "The invitation ended.")


def renew(request: Request, link: int) -> HttpResponse:
    """A new link in place of an invitation."""
    place = request.place
    try:
        secret = invitations.renew(place.workspace, link, place.user)
    except links.NoSuch as error:
        raise Http404(str(error)) from error
    except UsageError as error:
        messages.error(request, str(error))
        return _back(request)
    address = request.build_absolute_uri(reverse("invitation", kwargs={"secret": secret}))
    return _page(request, None, address, "This link is in place of the earlier one, which no longer works.")


def end_link(request: Request, link: int) -> HttpResponse:
    """End the link of a rater without an account."""
    place = request.place
    return _done(request, lambda: links.end_link(place.workspace, link, place.user), "The link ended.")


def post_only(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A view that changes something: a mere look at it is refused."""

    def posted(request: HttpRequest, **given: object) -> HttpResponse:
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        return view(request, **given)

    return posted


def _done(request: Request, work: Callable[[], None], said: str) -> HttpResponse:
    try:
        work()
    except links.NoSuch as error:
        raise Http404(str(error)) from error
    except UsageError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, said)
    return _back(request)


def _back(request: Request) -> HttpResponse:
    return redirect("people", workspace=request.place.workspace.key)


def _choices(place: Place) -> dict[str, dict[str, str]]:
    return {"teams": known.teams(place.workspace), "groups": known.groups(place.workspace)}


def _handed(request: Request, secret: str, form: Invite) -> str:
    """Send the link, where there is mail and an address; gives the address for handing it over by hand."""
    address = request.build_absolute_uri(reverse("invitation", kwargs={"secret": secret}))
    workspace, user = request.place.workspace, request.place.user
    text = (
        f"{user} invites you to {workspace.name} as {form.cleaned_data['role']}:\n\n{address}\n\nThe link serves once."
    )
    if send(form.cleaned_data["email"], f"{user} invites you to {workspace.name}", text):
        messages.success(request, f"The invitation is on its way to {form.cleaned_data['email']}.")
    return address


def _page(
    request: Request, form: Invite | None, made: str, made_for: str = "Hand this link over: it serves once."
) -> HttpResponse:
    place = request.place
    choices = _choices(place)
    rows = [(person, _row(person, choices)) for person in known.people(place.workspace)]
    context = {
        "title": "People",
        "answers": ANSWERS,
        "rows": rows,
        "form": form or Invite(initial={"role": "contributor"}, **choices),
        "made": made,
        "made_for": made_for,
        "invited": known.invited(place.workspace),
        "raters": known.free_raters(place.workspace),
        "roles": known.roles(),
    }
    return render(request, "core/people.html", context)


def _row(person: known.Person, choices: dict[str, dict[str, str]]) -> MemberForm:
    """The fields of a member, each in its column; `form` ties them to the form in the last one."""
    now = {"role": person.role, "team": person.team, "group": person.group}
    form = MemberForm(initial=now, auto_id=f"m{person.user_id}_%s", **choices)
    for field in form.fields.values():
        field.widget.attrs["form"] = f"member-{person.user_id}"
    return form


def _csv(place: Place) -> HttpResponse:
    note(place.workspace, place.user, "exported", "people")
    heads = ("name", "email", "role", "team", "group", "joined")
    rows = (
        (one.name, one.email, one.role, one.team, one.group, one.joined_at.date().isoformat())
        for one in known.people(place.workspace)
    )
    return csv_response("people", heads, rows)
