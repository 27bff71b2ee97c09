"""The pulse: whether the chosen value is understood, in sentences and as a table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.judgement.groups import NO_GROUP
from vitalfew.report import words
from vitalfew.report.layout import Column, items, table
from vitalfew.report.markup import Markup, tag

if TYPE_CHECKING:
    from vitalfew.report.view import View
    from vitalfew.results.rows import PulseRow


def sentences(view: View) -> list[str]:
    """The newest quarter, a sentence for everybody and for each team."""
    rows = view.tables.pulse
    return [sentence(view, row) for row in rows if row.quarter == rows[-1].quarter]


def sentence(view: View, row: PulseRow) -> str:
    """What one row says."""
    told = [
        f"{words.share_span(found)} {what}"
        for found, what in (
            (row.first, "name what comes first"),
            (row.own, "name a metric of theirs that leads to it"),
        )
        if found is not None
    ]
    people = "1 person" if row.people == 1 else f"{row.people:,} people"
    return f"{row.quarter}, {who(view, row)}, {people}: {'; '.join((*told, *row.notes))}"


def who(view: View, row: PulseRow) -> str:
    """Of whom a row speaks."""
    if row.teams is None:
        return "everybody"
    return " and ".join(key if key == NO_GROUP else view.title("teams", key) for key in row.teams)


def pulse(view: View) -> Markup | None:
    """The section, once somebody answered: the newest quarter in sentences, all quarters as a table."""
    rows = view.tables.pulse
    if not rows:
        return None
    heads = ["Quarter", "Who", Column("People", "num"), Column("Name what comes first (95 %)", "num")]
    heads.append(Column("Name a metric of theirs that leads to it (95 %)", "num"))
    body = [
        (
            row.quarter,
            who(view, row),
            str(row.people),
            *("; ".join(row.notes) if found is None else words.share_span(found) for found in (row.first, row.own)),
        )
        for row in reversed(rows)
    ]
    caption = "Latest answers of each quarter; a factor that cannot be told from the first counts as the first."
    shown = table(heads, body, caption=caption)
    return tag("div", tag("h3", "Is it understood?"), items(sentences(view)), shown, class_="sub")
