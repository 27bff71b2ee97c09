"""Scripts, styles and pictures of the pages: found and negotiated by whitenoise, answered whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.http import HttpResponse
from whitenoise.middleware import WhiteNoiseMiddleware

from vitalfew.errors import VitalfewError, Where

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.http import HttpRequest
    from whitenoise.responders import StaticFile


class NotBuilt(VitalfewError):
    """The scripts and styles of the pages are not there: a checkout in which nobody built them."""

    @classmethod
    def at(cls, path: Path) -> NotBuilt:
        """Nothing is at a path."""
        return cls(
            "The pages have no scripts and styles yet",
            where=Where(path.name),
            expected="the built front end",
            hint="run `make setup` in a checkout; an installed package (pip install 'vitalfew[server]') holds it",
        )


class Files(WhiteNoiseMiddleware):  # type: ignore[misc]  # whitenoise ships no types
    """Whitenoise for synchronous and asynchronous servers alike.

    Its own answers are read from disk piece by piece, which an asynchronous server cannot do without waiting, and the
    middleware itself would make every page wait for a thread. Our files are a few kilobytes each, so that they are
    read at once.
    """

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        super().__init__(get_response)
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:  # noqa: ANN401 - an answer, or one to wait for
        """Answer with a file, or go on."""
        if iscoroutinefunction(self):
            return self._later(request)
        found = self._known(request.path_info)
        return self.get_response(request) if found is None else self.serve(found, request)

    async def _later(self, request: HttpRequest) -> HttpResponse:
        found = self._known(request.path_info)
        return await self.get_response(request) if found is None else self.serve(found, request)

    def _known(self, path: str) -> StaticFile | None:
        """A file by its address; files that were built after the start are looked for when they are asked for."""
        found = self.files.get(path)
        if found is None and path.startswith(self.static_prefix):
            self.add_files(self.static_root, prefix=self.static_prefix)
            found = self.files.get(path)
        return found

    @staticmethod
    def serve(static_file: StaticFile, request: HttpRequest) -> HttpResponse:
        """The file, or that it has not changed."""
        made = static_file.get_response(request.method, request.META)
        content = b""
        if made.file is not None:
            with made.file as file:
                content = file.read()
        answer = HttpResponse(content, status=int(made.status))
        del answer["content-type"]
        for name, value in made.headers:
            answer[name] = value
        return answer
