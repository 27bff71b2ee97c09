"""Ideas without a title: a sheet calls them after their row; as rows move, they are known again by their numbers."""

from __future__ import annotations

import re
from collections import defaultdict
from typing import TYPE_CHECKING, Any

from vitalfew.connect.foreign_given import hash_of
from vitalfew.connect.idea_rows import called_after
from vitalfew.connect.ideas import GROUPS, IDENT, fields_of, stamps_of
from vitalfew.connect.words import listed
from vitalfew.errors import DataError
from vitalfew.results.words import count

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_ROW = re.compile(rf"{IDENT}row(\d+)notitle")
_SAYS = tuple(GROUPS).index("words")
"""Stamps before this one are of numbers, by which an idea is known; those of words hold the row."""
_SILENT = tuple(stamps_of({})[:_SAYS])


def row_of(ident: str) -> int | None:
    """The row that an idea without a title is called after; None for one with a title."""
    found = _ROW.fullmatch(ident)
    return None if found is None else int(found[1])


def known_by_numbers(ideas: Sequence[Mapping[str, Any]], stamps: Mapping[str, Sequence[str]]) -> list[str | None]:
    """The initiative that each of some ideas is, by the numbers that a sheet gave it; None where none has them.

    One without numbers, such as with an effort of 0, is known where nothing of it differs, its row included.

    Args:
        ideas: of a sheet.
        stamps: of initiatives that a sheet named after their row, what it said of them last.
    """
    known = defaultdict[tuple[str, ...], list[str]](list)
    for key, said in stamps.items():
        known[_known_by(said)].append(key)
    return [known[said].pop(0) if known[said] else None for said in (_known_by(stamps_of(idea)) for idea in ideas)]


def _known_by(said: Sequence[str]) -> tuple[str, ...]:
    numbers = tuple(said[:_SAYS])
    return tuple(said) if numbers == _SILENT else numbers


def refuse_strangers(rows: Sequence[int], left: Sequence[int]) -> None:
    """Refuse rows without a title of which nobody can say whether they are new, or were changed.

    Args:
        rows: of the sheet, known to be none that came before.
        left: rows of ideas that came before and are not in the sheet.

    Raises:
        DataError: there are such.
    """
    if not rows or not left:
        return
    what, were = ("row", "is") if len(rows) == 1 else ("rows", "are")
    raise DataError(
        f"{what} {listed(map(str, rows))} of the sheet {were} without a title and without the numbers of the"
        f" {count(len(left), 'idea')} without a title of the sheet before (row {listed(map(str, left))}):"
        " it cannot be told whether they are new or were changed",
        expected="a title in each row",
        hint="give these rows titles, those that the ideas have here where they are the same",
    )


def moved(here: Mapping[str, Any], stored: Sequence[str], row: int, there: Mapping[str, Any]) -> list[str]:
    """What a sheet said last, as if it had said it of the row where an idea stands now.

    Args:
        here: the idea as it stands here.
        stored: hashes of what the sheet said last, when the idea stood in `row`.
        row: that row.
        there: the idea as the sheet has it now.
    """
    names = GROUPS["words"]
    before = hash_of(fields_of({**there, "title": called_after(row)}, names))
    edited = hash_of(fields_of(here, names)) != stored[_SAYS]
    return [*stored[:_SAYS], stamps_of(there)[_SAYS]] if edited and before == stored[_SAYS] else list(stored)
