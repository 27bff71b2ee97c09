"""A metric as it would be, beside what is defined, so that it is tried on the data before it is kept."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from vitalfew.errors import DefinitionError, Where
from vitalfew.server.core.queries.definitions import HERE
from vitalfew.workspace.loading import build
from vitalfew.workspace.writing import tree_of
from vitalfew.workspace.yaml_reader import Document

if TYPE_CHECKING:
    from vitalfew.server.core.rows import Workspace
    from vitalfew.workspace.definitions import Definitions

_ALONE = ("workspace", "data", "policy", "sources", "segments", "teams")
"""Kinds that a metric may name, and the settings it is measured with."""


def candidate(row: Workspace, definitions: Definitions, key: str, body: dict[str, Any]) -> Definitions:
    """The definitions with one metric as it would be; all else that it does not need left out.

    Raises:
        DefinitionError: it would be wrong.
    """
    whole = tree_of(definitions)
    tree: dict[str, Any] = {kind: whole[kind] for kind in _ALONE if kind in whole} | {"metrics": {key: body}}
    place = Where(HERE, path=("metrics", key))
    document = Document(tree, {("metrics", key): place}, {("metrics", key): place, (): Where(HERE)})
    workspace, problems = build([document], Path(row.folder))
    if problems:
        raise DefinitionError(problems)
    return workspace.definitions
