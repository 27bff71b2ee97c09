"""A line of the ledger that only a release tells about says what the release shows, or why it shows nothing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from decide.building import definitions, effect, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.results.rows import EffectRow, FailedRow, PlaceboRow, ShippedLine

TODAY = date(2026, 6, 1)
SPRING = {"date": "2026-03-01", "initiatives": ["gate"]}
DEFINED = definitions(
    initiatives={"gate": {"status": "shipped"}},
    releases={"spring": SPRING, "login": {"date": "2026-03-03"}, "menu": {"date": "2026-03-05"}},
)


def line(**parts: Any) -> ShippedLine:
    return ledger(Inputs.of(DEFINED, tables(effects=(), **parts), TODAY, 1))[0][0]


def released(p: float | None, metric: str = "retention") -> EffectRow:
    row = effect("spring", metric, 0.01, 0.01, grade="dated")
    return replace(row, arm="after", control="before", p_value=p)


def placebo(*bundle: str, message: str = "") -> PlaceboRow:
    return PlaceboRow("spring", "retention", (), None, descriptive=bool(message), bundle=bundle, before_days=28,
                      after_days=28, message=message)  # fmt: skip


def test_what_cannot_be_told_from_noise_and_what_stands_out_is_said_first() -> None:
    assert line(release_effects=(released(0.4),)).reasons[:2] == (
        "cannot be told from noise",
        "no hypothesis was stated",
    )
    effects = (released(0.001), released(0.5, "tickets"))
    assert line(release_effects=effects).reasons[0] == "stands out on retention"


def test_what_stands_out_alone_but_not_among_all_tests_is_noise() -> None:
    row = replace(released(0.03), adjusted_p=0.4)
    assert line(release_effects=(row,)).reasons[0] == "cannot be told from noise"


def test_what_came_with_others_belongs_to_all_of_them() -> None:
    both = line(release_effects=(released(0.4),), placebos=(placebo("login"),)).reasons
    assert both[:2] == ("came with login: the change belongs to both", "cannot be told from noise")
    several = line(release_effects=(released(0.4),), placebos=(placebo("login", "menu"),)).reasons
    assert several[0] == "came with login and menu: the change belongs to all of them"


def test_what_is_only_described_says_why() -> None:
    why = "descriptive only: 120 days of history, 364 without gaps are needed"
    assert line(release_effects=(released(None),), placebos=(placebo(message=why),)).reasons[0] == why


def test_what_could_not_be_looked_at_says_why() -> None:
    failed = FailedRow("releases", "spring/retention", "the series ends on 2026-03-02", remark=True)
    assert line(failed=(failed,)).reasons[0] == "the series ends on 2026-03-02"
