"""Server-sent events: open pages are told at once where a session stands. Never what anybody answered.

Whoever may no longer look on hears nothing more, though the page stays open. Nobody holds more than a few lines: a web
server has only so many.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from datetime import timedelta
from typing import TYPE_CHECKING

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.http import Http404, HttpResponse, StreamingHttpResponse

from vitalfew.server.core.access import SecondFactorNeeded, place_of
from vitalfew.server.value.queries.sessions import pulse, rater_of, session
from vitalfew.server.value.services.answers import LASTS
from vitalfew.server.value.views.entry import COOKIE

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from django.http import HttpRequest, HttpResponseBase

    from vitalfew.server.core.access import Request
    from vitalfew.server.value.queries.sessions import Pulse

EVERY = 1.0
"""Seconds between looks; all pages of a session share one."""
STREAM = timedelta(minutes=5)
"""A stream ends after that, and the page opens another."""
AGAIN = 5.0
"""Seconds after which it is asked again whether somebody may listen."""
MOST = 50
"""Streams that one person may listen to at once in one process: far more than there are devices."""
_BEAT = 15
_reader = ThreadPoolExecutor(1, "session-pulse")  # one connection to the database, however many look on
_seen: dict[int, tuple[float, Pulse | None]] = {}
_listening: Counter[str] = Counter()


async def session_events(request: Request, key: str) -> HttpResponseBase:
    """What changes in a session, for members."""
    found = await sync_to_async(session)(request.place.workspace, key)
    if found is None:
        raise Http404("no such session")
    place, browser = request.place, request.session

    def may() -> bool:
        try:
            place_of(place.user, place.workspace.key)
        except (Http404, SecondFactorNeeded):
            return False
        return browser.session_key is not None and browser.exists(browser.session_key)

    return _stream(found.id, f"member {place.user.pk}", may)


async def rater_events(request: HttpRequest) -> HttpResponseBase:
    """The same for whoever came in by a link."""
    entry = request.COOKIES.get(COOKIE, "")
    rater = await sync_to_async(rater_of)(entry, LASTS)
    if rater is None:
        raise Http404("no such session")
    return _stream(rater.session.id, f"rater {rater.id}", lambda: rater_of(entry, LASTS) is not None)


async def told(pk: int, every: float = EVERY, may: Callable[[], bool] = lambda: True) -> AsyncIterator[str]:
    """Events of one session: one at once, then one for each change, and a comment now and then to keep the line.

    The connection to the database that the request began with goes back: it would be held for minutes.

    Args:
        pk: number of the session.
        every: seconds between looks.
        may: says whether somebody may still listen.
    """
    await sync_to_async(close_old_connections)()
    before: Pulse | None = None
    ends = time.monotonic() + STREAM.total_seconds()
    beat = asked = time.monotonic()
    while time.monotonic() < ends:
        if time.monotonic() - asked > AGAIN:
            asked = time.monotonic()
            if not await _read(may):
                return
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


def _stream(pk: int, who: str, may: Callable[[], bool]) -> HttpResponseBase:
    if _listening[who] >= MOST:
        return HttpResponse("Close some of your pages first.\n", status=429, headers={"Retry-After": "60"})
    answer = StreamingHttpResponse(_counted(who, told(pk, may=may)), content_type="text/event-stream")
    answer.headers["Cache-Control"] = "no-store"
    answer.headers["X-Accel-Buffering"] = "no"
    answer.headers["Content-Encoding"] = "identity"  # each event leaves at once, uncompressed
    return answer


async def _counted(who: str, events: AsyncIterator[str]) -> AsyncIterator[str]:
    _listening[who] += 1
    try:
        async for text in events:
            yield text
    finally:
        _listening[who] -= 1
        if not _listening[who]:
            del _listening[who]


async def _pulse(pk: int, every: float) -> Pulse | None:
    at, known = _seen.get(pk, (0.0, None))
    if time.monotonic() - at < every * 0.9:
        return known
    found = await _read(lambda: pulse(pk))
    _seen[pk] = (time.monotonic(), found)
    if len(_seen) > 1_000:  # noqa: PLR2004 - sessions of long ago
        _seen.clear()
    return found


async def _read[Found](ask: Callable[[], Found]) -> Found:
    """Ask the database in the thread that all share."""

    def asked() -> Found:
        try:
            return ask()
        finally:
            close_old_connections()

    return await asyncio.get_running_loop().run_in_executor(_reader, asked)
