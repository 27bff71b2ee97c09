"""What experiments that went on had shown on the day a promise fell due: a verdict is spoken once, as of that day."""

from __future__ import annotations

from dataclasses import fields
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vitalfew.decide.verdict import has_come
from vitalfew.results.rows import DueRow

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.pipeline.context import Context
    from vitalfew.results.rows import PromiseRow
    from vitalfew.workspace.definitions import Definitions, Experiment


def at_due(context: Context, promises: Iterable[PromiseRow]) -> tuple[DueRow, ...]:
    """Measure anew, up to their day, what later data could change of the verdicts on promises that fell due.

    Args:
        context: of the run.
        promises: of its hypotheses; only locked ones whose day has passed matter.
    """
    passed: dict[str, set[str]] = {}
    for row in promises:
        if row.locked_at is not None and row.due is not None and has_come(date.fromisoformat(row.due), context.today):
            passed.setdefault(row.due, set()).add(row.initiative)
    return tuple(
        found
        for due, initiatives in sorted(passed.items())
        for found in _as_of(context, date.fromisoformat(due), _going_on(context.definitions, initiatives, due))
    )


def _going_on(definitions: Definitions, initiatives: set[str], due: str) -> dict[str, Experiment]:
    """Experiments on some initiatives that took data in after a day, as far as their sources tell days."""
    return {
        key: each
        for key, each in definitions.experiments.items()
        if each.initiative in initiatives
        and (each.end is None or each.end.isoformat() > due)
        and getattr(definitions.sources.get(each.source), "time", None) is not None
    }


def _as_of(context: Context, due: date, experiments: dict[str, Experiment]) -> list[DueRow]:
    if not experiments:
        return []
    from vitalfew.evidence.evaluation import evaluate
    from vitalfew.results.store import joined
    from vitalfew.warehouse.measure import measure

    # As if they had ended on the day: the verdict looks once, so what is shown beside it holds for one look.
    ended = {key: each.model_copy(update={"end": due}) for key, each in experiments.items()}
    then = context.definitions.model_copy(update={"experiments": ended})
    sources = dict.fromkeys(each.source for each in experiments.values())
    parts = [measure(then, source, context.engine, due) for source in sources]
    tables = joined([{part.name: getattr(each, part.name) for part in fields(each)} for each in parts])
    shown = evaluate(then, tables, due + timedelta(days=1))
    day = due.isoformat()
    return [
        *(DueRow(day, key) for key in experiments),
        *(DueRow(day, row.experiment, effect=row) for row in shown.effects if row.experiment in experiments),
        *(DueRow(day, row.experiment, health=row) for row in shown.health if row.experiment in experiments),
    ]
