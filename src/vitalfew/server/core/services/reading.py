"""Definitions in files that came from outside, read by a process that is shut in: YAML takes far more than its bytes.

The same bounds in memory, time, files and network hold as for any work on files of people.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.conf import settings

from vitalfew.errors import DefinitionError, Problem, UsageError, Where
from vitalfew.server.core.working.order import Bounds, Order
from vitalfew.server.core.working.watch import watched
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

_MEMORY = 4 << 30
_SECONDS = 60
_ANSWER = 1 << 20  # bytes of files: it writes none but what Python itself may


def read(folder: Path, look: Callable[[], object]) -> Definitions:
    """What the files in a folder define.

    Args:
        folder: of the files.
        look: called a few times a second; what it raises ends the reading.

    Raises:
        DefinitionError: something is wrong with them; places are told below the folder.
        UsageError: reading them took more than the server gives, or was refused on this machine.
    """
    bounds = Bounds(_MEMORY, _SECONDS, _ANSWER, (str(folder),), (), settings.CONFIG.require_jail)
    outcome = watched(Order("read", str(folder)), bounds, lambda *_: None, lambda: bool(look()))
    if outcome.result is None:
        hint = "leave out what is no definition, or bring it in parts"
        raise UsageError(outcome.error or "reading these definitions took more than the server gives", hint=hint)
    if problems := outcome.result["problems"]:
        raise DefinitionError([_problem(**one) for one in problems])
    return Definitions.model_validate(outcome.result["defined"])


def _problem(message: str, where: dict[str, object] | None, expected: str | None, hint: str | None) -> Problem:
    found = None
    if where is not None:
        file, line, column, path = where["file"], where["line"], where["column"], where["path"]
        found = Where(str(file), line, column, tuple(path))  # type: ignore[arg-type]  # as `asdict` told them
    return Problem(message, found, expected, hint)
