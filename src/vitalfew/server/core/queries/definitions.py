"""What a workspace defines, put together from its folder and from what the server owns."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, replace
from pathlib import Path
from threading import Lock
from typing import TYPE_CHECKING, Any

from vitalfew.errors import DefinitionError, Problem, Where
from vitalfew.server.core.models import Definition, KindOwner
from vitalfew.server.core.models import Workspace as WorkspaceRow
from vitalfew.workspace.loading import build, documents_of
from vitalfew.workspace.merging import SETTINGS
from vitalfew.workspace.yaml_reader import Document

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.workspace.workspace import Workspace

HERE = "here"
"""The file name under which problems of definitions that the server owns are told."""
_KEPT = 16
_lock = Lock()
_known: OrderedDict[int, tuple[object, Loaded]] = OrderedDict()


@dataclass(frozen=True, slots=True)
class Loaded:
    """A workspace as it stands.

    `problems`: what is wrong with its definitions; those concerned are left out of `workspace`. `versions`: of the
    definitions that the server owns, by kind and key. `folder_kinds`: kinds whose definitions the folder owns.
    """

    workspace: Workspace
    problems: tuple[Problem, ...]
    versions: Mapping[tuple[str, str], int]
    folder_kinds: frozenset[str]

    def owned_by(self, kind: str, key: str) -> Where | None:
        """Where in the folder a definition stands; None when the server owns it."""
        return self.place_of(kind, key) if kind in self.folder_kinds else None

    def place_of(self, *path: str) -> Where | None:
        """Where a kind or a definition stands, by the name of the file below the folder.

        The place of the folder on the disk of the server is nobody's business.
        """
        where, root = self.workspace.where(*path), self.workspace.root
        if where is None or root is None or not Path(where.file).is_relative_to(root):
            return where
        return replace(where, file=Path(where.file).relative_to(root).as_posix())


def loaded(row: WorkspaceRow, *, committed: bool = True) -> Loaded:
    """A workspace as it stands, without its acts (`queries.acts` reads these).

    Args:
        row: the workspace.
        committed: False inside a transaction that has changed definitions: what may be taken back is not kept.
    """
    folder = Path(row.folder)
    state = (row.defined, row.folder, _fingerprint(folder))
    with _lock:
        known = _known.get(row.pk)
        if committed and known is not None and known[0] == state:
            _known.move_to_end(row.pk)
            return known[1]
    found = _load(row, folder)
    if not committed:
        return found
    with _lock:
        _known[row.pk] = (state, found)
        _known.move_to_end(row.pk)
        while len(_known) > _KEPT:
            _known.popitem(last=False)
    return found


def _load(row: WorkspaceRow, folder: Path) -> Loaded:
    owners = dict(KindOwner.objects.filter(workspace=row, owner="folder").values_list("kind", "owner"))
    rows = [found for found in Definition.objects.filter(workspace=row) if found.kind not in owners]
    documents, problems = _folder_documents(folder, frozenset(owners)) if owners else ([], [])
    workspace, faults = build([*documents, document_of(rows)], folder)
    versions = {(found.kind, found.key): found.version for found in rows}
    return Loaded(workspace, (*problems, *faults, *_queries_of_nobody(rows)), versions, frozenset(owners))


def _queries_of_nobody(rows: Iterable[Definition]) -> list[Problem]:
    """Queries that the server would own: whoever writes a folder may read what it reads, members may not.

    A query asks the engine for anything it can do; definitions that come by forms, the API and uploads hold none.
    """
    return [
        Problem(
            "'sql' stands in files of a workspace folder only; a server takes no queries",
            Where(HERE, path=(row.kind, row.key, "sql")),
            hint="make a view of it in the database, and name that as 'table'",
        )
        for row in rows
        if row.kind == "sources" and row.body.get("sql") is not None
    ]


def document_of(rows: Iterable[Definition]) -> Document:
    """Definitions of the server in the form in which files are read, so that one reader checks both."""
    tree: dict[str, Any] = {}
    keys: dict[tuple[str | int, ...], Where] = {}
    for row in rows:
        path = (row.kind,) if row.kind in SETTINGS else (row.kind, row.key)
        keys[(row.kind,)] = Where(HERE, path=(row.kind,))
        keys[path] = Where(HERE, path=path)
        if row.kind in SETTINGS:
            tree[row.kind] = row.body
        else:
            tree.setdefault(row.kind, {})[row.key] = row.body
    return Document(tree, keys, {**keys, (): Where(HERE)})


def _folder_documents(folder: Path, kinds: frozenset[str]) -> tuple[list[Document], list[Problem]]:
    try:
        documents, problems = documents_of(folder)
    except DefinitionError as error:
        return [], list(error.problems)
    kept = []
    for document in documents:
        tree = document.tree
        kept.append(
            replace(document, tree={kind: tree[kind] for kind in tree if kind in kinds})
            if isinstance(tree, dict)
            else document
        )
    return kept, problems


def _fingerprint(folder: Path) -> tuple[object, ...]:
    """What tells whether a YAML file of the folder has changed: names, sizes, times."""
    if not folder.is_dir():
        return ()
    found = sorted(path for pattern in ("*.yaml", "*.yml") for path in folder.glob(pattern))
    deeper = sorted(path for pattern in ("*/*.yaml", "*/*.yml") for path in folder.glob(pattern))
    stats = [(str(path), path.stat()) for path in (*found, *deeper) if not _hidden(path, folder)]
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _hidden(path: Path, folder: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(folder).parts)
