"""The shipped half of the ledger: promised, measured, verdict, next step."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.draws import LineDraws, value_of
from vitalfew.decide.effects import bias_of, correlation
from vitalfew.decide.portfolio import vital_set
from vitalfew.decide.release_reasons import release_reasons
from vitalfew.decide.sampling import chances, effect_draws
from vitalfew.decide.shrunk import shrunk
from vitalfew.evidence.grades import weakest
from vitalfew.results.rows import Measured, Promised, ShippedLine
from vitalfew.results.words import listed
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.effects import Known
    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.transfer import Carried
    from vitalfew.decide.utility import Reals
    from vitalfew.results.rows import NextStep, PromiseRow, UseRow, Verdict, VerdictRow
    from vitalfew.workspace.definitions import Definitions, Feature, Grade, Initiative

NEXT_STEP: Mapping[Verdict, NextStep] = {
    "kept": "keep",
    "fell_short": "fix",
    "harmful": "remove",
    "unproven": "measure",
    "no_promise": "measure",
}
_WORST_FIRST: tuple[Verdict, ...] = ("harmful", "fell_short", "unproven", "kept", "no_promise")
_DOUBT = 0.05
SHIPPED_STATUSES = frozenset({"live", "shipped"})


@dataclass(frozen=True, slots=True)
class ValuedLine:
    """A ledger line with the draws behind its value, and those of its value without luck (None: it has no value)."""

    line: ShippedLine
    draws: LineDraws | None
    true: Floats | None = None


def is_shipped(initiative: Initiative, inputs: Inputs) -> bool:
    """Whether an initiative was out on the day of the ledger."""
    if initiative.shipped is not None:
        return initiative.shipped <= inputs.today and initiative.status not in OVER
    return initiative.status in SHIPPED_STATUSES


def shipped_lines(inputs: Inputs) -> tuple[ValuedLine, ...]:
    """Lines of shipped initiatives, then of features no shipped initiative stands for; vital first."""
    initiatives = {k: i for k, i in sorted(inputs.definitions.initiatives.items()) if is_shipped(i, inputs)}
    covered = {initiative.feature for initiative in initiatives.values()}
    lines = [_initiative_line(inputs, key, initiative) for key, initiative in initiatives.items()]
    lines += [
        _feature_line(inputs, key, feature)
        for key, feature in sorted(inputs.definitions.features.items())
        if key not in covered and (feature.shipped is None or feature.shipped <= inputs.today)
    ]
    return tuple(sorted(_with_p_vital(lines, inputs.seed), key=_rank))


def vital_counts(lines: Sequence[ValuedLine]) -> tuple[int, int, int] | None:
    """Size of the vital set: median and 80 % interval over draws of true values; None when no line has a value."""
    drawn = [line.true for line in lines if line.true is not None]
    if not drawn:
        return None
    values = np.vstack(drawn)
    low, middle, high = np.quantile(vital_set(values).sum(axis=0), [0.1, 0.5, 0.9])
    return round(middle), int(low), int(np.ceil(high))


def _initiative_line(inputs: Inputs, key: str, initiative: Initiative) -> ValuedLine:
    everything = inputs.known.get(key, {})
    known = _trusted(everything)
    verdicts = sorted(inputs.verdicts_of(key), key=lambda row: (_WORST_FIRST.index(row.verdict), row.hypothesis))
    verdict: Verdict = verdicts[0].verdict if verdicts else "no_promise"
    promise = inputs.locked_promise(verdicts)
    changes, through = measured_changes(inputs, key, initiative, known)
    draws = _valued(inputs, changes)
    measured = _measured(inputs, known, promise, draws)
    carried = {factor: through[factor] for factor in (draws.parts if draws else {}) if factor not in known}
    grades = [known[f].grade for f in inputs.definitions.factors if f in known]
    grades += [grade_through(each, known) for each in carried.values()]
    use = inputs.main_use(initiative.feature)
    line = ShippedLine(
        line=key,
        title=inputs.definitions.title("initiatives", key),
        kind="initiative",
        team=initiative.team,
        product=inputs.definitions.product_of(initiative),
        promised=_promised(promise),
        measured=measured,
        value=draws.summary() if draws else None,
        parts=draws.part_summaries() if draws else (),
        upkeep=initiative.upkeep,
        use=use.reach if use else None,
        verdict=verdict,
        recommendation=NEXT_STEP[verdict],
        p_vital=None,
        grade=weakest(grades or (effect.grade for effect in known.values())),
        reasons=(
            *(() if verdicts else release_reasons(inputs, key)),
            *_verdict_reasons(inputs, verdicts),
            *(_trust_reasons(everything) or value_reasons(inputs, {*known, *carried})),
            *_link_reasons(inputs, carried),
            *_promise_reasons(inputs, promise, draws),
            *_clearest_reasons(known, promise, draws),
            *_reach_reasons(initiative, draws),
            *_loss_reasons(verdict, draws),
        ),
    )
    return ValuedLine(line, draws.without_parts() if draws else None)


def _feature_line(inputs: Inputs, key: str, feature: Feature) -> ValuedLine:
    use = inputs.main_use(key)
    line = ShippedLine(
        line=key,
        title=inputs.definitions.title("features", key),
        kind="feature",
        team=feature.team,
        product=inputs.definitions.product_of(feature),
        promised=None,
        measured=None,
        value=None,
        parts=(),
        upkeep=feature.upkeep,
        use=use.reach if use else None,
        verdict="no_promise",
        recommendation="measure",
        p_vital=None,
        grade=None,
        reasons=(use_sentence(use), "no experiment or release tells what it is worth"),
    )
    return ValuedLine(line, None)


def measured_value(inputs: Inputs, key: str, initiative: Initiative, known: Mapping[str, Known]) -> LineDraws | None:
    """Draws of the value of measured effects, reach applied; None when they reach no factor."""
    return _valued(inputs, measured_changes(inputs, key, initiative, known)[0])


def _valued(inputs: Inputs, changes: Mapping[str, Reals]) -> LineDraws | None:
    drawn = {factor: change for factor, change in changes.items() if factor in inputs.weights}
    return value_of(inputs.curves, drawn, inputs.weights) if drawn else None


def measured_changes(
    inputs: Inputs, key: str, initiative: Initiative, known: Mapping[str, Known]
) -> tuple[dict[str, Reals], dict[str, Carried]]:
    """Draws of measured changes over all units, by metric, and what links carried of them to factors.

    Effects of one experiment keep their covariance; what their grade may be wrong by widens them.
    """
    counted = {metric: known[metric] for metric in sorted(known) if metric in inputs.counted}
    bias = {metric: bias_of(inputs.definitions, effect) for metric, effect in counted.items()}
    at = {metric: chances(inputs.draws, inputs.seed, key, metric) for metric in counted}
    reach = 1.0 if initiative.reach is None else initiative.reach
    drawn = effect_draws(counted, joint_of(inputs, counted), bias, {}, at)
    changes: dict[str, Reals] = {m: change if counted[m].of_all else reach * change for m, change in drawn.items()}
    carried = inputs.transfer.carried(changes, key, reach)
    return changes | {f: each.change for f, each in carried.items()}, carried


def removed_changes(inputs: Inputs, feature: str) -> tuple[dict[str, Reals], Grade | None]:
    """Draws of what removing a feature takes away, by factor: what was measured of the initiatives that built it."""
    found: dict[str, Reals] = {}
    grades = []
    for key, initiative in sorted(inputs.definitions.initiatives.items()):
        if initiative.feature != feature or not is_shipped(initiative, inputs):
            continue
        known = _trusted(inputs.known.get(key, {}))
        changes, carried = measured_changes(inputs, key, initiative, known)
        for factor in sorted(set(changes) & set(inputs.weights)):
            found[factor] = found.get(factor, 0.0) - changes[factor]
            grades.append(known[factor].grade if factor in known else grade_through(carried[factor], known))
    return found, weakest(grades)


def joint_of(inputs: Inputs, known: Mapping[str, Known]) -> Floats:
    """Correlation of the estimates of some effects, in their order; 0 between experiments."""
    experiments = {effect.experiments for effect in known.values()}
    if len(known) > 1 and len(experiments) == 1 and len(next(iter(experiments))) == 1:
        return correlation(inputs.tables.moments, next(iter(experiments))[0], known)
    return np.eye(len(known))


def grade_through(carried: Carried, known: Mapping[str, Known]) -> Grade:
    """The grade of a change that links carry: of the weakest of them, or of the effects that they carry."""
    return weakest((carried.grade, *(known[metric].grade for metric in carried.sources))) or "opinion"


def _link_reasons(inputs: Inputs, carried: Mapping[str, Carried]) -> tuple[str, ...]:
    """That some of the value rests on links, and what these rest on."""
    return tuple(reached(inputs.definitions, factor, each) for factor, each in carried.items())


def reached(definitions: Definitions, factor: str, carried: Carried) -> str:
    """How a factor is reached that nobody measured, and what an expert's range leaves out of it, in words."""
    title = definitions.title("factors", factor)
    by = "by an expert's range" if carried.grade == "opinion" else f"estimated over experiments ({carried.grade})"
    sources = listed(definitions.title("metrics", metric) for metric in carried.sources)
    rest = "; what a change does to it in other ways is not in the interval" if carried.grade == "opinion" else ""
    return f"{title} is reached through links {by} from {sources}{rest}"


def value_reasons(inputs: Inputs, known: Collection[str]) -> tuple[str, ...]:
    """Why a value is missing or partial, in words."""
    factors = inputs.definitions.factors
    if not factors:
        return ("no factors yet: facts only",)
    missing = [inputs.definitions.title("factors", factor) for factor in factors if factor not in known]
    if len(missing) == len(factors):
        return ("no effect on any factor has been measured",)
    reasons = [f"value leaves out what was not measured: {', '.join(missing)}"] if missing else []
    reasons += unweighed_reasons(inputs, known)
    if not inputs.tables.weights:
        reasons.append("weights unknown: nobody has judged yet, ranks run over the whole weight space")
    return tuple(reasons)


def unweighed_reasons(inputs: Inputs, metrics: Iterable[str]) -> tuple[str, ...]:
    """Which of some metrics are factors that nobody has weighed: their weight is unknown, not zero."""
    factors = inputs.definitions.factors
    without = [inputs.definitions.title("metrics", m) for m in metrics if m in factors and m not in inputs.weights]
    return (f"value leaves out what nobody has weighed: {', '.join(without)}",) if without else ()


def _trusted(known: Mapping[str, Known]) -> dict[str, Known]:
    return {metric: effect for metric, effect in known.items() if effect.trusted}


def _trust_reasons(known: Mapping[str, Known]) -> tuple[str, ...]:
    """An effect that cannot be believed gives no value: it is named, and neither shown nor ranked."""
    broken = dict.fromkeys(key for effect in known.values() if not effect.trusted for key in effect.experiments)
    if not broken or any(effect.trusted for effect in known.values()):
        return ()
    return (f"no value is shown: {', '.join(broken)} failed a trust test",)


def use_sentence(use: UseRow | None) -> str:
    """Use of a feature in words."""
    if use is None:
        return "use is not measured: no events are named"
    if not use.measured or use.reach is None:
        return f"use is not measured: {use.reason or 'no events are named'}"
    verdict = "; hardly used" if use.hardly_used else ""
    return f"used by {100 * use.reach.estimate:.3g} % of the eligible in {use.window_days} days{verdict}"


def _measured(
    inputs: Inputs, known: Mapping[str, Known], promise: PromiseRow | None, draws: LineDraws | None
) -> Measured | None:
    """The effect on what was promised, for whom it was promised; else on the factor that gives most of the value.

    Where nothing says which metric counts, the effect that stands farthest from none in its standard errors.
    """
    if promise is not None and promise.segment != "all":
        held = next(row for row in inputs.tables.verdicts if row.hypothesis == promise.hypothesis)
        return None if held.estimate is None else Measured(held.metric, held.estimate, held.low, held.high)
    parts = draws.parts if draws else {}

    def weight(metric: str) -> tuple[bool, float, str]:
        if metric in parts:
            return False, -abs(float(parts[metric].mean())), metric
        effect = known[metric]
        return True, -abs(effect.estimate) / effect.se if effect.se > 0 else -math.inf, metric

    wanted = promise.metric if promise else min(known, key=weight, default=None)
    effect = None if wanted is None else known.get(wanted)
    return Measured(effect.metric, effect.estimate, effect.low, effect.high) if effect else None


def _promised(promise: PromiseRow | None) -> Promised | None:
    if promise is None:
        return None
    return Promised(promise.metric, promise.p10, promise.p50, promise.p90, promise.proved)


def _verdict_reasons(inputs: Inputs, verdicts: Sequence[VerdictRow]) -> tuple[str, ...]:
    if not verdicts:
        return ("no hypothesis was stated",)
    if len(verdicts) == 1:
        return (verdicts[0].reason,)
    return tuple(f"{inputs.definitions.title('metrics', v.metric)}: {v.reason}" for v in verdicts)


def _promise_reasons(inputs: Inputs, promise: PromiseRow | None, draws: LineDraws | None) -> tuple[str, ...]:
    """That what was promised and what it is worth are about different metrics."""
    if promise is None or draws is None or promise.metric in draws.parts:
        return ()
    title = inputs.definitions.title
    counted = ", ".join(title("factors", factor) for factor in draws.parts)
    return (f"its value is that of {counted}; what was promised, {title('metrics', promise.metric)}, is not in it",)


def _clearest_reasons(
    known: Mapping[str, Known], promise: PromiseRow | None, draws: LineDraws | None
) -> tuple[str, ...]:
    if len(known) < 2 or promise is not None or draws is not None:  # noqa: PLR2004 - of one there is no choice
        return ()
    return (f"of {len(known)} metrics the clearest effect is shown: nothing says which of them counts",)


def _reach_reasons(initiative: Initiative, draws: LineDraws | None) -> tuple[str, ...]:
    return ("reach taken as all units",) if draws is not None and initiative.reach is None else ()


def _loss_reasons(verdict: Verdict, draws: LineDraws | None) -> tuple[str, ...]:
    """Without a promise there is no verdict, but a loss beyond doubt is said all the same."""
    if verdict != "no_promise" or draws is None or (draws.value > 0).mean() > _DOUBT:
        return ()
    return ("nothing was promised, yet what was measured is a loss with probability over 95 %: look at it first",)


def _with_p_vital(lines: Sequence[ValuedLine], seed: int) -> list[ValuedLine]:
    """P(in the vital set), by true values: the largest of many measured ones are large by luck, too."""
    drawn = [line.draws.value for line in lines if line.draws is not None]
    if not drawn:
        return list(lines)
    true = shrunk(np.vstack(drawn), seed)
    found = iter(zip(true, vital_set(true).mean(axis=1), strict=True))
    return [line if line.draws is None else _vital(line, *next(found)) for line in lines]


def _vital(line: ValuedLine, true: Floats, share: float) -> ValuedLine:
    return replace(line, line=replace(line.line, p_vital=float(share)), true=true)


def _rank(valued: ValuedLine) -> tuple[float, float, float, tuple[str | int, ...]]:
    """Vital first, then by value, then by use; lines without any number last. Equals as people count: 2 before 10."""
    line = valued.line
    return (
        -(line.p_vital if line.p_vital is not None else -1.0),
        -(line.value.mean if line.value else float("-inf")),
        -(line.use.estimate if line.use else -1.0),
        tuple(int(part) if part.isdecimal() else part.casefold() for part in re.split("([0-9]+)", line.title)),
    )
