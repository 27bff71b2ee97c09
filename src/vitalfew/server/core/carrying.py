"""What an address says about the whole of a visit goes with every link of its page: the filters, and a chosen run.

Links are made in many places and some are kept with the run they belong to, so that they are completed here, in the
answer, and none can be forgotten. A link that says something itself keeps what it says; `run=` leads to the newest.
"""

from __future__ import annotations

import re
from html import escape, unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlencode

from vitalfew.server.core.both_ways import BothWays

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import HttpRequest, HttpResponseBase

CARRIED = ("product", "team", "segment", "time", "run")
_LONGEST = 120
_FORM = re.compile(r'<form\b[^>]*\bmethod="get"[^>]*>.*?</form>', re.DOTALL)
_NAME = re.compile(r'\bname="([^"]*)"')


class Carrying(BothWays):
    """Completes the links of pages inside a workspace."""

    def _now(self, request: HttpRequest) -> HttpResponseBase:
        return _carried(request, self.get_response(request))

    async def _later(self, request: HttpRequest) -> HttpResponseBase:
        return _carried(request, await self.get_response(request))


def said(request: HttpRequest) -> dict[str, str]:
    """What an address says of filters and the run, as far as it says anything."""
    return {name: value for name in CARRIED if (value := request.GET.get(name, "")) and len(value) <= _LONGEST}


def _carried(request: HttpRequest, answer: HttpResponseBase) -> HttpResponseBase:
    place = getattr(request, "place", None)
    told = said(request) if place is not None else {}
    is_page = answer.headers.get("Content-Type", "").startswith("text/html") and not answer.streaming
    if told and is_page:
        answer.content = completed(answer.content.decode(), f"/w/{place.workspace.key}/", told).encode()  # type: ignore[union-attr, attr-defined]  # inside a workspace, and whole
    return answer


def completed(html: str, inside: str, told: Mapping[str, str]) -> str:
    """A page whose links into a workspace, and whose forms of filters, say what they did not say yet.

    >>> completed('<a href="/w/a/tree/?x=1#y">', "/w/a/", {"run": "r"})
    '<a href="/w/a/tree/?x=1&amp;run=r#y">'
    >>> completed('<a href="?run=">newest</a> <a href="/w/b/">other</a>', "/w/a/", {"run": "r"})
    '<a href="?run=">newest</a> <a href="/w/b/">other</a>'
    """
    address = rf'\b(href|hx-get)="((?:{re.escape(inside)}[^"?#]*)?)(\?[^"#]*)?(#[^"]*)?"'

    def link(found: re.Match[str]) -> str:
        name, path, query, anchor = (part or "" for part in found.groups())
        if not path and not query:
            return found[0]
        says = parse_qs(unescape(query[1:]), keep_blank_values=True)
        more = urlencode({key: value for key, value in told.items() if key not in says})
        both = "&amp;".join(part for part in (query[1:], escape(more)) if part)
        return f'{name}="{path}{"?" if both else ""}{both}{anchor}"'

    return _FORM.sub(lambda found: _form(found[0], told), re.sub(address, link, html))


def _form(form: str, told: Mapping[str, str]) -> str:
    """A form that asks by its address loses the query of the page, so that it has to hold it."""
    own = set(_NAME.findall(form))
    hidden = "".join(
        f'<input type="hidden" name="{key}" value="{escape(value)}">' for key, value in told.items() if key not in own
    )
    return form.removesuffix("</form>") + hidden + "</form>"
