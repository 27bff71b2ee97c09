"""Checks of effects on each other's ground: who loses, who pays, what was undone. Named by release, not by team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.evidence import changes, discoveries, gains, losses
from vitalfew.checks.registry import Found, View, check
from vitalfew.decide.sides import side_of
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import date

    from vitalfew.checks.evidence import Change
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Initiative

_NAMED = 4  # groups or changes named in one finding


@check(
    "R50",
    "warning",
    why="A gain that the customer pays for is borrowed: it comes back as churn.",
    do="Show both effects to whoever decides, and look for a variant that gains without the loss.",
    reads=("false_discoveries",),
)
def business_gains_customer_loses(view: View) -> Iterator[Found]:
    """Experiments in which a metric of the business gains and one of the customer loses, both clearly."""
    by_experiment: dict[str, list[Change]] = {}
    for change in changes(view, lambda effect: effect.segment is None and not _is_dropped(view, effect)):
        by_experiment.setdefault(change.effect.experiment, []).append(change)
    pairs = {key: pair for key, found in by_experiment.items() if (pair := _worst_pair(view, found)) is not None}
    clear = discoveries([pair[0] for pair in pairs.values()], view.thresholds.false_discoveries)
    for (experiment, (_, gain, loss)), is_clear in zip(pairs.items(), clear, strict=True):
        if is_clear:
            won, lost = (view.title("metrics", metric) for metric in (gain, loss))
            name = view.title("experiments", experiment)
            yield Found(experiment, f"{name}: the business gains ({won}), the customer loses ({lost}).")


@check(
    "R73",
    "warning",
    why="Two pieces of work that cancel each other cost twice and gain nothing.",
    do="Bring both sides together: agree on the exchange, or make the metric a guardrail of the later one.",
    reads=("false_discoveries", "undone_share"),
)
def undone(view: View) -> Iterator[Found]:
    """A gain on a metric that a later release of another team took back in good part; both clear."""
    live = changes(view, lambda effect: effect.segment is None and _is_live(view, effect))
    won = gains(live, view.thresholds.false_discoveries)
    undoing: dict[tuple[str, str], dict[str, float]] = {}
    for later in losses(live, view.thresholds.false_discoveries):
        for earlier in won:
            if _undoes(view, earlier, later):
                key = (later.effect.experiment, later.effect.metric)
                title = view.title("experiments", earlier.effect.experiment)
                undoing.setdefault(key, {})[title] = min(-later.good / earlier.good, 1.0)
    for (experiment, metric), earlier_gains in undoing.items():
        ranked = sorted(earlier_gains.items(), key=lambda pair: -pair[1])
        told = listed((f"{title} ({share:.0%})" for title, share in ranked), _NAMED)
        name, on = view.title("experiments", experiment), view.title("metrics", metric)
        yield Found(experiment, f"On {on}, {name} took back what others had gained: {told}.")


def _undoes(view: View, earlier: Change, later: Change) -> bool:
    if earlier.effect.metric != later.effect.metric or -later.good < view.thresholds.undone_share * earlier.good:
        return False
    first, second = (_began(view, change.effect) for change in (earlier, later))
    teams = [_team(view, change.effect) for change in (earlier, later)]
    return None not in teams and teams[0] != teams[1] and first is not None and second is not None and first < second


def _worst_pair(view: View, found: Sequence[Change]) -> tuple[float, str, str] | None:
    """The clearest pair of a gain of the business and a loss of the customer in the same arm, with its p-value.

    Both must hold, so the larger p counts; the pairs looked at are paid for (Bonferroni).
    """
    business = [change for change in found if side_of(view.definitions, change.effect.metric) == "business"]
    customer = [change for change in found if side_of(view.definitions, change.effect.metric) == "customer"]
    pairs = [
        (max(gain.p_gain, loss.p_loss), gain.effect.metric, loss.effect.metric)
        for gain in business
        for loss in customer
        if gain.effect.arm == loss.effect.arm
    ]
    if not pairs:
        return None
    p_value, gain_metric, loss_metric = min(pairs)
    return min(1.0, p_value * len(pairs)), gain_metric, loss_metric


def _initiative(view: View, effect: EffectRow) -> Initiative | None:
    experiment = view.definitions.experiments.get(effect.experiment)
    return view.definitions.initiatives.get(experiment.initiative or "") if experiment else None


def _is_live(view: View, effect: EffectRow) -> bool:
    initiative = _initiative(view, effect)
    return initiative is not None and view.is_live(initiative)


def _is_dropped(view: View, effect: EffectRow) -> bool:
    initiative = _initiative(view, effect)
    return initiative is not None and initiative.status in {"dropped", "removed"}


def _team(view: View, effect: EffectRow) -> str | None:
    experiment, initiative = view.definitions.experiments[effect.experiment], _initiative(view, effect)
    return (initiative.team if initiative else None) or experiment.team


def _began(view: View, effect: EffectRow) -> date | None:
    experiment, initiative = view.definitions.experiments[effect.experiment], _initiative(view, effect)
    return (initiative.shipped if initiative else None) or experiment.start
