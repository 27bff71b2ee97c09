"""Requests that may come twice: with an `Idempotency-Key` a write is done once, and answered twice alike."""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.db import IntegrityError, transaction
from django.http import HttpResponse
from django.utils import timezone

from vitalfew.server.core.both_ways import BothWays
from vitalfew.server.core.models import Answer, Member
from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from django.http import HttpRequest, HttpResponseBase

    from vitalfew.server.core.models import User

KEPT = timedelta(days=1)
ABANDONED = timedelta(minutes=5)
"""After this time a request that was never answered (its process ended) may be sent again."""
_LONGEST_KEY, _LARGEST = 255, 1_000_000
_PART = 1 << 18
_READ = "vitalfew.read"  # among what is known of an upload: the hash of what was read of it
_WITH_SECRET = re.compile(
    r"/api/v1/(tokens|workspaces/[^/]+/(invitations(/\d+/renew)?|sessions(/[^/]+/people(/\d+/link)?)?"
    r"|(pulses|hypotheses/[^/]+)/links|webhooks(/\d+/secret)?))"
)
"""Operations whose answers hold secrets, which are kept as hashes only."""
_UPLOAD = re.compile(r"/api/v1/workspaces/[^/]+/plans/zip")
_WORKSPACE = re.compile(r"/api/v1/workspaces/([^/]+)")


class Once(BothWays):
    """Middleware: answers a repeated write of the API from what it answered the first time."""

    def _now(self, request: HttpRequest) -> HttpResponseBase:
        held = _begin(request)
        return held if isinstance(held, HttpResponse) else _end(held, request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        held = await sync_to_async(_begin)(request)
        if isinstance(held, HttpResponse):
            return held
        answer: HttpResponseBase = await self.get_response(request)
        return await sync_to_async(_end)(held, request, answer)


def parts_of(request: HttpRequest) -> Iterator[bytes]:
    """What an upload holds, part by part: it can be read but once, and is told from another by what was read."""
    read = request.META.setdefault(_READ, hashlib.sha256())
    while part := request.read(_PART):
        read.update(part)
        yield part


def _begin(request: HttpRequest) -> Answer | HttpResponse | None:
    """What was answered before; a place for the answer to come; None for requests that are not kept."""
    key = request.headers.get("Idempotency-Key")
    if key is None or request.method not in ("POST", "PUT", "PATCH", "DELETE") or not request.path.startswith("/api/"):
        return None
    if not 1 <= len(key) <= _LONGEST_KEY:
        return _refused(422, f"an idempotency key has 1 to {_LONGEST_KEY} characters")
    asker = _asker(request)
    if asker is None:
        return None
    user, rights = asker
    told = f"{request.method} {request.get_full_path()}\n{rights}\n"
    digest = hashlib.sha256(told.encode() + _content(request)).hexdigest()
    Answer.objects.filter(user=user, key=key, at__lt=timezone.now() - KEPT).delete()
    Answer.objects.filter(user=user, key=key, status=None, at__lt=timezone.now() - ABANDONED).delete()
    try:
        with transaction.atomic():
            return Answer.objects.create(user=user, key=key, request=digest)
    except IntegrityError:
        return _repeated(Answer.objects.get(user=user, key=key), request, digest)


def _content(request: HttpRequest) -> bytes:
    """What a request carries; of an upload, as long as nobody has read it, how long it is."""
    return request.headers.get("Content-Length", "").encode() if _is_upload(request) else request.body


def _whole(request: HttpRequest, digest: str) -> str:
    """The digest of a request with what an upload holds, too; what nobody has read of it is read now."""
    if not _is_upload(request):
        return digest
    for _ in parts_of(request):
        pass
    return hashlib.sha256(digest.encode() + request.META[_READ].digest()).hexdigest()


def _is_upload(request: HttpRequest) -> bool:
    return _UPLOAD.fullmatch(request.path) is not None


def _repeated(known: Answer, request: HttpRequest, digest: str) -> HttpResponse:
    if known.request != (digest if known.status is None else _whole(request, digest)):
        return _refused(422, "this idempotency key was sent with another request, or with other rights, before")
    if known.status is None:
        answer = _refused(409, "the same request is being worked on")
        answer.headers["Retry-After"] = "1"
        return answer
    if known.content is None:
        return _refused(409, "this was done already; its answer went when what you said was erased")
    return HttpResponse(bytes(known.content), status=known.status, headers=known.headers)


def _end(held: Answer | None, request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    if held is None:
        return answer
    if answer.status_code >= 500 or not isinstance(answer, HttpResponse) or len(answer.content) > _LARGEST:  # noqa: PLR2004 - faults of ours
        held.delete()
        return answer
    told = answer
    if _WITH_SECRET.fullmatch(request.path) and answer.status_code == 201:  # noqa: PLR2004 - something was made
        told = _refused(409, "this was done already; the secret in its answer was shown once and is kept nowhere")
    held.status, held.content = told.status_code, told.content
    kept = ("Content-Type", "ETag", "Location")
    held.headers = {name: told.headers[name] for name in kept if name in told.headers}
    held.request = _whole(request, held.request)
    held.save(update_fields=["request", "status", "content", "headers"])
    return answer


def _refused(status: int, why: str) -> HttpResponse:
    """A refusal as the API words them; its parts, which no page needs, are imported for it."""
    from vitalfew.server.core.api.problems import problem

    return problem(status, why)


def _asker(request: HttpRequest) -> tuple[User, str] | None:
    """Who asks, and with what rights: an answer is not repeated to whoever has others since."""
    kind, _, secret = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() == "bearer":
        bearer = tokens.find(secret.strip())
        reach = () if bearer is None or bearer.workspace_id is None else (str(bearer.workspace_id),)
        return (bearer.user, _rights(request, bearer.user, (*sorted(bearer.scopes), *reach))) if bearer else None
    user = getattr(request, "user", None)
    return (user, _rights(request, user, ())) if user is not None and user.is_authenticated else None


def _rights(request: HttpRequest, user: User, scopes: Iterable[str]) -> str:
    """The role in the workspace that the address names, and what a token narrows it to: scopes, one workspace."""
    inside = _WORKSPACE.match(request.path)
    roles = Member.objects.filter(user=user, workspace__key=inside[1]).values_list("role", flat=True) if inside else ()
    return " ".join([*roles, *scopes])
