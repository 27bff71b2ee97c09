"""Writes docs/reference/start.md from the tables of `vitalfew.connect`. A test fails when the page is stale.

Run it after a change of the kinds or their aliases: `.venv/bin/python tools/make_start_reference.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.connect.kinds import EXPOSED, KINDS, PERIOD, TIME

if TYPE_CHECKING:
    from vitalfew.connect.kinds import Kind, Role

PAGE = Path(__file__).parents[1] / "docs" / "reference" / "start.md"
HEAD = """# What `vitalfew start` reads

*Made from the tables of the program by `tools/make_start_reference.py`; edit these, not this page.*

Files may be CSV (any common delimiter, UTF-8, UTF-16 or Windows encoding, gzip), Parquet, or JSON, one object a line.
Rows of text that lack their last cells, as spreadsheets write them, have empty ones, and are counted; rows that do not
fit in any other way are refused with their line, as are web pages and JSON that are called a table of text. Names of
columns are compared without case, blanks, signs and accents, so `User ID` and `user_id` are one. Of several columns
that fit, the first name in the list wins, unless its values say otherwise. A column that no name tells may still be
told by its values; what was told or assumed is said. `--as FILE=KIND` decides where the columns do not.

Moments may be dates and times in ISO form, with or without a zone (UTC then), seconds to nanoseconds since 1970, days
such as 20251231, or written as people do, 31.12.2025 14:05. Whether the day or the month comes first is told from all
values of the column; where none tells, you are asked, or the day is assumed and this is said.

A series may have a row per month, ISO week or quarter: `2025-01`, `01/2025`, `202501`, `Jan 2025`, `Januar 2025`,
`Jan-25`, `2025-W03`, `KW 3/2025`, `2025 Q1`. Each stands on its first day, in a copy of the file, and this is said. The
month in which a feature shipped is read as well. Events, releases and experiments need the day; a column of months, or
of months and weeks without a year, is named as such, with what to write; so is `202503` in a column called week or
quarter, where it is no March. A table with a column for each month is to be turned first.
"""


def reference() -> str:
    """The page as Markdown: a section per kind, then the names of each column."""
    sections = "".join(_section(kind) for kind in KINDS)
    roles = {role: None for kind in KINDS for role in (*kind.needs, *kind.may)}
    return f"{HEAD}{sections}\n## Names of columns\n{''.join(map(_names, roles))}"


def _section(kind: Kind) -> str:
    needs = ", ".join(f"`{role.key}`" for role in kind.needs)
    may = f" May have: {', '.join(f'`{role.key}`' for role in kind.may)}." if kind.may else ""
    return f"\n## {kind.key}\n\n{kind.title[0].upper()}{kind.title[1:]}: {kind.about}. Needs: {needs}.{may}\n"


def _names(role: Role) -> str:
    if role is PERIOD:
        return f"\n`time` of a series: as above, or {', '.join(role.names[len(TIME.names) :])}\n"
    of = " of an experiment" if role is EXPOSED else ""
    return f"\n`{role.key}`{of}: {', '.join(role.names)}\n"


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
    print(f"wrote {PAGE}")
