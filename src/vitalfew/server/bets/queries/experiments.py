"""Experiments as pages and the API show them: a list with trust lights, and one at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.html_experiments import trust
from vitalfew.report.markup import Markup, join, tag
from vitalfew.report.view import ends
from vitalfew.server.core.filters import owners, times

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date

    from vitalfew.report.view import View
    from vitalfew.results.rows import CandidateLine, EffectRow, ExperimentRow, HealthStatus, ShippedLine
    from vitalfew.server.core.filters import Choices, Field, Filter
    from vitalfew.workspace.definitions import Definitions

PLANNED = "planned"
RUNNING = "running"
ENDED = "ended"
STATES = (RUNNING, PLANNED, ENDED)


@dataclass(frozen=True, slots=True)
class ExperimentLine:
    """An experiment in a list: how far it is, whether it can be trusted, what it says of its main metric.

    `segments`: those for which an effect is told.
    """

    key: str
    title: str
    state: str
    initiative: str | None
    initiative_title: str
    product: str | None
    team: str | None
    segments: tuple[str, ...]
    start: date | None
    end: date | None
    worst: HealthStatus | None
    trust: Markup
    action: str
    reason: str
    effect: EffectRow | None
    effect_title: str
    effect_text: str
    units: int


def experiment_lines(view: View | None, definitions: Definitions, today: date) -> tuple[ExperimentLine, ...]:
    """All experiments: those that run first, then planned ones, then those that ended, the newest first."""
    rows = {row.experiment: row for row in view.tables.experiments} if view else {}
    keys = dict.fromkeys((*definitions.experiments, *rows))
    lines = [_line(key, rows.get(key), view, definitions, today) for key in keys]
    return tuple(sorted(lines, key=lambda line: (STATES.index(line.state), -(line.start or today).toordinal())))


def offers(lines: Sequence[ExperimentLine], definitions: Definitions) -> dict[Field, Choices]:
    """What experiments may be filtered by."""
    segments = sorted({segment for line in lines for segment in line.segments})
    return {
        **owners(definitions, ((line.product, line.team) for line in lines)),
        "segment": [(key, definitions.title("segments", key)) for key in segments],
        "time": times(line.end or line.start for line in lines),
        "state": [(state, state) for state in STATES],
        "q": (),
    }


def fits(wanted: Filter, line: ExperimentLine) -> bool:
    """Whether an experiment is asked for; it is of the day on which it ended, of today while it runs."""
    day = {RUNNING: wanted.today, ENDED: line.end or line.start}.get(line.state)
    return (
        wanted.owned(line.product, line.team)
        and wanted.segment in ("", *line.segments)
        and wanted.state in ("", line.state)
        and wanted.worded(line.title, line.key, line.initiative_title)
        and (line.state == PLANNED or wanted.dated(day))
    )


def value_of(view: View, row: ExperimentRow) -> Markup | None:
    """What an experiment means for value: the line of the ledger it stands behind, by factor."""
    lines: tuple[ShippedLine | CandidateLine, ...] = (*view.tables.shipped, *view.tables.candidates)
    line = next((found for found in lines if row.initiative and found.line == row.initiative), None)
    if line is None or not line.parts:
        return None
    parts = [
        tag("li", f"{view.title('factors', part.factor)}: {words.change(part.mean, part.low, part.high, words.VALUE)}")
        for part in line.parts
    ]
    whole = line.value
    said = f"In all {words.change(whole.mean, whole.low, whole.high, words.VALUE)} (80 % interval)." if whole else ""
    return join([tag("p", said), tag("ul", parts)])


def _line(
    key: str, row: ExperimentRow | None, view: View | None, definitions: Definitions, today: date
) -> ExperimentLine:
    defined = definitions.experiments.get(key)
    initiative = (row.initiative if row else None) or (defined.initiative if defined else None)
    health = view.health_of(key) if view else ()
    effect = _main_effect(view, key) if view else None
    action, reason = words.decision(row) if row else ("", "")
    start, end = (defined.start, defined.end) if defined else (None, None)
    return ExperimentLine(
        key=key,
        title=row.title if row else definitions.title("experiments", key),
        state=_state(start, end, has_effects=effect is not None, today=today),
        initiative=initiative,
        initiative_title=definitions.title("initiatives", initiative) if initiative else "",
        product=definitions.product_of(defined) if defined else None,
        team=defined.team if defined else None,
        segments=tuple(dict.fromkeys(row.segment for row in view.effects_of(key) if row.segment)) if view else (),
        start=start,
        end=end,
        worst=health[0].status if health else None,
        trust=trust(health),
        action=action,
        reason=reason,
        effect=effect,
        effect_title=definitions.title("metrics", effect.metric) if effect else "",
        effect_text=_text(view, effect) if view and effect else "",
        units=sum(effect.n.values()) if effect else 0,
    )


def _state(start: date | None, end: date | None, *, has_effects: bool, today: date) -> str:
    """Where an experiment stands; one without dates runs once it shows anything."""
    if end is not None and end < today:
        return ENDED
    if start is None:
        return ENDED if has_effects else PLANNED
    return PLANNED if start > today else RUNNING


def _main_effect(view: View, key: str) -> EffectRow | None:
    """The effect that decides: on the first primary metric, else on a factor, else the first."""
    rows = [row for row in view.effects_of(key) if row.segment is None and row.estimate is not None]
    primary = [row for row in rows if row.role == "primary"]
    factors = [row for row in rows if row.metric in view.definitions.factors]
    return next(iter((*primary, *factors, *rows)), None)


def _text(view: View, row: EffectRow) -> str:
    if row.estimate is None:
        return "not known"
    low, high = ends(row.intervals, 0.95) or (None, None)
    return words.change(row.estimate, low, high, view.unit(row.metric))
