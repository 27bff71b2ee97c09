"""Who gains and loses in each segment by effects measured there, and whose guardrails are broken."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.beliefs import Belief, Beliefs, changes, is_sealed
from vitalfew.decide.draws import LineDraws, value_of
from vitalfew.decide.effects import distrusted, known_effects
from vitalfew.decide.measured_lines import over_horizon
from vitalfew.decide.options import share_of_horizon
from vitalfew.decide.shipped import is_shipped
from vitalfew.evidence.guardrails import breach
from vitalfew.results.rows import GroupValueRow
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.effects import Known
    from vitalfew.decide.inputs import Inputs

    type Found = Mapping[str, Mapping[str, Known]]

_FORECAST = "partly from forecasts about them"
_REACHED = "those whom it reaches, by everybody's weights"


def segment_values(inputs: Inputs, lines: Mapping[str, bool]) -> Iterator[GroupValueRow]:
    """Value of lines to the segments for which effects were measured or forecast, by everybody's weights.

    Args:
        inputs: of the ledger.
        lines: those to look at, with whether they have shipped.
    """
    for segment, found in _by_segment(inputs).items():
        for line, shipped in lines.items():
            measured = {m: e for m, e in found.get(line, {}).items() if e.trusted and m in inputs.counted}
            forecasts = () if shipped else _forecasts(inputs, line, segment, measured)
            if not measured and not forecasts:
                continue
            known = Beliefs(measured, 1.0, forecasts, {}, sealed=False, reasons=())
            drawn = changes(inputs, line, inputs.definitions.initiatives[line].team, known)
            value = value_of(inputs.curves, drawn.by_metric, inputs.weights)
            if value.parts:
                notes = (_REACHED, _FORECAST) if forecasts else (_REACHED,)
                worth = LineDraws(_over_horizon(inputs, line, value, shipped=shipped), {})
                loss = float((worth.value < 0).mean())
                yield GroupValueRow(line, segment, "segment", worth.summary(), loss, shipped, notes=notes)


def _over_horizon(inputs: Inputs, line: str, value: LineDraws, *, shipped: bool) -> Floats:
    """A value at full effect over the weeks of the horizon, `(draws,)`, so that shipped and candidates compare."""
    initiative = inputs.definitions.initiatives[line]
    if shipped:
        return over_horizon(inputs, initiative, value)
    parts = [share_of_horizon(inputs, initiative, factor) * part for factor, part in value.parts.items()]
    return np.sum(parts, axis=0, dtype=np.float64)


def guarded(inputs: Inputs, rows: Iterable[GroupValueRow], lines: Mapping[str, bool]) -> Iterator[GroupValueRow]:
    """The rows with the probability that a guardrail of the group is broken, and rows for groups that have no other.

    A guardrail belongs to its stakeholder, and holds in its segment, or in every segment where none is named.
    """
    worst = _worst_breaches(inputs)
    shipped = dict(lines) | {
        line: is_shipped(inputs.definitions.initiatives[line], inputs) for line, _, _ in worst if line not in lines
    }
    for row in rows:
        chance, guardrail = worst.pop((row.line, row.kind, row.group), (None, None))
        yield replace(row, p_breach=chance, guardrail=guardrail)
    for (line, kind, group), (chance, guardrail) in sorted(worst.items()):
        is_segment = kind == "segment"
        yield GroupValueRow(
            line, group, "segment" if is_segment else "stakeholder", None, None, shipped[line], chance, guardrail
        )


def _worst_breaches(inputs: Inputs) -> dict[tuple[str, str, str], tuple[float, str]]:
    """The largest probability of a broken guardrail, with its metric, by line, kind of group and group."""
    worst: dict[tuple[str, str, str], tuple[float, str]] = {}
    everywhere: dict[str | None, Found] = {None: inputs.known}
    everywhere.update(_by_segment(inputs))
    for metric, guardrail in inputs.definitions.guardrails.items():
        factor = inputs.definitions.factors.get(metric)
        owner = guardrail.stakeholder or (factor.stakeholder if factor else None)
        for segment, found in everywhere.items():
            if guardrail.segment not in (None, segment):
                continue
            for line, effects in found.items():
                effect = effects.get(metric)
                if effect is None or not effect.trusted or inputs.definitions.initiatives[line].status in OVER:
                    continue
                chance = breach(inputs.definitions, metric, effect.estimate, effect.se)
                if segment is not None:
                    _raise(worst, (line, "segment", segment), chance, metric)
                if owner is not None and guardrail.segment == segment:
                    _raise(worst, (line, "stakeholder", owner), chance, metric)
    return worst


def _raise(
    worst: dict[tuple[str, str, str], tuple[float, str]], of: tuple[str, str, str], chance: float, metric: str
) -> None:
    if of not in worst or chance > worst[of][0]:
        worst[of] = (chance, metric)


def _by_segment(inputs: Inputs) -> dict[str, Found]:
    """What was measured in each segment, by initiative and metric."""
    failed = distrusted(inputs.tables.health)
    return {
        segment: known_effects(inputs.definitions, inputs.tables.effects, failed, segment, inputs.released)
        for segment in inputs.definitions.segments
    }


def _forecasts(inputs: Inputs, line: str, segment: str, known: Mapping[str, Known]) -> tuple[Belief, ...]:
    """Forecasts about a segment, of what was not measured there; none that would tell what one person said."""
    found: dict[str, Belief] = {}
    for promise in inputs.promises_of(line):
        wanted = promise.metric in inputs.counted and promise.metric not in known
        if promise.segment == segment and wanted and not is_sealed(promise):
            found.setdefault(promise.metric, Belief(promise, 1.0))
    return tuple(found.values())
