"""JSON read strictly: whatever is ambiguous, unbounded or without a canonical form is refused in plain words."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any

DEEPEST = 10
_HASH = re.compile(r"[0-9a-f]{64}")
_EXACT = 2**53
_SMALLEST = 1e-4  # below, Python and RFC 8785 part in where an exponent begins
LONGEST_INTEGER = 16  # digits and sign; 2^53 has 16 digits, and RFC 8785 has no form beyond it


def loads(raw: bytes, *, limit: int) -> Any:  # noqa: ANN401 - JSON holds any of six types; callers check theirs
    """Parse one JSON value from UTF-8 bytes.

    Args:
        raw: the bytes.
        limit: the most bytes allowed.

    Raises:
        ValueError: says in plain words what is wrong: too long, not UTF-8, not JSON, a key given twice, a number
            without a canonical form, half of a surrogate pair, nesting deeper than `DEEPEST`.
    """
    if len(raw) > limit:
        raise ValueError(f"is {len(raw):,} bytes long; at most {limit:,} are read")
    try:
        value = json.loads(
            raw.decode("utf-8"),
            object_pairs_hook=_without_duplicates,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
    except UnicodeDecodeError:
        raise ValueError("is not UTF-8 text") from None
    except json.JSONDecodeError as error:
        reason = error.msg.lower().removesuffix(" starting at")
        raise ValueError(f"is not JSON ({reason} at character {error.pos + 1})") from None
    except RecursionError:
        raise ValueError(f"is nested deeper than {DEEPEST} levels") from None
    _walk(value, DEEPEST)
    return value


def canonical(value: object) -> bytes:
    """The one form of a JSON value that hashes are taken of (RFC 8785).

    Raises:
        ValueError: the value has no such form.
    """
    try:
        # Python's own writer is thirty times as fast, and writes the same of what is plain.
        return json.dumps(_plain(value), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    except _NotPlain:
        import rfc8785

        return rfc8785.dumps(value)  # type: ignore[arg-type] # the package checks the types itself and raises ValueError


class _NotPlain(Exception):
    """A value of which only the rules of RFC 8785 tell how it is written."""


def _plain(value: Any) -> Any:  # noqa: ANN401 - any JSON value
    """A value that Python's writer of JSON writes in the canonical form; whole numbers lose their point."""
    if value is None or value is True or value is False:
        return value
    kind = type(value)
    if kind is str:
        return value if value.isascii() else _without_surrogates(value)
    if kind is int and -_EXACT < value < _EXACT:
        return value
    if kind is float and value == value // 1 and -_EXACT < value < _EXACT:
        return int(value)
    if kind is float and _SMALLEST <= abs(value) < _EXACT:
        return value
    if kind is dict and all(type(key) is str and key.isascii() for key in value):
        return {key: _plain(part) for key, part in value.items()}
    if kind is list or kind is tuple:
        return [_plain(part) for part in value]
    raise _NotPlain


def _without_surrogates(text: str) -> str:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise _NotPlain from None
    return text


def sha256(raw: bytes) -> str:
    """SHA-256 in lower-case hexadecimal, 64 characters."""
    return hashlib.sha256(raw).hexdigest()


def is_hash(value: object) -> bool:
    """Whether a value is a SHA-256 as this package writes them."""
    return isinstance(value, str) and _HASH.fullmatch(value) is not None


def _without_duplicates(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise ValueError(f"gives the key {key[:40]!r} twice")
        found[key] = value
    return found


def _whole(digits: str) -> int:
    if len(digits) > LONGEST_INTEGER + 1 or abs(int(digits)) >= 2**53:
        raise ValueError("holds a whole number too large to be exact")
    return int(digits)


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("holds a number too large")
    return number


def _refuse_constant(name: str) -> float:
    raise ValueError(f"holds {name}, which is no number")


def _walk(value: object, levels: int) -> None:
    if isinstance(value, str) and not value.isascii() and any("\ud800" <= sign <= "\udfff" for sign in value):
        raise ValueError("holds half of a surrogate pair, which is no character")
    if not isinstance(value, dict | list):
        return
    if levels == 0:
        raise ValueError(f"is nested deeper than {DEEPEST} levels")
    children = [*value, *value.values()] if isinstance(value, dict) else value
    for child in children:
        _walk(child, levels - 1)
