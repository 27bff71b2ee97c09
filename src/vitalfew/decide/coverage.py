"""How much of what shipped was asked about and told, and how much of what is planned rests on opinion."""

from __future__ import annotations

from typing import TYPE_CHECKING, get_args

import numpy as np

from vitalfew.decide.balance import is_agreed
from vitalfew.decide.breakdowns import effort_draws, quarter_of, share_of
from vitalfew.decide.say_do import effort_of
from vitalfew.decide.shipped import is_shipped
from vitalfew.results.rows import CoverageRow, RestingRow
from vitalfew.workspace.definitions import Grade

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.inputs import Inputs
    from vitalfew.results.review_rows import PlannedWork

_GRADES: tuple[Grade | None, ...] = (*get_args(Grade), None)


def coverage(inputs: Inputs) -> tuple[CoverageRow, ...]:
    """Everything that is out, then the quarters in which it was shipped, the newest first; empty while nothing is.

    Args:
        inputs: with the tables of the ledger and of how long bets took among the others.
    """
    out = {key: each for key, each in inputs.definitions.initiatives.items() if is_shipped(each, inputs)}
    asked = {each.initiative for each in inputs.definitions.hypotheses.values()}
    promised = {row.initiative for row in inputs.tables.promises if row.proved != "no"}
    measured = {line.line for line in inputs.tables.shipped if line.measured is not None or line.value is not None}
    told = {row.initiative for row in inputs.tables.bets if row.verdict is not None}
    groups: dict[str | None, list[str]] = {None: list(out)} if out else {}
    for key, each in sorted(out.items(), key=lambda item: (item[1].shipped is not None, item[1].shipped), reverse=True):
        if each.shipped is not None:
            groups.setdefault(quarter_of(each.shipped), []).append(key)
    return tuple(
        CoverageRow(quarter, len(keys), *(len(found.intersection(keys)) for found in (asked, promised, measured, told)))
        for quarter, keys in groups.items()
    )


def resting(inputs: Inputs) -> tuple[RestingRow, ...]:
    """On which grade of evidence work rests that is agreed or in progress, and the best plan; the strongest first.

    Capability work is left out, as no evidence is asked of it in the short run, and so is work without a cost.

    Args:
        inputs: with the tables of the ledger and of plans among the others.
    """
    return tuple(row for work, keys in _planned(inputs) for row in _by_grade(inputs, work, keys))


def _planned(inputs: Inputs) -> Iterator[tuple[PlannedWork, list[str]]]:
    yield "agreed", [key for key, each in inputs.definitions.initiatives.items() if is_agreed(inputs, each)]
    yield "plan", [line for row in inputs.tables.plans if row.plan == "best" for line in row.lines]


def _by_grade(inputs: Inputs, work: PlannedWork, keys: list[str]) -> Iterator[RestingRow]:
    made = inputs.definitions.initiatives
    kept = [key for key in keys if key in made and not made[key].capability and effort_of(made[key]) > 0]
    if not kept:
        return
    grades = {line.line: line.grade for line in inputs.tables.candidates}
    draws = {key: effort_draws(inputs, key) for key in kept}
    whole, total = np.sum([*draws.values()], axis=0), sum(effort_of(made[key]) for key in kept)
    for grade in _GRADES:
        of = [key for key in kept if grades.get(key) == grade]
        if of:
            effort = sum(effort_of(made[key]) for key in of)
            share = share_of(np.sum([draws[key] for key in of], axis=0), whole, effort / total)
            yield RestingRow(work, grade, len(of), effort, share)
