"""The log of decisions: what was decided about what, on which evidence, against which counter-argument."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from vitalfew.report import cells, words
from vitalfew.server.core.filters import owners, span, times
from vitalfew.server.core.queries.acts import days_of, newest
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.today import today_in
from vitalfew.workspace.cited import Citable
from vitalfew.workspace.hashing import definitions_hash

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.pipeline import Results
    from vitalfew.server.bets.queries.ledger import Line
    from vitalfew.server.core.filters import Choices, Field, Filter
    from vitalfew.server.core.rows import Workspace
    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.cited import Claim
    from vitalfew.workspace.definitions import Definitions, Experiment, Feature, Initiative

PAGE = 50
"""Decisions a page lists."""
_DATED = 1000
"""Decisions whose quarters may be chosen."""
KINDS = ("initiatives", "features", "experiments", "hypotheses", "needs", "objectives", "metrics", "factors")


@dataclass(frozen=True, slots=True)
class Decision:
    """A decision as pages show it; by whom is in the log as a pseudonym and nowhere else.

    `anyway`: it was taken although the evidence was weaker than *staged*. `against`: what was suggested instead.
    `rests_on`: *now* the value model that stands, *earlier* another one, *none*. `due`: its day of review has come.
    `bare`: what is claimed in it without evidence.
    """

    n: int
    at: str
    about: str
    title: str
    what: str
    evidence: str
    counter: str
    alternatives: str
    dissent: str
    review: date | None
    anyway: bool
    against: str
    rests_on: str
    due: bool
    bare: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class Decisions:
    """Decisions, newest first; `older`: the number before which more of them are listed, where there are more."""

    rows: tuple[Decision, ...]
    older: int | None

    @property
    def consistent(self) -> tuple[int, int]:
        """How many of those that cite a value model cite the one that stands, and how many cite one."""
        citing = [row for row in self.rows if row.rests_on != "none"]
        return sum(row.rests_on == "now" for row in citing), len(citing)


def decisions(
    row: Workspace, *, about: str | None = None, before: int | None = None, wanted: Filter | None = None
) -> Decisions:
    """The newest decisions of a workspace, those about one thing, or those that are asked for."""
    defined = loaded(row).workspace.definitions
    keys = (about,) if about else _about(defined, wanted) if wanted and (wanted.product or wanted.team) else None
    days = span(wanted.time, wanted.today) if wanted and wanted.time else None
    found = newest(row, "decision", PAGE + 1, about=keys, before=before, days=days)
    stands = definitions_hash(defined, ["factors", "guardrails"])
    today = today_in(defined)
    citable = Citable.of(defined)
    rows = tuple(_decision(act, body, defined, citable, stands, today) for act, body in found[:PAGE])
    return Decisions(rows, rows[-1].n if len(found) > PAGE else None)


def offers(row: Workspace) -> dict[Field, Choices]:
    """What decisions may be filtered by."""
    defined = loaded(row).workspace.definitions
    owned = owners(defined, ((defined.product_of(one), one.team) for _, one in _owned(defined)))
    return {**owned, "time": times(days_of(row, "decision", _DATED))}


def _owned(defined: Definitions) -> Iterator[tuple[str, Feature | Initiative | Experiment]]:
    """What decisions are about that has an owner, by key; a hypothesis has that of its bet."""
    yield from defined.features.items()
    yield from defined.initiatives.items()
    yield from defined.experiments.items()
    for key, one in defined.hypotheses.items():
        if one.initiative in defined.initiatives:
            yield key, defined.initiatives[one.initiative]


def _about(defined: Definitions, wanted: Filter) -> list[str]:
    return [key for key, one in _owned(defined) if wanted.owned(defined.product_of(one), one.team)]


def titled(defined: Definitions, key: str) -> str:
    """The title of whatever has this key."""
    kind = next((kind for kind in KINDS if key in getattr(defined, kind)), None)
    return defined.title(kind, key) if kind else key.replace("_", " ")


def decided_about(defined: Definitions, run: Results | None, line: str) -> str | None:
    """The key under which a decision about a ledger line is recorded: its own, else that of the feature it is about."""
    if any(line in getattr(defined, kind) for kind in KINDS):
        return line
    feature = line.removeprefix("remove_")
    known = run is not None and feature in defined.features
    return feature if known else None


def is_to_be_chosen(defined: Definitions, key: str, today: date) -> bool:
    """Whether a bet that no run knows yet is a candidate: nothing of it is out."""
    from vitalfew.decide.shipped import SHIPPED_STATUSES

    found = defined.initiatives.get(key)
    if found is None:
        return False
    return found.status not in SHIPPED_STATUSES and (found.shipped is None or found.shipped > today)


def evidence_words(run: Results, line: Line) -> str:
    """What is known about a line, to begin the evidence of a decision with."""
    value = "its value is not known" if line.value is None else f"value {cells.value_words(line.value)}"
    suggested = words.NEXT_STEPS[line.recommendation]
    return f"Run {run.info.id}: evidence {line.grade or 'none'}; {value}; suggested: {suggested}."


def _decision(
    act: Act, body: dict[str, Any], defined: Definitions, citable: Citable, stands: str, today: date
) -> Decision:
    review = date.fromisoformat(body["review"]) if body.get("review") else None
    cited = body.get("value_model")
    return Decision(
        n=act.n,
        at=act.at,
        about=act.about,
        title=titled(defined, act.about),
        what=body["what"],
        evidence=body["evidence"],
        counter=body["counter"],
        alternatives=body.get("alternatives", ""),
        dissent=body.get("dissent", ""),
        review=review,
        anyway=bool(body.get("anyway")),
        against=body.get("against", ""),
        rests_on="none" if not cited else "now" if cited["definitions"] == stands else "earlier",
        due=review is not None and review <= today,
        bare=citable.bare(body["evidence"], body["counter"]),
    )
