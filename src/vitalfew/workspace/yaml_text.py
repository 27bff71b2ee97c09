"""From the bytes of a file to text that libyaml can read, and libyaml's complaints in plain words."""

from __future__ import annotations

import codecs
import re
from typing import TYPE_CHECKING

from vitalfew.errors import DefinitionError, Problem, Where

if TYPE_CHECKING:
    import yaml

MAX_BYTES = 256 * 1024

_WIDE = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE, codecs.BOM_UTF32_BE)
CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x84\x86-\x9f\ufffe\uffff]")

# A part of libyaml's message, what it means, and what to do.
_COMPLAINTS = (
    ("mapping values are not allowed", "a ':' stands where none can be", "put a text with ': ' into quotes"),
    ("did not find expected ',' or ']'", "a list is not closed", "end it with ']' and put ',' between its items"),
    ("did not find expected ',' or '}'", "a '{' is not closed", "end it with '}' and put ',' between its fields"),
    ("sequence entries are not allowed", "a list begins in the middle of a line", "put '- ' on a line of its own"),
    ("mapping keys are not allowed", "a '?' stands where none can be", "put a text with '?' into quotes"),
    ("expected node content", "a value is missing between brackets", "write the value, or remove the ','"),
    ("did not find expected '-'", "the lines of a list do not line up", "begin each item with '- ', equally indented"),
    ("did not find expected key", "the lines do not line up, or a ':' is missing", "indent equal things equally"),
    ("could not find expected ':'", "a ':' is missing after a key", "write 'key: value'"),
    ("unexpected end of stream", "a text in quotes is not closed", "end it with the quote it began with"),
    ("did not find expected <document start>", "text follows the end of the document", "check the indentation"),
    ("tag", "tags (words that begin with '!') are not read", "put a text that begins with '!' into quotes"),
    ("alias", "a '*' begins a reference without a name", "put a text that begins with '*' into quotes"),
    ("anchor", "a '&' begins a name without letters", "put a text that begins with '&' into quotes"),
    ("escape", "a '\\' in double quotes means nothing", "use single quotes, or write '\\\\'"),
    ("directive", "a line begins with '%'", "put the text into quotes"),
    ("block scalar", "'|' or '>' begins a longer text wrongly", "put the text on the next line, indented"),
    ("indentation", "the lines are indented wrongly", "indent equal things equally"),
)


def decode(data: bytes, file: str) -> str:
    """Turn the bytes of a file into text.

    Raises:
        DefinitionError: more than 256 kB, not UTF-8, or with signs that no text has.
    """
    if len(data) > MAX_BYTES:
        limit = f"at most {MAX_BYTES // 1024} kB"
        raise _error("the file is too large", Where(file), limit, "split it; data belong into tables")
    if data.startswith(_WIDE):
        raise _error("the file is written in UTF-16 or UTF-32", Where(file), "UTF-8", "save it as UTF-8")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise _error("a letter is not written in UTF-8", Where(file, line), None, "save the file as UTF-8") from None
    found = CONTROL.search(text)
    if found is not None:
        line = text.count("\n", 0, found.start()) + 1
        sign = f"U+{ord(found.group()):04X}"
        raise _error(f"the file holds the control character {sign}", Where(file, line), "text", "remove it")
    return text


def complaint(error: yaml.YAMLError, text: str, file: str) -> DefinitionError:
    """Say what libyaml could not read, where, and what to do."""
    mark = getattr(error, "problem_mark", None)
    said = f"{getattr(error, 'context', '')} {getattr(error, 'problem', '')}"
    last = text.count("\n") + (not text.endswith("\n"))  # at the end of a text libyaml counts one line more
    where = Where(file, min(mark.line + 1, last), mark.column + 1) if mark else Where(file)
    if "cannot start any token" in said and mark:
        return _bad_start(text, where)
    for part, message, hint in _COMPLAINTS:
        if part in said:
            return _error(message, where, None, hint)
    return _error("this is no YAML that can be read", where, "'key: value' lines", "check quotes and indentation")


def _bad_start(text: str, where: Where) -> DefinitionError:
    line = text.splitlines()[(where.line or 1) - 1 :][:1]
    sign = line[0][(where.column or 1) - 1 :][:1] if line else ""
    if sign == "\t":
        return _error("a tab is used for indentation", where, "blanks", "replace tabs by blanks")
    return _error(f"a value cannot begin with '{sign}'", where, None, "put it into quotes")


def _error(message: str, where: Where, expected: str | None, hint: str) -> DefinitionError:
    return DefinitionError([Problem(message, where, expected, hint)])
