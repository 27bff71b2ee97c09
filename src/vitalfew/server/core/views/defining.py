"""One way to add, change and remove definitions by form, whatever their kind."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial, update_wrapper
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from vitalfew.errors import DefinitionError, VitalfewError
from vitalfew.server.core.access import route
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.pages import PAGES, page_of
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.roles import KIND_ABILITIES
from vitalfew.server.core.services.definitions import FolderOwned, change
from vitalfew.server.core.views.editing import attempt, back_of, folder_owned, say_with_undo
from vitalfew.workspace.fields import singular
from vitalfew.workspace.merging import SETTINGS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from django.urls import URLPattern

    from vitalfew.server.core.access import Place, Request
    from vitalfew.server.core.definition_forms import DefinitionForm
    from vitalfew.server.core.services.definitions import Saved
    from vitalfew.workspace.definitions import Definitions

    type Bodies = Mapping[tuple[str, str], dict[str, Any] | None]
    type Versions = Mapping[tuple[str, str], int]


def _change(place: Place, bodies: Bodies, versions: Versions) -> tuple[Saved, ...]:
    return change(place.workspace, bodies, by=place.user, versions=versions)


def _take_away(place: Place, name: tuple[str, str], version: int) -> tuple[Saved, ...]:
    return _change(place, {name: None}, {name: version})


def _nothing(_request: Request, _definitions: Definitions, _key: str | None) -> dict[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class First:
    """What has to be there before anything of a kind can be: why, and the page that makes it."""

    why: str
    page: str
    label: str


NO_METRIC = First("There is no metric yet, and this is about metrics.", "metric-new", "Define a metric")


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of definition that is written by form.

    Attributes:
        form: its form.
        list: the name of the page that shows all of them.
        answers: what to think of, in a sentence.
        known: what the form needs to know besides the definitions, such as columns of the data.
        beside: what the page shows besides the form: `first`, a `warning`, a `note`; `refused`: why there can be no
            more of them.
        template: the page.
        called: what people call one of them, where that is not its kind.
        save: writes definitions of the kind, with what goes with them.
        take_away: removes one.
    """

    form: type[DefinitionForm]
    list: str
    answers: str
    known: Callable[[Request, Definitions, str | None], Mapping[str, Any]] = _nothing
    beside: Callable[[Request, Definitions, str | None], dict[str, Any]] = _nothing
    template: str = "core/define.html"
    called: str = ""
    save: Callable[[Place, Bodies, Versions], tuple[Saved, ...]] = _change
    take_away: Callable[[Place, tuple[str, str], int], tuple[Saved, ...]] = _take_away

    @property
    def kind(self) -> str:
        """As in a workspace folder."""
        return self.form.defines

    @property
    def name(self) -> str:
        """One of them."""
        return singular(self.kind)


def routes(kind: Kind, new: str, one: str) -> Iterator[URLPattern]:
    """The addresses of a kind's forms: to add one, and below the address of one to change and to remove it."""
    ability = KIND_ABILITIES[kind.kind]
    if kind.kind not in SETTINGS:
        yield route(new, _of(_new, kind), f"new-{kind.name}", ability)
        yield route(f"{one}remove/", _of(require_POST(_remove), kind), f"remove-{kind.name}", ability)
    edit = one if kind.kind in SETTINGS else f"{one}edit/"
    yield route(edit, _of(_edit, kind), f"edit-{kind.name}", ability)


def may_edit(request: Request, kind: str) -> bool:
    """Whether whoever asks may change definitions of a kind here."""
    return request.place.may(KIND_ABILITIES[kind]) and kind not in loaded(request.place.workspace).folder_kinds


def _of(view: Callable[..., HttpResponse], kind: Kind) -> Callable[..., HttpResponse]:
    return update_wrapper(partial(view, kind=kind), view)


def _new(request: Request, kind: Kind) -> HttpResponse:
    """A form for a new definition; the address may say what is in it already."""
    return _form(request, kind, None)


def _edit(request: Request, kind: Kind, key: str = "") -> HttpResponse:
    """A form for one that stands."""
    return _form(request, kind, key)


def _remove(request: Request, kind: Kind, key: str) -> HttpResponse:
    """Remove a definition, with undo; what still names it is said."""
    version = whole(request.POST.get("version")) or 0
    try:
        done = attempt(request, lambda: kind.take_away(request.place, (kind.kind, key), version))
    except DefinitionError as error:
        messages.error(request, f"It is still needed: {'; '.join(str(problem) for problem in error.problems)}")
        return redirect(_back(request, kind, key))
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect(_back(request, kind, key))
    if isinstance(done, HttpResponse):
        return done
    say_with_undo(request, f"Removed the {kind.called or kind.name}.", done or ())
    return redirect(back_of(request) if "next" in request.POST else _back(request, kind))


def _form(request: Request, kind: Kind, key: str | None) -> HttpResponse:
    place = request.place
    found = loaded(place.workspace)
    definitions = found.workspace.definitions
    if kind.kind in found.folder_kinds:
        return folder_owned(request, FolderOwned(kind.kind, found.owned_by(kind.kind, key) if key else None))
    standing = None if key is None else body_of(place.workspace, kind.kind, key)
    if key is not None and standing is None and kind.kind not in SETTINGS:
        raise Http404("no such definition")
    body, version = standing or ({}, 0)
    form = kind.form(
        request.POST or None,
        definitions=definitions,
        key=key,
        body=body,
        version=version or 0,
        asked=_asked(request, kind),
        known=kind.known(request, definitions, key),
    )
    beside = kind.beside(request, definitions, key)
    if request.method == "POST" and form.is_valid():
        if beside.get("refused"):
            form.add_error(None, beside["refused"])
        elif (answer := _saved(request, kind, form, key)) is not None:
            return answer
    context = {**_page(request, kind, key), "form": form, "version": version or 0, **beside}
    return render(request, kind.template, context)


def _asked(request: Request, kind: Kind) -> dict[str, Any]:
    """What the address says is in the form: `?initiative=KEY`, a list by saying it again."""
    given = request.GET
    known = kind.form.base_fields
    many = {name for name in known if hasattr(known[name].widget, "allow_multiple_selected")}
    return {
        name: given.getlist(name) if name in many and known[name].widget.allow_multiple_selected else given[name]
        for name in given
        if name in known and name != "version"
    }


def _saved(request: Request, kind: Kind, form: DefinitionForm, key: str | None) -> HttpResponse | None:
    name = form.new_key() if key is None else key
    version = {(kind.kind, name): form.cleaned_data.get("version") or 0 if key is not None else 0}
    bodies: Bodies = {(kind.kind, name): form.tree()}
    done = attempt(request, lambda: kind.save(request.place, bodies, version), form, (kind.kind, name))
    if done is None or isinstance(done, HttpResponse):
        return done
    say_with_undo(request, f"Saved the {kind.called or kind.name}.", done)
    return redirect(_back(request, kind, name))


def _page(request: Request, kind: Kind, key: str | None) -> dict[str, Any]:
    definitions = loaded(request.place.workspace).workspace.definitions
    if kind.kind in SETTINGS:
        title = f"Edit the {kind.name}"
    else:
        title = f"Edit: {definitions.title(kind.kind, key)}" if key else f"New {kind.called or kind.name}"
    return {
        "title": title,
        "answers": kind.answers,
        "kind": kind.kind,
        "key": key,
        "back": _back(request, kind, key),
        "remove": f"remove-{kind.name}" if key else "",
    }


def _back(request: Request, kind: Kind, key: str | None = None) -> str:
    """The page of a definition; the list where it has none of its own."""
    workspace = request.place.workspace.key
    own = page_of(workspace, kind.kind, key) if key and kind.kind in PAGES else ""
    return own or reverse(kind.list, kwargs={"workspace": workspace})
