"""A line of the log for each request: what was asked for and how long it took, never what was in it."""

from __future__ import annotations

import logging
import time
from typing import TYPE_CHECKING

from vitalfew.server.core.both_ways import BothWays

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponseBase

log = logging.getLogger("vitalfew.requests")
_QUIET = ("/healthz", "/readyz", "/static/")
_LONGEST_SHOWN = 31
"""Parts of an address that are longer may be secrets, which let in whoever knows them; ours have 43 letters."""


class Requests(BothWays):
    """Writes the log of requests."""

    def _now(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        return _noted(request, self.get_response(request), begun)

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        begun = time.perf_counter()
        return _noted(request, await self.get_response(request), begun)


def _noted(request: HttpRequest, answer: HttpResponseBase, begun: float) -> HttpResponseBase:
    if not request.path.startswith(_QUIET):
        milliseconds = round(1_000 * (time.perf_counter() - begun), 1)
        about = {"method": request.method, "path": without_secrets(request.path), "status_code": answer.status_code}
        log.info("request", extra={**about, "milliseconds": milliseconds})
    return answer


def without_secrets(path: str) -> str:
    """An address without the part that lets in whoever knows it.

    >>> without_secrets("/setup/dGhpcyBpcyBhIHNlY3JldCBvZiA0MyBsZXR0ZXJz/")
    '/setup/…/'
    >>> without_secrets("/w/fieldnote/ledger/")
    '/w/fieldnote/ledger/'
    """
    return "/".join(part if len(part) <= _LONGEST_SHOWN else "…" for part in path.split("/"))[:300]
