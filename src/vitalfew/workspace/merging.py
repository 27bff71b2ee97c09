"""Many files, one tree of definitions: every file adds keys to kinds, no key twice."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from vitalfew.errors import Problem, suggest
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.given import shorten, shown
from vitalfew.workspace.problems import Places

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.errors import Where
    from vitalfew.workspace.fields import Path
    from vitalfew.workspace.yaml_reader import Document

SETTINGS = ("workspace", "data", "policy")  # kinds that hold fields, where others hold keys with definitions

_ACTS = ("act", "judgement", "forecast", "lock", "waiver", "decision", "sign_off", "pulse")


def merge(documents: Sequence[Document]) -> tuple[Places, list[Problem]]:
    """Merge the trees of files.

    Args:
        documents: what the files hold, in order; of a key that comes twice the first definition counts.

    Returns:
        The merged tree with its places, and what cannot be merged.
    """
    tree: dict[str, Any] = {}
    keys: dict[Path, Where] = {}
    values: dict[Path, Where] = {}
    problems: list[Problem] = []
    for document in documents:
        kinds = dict(_kinds(document, problems))
        kept = {kind: dict(_new_entries(kind, entries, keys, document, problems)) for kind, entries in kinds.items()}
        for places, found in ((keys, document.keys), (values, document.values)):
            places.update(_places_of(kept, found, places))
        for kind, entries in kept.items():
            tree.setdefault(kind, {}).update(entries)
    return Places(tree, keys, values), problems


def _kinds(document: Document, problems: list[Problem]) -> Iterator[tuple[str, dict[str, Any]]]:
    if document.tree is None:
        return
    if not isinstance(document.tree, dict):
        expected = "kinds such as 'sources:' and 'metrics:' at the left margin"
        problems.append(Problem(f"the file holds {shown(document.tree)}", document.values[()], expected))
        return
    for kind, entries in document.tree.items():
        if kind not in Definitions.model_fields:
            message = f"there is no kind '{shorten(kind)}'"
            problems.append(Problem(message, document.keys[(kind,)], hint=_hint_for_kind(kind)))
        elif isinstance(entries, dict | None):
            yield kind, dict(entries or {})
        else:
            expected = "fields" if kind in SETTINGS else "keys, each with its definition"
            problems.append(Problem(f"found {shown(entries)}", document.values[(kind,)], expected))


def _new_entries(
    kind: str, entries: dict[str, Any], keys: dict[Path, Where], document: Document, problems: list[Problem]
) -> Iterator[tuple[str, Any]]:
    for key, definition in entries.items():
        first = keys.get((kind, key))
        if first is None:
            # A key with nothing after it is a definition without fields, as `teams: {growth: }`.
            yield key, {} if definition is None and kind not in SETTINGS else definition
        else:
            message = f"'{shorten(key)}' is defined twice; first in {first.file}:{first.line}"
            here = document.keys[(kind, key)]
            apart = kind == "workspace" and PurePath(here.file).parent != PurePath(first.file).parent
            hint = "these look like two workspaces; name the folder of one" if apart else "keep one of the two"
            problems.append(Problem(message, here, hint=hint))


def _places_of(
    kept: dict[str, dict[str, Any]], found: dict[Path, Where], before: dict[Path, Where]
) -> Iterator[tuple[Path, Where]]:
    for path, where in found.items():
        if path not in before if len(path) == 1 else path[1:2] and path[1] in kept.get(str(path[0]), ()):
            yield path, where


def _hint_for_kind(name: str) -> str:
    if name.lower().removesuffix("s") in _ACTS:
        return "what people say and decide is recorded with 'vitalfew act', never in YAML"
    return suggest(name, Definitions.model_fields, limit=20)
