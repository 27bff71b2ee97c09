"""Checks of those who gain or lose: who is harmed, and who has no voice?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.evidence.changes import losses
from vitalfew.results.words import listed
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import EffectRow, GroupValueRow

_NAMED = 4  # groups or changes named in one finding


@check(
    "R28",
    "warning",
    why="An average gain can be paid for by a group that the average hides.",
    do="Look at the group that loses, then mend the change for it, leave it out for it, or record a waiver.",
    reads=("false_discoveries", "likely_funded", "group_loss", "group_breach"),
)
def harmed(view: View) -> Iterator[Found]:
    """Stakeholders or segments that clearly lose by something that has reached users: on a factor or guardrail, by more
    than its margin. And those who would more likely than not lose by a candidate that is likely to be funded, or see
    a guardrail of theirs broken with a probability above 20 %.
    """  # noqa: D205 - the first sentence is the summary, and the page of checks prints all of it
    yield from _harmed_already(view)
    likely = {row.line for row in view.tables.candidates if (row.p_in or 0.0) >= view.thresholds.likely_funded}
    losers: dict[str, list[str]] = {}
    for row in view.tables.group_values:
        if row.line in likely and not row.shipped and row.kind in ("segment", "stakeholder") and _would_lose(view, row):
            losers.setdefault(row.line, []).append(view.title(f"{row.kind}s", row.group))
    for line, groups in losers.items():
        yield Found(line, f"{view.title('initiatives', line)} would likely harm {listed(groups, _NAMED)}.")


@check(
    "R11",
    "info",
    why="Who is named as concerned but neither weighs, nor has a factor or guardrail, is left to chance.",
    do="Ask raters who speak for them to weigh, name the factor that is theirs, or guard what they may not lose.",
)
def voiceless(view: View) -> Iterator[Found]:
    """Stakeholders without raters who have judged, without a factor, and without a guardrail."""
    defined = view.definitions
    if not defined.factors:
        return
    judged = {body.get("group") for _, body in view.acts.of("judgement", VALUE_MODEL)}
    owned = {factor.stakeholder for factor in defined.factors.values()}
    owned |= {guardrail.stakeholder for guardrail in defined.guardrails.values()}
    silent = [
        key
        for key, stakeholder in defined.stakeholders.items()
        if key not in owned and (stakeholder.raters is None or stakeholder.raters not in judged)
    ]
    if silent:
        names = listed((view.title("stakeholders", key) for key in silent), SHOWN)
        verb = "has" if len(silent) == 1 else "have"
        yield Found(silent[0] if len(silent) == 1 else "stakeholders", f"{names} {verb} no voice in what counts.")


def _harmed_already(view: View) -> Iterator[Found]:
    defined = view.definitions
    watched = {*defined.factors, *defined.guardrails}
    candidates = view.changes(lambda effect: effect.metric in watched and _is_live(view, effect))
    groups: dict[str, dict[str, list[str]]] = {}
    for change in losses(candidates, view.thresholds.false_discoveries):
        effect = change.effect
        guardrail = defined.guardrails.get(effect.metric)
        group = _group(view, effect)
        if group is not None and -change.good > (guardrail.margin if guardrail else 0.0):
            title = view.title("metrics", effect.metric)
            groups.setdefault(effect.experiment, {}).setdefault(title, []).append(group)
    for experiment, losers in groups.items():
        told = "; ".join(
            f"{metric} got worse for {listed(dict.fromkeys(who), _NAMED)}" for metric, who in losers.items()
        )
        yield Found(experiment, f"{view.title('experiments', experiment)} harms: {told}.")


def _would_lose(view: View, row: GroupValueRow) -> bool:
    loses = row.kind == "stakeholder" and row.p_loss is not None and row.p_loss > view.thresholds.group_loss
    return loses or (row.p_breach is not None and row.p_breach > view.thresholds.group_breach)


def _group(view: View, effect: EffectRow) -> str | None:
    """Who is affected: the segment, else the stakeholder of the metric."""
    if effect.segment is not None:
        return f"the segment {view.title('segments', effect.segment)}"
    defined = view.definitions
    held = (defined.factors.get(effect.metric), defined.guardrails.get(effect.metric))
    key = next((found.stakeholder for found in held if found and found.stakeholder), None)
    return view.title("stakeholders", key) if key else None


def _is_live(view: View, effect: EffectRow) -> bool:
    experiment = view.definitions.experiments.get(effect.experiment)
    initiative = view.definitions.initiatives.get(experiment.initiative or "") if experiment else None
    return initiative is not None and view.is_live(initiative)
