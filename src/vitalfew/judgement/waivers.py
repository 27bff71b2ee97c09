"""Waivers: which failed guardrails people have accepted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.workspace.locks import stale

if TYPE_CHECKING:
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions


def waivers(definitions: Definitions, acts: ActLog) -> dict[str, str]:
    """Day of the latest waiver (ISO, UTC), by the key of the guardrail or initiative it is about.

    A waiver of an experiment is one of its initiative. A waiver of a guardrail that has been changed since, for example
    in its margin, was given for another promise and does not count.
    """
    found: dict[str, str] = {}
    for act, _ in acts.of("waiver"):
        kind = act.definition.kind if act.definition else None
        if kind == "guardrails" and (
            act.about not in definitions.guardrails or stale(act, "guardrails", act.about, definitions)
        ):
            continue
        experiment = definitions.experiments.get(act.about) if kind == "experiments" else None
        about = experiment.initiative if experiment is not None and experiment.initiative else act.about
        found[about] = act.at[:10]
    return found
