"""One plain recommendation per experiment, by the default decision rule.

*ship*: at least one success metric is significantly better and every guardrail measured is significantly no worse than
its margin. *do_not_ship*: a success metric is significantly worse, or a guardrail is more likely broken than not.
*do_not_decide*: a trust test failed. *facts_only*: nothing measured is a factor or a goal. Else *inconclusive*.
A recommendation is what the computation suggests; a decision is a person's.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from vitalfew.evidence.words import clear_direction, join, sentence, title_of
from vitalfew.results.rows import ExperimentRow
from vitalfew.stats.normal import cdf

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.results.rows import EffectRow, HealthRow
    from vitalfew.workspace.definitions import Definitions

Action = Literal["ship", "do_not_ship", "do_not_decide", "facts_only", "inconclusive"]

BROKEN = 0.5
"""Probability of a loss beyond the margin from which a guardrail counts as broken."""
_FACTS = 4  # changes named in a sentence that suggests nothing
_STRONGEST_FIRST: tuple[Action, ...] = ("ship", "inconclusive", "do_not_ship", "facts_only")


@dataclass(frozen=True, slots=True)
class _Arm:
    """What one arm suggests."""

    action: Action
    reason: str


def summaries(
    definitions: Definitions, effects: Iterable[EffectRow], health: Iterable[HealthRow]
) -> tuple[ExperimentRow, ...]:
    """Say for every experiment with effects what its results suggest, in one sentence.

    Of several arms the best counts, by name; p-values are not corrected for their number.
    """
    found: dict[str, list[EffectRow]] = {}
    for row in effects:
        found.setdefault(row.experiment, []).append(row)
    failed = {row.experiment: row for row in reversed(tuple(health)) if row.status == "failed" and "/" not in row.test}
    return tuple(_summary(definitions, experiment, rows, failed.get(experiment)) for experiment, rows in found.items())


def breach(definitions: Definitions, row: EffectRow) -> float | None:
    """Probability that the metric lost more than its guardrail's margin; None without a standard error."""
    if row.estimate is None or row.se is None:
        return None
    margin = definitions.guardrails[row.metric].margin
    return cdf((-margin - _sign(definitions, row.metric) * row.estimate) / row.se)


def _summary(
    definitions: Definitions, experiment: str, rows: Sequence[EffectRow], failed: HealthRow | None
) -> ExperimentRow:
    defined = definitions.experiments.get(experiment)
    if failed is not None:
        arm = _Arm("do_not_decide", f"Do not decide on these results: {failed.message}")
    else:
        arms = {name: _judge_arm(definitions, [row for row in rows if row.arm == name]) for name in _arms(rows)}
        arm = _best(arms)
    return ExperimentRow(
        experiment=experiment,
        title=(defined.title if defined else None) or experiment.replace("_", " "),
        initiative=defined.initiative if defined else None,
        action=arm.action,
        reason=arm.reason,
    )


def _arms(rows: Sequence[EffectRow]) -> list[str]:
    return list(dict.fromkeys(row.arm for row in rows))


def _best(arms: dict[str, _Arm]) -> _Arm:
    name = min(arms, key=lambda arm: _STRONGEST_FIRST.index(arms[arm].action))
    if len(arms) == 1:
        return arms[name]
    return _Arm(arms[name].action, f"Of {len(arms)} arms, {name} did best. {arms[name].reason}")


def _judge_arm(definitions: Definitions, rows: Sequence[EffectRow]) -> _Arm:
    everyone = [row for row in rows if row.segment is None]
    goals = [row for row in everyone if _is_goal(definitions, row.metric)]
    gates = [row for row in rows if _is_gate(definitions, row)]
    if not goals and not gates:
        told = _facts(definitions, everyone) or "Nothing could be compared"
        return _Arm("facts_only", f"{told}. None of this is a factor, a goal or a guardrail, so nothing is suggested.")
    better = [row for row in goals if _sign(definitions, row.metric) * clear_direction(row) > 0]
    worse = [row for row in goals if _sign(definitions, row.metric) * clear_direction(row) < 0]
    broken = [row for row in gates if (breach(definitions, row) or 0.0) >= BROKEN]
    unsure = [row for row in gates if row not in broken and not _holds(definitions, row)]
    if worse or broken:
        gains = [_lower(sentence(definitions, row)) for row in better]
        return _Arm("do_not_ship", f"Do not ship: {_told(definitions, worse, broken, gains)}.")
    if better and not unsure:
        kept = f", and {_number_of(gates)} no worse than the margin" if gates else ""
        return _Arm("ship", f"Ship: {join([sentence(definitions, row) for row in better])}{kept}.")
    return _Arm("inconclusive", f"Inconclusive: {_open(definitions, better or goals, unsure)}.")


def _facts(definitions: Definitions, rows: Sequence[EffectRow]) -> str:
    """What changed, clear changes first, at most `_FACTS` of them."""
    ordered = sorted(rows, key=lambda row: clear_direction(row) == 0)
    more = [f"and {len(rows) - _FACTS} more"] if len(rows) > _FACTS else []
    return join([sentence(definitions, row) for row in ordered[:_FACTS]] + more)


def _told(definitions: Definitions, worse: Sequence[EffectRow], broken: Sequence[EffectRow], gains: list[str]) -> str:
    losses = [sentence(definitions, row) for row in worse if row not in broken]
    told = join(losses + [_gate_sentence(definitions, row, "is probably broken") for row in broken])
    return f"{told}; although {' and '.join(gains)}" if gains else told


def _open(definitions: Definitions, goals: Sequence[EffectRow], unsure: Sequence[EffectRow]) -> str:
    told = [sentence(definitions, row) for row in goals]
    if not told and not unsure:
        return "the guardrails hold, but nothing measured is a factor or a goal that could get better"
    return join(told + [_gate_sentence(definitions, row, "needs more evidence") for row in unsure])


def _gate_sentence(definitions: Definitions, row: EffectRow, finding: str) -> str:
    title = title_of(definitions, row.metric)
    place = "" if row.segment is None else f" for {definitions.title('segments', row.segment)}"
    return f"guardrail {title}{place} {finding} ({sentence(definitions, row)})"


def _number_of(gates: Sequence[EffectRow]) -> str:
    return "the guardrail is" if len(gates) == 1 else f"all {len(gates)} guardrails are"


def _is_goal(definitions: Definitions, metric: str) -> bool:
    found = definitions.metrics.get(metric)
    return metric in definitions.factors or (found is not None and found.role == "goal")


def _is_gate(definitions: Definitions, row: EffectRow) -> bool:
    guardrail = definitions.guardrails.get(row.metric)
    return guardrail is not None and guardrail.segment == row.segment


def _holds(definitions: Definitions, row: EffectRow) -> bool:
    probability = breach(definitions, row)
    return probability is not None and probability <= definitions.guardrails[row.metric].alpha


def _sign(definitions: Definitions, metric: str) -> int:
    found = definitions.metrics.get(metric)
    return -1 if found is not None and found.direction == "down" else 1


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
