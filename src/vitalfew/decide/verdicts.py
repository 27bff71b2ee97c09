"""Promises held against effects: one verdict per hypothesis, by the formula of `judge`."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

from vitalfew.decide.effects import Known, distrusted, known_effects, stronger
from vitalfew.decide.verdict import has_come, judge
from vitalfew.evidence.guardrails import status_of
from vitalfew.results.rows import VerdictRow

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from vitalfew.evidence.guardrails import GateStatus
    from vitalfew.results.rows import DueRow, EffectRow, HealthRow, PromiseRow, Verdict
    from vitalfew.workspace.definitions import Definitions, Hypothesis


def verdicts(
    definitions: Definitions,
    promises: Iterable[PromiseRow],
    effects: Iterable[EffectRow],
    health: Iterable[HealthRow],
    today: date,
    at_due: Iterable[DueRow] = (),
    released: Iterable[EffectRow] = (),
) -> tuple[VerdictRow, ...]:
    """The verdict of every hypothesis, in the order of the definitions.

    A promise is judged as it was locked: on its metric, for its segment, on its day, whatever the definition says now.

    Args:
        definitions: of the workspace.
        promises: locked or not.
        effects: as known today.
        health: trust tests, likewise.
        today: the day of the run.
        at_due: what experiments that went on had shown when a promise fell due; it counts instead of what came later.
        released: effects of releases that stand for one initiative; they count where no experiment tells.
    """
    rows, tests, dated = tuple(effects), tuple(health), tuple(released)
    locked = {promise.hypothesis: promise for promise in promises if promise.locked_at is not None}
    segments = _segments(definitions, locked.values())
    frozen: dict[str | None, list[DueRow]] = {None: []}
    for row in at_due:
        frozen.setdefault(row.due, []).append(row)
    views = {due: _as_it_stood(definitions, rows, tests, then, segments, dated) for due, then in frozen.items()}
    return tuple(
        _verdict(definitions, key, hypothesis, locked.get(key), views, today)
        for key, hypothesis in definitions.hypotheses.items()
    )


type _Found = Mapping[str | None, Mapping[str, Mapping[str, Known]]]


def _as_it_stood(
    definitions: Definitions,
    effects: Iterable[EffectRow],
    health: Iterable[HealthRow],
    then: Iterable[DueRow],
    segments: Iterable[str | None],
    released: Sequence[EffectRow],
) -> _Found:
    """Effects by segment, initiative and metric, with what was looked at again as it stood then."""
    again = tuple(then)
    gone_on = {row.experiment for row in again}
    rows = [row for row in effects if row.experiment not in gone_on]
    rows += [row.effect for row in again if row.effect is not None]
    tests = [row for row in health if row.experiment not in gone_on]
    failed = distrusted([*tests, *(row.health for row in again if row.health is not None)])
    return {segment: known_effects(definitions, rows, failed, segment, released) for segment in segments}


def _segments(definitions: Definitions, locked: Iterable[PromiseRow]) -> set[str | None]:
    asked = {hypothesis.segment for hypothesis in definitions.hypotheses.values()} | {row.segment for row in locked}
    gates = {guardrail.segment for guardrail in definitions.guardrails.values()}
    return {None, *gates, *(_group(segment) for segment in asked)}


def _group(segment: str) -> str | None:
    """The segment of effects: None stands for all units."""
    return None if segment == "all" else segment


def gate_states(
    definitions: Definitions, initiative: str, found: Mapping[str | None, Mapping[str, Mapping[str, Known]]]
) -> dict[str, GateStatus]:
    """State of every guardrail measured on an initiative, each in the guardrail's own segment, by metric.

    Args:
        definitions: with the guardrails.
        initiative: its key.
        found: effects by segment (None: all units), initiative and metric.
    """
    states: dict[str, GateStatus] = {}
    for metric, guardrail in definitions.guardrails.items():
        known = found.get(guardrail.segment, {}).get(initiative, {}).get(metric)
        if known is not None and known.trusted:
            states[metric] = status_of(definitions, metric, known.estimate, known.se)
    return states


def _verdict(
    definitions: Definitions,
    key: str,
    hypothesis: Hypothesis,
    promise: PromiseRow | None,
    views: Mapping[str | None, _Found],
    today: date,
) -> VerdictRow:
    metric, segment = (promise.metric, promise.segment) if promise else (hypothesis.metric, hypothesis.segment)
    due = date.fromisoformat(promise.due) if promise and promise.due else hypothesis.due
    found = views.get(due.isoformat() if due else None, views[None])
    effect = found[_group(segment)].get(hypothesis.initiative, {}).get(metric)
    shown = effect if effect is not None and effect.trusted else None

    def row(verdict: Verdict, reason: str) -> VerdictRow:
        return VerdictRow(
            key,
            hypothesis.initiative,
            metric,
            verdict,
            reason,
            promise.p50 if promise and promise.proved != "no" else None,
            shown.estimate if shown else None,
            shown.low if shown else None,
            shown.high if shown else None,
            due.isoformat() if due else None,
            shown.se if shown else None,
        )

    if promise is None:
        return row("no_promise", "no promise was locked")
    if promise.proved == "no":
        return row("no_promise", "the promise was locked only after the start, so it predicted nothing")
    if due is not None and not has_come(due, today):
        return row("unproven", f"the verdict is due on {due.day} {due:%b %Y}")
    if metric not in definitions.metrics:
        return row("unproven", f"the promise was about '{metric}', which is no longer defined")
    gates = hypothesis.guardrails or tuple(definitions.guardrails)
    states = gate_states(definitions, hypothesis.initiative, found)
    broken = [gate for gate in gates if states.get(gate) == "fail"]
    names = ", ".join(definitions.title("metrics", gate) for gate in broken)
    if shown is None and broken:
        return row("harmful", f"a guardrail failed (guardrail: {names})")
    if effect is None:
        return row("unproven", "no effect with an interval has been measured")
    if shown is None:
        tested = definitions.title("experiments", effect.experiments[0])
        return row("unproven", f"its experiment failed a trust test ({tested}): the effect cannot be believed")
    if not stronger(shown.grade, "staged"):
        return row("unproven", f"the evidence is only {shown.grade}: no comparison was made by chance, or in waves")
    verdict, reason = judge(
        promise.p50,
        shown.estimate,
        shown.se,
        good=definitions.metrics[metric].direction,
        guardrail_failed=bool(broken),
        margin=hypothesis.margin,
    )
    return row(verdict, f"{reason} (guardrail: {names})" if broken else reason)
