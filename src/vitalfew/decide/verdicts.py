"""Promises held against effects: one verdict per hypothesis, by the formula of `judge`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vitalfew.decide.effects import Known, distrusted, known_effects
from vitalfew.decide.verdict import judge
from vitalfew.results.rows import VerdictRow
from vitalfew.stats.normal import cdf

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from vitalfew.results.rows import EffectRow, HealthRow, PromiseRow, Verdict
    from vitalfew.workspace.definitions import Definitions, Hypothesis

GateStatus = Literal["pass", "fail", "evidence needed"]


def verdicts(
    definitions: Definitions,
    promises: Iterable[PromiseRow],
    effects: Iterable[EffectRow],
    health: Iterable[HealthRow],
    today: date,
) -> tuple[VerdictRow, ...]:
    """The verdict of every hypothesis, in the order of the definitions."""
    rows = tuple(effects)
    failed = distrusted(health)
    by_segment = {
        segment: known_effects(definitions, rows, failed, None if segment == "all" else segment)
        for segment in {hypothesis.segment for hypothesis in definitions.hypotheses.values()} | {"all"}
    }
    locked = {promise.hypothesis: promise for promise in promises if promise.locked_at is not None}
    return tuple(
        _verdict(definitions, key, hypothesis, locked.get(key), by_segment[hypothesis.segment], today)
        for key, hypothesis in definitions.hypotheses.items()
    )


def guardrail_status(definitions: Definitions, metric: str, known: Known) -> GateStatus:
    """Gate of one guardrail: P(the loss exceeds the margin) at most alpha: pass; at least one half: fail."""
    guardrail = definitions.guardrails[metric]
    gain = -known.estimate if definitions.metrics[metric].direction == "down" else known.estimate
    breach = cdf((-guardrail.margin - gain) / known.se)
    if breach <= guardrail.alpha:
        return "pass"
    return "fail" if breach >= 0.5 else "evidence needed"  # noqa: PLR2004 - the rule of the value model


def _verdict(
    definitions: Definitions,
    key: str,
    hypothesis: Hypothesis,
    promise: PromiseRow | None,
    known: Mapping[str, Mapping[str, Known]],
    today: date,
) -> VerdictRow:
    measured = known.get(hypothesis.initiative, {})
    effect = measured.get(hypothesis.metric)
    due = hypothesis.due

    def row(verdict: Verdict, reason: str) -> VerdictRow:
        return VerdictRow(
            key,
            hypothesis.initiative,
            hypothesis.metric,
            verdict,
            reason,
            promise.p50 if promise else None,
            effect.estimate if effect else None,
            effect.low if effect else None,
            effect.high if effect else None,
            due.isoformat() if due else None,
        )

    if promise is None:
        return row("no_promise", "no promise was locked")
    if due is not None and due > today:
        return row("unproven", f"the verdict is due on {due.isoformat()}")
    if effect is None:
        return row("unproven", "no effect with an interval has been measured")
    if not effect.trusted:
        return row("unproven", f"experiment {effect.experiments[0]} failed a trust test: its effect cannot be believed")
    gates = hypothesis.guardrails or tuple(definitions.guardrails)
    broken = [
        gate
        for gate in gates
        if gate in definitions.guardrails
        and gate in measured
        and guardrail_status(definitions, gate, measured[gate]) == "fail"
    ]
    verdict, reason = judge(
        promise.p50,
        effect.estimate,
        effect.se,
        good=definitions.metrics[hypothesis.metric].direction,
        guardrail_failed=bool(broken),
        margin=hypothesis.margin,
    )
    if broken:
        reason += f" (guardrail: {', '.join(definitions.title('metrics', gate) for gate in broken)})"
    return row(verdict, reason)
