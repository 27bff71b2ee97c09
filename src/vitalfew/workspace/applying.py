"""Definitions of one workspace laid over those of another in a folder: planned first, then written as one."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from vitalfew.errors import UsageError
from vitalfew.workspace import acts
from vitalfew.workspace.changes import differences, entries_of, merged
from vitalfew.workspace.editing import edited
from vitalfew.workspace.exporting import GROUPS, files_of, known
from vitalfew.workspace.journal import log_files
from vitalfew.workspace.loading import built, files_in
from vitalfew.workspace.merging import SETTINGS
from vitalfew.workspace.swapping import swap
from vitalfew.workspace.yaml_reader import read_yaml
from vitalfew.workspace.yaml_text import MAX_BYTES

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from pathlib import Path

    from vitalfew.workspace.changes import Change
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.log_copies import LogCopy
    from vitalfew.workspace.workspace import Workspace

type Trees = dict[str, dict[str, dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Application:
    """What is to be written: the workspace as it stands, the definitions after it, and the files that change.

    `files` holds new contents by path below the folder, None where a file goes; `read` what stood in all of them.
    `acts` is the log to go on with, `new_acts` how many acts of it are new here.
    """

    standing: Workspace
    root: Path
    after: Definitions
    files: Mapping[str, bytes | None]
    read: Mapping[str, bytes] = field(repr=False)
    acts: LogCopy | None = field(default=None, repr=False)
    new_acts: int = 0

    @property
    def changes_anything(self) -> bool:
        """Whether there is anything to write."""
        return bool(self.files or self.new_acts)


def prepare(
    source: Workspace, root: Path, kinds: Collection[str] = (), *, prune: bool = False, with_acts: bool = False
) -> Application:
    """Work out what applying one workspace to the folder of another would write.

    Args:
        source: whose definitions are taken.
        root: the folder; may be empty.
        kinds: only these; by default all that `source` defines something of.
        prune: whether what `source` lacks is removed, of these kinds.
        with_acts: whether to go on with its log of acts too.

    Raises:
        UsageError: there is no such folder, or no such kind.
        DefinitionError: definitions would be wrong afterwards, or are now.
        ActError: the log of `source` is damaged, or does not continue the one here.
    """
    known(kinds)
    if not root.is_dir():
        raise UsageError(f"there is no folder '{root}'", hint="`vitalfew export` writes a new one")
    read = files_in(root)
    standing = built(read, root)
    after = merged(standing.definitions, source.definitions, kinds or None, prune=prune)
    files = _files(read, list(differences(standing.definitions, after)), after)
    _check(built(_together(read, files), root).definitions, after)
    if not with_acts or source.journal is None:
        return Application(standing, root, after, files, read)
    copy = source.journal.copy()
    return Application(standing, root, after, files, read, copy, len(copy.beyond(standing.acts)))


def apply(application: Application) -> None:
    """Write what was prepared, all of it or nothing, however it ends.

    Raises:
        UsageError: files were changed since it was prepared.
        ActError: the log was changed since it was prepared.
        DataError: nothing can be written.
    """
    root, copy = application.root, application.acts
    with ExitStack() as stack:
        files = dict(application.files)
        if copy is not None:
            descriptor = stack.enter_context(acts.held(root))
            files |= log_files(copy, copy.beyond(acts.read_open(root, descriptor)))
        if files_in(root) != application.read:
            raise UsageError("files were changed while you looked at the plan", hint="look at the new plan")
        if files:
            swap(root, files)


def _files(read: Mapping[str, bytes], changes: Collection[Change], after: Definitions) -> dict[str, bytes | None]:
    """The files that change, with what will stand in them."""
    trees = {name: _tree(content, name) for name, content in read.items()}
    before = {name: {kind: dict(found) for kind, found in tree.items()} for name, tree in trees.items()}
    entries = entries_of(after)
    added: dict[str, set[str]] = {}
    for change in changes:
        if change.kind in SETTINGS:
            _set_fields(trees, change)
        elif change.what == "added":
            _home(trees, change.kind).setdefault(change.kind, {})[change.key] = entries[change.kind][change.key]
            added.setdefault(change.kind, set()).add(change.key)
        else:
            _replace(trees, change, entries[change.kind].get(change.key))
    found: dict[str, bytes | None] = {}
    for name, tree in trees.items():
        if tree == before.get(name):
            continue
        content = edited(read.get(name, b""), tree)
        if len(content) > MAX_BYTES:
            content, more = _split(read.get(name, b""), tree, added, after)
            found |= _under_free_names(more, trees)
        found[name] = content if content.strip() else None
    return found


def _set_fields(trees: Trees, change: Change) -> None:
    """Fields of settings change where they stand; new ones stand beside the others of their kind."""
    for one in change.fields:
        homes = [tree for tree in trees.values() if one.field in tree.get(change.kind, {})]
        for tree in homes:
            del tree[change.kind][one.field]
        if one.after is not None:
            home = homes[0] if homes else _home(trees, change.kind)
            home.setdefault(change.kind, {})[one.field] = one.after


def _replace(trees: Trees, change: Change, body: dict[str, object] | None) -> None:
    for tree in trees.values():
        if change.key in tree.get(change.kind, {}):
            if body is None:
                del tree[change.kind][change.key]
            else:
                tree[change.kind][change.key] = body


def _home(trees: Trees, kind: str) -> dict[str, dict[str, Any]]:
    """The file for new definitions of a kind: the last one that has such, else the one of its group."""
    having = [tree for tree in trees.values() if tree.get(kind)]
    if having:
        return having[-1]
    group = next(name for name, members in GROUPS.items() if kind in members)
    return trees.setdefault(f"{group}.yaml", {})


def _split(
    raw: bytes, tree: dict[str, dict[str, Any]], added: Mapping[str, set[str]], after: Definitions
) -> tuple[bytes, dict[str, bytes]]:
    """A file that has grown too large: what is new in it goes into files of its own."""
    kept = {
        kind: {key: body for key, body in found.items() if key not in added.get(kind, ())}
        for kind, found in tree.items()
    }
    moved = {
        kind: {key: getattr(after, kind)[key] for key in found if key in added.get(kind, ())}
        for kind, found in tree.items()
        if kind not in SETTINGS
    }
    return edited(raw, kept), files_of(type(after)().model_copy(update=moved))


def _under_free_names(files: Mapping[str, bytes], taken: Collection[str]) -> dict[str, bytes]:
    free = (name for number in range(2, 10_000) if (name := f"definitions_{number:04}.yaml") not in taken)
    return dict(zip(free, files.values(), strict=False))


def _together(read: Mapping[str, bytes], files: Mapping[str, bytes | None]) -> dict[str, bytes]:
    found: dict[str, bytes | None] = {**read, **files}
    return {name: content for name, content in found.items() if content is not None}


def _tree(content: bytes, name: str) -> dict[str, dict[str, Any]]:
    """A file by kind and key; a key with nothing after it is a definition without fields."""
    tree = read_yaml(content, name).tree
    found: dict[str, Any] = tree if isinstance(tree, dict) else {}
    return {
        kind: {key: {} if body is None and kind not in SETTINGS else body for key, body in (entries or {}).items()}
        for kind, entries in found.items()
    }


def _check(found: Definitions, wanted: Definitions) -> None:
    """What is written must say what was planned; nothing else may ever be written."""
    if found != wanted:
        names = ", ".join(change.name for change in list(differences(found, wanted))[:5])
        raise ValueError(f"written definitions differ from planned ones: {names}")
