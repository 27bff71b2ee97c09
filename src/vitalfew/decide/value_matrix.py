"""Types of value by segment: what counts, where effort went, what was gained, and where nobody looked."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, get_args

import numpy as np

from vitalfew.decide.draws import LineDraws
from vitalfew.decide.effects import believable, distrusted
from vitalfew.decide.measured_lines import KEPT
from vitalfew.decide.say_do import effort_of, is_chosen
from vitalfew.evidence.roles import sign_of
from vitalfew.results.rows import Estimate, ValueCellRow
from vitalfew.workspace.vocabulary import ValueType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.measured_lines import MeasuredLines
    from vitalfew.results.rows import EffectRow, Value
    from vitalfew.workspace.definitions import Definitions

type Cell = tuple[str | None, str | None]
"""A type of value (None: not said) and a segment (None: everybody)."""
SURE = 0.95


def value_matrix(inputs: Inputs, measured: MeasuredLines) -> tuple[ValueCellRow, ...]:
    """A row per type of value and segment, empty cells included; nothing where no metric says its type of value.

    Args:
        inputs: of the run.
        measured: what was measured of shipped lines.
    """
    defined = inputs.definitions
    if not any(metric.value_type for metric in defined.metrics.values()):
        return ()
    effort, needs, seen = _effort(inputs), _needs(defined), _effects(inputs)
    found = {kind for kind, _ in (*effort, *needs, *seen)} | {_type(defined, factor) for factor in defined.factors}
    types: list[str | None] = [*get_args(ValueType), *([None] if None in found else [])]
    rows = []
    for kind in types:
        for segment in (None, *defined.segments):
            cell, ways = (kind, segment), seen.get((kind, segment), [])
            rows.append(
                ValueCellRow(
                    type=kind,
                    segment=segment,
                    weight=_weight(inputs, kind) if segment is None else None,
                    effort=effort.get(cell, 0.0),
                    needs=needs[cell],
                    measured=len(ways),
                    gains=sum(way > 0 for way in ways),
                    losses=sum(way < 0 for way in ways),
                    value=_value(inputs, measured, kind) if segment is None else None,
                )
            )
    return tuple(rows)


def _type(definitions: Definitions, metric: str) -> str | None:
    found = definitions.metrics.get(metric)
    return found.value_type if found else None


def _weight(inputs: Inputs, kind: str | None) -> Estimate | None:
    """The weight of all factors of a type, with its 80 % interval; None where nobody weighed or none is of the type."""
    own = [factor for factor in inputs.weights if _type(inputs.definitions, factor) == kind]
    if not own or not inputs.tables.weights:
        return None
    drawn = np.sum([inputs.weights[factor] for factor in own], axis=0)
    low, high = np.quantile(drawn, [0.1, 0.9])
    return Estimate(float(drawn.mean()), float(low), float(high))


def _value(inputs: Inputs, measured: MeasuredLines, kind: str | None) -> Value | None:
    """What all shipped lines together gave in this type of value, at full effect; None where nothing was measured."""
    own = [at for at, factor in enumerate(measured.factors) if _type(inputs.definitions, factor) == kind]
    if not own or not measured.measured[:, own].any():
        return None
    weights = np.array([inputs.weights[measured.factors[at]][:KEPT] for at in own], np.float32)
    drawn = np.einsum("lfd,fd->d", measured.swings[:, own], weights)
    return LineDraws(drawn.astype(np.float64), {}).summary()


def _effort(inputs: Inputs) -> dict[Cell, float]:
    """What chosen work cost, spread evenly over the types and segments that it was meant for."""
    found: dict[Cell, float] = {}
    for key, initiative in inputs.definitions.initiatives.items():
        cost = effort_of(initiative)
        if not is_chosen(inputs, initiative) or not cost > 0:
            continue
        cells = list(dict.fromkeys(_meant(inputs.definitions, key)))
        for cell in cells:
            found[cell] = found.get(cell, 0.0) + cost / len(cells)
    return found


def _meant(definitions: Definitions, key: str) -> Iterator[Cell]:
    """The cells that an initiative is about: of its hypotheses; without any, of the needs and metrics it serves."""
    asked = [each for each in definitions.hypotheses.values() if each.initiative == key]
    for each in asked:
        yield _type(definitions, each.metric), None if each.segment == "all" else each.segment
    for name in () if asked else definitions.initiatives[key].serves:
        if name in definitions.needs:
            yield from _of_need(definitions, name)
        elif name in definitions.metrics:
            yield _type(definitions, name), None


def _of_need(definitions: Definitions, name: str) -> Iterator[Cell]:
    need = definitions.needs[name]
    for kind in dict.fromkeys(_type(definitions, metric) for metric in need.harms) or [None]:
        yield kind, need.segment


def _needs(definitions: Definitions) -> Counter[Cell]:
    return Counter(cell for name in definitions.needs for cell in _of_need(definitions, name))


def _effects(inputs: Inputs) -> dict[Cell, list[int]]:
    """The direction of each sound effect of what is out, 1 a clear gain (95 %), -1 a clear loss, 0 neither."""
    defined, failed = inputs.definitions, distrusted(inputs.tables.health)
    found: dict[Cell, list[int]] = {}
    whole = believable(inputs.tables.effects, failed)
    parts = [row for row in inputs.tables.effects if row.segment in defined.segments]
    broken = {experiment for experiment, metric in failed if metric is None}
    for row in (*whole, *(row for row in parts if row.experiment not in broken)):
        home = defined.experiments.get(row.experiment)
        made = defined.initiatives.get(home.initiative or "") if home else None
        if made is not None and is_chosen(inputs, made):
            way = sign_of(defined, row.metric) * _clear(row)
            found.setdefault((_type(defined, row.metric), row.segment), []).append(way)
    return found


def _clear(row: EffectRow) -> int:
    ends = next(((each.low, each.high) for each in row.intervals if each.confidence == SURE), None)
    return 0 if ends is None else 1 if ends[0] > 0 else -1 if ends[1] < 0 else 0
