"""What came of a bet beside how it was made: a miss may be bad luck after good work, and a gain luck after none (R76).

It is told by what is on record about the bet: nothing here is about a person.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vitalfew.decide.effects import stronger
from vitalfew.decide.overrides import line_about
from vitalfew.decide.verdict import has_come, judge
from vitalfew.judgement.scores import cdf
from vitalfew.results.rows import Estimate, ProcessRow

if TYPE_CHECKING:
    from collections.abc import Collection

    from vitalfew.results.rows import OverrideRow, ProcessMark, ProcessReading, ShippedLine, Tables, VerdictRow
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions

ALLOWED = 0.1
"""A miss lies within what a forecast allowed when this share of it, or more, was as bad or worse: its 80 % range."""
_MISSED = frozenset({"fell_short", "harmful"})


def process(
    definitions: Definitions, acts: ActLog, tables: Tables, overrides: Collection[OverrideRow], today: date
) -> tuple[ProcessRow, ...]:
    """One row per hypothesis of a shipped line whose day is over, in the order of the definitions.

    Args:
        definitions: of the workspace.
        acts: its log.
        tables: of the run, with the ledger, verdicts, promises, effects and experiments.
        overrides: decisions that were taken anyway.
        today: the day of the run.
    """
    shipped = {line.line: line for line in tables.shipped}
    decided = _decided(definitions, acts, shipped, {row.act for row in overrides})
    rows = []
    for row in tables.verdicts:
        line = shipped.get(row.initiative)
        if line is None or not has_come(date.fromisoformat(row.due) if row.due else None, today):
            continue
        marks: dict[ProcessMark, bool | None] = {
            "predicted": row.promised is not None,
            "tested": _is_tested(line),
            "planned": _is_planned(tables, row.initiative),
            "guarded": _is_guarded(definitions, tables, row),
            "decided": decided.get(row.initiative),
        }
        rows.append(_row(definitions, tables, row, marks))
    return tuple(rows)


def _row(
    definitions: Definitions, tables: Tables, row: VerdictRow, marks: dict[ProcessMark, bool | None]
) -> ProcessRow:
    chance = _chance(definitions, tables, row)
    return ProcessRow(
        line=row.initiative,
        hypothesis=row.hypothesis,
        metric=row.metric,
        verdict=row.verdict,
        promised=row.promised,
        measured=None if row.estimate is None else Estimate(row.estimate, row.low, row.high),
        chance=chance,
        reading=_reading(definitions, row, chance, good=False not in marks.values()),
        held=tuple(mark for mark, is_so in marks.items() if is_so),
        lacking=tuple(mark for mark, is_so in marks.items() if is_so is False),
    )


def _reading(definitions: Definitions, row: VerdictRow, chance: float | None, *, good: bool) -> ProcessReading | None:
    """Where a bet stands; None where nothing tells what came of it."""
    came = _came(definitions, row)
    if came is None:
        return None
    if not good:
        return "lucky" if came else "weak_missed"
    if came:
        return "good_kept"
    return "bad_luck" if chance is not None and chance >= ALLOWED else "surprised"


def _came(definitions: Definitions, row: VerdictRow) -> bool | None:
    """Whether a promise was kept; without one, whether the 95 % interval lies on the good or on the bad side of zero.

    None: it cannot be told.
    """
    if row.promised is not None:
        return row.verdict == "kept" if row.verdict in ("kept", *_MISSED) else None
    if row.metric not in definitions.metrics or row.low is None or row.high is None or row.low <= 0 <= row.high:
        return None
    return (row.low > 0) == (definitions.metrics[row.metric].direction == "up")


def _chance(definitions: Definitions, tables: Tables, row: VerdictRow) -> float | None:
    """What share of the locked forecast, with the error of measuring added, was as bad as what came or worse.

    None without either, and where a guardrail alone was missed: of that the forecast says nothing.
    """
    promise = next((each for each in tables.promises if each.hypothesis == row.hypothesis and each.locked_at), None)
    metric = definitions.metrics.get(row.metric)
    if promise is None or metric is None or row.promised is None or row.estimate is None or not row.se:
        return None
    margin = definitions.hypotheses[row.hypothesis].margin
    alone = judge(row.promised, row.estimate, row.se, good=metric.direction, margin=margin)[0]
    if row.verdict == "harmful" and alone not in _MISSED:
        return None
    below = cdf(promise, row.estimate, row.se)
    return below if metric.direction == "up" else 1.0 - below


def _decided(
    definitions: Definitions, acts: ActLog, shipped: Collection[str], anyway: Collection[int]
) -> dict[str, bool]:
    """By line: whether no decision was taken anyway until it was out; a line without a decision is left out."""
    found: dict[str, bool] = {}
    for act, _ in acts.of("decision"):
        line = line_about(definitions, act.about, shipped)
        made = definitions.initiatives.get(line or "")
        if line is None or (made and made.shipped and act.at[:10] > made.shipped.isoformat()):
            continue
        found[line] = found.get(line, True) and act.n not in anyway
    return found


def _is_tested(line: ShippedLine) -> bool:
    """Whether it was compared by chance or in waves: weaker evidence asks for a test first."""
    return line.grade is not None and stronger(line.grade, "staged")


def _is_planned(tables: Tables, line: str) -> bool | None:
    """Whether plans of experiments on it were locked before the start; None where none was locked."""
    locked = [row.proved != "no" for row in tables.experiments if row.initiative == line and row.locked_at]
    return all(locked) if locked else None


def _is_guarded(definitions: Definitions, tables: Tables, row: VerdictRow) -> bool | None:
    """Whether each guardrail that the hypothesis names was measured with it; None where it names none."""
    hypothesis = definitions.hypotheses.get(row.hypothesis)
    if hypothesis is None or not hypothesis.guardrails:
        return None
    own = {key for key, made in definitions.experiments.items() if made.initiative == row.initiative}
    seen = {each.metric for each in tables.effects if each.experiment in own and each.estimate is not None}
    return seen.issuperset(hypothesis.guardrails)
