"""Where each bet stands: by what its definition says, by what people did, and by its verdict."""

from __future__ import annotations

from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Literal, NamedTuple

from vitalfew.server.core.queries.promised import Spoken, spoken
from vitalfew.workspace.hashing import definition_hash
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from datetime import date

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import PromiseRow, Verdict, VerdictRow
    from vitalfew.server.core.access import Place
    from vitalfew.workspace.definitions import Definitions, Hypothesis, Initiative

Stage = Literal["idea", "framed", "forecast", "committed", "live", "verdict"]
STAGES: tuple[Stage, ...] = ("idea", "framed", "forecast", "committed", "live", "verdict")
FINAL: frozenset[Verdict] = frozenset(("kept", "fell_short", "harmful"))
"""Verdicts that end a bet; an unproven one stays open (it keeps its place until it is told)."""
_KEPT = 16
_lock = Lock()
_known: dict[int, _Kept] = {}


@dataclass(frozen=True, slots=True)
class Question:
    """A hypothesis of a bet: how many forecast its wording, when it was locked, and whether that wording still stands.

    `wording`: its hash. `stale`: what was locked was another wording. `verdict`: of the run, where there is one.
    """

    key: str
    hypothesis: Hypothesis
    wording: str
    forecasts: int
    locked_at: str | None
    stale: bool
    verdict: VerdictRow | None


@dataclass(frozen=True, slots=True)
class Standing:
    """A bet: its definition, what it asks, and where it stands."""

    key: str
    initiative: Initiative
    questions: tuple[Question, ...]
    stage: Stage
    verdict: Verdict | None
    due: date | None
    overdue: bool

    @property
    def forecasts(self) -> int:
        """How many forecasts were given, over all its hypotheses."""
        return sum(question.forecasts for question in self.questions)

    @property
    def locked(self) -> bool:
        """Whether a promise of it is locked."""
        return any(question.locked_at for question in self.questions)


def standings(place: Place, definitions: Definitions, run: Results | None, today: date) -> tuple[Standing, ...]:
    """Every bet of a workspace, in the order of its definitions, dropped and removed ones too.

    Kept until a definition, an act, the run or the day changes.
    """
    of = place.workspace.pk
    rests_on = (definitions, spoken(place.workspace), run, today)
    with _lock:
        known = _known.get(of)
    same = known is not None and all(now is then for now, then in zip(rests_on[:3], known.rests_on, strict=False))
    if known is not None and same and known.rests_on[3] == today:
        return known.found
    wordings = known.wordings if known is not None and known.rests_on[0] is definitions else _wordings(definitions)
    found = _standings(wordings, *rests_on)
    with _lock:
        _known[of] = _Kept(rests_on, wordings, found)
        while len(_known) > _KEPT:
            _known.pop(next(iter(_known)))
    return found


def _standings(
    wordings: dict[str, str], definitions: Definitions, said: dict[str, Spoken], run: Results | None, today: date
) -> tuple[Standing, ...]:
    verdicts = {row.hypothesis: row for row in run.tables.verdicts} if run else {}
    promises = {row.hypothesis: row for row in run.tables.promises} if run else {}
    asked: dict[str, list[tuple[str, Hypothesis]]] = {}
    for name, hypothesis in definitions.hypotheses.items():
        asked.setdefault(hypothesis.initiative, []).append((name, hypothesis))
    found = []
    for key, initiative in definitions.initiatives.items():
        questions = tuple(
            _question(Wording(name, asking, wordings[name]), said.get(name), promises.get(name), verdicts.get(name))
            for name, asking in asked.get(key, ())
        )
        found.append(standing(key, initiative, questions, today))
    return tuple(found)


def standing(key: str, initiative: Initiative, questions: tuple[Question, ...], today: date) -> Standing:
    """Where one bet stands."""
    verdict = _worst([question.verdict for question in questions if question.verdict])
    stage = _stage(initiative, questions, verdict)
    open_days = [question.hypothesis.due for question in questions if question.hypothesis.due and not _told(question)]
    due = min(open_days, default=None)
    overdue = stage not in ("verdict", "idea") and due is not None and due < today
    return Standing(key, initiative, questions, stage, verdict, due, overdue)


class Wording(NamedTuple):
    """A hypothesis with the hash of its wording."""

    key: str
    hypothesis: Hypothesis
    digest: str


class _Kept(NamedTuple):
    """What was found last: the definitions, what was said, the run and the day it rests on; hashes of wordings."""

    rests_on: tuple[Definitions, dict[str, Spoken], Results | None, date]
    wordings: dict[str, str]
    found: tuple[Standing, ...]


def _wordings(definitions: Definitions) -> dict[str, str]:
    """The hashes of all hypotheses as they are worded now."""
    return {key: definition_hash("hypotheses", key, asked) for key, asked in definitions.hypotheses.items()}


def _question(asked: Wording, said: Spoken | None, promise: PromiseRow | None, verdict: VerdictRow | None) -> Question:
    key, hypothesis, wording = asked
    given, locks = (said.forecasters, said.locked) if said else ({}, {})
    locked_at = locks.get(wording) or max(locks.values(), default=None)
    stale = bool(locks) and wording not in locks
    if promise is not None:  # a run may know acts of a folder, too
        locked_at = locked_at or promise.locked_at
    count = given.get(wording, 0) or (promise.forecasters if promise and not given else 0)
    told = verdict if locked_at else None  # what nobody promised has no verdict, whatever was measured
    return Question(key, hypothesis, wording, count, locked_at, stale, told)


def _stage(initiative: Initiative, questions: tuple[Question, ...], verdict: Verdict | None) -> Stage:
    if verdict in FINAL:
        return "verdict"
    if initiative.status == "shipped":
        waits = any(question.locked_at for question in questions) and verdict != "no_promise"
        return "live" if waits else "verdict"
    locked = any(question.locked_at for question in questions)
    if initiative.status in OVER:
        return "idea"
    found: Stage = initiative.status  # type: ignore[assignment]  # what is left of the statuses are stages
    return "committed" if locked and STAGES.index(found) < STAGES.index("committed") else found


def _worst(rows: list[VerdictRow]) -> Verdict | None:
    """The verdict on a bet with several hypotheses: the worst of them that is told, else the first."""
    order: tuple[Verdict, ...] = ("harmful", "fell_short", "unproven", "kept", "no_promise")
    return min((row.verdict for row in rows), key=order.index, default=None)


def _told(question: Question) -> bool:
    """Whether something was measured, be it that the data cannot tell yet."""
    return question.verdict is not None and question.verdict.verdict != "no_promise"
