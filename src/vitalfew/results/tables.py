"""What can be told of the tables of a run as a whole: the class of their rows, the last day of the data."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING, Any, get_args, get_type_hints

from vitalfew.results.rows import Tables

if TYPE_CHECKING:
    from datetime import date

ROW_CLASSES: dict[str, type[Any]] = {name: get_args(hint)[0] for name, hint in get_type_hints(Tables).items()}


def last_day_of(tables: Tables, today: date) -> str | None:
    """The last day (ISO) on which the data of a run say anything, of a day not after `today`.

    It is read from the rows that have a day: first exposures, values of metrics, results computed elsewhere; None where
    there are none, as in a table of units without a time.
    """
    given = (row.date[:10] for row in tables.given if row.date)
    days = chain((row.day for row in tables.arrivals), (row.day for row in tables.series), given)
    return max((day for day in days if day <= today.isoformat()), default=None)
