"""The tables of evidence beyond one experiment of the sample: links, luck, proxies, trade-offs, releases, conflicts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from report import sample
from vitalfew.results.rows import (
    BalanceRow,
    ConflictRow,
    ContributionRow,
    EffectRow,
    Estimate,
    EventStudyRow,
    Interval,
    LinkRow,
    PartRow,
    PathRow,
    PlaceboRow,
    PredictedRow,
    ProxyRow,
    ShrunkRow,
    SpreadRow,
    Tables,
    TradeOffRow,
    WouldTake,
)
from vitalfew.workspace.definitions import Release

if TYPE_CHECKING:
    from vitalfew.report.view import View

TAKES = WouldTake(
    120, 8_000, 90_000, "about 120 more experiments of 8,000 users per arm, or one test of 90,000 per arm"
)
LINKS = (
    LinkRow("a", "planning", "jobs", "influence", "weak", -0.11, -0.19, -0.03, 0.04, "dated", 2.7, 24, "EM",
            naive=Estimate(-0.02, -0.05, 0.01), notes=("nothing is assumed to go round the parents",)),
    LinkRow("b", "jobs", "retention_7", "influence", "estimated", 0.005, 0.003, 0.007, 0.001, "tested", 5.2, 29, "EM",
            naive=Estimate(0.0, -0.002, 0.002)),
    LinkRow("c", "errors", "planning", "influence", "not_identified", None, None, None, None, "opinion", 1.1, 29, "EM",
            naive=Estimate(4.0, 1.0, 7.0), would_take=TAKES),
    LinkRow("d", "clicks", "jobs", "influence", "opinion", None, None, None, None, "opinion", None, 0, "expert"),
    LinkRow("e", "errors", "retention_7", "component", "exact", -1.0, None, None, None, "replicated", None, 0, ""),
)  # fmt: skip
RELEASES = {"spring": {"date": "2026-03-01", "title": "Spring"}, "april": {"date": "2026-04-04", "title": "April"}}


def tables() -> Tables:
    """The sample's tables, and those of many effects together."""
    base = sample.tables()
    first = base.effects[0]
    return replace(base, links=LINKS, **_together(first.experiment, first.arm), **_releases(first))


def view(found: Tables | None = None) -> View:
    """The sample as a report sees it, with releases."""
    made = sample.view(tables() if found is None else found)
    known = {key: Release.model_validate(release) for key, release in RELEASES.items()}
    return replace(made, definitions=made.definitions.model_copy(update={"releases": known}))


def _together(experiment: str, arm: str) -> dict[str, Any]:
    half, few = Estimate(0.01, 0.0, 0.02), Estimate(0.62, 0.3, 0.8)
    shrunk = ShrunkRow(experiment, arm, "retention_7", "randomised", Estimate(0.02, 0.0, 0.04), half, 0.97, joint=True,
                       experiments=29)  # fmt: skip
    return {
        "paths": (
            PathRow("planning", "retention_7", ("a", "b"), half, half, few, 0.01, 24, "dated"),
        ),
        "spreads": (SpreadRow("retention_7", "randomised", 29, half, 0.02, None, 3, 0.05, half),),
        "shrunk": (shrunk, replace(shrunk, corpus="releases", experiment="spring")),
        "proxies": (
            ProxyRow("retention_7", {"planning": -0.1, "jobs": 0.2}, 8_000, few, 0.4, 0.5, half, 29, front=True,
                     status="broken", message="it rises and retention does not"),
        ),
        "predicted": (
            PredictedRow(experiment, arm, "jobs", "long", half, 0.97, "staged", "through links", ("planning",)),
        ),
        "trade_offs": (
            TradeOffRow("retention_7", "jobs", (0.0004, -0.002, 0.04), Estimate(-0.3, -0.6, 0.05), Estimate(-5, -9, 1),
                        0.88, None, (), 29),
        ),
        "contributions": (
            ContributionRow("team", "dispatch", "jobs", half, ("a",), (experiment,), "staged"),
            ContributionRow("unexplained", "", "jobs", half, (), (), None),
        ),
        "conflicts": (
            ConflictRow(experiment, None, "within", "jobs", "retention_7", half, half, 0.01, "tested", (),
                        "The banner gains on jobs and loses on retention."),
        ),
        "parts": (PartRow("e", "retention_7", "errors", None, None, "2026-01-01", "2026-02-01", 1, 2, half, "sum"),),
    }  # fmt: skip


def _releases(like: EffectRow) -> dict[str, Any]:
    def effect(release: str, metric: str, estimate: float, **other: Any) -> EffectRow:
        ends = (Interval(0.8, estimate - 0.5, estimate + 0.5), Interval(0.95, estimate - 0.8, estimate + 0.8))
        base = replace(like, experiment=release, metric=metric, arm="after", control="before", segment=None, notes=())
        fields: dict[str, Any] = {"estimate": estimate, "se": 0.4, "intervals": ends, "grade": "dated"} | other
        return replace(base, **fields)

    bare = {"se": None, "intervals": (), "p_value": None, "grade": "correlated"}
    placebo = PlaceboRow("spring", "jobs", (-0.3, -0.1, 0.0, 0.1, 0.2, 0.4), 0.02, descriptive=False, bundle=("april",),
                         before_days=365, after_days=28, message="0 of 24 placebo dates show as much")  # fmt: skip
    return {
        "release_effects": (effect("spring", "jobs", 1.2, p_value=0.02), effect("april", "planning", -0.2, **bare)),
        "placebos": (
            placebo,
            replace(placebo, release="april", metric="planning", placebos=(), p=None, descriptive=True, bundle=()),
        ),
        "event_study": tuple(
            EventStudyRow("spring", "jobs", at, 0.1 * at, 0.05, 0.1 * at - 0.1, 0.1 * at + 0.1, -0.5, 0.9, 1_000)
            for at in range(-3, 5)
        ),
        "balance": (BalanceRow("spring", "tenure", 0.4, 0.05, "ok"), BalanceRow("spring", "plan", 0.3, 0.2, "warning")),
    }
