"""What a line means to those concerned: to groups of raters by their weights, to segments by their own effects.

U_gi = sum over factors of w^g_j times the change of utility, per rater group, stakeholder, segment and side.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.decide.measured_lines import KEPT
from vitalfew.decide.segment_values import guarded, segment_values
from vitalfew.judgement.streams import stream
from vitalfew.results.rows import GroupValueRow, Value
from vitalfew.stats.normal import two_sided
from vitalfew.workspace.sides import SIDES, side_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.measured_lines import MeasuredLines
    from vitalfew.decide.options import Options, Singles
    from vitalfew.results.rows import GroupWeightRow

_Z80 = two_sided(0.8)


@dataclass(frozen=True, slots=True)
class Voice:
    """How some of those concerned weigh the factors: draws of their weights, `(factors, draws)`."""

    name: str
    kind: Literal["raters", "stakeholder", "side"]
    weights: Floats
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class _Lines:
    """Lines to look at: keys, draws of their swings `(lines, factors, draws)`, and how many of them have shipped."""

    keys: tuple[str, ...]
    swings: Singles
    shipped: int

    def is_shipped(self) -> dict[str, bool]:
        return {key: at < self.shipped for at, key in enumerate(self.keys)}


def group_values(inputs: Inputs, options: Options, measured: MeasuredLines) -> tuple[GroupValueRow, ...]:
    """Value of every line to everybody concerned, with the probability of a loss and of a broken guardrail.

    A candidate whose value would tell what a single person forecast is left out, as in the ledger. Groups of raters
    are those that may be shown: five people or more.
    """
    lines = _lines(inputs, options, measured)
    rows = [row for voice in _voices(inputs, options) for row in _rows(voice, lines)]
    rows += segment_values(inputs, lines.is_shipped())
    return tuple(guarded(inputs, rows, lines.is_shipped()))


def values_to(voice: Voice, swings: Singles) -> Floats:
    """Draws of the value of lines to a group, `(lines, draws)`, in points of what counts to it.

    Args:
        voice: with its weights.
        swings: value of each factor's change at weight 1, `(lines, factors, draws)`.
    """
    draws = min(voice.weights.shape[1], swings.shape[2])
    by = voice.weights[:, :draws].astype(np.float32)
    return np.asarray(np.einsum("lfd,fd->ld", swings[:, :, :draws], by), dtype=np.float64)


def _lines(inputs: Inputs, options: Options, measured: MeasuredLines) -> _Lines:
    """What was measured of shipped lines, and the candidates whose value may be shown; all over the horizon."""
    shown = {line.line for line in inputs.tables.candidates if line.value is not None}
    places = [at for at, key in enumerate(options.lines) if key in shown]
    shipped = measured.swings * measured.shares[:, :, None].astype(np.float32)
    swings = np.concatenate([shipped, options.swings[places, :, :KEPT]])
    return _Lines((*measured.lines, *(options.lines[at] for at in places)), swings, len(measured.lines))


def _rows(voice: Voice, lines: _Lines) -> Iterator[GroupValueRow]:
    """What the lines that move anything a group counts mean to it."""
    concerned = np.flatnonzero(voice.weights.any(axis=1))
    moved = np.flatnonzero(np.any([lines.swings[:, at].any(axis=1) for at in concerned], axis=0))
    if not len(moved):
        return
    drawn = values_to(voice, lines.swings[moved])
    low, high = np.quantile(drawn, [0.1, 0.9], axis=1)
    mean, gains, losses = drawn.mean(axis=1), (drawn > 0).mean(axis=1), (drawn < 0).mean(axis=1)
    for place, at in enumerate(moved):
        value = Value(float(mean[place]), float(low[place]), float(high[place]), float(gains[place]))
        is_out = bool(at < lines.shipped)
        yield GroupValueRow(
            lines.keys[at], voice.name, voice.kind, value, float(losses[place]), is_out, notes=voice.notes
        )


def _voices(inputs: Inputs, options: Options) -> Iterator[Voice]:
    """Rater groups, stakeholders and sides, as far as their weights are known."""
    factors, weights = options.factors, np.asarray(options.weights[:, :KEPT], dtype=np.float64)
    groups: dict[str, list[GroupWeightRow]] = {}
    for row in inputs.tables.group_weights:
        groups.setdefault(row.group, []).append(row)
    own = {name: group_weight_draws(inputs.seed, factors, rows) for name, rows in groups.items()}
    for name, drawn in own.items():
        yield Voice(name, "raters", drawn)
    for key, stakeholder in inputs.definitions.stakeholders.items():
        if stakeholder.raters in own:
            yield Voice(key, "stakeholder", own[stakeholder.raters or ""], ("by the weights of their raters",))
            continue
        theirs = [inputs.definitions.factors[factor].stakeholder == key for factor in factors]
        if any(theirs):
            too_few = stakeholder.raters is not None
            note = "their raters are too few to be shown: " if too_few else ""
            yield Voice(key, "stakeholder", _restricted(weights, theirs), (f"{note}by the factors that are theirs",))
    sides = [side_of(inputs.definitions, factor) for factor in factors]
    for side in SIDES if len(set(sides) - {None}) > 1 else ():
        if side in sides:
            yield Voice(side, "side", _restricted(weights, [each == side for each in sides]))


def group_weight_draws(seed: int, factors: Sequence[str], rows: Sequence[GroupWeightRow]) -> Floats:
    """Draws of a group's weights from their means and 80 % intervals, `(factors, draws)`: lognormal shares."""
    found: Mapping[str, GroupWeightRow] = {row.factor: row for row in rows}
    raised = []
    for factor in factors:
        row = found.get(factor)
        if row is None or row.mean <= 0:
            raised.append(np.zeros(KEPT))
            continue
        sd = max(np.log(row.high / row.low), 0.0) / (2 * _Z80) if row.low > 0 else 0.0
        raised.append(row.mean * np.exp(sd * stream(seed, "", "group", row.group, factor).standard_normal(KEPT)))
    drawn = np.array(raised)
    return np.asarray(drawn / drawn.sum(axis=0))


def _restricted(weights: Floats, theirs: Sequence[bool]) -> Floats:
    """The weights of some factors alone, made to sum to 1."""
    kept = np.where(np.array(theirs)[:, None], weights, 0.0)
    total = kept.sum(axis=0)
    return np.asarray(np.divide(kept, total, out=np.zeros_like(kept), where=total > 0))
