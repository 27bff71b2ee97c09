"""Change definitions in a YAML file that people wrote: what does not change keeps its words, order and comments."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.errors import DefinitionError
from vitalfew.workspace.merging import SETTINGS
from vitalfew.workspace.writing import to_yaml
from vitalfew.workspace.yaml_reader import read_yaml

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.workspace.yaml_reader import Document

type Kinds = Mapping[str, Mapping[str, Any]]
type Splice = tuple[int, int, list[str]]
"""Lines from one number up to another, and what is to stand there instead."""


def edited(raw: bytes, wanted: Kinds) -> bytes:
    """The bytes of a file whose tree is to be another.

    Where the way in which the file is written does not allow to change parts of it, it is written anew.

    Args:
        raw: the file as it is; empty for a new one.
        wanted: its tree as it is to be, by kind and key.
    """
    target = {kind: dict(entries) for kind, entries in wanted.items() if entries}
    fresh = to_yaml(target).encode() if target else b""
    if not raw.strip():
        return fresh
    text = raw.decode("utf-8-sig")
    end = "\r\n" if "\r\n" in text else "\n"
    lines = text.splitlines()
    for _, (start, stop, new) in sorted(enumerate(_splices(read_yaml(raw, ""), lines, target)), key=_from_the_end):
        lines[start:stop] = new
    changed = (end.join(lines) + end).encode()
    return changed if _holds(changed, target) else fresh


def _from_the_end(numbered: tuple[int, Splice]) -> tuple[int, int, int]:
    """Later lines first, so that numbers stay true; at one line what is replaced first, then what is put before it."""
    number, (start, stop, _) = numbered
    return -start, start - stop, -number


def _holds(raw: bytes, target: Kinds) -> bool:
    try:
        return _entries(read_yaml(raw, "")) == _entries(read_yaml(to_yaml(target).encode(), ""))
    except DefinitionError:
        return False


def _entries(document: Document) -> dict[str, Any]:
    tree = document.tree if isinstance(document.tree, dict) else {}
    return {kind: entries for kind, entries in tree.items() if entries}


def _splices(document: Document, lines: list[str], target: Kinds) -> Iterator[Splice]:
    before = document.tree if isinstance(document.tree, dict) else {}
    for kind in dict.fromkeys([*before, *target]):
        old, new = before.get(kind) or {}, target.get(kind, {})
        place = document.keys.get((kind,))
        if old == new or not isinstance(old, dict):
            continue
        if place is None or place.line is None:
            yield len(lines), len(lines), to_yaml({kind: new}).splitlines()
        elif not new or not old or kind in SETTINGS:
            start = place.line - 1
            yield start, _end(lines, start), to_yaml({kind: new}).splitlines() if new else []
        else:
            yield from _in_kind(document, lines, kind, old, new)


def _in_kind(
    document: Document, lines: list[str], kind: str, old: Mapping[str, Any], new: Mapping[str, Any]
) -> Iterator[Splice]:
    """Single definitions of a kind: those changed and removed where they stand, those added behind the last one."""
    starts = {key: (document.keys[kind, key].line or 1) - 1 for key in old}
    last = max(starts.values())
    indent = len(lines[last]) - len(lines[last].lstrip())
    for key, start in starts.items():
        if key not in new:
            yield start, _end(lines, start), []
        elif old[key] != new[key]:
            yield start, _end(lines, start), _rendered(kind, {key: new[key]}, indent)
    added = {key: body for key, body in new.items() if key not in old}
    if added:
        end = _end(lines, last)
        yield end, end, _rendered(kind, added, indent)


def _rendered(kind: str, entries: Mapping[str, Any], indent: int) -> list[str]:
    """Definitions as lines below their kind, indented as those that stand there."""
    return [" " * indent + line[2:] for line in to_yaml({kind: entries}).splitlines()[1:]]


def _end(lines: list[str], start: int) -> int:
    """Where the block that begins in a line ends; comments and empty lines behind it belong to what follows."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    end = start + 1
    for number in range(start + 1, len(lines)):
        line = lines[number].strip()
        if not line or line.startswith("#"):
            continue
        if len(lines[number]) - len(lines[number].lstrip()) <= indent:
            break
        end = number + 1
    return end
