"""What may be shown of a record: facts about groups to all, a person's own to that person."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from forecast_building import history
from vitalfew.judgement.calibration import drawn_calibration
from vitalfew.judgement.calibration_rows import History, calibration_rows, person_row, posterior_rows

if TYPE_CHECKING:
    from vitalfew.results.rows import CalibrationRow

SIX = {f"p-person{at}": 1.0 for at in range(6)}
TWELVE = {f"p-person{at:02}": 1.0 for at in range(12)}
GROUPS = {person: "product" if at < 6 else "sales" for at, person in enumerate(TWELVE)}


def split(found: History, blue: int) -> History:
    """The same, with the first people behind the promises of the blue team only, and the others behind the rest."""
    names = sorted(found.everybody)
    sides = {"blue": frozenset(names[:blue]), "red": frozenset(names[blue:])}
    people = {each.hypothesis: sides[each.team] for each in found.outcomes}
    said = {key: {p: body for p, body in found.said[key].items() if p in people[key]} for key in people}
    return replace(found, people=people, said=said)


def by_kind(found: History, kind: str) -> list[CalibrationRow]:
    return [row for row in calibration_rows(found) if row.kind == kind]


def test_a_record_from_ten_on_has_scores_and_a_delivery() -> None:
    (row,) = calibration_rows(history(SIX, count=24))
    assert (row.kind, row.people, row.resolved, row.own, row.notes) == ("overall", 6, 24, True, ())
    assert row.delivered is not None
    assert row.delivered.estimate == pytest.approx(1.0, abs=0.1)
    assert row.coverage is not None
    assert row.skill is not None
    assert row.skill > 0.5
    assert sum(row.pit) == 24
    assert row.slope.estimate > 0.7


def test_below_ten_there_is_no_record_but_the_prior() -> None:
    (row,) = calibration_rows(history(SIX, count=9))
    assert (row.own, row.resolved) == (False, 9)
    assert row.slope.estimate == pytest.approx(0.4)
    assert (row.coverage, row.crps, row.skill, row.brier, row.delivered, row.pit) == (None, None, None, None, None, ())
    assert row.notes == ("no record yet: fewer than ten promises are resolved, and the prior is shown",)
    assert posterior_rows(history(SIX, count=9)) == posterior_rows(history(SIX, count=0))


def test_nothing_resolved_is_no_fault() -> None:
    (row,) = calibration_rows(History((), {}, {}, {}))
    assert (row.people, row.resolved, row.own) == (0, 0, False)


def test_the_record_of_one_person_alone_is_not_that_of_the_organisation() -> None:
    (row,) = calibration_rows(history({"p-anna": 1.0}))
    assert not row.own
    assert row.slope.estimate == pytest.approx(0.4)
    assert row.notes == ("one person alone forecasts: the record is theirs, and the prior is shown",)
    assert row.delivered is None


def test_teams_of_five_or_more_are_told_apart() -> None:
    rows = by_kind(split(history(TWELVE, count=40, teams=("blue", "red")), 6), "team")
    assert [(row.name, row.people, row.resolved, row.own) for row in rows] == [
        ("blue", 6, 20, True),
        ("red", 6, 20, True),
    ]


@pytest.mark.parametrize("blue", [1, 2, 4, 8, 10, 11])
def test_a_team_under_five_is_merged_until_nothing_of_it_is_left_to_tell(blue: int) -> None:
    found = split(history(TWELVE, count=40, teams=("blue", "red")), blue)
    assert by_kind(found, "team") == []
    teams = drawn_calibration(posterior_rows(found), 1, 50).teams
    assert teams["blue"] is not teams["red"]
    assert list(teams["blue"]) == list(teams["red"])


def test_sources_are_the_groups_that_forecasters_speak_for() -> None:
    rows = by_kind(history(TWELVE, groups=GROUPS), "source")
    assert [(row.name, row.people, row.resolved) for row in rows] == [("product", 6, 24), ("sales", 6, 24)]
    few = dict.fromkeys(list(TWELVE)[:3], "sales")
    assert by_kind(history(TWELVE, groups=few), "source") == []


def test_no_row_names_a_person() -> None:
    found = split(history(TWELVE, count=40, teams=("blue", "red"), groups=GROUPS), 6)
    told = repr((calibration_rows(found), posterior_rows(found)))
    assert "p-person" not in told


def test_a_persons_own_record_holds_their_forecasts_alone() -> None:
    people = {"p-anna": 1.0, "p-ben": 2.0, "p-cleo": 1.0}
    anna, ben = (person_row(history(people), person) for person in ("p-anna", "p-ben"))
    assert (anna.kind, anna.resolved, anna.own) == ("person", 24, True)
    assert anna.delivered is not None
    assert ben.delivered is not None
    assert anna.delivered.estimate == pytest.approx(1.0, abs=0.1)
    assert ben.delivered.estimate == pytest.approx(0.5, abs=0.05)
    assert ben.slope.estimate < anna.slope.estimate
    other = person_row(history(people | {"p-ben": 5.0}), "p-anna")
    assert (other.crps, other.coverage, other.pit) == (anna.crps, anna.coverage, anna.pit)


@pytest.mark.parametrize(("person", "count"), [("p-anna", 9), ("p-nobody", 24)])
def test_without_ten_verdicts_of_ones_own_there_is_no_score(person: str, count: int) -> None:
    row = person_row(history(SIX | {"p-anna": 1.0}, count=count), person)
    assert (row.own, row.crps, row.coverage) == (False, None, None)
    assert row.slope.estimate == pytest.approx(0.4)
