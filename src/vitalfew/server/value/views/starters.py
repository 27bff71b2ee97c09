"""Starting from a template: what each says of value, as a tree, and taking one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST, require_safe

from vitalfew.connect.starters import NAMES, next_steps, starter, starters
from vitalfew.errors import VitalfewError
from vitalfew.report.tree_picture import tree_picture
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.definitions import FolderOwned
from vitalfew.server.core.views.editing import folder_owned, say_with_undo
from vitalfew.server.value.queries.tree import tree
from vitalfew.server.value.services.starters import in_the_way, take

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.connect.starters import Starter
    from vitalfew.report.markup import Markup
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions


PLACES = ("the pages here", "a table under Settings, Data", "the tick that it is an example")
"""Where the steps after a template are taken on a server: see `next_steps`."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A template as it is shown: its tree, its factors and guardrails by title, what here is in its way."""

    starter: Starter
    picture: Markup
    factors: tuple[str, ...]
    guardrails: tuple[str, ...]
    taken: tuple[str, ...]


@require_safe
def index(request: Request) -> HttpResponse:
    """All templates."""
    found = loaded(request.place.workspace)
    context = {
        "title": "Start from a template",
        "answers": "Which of these is nearest to what your customers value? Its words and ranges are yours to change.",
        "offers": [_offer(each, found.workspace.definitions) for each in starters()],
        "folder_owned": "factors" in found.folder_kinds,
    }
    return render(request, "value/starters.html", context)


@require_POST
def start_from(request: Request, template: str) -> HttpResponse:
    """Take one."""
    if template not in NAMES:
        raise Http404("no such template")
    workspace, chosen = request.place.workspace, starter(template)
    try:
        done = take(workspace, chosen, by=request.place.user)
    except FolderOwned as refusal:
        return folder_owned(request, refusal)
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect("starters", workspace=workspace.key)
    say_with_undo(request, f"Added: {chosen.title}. {' '.join(next_steps(chosen, *PLACES))}", done)
    return redirect("value-model", workspace=workspace.key)


def _offer(each: Starter, here: Definitions) -> Offer:
    own = each.definitions
    drawn = tree(own, None, "", frozenset())
    factors, guardrails = ([own.title(kind, key) for key in getattr(own, kind)] for kind in ("factors", "guardrails"))
    picture = tree_picture(drawn.nodes, drawn.edges, f"Value tree of the template: {each.title}")
    return Offer(each, picture, tuple(factors), tuple(guardrails), in_the_way(here, each))
