"""What to stop or mend: lines that did harm or too little, bets past their day, features hardly used, idle metrics."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vitalfew.decide.verdict import has_come
from vitalfew.results.rows import StopRow
from vitalfew.workspace.graph import edges
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vitalfew.results.rows import ShippedLine, Tables, UseRow, VerdictRow
    from vitalfew.workspace.definitions import Definitions

_WORST_FIRST = ("harmful", "fell_short")
_DO = {
    "remove": "take it out, or sign what makes the harm worth it",
    "fix": "mend what fell short and measure again, or take it out",
}


def stop_list(definitions: Definitions, tables: Tables, today: date) -> tuple[StopRow, ...]:
    """Everything that asks to be stopped or mended, each once, with the reason and one thing to do.

    Args:
        definitions: of the workspace.
        tables: of the run, with the ledger, verdicts and use.
        today: the day of the run.
    """
    lines = [*_lines(tables)]
    bets = [*_bets(definitions, tables, today, {row.key for row in lines})]
    told = {row.key for row in (*lines, *bets)}
    built = {made.feature for key, made in definitions.initiatives.items() if key in told and made.feature}
    return (*lines, *bets, *_features(definitions, tables, told | built), *_metrics(definitions))


def is_idle(definitions: Definitions, metric: str) -> bool:
    """Whether nobody owns a metric and nothing that is defined hangs on it."""
    return definitions.metrics[metric].owner is None and metric not in _used(definitions)


def _lines(tables: Tables) -> Iterator[StopRow]:
    """Shipped lines that did harm or fell short, the harmful first and of these the worst."""
    found = [line for line in tables.shipped if line.verdict in _WORST_FIRST]
    for line in sorted(found, key=lambda each: (_WORST_FIRST.index(each.verdict), _mean(each))):
        reason = line.reasons[0] if line.reasons else "its verdict"
        what = "harmful" if line.verdict == "harmful" else "fell short"
        do = _DO.get(line.recommendation, _DO["fix"])
        yield StopRow("line", line.line, f"{what}: {reason}", do, line.value, line.upkeep)


def _mean(line: ShippedLine) -> float:
    return line.value.mean if line.value else 0.0


def _bets(definitions: Definitions, tables: Tables, today: date, told: Collection[str]) -> Iterator[StopRow]:
    """Bets whose day is over without proof, the oldest first; each initiative once."""
    late = [row for row in tables.verdicts if row.verdict == "unproven" and _is_past(row, today)]
    seen = set(told)
    for row in sorted(late, key=lambda each: (each.due or "", each.hypothesis)):
        made = definitions.initiatives.get(row.initiative)
        if made is None or made.status in OVER or row.initiative in seen:
            continue
        seen.add(row.initiative)
        known = "nothing was measured" if row.estimate is None else "what was measured cannot tell"
        do = "measure it once more with enough units, or stop it" if row.estimate is not None else "measure it, or stop"
        line = next((each for each in tables.shipped if each.line == row.initiative), None)
        yield StopRow(
            "bet", row.initiative, f"due on {_told(row)}, and {known}", do, line.value if line else None, made.upkeep
        )


def _is_past(row: VerdictRow, today: date) -> bool:
    return row.due is not None and has_come(date.fromisoformat(row.due[:10]), today)


def _told(row: VerdictRow) -> str:
    day = date.fromisoformat((row.due or "")[:10])
    return f"{day.day} {day:%b %Y}"


def _features(definitions: Definitions, tables: Tables, told: Collection[str]) -> Iterator[StopRow]:
    """Features that hardly anybody uses, the dearest to keep first."""
    rare = [row for row in tables.use if row.main and row.segment is None and row.hardly_used]
    kept = [row for row in rare if row.feature in definitions.features and row.feature not in told]
    for row in sorted(kept, key=lambda each: (-(definitions.features[each.feature].upkeep or 0.0), each.feature)):
        upkeep = definitions.features[row.feature].upkeep
        yield StopRow("feature", row.feature, _used_by(row), "ask why, then test its removal", None, upkeep)


def _used_by(row: UseRow) -> str:
    if row.reach is None:
        return "hardly used"
    return f"used by {100 * row.reach.estimate:.2g} % of the eligible in {row.window_days} days"


def _metrics(definitions: Definitions) -> Iterator[StopRow]:
    for key in definitions.metrics:
        if is_idle(definitions, key):
            reason = "no owner; no link, goal, hypothesis, factor or guardrail names it"
            yield StopRow("metric", key, reason, "give it an owner and a use, or take it out", None, None)


def _used(definitions: Definitions) -> set[str | None]:
    """Metrics that anything defined names."""
    found: set[str | None] = {*definitions.factors, *definitions.guardrails}
    found |= {end for edge in edges(definitions) for end in (edge.parent, edge.child)}
    for objective in definitions.objectives.values():
        found |= {*objective.serves, *(result.metric for result in objective.key_results.values())}
    for asked in definitions.hypotheses.values():
        found |= {asked.metric, *asked.guardrails, *(fear.metric for fear in asked.premortem)}
    for need in definitions.needs.values():
        found |= set(need.harms)
    for initiative in definitions.initiatives.values():
        found |= set(initiative.serves)
    for experiment in definitions.experiments.values():
        found |= set(experiment.metrics or ())
    for treaty in definitions.policy.treaties:
        found |= {treaty.gains, treaty.loses}
    return found | {floor.metric for floor in definitions.policy.floors}
