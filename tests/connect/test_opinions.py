from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.connect import begin
from vitalfew.errors import DataError
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.pipeline.results import Results

ALIKE = ("Retention,80", "Support time,20", "Speed,40")


def sheet(path: Path, *rows: str, head: str = "person,role,factor,points") -> Path:
    file = path / "opinions.csv"
    file.write_text("\n".join([head, *rows]) + "\n", encoding="utf-8")
    return file


def started(path: Path, file: Path) -> tuple[Results, tuple[str, ...]]:
    begun = begin([file], into=path / "ws")
    results = run(load(begun.folder))
    return results, (*begun.recognised, *begun.next_steps(results.tables))


def answers(people: str, *points: str, role: str = "staff") -> list[str]:
    return [f"{person},{role},{each}" for person in people.split() for each in points]


def test_opinions_become_weights_with_intervals(tmp_path: Path) -> None:
    results, said = started(tmp_path, sheet(tmp_path, *answers("Anna Ben Cem", *ALIKE)))
    assert [row.mean for row in results.tables.weights] == pytest.approx([80 / 140, 20 / 140, 40 / 140])
    assert any(line.startswith("Weights with 80 % intervals: Retention 57 % (") for line in said)
    # Without ideas: 1 - root of the kept share of squared weights, (1 - 4 / sqrt(16 + 4 + 1)).
    price = "The price of a North Star: choosing by Retention alone would lose 13 % ("
    assert any(line.startswith(price) and "if ideas move all factors alike" in line for line in said)
    assert not results.failures


def test_two_camps_are_told_and_nobody_is_named(tmp_path: Path) -> None:
    one = answers("Anna Ben Cem Dag", *ALIKE)
    other = answers("Eve Fay Gil Hua", "Retention,5", "Support time,90", "Speed,70", role="customer")
    results, said = started(tmp_path, sheet(tmp_path, *one, *other))
    assert "Two camps: they differ most on Retention." in said
    assert results.tables.disagreement[0].people == 8
    written = "".join(
        file.read_text("utf-8", "replace") for file in (tmp_path / "ws").rglob("*") if file.is_file()
    ) + " ".join(said)
    assert not [name for name in ("Anna", "Gil", "Hua") if name in written]


def test_groups_may_answer_instead_of_people(tmp_path: Path) -> None:
    rows = [f"{group},{each}" for group in ("sales", "support") for each in ALIKE]
    results, said = started(tmp_path, sheet(tmp_path, *rows, head="group,criterion,score"))
    assert [row.raters for row in results.tables.weights] == [2, 2, 2]
    assert "With fewer than five people, less is said: nothing may be about one of them." in said


def test_gaps_zeros_and_several_points_are_taken_as_they_are_meant(tmp_path: Path) -> None:
    rows = [*answers("Anna Ben", *ALIKE), "Cem,staff,Retention,60", "Cem,staff,Retention,100", "Cem,staff,Speed,"]
    rows += ["Cem,staff,Support time,20", "Dag,staff,Retention,0", "Dag,staff,Speed,0", "Eve,staff,Speed,7"]
    results, said = started(tmp_path, sheet(tmp_path, *rows))
    assert [row.raters for row in results.tables.weights] == [3, 3, 2]
    assert results.tables.weights[0].mean == pytest.approx(80 / 140)
    assert "2 answers left out: only zeros, or a single factor" in said[0]
    assert "several points of one person for one factor: their mean is taken" in said[0]


def test_rows_that_say_nothing_and_numbers_of_two_kinds_are_told(tmp_path: Path) -> None:
    rows = ["Anna;staff;Speed;12,5", "Anna;staff;Retention;30.5", "Ben;staff;Speed;", "Ben;staff;Retention;3"]
    file = sheet(tmp_path, *rows, head="person;role;factor;points")
    results, said = started(tmp_path, file)
    assert {row.factor: row.mean for row in results.tables.weights}["speed"] == pytest.approx(12.5 / 43)
    assert "1 row without points: no answer, and no zero" in said[0]
    assert "'points' has decimal commas and points, such as '12,5' and '30.5'" in said[0]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (["Anna,staff,Speed,0", "Anna,staff,Retention,0"], "nobody gives points above 0"),
        (
            ["Anna,staff,Speed,high", "Anna,staff,Retention,low"],
            "missing points .'points' holds 'high', which",
        ),
        (["Anna,staff,Speed,-5", "Anna,staff,Retention,3"], "gives -5 points to 'Speed'"),
        (
            ["Anna,staff,Speed,1e300", "Anna,staff,Retention,3"],
            "row 1, gives 1e[+]300 points to 'Speed'; expected 0 to",
        ),
        ([f"Anna,staff,factor {at},{at + 1}" for at in range(11)], "weighs 11 factors; expected at most 10"),
        ([f"Person {at},staff,Speed,{at + 1}" for at in range(1_001)], "1,001 people; expected at most 1,000"),
    ],
)
def test_what_weighs_nothing_or_cannot_be_is_answered_in_words(tmp_path: Path, rows: list[str], message: str) -> None:
    with pytest.raises(DataError, match=message):
        begin([sheet(tmp_path, *rows)], into=tmp_path / "ws")
    assert not (tmp_path / "ws").exists()
