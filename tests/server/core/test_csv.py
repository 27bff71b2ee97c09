"""What a spreadsheet gets: numbers to the last digit, and no formula that somebody wrote as a title."""

from __future__ import annotations

import csv
import io

import pytest

from vitalfew.server.core.csv import csv_response, csv_text


def _read(text: str) -> list[list[str]]:
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("title", ["=1+1", "+1", "-1 click", "@sum", "\tx", "\rx"])
def test_text_that_would_be_a_formula_is_kept_as_text(title: str) -> None:
    assert _read(csv_text(["line"], [[title]]))[1] == [f"'{title}"]


def test_a_head_is_text_too() -> None:
    assert _read(csv_text(["=cmd()"], []))[0] == ["'=cmd()"]


@pytest.mark.parametrize("number", [-0.1, 1 / 3, -7, 1e-17])
def test_numbers_are_written_whole_and_a_minus_makes_no_text(number: float) -> None:
    assert float(_read(csv_text(["value"], [[number]]))[1][0]) == number


def test_what_is_unknown_is_empty_and_never_a_zero() -> None:
    assert _read(csv_text(["a", "b", "c"], [[None, float("nan"), True]]))[1] == ["", "", "yes"]


def test_quotes_commas_and_lines_stay_in_their_cell() -> None:
    assert _read(csv_text(["a", "b"], [['x, "y"\nz', "w"]]))[1] == ['x, "y"\nz', "w"]


def test_the_file_is_offered_for_download_under_its_name() -> None:
    answer = csv_response("ledger", ["line"], [["Lobby"]])
    assert answer["Content-Disposition"] == 'attachment; filename="ledger.csv"'
    assert answer["Content-Type"] == "text/csv; charset=utf-8"


@pytest.mark.parametrize("text", ['fine;=HYPERLINK("https://a.example";"b")', "fine\t=1+1", "fine;\r=1"])
def test_no_program_that_keeps_cells_apart_by_another_sign_finds_a_formula(text: str) -> None:
    written = csv_text(("name", "number"), [(text, -1.5), ("plain", 2.5)])
    for sign in ";\t":
        cells = [cell for row in csv.reader(io.StringIO(written, newline=""), delimiter=sign) for cell in row]
        assert not [cell for cell in cells if cell.startswith(("=", "@", "\r"))]
    assert list(csv.reader(io.StringIO(written, newline="")))[1:] == [[text, "-1.5"], ["plain", "2.5"]]
