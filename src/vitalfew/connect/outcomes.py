"""Columns of a table with one row per unit: which are outcomes, which are segments."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from vitalfew.connect.numbers import number
from vitalfew.connect.times import could_hold_times
from vitalfew.connect.words import listed, lower_is_better, metric_title, plain, tokens
from vitalfew.warehouse.compile import MISSING
from vitalfew.warehouse.flags import NO, YES, YES_NO
from vitalfew.warehouse.profile import holds_only_numbers

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from vitalfew.connect.look import Look

MOST_OUTCOMES, MOST_SEGMENTED = 20, 3
LONG_TAIL = 6.0
"""Skewness from which a mean is capped: beyond, some 13,000 units per arm are needed before its intervals hold (355
times the squared skewness, Kohavi, Deng, Longbotham & Xu 2014, KDD)."""
CAPPED_AT = 0.999
"""Quantile at which it is then cut: a unit in a thousand."""
_FEWEST, _MOST = 2, 12
_IDS = frozenset(
    {
        "id",
        "uuid",
        "guid",
        "key",
        "zip",
        "postcode",
        "phone",
        "index",
        "lat",
        "lon",
        "hash",
        "year",
        "row",
        "nr",
        "nummer",
    }
)
_NAMELESS = re.compile(r"column\d+|unnamed.*|_c\d+", re.IGNORECASE)  # what programs call a column without a name
_PRIVATE = frozenset(
    {"email", "mail", "phone", "firstname", "lastname", "fullname", "surname", "address", "ip", "birthday"}
)
_SEGMENTS = (
    "plan", "segment", "tier", "role", "country", "region", "industry", "persona", "platform", "device", "market",
    "language", "channel", "size", "type", "os", "browser", "gender", "subscription", "package", "source", "land",
)  # fmt: skip
_YES_NO = ({"0.0", "1.0"}, *map(frozenset, YES_NO))


def outcome_columns(look: Look, taken: Iterable[str]) -> tuple[str, ...]:
    """Columns that hold a number or a yes or no per unit, and are neither ids nor times; at most 20."""
    used = set(taken)
    found = (name for name in look.columns if name not in used and _is_outcome(look, name))
    return tuple(found)[:MOST_OUTCOMES]


def unread_numbers(look: Look, taken: Iterable[str]) -> str | None:
    """What to say of columns with numbers that are written as no run reads them; None when there are none."""
    used = set(taken)
    found = [name for name in look.columns if name not in used and _could_count(look, name) and _written(look, name)]
    told = [f"'{name}' ({next(filter(_is_number, look.texts(name)))})" for name in found if not _read(look, name)]
    if not told:
        return None
    return f"not read as numbers: {listed(told, 6)}; write them like 1234.5, without signs, units or gaps"


def segment_columns(look: Look, taken: Iterable[str]) -> tuple[str, ...]:
    """Columns with 2 to 12 different texts; those with telling names first, at most 3."""
    used = set(taken)
    found = [name for name in look.columns if name not in used and _is_segment(look, name)]
    return tuple(sorted(found, key=_telling)[:MOST_SEGMENTED])


def is_yes_or_no(look: Look, column: str) -> bool:
    """Whether a column holds nothing but 0 and 1, or yes and no."""
    profile = look.columns[column]
    if profile.type == "boolean":
        return True
    if profile.type == "time" or profile.distinct > _FEWEST + 1:
        return False
    values = {value.strip().lower() for value, _ in look.values(column)}
    return any(values <= known for known in _YES_NO)


def metric(look: Look, source: str, column: str) -> dict[str, object]:
    """The definition of a metric over an outcome column; direction guessed by its name."""
    share = is_yes_or_no(look, column)
    definition: dict[str, object] = {
        "title": metric_title(column.replace("_", " ")),
        "source": source,
        "column": column,
    }
    definition["kind"] = "proportion" if share else "mean"
    return definition | ({"direction": "down"} if lower_is_better(column) else {})


def _is_outcome(look: Look, column: str) -> bool:
    profile = look.columns[column]
    if not _could_count(look, column):
        return False
    if profile.type == "text":
        return is_yes_or_no(look, column) or (_written(look, column) and _read(look, column))
    if profile.type == "boolean":
        return True
    return profile.type in ("integer", "number") and not could_hold_times(look, column)


def _could_count(look: Look, column: str) -> bool:
    named = not _IDS & set(tokens(column)) and plain(column) not in _PRIVATE and not _NAMELESS.fullmatch(column)
    return named and bool(look.columns[column].filled)


def _written(look: Look, column: str) -> bool:
    """Whether a column of texts holds numbers, however they are written, words for missing ones among them."""
    texts = [text for text in look.texts(column) if text.strip().lower() not in (*MISSING, *YES, *NO)]
    some = any(map(_is_number, look.texts(column)))
    return look.columns[column].type == "text" and some and all(map(_is_number, texts))


def _is_number(text: str) -> bool:
    return number(text) is not None


def _read(look: Look, column: str) -> bool:
    return holds_only_numbers(look.engine, look.table, column)


def _is_segment(look: Look, column: str) -> bool:
    profile = look.columns[column]
    if profile.type not in ("text", "integer") or plain(column) in _PRIVATE:
        return False
    if profile.type == "integer" and _telling(column) == len(_SEGMENTS):
        return False
    if profile.type == "text" and _written(look, column):
        return False
    values = look.values(column) if profile.distinct <= 2 * _MOST else ()
    return _FEWEST <= len(values) <= _MOST and not is_yes_or_no(look, column) and _writable(values)


def _telling(column: str) -> int:
    words = set(tokens(column))
    return next((at for at, word in enumerate(_SEGMENTS) if word in words), len(_SEGMENTS))


def _writable(values: Collection[tuple[str, int]]) -> bool:
    return all(value.isprintable() and len(value) <= 100 for value, _ in values)  # noqa: PLR2004 - a filter stays readable
