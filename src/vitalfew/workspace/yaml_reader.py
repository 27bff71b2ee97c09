"""Strict reading of YAML: libyaml's events underneath, our own rules on top.

Events alone neither recurse nor build anything, so depth, size, aliases and keys are checked before there is a tree.
Keys are always text. No merge keys, no tags, one document a file, no key twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import yaml

from vitalfew.errors import DefinitionError, Problem, Where
from vitalfew.workspace.given import shorten
from vitalfew.workspace.yaml_scalars import Scalar, plain_scalar
from vitalfew.workspace.yaml_text import CONTROL, complaint, decode

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_DEPTH = 20
MAX_ALIASES = 100
MAX_NODES = 50_000

type Path = tuple[str | int, ...]
type Tree = Scalar | list[Tree] | dict[str, Tree]


@dataclass(frozen=True, slots=True)
class Document:
    """A file as a plain tree, with the place of every key and of every value by its path."""

    tree: Tree
    keys: dict[Path, Where]
    values: dict[Path, Where]


def read_yaml(data: bytes, file: str) -> Document:
    """Read one YAML document.

    Args:
        data: the bytes of the file: UTF-8, at most 256 kB.
        file: its name, for the places in errors.

    Returns:
        The tree (None when the file is empty) and its places.

    Raises:
        DefinitionError: the file is no YAML, or uses what is refused; carries every problem found.
    """
    text = decode(data, file)
    try:
        return _Reader(file, yaml.parse(text, Loader=yaml.CLoader)).document()
    except yaml.YAMLError as error:
        raise complaint(error, text, file) from None


@dataclass(frozen=True, slots=True)
class _Anchor:
    """A part of the tree that aliases stand for; `nodes` counts what an alias adds, `height` its levels."""

    tree: Tree
    nodes: int
    height: int


@dataclass(slots=True)
class _Reader:
    file: str
    events: Iterator[yaml.Event]
    keys: dict[Path, Where] = field(default_factory=dict)
    values: dict[Path, Where] = field(default_factory=dict)
    anchors: dict[str, _Anchor] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    nodes: int = 0
    aliases: int = 0
    height: int = 0

    def document(self) -> Document:
        next(self.events)  # the start of the stream
        tree: Tree = None
        if isinstance(next(self.events), yaml.DocumentStartEvent):
            tree = self._node(next(self.events), (), 1)
            next(self.events)  # the end of the document
            following = next(self.events)
            if isinstance(following, yaml.DocumentStartEvent):
                raise self._error(
                    following, (), "the file holds a second document ('---')", "give it a file of its own"
                )
        if self.problems:
            raise DefinitionError(self.problems)
        return Document(tree, self.keys, self.values)

    # Nodes ---------------------------------------------------------------------------------------------------------

    def _node(self, event: yaml.Event, path: Path, depth: int) -> Tree:
        """Build the part of the tree that `event` begins; leaves its height in `self.height`."""
        self.values[path] = self._where(event, path)
        if isinstance(event, yaml.AliasEvent):
            return self._alias(event, path, depth)
        self._refuse_tag(event, path)
        before = self.nodes
        self._count(event, path, 1, depth)
        if isinstance(event, yaml.ScalarEvent):
            self._refuse_control(event, path)
            tree: Tree = plain_scalar(event.value) if _is_plain(event) else event.value
            self.height = 1
        elif isinstance(event, yaml.SequenceStartEvent):
            tree = self._sequence(path, depth)
        else:
            tree = self._mapping(path, depth)
        anchor = getattr(event, "anchor", None)
        if anchor is not None:
            self.anchors[anchor] = _Anchor(tree, self.nodes - before, self.height)
        return tree

    def _sequence(self, path: Path, depth: int) -> Tree:
        items: list[Tree] = []
        height = 0
        while not isinstance(event := next(self.events), yaml.SequenceEndEvent):
            items.append(self._node(event, (*path, len(items)), depth + 1))
            height = max(height, self.height)
        self.height = height + 1
        return items

    def _mapping(self, path: Path, depth: int) -> Tree:
        fields: dict[str, Tree] = {}
        height = 0
        while not isinstance(event := next(self.events), yaml.MappingEndEvent):
            key = self._key(event, path)
            if key in fields:
                self._note_duplicate(event, (*path, key))
                self._skip(next(self.events), (*path, key), depth + 1)
                continue
            self.keys[(*path, key)] = self._where(event, (*path, key))
            fields[key] = self._node(next(self.events), (*path, key), depth + 1)
            height = max(height, self.height)
        self.height = height + 1
        return fields

    def _alias(self, event: yaml.AliasEvent, path: Path, depth: int) -> Tree:
        self.aliases += 1
        if self.aliases > MAX_ALIASES:
            raise self._error(event, path, f"more than {MAX_ALIASES} references with '*'", "write the values out")
        anchor = self.anchors.get(str(event.anchor))
        if anchor is None:
            raise self._error(event, path, f"'*{event.anchor}' refers to nothing before it", "quote a text with '*'")
        self._count(event, path, anchor.nodes, depth + anchor.height - 1)
        self.height = anchor.height
        return anchor.tree

    # Keys ----------------------------------------------------------------------------------------------------------

    def _key(self, event: yaml.Event, path: Path) -> str:
        if not isinstance(event, yaml.ScalarEvent):
            raise self._error(event, path, "a key is a text on one line", "quote it, or indent the lines equally")
        self._refuse_tag(event, path)
        self._refuse_control(event, path)
        key = str(event.value)
        if _is_plain(event) and key == "<<":
            raise self._error(event, path, "merge keys ('<<') are not read", "write the fields out")
        if not key and _is_plain(event):
            raise self._error(event, path, "a key is empty", "write 'key: value'")
        if event.anchor is not None:
            self.anchors[event.anchor] = _Anchor(key, 1, 1)
        return key

    def _note_duplicate(self, event: yaml.Event, path: Path) -> None:
        message = f"'{shorten(path[-1])}' is defined twice; first in line {self.keys[path].line}"
        self.problems.append(Problem(message, self._where(event, path), hint="keep one of the two"))

    def _skip(self, event: yaml.Event, path: Path, depth: int) -> None:
        """Read the value of a key that was there before, keeping the places of the first."""
        keys, values = self.keys, self.values
        self.keys, self.values = {}, {}
        self._node(event, path, depth)
        self.keys, self.values = keys, values

    # Limits --------------------------------------------------------------------------------------------------------

    def _count(self, event: yaml.Event, path: Path, nodes: int, depth: int) -> None:
        if depth > MAX_DEPTH:
            message = f"the file is nested more than {MAX_DEPTH} levels deep"
            raise self._error(event, (), message, "definitions need at most six")
        self.nodes += nodes
        if self.nodes > MAX_NODES:
            message = f"the file holds more than {MAX_NODES:,} values"
            raise self._error(event, path, message, "split it; data belong into tables")

    def _refuse_tag(self, event: yaml.Event, path: Path) -> None:
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._error(event, path, "tags (words that begin with '!') are not read", "put the text into quotes")

    def _refuse_control(self, event: yaml.ScalarEvent, path: Path) -> None:
        """Quotes can hold signs, written as escapes, that a terminal would obey and that no file's name may have."""
        found = CONTROL.search(event.value)
        if found is not None:
            message = f"a text holds the control character {found[0].encode('unicode_escape').decode()}"
            raise self._error(event, path, message, "remove it")

    def _where(self, event: yaml.Event, path: Path) -> Where:
        mark = event.start_mark
        return Where(self.file, mark.line + 1, mark.column + 1, path) if mark else Where(self.file, path=path)

    def _error(self, event: yaml.Event, path: Path, message: str, hint: str) -> DefinitionError:
        return DefinitionError([*self.problems, Problem(message, self._where(event, path), hint=hint)])


def _is_plain(event: yaml.ScalarEvent) -> bool:
    return not event.style  # libyaml gives an empty style to words without quotes
