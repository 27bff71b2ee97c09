"""Sentences about lines of the ledger, with the numbers they are made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from vitalfew.decide.phrases import joined
from vitalfew.results.rows import ReasonRow
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.results.rows import FactorPart
    from vitalfew.workspace.definitions import Definitions, Grade

Kind = Literal["why", "change", "ask"]

EVIDENCE: Mapping[Grade, str] = {
    "replicated": "Its effect was measured in several experiments that agree.",
    "tested": "Its effect was measured in an experiment.",
    "staged": "Its effect was seen while it was rolled out in steps, which is weaker than an experiment.",
    "dated": "Its effect is a change after a release, which other things may have caused.",
    "correlated": "Its effect is a correlation, which may have other causes.",
    "opinion": "It rests on what people expect: nothing has been measured yet.",
}
_SMALL = 0.05  # share of the value below which a factor goes without saying


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of an explanation."""

    kind: Kind
    text: str
    numbers: Mapping[str, float] = field(default_factory=dict)

    def about(self, line: str) -> ReasonRow:
        """The same as a row about a line."""
        return ReasonRow(line, self.kind, self.text, self.numbers)


def carried_by(definitions: Definitions, parts: Sequence[FactorPart]) -> Sentence | None:
    """Which factors carry a value, and which pull the other way."""
    shares = {part.factor: part.mean for part in parts}
    whole = sum(abs(mean) for mean in shares.values())
    if not whole > 0:
        return None
    total = sum(shares.values())
    sign = 1.0 if total >= 0 else -1.0
    ranked = sorted(shares, key=lambda factor: (-sign * shares[factor], factor))
    carry = [factor for factor in ranked if sign * shares[factor] > _SMALL * whole]
    against = [factor for factor in reversed(ranked) if sign * shares[factor] < -_SMALL * whole]
    carried = sum(abs(shares[factor]) for factor in carry)
    shown = [f"{definitions.title('metrics', f)} ({percent(abs(shares[f]) / carried)})" for f in carry]
    verb = "carries" if len(carry) == 1 else "carry"
    what = "what it is worth" if total >= 0 else "its loss"
    if len(carry) == 1:
        text = f"{definitions.title('metrics', carry[0])} {verb} {what}."
    else:
        text = f"{joined(shown)} {verb} {what}."
    if against:
        pull = "pulls" if len(against) == 1 else "pull"
        names = joined([definitions.title("factors", f) for f in against])
        text += f" {names[:1].upper()}{names[1:]} {pull} the other way."
    return Sentence("why", text[:1].upper() + text[1:], {f"points.{factor}": mean for factor, mean in shares.items()})
