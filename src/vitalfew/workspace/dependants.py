"""What would miss a feature if it were removed: metrics that count its events, work that builds on it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, NamedTuple

from vitalfew.workspace.graph import event_source
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions, Metric


class Dependant(NamedTuple):
    """Something that is defined and would miss a feature: its kind, its key, and why."""

    kind: Literal["metrics", "features", "initiatives"]
    key: str
    why: str


def dependants(definitions: Definitions, feature: str) -> tuple[Dependant, ...]:
    """Everything that would miss a feature, as far as definitions say: metrics, then features, then initiatives.

    Args:
        definitions: of the workspace.
        feature: its key.
    """
    return (*_metrics(definitions, feature), *_features(definitions, feature), *_initiatives(definitions, feature))


def _metrics(definitions: Definitions, feature: str) -> Iterator[Dependant]:
    about = definitions.features[feature]
    source, events = event_source(definitions, about), {*about.events}
    for key, metric in definitions.metrics.items():
        counted = events & _counted(metric, source)
        if counted:
            yield Dependant("metrics", key, f"counts {', '.join(sorted(counted))}")


def _counted(metric: Metric, source: str | None) -> set[str]:
    """Events of a source that a metric counts."""
    found = {*metric.steps} if metric.numerator.source == source else set()
    for measure in (metric.numerator, metric.denominator):
        if measure is not None and measure.source == source:
            found |= {*measure.events}
    return found


def _features(definitions: Definitions, feature: str) -> Iterator[Dependant]:
    events = {*definitions.features[feature].events}
    source = event_source(definitions, definitions.features[feature])
    for key, other in definitions.features.items():
        shared = events & {*other.events}
        if key != feature and shared and event_source(definitions, other) == source:
            yield Dependant("features", key, f"is seen by the same {', '.join(sorted(shared))}")


def _initiatives(definitions: Definitions, feature: str) -> Iterator[Dependant]:
    on = {key for key, made in definitions.initiatives.items() if made.feature == feature}
    for key, made in definitions.initiatives.items():
        needed = on & {*made.prerequisites}
        if needed and key not in on and made.status not in OVER:
            named = ", ".join(definitions.title("initiatives", one) for one in sorted(needed))
            yield Dependant("initiatives", key, f"needs {named} first")
