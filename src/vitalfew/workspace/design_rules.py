"""What a plan and a design may say of an experiment: nothing that would be passed over without a word."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from vitalfew.errors import Problem, suggest
from vitalfew.workspace.sources import ExposureSource

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Definitions, Experiment, Plan
    from vitalfew.workspace.fields import Path
    from vitalfew.workspace.problems import Places


def designs(definitions: Definitions, places: Places) -> Iterator[Problem]:
    """Report plans that name what is not measured, and fields that belong to another design."""
    for key, experiment in definitions.experiments.items():
        path: Path = ("experiments", key)
        source = definitions.sources.get(experiment.source)
        # The same column said twice is no contradiction, and people do write it.
        if isinstance(source, ExposureSource) and experiment.variant not in (None, source.variant):
            message = (
                f"'variant' is not read: the exposures of '{experiment.source}' name the variant in '{source.variant}'"
            )
            hint = f"remove it, or write 'variant: {experiment.variant}' in the source"
            yield Problem(message, places.of_key((*path, "variant")), hint=hint)
        if experiment.plan is not None:
            yield from _plan(definitions, experiment, experiment.plan, places, (*path, "plan"))
        for field, given, design in (
            ("burn_in", experiment.burn_in > 0, "switchback"),
            ("holds_out", bool(experiment.holds_out), "holdout"),
        ):
            if given and experiment.design != design:
                hint = f"write 'design: {design}', or remove it"
                yield Problem(f"'{field}' belongs to another design", places.of_key((*path, field)), hint=hint)


def _plan(
    definitions: Definitions, experiment: Experiment, plan: Plan, places: Places, path: Path
) -> Iterator[Problem]:
    for field in ("primary", "secondary", "guardrails"):
        for at, metric in enumerate(getattr(plan, field)):
            if experiment.metrics and metric not in experiment.metrics and metric in definitions.metrics:
                message = f"'{metric}' is planned, and the experiment does not measure it"
                yield Problem(message, places.of_value((*path, field, at)), hint=f"add '{metric}' to its 'metrics'")
    for at, metric in enumerate(plan.guardrails):
        if metric in definitions.metrics and metric not in definitions.guardrails:
            message = f"'{metric}' has no margin, so nobody can say whether it is kept"
            hint = "; ".join(
                filter(None, [f"write 'guardrails: {{{metric}: {{margin: …}}}}'", _known(definitions, metric)])
            )
            yield Problem(message, places.of_value((*path, "guardrails", at)), hint=hint)
    for at, segment in enumerate(plan.segments):
        if experiment.segments is not None and segment not in experiment.segments and segment in definitions.segments:
            message = f"'{segment}' is planned, and the experiment does not look at it"
            yield Problem(message, places.of_value((*path, "segments", at)), hint=f"add '{segment}' to its 'segments'")
    if isinstance(plan.looks, tuple) and not (plan.looks and _rises(plan.looks)):
        where = places.of_value((*path, "looks"))
        yield Problem("the looks do not rise", where, "shares of the planned units that rise, as in [0.5, 0.75, 1]")


def _rises(looks: tuple[float, ...]) -> bool:
    return looks[0] > 0 and all(before < after for before, after in pairwise(looks))


def _known(definitions: Definitions, metric: str) -> str:
    return suggest(metric, definitions.guardrails) if definitions.guardrails else ""
