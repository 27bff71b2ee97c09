"""A workspace's definitions and acts by the API: taken away as files, and applied with a plan that is read first."""

from __future__ import annotations

import json
from functools import partial
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Annotated, BinaryIO

from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile, UploadedFile
from django.http import Http404, HttpResponse
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.errors import UsageError
from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.once import parts_of
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.work import JobOut, asked
from vitalfew.server.core.queries.jobs import JobView
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import applying, parcels
from vitalfew.server.core.services.moving import exported
from vitalfew.server.core.services.parcels import How
from vitalfew.server.core.streaming import sent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponseBase

    from vitalfew.server.core.services.parcels import Plan

router = Router(tags=["moving"])
MOST_FILES = 20_000
_A_ZIP = {"required": True, "content": {"application/zip": {"schema": {"type": "string", "format": "binary"}}}}
type FileName = Annotated[str, Field(min_length=1, max_length=200)]


class ExportIn(Schema):
    """Whether the log of acts is taken along; what others judged and forecast is left out of it."""

    acts: bool = False


class FilesOut(Schema):
    """Files of a workspace folder, by name."""

    files: dict[str, str]


class ProposalIn(Schema):
    """Definitions to apply, as YAML files by name; `prune`: remove what is not among them; `acts`: take the log on."""

    files: Annotated[dict[FileName, str], Field(min_length=1, max_length=MOST_FILES)]
    prune: bool = False
    acts: bool = False


class ProposalOut(Schema):
    """What applying would change, in sentences; with `token` and `stamp` it is applied.

    `left_out`: files that are neither definitions nor the log of acts, and were not looked at.
    """

    token: str
    stamp: int
    sentences: list[str]
    in_the_way: list[str]
    new_acts: int
    left_out: int


class PlanningOut(Schema):
    """A plan that a job works out: once that is done, it is read by its `token`."""

    token: str
    job: JobOut


class ApplyIn(Schema):
    """A plan that somebody read."""

    stamp: int
    prune: bool = False
    acts: bool = False


class AppliedOut(Schema):
    """What was changed."""

    sentences: list[str]


@router.post("/export", response={200: FilesOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def export(request: ApiRequest, workspace: Path[str], wanted: ExportIn) -> HttpResponseBase:  # noqa: ARG001 - read by the guard
    """The definitions as the files of a folder; the log of acts only when asked for."""
    found = exported(request.place.workspace, with_acts=wanted.acts, by=request.asker)
    return sent(request, partial(_write, files=found), "application/json; charset=utf-8")


def _write(file: BinaryIO, files: Iterable[tuple[str, Iterable[bytes]]]) -> None:
    """Write `FilesOut` part by part: a log may be long. Parts end with a line, and so between two letters."""
    file.write(b'{"files": {')
    for at, (name, parts) in enumerate(files):
        file.write(f'{", " if at else ""}{json.dumps(name)}: "'.encode())
        file.writelines(json.dumps(part.decode())[1:-1].encode() for part in parts)
        file.write(b'"')
    file.write(b"}}")


@router.post("/plans", response={201: ProposalOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def propose(request: ApiRequest, workspace: Path[str], wanted: ProposalIn) -> Status[ProposalOut]:  # noqa: ARG001 - read by the guard
    """What it would mean to apply these definitions; nothing is changed. The plan is kept for a day."""
    row, how = request.place.workspace, How(prune=wanted.prune, acts=wanted.acts)
    archive = parcels.packed({name: text.encode() for name, text in wanted.files.items()}, shrunk=False)
    token = parcels.offer(row, [SimpleUploadedFile("plan.zip", archive)], by=request.asker)
    return Status(201, _proposal(token, parcels.worked_out(row, token, how, by=request.asker)))


@router.post(
    "/plans/zip",
    response={201: ProposalOut, 202: PlanningOut, **PROBLEMS},
    auth=needs(Ability.ADMINISTER),
    openapi_extra={"requestBody": _A_ZIP},
)
def propose_zip(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    prune: bool = False,
    acts: bool = False,
) -> Status[ProposalOut] | Status[PlanningOut]:
    """The same for a zip of a workspace folder, which is the body of the request; nothing is changed.

    More than 5 MB, or a longer log of acts, are unpacked and looked at by a job (202, its address in `Location`). Once
    it is done, the plan is read by its token. What is brought takes the place of what the same person brought before.
    """
    row, how = request.place.workspace, How(prune=prune, acts=acts)
    with TemporaryFile(dir=settings.CONFIG.home) as file:
        file.writelines(parts_of(request))
        size = file.tell()
        file.seek(0)
        token = parcels.offer(row, [UploadedFile(file, "plan.zip", size=size)], by=request.asker)
    return _planned(request, response, token, applying.plan(row, token, how, by=request.asker), 201)


@router.get("/plans/{plan}", response={200: ProposalOut, 202: PlanningOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def read_plan(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    plan: str,
    prune: bool = False,
    acts: bool = False,
) -> Status[ProposalOut] | Status[PlanningOut]:
    """A plan of what the same person brought, with the same `prune` and `acts`; 202 as long as a job works it out.

    Where the job failed or was stopped, that is told (422); asking for the job again works the plan out once more.
    """
    if not parcels.is_there(request.place.workspace, plan, by=request.asker):
        raise Http404("there is no such plan")
    found = applying.plan(request.place.workspace, plan, How(prune=prune, acts=acts), by=request.asker)
    return _planned(request, response, plan, found, 200)


def _planned(
    request: ApiRequest, response: HttpResponse, token: str, found: Plan | JobView, status: int
) -> Status[ProposalOut] | Status[PlanningOut]:
    if not isinstance(found, JobView):
        return Status(status, _proposal(token, found))
    if not found.is_open:
        again = f"ask for job {found.id} again, or upload it again"
        raise UsageError(found.message or "working out this plan was stopped", hint=again)
    return Status(202, PlanningOut(token=token, job=asked(request, response, found).value))


def _proposal(token: str, plan: Plan) -> ProposalOut:
    return ProposalOut(
        token=token,
        stamp=plan.stamp,
        sentences=list(plan.sentences),
        in_the_way=list(plan.in_the_way),
        new_acts=plan.new_acts,
        left_out=plan.left_out,
    )


@router.post("/plans/{plan}/apply", response={200: AppliedOut, 202: JobOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def apply(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    plan: str,
    wanted: ApplyIn,
) -> AppliedOut | Status[JobOut]:
    """Apply what was planned, all of it or nothing; refused when the workspace has changed since.

    A log of more than 5 MB, which only a zip brings, is taken on by a job (202): whether the workspace
    has changed is looked at again when that is worked on, and its end tells.
    """
    how = How(prune=wanted.prune, acts=wanted.acts)
    done = applying.apply(request.place.workspace, plan, how, wanted.stamp, by=request.asker)
    if isinstance(done, JobView):
        return asked(request, response, done)
    return AppliedOut(sentences=list(done.plan.sentences()))
