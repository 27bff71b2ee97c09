"""Kinds of evidence behind a line side by side, and whether they agree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report.layout import table
from vitalfew.report.lights import light
from vitalfew.report.markup import Markup, tag

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import Badge, EvidenceKind, TriangulationRow

BADGES: dict[Badge, str] = {
    "triangulated": "triangulated",
    "single_source": "single source",
    "contradictory": "contradictory",
    "none": "nothing clear yet",
}
"""Whether kinds of evidence agree, as a tag says it."""
_KINDS: dict[EvidenceKind, str] = {
    "experiment": "Experiments",
    "release": "Releases",
    "links": "What links carry on",
    "need": "What customers said of its need",
}


def kinds_of_evidence(view: View, line: str) -> Markup | None:
    """The badge of a line, and what each kind says of it; None for lines of which no kind could speak."""
    row = next((row for row in view.tables.triangulation if row.line == line), None)
    if row is None:
        return None
    if row.badge == "none":
        return tag("p", badge(row))
    heads = ["Kind of evidence", "", "Says"]
    body = [(name, *_says(row, kind)) for kind, name in _KINDS.items()]
    about = f" of {view.title('metrics', row.metric)}" if row.metric else ""
    caption = f"Experiments and releases by their clear effects{about}; kinds rest on different data."
    return tag("div", tag("p", badge(row)), table(heads, body, caption=caption))


def badge(row: TriangulationRow) -> Markup:
    """The badge of a line."""
    strong = " strong" if row.badge == "contradictory" else ""
    return tag("span", BADGES[row.badge], class_=f"tag{strong}")


def _says(row: TriangulationRow, kind: EvidenceKind) -> tuple[Markup | str, str]:
    if kind in row.speaks_for and kind in row.speaks_against:
        return light("warning"), "some for it, some against it"
    if kind in row.speaks_for:
        return light("ok"), "for it"
    if kind in row.speaks_against:
        return light("failed"), "against it"
    return "", "nothing clear"
