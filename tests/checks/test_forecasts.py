"""Checks of how people predict: each fires on its case, stays silent on a near miss, and seldom on healthy teams."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from vitalfew import checks
from vitalfew.judgement.calibration_rows import History, calibration_rows
from vitalfew.judgement.metalog import sample
from vitalfew.judgement.record import Outcome, Quantiles
from vitalfew.results.rows import CalibrationRow, Estimate, FindingRow, PromiseRow, Tables, VerdictRow
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
MINE = {"sandbagging", "sure_wins", "stretched_ranges", "narrow_ranges", "hippo", "late_lock"}
HEALTHY = CalibrationRow(
    kind="overall",
    name="everything",
    people=6,
    resolved=40,
    own=True,
    slope=Estimate(0.8, 0.6, 1.0),
    bias=0.0,
    surprise=0.01,
    stretch=1.1,
    nothing=0.4,
    better=0.4,
    coverage=Estimate(0.78, 0.63, 0.88),
    pit=(4,) * 10,
    delivered=Estimate(0.8, 0.7, 0.9),
)


def definitions(**kinds: Any) -> Definitions:
    base: dict[str, Any] = {
        "sources": {"players": {"table": "p.csv", "unit": "id"}},
        "metrics": {
            "fun": {"source": "players", "column": "fun"},
            "tickets": {"source": "players", "column": "t", "direction": "down"},
        },
        "initiatives": {"gate": {"started": "2026-01-05"}},
    }
    return Definitions.model_validate(base | kinds)


def findings(tables: Tables, defined: Definitions | None = None) -> list[FindingRow]:
    found = checks.run(defined or definitions(), ActLog(), tables, TODAY)
    return [row for row in found if row.id in MINE]


def about(**changes: Any) -> list[tuple[str, str]]:
    tables = Tables(calibration=(replace(HEALTHY, **changes),))
    return [(row.id, row.message) for row in findings(tables)]


def test_a_healthy_record_raises_nothing() -> None:
    assert about() == []


def test_much_more_than_promised_over_most_promises_is_sandbagging() -> None:
    high = (0, 0, 0, 1, 1, 2, 4, 8, 12, 12)
    ((check, message),) = about(delivered=Estimate(2.1, 1.9, 2.3), pit=high)
    assert check == "sandbagging"
    assert message == "Over everything: 2.1 times what was promised came (40 resolved)."


@pytest.mark.parametrize(
    "near",
    [
        {"delivered": Estimate(1.6, 1.4, 1.8), "pit": (0, 0, 0, 1, 1, 2, 4, 8, 12, 12)},
        {"delivered": Estimate(2.1, 1.9, 2.3)},
        {"delivered": None, "pit": (0, 0, 0, 1, 1, 2, 4, 8, 12, 12)},
    ],
)
def test_a_little_more_or_a_few_that_did_much_more_is_none(near: dict[str, Any]) -> None:
    assert about(**near) == []


def test_ranges_that_hold_everything_are_stretched() -> None:
    ((check, message),) = about(coverage=Estimate(1.0, 0.91, 1.0), stretch=0.4)
    assert check == "stretched_ranges"
    assert message == "Over everything: 80 % ranges held 100 % of what came (40 resolved), 2.5 times too wide."
    assert about(coverage=Estimate(1.0, 0.91, 1.0), stretch=0.7) == []
    assert about(coverage=Estimate(0.95, 0.76, 0.99), stretch=0.4) == []


def test_ranges_that_hold_little_are_narrow() -> None:
    ((check, message),) = about(coverage=Estimate(0.3, 0.18, 0.45), stretch=2.6)
    assert check == "narrow_ranges"
    assert message == "Over everything: 80 % ranges held 30 % of what came (40 resolved), 2.6 times too narrow."
    assert about(coverage=Estimate(0.7, 0.55, 0.82), stretch=1.6) == []
    assert about(coverage=Estimate(0.6, 0.45, 0.74), stretch=1.2) == []


def test_forecasts_that_tell_nothing_are_opinions() -> None:
    ((check, message),) = about(slope=Estimate(0.08, -0.1, 0.2))
    assert check == "hippo"
    assert message == "Over everything: of what is forecast, 8 % comes (40 resolved)."
    assert about(slope=Estimate(0.25, 0.1, 0.4)) == []


def test_below_ten_resolved_nothing_is_said_of_how_people_predict() -> None:
    assert about(own=False, resolved=9, slope=Estimate(0.0, 0.0, 0.0), coverage=None, delivered=None, pit=()) == []


def test_teams_are_named_where_not_all_predict_so() -> None:
    blue = replace(HEALTHY, kind="team", name="blue", slope=Estimate(0.1, 0.0, 0.2))
    (finding,) = findings(Tables(calibration=(HEALTHY, blue)))
    assert finding.message == "Team blue: of what is forecast, 10 % comes (40 resolved)."
    whole = replace(HEALTHY, slope=Estimate(0.1, 0.0, 0.2))
    assert [row.message for row in findings(Tables(calibration=(whole, blue)))] == [
        "Over everything: of what is forecast, 10 % comes (40 resolved)."
    ]


def test_a_persons_record_is_never_checked() -> None:
    assert about(kind="person", slope=Estimate(0.0, 0.0, 0.1)) == []


def promise(at: int, low: float, p_zero: float, metric: str = "fun", **other: Any) -> PromiseRow:
    fields: dict[str, Any] = {"locked_at": "2025-01-01T00:00:00Z", "proved": "claimed"}
    high, middle = low + 2, low + 1
    said = (low, middle, high) if metric == "fun" else (-high, -middle, -low)
    return PromiseRow(f"h{at}", "gate", metric, "all", *said, p_zero, 3, **(fields | other))


def verdict(at: int, estimate: float | None, metric: str = "fun", due: str = "2026-01-01") -> VerdictRow:
    return VerdictRow(f"h{at}", "gate", metric, "kept", "so", 2.0, estimate, None, None, due)


@pytest.mark.parametrize(("metric", "good"), [("fun", 1.0), ("tickets", -1.0)])
def test_promises_that_cannot_fail_and_do_not_are_sure_wins(metric: str, good: float) -> None:
    rows = [(promise(at, 1.0, 0.0, metric), verdict(at, good, metric)) for at in range(12)]
    (finding,) = findings(Tables(promises=tuple(p for p, _ in rows), verdicts=tuple(v for _, v in rows)))
    assert finding.id == "sure_wins"
    assert finding.message == (
        "12 of 12 promises were all but certain to come out well, and 12 did: nobody predicts what might fail."
    )


@pytest.mark.parametrize(
    ("count", "p_zero", "estimate"), [(9, 0.0, 1.0), (12, 0.1, 1.0), (12, 0.0, -1.0)], ids=["few", "doubt", "lost"]
)
def test_doubt_few_promises_or_losses_are_no_sure_wins(count: int, p_zero: float, estimate: float) -> None:
    promises = tuple(promise(at, 1.0, p_zero) for at in range(count))
    assert findings(Tables(promises=promises, verdicts=tuple(verdict(at, estimate) for at in range(count)))) == []


def test_forecasts_that_are_never_scored_are_found() -> None:
    due = [verdict(at, None) for at in range(11)]
    (finding,) = findings(Tables(verdicts=(*due, verdict(11, 1.0))))
    assert finding.id == "hippo"
    assert finding.message == "Of 12 promises that fell due, 1 was measured: forecasts are not scored."
    assert findings(Tables(verdicts=(*due[:8], verdict(11, 1.0)))) == []
    later = [verdict(at, None, due="2027-01-01") for at in range(20)]
    assert findings(Tables(verdicts=tuple(later))) == []


def experiment(start: str) -> Definitions:
    return definitions(experiments={"x": {"source": "players", "initiative": "gate", "variant": "arm", "start": start}})


@pytest.mark.parametrize(
    ("start", "proved", "late"),
    [
        ("2025-12-01", "claimed", True),
        ("2026-01-02", "claimed", False),
        ("2026-02-01", "claimed", False),
        ("2025-12-01", "no", False),
    ],
)
def test_a_lock_after_the_first_exposure_is_late_though_the_work_started_later(
    start: str, proved: str, late: bool
) -> None:
    row = promise(1, 1.0, 0.2, locked_at="2026-01-02T09:00:00Z", proved=proved)
    messages = [finding.message for finding in findings(Tables(promises=(row,)), experiment(start))]
    assert messages == (["Locked after the experiment had begun: gate."] if late else [])


def company(rng: np.random.Generator, count: int) -> Tables:
    """A company that believes what it says: outcomes are drawn from the forecasts themselves."""
    outcomes, promises, verdicts = [], [], []
    for at in range(count):
        middle = float(rng.uniform(0.03, 0.3))
        said = Quantiles(-0.2 * middle, middle, 2.4 * middle, float(rng.uniform(0, 0.4)))
        se = float(rng.uniform(0.01, 0.06))
        came = float(sample(said, rng.uniform(1e-9, 1))) + se * float(rng.standard_normal())
        outcomes.append(Outcome(f"h{at}", "blue", 1.0, said, came, se))
        locked = "2025-01-01T00:00:00Z"
        three = (said.p10, said.p50, said.p90, said.p_zero)
        promises.append(PromiseRow(f"h{at}", "gate", "fun", "all", *three, 5, locked_at=locked, proved="claimed"))
        verdicts.append(verdict(at, came))
    people = {each.hypothesis: frozenset("abcde") for each in outcomes}
    history = History(tuple(outcomes), people, {key: {} for key in people}, {})
    rows = calibration_rows(history)
    return Tables(promises=tuple(promises), verdicts=tuple(verdicts), calibration=rows)


@pytest.mark.parametrize("count", [10, 25, 60])
def test_companies_that_mean_what_they_say_are_seldom_warned(count: int) -> None:
    rng = np.random.default_rng(count)
    told = [bool(findings(company(rng, count))) for _ in range(40)]
    assert np.mean(told) <= 0.1
