"""Checks of pre-mortems: what was feared before the work, held against what came."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.evidence.changes import changes, losses
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Fear


@check(
    "R68",
    "warning",
    why="Somebody saw it coming. A fear that came true and is left alone teaches people to keep the next one quiet.",
    do="Mend it, or record why it is accepted: `vitalfew act waiver`; make the metric a guardrail of the next one.",
    reads=("false_discoveries",),
)
def feared_and_came(view: View) -> Iterator[Found]:
    """Metrics feared in a pre-mortem that clearly lost once the work was tried; with those that were feared in vain.

    All feared metrics of all hypotheses are searched at once.
    """
    known = (*view.tables.effects, *view.tables.release_effects)

    def wanted(effect: EffectRow) -> bool:
        return effect.metric in feared_metrics(view, _initiatives(view, effect))

    searched = changes(view.definitions, known, view.tables.health, wanted)
    came = {
        (key, change.effect.metric)
        for change in losses(searched, view.thresholds.false_discoveries)
        for key in _initiatives(view, change.effect)
    }
    looked = {(key, change.effect.metric) for change in searched for key in _initiatives(view, change.effect)}
    for name, asked in view.definitions.hypotheses.items():
        feared = [(asked.initiative, metric) for metric in _metrics(asked.premortem)]
        lost, vain = ([metric for key, metric in feared if (key, metric) in seen] for seen in (came, looked - came))
        if lost:
            told = f"{view.title('initiatives', asked.initiative)}: what was feared came: {_told(view, lost)}"
            rest = f"; feared and not seen: {_told(view, vain)}" if vain else ""
            yield Found(name, f"{told}{rest}.")


@check(
    "R68",
    "info",
    why="A fear that nobody looks after is forgotten, whether it came or not.",
    do="Add the metric to the experiment, or name in the pre-mortem one that would show it.",
)
def fear_unmeasured(view: View) -> Iterator[Found]:
    """Fears of which nothing can be seen though the work was tried: no metric shows them, or none was measured."""
    known = (*view.tables.effects, *view.tables.release_effects)
    measured: dict[str, set[str]] = {}
    for effect in known:
        for key in _initiatives(view, effect):
            measured.setdefault(key, set()).add(effect.metric)
    for name, asked in view.definitions.hypotheses.items():
        if asked.initiative not in measured:
            continue
        unseen = [fear for fear in asked.premortem if fear.metric not in measured[asked.initiative]]
        if unseen:
            told = listed((_fear(view, fear) for fear in unseen), SHOWN)
            yield Found(
                name, f"{view.title('initiatives', asked.initiative)} was tried, and nobody looked for: {told}."
            )


def feared_metrics(view: View, initiatives: tuple[str, ...]) -> set[str]:
    """What the pre-mortems of some work name: a loss there is no surprise, and told as what was feared."""
    asked = (found for found in view.definitions.hypotheses.values() if found.initiative in initiatives)
    return {metric for found in asked for metric in _metrics(found.premortem)}


def _metrics(fears: tuple[Fear, ...]) -> list[str]:
    return list(dict.fromkeys(fear.metric for fear in fears if fear.metric is not None))


def _initiatives(view: View, effect: EffectRow) -> tuple[str, ...]:
    """The work that an effect is of."""
    release = view.definitions.releases.get(effect.experiment)
    if release is not None:
        return release.initiatives
    experiment = view.definitions.experiments.get(effect.experiment)
    return (experiment.initiative,) if experiment is not None and experiment.initiative else ()


def _told(view: View, metrics: list[str]) -> str:
    return listed((view.title("metrics", metric) for metric in metrics), SHOWN)


def _fear(view: View, fear: Fear) -> str:
    return fear.what or view.title("metrics", fear.metric or "")
