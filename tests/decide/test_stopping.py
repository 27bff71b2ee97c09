"""What asks to be stopped or mended, each once, with a reason and one thing to do."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from decide.building import definitions, use
from vitalfew.decide.stopping import stop_list
from vitalfew.results.rows import ShippedLine, Tables, Value, Verdict, VerdictRow

TODAY = date(2026, 6, 1)


def line(key: str, verdict: Verdict, value: float) -> ShippedLine:
    step: Any = {"harmful": "remove", "fell_short": "fix"}.get(verdict, "keep")
    points = Value(value, value - 1, value + 1, 0.5)
    return ShippedLine(
        key, key, "initiative", None, None, None, points, (), None, None, verdict, step, None, "tested", ("why",)
    )


def unproven(initiative: str, due: str, estimate: float | None = None) -> VerdictRow:
    return VerdictRow(f"{initiative}_h", initiative, "retention", "unproven", "", 0.1, estimate, due=due)


def test_harmful_lines_come_first_and_the_worst_of_them_before_the_others() -> None:
    shipped = (line("short", "fell_short", -9), line("bad", "harmful", -1), line("worse", "harmful", -5),
               line("good", "kept", 5))  # fmt: skip
    rows = stop_list(definitions(), Tables(shipped=shipped), TODAY)
    lines = [(row.key, row.do) for row in rows if row.kind == "line"]
    assert [key for key, _ in lines] == ["worse", "bad", "short"]
    assert lines[0][1].startswith("take it out")
    assert lines[2][1].startswith("mend")
    assert rows[0].reason == "harmful: why"


def test_a_bet_past_its_day_is_named_once_and_one_still_open_is_not() -> None:
    made = definitions(initiatives={key: {"status": "live"} for key in ("late", "open", "gone")})
    made = made.model_copy(
        update={
            "initiatives": {
                **made.initiatives,
                "gone": made.initiatives["gone"].model_copy(update={"status": "dropped"}),
            }
        }
    )
    verdicts = (unproven("late", "2026-04-01"), replace(unproven("late", "2026-05-01"), hypothesis="z"),
                unproven("open", "2026-06-01"), unproven("gone", "2026-01-01"))  # fmt: skip
    rows = stop_list(made, Tables(verdicts=verdicts), TODAY)
    assert [(row.kind, row.key, row.reason) for row in rows if row.kind == "bet"] == [
        ("bet", "late", "due on 1 Apr 2026, and nothing was measured")
    ]


def test_features_hardly_used_are_sorted_by_upkeep_and_not_told_twice() -> None:
    features: dict[str, Any] = {"cheap": {"upkeep": 1}, "dear": {"upkeep": 9}, "built": {"upkeep": 20}, "loved": {}}
    made = definitions(features=features, initiatives={"bad": {"feature": "built", "status": "shipped"}})
    used = tuple(use(key, 0.01, hardly=key != "loved") for key in features)
    rows = stop_list(made, Tables(use=used, shipped=(line("bad", "harmful", -1),)), TODAY)
    assert [row.key for row in rows if row.kind == "feature"] == ["dear", "cheap"]
    assert "used by 1 % of the eligible in 30 days" in [row.reason for row in rows]


def test_only_a_metric_without_owner_and_use_is_of_nobody() -> None:
    metric = {"source": "players", "column": "c"}
    metrics = {
        "retention": metric, "tickets": metric, "idle": metric, "owned": metric | {"owner": "t"}, "linked": metric,
        "aimed": metric, "asked": metric, "harmed": metric,
    }  # fmt: skip
    made = definitions(
        metrics=metrics,
        teams={"t": {}},
        links={"l": {"parent": "linked", "child": "retention", "kind": "influence"}},
        objectives={"o": {"title": "O", "key_results": {"k": {"metric": "aimed"}}}},
        initiatives={"i": {}},
        hypotheses={"h": {"initiative": "i", "metric": "asked"}},
        needs={"n": {"statement": "s", "harms": ["harmed"]}},
    )
    assert [row.key for row in stop_list(made, Tables(), TODAY) if row.kind == "metric"] == ["idle"]


def test_a_metric_with_a_floor_is_of_use() -> None:
    floors = {"technical": {"floors": [{"metric": "lone", "level": 2.0}]}}
    metrics = {"lone": {"source": "players", "column": "l"}, "other": {"source": "players", "column": "o"}}
    found = stop_list(definitions(metrics=metrics, factors={}, policy=floors), Tables(), TODAY)
    assert [row.key for row in found if row.kind == "metric"] == ["other"]
