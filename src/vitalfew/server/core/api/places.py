"""Workspaces by the API: new ones, what they are started from, their settings, and who owns which definitions."""

from __future__ import annotations

from functools import partial
from typing import Annotated, Literal

from django.http import HttpResponse  # noqa: TC002 - a parameter of an operation
from ninja import File, Path, Router, Schema, Status
from ninja.files import UploadedFile  # noqa: TC002 - a parameter of an operation
from pydantic import Field

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.people import everywhere, refuse_narrow
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.versions import RESTING, resting, tagged
from vitalfew.server.core.api.work import JobOut, job_out
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.core.services import owners, workspaces
from vitalfew.server.core.services.sources import add_file
from vitalfew.server.core.services.workspace_settings import hold, need_second_factor

router = Router(tags=["workspaces"])


class WorkspaceIn(Schema):
    """A workspace to make, empty, by its name."""

    name: Annotated[str, Field(min_length=1, max_length=200)]


class WorkspaceMade(Schema):
    """A workspace that was made: its key, and the work that fills it where there is any."""

    key: str
    job: JobOut | None = None


class AgainIn(Schema):
    """Answers to what was asked of files, by question; what files are, by name, where their columns do not tell."""

    answers: dict[str, str] = Field(default_factory=dict)
    kinds: dict[str, str] = Field(default_factory=dict)


class TableOut(Schema):
    """A table that was kept, as sources name it."""

    table: str


class AccessOut(Schema):
    """What members need to come in."""

    needs_second_factor: bool


class SwitchOut(Schema):
    """What another owner of a kind would mean, and the stamp on which that rests."""

    kind: str
    to: str
    sentences: list[str]
    stamp: int


class SwitchIn(Schema):
    """The owner of a kind, and the stamp of the plan somebody looked at."""

    to: Literal["folder", "server"]
    stamp: int


# One address has one router: a second one with the same address would never be asked.
@everywhere.post(
    "/workspaces", tags=["workspaces"], response={201: WorkspaceMade, **PROBLEMS}, auth=needs(Access.SIGNED_IN)
)
def make_workspace(request: ApiRequest, wanted: WorkspaceIn) -> Status[WorkspaceMade]:
    """Make an empty workspace, of which one is admin."""
    refuse_narrow(request)
    return Status(201, WorkspaceMade(key=workspaces.create(request.asker, wanted.name).key))


@everywhere.post("/demo", tags=["workspaces"], response={202: WorkspaceMade, **PROBLEMS}, auth=needs(Access.SIGNED_IN))
def make_demo(request: ApiRequest) -> Status[WorkspaceMade]:
    """Make a workspace of the demo product, and run it."""
    refuse_narrow(request)
    return Status(202, _started(workspaces.demo_workspace(request.asker)))


@everywhere.post("/files", tags=["workspaces"], response={202: WorkspaceMade, **PROBLEMS}, auth=needs(Access.SIGNED_IN))
def start_from_files(request: ApiRequest, files: File[list[UploadedFile]]) -> Status[WorkspaceMade]:
    """Make a workspace from files: they are recognised, defined and run, as `vitalfew start` does it."""
    refuse_narrow(request)
    return Status(202, _started(workspaces.from_files(request.asker, None, files)))


@router.post("/files", response={202: WorkspaceMade, **PROBLEMS}, auth=needs(Ability.DEFINE))
def add_files(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    files: File[list[UploadedFile]],
) -> Status[WorkspaceMade]:
    """Start this workspace from files, or from more files than before, as long as nobody has edited it."""
    return Status(202, _started(workspaces.from_files(request.asker, request.place.workspace, files)))


@router.post("/files/again", response={202: WorkspaceMade, **PROBLEMS}, auth=needs(Ability.DEFINE))
def start_again(request: ApiRequest, workspace: Path[str], told: AgainIn) -> Status[WorkspaceMade]:  # noqa: ARG001 - read by the guard
    """Start once more from the same files, with answers to what was asked, or told what the files are."""
    row = request.place.workspace
    job = workspaces.start_again(request.asker, row, told.answers, told.kinds)
    return Status(202, WorkspaceMade(key=row.key, job=job_out(job)))


@router.post("/tables", response={201: TableOut, **PROBLEMS}, auth=needs(Ability.DEFINE))
def add_table(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    file: File[UploadedFile],
) -> Status[TableOut]:
    """Keep a table for sources to read; the answer is what they name it by."""
    return Status(201, TableOut(table=add_file(request.place.workspace, file, by=request.asker)))


@router.get("/access", response={200: AccessOut, **PROBLEMS}, auth=needs(Ability.READ))
def read_access(request: ApiRequest, response: HttpResponse, workspace: Path[str]) -> AccessOut:  # noqa: ARG001 - read by the guard
    """What members need to come in; a change rests on the `ETag`."""
    return tagged(response, _access(request))


@router.put("/access", response={200: AccessOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER), openapi_extra=RESTING)
def change_access(
    request: ApiRequest,
    response: HttpResponse,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    wanted: AccessOut,
) -> AccessOut:
    """Open the workspace only to members with a second factor, or to all.

    Its name and units are the definition `workspace/-`.
    """
    row = request.place.workspace
    with resting(request, partial(hold, row), lambda: _access(request), wanted):
        need_second_factor(row, needed=wanted.needs_second_factor, by=request.asker)
    return tagged(response, wanted)


@router.get("/owners/{kind}/plan", response={200: SwitchOut, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def plan_owner(request: ApiRequest, workspace: Path[str], kind: str, to: Literal["folder", "server"]) -> SwitchOut:  # noqa: ARG001 - read by the guard
    """What it would mean to give a kind of definitions another owner; nothing is changed."""
    found = owners.plan_switch(request.place.workspace, kind, to)
    return SwitchOut.model_validate(found, from_attributes=True)


@router.put("/owners/{kind}", response={204: None, **PROBLEMS}, auth=needs(Ability.ADMINISTER))
def change_owner(request: ApiRequest, workspace: Path[str], kind: str, wanted: SwitchIn) -> Status[None]:  # noqa: ARG001 - read by the guard
    """Give a kind of definitions another owner, as its plan said."""
    owners.switch(request.place.workspace, kind, wanted.to, stamp=wanted.stamp, by=request.asker)
    return Status(204, None)


def _access(request: ApiRequest) -> AccessOut:
    return AccessOut(needs_second_factor=request.place.workspace.needs_second_factor)


def _started(made: workspaces.Started) -> WorkspaceMade:
    return WorkspaceMade(key=made.workspace, job=job_out(made.job))
