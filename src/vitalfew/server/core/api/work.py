"""Long work by the API: start a run, see how far it is, cancel, ask once more."""

from __future__ import annotations

from datetime import datetime  # noqa: TC003 - a field of what the API answers
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from ninja import Path, Router, Schema, Status

from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, decoded, page_by
from vitalfew.server.core.api.problems import PROBLEMS
from vitalfew.server.core.api.runs import router as runs_router
from vitalfew.server.core.queries import jobs as queries
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services import runs

if TYPE_CHECKING:
    from vitalfew.server.core.queries.jobs import JobView

router = Router(tags=["jobs"])


class JobOut(Schema):
    """A piece of long work; `share` of it done, 0 to 1, where that is known; `result` once it is done."""

    id: int
    kind: str
    state: str
    step: str
    share: float | None
    message: str
    result: dict[str, Any]
    asked_at: datetime
    finished_at: datetime | None


# One address has one router: a second one with the same address would never be asked.
@runs_router.post("/runs", response={202: JobOut, **PROBLEMS}, auth=needs(Ability.BET), tags=["jobs"])
def start_run(request: ApiRequest, response: HttpResponse, workspace: Path[str]) -> Status[JobOut]:  # noqa: ARG001 - read by the guard
    """Have the workspace run; gives the run that is under way when there is one."""
    return asked(request, response, runs.start(request.place.workspace, request.asker))


@router.get("/jobs", response={200: Page[JobOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_jobs(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[JobView]:
    """Pieces of work, newest first."""
    rows = (one.seen_by(request.asker) for one in queries.jobs(request.place.workspace, limit + 1, decoded(cursor)))
    return page_by(rows, limit, cursor, newest=True)


@router.get("/jobs/{job_id}", response={200: JobOut, **PROBLEMS}, auth=needs(Ability.READ))
def read_job(request: ApiRequest, workspace: Path[str], job_id: int) -> JobOut:  # noqa: ARG001 - read by the guard
    """How far a piece of work is."""
    return job_out(_held(request, job_id))


@router.post("/jobs/{job_id}/cancel", response={200: JobOut, **PROBLEMS}, auth=needs(Ability.BET))
def cancel_job(request: ApiRequest, workspace: Path[str], job_id: int) -> JobOut:  # noqa: ARG001 - read by the guard
    """Stop it: at once while it waits, within seconds while it is worked on."""
    _held(request, job_id)
    return job_out(runs.cancel(request.place.workspace, job_id, by=request.asker))


@router.post("/jobs/{job_id}/retry", response={202: JobOut, **PROBLEMS}, auth=needs(Ability.BET))
def retry_job(request: ApiRequest, workspace: Path[str], job_id: int) -> Status[JobOut]:  # noqa: ARG001 - read by the guard
    """Ask once more for work that failed or was cancelled."""
    _held(request, job_id)
    return Status(202, job_out(runs.retry(request.place.workspace, job_id, by=request.asker)))


def _held(request: ApiRequest, job_id: int) -> JobView:
    found = queries.job(request.place.workspace, job_id) if job_id < 2**63 else None
    if found is None:
        raise Http404("there is no such job")
    return found.seen_by(request.asker)


def asked(request: ApiRequest, response: HttpResponse, job: JobView) -> Status[JobOut]:
    """The answer to long work asked for: the job, and its address in `Location`."""
    response.headers["Location"] = f"/api/v1/workspaces/{request.place.workspace.key}/jobs/{job.id}"
    return Status(202, job_out(job))


def job_out(job: JobView) -> JobOut:
    """A piece of work as the API tells it."""
    return JobOut.model_validate(job, from_attributes=True)
