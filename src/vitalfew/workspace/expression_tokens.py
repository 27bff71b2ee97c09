"""The words of a filter's text: names, numbers, texts and signs, with their positions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from vitalfew.errors import DefinitionError, Problem

MAX_LENGTH = 1_000
WORDS = ("and", "or", "not", "in", "is", "null", "true", "false")

TokenKind = Literal["name", "column", "number", "text", "word", "sign", "end"]

_TOKEN = re.compile(
    r"""(?P<space>\s+)
    |(?P<number>(?:[0-9]+(?:\.[0-9]+)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?(?![A-Za-z0-9_.]))
    |(?P<name>[^\W\d]\w*)
    |(?P<column>`[^`]+`)
    |(?P<text>'(?:[^']|'')*'|"(?:[^"]|"")*")
    |(?P<sign>==|!=|<=|>=|[<>()\[\],+\-*/])""",
    re.VERBOSE,
)

# What people write out of habit from other languages, and what to write here.
_HABITS = (
    ("<>", "write '!=' for 'differs from'"),
    ("=", "write '==' to compare"),
    ("&", "write 'and'"),
    ("|", "write 'or'"),
    ("!", "write 'not', or '!=' for 'differs from'"),
    ("{", "templates are not read; write the value itself"),
    (";", "a filter is one condition; give several as a list"),
    (".", "put a name with dots into backticks: `a.b`"),
    ("'", "close the text with the quote it began with"),
    ('"', "close the text with the quote it began with"),
    ("`", "close the column's name with a backtick"),
)
WORD_HABITS = {
    "like": "write contains(name, 'text') or startswith(name, 'text')",
    "ilike": "write contains(lower(name), 'text')",
    "between": "write 1 <= name <= 5",
    "equals": "write '==' to compare",
}


@dataclass(frozen=True, slots=True)
class Token:
    """One word; `value` is the text without quotes, `start` counts characters from 0."""

    kind: TokenKind
    value: str
    start: int

    def __str__(self) -> str:
        return "the end" if self.kind == "end" else f"'{self.value}'"


def refusal(
    text: str, position: int, message: str, *, expected: str | None = None, hint: str | None = None
) -> DefinitionError:
    """The error that shows the text with a caret under `position`."""
    advice = f"{hint}; here:" if hint else "here:"
    return DefinitionError([Problem(message, expected=expected, hint=f"{advice}\n{_caret(text, position)}")])


def tokenise(text: str, noun: str = "filter") -> list[Token]:
    """Cut a filter, or another `noun` in the same words, into its words; the last one is always the end.

    Raises:
        DefinitionError: the text is too long, or holds a sign that means nothing in it.
    """
    if len(text) > MAX_LENGTH:
        message = f"the {noun} has {len(text)} characters"
        hint = "give several filters" if noun == "filter" else "make a metric of a part of it"
        raise DefinitionError([Problem(message, expected=f"at most {MAX_LENGTH}", hint=hint)])
    tokens: list[Token] = []
    position = 0
    while position < len(text):
        found = _TOKEN.match(text, position)
        if found is None or text.startswith("<>", position):
            raise _sign_error(text, position, noun)
        if found.lastgroup != "space":
            tokens.append(_token(found))
        position = found.end()
    return [*tokens, Token("end", "", len(text))]


def _token(found: re.Match[str]) -> Token:
    value, start = found.group(), found.start()
    if found.lastgroup == "name":
        known = value.lower() in WORDS
        return Token("word", value.lower(), start) if known else Token("name", value, start)
    if found.lastgroup == "column":
        return Token("column", value[1:-1], start)
    if found.lastgroup == "text":
        return Token("text", value[1:-1].replace(value[0] * 2, value[0]), start)
    return Token("number" if found.lastgroup == "number" else "sign", value, start)


def _sign_error(text: str, position: int, noun: str) -> DefinitionError:
    rest = text[position:]
    if rest[0].isdigit():
        return refusal(text, position, f"'{rest.split()[0][:20]}' is no number", expected="digits, as in 12 or 0.5")
    hint = next((advice for sign, advice in _HABITS if rest.startswith(sign)), None)
    return refusal(text, position, f"{rest[0]!r} means nothing in a {noun}", hint=hint)


def _caret(text: str, position: int, *, around: int = 45) -> str:
    """The part of the text around a position on one line, and a caret below it."""
    shown = "".join(sign if sign.isprintable() else " " for sign in text)
    start, end = max(0, position - around), position + around
    head, tail = "…" if start else "", "…" if end < len(shown) else ""
    return f"    {head}{shown[start:end]}{tail}\n    {' ' * (position - start + len(head))}^"
