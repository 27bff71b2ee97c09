"""One line of the ledger explained in the terminal: why it stands there, what would change that, what to ask next."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

from vitalfew.report.sheet import Sheet

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.results.rows import CandidateLine, ReasonRow, ShippedLine

HEADINGS: Mapping[str, str] = {
    "why": "WHY IT STANDS THERE",
    "change": "WHAT WOULD CHANGE THAT",
    "ask": "WHAT TO ASK NEXT",
}
_NEXT: Mapping[str, str] = {
    "fund": "fund",
    "test_first": "test first",
    "drop": "drop",
    "keep": "keep",
    "fix": "fix",
    "remove": "remove",
    "measure": "measure",
}


def explanation_text(line: ShippedLine | CandidateLine, rows: Sequence[ReasonRow], width: int = 100) -> str:
    """The explanation as text."""
    out = StringIO()
    print_explanation(line, rows, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


def print_explanation(line: ShippedLine | CandidateLine, rows: Sequence[ReasonRow], console: Console) -> None:
    """Print what is said about one line.

    Args:
        line: of the ledger.
        rows: its sentences.
        console: where to print; in a pipe every sentence is one line.
    """
    sheet = Sheet(console)
    sheet.say(f"{line.title} ({line.line}): {_NEXT[line.recommendation]}", "bold")
    for kind, heading in HEADINGS.items():
        said = [row.text for row in rows if row.kind == kind]
        if said:
            sheet.heading(heading)
        for text in said:
            sheet.say(text, indent=2)
