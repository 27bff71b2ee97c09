"""What each method says of a link, side by side, and whether they say otherwise than one another."""

from __future__ import annotations

from math import hypot
from typing import TYPE_CHECKING

from vitalfew.report import cells
from vitalfew.report.layout import Column, fold, table
from vitalfew.report.link_words import arrow, slope, slope_of
from vitalfew.results.words import listed
from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.report.markup import Child, Markup
    from vitalfew.report.view import View
    from vitalfew.results.rows import LinkRow

SURE = 0.95
_Z = two_sided(SURE)


def methods(view: View, rows: Iterable[LinkRow] | None = None) -> Markup | None:
    """All influence links, or some, method by method; None where none is known by any."""
    every = view.tables.links if rows is None else rows
    known = [row for row in every if row.kind == "influence" and _told(row)]
    if not known:
        return None
    heads = ["Link", Column("Experiments", "num"), Column("Together they say (95 %)", "num")]
    heads += [
        Column(name, "num") for name in ("Releases say (95 %)", "A scatter says (95 %)", "Somebody expects (80 %)")
    ]
    heads.append(Column("Do they agree?", "long"))
    caption = (
        "Decisions use what experiments together say, with what somebody expects as a start; releases without "
        "randomisation stand apart. Otherwise: farther apart than noise allows (95 %)."
    )
    return fold("Method by method", table(heads, [_row(view, row) for row in known], caption=caption))


def conflicts(row: LinkRow) -> list[str]:
    """Which methods say otherwise than the experiments together; empty where none does."""
    found, said = row.released, []
    if row.estimate is not None and row.se and found and found.low is not None and found.high is not None:
        error = hypot(row.se, (found.high - found.low) / (2 * _Z))
        if abs(row.estimate - found.estimate) > _Z * error:
            said.append("releases say otherwise")
    if row.expert_p is not None and row.expert_p < 1 - SURE:
        said.append("somebody expected otherwise")
    if row.naive and row.low is not None and row.high is not None and not row.low <= row.naive.estimate <= row.high:
        said.append("a scatter would mislead")
    return said


def _told(row: LinkRow) -> int:
    """How many methods say something, but for the scatter, which is no evidence."""
    return sum(found is not None for found in (row.estimate, row.released, row.expert))


def _row(view: View, row: LinkRow) -> tuple[Child, ...]:
    def said(found: object, text: str, why_not: str) -> Child:
        return cells.unknown(why_not) if found is None else text

    alone = "only one says anything" if _told(row) == 1 else "yes, as far as noise tells"
    texts = (slope(view, row.parent, row.child, found) for found in (row.released, row.naive, row.expert))
    return (
        arrow(view, row.parent, row.child),
        f"{row.experiments:,}",
        said(row.estimate, slope_of(view, row), "the experiments cannot tell"),
        said(row.released, next(texts), "too few releases measured both"),
        said(row.naive, next(texts), "too few experiments measured both"),
        said(row.expert, next(texts), "nobody said a range"),
        listed(conflicts(row)).capitalize() or alone.capitalize(),
    )
