"""Errors of the API as problem details (RFC 9457): what is wrong, where, and what to do next."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from django.http import HttpResponse
from ninja import Schema
from ninja.responses import NinjaJSONEncoder
from pydantic import Field

from vitalfew.errors import ActError, DataError, DefinitionError, NotEnoughData, UsageError, VitalfewError, dotted
from vitalfew.server.core.connections import took_too_long
from vitalfew.server.core.services.definitions import Conflict, FolderOwned
from vitalfew.server.core.services.links import NoSuch

if TYPE_CHECKING:
    from django.db import OperationalError
    from django.http import HttpRequest
    from ninja import NinjaAPI
    from ninja.errors import HttpError, ValidationError

    from vitalfew.errors import Problem

CONTENT_TYPE = "application/problem+json"


class Fault(Schema):
    """One thing that is wrong: where in what was sent, what was expected, the next step."""

    message: str
    path: str | None = None
    expected: str | None = None
    hint: str | None = None


class ProblemDetails(Schema):
    """What went wrong. `ours`, `theirs` and `version` when somebody else saved in the meantime."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    faults: list[Fault] = Field(default_factory=list)
    ours: dict[str, Any] | None = None
    theirs: dict[str, Any] | None = None
    version: int | None = None


STATUSES = (400, 401, 403, 404, 405, 409, 412, 413, 415, 422, 428, 429, 503)
PROBLEMS: dict[int, type[ProblemDetails]] = dict.fromkeys(STATUSES, ProblemDetails)
"""Answers that any operation may give besides its own."""

_TITLES = {
    400: "This request makes no sense",
    401: "Who asks is not known",
    403: "Not for this role or token",
    404: "There is no such thing",
    405: "This cannot be done here",
    409: "It was changed in the meantime",
    412: "Another version stands",
    413: "Too much at once",
    415: "This form is not read",
    422: "What was sent is not right",
    428: "Say which version it rests on",
    429: "Too many requests",
    503: "Not now",
}


class Refused(Exception):
    """An operation cannot be done; `headers` go with the answer."""

    def __init__(self, status: int, detail: str, headers: dict[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status, self.detail, self.headers = status, detail, headers or {}


def problem(status: int, detail: str, faults: list[Fault] | None = None, **more: object) -> HttpResponse:
    """An answer that says what went wrong."""
    found: dict[str, object] = {"type": "about:blank", "title": _TITLES.get(status, "A problem"), "status": status}
    found |= {"detail": detail, "faults": [fault.model_dump(exclude_none=True) for fault in faults or []], **more}
    body = json.dumps(found, ensure_ascii=False, cls=NinjaJSONEncoder)
    return HttpResponse(body, status=status, content_type=CONTENT_TYPE)


def install(api: NinjaAPI) -> None:
    """Let the API answer every error in one form."""
    from django.core.exceptions import PermissionDenied
    from django.db import OperationalError
    from django.http import Http404
    from ninja.errors import AuthenticationError, HttpError, ValidationError

    api.add_exception_handler(Refused, _refused)
    api.add_exception_handler(VitalfewError, _of_ours)
    api.add_exception_handler(Http404, lambda _request, error: problem(404, str(error) or "there is no such thing"))
    api.add_exception_handler(PermissionDenied, lambda _request, error: problem(403, str(error)))
    api.add_exception_handler(ValidationError, _invalid)
    api.add_exception_handler(AuthenticationError, lambda _request, _error: _unknown())
    api.add_exception_handler(HttpError, _http)
    api.add_exception_handler(OperationalError, _of_database)


def _unknown() -> HttpResponse:
    answer = problem(401, "send a personal token: Authorization: Bearer vf_…")
    answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def _refused(_request: HttpRequest, error: Refused | type[Refused]) -> HttpResponse:
    if not isinstance(error, Refused):
        return problem(400, "")
    if error.status == 401:  # noqa: PLR2004 - the status of whoever is not known
        return _unknown()
    answer = problem(error.status, error.detail)
    for name, value in error.headers.items():
        answer.headers[name] = value
    return answer


def _of_ours(_request: HttpRequest, error: VitalfewError | type[VitalfewError]) -> HttpResponse:
    if not isinstance(error, VitalfewError):
        return problem(422, "")
    faults = [_fault(found) for found in error.problems]
    if isinstance(error, Conflict):
        return problem(409, error.problem.message, faults, ours=error.ours, theirs=error.theirs, version=error.version)
    if isinstance(error, NoSuch):
        return problem(404, str(error), faults)
    if isinstance(error, FolderOwned | ActError):
        return problem(409, str(error), faults)
    if isinstance(error, UsageError | DefinitionError | DataError | NotEnoughData):
        return problem(422, str(error), faults)
    return problem(422, str(error), faults)


def _of_database(_request: HttpRequest, error: OperationalError | type[OperationalError]) -> HttpResponse:
    if isinstance(error, Exception) and took_too_long(error):
        return problem(503, "the database took too long over this")
    raise error


def _fault(found: Problem) -> Fault:
    path = dotted(found.where.path) if found.where and found.where.path else None
    return Fault(message=found.message, path=path, expected=found.expected, hint=found.hint)


def _invalid(_request: HttpRequest, error: ValidationError | type[ValidationError]) -> HttpResponse:
    faults = [
        Fault(message=str(found.get("msg", "")), path=".".join(map(str, found.get("loc", ())))[:500])
        for found in getattr(error, "errors", [])
    ]
    return problem(422, "what was sent is not right", faults[:50])


def _http(_request: HttpRequest, error: HttpError | type[HttpError]) -> HttpResponse:
    status = getattr(error, "status_code", 400)
    return problem(status, str(error))
