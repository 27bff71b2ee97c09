"""Links between metrics in the terminal, with what follows from them: chains, trade-offs, proxies, foreseen effects."""

from __future__ import annotations

from typing import TYPE_CHECKING

from rich.cells import cell_len

from vitalfew.report import words
from vitalfew.report.html_horizons import horizon_sentences
from vitalfew.report.link_words import (
    STATUS_MEANINGS,
    arrow,
    assumed,
    known_paths,
    link_sentence,
    links_headline,
    own_notes,
    path_sentence,
    per,
    proxy_name,
    slope,
    slope_of,
    telling_proxies,
    trade_off_sentences,
)
from vitalfew.report.sheet import WIDE, Cell, Field, Group, Note, Row, Rule, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.console import Console

    from vitalfew.report.view import View
    from vitalfew.results.rows import LinkRow, PredictedRow

MOST = 12
"""Rows of one kind that are printed."""


def print_links(view: View, console: Console) -> None:
    """Print what moves what.

    Args:
        view: the run.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    sheet = Sheet(console)
    if not view.tables.links:
        sheet.say("No links between metrics are defined yet.")
        first = "First step: name under `links:` which metric you think moves which, with a range if you dare."
        sheet.say(f"{sheet.signs.arrow} {first}", "bold")
        _sentences(sheet, "TRADE-OFFS", trade_off_sentences(view))
        return
    sheet.say(links_headline(view), "bold")
    _links(view, sheet)
    _sentences(sheet, "ALONG CHAINS (95 % intervals)", (path_sentence(view, row) for row in known_paths(view)))
    _sentences(sheet, "TRADE-OFFS", trade_off_sentences(view))
    _proxies(view, sheet)
    _foreseen(view, sheet)
    _sentences(sheet, "SHORT AND LONG RUN (95 % intervals)", horizon_sentences(view))


def _links(view: View, sheet: Sheet) -> None:
    sheet.heading("WHAT MOVES WHAT (95 % intervals)")
    wide = sheet.width >= WIDE or sheet.is_pipe
    fields = [Field(""), Field("moves by", 32, right=True), Field("per one more", 12)]
    fields += [Field("strength", 8, right=True), Field("grade", 11), Field("scatter says", 14, right=True)]
    room = sheet.fit(fields)[0].width
    rows: list[Row] = []
    for row in view.tables.links:
        rows += _link(view, sheet, row, room) if wide else [[Cell(link_sentence(view, row))]]
        rows += [Note(text) for text in _said(row, told=not wide)]
    if wide:
        sheet.table(fields, rows)
    else:
        _told(sheet, rows)
    if any(row.naive for row in view.tables.links):
        sheet.say("scatter: ordinary regression of effects on effects, much of it noise that the metrics share", "dim")
    if common := assumed(view.tables.links):
        sheet.say(common, "dim")


def _told(sheet: Sheet, rows: Iterable[Row]) -> None:
    """Links as sentences, where a table has no room."""
    for row in rows:
        if isinstance(row, Note):
            sheet.say(row.text, "dim", indent=2)
        elif not isinstance(row, Rule | Group):
            sheet.say(row[0].text)


def _link(view: View, sheet: Sheet, row: LinkRow, room: int) -> list[Row]:
    """The line of a link; names that its column has no room for stand whole on a line before it."""
    name = arrow(view, row.parent, row.child, sheet.signs.arrow)
    strength = "" if row.z is None else words.figure(row.z, 1)
    naive = "" if row.naive is None else slope(view, row.parent, row.child, row.naive)
    known = row.estimate is not None
    cells = [
        Cell(name),
        Cell(slope_of(view, row), "" if known else "dim"),
        Cell(per(view, row.parent) if known else ""),
    ]
    grade = "exact" if row.status == "exact" else row.grade
    if sheet.is_pipe:
        told = [f"strength {strength}" if strength else "", grade, f"a scatter says {naive}" if naive else ""]
        return [[*cells, *map(Cell, told)]]
    cells += [Cell(strength), Cell(grade), Cell(naive.partition(" (")[0])]
    if cell_len(name) <= room:
        return [cells]
    return [Group(name, ""), [Cell(""), *cells[1:]]]


def _said(row: LinkRow, *, told: bool) -> Iterable[str]:
    """What stands under a link; `told`: its state was said already."""
    if row.status in ("weak", "not_identified") and not told:
        yield STATUS_MEANINGS[row.status]
    notes = own_notes(row, beside_scatter=not told)
    unknown = [note for note in notes if note.startswith("not identified")]
    yield from unknown
    if row.would_take is not None:
        yield row.would_take.message
    yield from (note for note in notes if note not in unknown)


def _proxies(view: View, sheet: Sheet) -> None:
    rows, unknown = telling_proxies(view)
    if not rows and not unknown:
        return
    sheet.heading("EARLY METRICS FOR LATE ONES")
    table: list[Row] = []
    for row in rows[:MOST]:
        quality = "" if row.quality is None else _quality(row.quality.estimate, row.quality.low, row.quality.high)
        name = f"{proxy_name(view, row)} for {view.title('metrics', row.target)}"
        agreement = "" if row.agreement is None else words.figure(row.agreement, 2, signed=True)
        told = [f"quality {quality}", f"agreement {agreement}"] if sheet.is_pipe else [quality, agreement]
        table.append([Cell(name), *map(Cell, told), Cell(row.status, "bold" if row.status == "broken" else "")])
        table.append(Note(row.message))
    if table:
        fields = [Field(""), Field("quality", 20, right=True), Field("agreement", 9, right=True), Field("", 9)]
        sheet.table(fields, table)
    sheet.left_out(len(rows) - MOST, "proxy")
    if unknown:
        sheet.say(unknown, "dim")


def _quality(middle: float, low: float | None, high: float | None) -> str:
    text = words.figure(middle, 2)
    return text if low is None or high is None else f"{text} ({words.between(low, high, 2)})"


def _foreseen(view: View, sheet: Sheet) -> None:
    rows = [row for row in view.tables.predicted if row.measured is None]
    if not rows:
        return
    sheet.heading("FORESEEN (effects that were not measured, 95 % intervals)")
    table: list[Row] = []
    for metric in dict.fromkeys(row.metric for row in rows[:MOST]):
        table.append(Group(view.title("metrics", metric)))
        table += [_predicted(view, row) for row in rows[:MOST] if row.metric == metric]
    sheet.table([Field(""), Field("", 32, right=True), Field("", 5), Field("", 10)], table)
    sheet.left_out(len(rows) - MOST, "foreseen effect")


def _predicted(view: View, row: PredictedRow) -> list[Cell]:
    found = row.predicted
    told = words.change(found.estimate, found.low, found.high, view.unit(row.metric))
    return [Cell(view.title("experiments", row.experiment)), Cell(told), Cell(row.horizon), Cell(row.grade)]


def _sentences(sheet: Sheet, title: str, sentences: Iterable[str]) -> None:
    found = list(sentences)
    if not found:
        return
    sheet.heading(title)
    for sentence in found[:MOST]:
        sheet.say(sentence)
    sheet.left_out(len(found) - MOST, "line")
