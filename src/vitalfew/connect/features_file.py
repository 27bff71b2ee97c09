"""A list of features: names, events, cost, dates and teams, whatever of it there is."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from vitalfew.connect.numbers import number
from vitalfew.connect.periods import periods_in
from vitalfew.connect.words import plain, title_of
from vitalfew.results.words import count
from vitalfew.warehouse.profile import rows_of

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.periods import Periods
    from vitalfew.connect.recognise import Recognised

MOST_LISTED = 300
_CADENCES: dict[str, tuple[str, ...]] = {
    "daily": ("daily", "day", "d", "every day", "per day", "täglich", "taeglich", "dagligt", "quotidien", "diario"),
    "weekly": ("weekly", "week", "w", "every week", "per week", "wöchentlich", "woechentlich", "ugentligt"),
    "monthly": ("monthly", "month", "m", "every month", "per month", "monatlich", "månedligt", "mensuel", "mensual"),
    "quarterly": ("quarterly", "quarter", "q", "every quarter", "per quarter", "quartalsweise", "kvartalsvis"),
    "yearly": (
        "yearly",
        "year",
        "y",
        "annual",
        "annually",
        "per year",
        "once a year",
        "jährlich",
        "jaehrlich",
        "årligt",
    ),
}
_DAY_FORMS = ("%d.%m.%Y", "%d/%m/%Y", "%m/%d/%Y", "%d-%m-%Y", "%Y/%m/%d", "%b %d, %Y", "%d %b %Y", "%B %d, %Y",
              "%d %B %Y", "%Y%m%d", "%b %Y", "%B %Y", "%Y-%m")  # fmt: skip


@dataclass
class Listed:
    """A feature of the list: its title, the events named for it, and further fields of its definition."""

    title: str
    events: list[str] = field(default_factory=list)
    fields: dict[str, Any] = field(default_factory=dict)

    def events_in(self, known: Collection[str]) -> tuple[str, ...]:
        """Names of its events: as listed, in the spelling of the data; else the event called like the feature."""
        spelled = {plain(name): name for name in known}
        if self.events:
            return tuple(
                dict.fromkeys(name if name in known else spelled.get(plain(name), name) for name in self.events)
            )
        return tuple(name for name in (spelled.get(plain(self.title)),) if name)


def read_features(draft: Draft, file: Recognised) -> list[Listed]:
    """Read the list; several rows with one name are one feature with several events."""
    columns = file.columns
    rows = rows_of(file.look.engine, file.look.table, list(columns.values()), 10 * MOST_LISTED)
    months = periods_in(file.look, columns["shipped"]) if "shipped" in columns else None
    if months is not None:
        file.notes.append(months.sentence)
    found: dict[str, Listed] = {}
    for row in rows:
        title = str(row[columns["name"]] or "").strip()
        if title:
            one = found.setdefault(title, Listed(title_of(title)))
            one.events += _events(row.get(columns.get("events", "")))
            one.fields |= _fields(draft, row, columns, months)
    if len(found) > MOST_LISTED:
        file.notes.append(f"only the first {MOST_LISTED} of {count(len(found), 'feature')} are taken")
    draft.tree["policy"].setdefault("cost_unit", _cost_unit(columns.get("cost", "")))
    return list(found.values())[:MOST_LISTED]


def add_listed(draft: Draft, features: list[Listed]) -> None:
    """Add features without any data: nothing of them is measured yet."""
    for one in features:
        draft.add("features", one.title, {"title": one.title} | one.fields)
    draft.comments["features",] = (
        "Not measured yet: give each feature `source` and `events`, or start with usage events."
    )


def _events(cell: object) -> list[str]:
    return [] if cell is None else [part.strip() for part in re.split(r"[;,|\n]", str(cell)) if part.strip()]


def _fields(draft: Draft, row: Mapping[str, Any], columns: Mapping[str, str], months: Periods | None) -> dict[str, Any]:
    cells = {role: row.get(column) for role, column in columns.items()}
    found: dict[str, Any] = {}
    cadence = _cadence(cells.get("cadence"))
    if cadence:
        found["cadence"] = cadence
    cost, upkeep = number(cells.get("cost")), number(cells.get("upkeep"))
    shipped = (None if months is None else months.day(cells.get("shipped"))) or day(cells.get("shipped"))
    found |= {"cost": cost} if cost is not None and cost > 0 else {}
    found |= {"upkeep": upkeep} if upkeep is not None and upkeep >= 0 else {}
    found |= {"shipped": shipped} if shipped is not None else {}
    return found | owners(draft, team=cells.get("team"), product=cells.get("product"))


def owners(draft: Draft, **names: object) -> dict[str, str]:
    """Keys of the team and the product with these names; new ones where none has them, none where nothing is said."""
    said = {role: str(name or "").strip() for role, name in names.items()}
    return {role: _key_of(draft, f"{role}s", name) for role, name in said.items() if name}


def _key_of(draft: Draft, kind: str, name: str) -> str:
    known = {definition["title"]: key for key, definition in draft.tree[kind].items()}
    return known.get(title_of(name)) or draft.add(kind, name, {"title": title_of(name)})


def _cadence(cell: object) -> str | None:
    word = str(cell or "").strip().lower()
    return next((key for key, words in _CADENCES.items() if word in words), None)


def day(cell: object) -> date | None:
    """A day from whatever a cell holds; None when it holds none. 03/04/2026 is read day first."""
    if isinstance(cell, datetime):
        return cell.date()
    if isinstance(cell, date):
        return cell
    text = str(cell or "").strip()
    for form in (None, *_DAY_FORMS):
        try:
            return (datetime.fromisoformat(text) if form is None else datetime.strptime(text, form)).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    return None


def _cost_unit(column: str) -> str:
    named = plain(column)
    units = {"story": "story points", "points": "story points", "day": "person-days", "week": "person-weeks"}
    return next((unit for word, unit in units.items() if word in named), "person-weeks")
