"""One line of the ledger in plain words, from a run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError, suggest
from vitalfew.results.codec import plain

if TYPE_CHECKING:
    from vitalfew.results.rows import CandidateLine, ReasonRow, ShippedLine, Tables


@dataclass(frozen=True)
class Explanation:
    """Why a line stands where it stands, what would change that, and what to ask next. Prints as sentences.

    Attributes:
        line: of the ledger.
        rows: its sentences, each with the numbers it is made from.
    """

    line: ShippedLine | CandidateLine
    rows: tuple[ReasonRow, ...]

    @property
    def why(self) -> tuple[str, ...]:
        """Why it stands where it does."""
        return self._said("why")

    @property
    def change(self) -> tuple[str, ...]:
        """What would have to be otherwise for it to stand elsewhere."""
        return self._said("change")

    @property
    def ask(self) -> tuple[str, ...]:
        """The cheapest question to answer next."""
        return self._said("ask")

    def _said(self, kind: str) -> tuple[str, ...]:
        return tuple(row.text for row in self.rows if row.kind == kind)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON: the line and its sentences by kind, with their numbers."""
        said: dict[str, list[Any]] = {"why": [], "change": [], "ask": []}
        for row in self.rows:
            said[row.kind].append({"text": row.text, "numbers": dict(row.numbers)})
        return {"line": plain(self.line), **said}

    def __str__(self) -> str:
        from vitalfew.report.terminal_explain import explanation_text

        return explanation_text(self.line, self.rows)


def explanation(tables: Tables, line: str) -> Explanation:
    """What a run says about one line of its ledger.

    Args:
        tables: of the run.
        line: key of a line, shipped or a candidate, or its whole title where no other line has it.

    Raises:
        UsageError: the ledger has no such line.
    """
    lines: dict[str, ShippedLine | CandidateLine] = {one.line: one for one in tables.shipped}
    lines |= {one.line: one for one in tables.candidates}
    if line not in lines:
        titled = [key for key, one in lines.items() if one.title == line]
        line = titled[0] if len(titled) == 1 else line
    if line not in lines:
        raise UsageError(f"the ledger has no line '{line}'", hint=suggest(line, sorted(lines)))
    return Explanation(lines[line], tuple(row for row in tables.reasons if row.line == line))
