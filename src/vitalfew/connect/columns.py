"""Which column of a file plays which role: by its name first, then by what it holds."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitalfew.connect.kinds import EVENT, PERIOD, SHIPPED, TIME, USER
from vitalfew.connect.periods import periods_in
from vitalfew.connect.times import could_hold_times
from vitalfew.connect.words import plain

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vitalfew.connect.kinds import Role
    from vitalfew.connect.look import Look

NUMBERS = frozenset(
    ("estimate", "se", "low", "high", "p", "z", "n", "mean", "sd", "variance", "conversions", "value", "points", "cost")
)
_NUMBER_TEXT = re.compile(
    r"[-+−]?\s*[€$£]?\s*\d[\d.,' ]*(e[-+]?\d+)?\s*(%|pp|pts?|[€$£])?|[-+]?[.,]\d+\s*%?", re.IGNORECASE
)
_ADDRESS = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_PERSONS = frozenset(map(plain, (
    "name", "full name", "first name", "last name", "surname", "family name", "given name", "email", "e-mail", "mail",
    "email address", "e-mail-adresse", "phone", "phone number", "telephone", "mobile", "address", "ip", "ip address",
    "birthday", "date of birth", "owner", "assignee", "creator", "reporter", "author", "created by", "updated by",
    "submitted by", "requested by", "requester", "contact", "person", "manager", "approver", "watchers", "vorname",
    "nachname", "telefon", "anschrift", "bearbeiter", "ersteller", "verantwortlicher", "navn", "nom", "prenom",
)))  # fmt: skip
MOST_ARMS = 20
FEW_ROWS = 50
MOST_EVENTS = 1_000
HALF = 0.5


def assigned(look: Look, roles: Iterable[Role], taken: Collection[str] = ()) -> dict[str, str]:
    """Columns by role, each column once; roles that no column fits are left out."""
    found: dict[str, str] = {}
    for role in roles:
        column = best(look, role, {*taken, *found.values()})
        if column is not None:
            found[role.key] = column
    return found


def best(look: Look, role: Role, taken: Collection[str] = ()) -> str | None:
    """The column whose name says most that it plays the role; one that is mostly empty only for want of others."""
    ranked = [
        (profile.filled < HALF * look.rows, rank, at, name)
        for at, (name, profile) in enumerate(look.columns.items())
        if name not in taken and (rank := role.rank(name)) is not None and holds(look, role, name)
    ]
    return min(ranked)[-1] if ranked else None


def holds(look: Look, role: Role, column: str) -> bool:
    """Whether the values of a column are such as the role needs."""
    profile = look.columns[column]
    if not profile.filled:
        return False
    if role.key in ("time", "date", "shipped"):
        return could_hold_times(look, column) or _holds_periods(look, role, column)
    if role.key in NUMBERS:
        return is_numeric(look, column)
    if profile.type == "other":
        return False
    if role is USER:
        return profile.type in ("text", "integer", "number")
    if role is EVENT:
        return profile.type in ("text", "integer", "boolean") and not _one_each(look, column)
    if role.key == "variant":
        return profile.distinct <= 2 * MOST_ARMS and profile.type != "time"
    return True


def _holds_periods(look: Look, role: Role, column: str) -> bool:
    """Whether periods are enough for a role, and a column holds them: a sum is of a month, but nobody acts in one."""
    periods = periods_in(look, column) if role in (PERIOD, SHIPPED) else None
    return periods is not None and (role is PERIOD or periods.length == "month")


def is_numeric(look: Look, column: str) -> bool:
    """Whether a column holds numbers, be it as text such as `1.2 %`."""
    profile = look.columns[column]
    if profile.type in ("integer", "number", "boolean"):
        return True
    texts = look.texts(column)[:50]
    return profile.type == "text" and bool(texts) and all(_NUMBER_TEXT.fullmatch(text.strip()) for text in texts)


def by_values(look: Look, missing: Role, taken: Collection[str]) -> str | None:
    """The only column whose values can play a role that no name tells; None when there is none, or more than one."""
    test = {USER.key: _like_users, TIME.key: could_hold_times, EVENT.key: _like_events}[missing.key]
    fitting = [name for name in look.columns if name not in taken and look.columns[name].filled and test(look, name)]
    return fitting[0] if len(fitting) == 1 else None


def repeats(look: Look, column: str) -> bool:
    """Whether values come again: fewer than 98 % as many as there are rows."""
    return look.distinct(column) < 0.98 * look.rows


def is_bare_id(name: str) -> bool:
    """Whether a column is just called `id`."""
    return plain(name) in ("id", "key", "uuid", "guid", "index", "rowid")


def of_persons(look: Look, column: str) -> bool:
    """Whether a column holds who somebody is, by its name or by addresses in it; no sentence points at such a one."""
    held = look.texts(column)[:50]
    return plain(column) in _PERSONS or (bool(held) and sum(map(_is_address, held)) > HALF * len(held))


def _is_address(text: str) -> bool:
    return _ADDRESS.fullmatch(text.strip()) is not None


def _one_each(look: Look, column: str) -> bool:
    return look.rows >= FEW_ROWS and look.columns[column].distinct > HALF * look.rows


def _like_events(look: Look, column: str) -> bool:
    profile = look.columns[column]
    few = 2 <= profile.distinct <= MOST_EVENTS and 10 * profile.distinct <= look.rows  # noqa: PLR2004 - a name for ten rows
    return profile.type == "text" and few and not could_hold_times(look, column)


def _like_users(look: Look, column: str) -> bool:
    profile = look.columns[column]
    fits = profile.type in ("text", "integer") and not could_hold_times(look, column)
    return fits and 10 <= profile.distinct <= 0.8 * look.rows and not is_bare_id(column)  # noqa: PLR2004 - users come back
