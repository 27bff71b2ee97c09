"""A bound on what a request may carry, held before any of it is kept."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, MutableMapping

    type Message = MutableMapping[str, Any]
    type Receive = Callable[[], Awaitable[Any]]
    type Send = Callable[[Any], Awaitable[None]]
    type Application = Callable[[Any, Receive, Send], Awaitable[None]]

ORDINARY = 5_000_000
"""Bytes of a request that uploads nothing."""
_UPLOADS = re.compile(r"/((w/[^/]+(/settings/(sources|moving))?|workspaces)/files/|api/v1/workspaces/[^/]+/plans/zip)")
_ANSWER = b"This is more than the server takes at once. Ask whoever runs it, or send a smaller file.\n"


class TooLarge(Exception):
    """More arrived than was announced or is taken."""


class Bounded:
    """Refuses a request that carries too much: by what it announces, or once that much has come."""

    def __init__(self, application: Application, uploads: int) -> None:
        self._application = application
        self._uploads = uploads

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Hand the request on, as long as it keeps within the bound."""
        if scope["type"] != "http":
            await self._application(scope, receive, send)
            return
        most = self._uploads if _UPLOADS.fullmatch(scope["path"]) else ORDINARY
        if _announced(scope) > most:
            await _refuse(send)
            return
        answered = False

        async def sent(message: Message) -> None:
            nonlocal answered
            answered = True
            await send(message)

        try:
            await self._application(scope, _counted(receive, most), sent)
        except TooLarge:
            if not answered:
                await _refuse(send)


def _announced(scope: Message) -> int:
    given = dict(scope["headers"]).get(b"content-length", b"0")
    return int(given) if given.isdigit() else 0


def _counted(receive: Receive, most: int) -> Receive:
    left = most

    async def counted() -> Any:  # noqa: ANN401 - a message of the web server
        nonlocal left
        message = await receive()
        left -= len(message.get("body", b""))
        if left < 0:
            raise TooLarge
        return message

    return counted


async def _refuse(send: Send) -> None:
    headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
    await send({"type": "http.response.start", "status": 413, "headers": headers})
    await send({"type": "http.response.body", "body": _ANSWER})
