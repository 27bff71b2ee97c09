"""The tables of decisions of the sample: the plan, the value model at work, the record, explanations."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from report import sample
from vitalfew.results.rows import (
    BetRow,
    CalibrationRow,
    ClassicRow,
    Estimate,
    FactorShareRow,
    FrontierRow,
    GroupValueRow,
    InformationRow,
    PlanRow,
    RankRow,
    ReasonRow,
    RedundantRow,
    SayDoRow,
    SequenceRow,
    StagedRow,
    SuggestedTest,
    Tables,
    Value,
    VitalFactorsRow,
)

if TYPE_CHECKING:
    from vitalfew.report.view import View

KEYS = tuple(sample.CANDIDATES)
FIRST, SECOND = KEYS[:2]
POINTS = Value(4.5, 1.3, 8.5, 0.97)


def tables() -> Tables:
    """The sample's tables, and those of decisions."""
    base = sample.tables()
    test = SuggestedTest("jobs", 1200, 5.4, 0.3, 19.1, 3.5, 15.6, "built if it shows +0.4 jobs or better")
    tested = tuple(replace(line, test=test) if line.line == FIRST else line for line in base.candidates)
    return replace(base, candidates=tested, **_plans(), **_model(), **_record())


def view() -> View:
    """The sample as a report sees it."""
    return sample.view(tables())


def _plans() -> dict[str, Any]:
    best = PlanRow(
        "best", (FIRST, SECOND), POINTS, 53.0, 60.0, 1.2, 0.0, ("the budget: a tenth more gives 0.3 points",)
    )
    return {
        "plans": (best, replace(best, plan="cheapest", lines=(FIRST,), cost=20.0)),
        "frontier": tuple(FrontierRow("all", 20.0 * at, 19.0 * at, 3.0 * at**0.5, {}, KEYS[:at]) for at in (1, 2, 3)),
        "sequence": (SequenceRow(1, FIRST, None, 4.0, 0.0, 4.0, 0.02, "most points lost per week of work"),),
        "staged": (
            StagedRow(SECOND, 3.0, -1.0, 0.4, 5.0, 20.0, "its first step is worth it, all of it at once is not"),
        ),
        "information": (
            InformationRow("everything", None, 1.3, 0.05, 1.0, "Knowing everything would add 1.3 points."),
            InformationRow("effects", FIRST, 0.8, 0.05, 0.6, "Knowing this one would add 0.8 points."),
        ),
        "classic": tuple(
            ClassicRow(key, rice=800.0 / at, by="RICE", p_top=0.9 / at, top=5, among=20, input_error=1.5)
            for at, key in enumerate(KEYS[:3], start=1)
        ),
        "ranks": (RankRow(FIRST, Estimate(2.0, 1.0, 4.0), (0.6, 0.4), {"1": 0.6}, {SECOND: 0.7}, {}, None),),
        "reasons": (
            ReasonRow(FIRST, "why", "Nearly all of its value is jobs closed.", {}),
            ReasonRow(FIRST, "change", "At a cost of 25 person-weeks it would leave the plan.", {"cost": 25.0}),
            ReasonRow(FIRST, "ask", "Test it on 1,200 firms in each arm.", {}),
        ),
    }


def _model() -> dict[str, Any]:
    three, lost = sample.FACTORS, (0.0, 0.015, 0.06)
    return {
        "vital_factors": tuple(
            VitalFactorsRow(
                3 - at,
                three[: 3 - at],
                Estimate(lost[at], lost[at] / 2, lost[at] * 1.5),
                Estimate(1.0 - 0.1 * at),
                enough=at == 1,
                dropped=three[3 - at] if at else None,
            )
            for at in range(3)
        ),
        "factor_shares": tuple(
            FactorShareRow(f, Estimate(s), parked=s < 0.2) for f, s in zip(three, (0.6, 0.3, 0.1), strict=True)
        ),
        "redundant": (
            RedundantRow(
                "jobs", ("planning",), "correlated", Estimate(0.85), 24, "jobs", 0.5, "Jobs and planning move alike."
            ),
        ),
        "group_values": (
            GroupValueRow(
                "sso", "small", "segment", replace(POINTS, mean=-3.0, low=-5.0, high=-1.0), 0.97, shipped=True
            ),
            GroupValueRow("offline", "large", "segment", POINTS, 0.02, shipped=True),
        ),
        "say_do": (
            SayDoRow(
                "jobs",
                Estimate(0.2, 0.15, 0.25),
                Estimate(0.5, 0.4, 0.6),
                None,
                9,
                Estimate(0.3, 0.2, 0.4),
                "much work",
            ),
        ),
    }


def _record() -> dict[str, Any]:
    pit = (3, 2, 6, 2, 2, 3, 2, 2, 1, 0)
    whole = CalibrationRow(
        "overall", "all", 9, 23, own=True, slope=Estimate(0.66, 0.4, 0.92), nothing=0.5, better=0.2, bias=0.0,
        surprise=0.1, stretch=1.4, coverage=Estimate(0.87, 0.68, 0.95), skill=0.35, pit=pit,
        delivered=Estimate(0.76, 0.67, 0.84),
    )  # fmt: skip
    team = replace(
        whole, kind="team", name="field", resolved=5, own=False, coverage=None, skill=None, pit=(), delivered=None
    )
    return {
        "calibration": (whole, team),
        "bets": (
            BetRow(
                "h1", "offline", "2026-01-05", "2026-03-01", "2026-04-05", 90, None, 8.0, spread=True, overdue=False
            ),
            BetRow("h2", "dispatch", "2026-02-05", None, None, None, 200, None, spread=False, overdue=True),
        ),
    }
