"""What data a workspace of the server may name: its own folder's, and those of folders that the server's owner names.

Who edits definitions in a browser must not read other workspaces, nor files of the machine. Definitions that lie in a
folder are its owner's, who can read there anyway.
"""

from __future__ import annotations

from fnmatch import fnmatch
from pathlib import Path
from typing import TYPE_CHECKING

from django.conf import settings

from vitalfew.errors import Problem

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from vitalfew.workspace.definitions import Definition, Definitions

_EXPECTED = "a table in the folder of the workspace, or in one that VITALFEW_DATA_FOLDERS names"
_LOG = ("acts", "acts.jsonl")
"""What people said, as a folder holds it: nobody reads it as a table."""


def out_of_reach(definitions: Definitions, folder: Path, folder_kinds: Collection[str]) -> list[Problem]:
    """What the server's own definitions name that is not theirs to read.

    Args:
        definitions: all of the workspace.
        folder: of the workspace.
        folder_kinds: kinds that the folder owns.
    """
    base = _place(folder, definitions.data.path)
    within = (folder.resolve(), *settings.CONFIG.data)
    problems = []
    if "data" in folder_kinds:
        within = (*within, base)
    elif not _lies_in(base, within) or is_kept_apart(base, folder):
        problems.append(Problem("data: path leads out of what this workspace may read", expected=_EXPECTED))
    own: list[tuple[str, Definition]] = [] if "data" in folder_kinds else [("data", definitions.data)]
    if "sources" not in folder_kinds:
        own += [(f"source '{key}'", source) for key, source in definitions.sources.items()]
    named = [(name, table) for name, defined in own for table in _tables(defined.model_dump())]
    places = [(name, _place(base, table)) for name, table in named]
    foreign = [name for name, place in places if not _lies_in(place, within) or is_kept_apart(place, folder)]
    told = [Problem(f"the table of {name} is not this workspace's to read", expected=_EXPECTED) for name in foreign]
    return [*problems, *told]


def _tables(tree: object) -> Iterator[str]:
    """Every table that is named in a definition, however deep."""
    if isinstance(tree, dict):
        for key, value in tree.items():
            if key == "table" and isinstance(value, str):
                yield value
            else:
                yield from _tables(value)
    elif isinstance(tree, list | tuple):
        for item in tree:
            yield from _tables(item)


def _place(base: Path, name: str) -> Path:
    """Where a name leads; that of a home of nobody leads to the top of the machine."""
    try:
        return (base / Path(name).expanduser()).resolve()
    except RuntimeError:
        return Path(base.anchor)


def _lies_in(path: Path, folders: tuple[Path, ...]) -> bool:
    return any(path.is_relative_to(folder) for folder in folders)


def is_kept_apart(place: Path, folder: Path) -> bool:
    """Whether this is what a workspace keeps for itself: hidden folders (runs, keys), and the log of acts.

    A pattern that could come upon the log is taken for it; into hidden folders no pattern leads (`warehouse.tables`).
    """
    root = folder.resolve()
    if not place.is_relative_to(root):
        return False
    parts = place.relative_to(root).parts
    first = parts[0] if parts else ""
    log = place.suffix.startswith(".json") and any(fnmatch(name, first) for name in _LOG)
    return log or any(part.startswith(".") for part in parts)
