"""Which findings of the checks speak of a page: on lists by what is asked of them, on pages of one thing by its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from django.urls import ResolverMatch

    from vitalfew.results.rows import FindingRow

MOST = 5
"""Findings that a page shows; the others are on the page of all checks."""
TRUST = "trust before results"
ASKED: dict[str, frozenset[str]] = {
    "value-model": frozenset(
        {"R1", "R2", "R3", "R5", "R6", "R7", "R8", "R11", "R12", "R15", "R17", "R18", "R67", "R72", "R82"}
    ),
    "sessions": frozenset({"R2", "R4", "R7", "R8"}),
    "pulse": frozenset({"R16"}),
    "tree": frozenset({"R18", "R23", "R47"}),
    "stakeholders": frozenset({"R11", "R28"}),
    "segments": frozenset({"R28", "R32"}),
    "goals": frozenset({"R18", "R42", "R44", "R47", "R67", "R81"}),
    "policy": frozenset({"R13", "R48", "R78", "R79", "R81"}),
    "board": frozenset({"R20", "R24", "R46", "R51", "R52", "R55", "R56", "R57", "R58", "R68", "R79", "R80"}),
    "needs": frozenset({"R20", "R23", "R24", "R32"}),
    "priorities": frozenset({"R48", "R49", "R55", "R70", "R73", "R74", "R79"}),
    "decisions": frozenset({"R46", "R77", "R78"}),
    "review": frozenset({"R13", "R17", "R52", "R53", "R54", "R56", "R57", "R75", "R76", "R78", "R81"}),
    "metrics": frozenset({"R39", "R42", "R66", "R67"}),
    "experiments": frozenset({TRUST, "R51", "R68"}),
    "releases": frozenset({"R28", "R68"}),
    "links": frozenset({"R41", "R47", "R66"}),
    "trade-offs": frozenset({"R50", "R74"}),
    "conflicts": frozenset({"R50", "R72", "R73"}),
    "moved": frozenset({"R68", "R69"}),
    "features": frozenset({"R61"}),
}
"""What is asked of each list, by the numbers that checks name as their requirement."""
OF_ONE = frozenset({"metric", "experiment", "release", "need", "initiative", "hypothesis", "feature", "line"})
"""Pages of one definition, whose key stands in their address."""


@dataclass(frozen=True, slots=True)
class Alarms:
    """The gravest findings that speak of a page, and how many there are."""

    shown: tuple[FindingRow, ...] = ()
    count: int = 0


def alarms(match: ResolverMatch | None, findings: Sequence[FindingRow]) -> Alarms:
    """What speaks of the page that was asked for.

    Args:
        match: of its address; None for pages of errors.
        findings: that nobody dismissed, the gravest first.
    """
    if match is None or match.url_name is None:
        return Alarms()
    asked, key = ASKED.get(match.url_name, frozenset()), match.kwargs.get("key")
    if match.url_name in OF_ONE:
        found = [row for row in findings if row.subject.partition(".")[0] == key]
    else:
        found = [row for row in findings if row.requirement in asked]
    return Alarms(tuple(found[:MOST]), len(found))
