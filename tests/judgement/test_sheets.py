"""What a group said on a sheet is recorded whole or not at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from command_line import typed, workspace
from vitalfew.errors import ActError, UsageError
from vitalfew.judgement.sheets import record
from vitalfew.workspace import load
from vitalfew.workspace.journal import FolderJournal

if TYPE_CHECKING:
    from pathlib import Path

    from command_line import Typed
    from vitalfew.workspace.writer import Writer

__all__ = ["typed"]

JUDGED = "person,group,retention\nAda,staff,80\nBen,customers,20\nCleo,,5\n"
FIRST = "person,hypothesis,p10,p50,p90\nAda,gate_back,1,2,3\n"
FORECAST = "person;hypothesis;p10;p50;p90;p_zero\nAda;gate_back;0.01;0.02;0.03;0.2\nBen;gate_back;0;0.01;0.05;\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return workspace(tmp_path)


def sheet(folder: Path, text: str) -> Path:
    path = folder / "sheet.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_every_row_is_an_act_of_its_own(folder: Path) -> None:
    record(load(folder), sheet(folder, JUDGED))
    record(load(folder), sheet(folder, FORECAST))
    log = load(folder).acts
    assert [act.kind for act in log.acts] == ["judgement"] * 3 + ["forecast"] * 2
    assert [log.bodies[n]["points"] for n in (1, 2, 3)] == [
        {"retention": 80.0},
        {"retention": 20.0},
        {"retention": 5.0},
    ]
    assert [log.bodies[n].get("group") for n in (1, 2, 3)] == ["staff", "customers", None]
    assert (log.bodies[4]["p_zero"], log.bodies[5]["p_zero"]) == (0.2, 0.0)
    assert len({act.by for act in log.acts}) == 3


def test_a_spreadsheet_s_decimal_commas_are_read_and_thousands_are_not_guessed(folder: Path) -> None:
    record(load(folder), sheet(folder, "person;retention\nAda;12,5\n"))
    log = load(folder).acts
    assert log.bodies[1]["points"] == {"retention": 12.5}
    with pytest.raises(ActError, match="retention is '1,500', which is no number"):
        record(load(folder), sheet(folder, "person;retention\nBen;1,500\n"))


def test_a_sheet_in_another_encoding_is_refused_in_plain_words(folder: Path) -> None:
    path = folder / "sheet.csv"
    path.write_bytes(JUDGED.encode("utf-16"))
    with pytest.raises(UsageError, match="the sheet is no text in UTF-8; expected a CSV file in UTF-8; save it as CSV"):
        record(load(folder), path)


def test_a_sheet_says_what_each_forecast_rests_on(folder: Path) -> None:
    rows = "Ada,gate_back,1,2,3,retention;https://example.org/a\nBen,gate_back,1,2,3,\n"
    record(load(folder), sheet(folder, "person,hypothesis,p10,p50,p90,evidence\n" + rows))
    numbers = {"person": "Cleo", "hypothesis": "gate_back", "p10": 1, "p50": 2, "p90": 3}
    record(load(folder), [numbers | {"evidence": ["https://example.org/b", "retention"]}])
    log = load(folder).acts
    assert [log.bodies[n].get("evidence") for n in (1, 2, 3)] == [
        ["retention", "https://example.org/a"],
        None,
        ["https://example.org/b", "retention"],
    ]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "person,hypothesis,p10,p50,p90,evidence\nAda,gate_back,1,2,3,retenton\n",
            "line 2: there is nothing called 'retenton' here.*did you mean 'retention'",
        ),
        (FIRST + "Ben,gate_back,3,2,1\n", "line 3: .*must rise"),
        (
            FIRST + "Ben,gate_bak,1,2,3\n",
            "line 3: .*did you mean 'gate_back'",
        ),
        (FIRST + "Ben,gate_back,1,much,3\n", "line 3: p50 is 'much'"),
        (FIRST + "Ben,gate_back,1,1_0,30\n", "line 3: p50 is '1_0', which is no number"),
        (
            FIRST + "Ada,gate_back,1,2,3\n",
            "line 3: answered in line 2 already",
        ),
        ("person,hypothesis,p10,p50,p90\nAda,gate_back,1,2\n", "line 2: p90 is empty"),
        (FIRST + "ADA ,gate_back,1,2,3\n", "line 3: answered in line 2 already"),
        (FIRST + "Ben,gate_back,1,5,2,3\n", "line 3: more cells than the heading has"),
    ],
)
def test_one_wrong_row_records_nothing_and_is_named(folder: Path, text: str, message: str) -> None:
    with pytest.raises(ActError, match=message) as raised:
        record(load(folder), sheet(folder, text))
    assert raised.value.problem.message.startswith("nothing was recorded")
    assert not load(folder).acts.acts
    assert not list((folder / "acts").glob("*.json"))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("retention\n80\n", "no column person"),
        ("person,retenton\nAda,80\n", "'retenton'.*did you mean 'retention'"),
        ("person,retention\n", "no rows"),
        ("person,retention\nAda,\n", "says nothing of any factor"),
        ("person,retention,retention\nAda,80,20\n", "the column retention twice"),
        (f"person,retention\n{'A' * 200_000},80\n", "field larger than"),
        ('person,retention\n"Ada,80\n', "unexpected end of data"),
    ],
)
def test_a_sheet_that_is_not_one_is_refused(folder: Path, text: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        record(load(folder), sheet(folder, text))


def test_a_sheet_is_recorded_from_the_command_line(folder: Path, typed: Typed) -> None:
    done = typed("act", "sheet", folder, sheet(folder, FORECAST))
    assert done.code == 0
    assert [line.split(":")[0] for line in done.out.splitlines()[:2]] == ["act 1", "act 2"]
    assert "0.02" not in done.out + done.err
    assert typed("act", "sheet", folder, folder / "nowhere.csv").code == 2


def _one_and_a_wrong_one(writer: Writer, folder: Path) -> None:
    with writer.all_or_nothing():
        writer.append("judgement", "value_model", "Ada", {"points": {"retention": 80.0}})
        assert not (folder / "acts.jsonl").read_bytes()
        writer.append("guess", "value_model", "Ben", {})  # type: ignore[arg-type]  # what must be refused


def test_no_line_of_a_sheet_stands_in_the_log_before_all_can(folder: Path) -> None:
    said = {"points": {"retention": 80.0}}
    with FolderJournal(folder).writing() as writer:
        with pytest.raises(ActError, match="no kind"):
            _one_and_a_wrong_one(writer, folder)
        assert not list((folder / "acts").glob("*"))
        with writer.all_or_nothing():
            first = writer.append("judgement", "value_model", "Ada", said)
            second = writer.append("judgement", "value_model", "Ben", said)
            assert [act.n for act in writer.about("value_model").acts] == [1, 2]
        third = writer.append("judgement", "value_model", "Cleo", said)
    log = load(folder).acts
    assert log.acts == (first, second, third)
    assert not log.damage
    assert set(log.bodies) == {1, 2, 3}


ROWS: list[dict[str, object]] = [
    {"person": "Ada", "group": "staff", "retention": 80},
    {"person": "Ben", "group": "customers", "retention": 20.5},
    {"person": "Cleo", "group": None, "retention": 5},
]


def test_rows_at_hand_are_recorded_as_those_of_a_file_are(folder: Path) -> None:
    acts = vf.record(load(folder), ROWS)
    log = load(folder).acts
    assert [act.kind for act in acts] == ["judgement"] * 3
    assert [log.bodies[n]["points"]["retention"] for n in (1, 2, 3)] == [80.0, 20.5, 5.0]
    assert [log.bodies[n].get("group") for n in (1, 2, 3)] == ["staff", "customers", None]
    asked = {"hypothesis": "gate_back", "p10": 0.1, "p50": 0.2, "p90": 0.3}
    vf.record(load(folder), ({"person": who, **asked, "p_zero": float("nan")} for who in ("Ada", "Ben")))
    assert [body["p_zero"] for _, body in load(folder).acts.of("forecast")] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([*ROWS, {"person": "Dora", "retention": -1}], "nothing was recorded: row 4: "),
        ([*ROWS, {"person": "Dora", "retention": "much"}], "row 4: retention is 'much', which is no number"),
        ([*ROWS, ROWS[0]], "row 4: answered in row 1 already"),
        ([*ROWS, {"retention": 3}], "row 4: person is empty"),
    ],
)
def test_of_rows_at_hand_all_are_recorded_or_none(folder: Path, rows: list[dict[str, object]], message: str) -> None:
    with pytest.raises(ActError, match=message):
        vf.record(load(folder), rows)
    assert load(folder).acts.acts == ()


@pytest.mark.parametrize(
    ("rows", "message"),
    [([], "there are no rows"), ([{"person": "Ada", "retenton": 3}], "did you mean 'retention'")],
)
def test_rows_without_an_answer_or_with_an_unknown_column_are_refused(
    folder: Path, rows: list[dict[str, object]], message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        vf.record(load(folder), rows)
