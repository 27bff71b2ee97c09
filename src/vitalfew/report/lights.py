"""Lights: the shape of a trust test or of a finding, always beside its word."""

from __future__ import annotations

from typing import Literal

from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import picture

Light = Literal["ok", "warning", "failed", "info"]

_SHAPES: dict[Light, Markup] = {
    "ok": tag("path", d="M2.5 7.5l3 3 6-7", class_="s-ok"),
    "warning": tag("path", d="M7 1.5l6 11h-12z", class_="s-warn"),
    "failed": tag("path", d="M2.5 2.5l9 9m0-9l-9 9", class_="s-harm"),
    "info": tag("path", d="M7 6.5v5m0-8.6v.2", class_="s-ok"),
}


def light(kind: Light) -> Markup:
    """A tick, a triangle, a cross, or the sign of a remark."""
    return picture(kind, _SHAPES[kind], width=14, height=14, class_="shape")
