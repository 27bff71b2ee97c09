"""One family of errors. Each says what is wrong, where, what was expected and what to do next.

The text of an error is for the person who uses vitalfew: no traceback, no engine message, no secret.
Detail for developers goes to the log.
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class Where:
    """A place in a user's file. `line` and `column` count from 1; `path` is the place in the document."""

    file: str
    line: int | None = None
    column: int | None = None
    path: tuple[str | int, ...] = ()

    def __str__(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        return f"{place} ({dotted(self.path)})" if self.path else place


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in what the user gave, with the next step."""

    message: str
    where: Where | None = None
    expected: str | None = None
    hint: str | None = None

    def __str__(self) -> str:
        head = f"{self.where}: {self.message}" if self.where else self.message
        return _with_details(head, self.expected, self.hint)


class VitalfewError(Exception):
    """Base of all errors a user can meet.

    Args:
        message: what is wrong, in the user's words.
        where: the file, line or object concerned.
        expected: what would have been right.
        hint: the next step.
    """

    def __init__(
        self, message: str, *, where: Where | None = None, expected: str | None = None, hint: str | None = None
    ) -> None:
        super().__init__(message)
        self.problem = Problem(message, where, expected, hint)

    def __str__(self) -> str:
        return str(self.problem)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Every problem this error carries; one, unless the error collects many."""
        return (self.problem,)


class UsageError(VitalfewError):
    """The command or call itself is wrong (exit code 2)."""


class DefinitionError(VitalfewError):
    """The definitions of a workspace are wrong; carries all problems found, not just the first."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self._problems = tuple(problems)
        count = len(self._problems)
        super().__init__(f"{count} problem{'s' if count != 1 else ''} in the definitions")

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self._problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """All problems, in the order of files and lines."""
        return self._problems


class DataError(VitalfewError):
    """A user's data cannot be read or do not fit their definition."""


class NotEnoughData(VitalfewError):
    """The data are sound but too few to say anything: one unit, an empty arm, a constant metric."""


class Unsupported(VitalfewError):
    """Known, but not supported (yet), or not by this engine."""


class ActError(VitalfewError):
    """The log of acts is damaged, or an act is not allowed."""


def nearest(name: str, known: Iterable[str], alike: float = 0.6) -> str | None:
    """Return the known name closest to `name`, or None when none is close."""
    lowered = {candidate.lower(): candidate for candidate in known}
    matches = difflib.get_close_matches(name.lower(), lowered, n=1, cutoff=alike)
    return lowered[matches[0]] if matches else None


def suggest(name: str, known: Iterable[str], *, limit: int = 8) -> str:
    """Say which name was probably meant, else list what exists (at most `limit` names)."""
    names = list(known)
    close = nearest(name, names)
    if close is not None:
        return f"did you mean '{close}'?"
    if not names:
        return "none is defined yet"
    more = f" and {len(names) - limit} more" if len(names) > limit else ""
    return f"known: {', '.join(names[:limit])}{more}"


def dotted(path: tuple[str | int, ...]) -> str:
    """Write a place in a document as `metrics.retention_7.range[1]`."""
    text = ""
    for part in path:
        text += f"[{part}]" if isinstance(part, int) else (f".{part}" if text else part)
    return text


def _with_details(head: str, expected: str | None, hint: str | None) -> str:
    parts = [head]
    if expected:
        parts.append(f"expected {expected}")
    if hint:
        parts.append(hint)
    return "; ".join(parts)
