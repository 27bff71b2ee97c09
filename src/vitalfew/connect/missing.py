"""What a file lacks to be of a kind: the columns, why those that are called like them are none, and what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.columns import NUMBERS, assigned, is_bare_id, is_numeric, of_persons, repeats
from vitalfew.connect.numbers import number
from vitalfew.connect.past_columns import no_spread
from vitalfew.connect.periods import like_periods
from vitalfew.connect.times import could_hold_times
from vitalfew.connect.variants import FEWEST_ROWS, no_experiment
from vitalfew.connect.words import listed, plain, tokens
from vitalfew.errors import nearest

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from vitalfew.connect.kinds import Kind, Role
    from vitalfew.connect.look import Look

TIMES = ("time", "date", "shipped")
"""Roles that hold moments."""
_ALIKE = 0.8


def needs(look: Look, kind: Kind) -> str:
    """A kind, with what of it a file has, what it lacks and why, in one line."""
    found = assigned(look, (*kind.needs, *kind.may))
    have = [f"{role.key}={found[role.key]}" for role in (*kind.needs, *kind.may) if role.key in found]
    lack = [f"{role.key} ({_instead(look, role)})" for role in _lacking(look, kind, found)]
    parts = [f"  {kind.key}: {kind.about}"]
    parts += [f"found {', '.join(have)}"] if have else []
    parts += [f"missing {', '.join(lack)}"] if lack else []
    left = [name for name in look.columns if name not in found.values() and not of_persons(look, name)]
    parts += [f"did you mean '{role}' by '{name}'?" for name, role in likely_meant(kind, found, left).items()]
    if kind in (kinds.USERS, kinds.UNITS) and "user" in found and repeats(look, found["user"]):
        parts.append(f"but '{found['user']}' has values that come again")
    parts += no_experiment(look) if kind is kinds.UNITS else []
    parts += no_spread(look, found) if kind is kinds.AGGREGATES else []
    parts += _no_series(look, found) if kind is kinds.SERIES else []
    return "; ".join(parts)


def distance(look: Look, kind: Kind) -> tuple[int, int, int]:
    """How many columns a kind lacks, how many of them no column is even called, then how few it has."""
    found = assigned(look, (*kind.needs, *kind.may))
    lacking = _lacking(look, kind, found)
    again = kind in (kinds.USERS, kinds.UNITS) and "user" in found and repeats(look, found["user"])
    return len(lacking) + again, sum(not _called(look, role) for role in lacking), -len(found)


def _lacking(look: Look, kind: Kind, found: Mapping[str, str]) -> list[Role]:
    """Roles that a kind needs and no column has, those left out that this file can do without."""
    spared = set()
    others = [name for name in look.columns if name not in found.values() and not is_bare_id(name)]
    numeric = [name for name in others if is_numeric(look, name)]
    if kind is kinds.SERIES and 2 * len(numeric) > len(others):
        spared = {kinds.VALUE.key}
    if kind is kinds.AGGREGATES:
        spared = {kinds.N.key} if no_spread(look, found) else set()
        spared |= {kinds.EXPERIMENT.key} if look.rows < FEWEST_ROWS and "variant" in found else set()
    return [role for role in kind.needs if role.key not in found and role.key not in spared]


def _called(look: Look, role: Role) -> list[str]:
    """Columns that are called like a role, the surest first; for a time also those called like a month or a week."""
    known = (role, kinds.PERIOD) if role is kinds.TIME else (role,)
    ranked = [
        (turn, rank, at, name)
        for turn, one in enumerate(known)
        for at, name in enumerate(look.columns)
        if (rank := one.rank(name)) is not None
    ]
    return [name for *_, name in sorted(ranked)]


def _instead(look: Look, role: Role) -> str:
    """A name that the column could have; or what keeps the column of that name from being it."""
    name = role.names[0]
    named = _called(look, role)
    if not named:
        return f"such as {name}"
    column = named[0]
    if not look.columns[column].filled:
        return f"'{column}' is empty"
    if look.columns[column].type == "other":
        return f"'{column}' holds neither text nor numbers"
    held = look.texts(column)
    if role.key in NUMBERS:
        shown = next((text for text in held if number(text) is None), None)
        return f"such as {name}" if shown is None else f"'{column}' holds '{shown[:20]}', which is no number"
    if role.key in TIMES and held and not could_hold_times(look, column):
        return f"'{column}' holds '{held[0][:20]}', {no_time(column, held)}"
    return f"such as {name}"


def no_time(column: str, held: Sequence[str]) -> str:
    """Why texts are no times, and what to do where they are near to it."""
    periods = like_periods(held)
    if periods is None and kinds.PERIOD.rank(column) is None:
        return "which is no time"
    return f"which {'is no time' if periods is None else f'looks like {periods}'}: write a day, such as 2026-01-31"


def _no_series(look: Look, found: Mapping[str, str]) -> list[str]:
    """What keeps a table with times and numbers from being a series, and what to do; empty without times."""
    if "time" not in found:
        return []
    others = [name for name in look.columns if name not in found.values()]
    texts = [name for name in others if not is_numeric(look, name)]
    if not any(of_persons(look, name) for name in texts) and 0 < len(texts) < len(others):
        hold = "holds" if len(texts) == 1 else "hold"
        return [f"but {listed(f"'{name}'" for name in texts)} {hold} no numbers: leave such columns out of a copy"]
    return []


def likely_meant(kind: Kind, found: Collection[str], left: Iterable[str]) -> dict[str, str]:
    """Columns without a role, with the role that nobody has and whose name theirs nearly is."""
    free = [role for role in (*kind.needs, *kind.may) if role.key not in found]
    known = {name: role.key for role in free for name in (role.key, *role.names)}
    slips = [name for name in left if all(role.rank(name) is None for role in free)]
    near = {name: nearest(name, known, _ALIKE) for name in slips}
    return {name: known[one] for name, one in near.items() if one is not None and _could_be_meant(name, one)}


def _could_be_meant(name: str, known: str) -> bool:
    """Whether a name like a known one is a slip of it: with as many words, and the same first letter."""
    return len(tokens(name)) == len(tokens(known)) and plain(name)[:1] == plain(known)[:1]
