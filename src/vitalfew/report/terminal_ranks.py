"""Ranks of candidates by some weights and a budget: in the terminal, and as a table for notebooks."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING

from rich.console import Console

from vitalfew.report import words
from vitalfew.report.markup import tag
from vitalfew.report.sheet import Cell, Field, Sheet

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import Estimate, RankedLine, RankedLines

_MOVED = 0.005
"""Change of a probability from which it is shown beside the one before."""

_ROOMY = 96
"""Columns from which P(first) is shown."""


def ranking_text(found: RankedLines, width: int = 100) -> str:
    """The ranking as text."""
    out = StringIO()
    print_ranking(found, Console(file=out, width=width, force_terminal=False))
    return out.getvalue()


def print_ranking(found: RankedLines, console: Console) -> None:
    """Print the weights and the budget, and the candidates by P(in the best portfolio)."""
    sheet = Sheet(console)
    for sentence in sentences(found):
        sheet.say(sentence)
    if not found.lines:
        sheet.say("There is nothing to rank yet: no candidate has both a value and a cost.")
        return
    sheet.say()
    fields = [Field(""), Field("rank (80 %)", 13, right=True), Field("value (80 %)", 20, right=True)]
    fields += [Field("P first", 7, right=True)] if _shows_first(sheet) else []
    fields += [Field("P in plan", 9, right=True)]
    fields += [Field("before", 6, right=True)] if found.changed else []
    sheet.table([*fields, Field("next", 10)], (_cells(sheet, found, line) for line in found.lines))


def sentences(found: RankedLines) -> Iterator[str]:
    """What the ranking rests on."""
    if found.preview:
        yield "Preview: by 2,000 draws; probabilities may move by .02."
    told = (f"{found.titles[factor]} {_weight(weight)}" for factor, weight in found.weights.items())
    if found.weights:
        yield f"Weights: {', '.join(told)}."
    none = "none" if found.changed else "none is set"
    yield f"Budget: {words.with_unit(words.significant(found.budget, 4), found.unit) if found.budget else none}."
    yield from (f"{note[:1].upper()}{note[1:]}." for note in found.notes)


def ranking_html(found: RankedLines) -> str:
    """The ranking as HTML for `_repr_html_`."""
    heads = ["Candidate", "Rank (80 %)", "Value, points (80 %)", "P(first)", "P(in plan)", "Next"]
    heads[5:5] = ["Before"] if found.changed else []
    rows = []
    for line in found.lines:
        cells = [line.title, _rank(line), _value(line), words.probability(line.p_best), words.probability(line.p_in)]
        cells += [words.probability(line.p_in_before)] if found.changed else []
        rows.append(tag("tr", [tag("td", cell) for cell in (*cells, words.NEXT_STEPS[line.recommendation])]))
    told = [tag("p", sentence) for sentence in sentences(found)]
    table = tag("table", tag("thead", tag("tr", [tag("th", head) for head in heads])), tag("tbody", rows))
    return tag("div", [*told, table])


def _cells(sheet: Sheet, found: RankedLines, line: RankedLine) -> list[Cell]:
    named = sheet.is_pipe  # where there are no headings, a cell says what it is
    cells = [Cell(line.title), Cell(f"rank {_rank(line)}" if named else _rank(line))]
    value, first, among = _value(line), words.probability(line.p_best), words.probability(line.p_in)
    cells += [Cell(f"value {value} points" if named and line.value else value)]
    cells += [Cell(f"P first {first}" if named else first)] if _shows_first(sheet) else []
    cells += [Cell(f"P in plan {among}" if named else among)]
    if found.changed:
        before = words.probability(line.p_in_before) if abs(line.p_in - line.p_in_before) >= _MOVED else "same"
        cells.append(Cell(f"before {before}" if named else before, "dim"))
    return [*cells, Cell(words.NEXT_STEPS[line.recommendation], "bold")]


def _shows_first(sheet: Sheet) -> bool:
    """On a narrow screen titles need the room more than P(first) does."""
    return sheet.is_pipe or sheet.width >= _ROOMY


def _rank(line: RankedLine) -> str:
    if line.rank is None:
        return "gate failed"
    if line.rank.low is None or line.rank.high is None:  # beside a sealed forecast places alone are told
        return f"{line.rank.estimate:.0f}"
    return f"{line.rank.estimate:.1f} ({line.rank.low:.0f} to {line.rank.high:.0f})"


def _value(line: RankedLine) -> str:
    """The value with its interval; a forecast that is not locked stays hidden."""
    if line.value is None:
        return "not shown"
    number, ends = words.change_parts(line.value.mean, line.value.low, line.value.high, words.BARE_VALUE)
    return f"{number} ({ends})"


def _weight(weight: Estimate) -> str:
    if weight.low is None or weight.high is None:
        return f"{weight.estimate:.2f}"
    return f"{weight.estimate:.2f} ({weight.low:.2f} to {weight.high:.2f})"
