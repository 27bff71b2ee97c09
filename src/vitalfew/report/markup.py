"""Writing HTML and SVG so that text is always escaped: only `tag` makes markup, everything else is text."""

from __future__ import annotations

import hashlib
import html
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

VOID = {"br", "col", "hr", "link", "meta"}
CONTROLS = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ufffe\uffff\ud800-\udfff]")
type Child = str | Iterable["Child"] | None


class Markup(str):
    """Text that is markup already. Only this module makes it."""

    __slots__ = ()


def raised(part: Markup, level: int) -> Markup:
    """A part of a report whose headings are of this level, with headings that follow that of a page: h2."""
    return Markup(part.replace(f"<h{level}>", "<h2>").replace(f"</h{level}>", "</h2>"))


def tag(element: str, /, *children: Child, **attributes: str | float | bool | None) -> Markup:
    """One element. Children that are not markup are escaped; `None` children and attributes are left out.

    Attribute names may end in `_` (`class_`) and have `_` for `-`; numbers are written short.
    """
    head = element + "".join(_attribute(key, value) for key, value in attributes.items())
    if element in VOID:
        return Markup(f"<{head}>")
    return Markup(f"<{head}>{join(children)}</{element}>")


def join(children: Child) -> Markup:
    """Children one after the other, escaped where they are not markup; a number keeps its percent sign."""
    if children is None:
        return Markup("")
    if isinstance(children, Markup):
        return children
    if isinstance(children, str):
        text = CONTROLS.sub("\ufffd", children).replace(" %", "\N{NO-BREAK SPACE}%")
        return Markup(html.escape(text))
    return Markup("".join(join(child) for child in children))


def style_element(css: str) -> Markup:
    """A style element with our own CSS, which is not escaped."""
    return Markup(f"<style>{css}</style>")


def anchor(kind: str, key: str) -> str:
    """An id for a thing, safe in HTML and in addresses, different for different keys."""
    plain = re.sub(r"[^A-Za-z0-9_-]+", "-", key)[:60]
    return f"{kind}-{plain}" if plain == key else f"{kind}-{plain}-{hashlib.sha256(key.encode()).hexdigest()[:8]}"


def short(number: float) -> str:
    """A coordinate with at most one decimal."""
    return f"{number:.1f}".removesuffix(".0")


def _attribute(key: str, value: str | float | bool | None) -> str:
    if value is None or value is False:
        return ""
    name = key.rstrip("_").replace("_", "-")
    if value is True:
        return f" {name}"
    text = value if isinstance(value, str) else short(value)
    return f' {name}="{html.escape(CONTROLS.sub("\ufffd", text))}"'
