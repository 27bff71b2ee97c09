"""Definitions by the API: read them with their version, change them resting on it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpResponse
from ninja import Body, Path, Router, Schema, Status

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, page_of
from vitalfew.server.core.api.problems import PROBLEMS, Refused
from vitalfew.server.core.api.versions import RESTING, has_already, rests_on, tag_of
from vitalfew.server.core.queries.definitions import Loaded, loaded
from vitalfew.server.core.roles import KIND_ABILITIES, Ability
from vitalfew.server.core.services.definitions import remove, save
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.merging import SETTINGS
from vitalfew.workspace.writing import tree_of

router = Router(tags=["definitions"])
_SETTINGS_KEY = "-"
"""The key under which the settings `workspace`, `data` and `policy` are found in addresses."""


class DefinitionOut(Schema):
    """A definition as YAML would hold it. `version` None and `file`, `line` where the folder owns it."""

    kind: str
    key: str
    body: dict[str, Any]
    version: int | None = None
    file: str | None = None
    line: int | None = None


class KindOut(Schema):
    """How many definitions of a kind there are, and who owns them: `folder` or `server`."""

    kind: str
    count: int
    owner: str


@router.get("/definitions", response={200: list[KindOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_kinds(request: ApiRequest, workspace: Path[str]) -> list[KindOut]:  # noqa: ARG001 - read by the guard
    """The kinds of definitions of a workspace."""
    found = loaded(request.place.workspace)
    tree = tree_of(found.workspace.definitions)
    return [
        KindOut(
            kind=kind,
            count=_count(kind, tree.get(kind)),
            owner="folder" if kind in found.folder_kinds else "server",
        )
        for kind in Definitions.model_fields
    ]


@router.get("/definitions/{kind}", response={200: Page[DefinitionOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_definitions(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    kind: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[DefinitionOut]:
    """The definitions of one kind, in the order they were made."""
    found = loaded(request.place.workspace)
    return page_of(_all(found, _known(kind)), limit, cursor)


@router.get("/definitions/{kind}/{key}", response={200: DefinitionOut, 304: None, **PROBLEMS}, auth=needs(Ability.READ))
def read_definition(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    kind: str,
    key: str,
) -> Status[None] | DefinitionOut:
    """One definition; its `ETag` is what a change rests on. Settings have the key `-`."""
    found = _one(loaded(request.place.workspace), _known(kind), key)
    if found.version is not None and has_already(request, response, tag_of(found.version)):
        return Status(304, None)
    return found


@router.put(
    "/definitions/{kind}/{key}",
    response={200: DefinitionOut, **PROBLEMS},
    auth=needs(Ability.READ),
    openapi_extra=RESTING,
)
def put_definition(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    kind: str,
    key: str,
    body: Body[dict[str, Any]],
) -> DefinitionOut:
    """Make (`If-None-Match: *`) or change (`If-Match`) one definition; all of the workspace is checked with it."""
    place = request.place
    _may_change(request, _known(kind))
    saved = save(place.workspace, kind, _key(kind, key), body, by=place.user, version=rests_on(request))
    response.headers["ETag"] = tag_of(saved.version)
    return _one(loaded(place.workspace), kind, key)


@router.delete(
    "/definitions/{kind}/{key}", response={204: None, **PROBLEMS}, auth=needs(Ability.READ), openapi_extra=RESTING
)
def delete_definition(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    kind: str,
    key: str,
) -> Status[None]:
    """Remove one definition; refused while another names it."""
    place = request.place
    _may_change(request, _known(kind))
    remove(place.workspace, kind, _key(kind, key), by=place.user, version=rests_on(request))
    return Status(204, None)


def _known(kind: str) -> str:
    if kind not in Definitions.model_fields:
        raise Http404(f"there is no kind '{kind[:40]}'")
    return kind


def _may_change(request: ApiRequest, kind: str) -> None:
    wanted = KIND_ABILITIES[kind]
    if not request.place.may(wanted):
        raise Refused(403, f"{kind} take the ability to {wanted.value}, which this role or token does not give")


def _key(kind: str, key: str) -> str:
    if (kind in SETTINGS) != (key == _SETTINGS_KEY):
        raise Http404(f"there is no {kind} '{key[:40]}'")
    return "" if kind in SETTINGS else key


def _all(found: Loaded, kind: str) -> list[DefinitionOut]:
    tree = tree_of(found.workspace.definitions).get(kind, {})
    bodies: dict[str, Any] = {_SETTINGS_KEY: tree} if kind in SETTINGS else tree  # type: ignore[assignment]  # a tree by construction
    return [_out(found, kind, key, body) for key, body in bodies.items()]


def _one(found: Loaded, kind: str, key: str) -> DefinitionOut:
    named = _key(kind, key)
    known = getattr(found.workspace.definitions, kind)
    if named and named not in known:
        raise Http404(f"there is no {kind} '{key[:40]}'")
    return next(item for item in _all(found, kind) if item.key == key)


def _out(found: Loaded, kind: str, key: str, body: dict[str, Any]) -> DefinitionOut:
    named = "" if key == _SETTINGS_KEY else key
    where = found.owned_by(kind, named) if named else None
    version = None if kind in found.folder_kinds else found.versions.get((kind, named), 0)
    file, line = (where.file, where.line) if where else (None, None)
    return DefinitionOut(kind=kind, key=key, body=body, version=version, file=file, line=line)


def _count(kind: str, tree: object) -> int:
    if kind in SETTINGS:
        return 1
    return len(tree) if isinstance(tree, dict) else 0
