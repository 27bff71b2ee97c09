"""Conflicts: what gains on one metric and loses on another, and what a later change took back of an earlier gain.

The unit is the change, never the people: rows name releases and experiments, teams are there to filter by. Over a
whole workspace at most the share `RATE` of the conflicts is false on average.
"""

from __future__ import annotations

from bisect import bisect_left
from dataclasses import dataclass, replace
from itertools import product
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.changes import adjusted, changes
from vitalfew.evidence.grades import weakest
from vitalfew.evidence.treaties import AGREED, kept
from vitalfew.results.rows import ConflictRow, Estimate
from vitalfew.stats.normal import two_sided
from vitalfew.stats.percent import percent
from vitalfew.workspace.graph import is_live
from vitalfew.workspace.sides import side_of
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import date

    from vitalfew.evidence.changes import Change
    from vitalfew.results.rows import EffectRow, Tables
    from vitalfew.workspace.definitions import Definitions, Initiative, Treaty

RATE = 0.05
"""Expected share of false ones among all conflicts of a workspace."""
MOST = 5
"""Earlier gains that are told of one later loss."""
_Z95 = two_sided(0.95)


def conflicts(definitions: Definitions, tables: Tables, today: date) -> tuple[ConflictRow, ...]:
    """All conflicts of grade staged or stronger, those within one change first, each kind clearest first.

    Args:
        definitions: metrics with their sides, initiatives with their teams and days.
        tables: `effects`, `release_effects` and `health` are read.
        today: what is not live by then took nothing back.
    """
    effects = (*tables.effects, *tables.release_effects)

    def of(wanted: Callable[[EffectRow], bool]) -> list[Change]:
        return changes(definitions, effects, tables.health, lambda row: row.segment is None and wanted(row))

    whose = Whose(definitions, today)
    within = _within(definitions, whose, of(lambda row: not whose.is_dropped(row)))
    undone = _undone(definitions, whose, of(whose.is_live))
    found = [_agreed(row, kept(definitions, effects, row, today)) for row in (*within, *undone)]
    return tuple(sorted(found, key=lambda row: (row.kind == "undone", row.adjusted_p, row.subject)))


def _agreed(row: ConflictRow, treaty: Treaty | None) -> ConflictRow:
    return row if treaty is None else replace(row, message=f"{row.message} {AGREED}")


@dataclass(frozen=True, slots=True)
class Whose:
    """What an effect belongs to: an initiative by its experiment, or a release with several."""

    definitions: Definitions
    today: date

    def initiatives(self, effect: EffectRow) -> frozenset[str]:
        """The keys of what it is about."""
        release = self.definitions.releases.get(effect.experiment)
        if release is not None:
            return frozenset(release.initiatives)
        experiment = self.definitions.experiments.get(effect.experiment)
        return frozenset({experiment.initiative} if experiment and experiment.initiative else ())

    def is_dropped(self, effect: EffectRow) -> bool:
        """Whether nothing of it is left that could be in conflict."""
        found = self._initiatives(effect)
        return bool(found) and all(each.status in OVER for each in found)

    def is_live(self, effect: EffectRow) -> bool:
        """Whether users have it today."""
        release = self.definitions.releases.get(effect.experiment)
        if release is not None:
            return release.date <= self.today
        return any(is_live(each, self.today) for each in self._initiatives(effect))

    def began(self, effect: EffectRow) -> date | None:
        """Since when users have it."""
        release = self.definitions.releases.get(effect.experiment)
        if release is not None:
            return release.date
        shipped = [each.shipped for each in self._initiatives(effect) if each.shipped is not None]
        experiment = self.definitions.experiments.get(effect.experiment)
        return min(shipped, default=experiment.start if experiment else None)

    def team(self, effect: EffectRow) -> str | None:
        """Whose work it is."""
        home = self.definitions.releases.get(effect.experiment) or self.definitions.experiments.get(effect.experiment)
        of_work = [each.team for each in self._initiatives(effect) if each.team is not None]
        return next(iter(of_work), home.team if home is not None else None)

    def title(self, effect: EffectRow) -> str:
        """Of the release or the experiment."""
        kind = "releases" if effect.experiment in self.definitions.releases else "experiments"
        return self.definitions.title(kind, effect.experiment)

    def _initiatives(self, effect: EffectRow) -> list[Initiative]:
        known = self.definitions.initiatives
        return [known[key] for key in sorted(self.initiatives(effect)) if key in known]


# Within one change -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Worst:
    """The clearest pair of a gain and a loss of one kind, with its p-value; none where none is clear."""

    p_value: float
    pair: tuple[Change, Change] | None


def _within(definitions: Definitions, whose: Whose, found: Sequence[Change]) -> Iterator[ConflictRow]:
    """The clearest pair of a gain and a loss of each experiment: of the business against the customer, and others."""
    by_arm: dict[tuple[str, str], list[Change]] = {}
    for change in found:
        by_arm.setdefault((change.effect.experiment, change.effect.arm), []).append(change)
    by_experiment: dict[str, list[list[Change]]] = {}
    for (experiment, _), arm in by_arm.items():
        by_experiment.setdefault(experiment, []).append(arm)
    worst = [one for arms in by_experiment.values() for one in _worst(definitions, arms)]
    for one, p_value in zip(worst, adjusted([one.p_value for one in worst]), strict=True):
        if p_value <= RATE and one.pair is not None:
            won, lost = (definitions.title("metrics", change.effect.metric) for change in one.pair)
            message = f"{whose.title(one.pair[0].effect)} gains on {won} and loses on {lost}."
            yield _row(whose, *one.pair, "within", p_value, message)


def _worst(definitions: Definitions, arms: Sequence[Sequence[Change]]) -> Iterator[_Worst]:
    """The clearest pair of each kind in the same arm.

    Both must hold, so the larger p counts; the pairs looked at are paid for (Bonferroni).
    """
    opposed, others = 0, 0
    clear: list[tuple[Change, Change]] = []
    for arm in arms:
        business, customer = (_on(definitions, arm, side) for side in ("business", "customer"))
        counted = [change for change in arm if _counts(definitions, change)]
        both = sum(one in counted for one in business) * sum(one in counted for one in customer)
        opposed += len(business) * len(customer)
        others += len(counted) * (len(counted) - 1) - both
        gains, losses = ([one for one in arm if p(one) <= RATE] for p in (_p_gain, _p_loss))
        clear += product(gains, losses)
    for count, pairs in (
        (opposed, [pair for pair in clear if _is_against(definitions, *pair)]),
        (others, [pair for pair in clear if _are_others(definitions, *pair)]),
    ):
        if pairs:
            gain, loss = min(pairs, key=_order)
            yield _Worst(min(1.0, max(gain.p_gain, loss.p_loss) * count), (gain, loss))
        elif count:
            yield _Worst(1.0, None)


def _on(definitions: Definitions, arm: Sequence[Change], side: str) -> list[Change]:
    return [change for change in arm if side_of(definitions, change.effect.metric) == side]


def _p_gain(change: Change) -> float:
    return change.p_gain


def _p_loss(change: Change) -> float:
    return change.p_loss


def _order(pair: tuple[Change, Change]) -> tuple[float, str, str]:
    gain, loss = pair
    return (max(gain.p_gain, loss.p_loss), gain.effect.metric, loss.effect.metric)


def _is_against(definitions: Definitions, gain: Change, loss: Change) -> bool:
    """Whether the business gains and the customer loses."""
    won, lost = (side_of(definitions, change.effect.metric) for change in (gain, loss))
    return won == "business" and lost == "customer"


def _are_others(definitions: Definitions, gain: Change, loss: Change) -> bool:
    """Whether both count, and it is not the business against the customer."""
    return all(_counts(definitions, one) for one in (gain, loss)) and not _is_against(definitions, gain, loss)


def _counts(definitions: Definitions, change: Change) -> bool:
    """Whether a metric is one that people agreed to care about."""
    return change.effect.metric in definitions.factors or change.effect.metric in definitions.guardrails


# One change undoing another ----------------------------------------------------------------------------------------


def _undone(definitions: Definitions, whose: Whose, live: Sequence[Change]) -> Iterator[ConflictRow]:
    """For each clear loss the earlier gains that it took back, those of which it took most first, `MOST` of them."""
    gains: dict[str, list[_Gain]] = {}
    for change, p_value in _clear(live, [change.p_gain for change in live]):
        began = whose.began(change.effect)
        if began is not None:
            gains.setdefault(change.effect.metric, []).append(_Gain(began, change, p_value))
    sizes = {}
    for metric, found in gains.items():
        found.sort(key=lambda gain: gain.began)
        sizes[metric] = np.array([gain.change.good for gain in found])
    for later, p_loss in _clear(live, [change.p_loss for change in live]):
        day, metric = whose.began(later.effect), later.effect.metric
        if day is None or metric not in gains:
            continue
        before = sizes[metric][: bisect_left(gains[metric], day, key=lambda gain: gain.began)]
        most = np.lexsort((before, -np.minimum(before, -later.good)))[: 2 * MOST]
        apart = [gain for at in most if _is_apart(whose, gain := gains[metric][at], later)]
        for earlier in apart[:MOST]:
            share = percent(min(-later.good / earlier.change.good, 1.0))
            took = f"took back {share} of what {whose.title(earlier.change.effect)} had gained"
            message = f"On {definitions.title('metrics', metric)}, {whose.title(later.effect)} {took}."
            yield _row(whose, earlier.change, later, "undone", max(earlier.p_value, p_loss), message)


@dataclass(frozen=True, slots=True)
class _Gain:
    """A clear gain, since when, and its adjusted p-value."""

    began: date
    change: Change
    p_value: float


def _is_apart(whose: Whose, gain: _Gain, later: Change) -> bool:
    """Whether it is other work: what measured the same change again took nothing back."""
    one, other = gain.change.effect, later.effect
    return one.experiment != other.experiment and not whose.initiatives(one) & whose.initiatives(other)


def _clear(found: Sequence[Change], p_values: Sequence[float]) -> list[tuple[Change, float]]:
    return [pair for pair in zip(found, adjusted(p_values), strict=True) if pair[1] <= RATE]


def _row(whose: Whose, gain: Change, loss: Change, kind: str, p_value: float, message: str) -> ConflictRow:
    teams = (whose.team(change.effect) for change in (gain, loss))
    return ConflictRow(
        subject=loss.effect.experiment,
        other=gain.effect.experiment if kind == "undone" else None,
        kind="undone" if kind == "undone" else "within",
        gain_metric=gain.effect.metric,
        loss_metric=loss.effect.metric,
        gain=_estimate(gain.effect),
        loss=_estimate(loss.effect),
        adjusted_p=p_value,
        grade=weakest((gain.effect.grade, loss.effect.grade)) or "opinion",
        teams=tuple(dict.fromkeys(team for team in teams if team is not None)),
        message=message,
    )


def _estimate(effect: EffectRow) -> Estimate:
    estimate, half = effect.estimate or 0.0, _Z95 * (effect.se or 0.0)
    wide = effect.interval()
    return Estimate(estimate, wide.low, wide.high) if wide else Estimate(estimate, estimate - half, estimate + half)
