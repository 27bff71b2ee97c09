"""Which columns say who the users are when several files do: those that share their name, or their ids."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.columns import HALF, holds, is_bare_id, repeats
from vitalfew.connect.words import plain
from vitalfew.results.words import count
from vitalfew.warehouse.profile import distinct_values

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.connect.kinds import Kind
    from vitalfew.connect.recognise import Recognised

MOST_IDS = 100_000


@dataclass
class _People:
    """A file with the columns that may say who its users are; ids are read once per column."""

    file: Recognised
    columns: list[str]
    read: dict[str, frozenset[str]] = field(default_factory=dict)

    def ids(self, column: str) -> frozenset[str]:
        """Different ids of a column as text, at most `MOST_IDS`; a whole number is one however it is stored."""
        if column not in self.read:
            look = self.file.look
            values = (row[0] for row in distinct_values(look.engine, look.table, [column], MOST_IDS))
            self.read[column] = frozenset(map(_as_text, (value for value in values if value is not None)))
        return self.read[column]


def agree(files: Mapping[Kind, Recognised]) -> list[str]:
    """Choose the column of users of each file so that the files share it.

    A column that two files call alike is preferred, and of others the one whose ids are found in both. Changes
    `columns["user"]` of the files.

    Returns:
        A warning for each file none of whose ids is found in the one that leads: events, else users.
    """
    known = [kind for kind in (kinds.EVENTS, kinds.USERS, kinds.EXPOSURES) if kind in files]
    if len(known) < 2:  # noqa: PLR2004 - one file alone shares nothing
        return []
    leading, *others = (_people(files[kind]) for kind in known)
    was = leading.file.columns["user"]
    chosen = max(leading.columns, key=lambda column: _worth(leading, column, others))
    leading.file.columns["user"] = chosen
    for other in others:
        other.file.columns["user"] = _partner(leading, chosen, other)
    if chosen != was:
        leading.file.notes.append(_why(leading, was, others))
    return [_apart(leading, other) for other in others if not _overlap(leading, chosen, other, _user(other))]


def _user(people: _People) -> str:
    return people.file.columns["user"]


def _people(file: Recognised) -> _People:
    """The columns of a file that may be its users, the recognised one first; one row per user where it lists them."""
    own = file.columns["user"]
    taken = set(file.columns.values())
    named = [
        column
        for column in file.look.columns
        if column not in taken
        and (kinds.USER.rank(column) is not None or (file.kind is kinds.USERS and is_bare_id(column)))
        and holds(file.look, kinds.USER, column)
        and not (file.kind is kinds.USERS and repeats(file.look, column))
    ]
    ranked = sorted(named, key=lambda column: len(kinds.USER.names) if is_bare_id(column) else _rank(column))
    return _People(file, [own, *ranked])


def _rank(column: str) -> int:
    found = kinds.USER.rank(column)
    return len(kinds.USER.names) if found is None else found


def _worth(leading: _People, column: str, others: list[_People]) -> tuple[int, bool, float]:
    """How well a column ties the files together: names and ids shared, whether it is filled, shares of ids."""
    pairs = [(other, _partner(leading, column, other)) for other in others]
    shares = [_overlap(leading, column, other, partner) for other, partner in pairs]
    alike = [_alike(column, partner) for _, partner in pairs]
    shared = sum(2 * (share > 0) + same for share, same in zip(shares, alike, strict=True))
    look = leading.file.look
    by_ids = 0.0 if all(alike) else sum(shares)
    return shared, look.columns[column].filled >= HALF * look.rows, by_ids


def _partner(leading: _People, column: str, other: _People) -> str:
    """The column of another file that goes with one of the leading file; the recognised one when none does."""
    alike = [one for one in other.columns if _alike(column, one)]
    shares = {one: _overlap(leading, column, other, one) for one in (alike or other.columns)}
    if alike and not any(shares.values()):
        others = {one: _overlap(leading, column, other, one) for one in other.columns}
        shares = others if any(others.values()) else shares
    return max(shares, key=lambda one: shares[one])


def _overlap(leading: _People, column: str, other: _People, partner: str) -> float:
    """The share of ids that both columns hold, of the column with fewer of them."""
    these, those = leading.ids(column), other.ids(partner)
    return len(these & those) / max(1, min(len(these), len(those)))


def _alike(one: str, other: str) -> bool:
    return plain(one.rpartition(".")[2]) == plain(other.rpartition(".")[2])


def _as_text(value: object) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _why(leading: _People, was: str, others: list[_People]) -> str:
    chosen, look = _user(leading), leading.file.look
    names = " and ".join(other.file.look.name for other in others if _overlap(leading, chosen, other, _user(other)))
    what = "the ids in" if names else "a column of that name in"
    where = names or " and ".join(other.file.look.name for other in others)
    empty = look.rows - look.columns[chosen].filled
    lost = f"; {count(empty, 'row')} without it are not counted" if empty else ""
    return f"the user is '{chosen}' rather than '{was}', as it goes with {what} {where}{lost}"


def _apart(leading: _People, other: _People) -> str:
    chosen, partner = _user(leading), _user(other)
    here, there = leading.file.look.name, other.file.look.name
    number = count(len(other.ids(partner)), "id")
    return (
        f"Warning: none of the {number} in '{partner}' of {there} is found in '{chosen}'"
        f" of {here}, so the two files do not meet and figures that need both are wrong. Next: give both files a"
        f" column with the same ids and the same name, such as '{chosen}', then start again into a new folder"
    )
