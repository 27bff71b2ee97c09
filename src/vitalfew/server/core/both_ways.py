"""Middleware that stands in synchronous and asynchronous chains alike, with no thread for either."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from asgiref.sync import iscoroutinefunction, markcoroutinefunction

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpRequest, HttpResponseBase


class BothWays:
    """Passes a request on; one that does more says what it does at once, and what where an answer is waited for."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:  # noqa: ANN401 - an answer, or one to wait for
        """Answer, or give an answer to wait for."""
        return self._later(request) if iscoroutinefunction(self) else self._now(request)

    def _now(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = self.get_response(request)
        return answer

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        answer: HttpResponseBase = await self.get_response(request)
        return answer
