"""Definitions as the files of a workspace folder, one for each group of kinds."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

from vitalfew.errors import DataError, UsageError, Where, suggest
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.journal import log_files
from vitalfew.workspace.whole import is_free, whole_folder
from vitalfew.workspace.writing import to_yaml, tree_of
from vitalfew.workspace.yaml_text import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from pathlib import Path

    from vitalfew.workspace.log_copies import LogCopy

GROUPS: dict[str, tuple[str, ...]] = {
    "workspace": ("workspace", "data", "policy", "products", "teams"),
    "metrics": ("sources", "metrics", "segments", "links"),
    "value": ("factors", "guardrails", "stakeholders"),
    "needs": ("needs", "vision", "objectives"),
    "bets": ("features", "initiatives", "hypotheses"),
    "evidence": ("experiments", "releases"),
}
"""Which kinds stand in a file together."""


def files_of(definitions: Definitions, kinds: Collection[str] = ()) -> dict[str, bytes]:
    """Definitions as files that the reader of workspaces reads back as equal definitions.

    Args:
        definitions: of a workspace.
        kinds: only these; all when there are none.

    Returns:
        Contents by name. A group that is too large for one file goes on in a second one.

    Raises:
        UsageError: there is no such kind.
    """
    known(kinds)
    tree = tree_of(definitions)
    wanted = {kind: tree[kind] for kind in tree if not kinds or kind in kinds}
    found: dict[str, bytes] = {}
    for group, members in GROUPS.items():
        parts = _parts({kind: wanted[kind] for kind in members if wanted.get(kind)})
        for number, part in enumerate(parts, start=1):
            found[f"{group}.yaml" if number == 1 else f"{group}_{number:03}.yaml"] = part
    return found or {"workspace.yaml": to_yaml({}).encode()}


def export(definitions: Definitions, folder: Path, kinds: Collection[str] = (), acts: LogCopy | None = None) -> None:
    """Write a workspace folder, whole or not at all.

    Args:
        definitions: of a workspace.
        folder: where to; must not hold anything yet.
        kinds: only these; all when there are none.
        acts: the log that is to go with them.

    Raises:
        UsageError: there is something at that place already, or no such kind.
        DataError: it cannot be written.
    """
    write_folder(folder, {**files_of(definitions, kinds), **({} if acts is None else files_of_log(acts))})


def files_of_log(acts: LogCopy) -> dict[str, bytes]:
    """A log as the files of a folder.

    Raises:
        ActError: it is damaged.
    """
    held = log_files(acts, acts.log.acts)
    return {name: content for name, content in held.items() if content is not None}


def write_folder(folder: Path, files: Mapping[str, bytes]) -> None:
    """Write a new folder, whole or not at all.

    Args:
        folder: where to; must not hold anything yet.
        files: contents by name.

    Raises:
        UsageError: there is something at that place already.
        DataError: it cannot be written.
    """
    try:
        if not is_free(folder):
            hint = "name another folder; `vitalfew apply` changes one that has definitions"
            raise UsageError(f"there is something in '{folder}' already", hint=hint)
        with whole_folder(folder) as draft:
            _write(draft, files)
    except OSError as error:
        raise DataError(f"it cannot be written: {error.strerror}", where=Where(str(folder))) from error


def known(kinds: Collection[str]) -> None:
    """Refuse a kind that does not exist.

    Raises:
        UsageError: names the nearest.
    """
    for kind in kinds:
        if kind not in Definitions.model_fields:
            raise UsageError(f"there is no kind '{kind[:80]}'", hint=suggest(kind[:80], Definitions.model_fields))


def _parts(tree: Mapping[str, Any]) -> Iterator[bytes]:
    """A tree in as many files as its size asks for, in order."""
    if not tree:
        return
    whole = to_yaml(tree).encode()
    entries = [(kind, key) for kind, found in tree.items() for key in found]
    if len(whole) <= MAX_BYTES or len(entries) == 1:
        yield whole
        return
    half = len(entries) // 2
    yield from _parts(_only(tree, entries[:half]))
    yield from _parts(_only(tree, entries[half:]))


def _only(tree: Mapping[str, Any], entries: Collection[tuple[str, str]]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for kind, key in entries:
        found.setdefault(kind, {})[key] = tree[kind][key]
    return found


def _write(folder: Path, files: Mapping[str, bytes]) -> None:
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
