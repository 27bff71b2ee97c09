"""From the tree of all definitions to `Definitions`, with everything that is wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.problems import problems_of
from vitalfew.workspace.references import unknown_names
from vitalfew.workspace.rules import broken_rules

if TYPE_CHECKING:
    from vitalfew.errors import Problem
    from vitalfew.workspace.problems import Places


def validate(places: Places) -> tuple[Definitions, list[Problem]]:
    """Check fields, names and rules.

    Args:
        places: the tree of all definitions with its places.

    Returns:
        The definitions that are sound, and the problems of all. Rules are checked among the sound ones.
    """
    definitions, problems = _sound(places)
    problems += unknown_names(places)
    problems += broken_rules(definitions, places)
    return definitions, problems


def _sound(places: Places) -> tuple[Definitions, list[Problem]]:
    try:
        return Definitions.model_validate(places.tree), []
    except ValidationError as error:
        wrong = {detail["loc"][:2] for detail in error.errors(include_url=False, include_input=False)}
        return Definitions.model_validate(_without(places.tree, wrong)), problems_of(error, places)


def _without(tree: dict[str, Any], wrong: set[tuple[int | str, ...]]) -> dict[str, Any]:
    return {
        kind: {key: definition for key, definition in entries.items() if (kind, key) not in wrong}
        for kind, entries in tree.items()
    }
