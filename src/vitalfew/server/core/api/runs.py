"""Runs by the API: their ids, and what they hold, part by part, as the JSON export holds it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from ninja import Path, Router, Schema, Status

from vitalfew.results.document import PARTS
from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, page_of
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.versions import has_already
from vitalfew.server.core.queries.runs import open_run, run_ids
from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from vitalfew.pipeline import Results

router = Router(tags=["runs"])
LATEST = "latest"


class RunOut(Schema):
    """A run: what was computed when, from what."""

    id: str
    computed_at: str
    as_of: str | None
    data_to: str | None
    code_version: str
    data_version: str
    definitions_version: str
    seed: int
    failed: int


class PartOut(Schema):
    """A part of a run as the JSON export holds it: an object, or a page of a list with the cursor of the next."""

    run: str
    part: str
    value: Any
    next: str | None = None


class RunPage(Page[str]):
    """Ids of the stored runs, newest first."""


@router.get("/runs", response={200: RunPage, **PROBLEMS}, auth=needs(Ability.READ))
def list_runs(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[str]:
    """The stored runs of a workspace, newest first."""
    return page_of(run_ids(request.place.workspace)[::-1], limit, cursor)


@router.get("/runs/{run_id}", response={200: RunOut, 304: None, **PROBLEMS}, auth=needs(Ability.READ))
def read_run(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    run_id: str,
) -> Status[None] | RunOut:
    """One run, by its id or as `latest`."""
    run = _run(request, run_id)
    if has_already(request, response, _tag(run)):
        return Status(304, None)
    info = run.info
    return RunOut(
        id=info.id,
        computed_at=info.computed_at,
        as_of=info.as_of,
        data_to=info.data_to,
        code_version=info.code_version,
        data_version=info.data_version,
        definitions_version=info.definitions_version,
        seed=info.seed,
        failed=len(run.failures),
    )


@router.get("/runs/{run_id}/parts/{part}", response={200: PartOut, 304: None, **PROBLEMS}, auth=needs(Ability.READ))
def read_part(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    run_id: str,
    part: str,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Status[None] | PartOut:
    """A part of a run, such as `ledger`, `experiments`, `links` or `checks`; lists come a page at a time."""
    run = _run(request, run_id)
    if part not in PARTS:
        raise Http404(f"a run has no part '{part[:40]}'; there are {', '.join(PARTS)}")
    if has_already(request, response, _tag(run)):
        return Status(304, None)
    value: Any = run.to_dict([part])[part]
    following = None
    if isinstance(value, list):
        page = page_of(value, limit, cursor)
        value, following = page.items, page.next
    return PartOut(run=run.info.id, part=part, value=value, next=following)


def _tag(run: Results) -> str:
    """The `ETag` of all that a run says: its id, since runs never change."""
    return f'"{run.info.id}"'


def _run(request: ApiRequest, run_id: str) -> Results:
    workspace = request.place.workspace
    found = open_run(workspace, None if run_id == LATEST else run_id)
    if found is None:
        raise Http404(f"there is no run '{run_id[:40]}'")
    return found
