"""Tags and filters of every template: built parts of pages, estimates with glyph and grade, plain words."""

from __future__ import annotations

import json
from datetime import date, datetime
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django import template
from django.conf import settings
from django.middleware.csrf import get_token
from django.urls import NoReverseMatch, reverse
from django.utils.safestring import SafeString, mark_safe

from vitalfew.report import cells, svg, words
from vitalfew.report.html_about import SEVERITIES
from vitalfew.report.lights import light
from vitalfew.report.markup import Markup
from vitalfew.server.core.commands import first_sentence, linked
from vitalfew.server.core.files import NotBuilt
from vitalfew.server.core.roles import KIND_ABILITIES, Ability
from vitalfew.workspace.fields import singular

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from django.template import Context

    from vitalfew.errors import Where
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import Severity, Verdict
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.filters import Bar, Idle
    from vitalfew.workspace.definitions import Grade

register = template.Library()
register.filter(first_sentence)
ENTRY = "src/main.ts"


@register.simple_tag
def asset(kind: str) -> str:
    """The address of the built script or style of all pages.

    Raises:
        NotBuilt: nobody built them.
    """
    path = Path(settings.STATIC_ROOT) / "dist" / "manifest.json"
    if not path.exists():
        raise NotBuilt.at(path)
    entry = _manifest(path.stat().st_mtime_ns)[ENTRY]
    name = entry["file"] if kind == "js" else entry["css"][0]
    return f"{settings.STATIC_URL}dist/{name}"


@register.simple_tag
def mark() -> str:
    """The address of the mark of vitalfew: few bars above a line, many below."""
    return f"{settings.STATIC_URL}mark.svg"


@register.simple_tag(takes_context=True)
def find_address(context: Context) -> str:
    """Where the search of this workspace asks; empty where there is none."""
    try:
        return reverse("find", kwargs={"workspace": context["request"].place.workspace.key})
    except NoReverseMatch:
        return ""


@register.simple_tag(takes_context=True)
def here(context: Context, name: str, *args: object, **given: object) -> str:
    """The address of a page of this workspace: `{% here "ledger" %}`, `{% here "metric" key=row.key %}`."""
    request = context["request"]
    asked = () if args else (("workspace", request.place.workspace.key), *given.items())
    return _address(request.META.get("SCRIPT_NAME", ""), name, args, asked)


@register.inclusion_tag("core/only_here.html", takes_context=True)
def only_here(context: Context) -> dict[str, bool]:
    """Says that links of this page open on this computer only, where the address that the page was asked at does."""
    name = urlsplit(f"//{context['request'].get_host()}").hostname or ""
    return {"only_here": name in ("localhost", "::1") or name.startswith("127.")}


@register.simple_tag(takes_context=True)
def placed(context: Context, where: Where) -> str:
    """A place in the folder of this workspace: `metrics/money.yaml, line 3`."""
    folder, file = Path(context["request"].place.workspace.folder), Path(where.file)
    name = file.relative_to(folder) if file.is_relative_to(folder) else file
    return f"{name}, line {where.line}" if where.line else str(name)


@register.filter
def markup(found: Markup | None) -> SafeString:
    """A picture or part made by the report room: text in it is escaped where it is made."""
    if found is None:
        return SafeString("")
    if not isinstance(found, Markup):
        raise TypeError("only the report room makes markup")
    return mark_safe(str(found))  # noqa: S308 - `Markup` is made only by `report.markup`, which escapes


@register.filter
def verdict(kind: Verdict) -> SafeString:
    """A verdict as its shape and its word."""
    return markup(cells.verdict(kind))


@register.filter
def grade(kind: Grade | None) -> SafeString:
    """A grade as its mark and its word."""
    return markup(cells.grade(kind))


@register.filter
def severity(kind: Severity) -> SafeString:
    """The sign of how grave a finding is."""
    return markup(light(SEVERITIES[kind]))


@register.filter
def unknown(reason: str) -> SafeString:
    """The empty frame of an unknown number, with the reason."""
    return markup(svg.empty(reason, width=cells.GLYPH))


@register.filter
def next_step(kind: str) -> str:
    """What a line asks for, as a verb."""
    return words.NEXT_STEPS[kind]  # type: ignore[index]  # a key by construction


@register.filter
def thousands(number: float) -> str:
    """A whole number with commas."""
    return f"{number:,.0f}"


@register.filter
def share(value: float) -> str:
    """A share as a percentage."""
    return words.share(value)


@register.filter
def titled(key: str) -> str:
    """A key in words."""
    return key.replace("_", " ")


@register.filter
def initials(user: object) -> str:
    """The initials of a person."""
    found = [part[0] for part in str(user).replace("@", " ").replace(".", " ").split() if part]
    return "".join(found[:2]).upper()


@register.filter
def moment(stamp: str | datetime) -> str:
    """A moment as people write it: `22 Nov 2026, 08:12`, in UTC; words that are none stay."""
    try:
        found = datetime.fromisoformat(stamp) if isinstance(stamp, str) else stamp
    except ValueError:
        return str(stamp)
    return f"{found.day} {found:%b %Y, %H:%M}"


@register.filter
def day(found: date | str) -> str:
    """A day as people write it: `22 Nov 2026`."""
    on = date.fromisoformat(found[:10]) if isinstance(found, str) else found
    return f"{on.day} {on:%b %Y}"


@register.simple_tag(takes_context=True)
def file_of(context: Context, where: Where | None) -> str:
    """The file of a place as seen from the folder of the workspace, so that no path of the machine is told."""
    if where is None:
        return ""
    folder = Path(context["request"].place.workspace.folder)
    path = Path(where.file)
    return str(path.relative_to(folder)) if path.is_relative_to(folder) else path.name


@register.simple_tag(takes_context=True)
def advice(context: Context, text: str, subject: str = "") -> SafeString:
    """What to do, with links to the pages where a browser does what a command does: `{% advice row.do address %}`."""
    return markup(linked(text, subject, lambda name: here(context, name)))


@register.inclusion_tag("core/choose.html")
def choose(
    label: str, name: str, options: Iterable[str | tuple[str, str]], chosen: object, every: str = "All"
) -> dict[str, object]:
    """A drop-down among filters, of words or of keys with titles: `{% choose "Team" "team" teams wanted.team %}`."""
    pairs = [(one, one) if isinstance(one, str) else one for one in options]
    return {"label": label, "name": name, "options": pairs, "chosen": chosen, "every": every}


@register.inclusion_tag("core/idle_filters.html")
def idle_filters(request: Request, run: Results | None, used: Bar | None) -> dict[str, Idle | None]:
    """Says on the lists that the rail leads to which filters they do not use: `{% idle_filters request run bar %}`."""
    from vitalfew.server.core.filters import idle
    from vitalfew.server.core.queries.definitions import loaded

    definitions = run.workspace.definitions if run else loaded(request.place.workspace).workspace.definitions
    return {"idle": idle(request, used, definitions)}


@register.inclusion_tag("core/new_button.html", takes_context=True)
def new_button(context: Context, kind: str, label: str = "", query: str = "") -> dict[str, Any]:
    """A button to a form for a new definition, for whoever may make one: `{% new_button "releases" %}`."""
    name = singular(kind)
    return {
        "request": context["request"],
        "may_edit": _editing(context)(kind),
        "page": f"new-{name}",
        "label": label or f"New {name}",
        "query": query,
    }


@register.inclusion_tag("core/edit_button.html", takes_context=True)
def edit_button(context: Context, kind: str, key: str, title: str = "") -> dict[str, Any]:
    """Ways to change and remove a definition, or where in the folder it stands; with a title a link in a list."""
    from vitalfew.server.core.queries.definitions import loaded

    request = context["request"]
    found = loaded(request.place.workspace)
    return {
        "request": request,
        "csrf_token": get_token(request),
        "where": found.owned_by(kind, key),
        "may_edit": _editing(context)(kind) and key in getattr(found.workspace.definitions, kind),
        "edit": f"edit-{singular(kind)}",
        "remove": f"remove-{singular(kind)}",
        "key": key,
        "title": title,
        "version": found.versions.get((kind, key), 0),
    }


def _editing(context: Context) -> Callable[[str], bool]:
    """Whether whoever asks may change definitions of a kind, worked out once a page."""
    from vitalfew.server.core.views.defining import may_edit

    request = context["request"]
    found: dict[str, bool] = request.__dict__.setdefault("may_edit", {})
    return lambda kind: found[kind] if kind in found else found.setdefault(kind, may_edit(request, kind))


@register.inclusion_tag("core/discussion.html", takes_context=True)
def discussion(context: Context, kind: str, about: str) -> dict[str, Any]:
    """What is said about a definition, and a form to say more: `{% discussion "initiatives" key %}`."""
    return talk_about(context["request"], kind, about)


def talk_about(request: Request, kind: str, about: str, refused: str = "") -> dict[str, Any]:
    """Context of the partial `core/discussion.html`."""
    from vitalfew.server.core.queries import comments

    place = request.place
    return {
        "request": request,
        "csrf_token": get_token(request),
        "kind": kind,
        "about": about,
        "comments": comments.discussion(place.workspace, kind, about, place.user),
        "people": comments.handles_in(place.workspace),
        "may_discuss": place.may(Ability.DISCUSS),
        "may_administer": place.may(Ability.ADMINISTER),
        "back": request.POST.get("next") or request.get_full_path(),
        "refused": refused,
    }


@register.inclusion_tag("core/history.html", takes_context=True)
def history(context: Context, kind: str, key: str) -> dict[str, Any]:
    """The versions of a definition with who made them: `{% history "initiatives" key %}`."""
    from vitalfew.server.core.queries.definitions import loaded
    from vitalfew.server.core.queries.history import versions

    request = context["request"]
    place = request.place
    found = versions(place.workspace, kind, key)
    return {
        "request": request,
        "csrf_token": get_token(request),
        "owned": loaded(place.workspace).owned_by(kind, key),
        "versions": found,
        "current": found[0].number if found and found[0].stands else 0,
        "may_restore": place.may(KIND_ABILITIES.get(kind, Ability.ADMINISTER)),
        "back": request.get_full_path(),
    }


@register.simple_tag(takes_context=True)
def mentioned(context: Context) -> int:
    """How often whoever is signed in was mentioned since they last looked."""
    from vitalfew.server.core.queries.comments import unseen_mentions

    return unseen_mentions(context["request"].place.member)


@lru_cache(maxsize=10_000)
def _address(_prefix: str, name: str, args: tuple[object, ...], given: tuple[tuple[str, object], ...]) -> str:
    """An address, kept: a long list names a thousand of them."""
    return reverse(name, args=args or None, kwargs=dict(given) or None)


@cache
def _manifest(_made: int) -> dict[str, Any]:
    """What was built; read again when it was built anew."""
    path = Path(settings.STATIC_ROOT) / "dist" / "manifest.json"
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
