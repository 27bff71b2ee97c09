from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acts_building import BEGIN, definitions, workspace
from vitalfew.errors import ActError, UsageError
from vitalfew.judgement import recording
from vitalfew.judgement.promises import combine, promises
from vitalfew.judgement.recording import erase, forecast, judge, lock
from vitalfew.workspace.acts import ActLog, read
from vitalfew.workspace.definitions import Guardrail, Hypothesis
from vitalfew.workspace.locks import value_model_cited
from vitalfew.workspace.verify import verify
from vitalfew.workspace.workspace import Workspace

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.results.rows import PromiseRow
    from vitalfew.workspace.definitions import Definitions

ANNA = {"p10": 0, "p50": 2, "p90": 3, "p_zero": 0.2}
BEN = {"p10": 1, "p50": 3, "p90": 9, "p_zero": 0.4}
OTHER = Hypothesis(initiative="gate", metric="b", due=date(2026, 9, 1))


def promise(root: Path, defined: Definitions | None = None) -> PromiseRow:
    (row,) = promises(defined or definitions(), read(root))
    return row


def numbers(row: PromiseRow) -> tuple[float, ...]:
    return row.p10, row.p50, row.p90, row.p_zero


def test_without_forecasts_there_is_no_promise() -> None:
    assert promises(definitions(), ActLog()) == ()


def test_forecasts_are_combined_by_the_mean_of_each_quantile(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", ANNA)
    forecast(ws, "h", "ben", BEN)
    row = promise(tmp_path)
    assert numbers(row) == pytest.approx((0.5, 2.5, 6, 0.3))
    assert (row.forecasters, row.locked_at, row.proved) == (2, None, "no")
    assert row.notes == ("not locked: forecasting is blind, do not show it yet",)


def test_the_latest_forecast_of_a_person_counts(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", BEN)
    forecast(ws, "h", "Anna", ANNA)
    assert numbers(promise(tmp_path)) == (0, 2, 3, 0.2)


def test_a_forecast_after_the_lock_does_not_change_the_promise(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", ANNA, at=BEGIN)
    act = lock(ws, "h", "cleo", at=BEGIN)
    forecast(ws, "h", "anna", BEN, at=BEGIN)
    row = promise(tmp_path)
    assert numbers(row) == (0, 2, 3, 0.2)
    assert (row.forecasters, row.locked_at, row.due) == (1, act.at, "2026-06-01")


def test_the_proof_of_a_promise_is_that_of_the_verification(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", ANNA, at=BEGIN + timedelta(days=200))
    lock(ws, "h", "anna", at=BEGIN + timedelta(days=200))
    (row,) = promises(ws.definitions, read(tmp_path), verify(ws).proofs)
    assert row.proved == "no"
    assert row.notes == ("locked on 2026-07-24, after the start on 2026-03-01",)


def test_a_promise_is_locked_once(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", ANNA, at=BEGIN)
    lock(ws, "h", "anna", at=BEGIN)
    with pytest.raises(ActError, match=r"'h' was locked on 2026-01-05 \(act 2\)"):
        lock(ws, "h", "anna", at=BEGIN)


def test_nothing_is_locked_without_a_forecast(tmp_path: Path) -> None:
    with pytest.raises(ActError, match="no forecast of 'h' to lock"):
        lock(workspace(tmp_path), "h", "anna")
    assert not (tmp_path / "acts.jsonl").exists()


def test_an_edit_after_the_lock_is_seen_and_what_was_locked_counts(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", ANNA, at=BEGIN)
    lock(ws, "h", "anna", at=BEGIN)
    row = promise(tmp_path, definitions(hypotheses={"h": OTHER}))
    assert (row.metric, row.due) == ("a", "2026-06-01")
    assert row.notes == (
        "the hypothesis was edited after the lock: what was locked counts until it is locked again",
        "metric was a when it was locked, now b",
        "due was 2026-06-01 when it was locked, now 2026-09-01",
    )


def test_forecasts_of_an_earlier_wording_do_not_count_for_the_next_lock(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    changed = workspace(tmp_path, definitions(hypotheses={"h": OTHER}))
    forecast(ws, "h", "anna", ANNA, at=BEGIN)
    lock(ws, "h", "anna", at=BEGIN)
    with pytest.raises(ActError, match="no forecast"):
        lock(changed, "h", "anna", at=BEGIN)
    forecast(changed, "h", "ben", BEN, at=BEGIN)
    lock(changed, "h", "anna", at=BEGIN)
    row = promise(tmp_path, changed.definitions)
    assert (numbers(row), row.forecasters, row.metric) == ((1, 3, 9, 0.4), 1, "b")
    assert row.notes == ("locked first on 2026-01-05; this is a later lock, of another wording",)
    assert numbers(promise(tmp_path)) == (0, 2, 3, 0.2)


def test_an_outdated_forecast_is_said_while_the_promise_is_open(tmp_path: Path) -> None:
    changed = definitions(hypotheses={"h": OTHER})
    forecast(workspace(tmp_path), "h", "anna", ANNA)
    forecast(workspace(tmp_path, changed), "h", "ben", BEN)
    row = promise(tmp_path, changed)
    assert (row.forecasters, row.notes[1]) == (1, "1 forecast answers an earlier wording and does not count")


def test_an_erased_forecaster_leaves_the_locked_promise_of_several(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", ANNA, at=BEGIN)
    forecast(ws, "h", "ben", BEN, at=BEGIN)
    lock(ws, "h", "anna", at=BEGIN)
    erase(ws, "anna")
    assert numbers(promise(tmp_path)) == pytest.approx((0.5, 2.5, 6, 0.3))


def test_an_erased_forecaster_takes_an_open_forecast_and_a_promise_of_their_own_along(tmp_path: Path) -> None:
    ws = workspace(tmp_path)
    forecast(ws, "h", "anna", ANNA, at=BEGIN)
    lock(ws, "h", "ben", at=BEGIN)
    erase(ws, "anna")
    assert promises(definitions(), read(tmp_path)) == ()


def test_unknown_names_are_answered_with_the_nearest(tmp_path: Path) -> None:
    ws = workspace(tmp_path, definitions(hypotheses={"gate_day7": OTHER}))
    with pytest.raises(UsageError, match="no hypothesis called 'gate_day_7'; did you mean 'gate_day7'"):
        forecast(ws, "gate_day_7", "anna", ANNA)
    with pytest.raises(UsageError, match="no factor called 'x'"):
        judge(ws, "anna", {"a": 1, "x": 2})
    with pytest.raises(UsageError, match=r"nothing called 'gat' is defined here; expected .*; did you mean 'gate'"):
        recording.waive(ws, "gat", "anna", "why not")
    assert not (tmp_path / "acts.jsonl").exists()


def test_each_act_names_the_definition_it_speaks_of(tmp_path: Path) -> None:
    ws = workspace(tmp_path, definitions(guardrails={"b": Guardrail(margin=0.1)}))
    decision: dict[str, str | date | None] = {
        "what": "fund it",
        "evidence": "experiment x",
        "counter": "it is costly",
        "review": date(2026, 9, 1),
    }
    acts = (
        judge(ws, "anna", {"a": 80, "b": 20}, group="support"),
        recording.waive(ws, "b", "anna", "the fault is known"),
        recording.decide(ws, "gate", "anna", decision),
        recording.sign_off(ws, "value_model", "anna"),
        recording.sign_off(ws, "a", "anna", note="agreed"),
    )
    named = [(act.definition.kind, act.definition.key) for act in acts if act.definition]
    assert named == [
        ("factors", "value_model"),
        ("guardrails", "b"),
        ("initiatives", "gate"),
        ("factors", "value_model"),
        ("metrics", "a"),
    ]
    log = read(tmp_path)
    assert log.damage == ()
    assert log.bodies[1] == {"group": "support", "points": {"a": 80, "b": 20}}
    assert log.bodies[3]["review"] == "2026-09-01"
    cited = log.bodies[3]["value_model"]
    assert cited["judgements"] == acts[0].hash
    assert cited["definitions"] != value_model_cited(definitions(), log)["definitions"]  # which has no such guardrail
    assert log.bodies[4] == {}


def test_a_decision_needs_its_evidence_and_its_counter_argument(tmp_path: Path) -> None:
    with pytest.raises(ActError, match="evidence is missing; counter is missing"):
        recording.decide(workspace(tmp_path), "gate", "anna", {"what": "fund it"})


def test_a_workspace_without_a_folder_cannot_record() -> None:
    with pytest.raises(UsageError, match="has no folder"):
        judge(Workspace.of(definitions()), "anna", {"a": 1})


RISING = st.lists(st.floats(-1e6, 1e6), min_size=3, max_size=3).map(sorted)


def forecast_of(quantiles: list[float], p_zero: float) -> dict[str, float]:
    return dict(zip(("p10", "p50", "p90"), quantiles, strict=True)) | {"p_zero": p_zero}


FORECASTS = st.lists(st.builds(forecast_of, RISING, st.floats(0, 1)), min_size=1, max_size=6)


@given(FORECASTS)
def test_the_order_of_forecasters_changes_nothing_and_quantiles_still_rise(
    forecasts: list[dict[str, float]],
) -> None:
    found = combine(forecasts)
    assert combine(reversed(forecasts)) == found
    assert found.p10 <= found.p50 <= found.p90
    assert 0 <= found.p_zero <= 1


@given(FORECASTS, st.integers(1, 4))
def test_identical_forecasters_promise_what_each_of_them_does(forecasts: list[dict[str, float]], count: int) -> None:
    one = forecasts[0]
    found = combine([one] * count)
    assert (found.p10, found.p50, found.p90, found.p_zero) == pytest.approx(
        (one["p10"], one["p50"], one["p90"], one["p_zero"])
    )
