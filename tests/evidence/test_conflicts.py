"""Conflicts over a whole workspace: found where planted, named by change, and rarely where nothing is wrong."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
import pytest

from evidence.effect_tables import effect_row
from vitalfew.evidence.conflicts import conflicts
from vitalfew.evidence.treaties import AGREED
from vitalfew.results.rows import EffectRow, HealthRow, Tables
from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)


def defined(**kinds: Any) -> Definitions:
    metric = {"source": "users", "column": "x"}
    work = {"ux": ("2026-01-01", "red"), "sec": ("2026-03-01", "blue"), "idea": (None, "blue")}
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {
                "fun": metric | {"side": "customer"},
                "errors": metric | {"side": "customer", "direction": "down"},
                "money": metric | {"level": "business"},
                "noise": metric,
            },
            "factors": {"fun": {"range": [0, 1]}, "money": {"range": [0, 1]}},
            "guardrails": {"errors": {"margin": 0}},
            "teams": {"red": {}, "blue": {}},
            "initiatives": {
                key: {"team": team} | ({"shipped": date.fromisoformat(day)} if day else {})
                for key, (day, team) in work.items()
            },
            "experiments": {
                f"x_{key}": {"source": "users", "variant": "v", "initiative": key, "title": f"Test {key}"}
                for key in work
            },
        }
        | kinds
    )


def found(*effects: EffectRow, definitions: Definitions | None = None, **more: Any) -> list[tuple[str | None, ...]]:
    rows = conflicts(definitions or defined(), Tables(effects=effects, **more), TODAY)
    return [(row.kind, row.subject, row.other, row.gain_metric, row.loss_metric) for row in rows]


def effect(experiment: str, metric: str, z: float, **more: Any) -> EffectRow:
    return effect_row(experiment, metric, z, 1.0, **more)


def test_within_one_change_the_clearest_pair_against_the_customer_and_the_clearest_other_are_told() -> None:
    effects = (effect("x_ux", "money", 6), effect("x_ux", "fun", -5), effect("x_ux", "errors", -7))
    assert found(*effects) == [
        ("within", "x_ux", None, "money", "fun"),
        ("within", "x_ux", None, "errors", "fun"),
    ]


def test_a_conflict_has_both_effects_with_intervals_its_grade_and_names_no_team_in_words() -> None:
    (row,) = conflicts(defined(), Tables(effects=(effect("x_ux", "money", 6), effect("x_ux", "fun", -5))), TODAY)
    assert row.message == "Test ux gains on money and loses on fun."
    assert (row.gain.estimate, row.loss.estimate, row.grade, row.teams) == (6, -5, "tested", ("red",))
    assert row.loss.high == pytest.approx(-5 + 1.96, abs=1e-3)


def test_a_gain_that_a_later_change_took_back() -> None:
    effects = (effect("x_ux", "fun", 8), effect("x_sec", "fun", -6))
    (row,) = conflicts(defined(), Tables(effects=effects), TODAY)
    assert (row.kind, row.subject, row.other, row.teams) == ("undone", "x_sec", "x_ux", ("red", "blue"))
    assert row.message == "On fun, Test sec took back 75 % of what Test ux had gained."


@pytest.mark.parametrize(
    "effects",
    [
        (effect("x_ux", "money", 6), effect("x_ux", "fun", -1)),
        (effect("x_ux", "money", 6, grade="dated"), effect("x_ux", "fun", -6, grade="dated")),
        (effect("x_ux", "noise", 6), effect("x_ux", "fun", -6)),
        (effect("x_ux", "fun", -8), effect("x_sec", "fun", 6)),
        (effect("x_ux", "fun", 8), effect("x_idea", "fun", -6)),
        (effect("x_ux", "fun", 8), effect("x_sec", "fun", -6, segment="small")),
    ],
    ids=["in doubt", "weak grade", "nobody cares", "the gain came later", "not live", "a segment"],
)
def test_what_is_no_conflict(effects: tuple[EffectRow, ...]) -> None:
    assert found(*effects) == []


def test_a_faulty_experiment_accuses_nobody() -> None:
    health = (HealthRow("x_ux", "sample_ratio", 1e-9, "failed", "sizes"),)
    assert found(effect("x_ux", "money", 6), effect("x_ux", "fun", -5), health=health) == []


def test_a_release_in_waves_can_undo_what_an_experiment_gained_but_not_its_own_work() -> None:
    releases = {"spring": {"date": date(2026, 4, 1), "initiatives": ["sec"], "team": "blue", "title": "Spring"}}
    staged = (effect("spring", "fun", -6, grade="staged"),)
    given = defined(releases=releases)
    assert found(effect("x_ux", "fun", 8), definitions=given, release_effects=staged) == [
        ("undone", "spring", "x_ux", "fun", "fun")
    ]
    assert found(effect("x_sec", "fun", 8), definitions=given, release_effects=staged) == []


def test_where_nothing_is_true_hardly_any_workspace_has_a_conflict() -> None:
    """100 experiments without any effect, 40 times; each kind of conflict may appear in 5 workspaces of 100."""
    rng = np.random.default_rng(9)
    names = [f"y{k}" for k in range(100)]
    live = {key: {"shipped": date(2026, 1, 1 + at % 28)} for at, key in enumerate(names)}
    experiments = {key: {"source": "users", "variant": "v", "initiative": key} for key in names}
    given = defined(initiatives=live, experiments=experiments)
    wrong = 0
    for _ in range(40):
        draws = rng.normal(size=(100, 3))
        effects = tuple(
            effect(name, metric, float(z))
            for name, row in zip(names, draws, strict=True)
            for metric, z in zip(("fun", "errors", "money"), row, strict=True)
        )
        wrong += bool(found(*effects, definitions=given))
    assert wrong <= 4


TREATY = {"gains": "money", "loses": "fun", "at_most": 1.0, "between": ["red", "blue"]}


@pytest.mark.parametrize(
    ("changed", "agreed"),
    [
        ({}, True),
        ({"at_most": 0.5}, False),
        ({"loses": "noise"}, False),
        ({"gains": "noise"}, False),
        ({"between": ["red"]}, False),
        ({"until": date(2026, 5, 31)}, False),
        ({"until": TODAY}, True),
    ],
)
def test_what_keeps_to_a_treaty_of_both_teams_says_so(changed: dict[str, Any], agreed: bool) -> None:
    made = defined(policy={"treaties": [TREATY | changed]})
    effects = (effect("x_ux", "fun", 8), effect("x_sec", "fun", -6), effect("x_sec", "money", 7))
    rows = conflicts(made, Tables(effects=effects), TODAY)
    undone = next(row for row in rows if row.kind == "undone")
    assert undone.message.endswith(AGREED) == agreed


def test_within_one_change_a_treaty_of_its_own_team_is_enough() -> None:
    made = defined(policy={"treaties": [TREATY]})
    (row,) = conflicts(made, Tables(effects=(effect("x_ux", "money", 6), effect("x_ux", "fun", -5))), TODAY)
    assert row.message == f"Test ux gains on money and loses on fun. {AGREED}"
    (row,) = conflicts(made, Tables(effects=(effect("x_ux", "money", 5), effect("x_ux", "fun", -6))), TODAY)
    assert row.message == "Test ux gains on money and loses on fun."
