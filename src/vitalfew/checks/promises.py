"""Checks of promises and goals: was it said before what should come of it?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import Found, View, check, folded

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import KeyResult


@check(
    "R52",
    "warning",
    why="Without a promise locked before the work, nobody can say afterwards whether it was kept.",
    do="Pose a hypothesis, let people forecast it, and lock the promise before the next piece of work starts.",
)
def unpredicted(view: View) -> Iterator[Found]:
    """Work that was agreed or has begun without a promise locked before its start.

    What was over before anybody recorded anything is history: releases, and results that were handed in.
    """
    held = {row.initiative for row in view.tables.promises if row.locked_at is not None and row.proved != "no"}
    late = {row.initiative for row in view.tables.promises if row.locked_at is not None} - held
    asked = {hypothesis.initiative: name for name, hypothesis in view.definitions.hypotheses.items()}
    unasked = []
    for key, initiative in view.definitions.initiatives.items():
        if key in held or not view.is_committed(initiative):
            continue
        name = view.title("initiatives", key)
        if key in late:
            yield Found(key, f"{name} was promised only after it had started.")
        elif key in asked:
            begun = view.is_begun(initiative)  # then a lock comes too late to count
            command = f"`vitalfew act lock DIR {asked[key]} --by NAME`"
            lock = None if begun else f"Let people forecast it, then lock the promise: {command}."
            yield Found(key, f"{name} has a hypothesis, but no promise was locked.", do=lock)
        elif not view.is_history(key):
            unasked.append(key)
    yield from folded(view, unasked, "was begun without a hypothesis: nothing was promised", "initiatives")


@check(
    "R44",
    "warning",
    why="Things shipped are no result: a target on output is met by shipping, whatever becomes of the customer.",
    do="Name the metric that should move, where it stands and where it should be by when.",
)
def output_key_result(view: View) -> Iterator[Found]:
    """Key results without a metric, or with a metric but without baseline or target."""
    for key, objective in view.definitions.objectives.items():
        for name, result in objective.key_results.items():
            lack = _lack(result)
            if lack:
                title = result.title or name.replace("_", " ")
                yield Found(f"{key}.{name}", f"'{title}' of '{objective.title}' {lack}.")


def _lack(result: KeyResult) -> str | None:
    if result.metric is None:
        return "has no metric: it counts output"
    missing = [name for name in ("baseline", "target") if getattr(result, name) is None]
    return f"has no {' and no '.join(missing)}" if missing else None
