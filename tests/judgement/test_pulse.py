"""Whether the chosen value is understood: shares of those who name it, by quarter and by team, never of few."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest

from vitalfew import checks
from vitalfew.errors import UsageError
from vitalfew.judgement import recording
from vitalfew.judgement.pulse import NO_WEIGHTS, TOO_FEW, pulse
from vitalfew.results.rows import Tables, WeightRow
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import PulseRow

DEFINED = """
sources: {kpi: {table: kpi.csv, shape: series, time: day}}
metrics:
  speed: {source: kpi}
  calm: {source: kpi}
  clicks: {source: kpi}
  noise: {source: kpi}
factors:
  speed: {range: [0, 1]}
  calm: {range: [0, 1]}
links:
  one: {parent: clicks, child: speed}
teams: {apps: {title: Apps}, core: {title: Core}, desk: {title: Desk}}
"""
WEIGHTS = (WeightRow("speed", 0.7, 0.6, 0.8, 5), WeightRow("calm", 0.3, 0.2, 0.4, 5))
SPRING, SUMMER = datetime(2026, 5, 1, tzinfo=UTC), datetime(2026, 8, 1, tzinfo=UTC)


def _asked(
    tmp_path: Path,
    *said: tuple[str, str | None, str | None, str | None, datetime],
    weights: tuple[WeightRow, ...] = WEIGHTS,
) -> tuple[PulseRow, ...]:
    (tmp_path / "vitalfew.yaml").write_text(DEFINED)
    for by, factor, metric, team, at in said:
        recording.pulse(load(tmp_path), by, factor, metric, team=team, at=at)
    ws = load(tmp_path)
    return pulse(ws.definitions, ws.acts, weights)


def test_shares_count_who_names_the_first_and_a_metric_that_leads_to_value(tmp_path: Path) -> None:
    said = [(f"p{n}", "speed" if n < 6 else "calm", "clicks" if n < 4 else "noise", None, SPRING) for n in range(8)]
    (row,) = _asked(tmp_path, *said)
    assert (row.quarter, row.teams, row.people) == ("2026-Q2", None, 8)
    assert row.first is not None
    assert row.own is not None
    assert (row.first.estimate, row.own.estimate) == (0.75, 0.5)
    assert row.first.low is not None
    assert row.first.high is not None
    assert 0.3 < row.first.low < 0.75 < row.first.high < 1


def test_a_factor_that_cannot_be_told_from_the_first_counts_as_the_first(tmp_path: Path) -> None:
    near = (WeightRow("speed", 0.52, 0.4, 0.6, 5), WeightRow("calm", 0.48, 0.4, 0.6, 5))
    (row,) = _asked(tmp_path, *[(f"p{n}", "calm", None, None, SPRING) for n in range(5)], weights=near)
    assert row.first is not None
    assert row.first.estimate == 1


def test_nothing_is_shown_of_fewer_than_five_and_small_teams_are_merged(tmp_path: Path) -> None:
    (few,) = _asked(tmp_path, *[(f"p{n}", "speed", "clicks", "apps", SPRING) for n in range(4)])
    assert (few.first, few.own, few.notes) == (None, None, (TOO_FEW,))
    more = [(f"q{n}", None, None, team, SUMMER) for n, team in enumerate(["apps"] * 6 + ["core"] * 3 + ["desk"] * 2)]
    rows = [row for row in _asked(tmp_path, *more) if row.quarter == "2026-Q3"]
    assert [(row.teams, row.people) for row in rows] == [(None, 11), (("apps",), 6), (("core", "desk"), 5)]


def test_the_latest_answer_of_a_quarter_counts_and_quarters_are_kept_apart(tmp_path: Path) -> None:
    early = [(f"p{n}", "calm", None, None, SPRING) for n in range(5)]
    again = [(f"p{n}", "speed", None, None, SPRING.replace(day=9)) for n in range(5)]
    later = [(f"p{n}", None, None, None, SUMMER) for n in range(5)]
    rows = _asked(tmp_path, *early, *again, *later)
    assert [(row.quarter, row.first and row.first.estimate) for row in rows] == [("2026-Q2", 1.0), ("2026-Q3", 0.0)]


def test_without_weights_no_answer_is_right(tmp_path: Path) -> None:
    (row,) = _asked(tmp_path, *[(f"p{n}", "speed", "speed", None, SPRING) for n in range(5)], weights=())
    assert (row.first, row.notes) == (None, (NO_WEIGHTS,))
    assert row.own is not None


def test_only_what_is_defined_can_be_named(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no factor called 'clicks'"):
        _asked(tmp_path, ("p", "clicks", None, None, SPRING))
    with pytest.raises(UsageError, match="no team called 'ops'"):
        _asked(tmp_path, ("p", "speed", None, "ops", SPRING))


def test_a_team_is_flagged_only_when_luck_cannot_explain_it(tmp_path: Path) -> None:
    teams = [("apps", 2), ("core", 3), ("desk", 0)]
    said = [
        (f"{team}{n}", "speed" if n < right else "calm", None, team, SPRING) for team, right in teams for n in range(8)
    ]
    rows = _asked(tmp_path, *said)
    ws = load(tmp_path)
    found = checks.run(ws.definitions, ws.acts, Tables(pulse=rows), date(2026, 6, 1))
    flagged = [row for row in found if row.id == "not_understood"]
    assert [row.subject for row in flagged] == ["desk"]
    assert "0 % name what comes first" in flagged[0].message
