"""Server-sent events: open pages are told at once where a session stands. Never what anybody answered."""

from __future__ import annotations

import asyncio
import json
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import Http404, StreamingHttpResponse

from vitalfew.server.value.queries.sessions import pulse, rater_of, session
from vitalfew.server.value.services.answers import LASTS
from vitalfew.server.value.views.entry import COOKIE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from django.http import HttpRequest

    from vitalfew.server.core.access import Request
    from vitalfew.server.value.queries.sessions import Pulse

EVERY = 1.0
"""Seconds between looks; all pages of a session share one."""
STREAM = timedelta(minutes=5)
"""A stream ends after that, and the page opens another: so who lost access is out."""
_BEAT = 15
_reader = ThreadPoolExecutor(1, "session-pulse")  # one connection to the database, however many look on
_seen: dict[int, tuple[float, Pulse | None]] = {}


async def session_events(request: Request, key: str) -> StreamingHttpResponse:
    """What changes in a session, for members."""
    found = await sync_to_async(session)(request.place.workspace, key)
    if found is None:
        raise Http404("no such session")
    return _stream(found.id)


async def rater_events(request: HttpRequest) -> StreamingHttpResponse:
    """The same for whoever came in by a link."""
    rater = await sync_to_async(rater_of)(request.COOKIES.get(COOKIE, ""), LASTS)
    if rater is None:
        raise Http404("no such session")
    return _stream(rater.session.id)


async def told(pk: int, every: float = EVERY) -> AsyncIterator[str]:
    """Events of one session: one at once, then one for each change, and a comment now and then to keep the line.

    The connection to the database that the request began with goes back: it would be held for minutes.
    """
    await sync_to_async(close_old_connections)()
    before: Pulse | None = None
    ends = time.monotonic() + STREAM.total_seconds()
    beat = time.monotonic()
    while time.monotonic() < ends:
        now = await _pulse(pk, every)
        if now is None:
            return
        if now != before:
            before = now
            yield f"retry: 1000\nid: {now.version}\ndata: {json.dumps(asdict(now))}\n\n"
        elif time.monotonic() - beat > _BEAT:
            beat = time.monotonic()
            yield ": still here\n\n"
        await asyncio.sleep(every)


def _stream(pk: int) -> StreamingHttpResponse:
    answer = StreamingHttpResponse(told(pk), content_type="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers["Content-Encoding"] = "identity"  # each event leaves at once, uncompressed
    return answer


async def _pulse(pk: int, every: float) -> Pulse | None:
    at, known = _seen.get(pk, (0.0, None))
    if time.monotonic() - at < every * 0.9:
        return known
    found = await asyncio.get_running_loop().run_in_executor(_reader, _read, pk)
    _seen[pk] = (time.monotonic(), found)
    if len(_seen) > 1_000:  # noqa: PLR2004 - sessions of long ago
        _seen.clear()
    return found


def _read(pk: int) -> Pulse | None:
    try:
        return pulse(pk)
    finally:
        close_old_connections()
