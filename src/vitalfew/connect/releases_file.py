"""A list of releases: dated changes, each a line of the ledger."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple

from vitalfew.connect.features_file import day, owners
from vitalfew.connect.look import as_written
from vitalfew.connect.times import read_times
from vitalfew.connect.words import plain, title_of
from vitalfew.errors import DataError
from vitalfew.results.words import count
from vitalfew.warehouse.profile import rows_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.recognise import Recognised
    from vitalfew.connect.times import Reading

MOST_RELEASES, MOST_ROWS = 200, 10_000


class _Listed(NamedTuple):
    """A release of the list."""

    day: date
    title: str
    team: str
    product: str


def add_releases(draft: Draft, file: Recognised) -> None:
    """Add the releases, each with an initiative that was shipped with it.

    Raises:
        DataError: no row has a date and a name.
    """
    found = _listed(draft, file)
    if not found:
        raise DataError(f"{file.look.name}: no row holds both a date and a name", expected="date, name, team")
    taken = sorted(found, key=lambda one: one.day)[-MOST_RELEASES:]
    several = len({one.product for one in found}) > 1
    for one in taken:
        owned = owners(draft, team=one.team, product=one.product)
        title = _titled(one, several=several)
        shipped = {"title": title, "status": "shipped", "shipped": one.day} | owned
        initiative = draft.add("initiatives", title, shipped)
        draft.add("releases", title, {"title": title, "date": one.day, "initiatives": [initiative]} | owned)
    if len(found) > len(taken):
        file.notes.append(f"the latest {len(taken)} of {len(found):,} releases get a line of the ledger")
    file.notes.append(f"{count(len(taken), 'release')} from {taken[0].day} to {taken[-1].day}")
    draft.facts.releases = len(taken)
    _comment(draft)


def _titled(one: _Listed, *, several: bool) -> str:
    """What a release is called: with its product where there are several, as each may have a version 1.0."""
    apart = several and plain(one.product) not in plain(one.title)
    return title_of(f"{one.product} {one.title}") if apart else one.title


def _listed(draft: Draft, file: Recognised) -> list[_Listed]:
    columns = file.columns
    reading = read_times(file.look, columns["date"], draft.asker)
    if reading.note:
        file.notes.append(reading.note)
    rows = _rows(file, reading)
    found = []
    for row in rows:
        when, name = _day(row[columns["date"]], reading), str(row[columns["name"]] or "").strip()
        of = {role: str(row[columns[role]] or "").strip() if role in columns else "" for role in ("team", "product")}
        if when is not None and name:
            found.append(_Listed(when, title_of(name), title_of(of["team"]), title_of(of["product"])))
    if len(found) < len(rows):
        file.notes.append(f"{count(len(rows) - len(found), 'row')} without a date or a name left out")
    return list(dict.fromkeys(found))


def _rows(file: Recognised, reading: Reading) -> list[dict[str, Any]]:
    names = list(file.columns.values())
    if not reading.as_text:
        return rows_of(file.look.engine, file.look.table, names, MOST_ROWS)
    with as_written(file.look) as (engine, table):
        return rows_of(engine, table, names, MOST_ROWS)


def _day(cell: object, reading: Reading) -> date | None:
    """The day in a cell, in the form that the whole column has."""
    if cell is None or isinstance(cell, date):
        return day(cell)
    text = str(cell).strip()
    for form in (*reading.cell.formats, *_WHOLE.get(reading.cell.reading, ())):
        try:
            return datetime.strptime(text, form).date()  # noqa: DTZ007 - a day has no zone
        except ValueError:
            continue
    if isinstance(cell, int | float):
        return None if cell <= 0 else datetime.fromtimestamp(_seconds(float(cell))).date()  # noqa: DTZ006 - a day has no zone
    return day(text)


_WHOLE: Mapping[str, tuple[str, ...]] = {"day number": ("%Y%m%d",)}


def _seconds(moment: float) -> float:
    """Seconds since 1970 of a moment in seconds, milli-, micro- or nanoseconds."""
    while moment > 1e11:  # noqa: PLR2004 - as seconds, the year 5138
        moment /= 1_000
    return moment


def _comment(draft: Draft) -> None:
    draft.comments["releases",] = (
        "Releases: what came out when. Each is looked for in every metric that has a series; name some with\n"
        "`metrics: [KEY]`. `controls: [KEY]` are metrics it cannot have touched and the same weather moves.\n"
        "Next time, release to a part of the users first (`rollout`): then both parts are compared on the same days."
    )
    draft.comments["initiatives",] = (
        "Initiatives: one per release, taken as shipped, so that each is a line of the ledger. Add cost and upkeep;\n"
        "name several in `initiatives` of a release where it brought several things."
    )
