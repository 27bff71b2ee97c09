"""One plain recommendation per experiment, by the decision rule of the policy.

*ship*: success metrics are significantly better (any of them, or all, as the rule says; p-values corrected over metrics
and arms) and every guardrail measured is significantly no worse than its margin. *do_not_ship*: a success metric is
significantly worse, or a guardrail is more likely broken than not. *stop*: the plan asks for futility, and success can
no longer be expected. *do_not_decide*: a trust test failed, or every segment contradicts what decides. *facts_only*:
nothing measured is meant to decide. Else *inconclusive*. A recommendation is what the computation suggests; a decision
is a person's.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Literal

from vitalfew.evidence.futility import cannot_succeed
from vitalfew.evidence.guardrails import harmed, status_of_effect
from vitalfew.evidence.planned import planning
from vitalfew.evidence.roles import gate_of, is_goal, sign_of
from vitalfew.evidence.settings import Setting
from vitalfew.evidence.words import clear_direction, join, sentence, title_of
from vitalfew.results.grouped import grouped
from vitalfew.results.rows import ExperimentRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.results.rows import EffectRow, HealthRow
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.plan_locks import PlanProof

Action = Literal["ship", "do_not_ship", "do_not_decide", "facts_only", "inconclusive", "stop"]

_FACTS = 4  # changes named in a sentence that suggests nothing
_STRONGEST_FIRST: tuple[Action, ...] = ("ship", "inconclusive", "stop", "do_not_ship", "facts_only")
_OF_SEVERAL: Mapping[Action, str] = {
    "ship": "{arm} did best",
    "inconclusive": "none can be shipped yet, {arm} comes nearest",
    "stop": "none can succeed any more, {arm} came nearest",
    "do_not_ship": "none may be shipped, {arm} comes nearest",
    "facts_only": "{arm} differs most",
}


@dataclass(frozen=True, slots=True)
class _Arm:
    """What one arm suggests; `p_value`: the smallest corrected one of its gains; `pull`: its largest, in errors."""

    action: Action
    reason: str
    p_value: float = 1.0
    pull: float = 0.0


def summaries(
    definitions: Definitions,
    effects: Iterable[EffectRow],
    health: Iterable[HealthRow],
    settings: Mapping[str, Setting] | None = None,
    plans: Mapping[str, PlanProof] | None = None,
    reversals: Mapping[tuple[str, str, str], HealthRow] | None = None,
) -> tuple[ExperimentRow, ...]:
    """Say for every experiment with effects what its results suggest, in one sentence, and what was planned.

    Of several arms the best counts, by name: p-values are corrected for their number.

    Args:
        definitions: experiments, metrics, guardrails and the decision rule.
        effects: of the run.
        health: trust tests; one that *failed* forbids a decision.
        settings: how each experiment is judged.
        plans: whether the plan of each experiment was locked before its start.
        reversals: effects that every segment contradicts, by experiment, metric and arm; one that decides or guards
            forbids a decision.
    """
    found = grouped(effects)
    failed: dict[str, HealthRow | None] = {
        row.experiment: row for row in reversed(tuple(health)) if row.status == "failed" and "/" not in row.test
    }
    known, proofs = settings or {}, plans or {}
    for key, rows in found.items():
        turned = (_contradicted(definitions, row, reversals or {}) for row in rows)
        failed.setdefault(key, next((test for test in turned if test is not None), None))
    return tuple(
        _summary(definitions, found[key], failed[key], known.get(key, Setting()), proofs.get(key))
        for key in sorted(found, key=partial(_place, definitions))
    )


def _place(definitions: Definitions, experiment: str) -> tuple[int, list[tuple[int, str]]]:
    """Defined experiments in their order; the others as people count: Exp 2 before Exp 10."""
    if experiment in definitions.experiments:
        return list(definitions.experiments).index(experiment), []
    parts = re.findall(r"(\d+)|(\D+)", experiment.casefold())
    return len(definitions.experiments), [(int(number or 0), text) for number, text in parts]


def _contradicted(
    definitions: Definitions, row: EffectRow, reversals: Mapping[tuple[str, str, str], HealthRow]
) -> HealthRow | None:
    matters = _decides(definitions, row) or gate_of(definitions, row.metric, None) is not None
    return reversals.get((row.experiment, row.metric, row.arm)) if row.segment is None and matters else None


def _summary(
    definitions: Definitions,
    rows: Sequence[EffectRow],
    failed: HealthRow | None,
    setting: Setting,
    proof: PlanProof | None,
) -> ExperimentRow:
    experiment = rows[0].experiment
    defined = definitions.experiments.get(experiment)
    if failed is not None:
        arm = _Arm("do_not_decide", f"Do not decide on these results: {failed.message}")
    else:
        arms = {name: _pulled(definitions, setting, [row for row in rows if row.arm == name]) for name in _arms(rows)}
        arm = _best(arms)
    told = "" if arm.action == "facts_only" else planning(definitions, setting, proof, rows)
    return ExperimentRow(
        experiment=experiment,
        title=(defined.title if defined else None) or experiment.replace("_", " "),
        initiative=defined.initiative if defined else None,
        action=arm.action,
        reason=f"{arm.reason} {told}".strip(),
        declared=defined is not None and defined.plan is not None,
        locked_at=proof.locked_at if proof is not None else None,
        proved=proof.proved if proof is not None and proof.matches else "no",
    )


def _arms(rows: Sequence[EffectRow]) -> list[str]:
    return list(dict.fromkeys(row.arm for row in rows))


def _best(arms: dict[str, _Arm]) -> _Arm:
    name = min(arms, key=lambda arm: (_STRONGEST_FIRST.index(arms[arm].action), arms[arm].p_value, -arms[arm].pull))
    if len(arms) == 1:
        return arms[name]
    found = _OF_SEVERAL[arms[name].action].format(arm=name)
    return _Arm(arms[name].action, f"Of {len(arms)} arms, {found}. {arms[name].reason}")


def _pulled(definitions: Definitions, setting: Setting, rows: Sequence[EffectRow]) -> _Arm:
    """What an arm suggests, with its largest gain on what decides; where nothing decides, its largest change."""
    arm = _judge_arm(definitions, setting, rows)
    gains = [(sign_of(definitions, row.metric) * row.estimate / row.se, row) for row in rows if row.estimate and row.se]
    if arm.action == "facts_only":
        return replace(arm, pull=max((abs(gain) for gain, row in gains if row.segment is None), default=0.0))
    return replace(arm, pull=max((gain for gain, row in gains if _decides(definitions, row)), default=0.0))


def _judge_arm(definitions: Definitions, setting: Setting, rows: Sequence[EffectRow]) -> _Arm:
    everyone = [row for row in rows if row.segment is None]
    goals = [row for row in everyone if _decides(definitions, row)]
    gates = [row for row in rows if gate_of(definitions, row.metric, row.segment) is not None]
    if not goals and not gates and not _primary(setting):
        told = _facts(definitions, setting, everyone) or "Nothing could be compared"
        return _Arm("facts_only", f"{told}. None of this is a factor, a goal or a guardrail, so nothing is suggested.")
    better = [row for row in goals if _direction(definitions, setting, row) > 0]
    worse = [row for row in goals if _direction(definitions, setting, row) < 0]
    broken, unsure = _guarded(definitions, gates)
    if worse or broken:
        gains = [_lower(sentence(definitions, row)) for row in better]
        return _Arm("do_not_ship", f"Do not ship: {_told(definitions, worse, broken, gains)}.")
    enough = (
        better if definitions.policy.decision.success == "any" else better[: len(better) == len(goals) and len(goals)]
    )
    if enough and not unsure:
        return _shipped(definitions, setting, enough, gates)
    if not better and cannot_succeed(definitions, setting, goals):
        told = join([sentence(definitions, row) for row in goals])
        return _Arm("stop", f"Stop: cannot succeed any more with the planned units; {told}.")
    lacking = [row for row in goals if row not in better] if better and not enough else []
    return _Arm("inconclusive", f"Inconclusive: {_open(definitions, setting, lacking or better or goals, unsure)}.")


def _shipped(
    definitions: Definitions, setting: Setting, better: Sequence[EffectRow], gates: Sequence[EffectRow]
) -> _Arm:
    told = join([sentence(definitions, row) for row in better])
    if setting.mode == "group_sequential" and setting.next_look is not None:
        units = f"{setting.next_look * (setting.planned or 0):,.0f} units"
        return _Arm("inconclusive", f"Inconclusive: {told}; but the next planned look is at {units}, wait for it.")
    kept = f", and {_number_of(definitions, gates)}" if gates else ""
    return _Arm("ship", f"Ship: {told}{kept}.", min(_p_of(row) for row in better))


def _decides(definitions: Definitions, row: EffectRow) -> bool:
    return row.role == "primary" if row.role is not None else is_goal(definitions, row.metric)


def _p_of(row: EffectRow) -> float:
    known = row.adjusted_p if row.adjusted_p is not None else row.p_value
    return 1.0 if known is None else known


def _direction(definitions: Definitions, setting: Setting, row: EffectRow) -> int:
    """1 when a metric is significantly better, -1 when worse, by the corrected p-value; by the interval without one."""
    sign = sign_of(definitions, row.metric)
    if row.adjusted_p is None and row.p_value is None:
        return sign * clear_direction(row)
    if row.estimate is None or _p_of(row) > setting.alpha:
        return 0
    return sign * ((row.estimate > 0) - (row.estimate < 0))


def _guarded(definitions: Definitions, gates: Sequence[EffectRow]) -> tuple[list[EffectRow], list[EffectRow]]:
    """Guardrails that are broken, and those that are not known to be kept, by the decision rule."""
    states = [status_of_effect(definitions, row) for row in gates]
    broken = [row for row, state in zip(gates, states, strict=True) if state == "fail"]
    if definitions.policy.decision.guardrails == "no_harm":
        return [row for row in gates if row in broken or harmed(definitions, row)], []
    return broken, [row for row, state in zip(gates, states, strict=True) if state == "evidence needed"]


def _facts(definitions: Definitions, setting: Setting, rows: Sequence[EffectRow]) -> str:
    """What changed, clear changes first, at most `_FACTS` of them."""
    ordered = sorted(rows, key=lambda row: (clear_direction(row) == 0, _direction(definitions, setting, row) == 0))
    more = [f"and {len(rows) - _FACTS} more"] if len(rows) > _FACTS else []
    return join([_not_alone(definitions, setting, row, "was asked") for row in ordered[:_FACTS]] + more)


def _told(definitions: Definitions, worse: Sequence[EffectRow], broken: Sequence[EffectRow], gains: list[str]) -> str:
    losses = [sentence(definitions, row) for row in worse if row not in broken]
    told = join(losses + [_gate_sentence(definitions, row, "is probably broken") for row in broken])
    return f"{told}; although {' and '.join(gains)}" if gains else told


def _open(definitions: Definitions, setting: Setting, goals: Sequence[EffectRow], unsure: Sequence[EffectRow]) -> str:
    told = [_not_alone(definitions, setting, row, "decides") for row in goals]
    if not goals:
        told = [f"{title_of(definitions, metric)} should decide and was not measured" for metric in _primary(setting)]
    if not told and not unsure:
        return "the guardrails hold, but nothing measured is a factor or a goal that could get better"
    return join(told + [_gate_sentence(definitions, row, "needs more evidence") for row in unsure])


def _primary(setting: Setting) -> tuple[str, ...]:
    return setting.plan.primary if setting.plan is not None else ()


def _not_alone(definitions: Definitions, setting: Setting, row: EffectRow, every: str) -> str:
    """What happened to a metric; what is clear only as long as one looks at nothing else is said to be no proof."""
    told = sentence(definitions, row)
    only_alone = clear_direction(row) != 0 and _direction(definitions, setting, row) == 0
    return f"{told}, not clear any more once corrected for all that {every}" if only_alone else told


def _gate_sentence(definitions: Definitions, row: EffectRow, finding: str) -> str:
    title = title_of(definitions, row.metric)
    place = "" if row.segment is None else f" for {definitions.title('segments', row.segment)}"
    return f"guardrail {title}{place} {finding} ({sentence(definitions, row)})"


def _number_of(definitions: Definitions, gates: Sequence[EffectRow]) -> str:
    """What is said of the guardrails when none of them stands in the way."""
    lead = {1: "the guardrail", 2: "both guardrails"}.get(len(gates), f"all {len(gates)} guardrails")
    if definitions.policy.decision.guardrails == "no_harm":
        return f"{lead} show{'s' if len(gates) == 1 else ''} no harm"
    return f"{lead} {'is' if len(gates) == 1 else 'are'} no worse than the margin"


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]
