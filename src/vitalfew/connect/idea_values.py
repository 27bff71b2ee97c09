"""Cells of a sheet of ideas as numbers: 80 %, 2k, 1.200,5, high, M, 3 weeks, 5-8. What cannot be read is None."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.connect.numbers import digits
from vitalfew.connect.words import plain, tokens
from vitalfew.workspace.vocabulary import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

_NUMBER = r"[-+]?(?:\d[\d.,' \u00a0\u202f]*\d|\d)|[-+]?[.,]\d+"
_CELL = re.compile(rf"^(?:ca\.?)?[~<>≈≤≥\s€$£]*({_NUMBER})\s*(k|m|mio|tsd)?\s*(%)?\s*(.*)$", re.IGNORECASE)
_RANGE = re.compile(rf"^({_NUMBER})\s*(?:-|–|to|bis|til)\s*({_NUMBER})(.*)$", re.IGNORECASE)
_SCIENTIFIC = re.compile(r"[-+]?\d+(\.\d+)?e[-+]?\d+", re.IGNORECASE)
_THOUSANDS = {"k": 1e3, "tsd": 1e3, "m": 1e6, "mio": 1e6}
_IMPACT = {
    3.0: ("massive", "massiv", "huge", "very high", "sehr hoch", "meget hoj", "enorm", "critical"),
    2.0: ("high", "hoch", "hoj", "gross", "stor", "large", "big", "haut", "alto"),
    1.0: ("medium", "mittel", "middel", "mellem", "moderate", "normal", "average", "moyen", "medio", "med"),
    0.5: ("low", "niedrig", "gering", "lav", "small", "klein", "lille", "bas", "bajo"),
    0.25: ("minimal", "minimum", "very low", "sehr niedrig", "sehr gering", "meget lav", "tiny", "negligible"),
}
_CONFIDENCE = {
    1.0: (*_IMPACT[2.0], *_IMPACT[3.0], "sure", "sicher", "sikker"),
    0.8: _IMPACT[1.0],
    0.5: _IMPACT[0.5],
}
_SIZES = {
    0.5: ("xs", "extra small", *_IMPACT[0.25]),
    1.0: ("s", *_IMPACT[0.5]),
    2.0: ("m", *_IMPACT[1.0]),
    4.0: ("l", *_IMPACT[2.0]),
    8.0: ("xl", "extra large", *_IMPACT[3.0]),
    16.0: ("xxl", "2xl"),
}
_WEEKS = {
    "hour": 1 / 40, "hours": 1 / 40, "h": 1 / 40, "d": 0.2, "day": 0.2, "days": 0.2, "tag": 0.2, "tage": 0.2,
    "dage": 0.2, "dag": 0.2, "pd": 0.2, "w": 1.0, "wk": 1.0, "wks": 1.0, "week": 1.0, "weeks": 1.0, "woche": 1.0,
    "wochen": 1.0, "uge": 1.0, "uger": 1.0, "pw": 1.0, "sprint": 2.0, "sprints": 2.0, "mo": 4.0, "mon": 4.0,
    "month": 4.0, "months": 4.0, "monat": 4.0, "monate": 4.0, "maned": 4.0, "maneder": 4.0, "pm": 4.0,
    "mm": 4.0, "quarter": 13.0, "quarters": 13.0, "year": 52.0, "years": 52.0,
}  # fmt: skip
_TENTHS = 10.0  # in a column of per cent, 0.8 is a share as well
_MONTHS = re.compile(r"(?<=\d)\s*m$", re.IGNORECASE)
_UNITS = {"person-days": 0.2, "person-weeks": 1.0, "person-months": 4.0}


def _words(levels: Mapping[float, Sequence[str]]) -> dict[str, float]:
    return {plain(word): level for level, words in levels.items() for word in words}


IMPACTS, CONFIDENCES, SIZES = _words(_IMPACT), _words(_CONFIDENCE), _words(_SIZES)
"""Words for impact (Intercom's five levels), confidence (its three), and sizes (each step twice the one before)."""


@dataclass(frozen=True, slots=True)
class Read:
    """A column as numbers. `remarks`: how words, scales and units were taken; `bad`: cells that could not be read."""

    numbers: tuple[float | None, ...]
    remarks: tuple[str, ...] = ()
    bad: tuple[int, ...] = ()


def quantity(cell: str, decimal: str = ".") -> tuple[float, str] | None:
    """A number and what stands behind it; the middle of a range; None when the cell does not begin with one.

    Numbers that nothing can be reckoned with any more are none.

    >>> quantity("1.200,5", ","), quantity("2k users"), quantity("80%"), quantity("2-4 weeks"), quantity("TBD")
    ((1200.5, ''), (2000.0, 'users'), (0.8, '%'), (3.0, 'weeks'), None)
    """
    text = cell.strip().replace("−", "-")
    if _SCIENTIFIC.fullmatch(text):
        return (float(text), "") if abs(float(text)) <= LARGEST else None
    span = _RANGE.match(text)
    if span is not None:
        low, high = (quantity(f"{part}{span[3]}", decimal) for part in (span[1], span[2]))
        return None if low is None or high is None else ((low[0] + high[0]) / 2, high[1])
    found = _CELL.match(text)
    if found is None:
        return None
    value = _value(found[1], decimal)
    if value is None:
        return None
    factor, behind = found[2] or "", found[4].strip()
    if factor and text[found.end(2) : found.end(2) + 1].isalpha():
        factor, behind = "", factor + behind  # the m of months is no million
    value *= _THOUSANDS.get(factor.lower(), 1.0)
    if abs(value) > LARGEST:
        return None
    return (round(value / 100, 12), "%") if found[3] else (value, behind)


def _value(text: str, decimal: str) -> float | None:
    """Digits as a number, by the file's own decimal sign where both would do."""
    try:
        return float(digits(re.sub(r"[' \u00a0\u202f]", "", text), decimal))
    except ValueError:
        return None


def plain_numbers(cells: Iterable[str], decimal: str) -> Read:
    """A column of numbers; whatever stands behind them is left out."""
    return _read(cells, decimal, {})


def impacts(cells: Sequence[str], decimal: str) -> Read:
    """Impact: numbers, or words of the five levels."""
    read = _read(cells, decimal, IMPACTS)
    words = any(plain(cell) in IMPACTS for cell in cells)
    return Read(read.numbers, ("words of impact are read as 3, 2, 1, 0.5 and 0.25",) if words else (), read.bad)


def confidences(cells: Sequence[str], decimal: str) -> Read:
    """Confidence as a share: 80 %, 0.8, 80, 8 of 10 (by what the column holds), or high, medium, low."""
    read = _read(cells, decimal, CONFIDENCES)
    percents = [_ends_in_percent(cell) for cell in cells]
    bare = [abs(number) for number, is_share in zip(read.numbers, percents, strict=True) if number and not is_share]
    scale = _scale(bare)
    remarks = [f"confidence is read as {scale:g} = certain"] if scale > 1 else []
    if any(plain(cell) in CONFIDENCES for cell in cells):
        remarks.append("words of confidence are read as 100, 80 and 50 %")
    numbers = tuple(
        number if number is None or is_share or (scale > _TENTHS and number <= 1) else number / scale
        for number, is_share in zip(read.numbers, percents, strict=True)
    )
    return Read(numbers, tuple(remarks), read.bad)


def _scale(numbers: Sequence[float]) -> float:
    """What stands for certain: 1, 5, 10 or 100, the least that holds every number."""
    most = max(numbers, default=1.0)
    return next((scale for scale in (1.0, 5.0, 10.0, 100.0) if most <= scale), most)


def _ends_in_percent(cell: str) -> bool:
    return "%" in cell or plain(cell) in CONFIDENCES


def efforts(cells: Sequence[str], decimal: str, heading: str) -> tuple[Read, str]:
    """Effort in one unit, and the unit: by the heading, by units in the cells, or in sizes.

    >>> efforts(["2 weeks", "1 month", "3d"], ".", "Effort")
    (Read(numbers=(2.0, 4.0, 0.6), remarks=('efforts are put into person-weeks',), bad=()), 'person-weeks')
    """
    unit = _unit_of(heading)
    found = [quantity(_MONTHS.sub(" mo", cell.strip()), decimal) for cell in cells]  # 5m: months, no millions
    behind = [_WEEKS.get(plain(each[1])) if each else None for each in found]
    remarks: list[str] = []
    if any(factor is not None for factor in behind):
        own = unit if unit in _UNITS else "person-weeks"
        per = [factor if factor is not None else _UNITS[own] for factor in behind]
        remarks.append(f"efforts are put into {own}")
        unit = own
    else:
        per = [1.0] * len(cells)
    by_size = [SIZES.get(plain(cell)) for cell in cells]
    if any(size is not None and each is None for size, each in zip(by_size, found, strict=True)):
        remarks.append("sizes are read as XS 0.5, S 1, M 2, L 4, XL 8, XXL 16: each twice the one before")
        unit = unit if any(found) else "sizes"
    scale = _UNITS.get(unit, 1.0)
    moved = any(factor is not None for factor in behind)
    numbers = tuple(
        float(f"{each[0] * (factor / scale if moved else 1.0):.9g}") if each else size
        for each, factor, size in zip(found, per, by_size, strict=True)
    )
    bad = tuple(at for at, (cell, number) in enumerate(zip(cells, numbers, strict=True)) if cell and number is None)
    return Read(numbers, tuple(remarks), bad), unit or "units of effort"


def _unit_of(heading: str) -> str:
    words = set(tokens(heading))
    if words & {"point", "points", "sp"}:
        return "story points"
    for unit, names in {
        "person-weeks": ("week", "weeks", "wk", "wks", "wochen", "personenwochen", "uger", "pw"),
        "person-months": ("month", "months", "monate", "personenmonate", "maneder", "pm", "mm"),
        "person-days": ("day", "days", "tage", "personentage", "dage", "pd"),
    }.items():
        if words & set(names):
            return unit
    return ""


def _read(cells: Iterable[str], decimal: str, words: Mapping[str, float]) -> Read:
    numbers: list[float | None] = []
    bad = []
    for at, cell in enumerate(cells):
        found = quantity(cell, decimal)
        number = found[0] if found else words.get(plain(cell)) or _first_word(cell, words)
        numbers.append(number)
        if number is None and cell.strip():
            bad.append(at)
    return Read(tuple(numbers), (), tuple(bad))


def _first_word(cell: str, words: Mapping[str, float]) -> float | None:
    """A word before something in brackets or after a dash: `High (2x)`, `Impact - high`."""
    parts = [plain(part) for part in re.split(r"[(:–\-/]", cell)]
    return next((words[part] for part in parts if part in words), None)
