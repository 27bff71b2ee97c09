from __future__ import annotations

import io
from typing import TYPE_CHECKING

import pytest
from rich.console import Console

from report import sample
from vitalfew.report.terminal import print_ledger
from vitalfew.report.view import View
from vitalfew.results.rows import CandidateLine, ClassicRow, Estimate, Tables
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Sequence


def row(line: str, score: float | None, p: float | None = None, **fields: object) -> ClassicRow:
    told = {"likely": Estimate(400, 200, 800), "rank": Estimate(3, 1, 7), "top": 5, "among": 9, "input_error": 1.5}
    known = (
        {} if score is None else {"by": "rice", "score": score, "rice": score, "p_top": p, "ranks": {"rice": 1}} | told
    )
    return ClassicRow(line, **(known | fields))  # type: ignore[arg-type] # fields of the row


def shown(rows: Sequence[ClassicRow], width: int, *, pipe: bool = False, valued: bool = False) -> str:
    lines = [
        CandidateLine(each.line, each.line, "initiative", None, None, (), None, None, 0.4 if valued else None,
                      "test_first", "opinion")
        for each in rows
    ]  # fmt: skip
    titles = {each.line: {"title": f"{each.line} with a title that is longer than most columns are"} for each in rows}
    tables = Tables(classic=tuple(rows), candidates=tuple(lines))
    view = View(tables, Definitions.model_validate({"initiatives": titles}), sample.view().info)
    file = io.StringIO()
    print_ledger(view, Console(file=file, width=width, force_terminal=not pipe, color_system=None))
    return file.getvalue()


@pytest.mark.parametrize("width", [70, 80, 120, 200])
def test_ideas_fit_every_width(width: int) -> None:
    asides = {
        "wsjf": 3.2,
        "odi": Estimate(13, 11, 15),
        "kano": "attractive",
        "evidence": 5.0,
        "evidence_kind": "a test",
    }
    text = shown([row("One", 2500, 0.82, **asides), row("Two", 12.5, 0.3), row("Three", None)], width)
    assert max(map(len, text.splitlines())) <= width


def test_the_line_is_drawn_where_the_probability_falls_below_one_half() -> None:
    text = shown([row("Two", 12.5, 0.3), row("One", 2500, 0.82)], 80)
    assert text.index("One with") < text.index("below, P(top 5) is under one half") < text.index("Two with")
    assert "below" not in shown([row("Two", 12.5, 0.3)], 80)


def test_where_ideas_have_scores_alone_they_are_told_once() -> None:
    assert "CANDIDATES" not in shown([row("One", 2500, 0.8)], 80)
    assert "CANDIDATES" in shown([row("One", 2500, 0.8)], 80, valued=True)


def test_a_pipe_names_every_number() -> None:
    (line,) = [text for text in shown([row("One", 2500, 0.82)], 80, pipe=True).splitlines() if text.startswith("One")]
    assert line.endswith("score 2,500 | likely 400 (200 to 800) | rank 1 to 7 | P(top 5) .82 | test first")


def test_other_methods_surveys_and_evidence_stand_below_the_idea() -> None:
    more = {"wsjf": 3.2, "ranks": {"rice": 1, "wsjf": 2}, "odi": Estimate(13, 11, 15), "maxdiff": 0.2,
            "kano": "must be", "better": Estimate(0.6), "worse": Estimate(-0.7)}  # fmt: skip
    text = " ".join(shown([row("One", 800, 0.8, evidence=3.0, evidence_kind="user evidence", **more)], 120).split())
    for part in (
        "WSJF 3.2 (rank 2)",
        "opportunity 13.0 (11.0 to 15.0)",
        "Kano must be, better 0.60, worse -0.70",
        "MaxDiff +0.20",
        "evidence 3 (user evidence)",
    ):
        assert part in text


def test_an_idea_without_a_score_says_what_is_missing() -> None:
    text = shown([row("One", None, notes=("no RICE score without effort",))], 80)
    assert "no RICE score without effort" in text
    assert "none has a score" in text
