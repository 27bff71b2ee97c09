from __future__ import annotations

from report import sample
from vitalfew.report.html import html_page
from vitalfew.report.html_ideas import ideas
from vitalfew.report.view import View
from vitalfew.results.rows import CandidateLine, ClassicRow, Estimate, Tables
from vitalfew.workspace.definitions import Definitions


def seen(*rows: ClassicRow, p_in: float | None = None) -> View:
    lines = [
        CandidateLine(row.line, row.line, "initiative", None, None, (), None, None, p_in, "test_first", "opinion")
        for row in rows
    ]
    titles = {row.line: {"title": row.line.title()} for row in rows}
    tables = Tables(classic=rows, candidates=tuple(lines))
    return View(tables, Definitions.model_validate({"initiatives": titles}), sample.view().info)


LIKELY = {"by": "rice", "top": 5, "input_error": 1.5, "likely": Estimate(304, 125, 743), "rank": Estimate(2, 1, 4)}
SECOND = ClassicRow("second", score=45.0, p_top=0.43, **LIKELY)  # type: ignore[arg-type] # fields of the row
FIRST = ClassicRow("first", score=540.0, p_top=0.98, **LIKELY)  # type: ignore[arg-type] # fields of the row


def test_the_likeliest_idea_stands_first_with_what_is_left_of_its_score_and_its_probability() -> None:
    shown = str(ideas(seen(SECOND, FIRST)))
    assert shown.index("First") < shown.index("Second")
    assert "Ideas by RICE" in shown
    assert "P(top 5)" in shown
    assert ".98" in shown
    assert "304 (125 to 743)" in shown
    assert "scores are opinion" in shown


def test_ideas_stand_above_the_ledger_as_long_as_scores_are_all_that_is_known() -> None:
    page = html_page(seen(SECOND, FIRST))
    assert page.index('id="ideas"') < page.index('id="candidates"')
    assert ideas(seen(SECOND, FIRST, p_in=0.4)) is None


def test_an_idea_whose_score_lacks_a_number_says_so() -> None:
    shown = str(ideas(seen(FIRST, ClassicRow("third"))))
    assert "no score" in shown
    assert "a number of the score is missing" in shown
