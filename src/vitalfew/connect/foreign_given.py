"""What other programs wrote, read with suspicion: sizes bounded, every type checked where it is used."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.errors import DataError, UsageError
from vitalfew.workspace.given import shorten, shown
from vitalfew.workspace.yaml_reader import read_yaml

if TYPE_CHECKING:
    from pathlib import Path

LARGEST = 64 * 1024 * 1024
DEEPEST = 60
_LONGEST_TEXT = 2_000
_BEYOND_EXACT = 1e15  # a file of definitions holds no larger number exactly


@dataclass(frozen=True, slots=True)
class Given:
    """Fields of an object in a foreign file, and where they stand."""

    fields: dict[str, Any]
    place: str

    def text(self, name: str, default: str | None = None) -> str:
        """A text; `default` where it is missing.

        Raises:
            DataError: it is missing without a default, or no text.
        """
        value = self.fields.get(name)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or not value:
            raise self._wrong(name, value, "a text")
        return value

    def maybe_text(self, name: str) -> str | None:
        """A text that is not empty, or None where it is missing.

        Raises:
            DataError: it is no text.
        """
        return self.text(name) if self.fields.get(name) not in (None, "") else None

    def number(self, name: str) -> float | None:
        """A finite number of at most 15 digits, or None where it is missing.

        Raises:
            DataError: it is no such number.
        """
        value = self.fields.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._wrong(name, value, "a number")
        if not abs(value) < _BEYOND_EXACT:  # nor what is no number at all
            raise self._wrong(name, value, "a number of at most 15 digits")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is missing.

        Raises:
            DataError: it is neither.
        """
        value = self.fields.get(name)
        if value is not None and not isinstance(value, bool):
            raise self._wrong(name, value, "true or false")
        return bool(value)

    def part(self, name: str) -> Given:
        """An object; without fields where it is missing.

        Raises:
            DataError: it is no object.
        """
        value = self.fields.get(name)
        if value is not None and not isinstance(value, dict):
            raise self._wrong(name, value, "an object")
        return Given(value or {}, f"{self.place}.{name}" if self.place else name)

    def parts(self, name: str) -> list[Given]:
        """A list of objects; empty where it is missing.

        Raises:
            DataError: it is no such list.
        """
        value = self.fields.get(name)
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(item, dict) for item in value):
            raise self._wrong(name, value, "a list of objects")
        return [Given(item, f"{self.place}.{name}[{at}]".lstrip(".")) for at, item in enumerate(value)]

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts; empty where it is missing.

        Raises:
            DataError: it is no such list.
        """
        value = self.fields.get(name)
        if value is None:
            return ()
        if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
            raise self._wrong(name, value, "a list of texts")
        return tuple(value)

    def _wrong(self, name: str, value: object, expected: str) -> DataError:
        found = "is missing" if value is None else f"is {shown(value)}"
        return DataError(f"'{shorten(name)}' of {self.place or 'the file'} {found}", expected=expected)


def read_json(file: Path) -> Given:
    """Read a JSON file whose outermost value is an object.

    Raises:
        UsageError: there is no such file.
        DataError: it is too large, nested too deeply, or no such JSON.
    """
    try:
        tree = json.loads(_content(file, LARGEST))
    except (ValueError, RecursionError):
        raise DataError(f"{file.name} is no JSON that can be read", expected="one object in UTF-8") from None
    return _object(tree, file)


def read_foreign_yaml(file: Path) -> Given:
    """Read a YAML file whose outermost value is a mapping, as strictly as definitions are read.

    Raises:
        UsageError: there is no such file.
        DefinitionError: it is no YAML, or uses what is refused.
        DataError: it holds something else.
    """
    return _object(read_yaml(_content(file, LARGEST), str(file)).tree, file)


def hash_of(*values: object) -> str:
    """Eight hexadecimal digits that change when the values do; 7 and 7.0 are the same."""
    text = json.dumps([settled(value) for value in values], sort_keys=True, default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:8]


def settled(value: Any) -> Any:  # noqa: ANN401 - trees hold anything
    """A tree as a file of ours gives it back: lists for tuples, whole numbers for floats without decimals."""
    if isinstance(value, dict):
        return {str(name): settled(item) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return [settled(item) for item in value]
    return int(value) if isinstance(value, float) and value.is_integer() else value


def clean(text: object) -> str:
    """A text on one line without signs that cannot be shown, at most 2,000 characters."""
    shown_ones = "".join(sign if sign.isprintable() else " " for sign in str(text))
    return " ".join(shown_ones.split())[:_LONGEST_TEXT]


def _content(file: Path, limit: int) -> bytes:
    if not file.is_file():
        raise UsageError(f"there is no file '{file}'")
    try:
        with file.open("rb") as opened:
            content = opened.read(limit + 1)
    except OSError as error:
        raise DataError(f"{file.name} cannot be read: {error.strerror}") from None
    if len(content) > limit:
        raise DataError(f"{file.name} is too large", expected=f"at most {limit // 1024**2} MB")
    return content


def _object(tree: object, file: Path) -> Given:
    if not isinstance(tree, dict):
        raise DataError(f"{file.name} holds {shown(tree)}", expected="one object with named fields")
    waiting: list[tuple[object, int]] = [(tree, 1)]
    while waiting:
        value, depth = waiting.pop()
        if depth > DEEPEST:
            raise DataError(f"{file.name} is nested more than {DEEPEST} levels deep")
        if isinstance(value, dict | list):
            children = value.values() if isinstance(value, dict) else value
            waiting += [(child, depth + 1) for child in children]
    return Given(tree, "")
