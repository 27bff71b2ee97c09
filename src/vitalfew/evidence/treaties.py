"""Treaties: exchanges that two sides agreed on, so much of one metric for so much of another."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date

    from vitalfew.results.rows import ConflictRow, EffectRow
    from vitalfew.workspace.definitions import Definitions, Treaty


AGREED = "It keeps to the exchange that was agreed."
"""What is added to the words of a conflict that keeps to a treaty."""


def kept(definitions: Definitions, effects: Iterable[EffectRow], row: ConflictRow, today: date) -> Treaty | None:
    """The treaty that a conflict keeps to: what it lost is no more than was agreed for what the same change gained.

    Of a gain that a later change took back, it is what the later change gained elsewhere that paid for it. Estimates
    are compared, in the good direction of each metric; a conflict exists only where both are clear.

    Args:
        definitions: with the treaties of its policy.
        effects: of experiments and releases, among them those of the conflict.
        row: the conflict.
        today: treaties that ended before it bind nobody.
    """
    standing = [one for one in definitions.policy.treaties if one.until is None or one.until >= today]
    fitting = [one for one in standing if one.loses == row.loss_metric and set(row.teams) <= set(one.between)]
    if not fitting:
        return None
    gained = _gained(definitions, effects, row)
    lost = abs(row.loss.estimate)
    return next((one for one in fitting if 0 < lost <= one.at_most * gained.get(one.gains, 0.0)), None)


def _gained(definitions: Definitions, effects: Iterable[EffectRow], row: ConflictRow) -> dict[str, float]:
    """What the change that lost gained elsewhere, by metric: the most of any of its arms, over all units."""
    if row.kind == "within":
        return {row.gain_metric: abs(row.gain.estimate)}
    found: dict[str, float] = {}
    for effect in effects:
        if effect.experiment == row.subject and effect.segment is None and effect.estimate is not None:
            metric = definitions.metrics.get(effect.metric)
            good = -effect.estimate if metric is not None and metric.direction == "down" else effect.estimate
            found[effect.metric] = max(good, found.get(effect.metric, 0.0))
    return found
