"""The settings of a workspace: what there is, its name and units, who owns what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from django.contrib import messages
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.views.decorators.http import require_POST

from vitalfew.errors import DefinitionError, UsageError
from vitalfew.server.core.forms import WorkspaceForm
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.definitions import Conflict, FolderOwned
from vitalfew.server.core.services.workspace_settings import describe, need_second_factor

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Place, Request


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the settings: its page, and what it is for."""

    name: str
    title: str
    text: str
    ability: Ability


SECTIONS = (
    Section("workspace-settings", "Workspace", "Its name and units; who needs a second factor.", Ability.ADMINISTER),
    Section("sources", "Data", "Which tables are read, and what their columns mean.", Ability.READ),
    Section("owners", "Folder and server", "Which definitions are edited in files, which here.", Ability.ADMINISTER),
    Section("moving", "Files", "Export all of it as a zip; apply definitions from elsewhere.", Ability.ADMINISTER),
    Section("teams", "Teams and products", "Who works on what, with how much capacity.", Ability.READ),
    Section("people", "People", "Members, roles, teams, invitations, raters without an account.", Ability.ADMINISTER),
    Section("policy", "Policy", "Budget, horizon and the rules recommendations follow.", Ability.READ),
    Section("log", "Log of acts", "What it proves, and up to which act that is known.", Ability.READ),
    Section("jobs", "Work of the server", "Runs, imports, proofs: what waits, works, failed.", Ability.READ),
    Section("tokens", "Tokens", "For programs that read or act in your name.", Ability.READ),
    Section("webhooks", "Webhooks", "Which other programs are told what happens here.", Ability.ADMINISTER),
    Section("audit", "Audit", "Who signed in, invited, changed roles, exported.", Ability.ADMINISTER),
)


def index(request: Request) -> HttpResponse:
    """What can be set, for whoever asks."""
    place = request.place
    cards = [
        (section, address)
        for section in SECTIONS
        if place.may(section.ability) and (address := _address(section.name, place))
    ]
    context = {"title": "Settings", "answers": "What can be set here, and who may do what?", "cards": cards}
    return render(request, "core/settings.html", context)


def workspace(request: Request) -> HttpResponse:
    """Name, currency and time zone."""
    row = request.place.workspace
    found = loaded(row)
    about = found.workspace.definitions.workspace
    version = found.versions.get(("workspace", ""), 0)
    known = {"name": about.name, "currency": about.currency or "", "time_zone": about.time_zone, "version": version}
    form = WorkspaceForm(request.POST or None, initial=known)
    status = 200
    if request.method == "POST" and form.is_valid():
        try:
            describe(row, form.cleaned_data, by=request.place.user)
        except Conflict as error:
            form.add_error(None, f"{error} It is now: {_told(error.theirs)}.")
            status = 409
        except (DefinitionError, FolderOwned) as error:
            form.add_error(None, str(error))
        else:
            messages.success(request, "Saved. The next run uses it.")
            return redirect("workspace-settings", workspace=row.key)
    context = {
        "title": "Workspace",
        "answers": "What is it called, and in which currency and time zone are its numbers?",
        "form": form,
        "about": about,
        "in_folder": "workspace" in found.folder_kinds,
        "where": found.owned_by("workspace", ""),
        "policy": _address("policy", request.place),
        "second_factor": row.needs_second_factor,
    }
    return render(request, "core/workspace_settings.html", context, status=status)


@require_POST
def second_factor(request: Request) -> HttpResponse:
    """Open the workspace only to members with a second factor, or to all again."""
    row = request.place.workspace
    try:
        need_second_factor(row, needed=request.POST.get("needed") == "yes", by=request.place.user)
    except UsageError as error:
        messages.error(request, str(error))
    else:
        now = "Only members with a second factor come in" if row.needs_second_factor else "All members come in"
        messages.success(request, f"{now}, from now on.")
    return redirect("workspace-settings", workspace=row.key)


def _told(theirs: object) -> str:
    given = cast("dict[str, object]", theirs or {})
    return ", ".join(f"{name} {value}" for name, value in given.items()) or "not set"


def _address(name: str, place: Place) -> str:
    try:
        return reverse(name, kwargs={"workspace": place.workspace.key})
    except NoReverseMatch:
        return ""
