"""Titles that lead to the pages about their definitions, as far as such pages exist."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.markup import Markup, tag
from vitalfew.server.core.pages import page_of

if TYPE_CHECKING:
    from vitalfew.report.markup import Child


def linked(workspace: str, kind: str, key: str, title: Child) -> Markup:
    """A title that leads to the page about its definition; plain where there is none."""
    found = page_of(workspace, kind, key)
    return tag("a", title, href=found) if found else tag("span", title)
