"""From a folder of YAML to a workspace: read, merge, check; all problems at once."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.errors import DefinitionError, Problem, UsageError, Where
from vitalfew.workspace.swapping import generation, pending, settle
from vitalfew.workspace.yaml_reader import read_yaml
from vitalfew.workspace.yaml_text import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from vitalfew.workspace.workspace import Workspace
    from vitalfew.workspace.yaml_reader import Document

MOST_FILES = 1_000

_SUFFIXES = (".yaml", ".yml")
_FOREIGN = ("node_modules", "__pycache__")


def load(path: str | Path) -> Workspace:
    """Read a workspace.

    Args:
        path: its folder (every `*.yaml` and `*.yml` below it is read, hidden folders left out), or one YAML file.

    Returns:
        The definitions with their places, and the acts beside them.

    Raises:
        UsageError: there is nothing at `path`, or a file that is no YAML.
        DefinitionError: with every problem of every file, in the order of files and lines.

    Example:
        >>> import pathlib, tempfile
        >>> import vitalfew as vf
        >>> folder = pathlib.Path(tempfile.mkdtemp())
        >>> _ = (folder / "shop.yaml").write_text("initiatives: {search: {title: Faster search}}")
        >>> ws = vf.load(folder)
        >>> ws.definitions.initiatives["search"].title, len(ws.acts.acts)
        ('Faster search', 0)
    """
    start = Path(path)
    if not start.exists():
        raise UsageError(f"there is no file or folder '{path}'", hint="'vitalfew start FILE' makes a workspace")
    if start.is_file() and start.suffix.lower() not in _SUFFIXES:
        raise UsageError(f"'{path}' is no workspace", hint=f"'vitalfew start {path}' makes one from a file of data")
    files, documents, problems = ([start], *_read_all([start])) if start.is_file() else _below(start)
    if not files:
        hint = "'vitalfew start FILE' writes a workspace from your data"
        raise DefinitionError([Problem(f"no YAML file below '{path}'", hint=hint)])
    workspace, faults = build(documents, start if start.is_dir() else start.parent)
    if problems or faults:
        raise DefinitionError(_in_order([*problems, *faults], files))
    return workspace


def documents_of(root: Path) -> tuple[list[Document], list[Problem]]:
    """What the YAML files below a folder hold, each with the places of its keys; with what cannot be read."""
    return _below(root)[1:]


def files_in(root: Path) -> dict[str, bytes]:
    """The YAML files of a folder by their paths below it, in the order in which they are read.

    Raises:
        DefinitionError: one cannot be read, or there are too many.
    """
    return _steadily(root, lambda: {path.relative_to(root).as_posix(): _content(path) for path in _find(root)})


def built(files: Mapping[str, bytes], root: Path) -> Workspace:
    """The workspace that files would give, before any of them is written.

    Args:
        files: contents by path below `root`.
        root: the folder, whose acts it has.

    Raises:
        DefinitionError: with all problems.
    """
    ordered = sorted(files.items(), key=lambda named: Path(named[0]))
    workspace, problems = build([read_yaml(content, str(root / name)) for name, content in ordered], root)
    if problems:
        raise DefinitionError(problems)
    return workspace


def build(documents: Sequence[Document], root: Path) -> tuple[Workspace, list[Problem]]:
    """A workspace from what files hold, with the acts of its folder, and everything that is wrong with it."""
    # The models take most of the time of loading, so that a wrong path or an empty folder is told before them.
    from vitalfew.workspace.acts import ActLog, read
    from vitalfew.workspace.merging import merge
    from vitalfew.workspace.validation import validate
    from vitalfew.workspace.workspace import Workspace

    places, doubles = merge(documents)
    definitions, faults = validate(places)
    problems = [*doubles, *faults]
    acts = ActLog() if problems else read(root)
    items = {path: where for path, where in places.values.items() if isinstance(path[-1], int)}
    return Workspace(definitions, acts, root, {**places.keys, **items}), problems


# Files -------------------------------------------------------------------------------------------------------------


def _below(root: Path) -> tuple[list[Path], list[Document], list[Problem]]:
    """The YAML files of a folder, what they hold, and what cannot be read."""

    def read() -> tuple[list[Path], list[Document], list[Problem]]:
        files = _find(root)
        return (files, *_read_all(files))

    return _steadily(root, read)


def _steadily[T](root: Path, read: Callable[[], T]) -> T:
    """Read several files of a folder, all of them as they are before or after a change of several (`swapping`)."""
    while True:
        settle(root)
        before = generation(root)
        found = read()
        if not pending(root) and generation(root) == before:
            return found


def _find(root: Path) -> list[Path]:
    """All YAML files below a folder, sorted; hidden ones and links that lead out of it are left out."""
    inside = root.resolve()
    found: list[Path] = []
    for folder, folders, names in os.walk(root, onerror=_told):
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _FOREIGN)
        paths = [Path(folder, name) for name in sorted(names) if not name.startswith(".")]
        found += [path for path in paths if path.suffix.lower() in _SUFFIXES and _lies_in(path, inside)]
        if len(found) > MOST_FILES:
            hint = "name the folder of the workspace, not one around it"
            message = f"more than {MOST_FILES:,} YAML files below '{root}'"
            raise DefinitionError([Problem(message, hint=hint)])
    return sorted(found)


def _told(error: OSError) -> None:
    """Definitions must not be missing without a word; a folder that has just gone holds none."""
    if not isinstance(error, FileNotFoundError):
        hint = "make it readable, or let its name begin with a dot, which leaves it out"
        raise DefinitionError([Problem(f"cannot be read: {error.strerror}", Where(str(error.filename)), hint=hint)])


def _lies_in(path: Path, root: Path) -> bool:
    return path.is_file() and path.resolve().is_relative_to(root)


def _read_all(files: Iterable[Path]) -> tuple[list[Document], list[Problem]]:
    documents: list[Document] = []
    problems: list[Problem] = []
    for file in files:
        try:
            documents.append(read_yaml(_content(file), str(file)))
        except DefinitionError as error:
            problems += error.problems
    return documents, problems


def _content(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(MAX_BYTES + 1)
    except OSError as error:
        reason = error.strerror or "no reason given"
        raise DefinitionError([Problem(f"cannot be read: {reason}", Where(str(file)))]) from None


def _in_order(problems: Iterable[Problem], files: Iterable[Path]) -> list[Problem]:
    """Sort by file, line and column; say each thing once."""
    ranks = {str(file): rank for rank, file in enumerate(files)}

    def place(problem: Problem) -> tuple[int, int, int]:
        where = problem.where
        return (ranks.get(where.file, 0), where.line or 0, where.column or 0) if where else (-1, 0, 0)

    return sorted(dict.fromkeys(problems), key=place)
