"""How much of agreed work follows the value model, and what was decided where it does not (R78)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from vitalfew.stats.percent import percent
from vitalfew.workspace.graph import is_committed
from vitalfew.workspace.locks import value_model_cited

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from vitalfew.results.rows import CandidateLine
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions

    type Explained = Literal["none", "current", "earlier"]


@dataclass(frozen=True, slots=True)
class Deviation:
    """Agreed work that the value model would drop.

    Attributes:
        line: its line of the ledger.
        explained: whether the last decision on it cites the value model in force, an earlier one, or there is none.
        decision: that decision in words; empty where there is none.
    """

    line: CandidateLine
    explained: Explained
    decision: str = ""


@dataclass(frozen=True, slots=True)
class Followed:
    """How many lines of agreed work there are, and those of them that go against the value model."""

    agreed: int
    deviations: tuple[Deviation, ...]

    @property
    def lines(self) -> int:
        """How many lines follow the value model."""
        return self.agreed - len(self.deviations)

    def sentence(self) -> str:
        """The share of agreed work that follows, and how much of the rest was explained; there must be some."""
        share = f"{percent(self.lines / self.agreed)} of agreed work follows the value model"
        said = f"{share} ({self.lines} of {self.agreed})"
        if not self.deviations:
            return said
        explained = sum(each.explained != "none" for each in self.deviations)
        earlier = sum(each.explained == "earlier" for each in self.deviations)
        late = f" ({earlier} under an earlier value model)" if earlier else ""
        return f"{said}; of the other {len(self.deviations)}, {explained} by a recorded decision{late}"


def followed(definitions: Definitions, acts: ActLog, candidates: Iterable[CandidateLine], today: date) -> Followed:
    """How agreed work stands to the value model, which somebody must have weighed.

    The factors and guardrails tell which value model a decision cites. Judgements come one by one, and a decision
    explained against one counter-argument stays so when somebody weighs again.

    Args:
        definitions: of the workspace.
        acts: its log.
        candidates: the ledger's.
        today: the day up to which work counts as begun.
    """
    agreed = [line for line in candidates if _is_agreed(definitions, line, today)]
    off = [line for line in agreed if line.recommendation == "drop"]
    if not off:
        return Followed(len(agreed), ())
    in_force = value_model_cited(definitions, acts)["definitions"]
    last = {act.about: (act, body) for act, body in acts.of("decision")}
    found = []
    for line in off:
        if line.line not in last:
            found.append(Deviation(line, "none"))
            continue
        act, body = last[line.line]
        cited = body.get("value_model") or {}
        under = f" under version {cited['version']} of the value model" if cited.get("version") else ""
        told = f"“{body.get('what', '')}”, decided on {act.at[:10]}{under} (act {act.n})"
        found.append(Deviation(line, "current" if cited.get("definitions") in (None, in_force) else "earlier", told))
    return Followed(len(agreed), tuple(found))


def with_deviations(candidates: Iterable[CandidateLine], found: Followed) -> tuple[CandidateLine, ...]:
    """The candidates; those that go on against the value model say so, and by which decision."""
    off = {each.line.line: _reason(each) for each in found.deviations}
    return tuple(
        replace(line, reasons=(*line.reasons, off[line.line])) if line.line in off else line for line in candidates
    )


def _reason(deviation: Deviation) -> str:
    if deviation.explained == "none":
        return "it goes on against the value model, and no decision says why"
    late = ", and the value model is another one since" if deviation.explained == "earlier" else ""
    return f"it goes on against the value model: {deviation.decision}{late}"


def _is_agreed(definitions: Definitions, line: CandidateLine, today: date) -> bool:
    """Whether work on a candidate was agreed or begun on grounds of value; a capability has others."""
    initiative = definitions.initiatives.get(line.line)
    return initiative is not None and is_committed(initiative, today) and not initiative.capability
