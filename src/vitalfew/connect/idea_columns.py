"""Which columns of a sheet of ideas say what, and by which methods its ideas can be scored.

Headings come with units and scales behind them (`Effort (person-weeks)`, `Impact 1-3`, `RICE: Reach`), which are left
out when names are compared.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.words import plain, tokens

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from vitalfew.connect.kinds import Role
    from vitalfew.connect.look import Look

_ASIDE = re.compile(r"\([^)]*\)|\[[^\]]*\]|\{[^}]*\}")
_SCALE = re.compile(r"\b\d+(\.\d+)?\s*(-|–|to|bis|til|/)\s*\d+(\.\d+)?\b")
_LONGEST = 500  # signs of a heading that are looked at
_FILLERS = frozenset(
    (
        "score",
        "rating",
        "rice",
        "ice",
        "wsjf",
        "the",
        "in",
        "per",
        "pro",
        "je",
        "par",
        "por",
        "custom",
        "field",
        "est",
        "of",
        "percent",
        "pct",
    )
)
_UNITS = frozenset(
    (
        "person",
        "man",
        "dev",
        "week",
        "weeks",
        "month",
        "months",
        "day",
        "days",
        "quarter",
        "quartal",
        "monat",
        "eur",
        "usd",
        "dkk",
        "gbp",
        "k",
    )
)
_UNLIKE, _SHARED = 0.9, 0.1
METHODS: Mapping[str, tuple[str, ...]] = {
    "rice": ("reach", "impact", "confidence", "effort"),
    "ice": ("impact", "confidence", "ease"),
    "wsjf": ("value", "criticality", "opportunity", "size"),
    "delay": ("delay", "duration"),
    "value_effort": ("value", "effort"),
    "estimate": ("p10", "p50", "p90"),
}
"""The columns that each method asks for."""
_MOST_OF_RICE = 3
_FEW = ("reach", "impact", "confidence", "effort", "ease")


def idea_columns(look: Look, factors: Collection[str] = ()) -> dict[str, str]:
    """Columns by role; a column for each of some factors has the role `factor NAME`.

    Args:
        look: the open file.
        factors: names of factors of a file of opinions beside it.
    """
    found: dict[str, str] = {}
    wanted = {plain(name): name for name in factors}
    weighed = {
        f"factor {wanted[plain(_bare(column))]}": column for column in look.columns if plain(_bare(column)) in wanted
    }
    for role in _in_order(look):
        column = best_named(look, role, [*found.values(), *weighed.values()])
        if column is not None:
            found[role.key] = column
    if "title" not in found and (methods_of(found) or len(set(_FEW) & set(found)) >= _MOST_OF_RICE):
        title = _like_title(look, found.values())
        found = found if title is None else {"title": title} | found
    return found | weighed


def methods_of(columns: Collection[str]) -> tuple[str, ...]:
    """The methods that all their columns are there for.

    >>> methods_of({"title", "impact", "confidence", "ease"})
    ('ice',)
    """
    return tuple(name for name, needed in METHODS.items() if set(needed) <= set(columns))


def is_sheet_of_ideas(columns: Collection[str], *, forced: bool = False) -> bool:
    """Whether the columns are those of ideas: a title, and a method, or most of RICE, or something per factor."""
    if "title" not in columns:
        return False
    per_factor = any(role.startswith("factor ") for role in columns)
    most_of_rice = len(set(_FEW) & set(columns)) >= _MOST_OF_RICE - 1 and "impact" in columns
    return forced or per_factor or most_of_rice or bool(methods_of(columns))


def is_plainly_ideas(columns: Collection[str]) -> bool:
    """Whether nothing else has such columns: three of RICE or ICE, or all of a method that asks for three."""
    full = any(len(METHODS[name]) > 2 for name in methods_of(columns))  # noqa: PLR2004 - two columns may be anything's
    return "title" in columns and (full or len(set(_FEW) & set(columns)) >= _MOST_OF_RICE)


def best_named(look: Look, role: Role, taken: Iterable[str] = ()) -> str | None:
    """The column whose heading says most that it plays a role, units and scales left out.

    What nearly all rows share, such as the project of an export, is a title only for want of others.
    """
    held = set(taken)
    ranked = [
        (role is kinds.TITLE and profile.distinct <= max(1.0, _SHARED * profile.filled), rank, at, name)
        for at, (name, profile) in enumerate(look.columns.items())
        if name not in held and profile.filled and profile.type != "other" and (rank := _rank(role, name)) is not None
    ]
    return min(ranked)[-1] if ranked else None


def _like_title(look: Look, taken: Iterable[str]) -> str | None:
    """The first column of texts that hardly come again: what a row is called, whatever its heading."""
    held = set(taken)
    texts = (name for name, profile in look.columns.items() if name not in held and profile.type == "text")
    return next((name for name in texts if look.distinct(name) >= _UNLIKE * look.rows), None)


def _in_order(look: Look) -> tuple[Role, ...]:
    """Roles in the order in which they choose: where two claim a heading, the sheet's own method decides."""
    roles = [kinds.TITLE, kinds.SCORE, kinds.REACH, kinds.IMPACT, kinds.CONFIDENCE, kinds.EASE]
    is_wsjf = best_named(look, kinds.CRITICALITY) is not None
    is_delay = best_named(look, kinds.DELAY) is not None
    size = [kinds.JOB_SIZE] if is_wsjf else [kinds.DURATION] if is_delay else [kinds.EFFORT]
    roles += [kinds.WORTH, kinds.CRITICALITY, kinds.OPPORTUNITY, kinds.DELAY, *size]
    roles += [kinds.P10, kinds.P50, kinds.P90, kinds.IDEA_METRIC, kinds.IDEA_COST, kinds.IDEA_TEAM]
    roles += [kinds.PRODUCT, kinds.STATUS]
    return tuple(roles)


def _rank(role: Role, column: str) -> int | None:
    whole = role.rank(column)
    if whole is not None:
        return whole
    bare = role.rank(_bare(column))
    return None if bare is None else bare + 1000  # the whole heading says more


def _bare(column: str) -> str:
    """A heading without what stands in brackets, scales, units and words that say nothing.

    >>> _bare("RICE: Reach (users per quarter)"), _bare("Impact 1-3"), _bare("Confidence %"), _bare("Effort in weeks")
    ('reach', 'impact', 'confidence', 'effort')
    """
    column = column[:_LONGEST]
    aside = [word for text in _ASIDE.findall(column) for word in tokens(text)]
    words = tokens(_SCALE.sub(" ", _ASIDE.sub(" ", column)))
    kept = [word for word in words if word not in _FILLERS] or aside  # `Custom field (Reach)` says it in the brackets
    without = [word for word in kept if word not in _UNITS]
    return " ".join(without or kept)
