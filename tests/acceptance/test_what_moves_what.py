"""A news product with planted links: they are found, and clickbait is foreseen before its harm can be measured."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import vitalfew as vf
from command_line import typed
from vitalfew.simulate import DaybreakTruth, daybreak, daybreak_recovery

if TYPE_CHECKING:
    from command_line import Typed
    from vitalfew.pipeline import Results

__all__ = ["typed"]


@pytest.fixture(scope="module")
def planted(tmp_path_factory: pytest.TempPathFactory) -> tuple[DaybreakTruth, Path, Results]:
    folder = tmp_path_factory.mktemp("news") / "daybreak"
    truth = daybreak(folder)
    return truth, folder, vf.run(vf.load(folder))


type Planted = tuple[DaybreakTruth, Path, Results]


def test_planted_links_lie_within_their_intervals(planted: Planted) -> None:
    truth, _, results = planted
    found = {row.link: row for row in results.tables.links}
    assert found.keys() == truth.slopes.keys()
    assert all(row.status == "estimated" and row.grade == "replicated" for row in found.values())
    assert daybreak_recovery(truth, results.tables).right == len(truth.slopes) + len(truth.business)


def test_clicks_are_seen_to_lose_subscribers_where_a_scatter_plot_shows_far_less(planted: Planted) -> None:
    truth, _, results = planted
    row = next(row for row in results.tables.links if row.link == "clicks_to_days")
    assert row.high is not None
    assert row.high < 0
    assert row.naive is not None
    assert abs(row.naive.estimate) < abs(truth.slopes["clicks_to_days"]) / 2
    assert row.expert_p is not None
    assert row.expert_p < 0.05  # the range that an expert gave is scored


def test_the_harm_of_clickbait_is_foreseen_before_it_can_be_measured(planted: Planted) -> None:
    truth, _, results = planted
    rows = [row for row in results.tables.predicted if row.experiment == "breaking_alerts"]
    assert all(row.measured is None for row in rows)
    best = next(row for row in rows if row.grade == "staged")
    assert best.predicted.high is not None
    assert best.predicted.high < 0
    assert truth.business["breaking_alerts"] < 0


def test_what_is_between_users_says_the_opposite_and_both_are_shown(planted: Planted) -> None:
    rows = [row for row in planted[2].tables.predicted if row.experiment == "breaking_alerts"]
    signs = {row.predicted.estimate > 0 for row in rows}
    assert signs == {True, False}


def test_the_ledger_rests_on_the_links(planted: Planted) -> None:
    lines = {line.line: line for line in planted[2].tables.candidates}
    digest, alerts = lines["evening_digest"], lines["breaking_alerts"]
    assert digest.value is not None
    assert alerts.value is not None
    assert digest.value.mean > 0 > alerts.value.mean
    assert alerts.recommendation == "drop"


def test_a_kept_promise_of_clicks_does_not_hide_what_clicks_cost(planted: Planted) -> None:
    verdict = next(row for row in planted[2].tables.verdicts if row.initiative == "breaking_alerts")
    assert (verdict.metric, verdict.verdict) == ("headline_clicks", "kept")
    line = next(line for line in planted[2].tables.candidates if line.line == "breaking_alerts")
    assert line.recommendation == "drop"


def test_a_product_in_which_nothing_is_wrong_raises_no_finding(planted: Planted) -> None:
    assert planted[2].tables.findings == ()


def test_links_and_luck_can_be_asked_for_in_python(planted: Planted) -> None:
    results = planted[2]
    assert vf.links(results)["clicks_to_days"].estimate is not None
    assert "without luck" in str(vf.shrink(results))


@pytest.mark.parametrize(
    ("command", "part", "said"),
    [
        ("links", "links", "WHAT MOVES WHAT"),
        ("shrink", "corpus", "EFFECT BY EFFECT"),
        ("releases", "releases", "release"),
    ],
)
def test_the_command_line_shows_them_and_gives_json(
    planted: Planted, typed: Typed, command: str, part: str, said: str
) -> None:
    folder = planted[1]
    assert said in typed(command, folder).out
    assert part in typed(command, folder, "--json").json
