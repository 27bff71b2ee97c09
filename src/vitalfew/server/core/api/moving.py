"""A workspace's definitions and acts by the API: taken away as files, and applied with a plan that is read first."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING, Annotated, BinaryIO

from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import HttpResponse  # noqa: TC002 - read by ninja
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.work import JobOut, asked
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import applying, parcels
from vitalfew.server.core.services.moving import exported
from vitalfew.server.core.services.parcels import How
from vitalfew.server.core.streaming import sent

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django.http import HttpResponseBase

router = Router(tags=["moving"])
MOST_FILES = 20_000
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
    """What applying would change, in sentences; with `token` and `stamp` it is applied."""

    token: str
    stamp: int
    sentences: list[str]
    in_the_way: list[str]
    new_acts: int


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
    token = parcels.offer(row, [SimpleUploadedFile("plan.zip", archive)], by=request.asker).token
    found = parcels.plan_of(row, parcels.proposed(row, token, how, by=request.asker))
    return Status(
        201,
        ProposalOut(
            token=token,
            stamp=found.stamp,
            sentences=list(found.sentences),
            in_the_way=list(found.in_the_way),
            new_acts=found.new_acts,
        ),
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

    A log of more than 5 MB, which comes by the page of files only, is taken on by a job (202): whether the workspace
    has changed is looked at again when that is worked on, and its end tells.
    """
    how = How(prune=wanted.prune, acts=wanted.acts)
    done = applying.apply(request.place.workspace, plan, how, wanted.stamp, by=request.asker)
    if isinstance(done, applying.JobView):
        return asked(request, response, done)
    return AppliedOut(sentences=list(done.plan.sentences()))
