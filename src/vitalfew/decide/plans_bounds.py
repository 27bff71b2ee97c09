"""What a plan must keep: budget, capacity of teams, prerequisites, exclusions, minimum shares, guardrails."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.effects import bias_of, distrusted, known_effects
from vitalfew.decide.milp import Bound
from vitalfew.decide.options import weeks_open
from vitalfew.decide.shipped import is_shipped
from vitalfew.evidence.roles import sign_of
from vitalfew.judgement.metalog import sample
from vitalfew.results.figures import of_unit
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.sides import is_technical
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.effects import Known
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.portfolio import Flags
    from vitalfew.workspace.definitions import Guardrail, Initiative

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Wares:
    """Lines as bounds see them: keys, expected costs `(lines,)`, and which no failed guardrail bars `(lines,)`."""

    lines: tuple[str, ...]
    costs: Floats
    fundable: Flags

    def at(self, key: str) -> int | None:
        """Place of a line; None when it is not among them."""
        return self.lines.index(key) if key in self.lines else None


def bounds_of(wares: Wares, inputs: Inputs, budget: float) -> tuple[tuple[Bound, ...], tuple[str, ...]]:
    """Everything that a set of lines must keep, and remarks on it.

    Args:
        wares: the lines.
        inputs: of the ledger.
        budget: in the policy's unit of cost.
    """
    unit = inputs.definitions.policy.cost_unit
    guardrails = tuple(_guardrails(wares, inputs))
    bounds = (
        Bound("budget", "", f"the budget of {of_unit(f'{budget:,.4g}', unit)}", wares.costs, budget),
        *_capacities(wares, inputs),
        *_shares(wares, inputs),
        *guardrails,
        *_rules(wares, inputs),
    )
    return bounds, tuple(_kept_out(wares, guardrails))


def _capacities(wares: Wares, inputs: Inputs) -> Iterator[Bound]:
    unit = inputs.definitions.policy.cost_unit
    for key, team in inputs.definitions.teams.items():
        mine = np.array([_of(inputs, line).team == key for line in wares.lines], dtype=bool)
        if team.capacity is not None and mine.any():
            words = (
                f"the capacity of {inputs.definitions.title('teams', key)}, {of_unit(f'{team.capacity:,.4g}', unit)}"
            )
            yield Bound("capacity", key, words, wares.costs * mine, team.capacity)


def _shares(wares: Wares, inputs: Inputs) -> Iterator[Bound]:
    """At least this share of what is spent goes to a horizon, and to technical health."""
    for horizon, share in inputs.definitions.policy.minimum_shares.items():
        if share > 0:
            mine = np.array([_of(inputs, line).horizon == horizon for line in wares.lines], dtype=bool)
            words = f"at least {percent(share)} of the spending for {horizon}"
            least = share * wares.costs
            yield Bound("share", horizon, words, least - wares.costs * mine, 0.0, least, share)
    technical = inputs.definitions.policy.technical
    if technical is not None and technical.share > 0:
        mine = np.array([is_technical(inputs.definitions, line) for line in wares.lines], dtype=bool)
        words = f"at least {percent(technical.share)} of the spending for technical health"
        least = technical.share * wares.costs
        yield Bound("share", "technical", words, least - wares.costs * mine, 0.0, least, technical.share)


def _rules(wares: Wares, inputs: Inputs) -> Iterator[Bound]:
    """Prerequisites are taken with what needs them; of two lines that exclude each other one is taken at most."""
    title = inputs.definitions.title
    pairs = set()
    for at, line in enumerate(wares.lines):
        for needed in _of(inputs, line).prerequisites:
            place = wares.at(needed)
            if place is not None:
                row = np.zeros(len(wares.lines))
                row[at], row[place] = 1.0, -1.0
                words = f"{title('initiatives', line)} needs {title('initiatives', needed)}"
                yield Bound("prerequisite", line, words, row, 0.0)
        for other in _of(inputs, line).excludes:
            place = wares.at(other)
            if place is not None and frozenset((line, other)) not in pairs:
                pairs.add(frozenset((line, other)))
                row = np.zeros(len(wares.lines))
                row[at] = row[place] = 1.0
                words = f"{title('initiatives', line)} and {title('initiatives', other)} exclude each other"
                yield Bound("exclusion", line, words, row, 1.0)


# Guardrails ----------------------------------------------------------------------------------------------------------


def _guardrails(wares: Wares, inputs: Inputs) -> Iterator[Bound]:
    """What a set may lose on a guarded metric: sum of the lines' quantiles of loss at most the margin (6.4).

    Linear and conservative: the losses are added up as if they came all at once. What is known of a line counts, else
    what was forecast; a line about which nothing is known adds nothing, and neither does one that has a waiver.
    """
    failed = distrusted(inputs.tables.health)
    for metric, guardrail in inputs.definitions.guardrails.items():
        if metric in inputs.waived:
            continue
        of = (inputs.tables.effects, failed, guardrail.segment, inputs.released)
        known = known_effects(inputs.definitions, *of)
        losses = np.array([_loss(inputs, line, metric, guardrail, known) for line in wares.lines])
        if losses.any():
            words = f"the margin of the guardrail {inputs.definitions.title('metrics', metric)}"
            yield Bound("guardrail", metric, words, losses, guardrail.margin)


def _loss(
    inputs: Inputs, line: str, metric: str, guardrail: Guardrail, known: Mapping[str, Mapping[str, Known]]
) -> float:
    """What a line loses on a metric at worst, up to the guardrail's alpha: in the metric's unit, over all units."""
    if line in inputs.waived:
        return 0.0
    reach = _of(inputs, line).reach if guardrail.segment is None else None
    scale, sign = 1.0 if reach is None else reach, sign_of(inputs.definitions, metric)
    effect = known.get(line, {}).get(metric)
    if effect is not None and effect.trusted:
        from scipy.special import ndtri

        doubt = math.hypot(effect.se, bias_of(inputs.definitions, effect))  # a weaker grade may be wrong by more
        return scale * (-sign * effect.estimate + float(ndtri(1 - guardrail.alpha)) * doubt)
    segment = guardrail.segment or "all"
    for promise in inputs.promises_of(line):
        if promise.metric == metric and promise.segment == segment:
            worst = sample(promise, np.array([guardrail.alpha if sign > 0 else 1 - guardrail.alpha]))
            return scale * -sign * float(worst[0])
    return 0.0


def _kept_out(wares: Wares, guardrails: tuple[Bound, ...]) -> Iterator[str]:
    """Lines that a guardrail keeps out by themselves."""
    for bound in guardrails:
        over = [
            line for at, line in enumerate(wares.lines) if bound.coefficients[at] > bound.limit and wares.fundable[at]
        ]
        if over:
            yield f"{bound.words} keeps out {listed(over, _SHOWN)} until more is known of what they do to it"


# Lines that cannot be taken ------------------------------------------------------------------------------------------


def barred_lines(wares: Wares, inputs: Inputs) -> dict[str, str]:
    """Lines that no plan may hold, and why, in words."""
    out = {key: each for key, each in inputs.definitions.initiatives.items() if is_shipped(each, inputs)}
    found = {}
    for line in wares.lines:
        initiative = _of(inputs, line)
        why = _missing(wares, inputs, initiative) or _in_the_way(inputs, line, out) or _too_late(inputs, initiative)
        if why is not None:
            found[line] = f"{inputs.definitions.title('initiatives', line)} is left out: {why}"
    return found


def _missing(wares: Wares, inputs: Inputs, initiative: Initiative) -> str | None:
    """Which prerequisite is neither out nor to be chosen."""
    for needed in initiative.prerequisites:
        place, defined = wares.at(needed), inputs.definitions.initiatives.get(needed)
        if defined is None or is_shipped(defined, inputs) or (place is not None and wares.fundable[place]):
            continue
        name = inputs.definitions.title("initiatives", needed)
        if defined.status in OVER:
            return f"it needs {name}, which was {defined.status}"
        return f"it needs {name}, which {'has no cost' if place is None else 'may not be funded'}"
    return None


def _in_the_way(inputs: Inputs, line: str, out: Mapping[str, Initiative]) -> str | None:
    """What is out and cannot be beside a line, whichever of the two says so."""
    excludes = _of(inputs, line).excludes
    for other, defined in out.items():
        if other in excludes or line in defined.excludes:
            verb = "it excludes" if other in excludes else "it is excluded by"
            return f"{verb} {inputs.definitions.title('initiatives', other)}, which is out"
    return None


def _too_late(inputs: Inputs, initiative: Initiative) -> str | None:
    """Whether its window closes before it could be out."""
    if initiative.needed_by is None:
        return None
    if initiative.needed_by < inputs.today:
        return f"it was needed by {initiative.needed_by}"
    if weeks_open(inputs, initiative) == 0:
        return f"it is needed by {initiative.needed_by} and takes {initiative.weeks or 0:g} weeks"
    return None


def _of(inputs: Inputs, line: str) -> Initiative:
    return inputs.definitions.initiatives[line]
