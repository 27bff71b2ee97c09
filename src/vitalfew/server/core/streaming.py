"""Long answers: written to a file of no name first, so that what goes wrong is still told, then sent part by part."""

from __future__ import annotations

from tempfile import TemporaryFile
from typing import TYPE_CHECKING, BinaryIO, cast

from asgiref.sync import sync_to_async
from django.conf import settings
from django.core.handlers.asgi import ASGIRequest
from django.http import StreamingHttpResponse

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from django.http import HttpRequest

_PART = 1 << 18


def sent(request: HttpRequest, write: Callable[[BinaryIO], None], content_type: str) -> StreamingHttpResponse:
    """An answer as long as it may be, of which no more than a part is held in memory.

    Args:
        request: to be answered.
        write: writes the whole.
        content_type: of the answer.
    """
    file = cast("BinaryIO", TemporaryFile(dir=settings.CONFIG.home))  # noqa: SIM115 - closed with the answer
    try:
        write(file)
        size = file.tell()
        file.seek(0)
    except BaseException:
        file.close()
        raise
    parts = (_LaterParts if isinstance(request, ASGIRequest) else _Parts)(file)
    answer = StreamingHttpResponse(parts, content_type=content_type)
    answer.headers["Content-Length"] = str(size)
    answer.headers["Content-Encoding"] = "identity"  # packed already, or taken by programs
    return answer


class _Parts:
    """The parts of a file, which is closed at its end, or by an answer that nobody reads to its end."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.close = file, file.close

    def __iter__(self) -> Iterator[bytes]:
        while part := self.file.read(_PART):
            yield part
        self.close()


class _LaterParts(_Parts):
    """The same where an answer is waited for."""

    __iter__ = None  # type: ignore[assignment]  # as what cannot be iterated over says

    async def __aiter__(self) -> AsyncIterator[bytes]:
        read = sync_to_async(self.file.read)
        while part := await read(_PART):
            yield part
        self.close()
