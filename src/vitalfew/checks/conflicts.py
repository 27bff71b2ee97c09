"""Checks of effects on each other's ground: who pays for a gain, what was undone. Named by release, not by team."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check
from vitalfew.evidence.treaties import kept
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.sides import side_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import ConflictRow

_NAMED = 4  # groups or changes named in one finding


@check(
    "R50",
    "warning",
    why="A gain that the customer pays for is borrowed: it comes back as churn.",
    do="Show both effects to whoever decides, and look for a variant that gains without the loss.",
    reads=("false_discoveries",),
)
def business_gains_customer_loses(view: View) -> Iterator[Found]:
    """Changes by which a metric of the business gains and one of the customer loses, both clearly."""
    for row in _clear(view, "within"):
        sides = (side_of(view.definitions, metric) for metric in (row.gain_metric, row.loss_metric))
        if tuple(sides) == ("business", "customer"):
            won, lost = (view.title("metrics", metric) for metric in (row.gain_metric, row.loss_metric))
            name = _name(view, row.subject)
            yield Found(row.subject, f"{name}: the business gains ({won}), the customer loses ({lost}).")


@check(
    "R73",
    "warning",
    why="Two pieces of work that cancel each other cost twice and gain nothing.",
    do="Bring both sides together: agree on an exchange (a treaty in the policy), or make the metric a guardrail.",
    reads=("false_discoveries", "undone_share"),
)
def undone(view: View) -> Iterator[Found]:
    """A gain on a metric that a later release of another team took back in good part; both clear."""
    undoing: dict[tuple[str, str], dict[str, float]] = {}
    for row in _clear(view, "undone"):
        share = min(abs(row.loss.estimate / row.gain.estimate), 1.0)
        if len(row.teams) > 1 and row.other is not None and share >= view.thresholds.undone_share:
            undoing.setdefault((row.subject, row.loss_metric), {})[_name(view, row.other)] = share
    for (later, metric), earlier_gains in undoing.items():
        ranked = sorted(earlier_gains.items(), key=lambda pair: -pair[1])
        told = listed((f"{title} ({percent(share)})" for title, share in ranked), _NAMED)
        on = view.title("metrics", metric)
        yield Found(later, f"On {on}, {_name(view, later)} took back what others had gained: {told}.")


def _clear(view: View, kind: str) -> Iterator[ConflictRow]:
    """The conflicts beyond doubt that no treaty allows."""
    effects = (*view.tables.effects, *view.tables.release_effects)
    for row in view.tables.conflicts:
        clear = row.kind == kind and row.adjusted_p <= view.thresholds.false_discoveries
        if clear and kept(view.definitions, effects, row, view.as_of) is None:
            yield row


def _name(view: View, key: str) -> str:
    """The title of an experiment or a release."""
    return view.title("releases" if key in view.definitions.releases else "experiments", key)
