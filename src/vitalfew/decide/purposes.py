"""What a piece of work was meant for: the factors its questions, its purposes or its effects lead to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.workspace.graph import edges

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.workspace.definitions import Definitions


def meant_for(definitions: Definitions, initiative: str, parts: Mapping[str, float]) -> dict[str, float]:
    """How the effort of an initiative spreads over the factors, as shares that sum to 1; empty when over none.

    Evenly over the factors that its hypotheses ask about or that it serves by name; else over those that its needs,
    objectives and metrics lead to; else in proportion to the size of what it moves.

    Args:
        definitions: of the workspace.
        initiative: its key.
        parts: value by factor, in points, as forecast or measured.
    """
    named = _asked_about(definitions, initiative) | set(definitions.initiatives[initiative].serves)
    factors = set(definitions.factors)
    meant = named & factors or _leading_to(definitions, named) & factors
    if meant:
        return {factor: 1 / len(meant) for factor in sorted(meant)}
    total = sum(abs(part) for part in parts.values())
    return {factor: abs(part) / total for factor, part in sorted(parts.items())} if total > 0 else {}


def _asked_about(definitions: Definitions, initiative: str) -> set[str]:
    return {asked.metric for asked in definitions.hypotheses.values() if asked.initiative == initiative}


def _leading_to(definitions: Definitions, names: Iterable[str]) -> set[str]:
    """Metrics that needs, objectives and metrics lead to: what needs harm, what objectives measure, what links move."""
    reached, open_ends = set(names), list(names)
    while open_ends:
        name = open_ends.pop()
        for found in _next(definitions, name):
            if found not in reached:
                reached.add(found)
                open_ends.append(found)
    return reached


def _next(definitions: Definitions, name: str) -> Iterable[str]:
    if name in definitions.needs:
        yield from definitions.needs[name].harms
    if name in definitions.objectives:
        objective = definitions.objectives[name]
        yield from objective.serves
        yield from (result.metric for result in objective.key_results.values() if result.metric)
    yield from (edge.child for edge in edges(definitions) if edge.parent == name)
