"""What teams say they are for, side by side, and where they pull in opposite directions."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

from decide.building import definitions, promise
from vitalfew.decide.narratives import narratives, opposed
from vitalfew.results.rows import GroupWeightRow, OpposedRow, Tables

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
LOCKED = {"locked_at": "2026-01-01"}


def company(**kinds: Any) -> Definitions:
    base = {
        "teams": {"growth": {"title": "Growth"}, "care": {"title": "Customer care"}, "silent": {}},
        "initiatives": {
            "nudge": {"team": "growth"},
            "calm": {"team": "care"},
            "out": {"team": "care", "shipped": "2026-01-01"},
        },
        "metrics": {
            "retention": {"source": "players", "column": "r", "kind": "proportion", "owner": "growth"},
            "tickets": {"source": "players", "column": "t", "direction": "down"},
        },
    }
    return definitions(**(base | kinds))


def result(metric: str, baseline: float | None, target: float) -> dict[str, Any]:
    held = {"title": "So much", "metric": metric, "target": target}
    return held if baseline is None else held | {"baseline": baseline}


def goals(**aims: tuple[str | None, dict[str, Any]]) -> dict[str, Any]:
    return {
        key: {"title": key, **({"team": team} if team else {}), "key_results": {"k": asked}}
        for key, (team, asked) in aims.items()
    }


def group(name: str, raters: int = 5) -> tuple[GroupWeightRow, ...]:
    return tuple(
        GroupWeightRow(name, factor, raters, 0.5, 0.4, 0.6, 0.0, 0.0, 0.0) for factor in ("retention", "tickets")
    )


def pulled(defined: Definitions, **found: Any) -> tuple[OpposedRow, ...]:
    return opposed(defined, Tables(**found), TODAY)


def test_each_team_says_what_it_wants_moves_owns_and_believes() -> None:
    defined = company(
        vision={"all": {"title": "Everybody comes back"}, "mine": {"title": "Nobody waits", "team": "care"}},
        objectives=goals(more=("growth", result("retention", 0.2, 0.3))),
        hypotheses={
            "h": {"initiative": "nudge", "metric": "retention", "because": "people forget"},
            "old": {"initiative": "out", "metric": "retention", "because": "it was long ago"},
            "bare": {"initiative": "calm", "metric": "tickets"},
        },
    )
    everybody, growth, care = narratives(defined, Tables(), TODAY)
    assert (everybody.team, everybody.visions) == (None, ("all",))
    assert (growth.objectives, growth.factors, growth.beliefs) == (("more",), ("retention",), ("h",))
    assert [(aim.metric, aim.before, aim.after, aim.up) for aim in growth.aims] == [("retention", 0.2, 0.3, True)]
    assert (care.team, care.visions, care.beliefs, care.aims) == ("care", ("mine",), (), ())


def test_a_team_that_rates_has_its_weights_beside_by_key_or_title_and_merged_groups_are_nobodys() -> None:
    def of(name: str) -> dict[str | None, str | None]:
        found = narratives(company(), Tables(group_weights=group(name)), TODAY)
        return {row.team: row.group for row in found}

    assert of("Customer Care") == {"growth": None, "care": "Customer Care"}
    assert of("growth") == {"growth": "growth"}
    assert of("growth, care") == {"growth": None}


def test_teams_that_want_one_metric_to_go_both_ways_are_listed() -> None:
    (row,) = pulled(
        company(objectives=goals(a=("growth", result("tickets", 3, 5)), b=("care", result("tickets", 5, 2))))
    )
    assert row.metric == "tickets"
    assert [(aim.team, aim.about) for aim in row.up] == [("growth", "a")]
    assert [(aim.team, aim.about) for aim in row.down] == [("care", "b")]


def test_one_direction_one_team_and_goals_without_a_direction_are_no_conflict() -> None:
    same = goals(a=("growth", result("tickets", 5, 3)), b=("care", result("tickets", 5, 2)))
    own = goals(a=("care", result("tickets", 3, 5)), b=("care", result("tickets", 5, 2)))
    open_ended = goals(a=("growth", result("tickets", None, 9)), b=("care", result("tickets", 5, 2)))
    still = goals(a=("growth", result("tickets", 5, 5)), b=("care", result("tickets", 5, 2)))
    for objectives in (same, own, open_ended, still):
        assert pulled(company(objectives=objectives)) == ()


def test_what_a_team_promised_counts_once_it_is_locked_and_while_it_is_not_out() -> None:
    defined = company(objectives=goals(b=("care", result("tickets", 5, 2))))
    (row,) = pulled(defined, promises=(promise("nudge", "tickets", 0.4, 0.2, **LOCKED),))
    assert [(aim.team, aim.kind, aim.about, aim.after) for aim in row.up] == [("growth", "promise", "nudge", 0.4)]
    assert pulled(defined, promises=(promise("nudge", "tickets", 0.4, 0.2),)) == ()
    shipped = company(objectives=goals(b=("growth", result("tickets", 5, 2))))
    assert pulled(shipped, promises=(promise("out", "tickets", 0.4, 0.2, **LOCKED),)) == ()
