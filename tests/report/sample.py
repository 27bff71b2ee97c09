"""A small run to report: Fieldnote, software for field service firms, with every kind of line there is."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, NamedTuple

from vitalfew.report.view import View
from vitalfew.results.rows import (
    CandidateLine,
    Choice,
    Cost,
    EffectRow,
    Estimate,
    ExperimentRow,
    FactorPart,
    FailedRow,
    FindingRow,
    Headline,
    HealthRow,
    Interval,
    Measured,
    NextStep,
    Promised,
    PromiseRow,
    Proof,
    ShippedLine,
    Tables,
    UseRow,
    Value,
    Verdict,
    VerdictRow,
    WeightRow,
)
from vitalfew.results.run import RunInfo, StageInfo
from vitalfew.workspace.definitions import Definitions, Grade

EVENTS = {"source": "events", "events": ["any"]}

METRICS: dict[str, dict[str, Any]] = {
    "retention_7": {**EVENTS, "title": "Retention at day 7", "kind": "retention", "window": {"delay": 7, "length": 7}},
    "planning": {**EVENTS, "title": "Planning time per day", "direction": "down", "unit": "min"},
    "jobs": {**EVENTS, "title": "Jobs closed per week", "unit": "jobs", "level": "business"},
    "errors": {**EVENTS, "title": "Error rate", "kind": "proportion", "direction": "down"},
    "clicks": {**EVENTS, "title": "Clicks on suggestions", "unit": "clicks", "level": "feature"},
}

type Three = tuple[float, float, float]


class Built(NamedTuple):
    """Promise as p10, p50, p90; measured as estimate and standard error; value as mean and 80 % interval."""

    title: str
    metric: str = ""
    promise: Three | None = None
    measured: tuple[float, float] | None = None
    value: Three | None = None
    p_vital: float | None = None
    verdict: Verdict = "no_promise"
    step: NextStep = "measure"


class Idea(NamedTuple):
    """Value as mean and 80 % interval; cost as p10, p50, p90."""

    title: str
    value: Three | None = None
    cost: Three | None = None
    p_in: float | None = None
    step: Choice = "test_first"
    grade: Grade | None = None


WEEK = "retention_7"
SHIPPED = {
    "offline": Built(
        "Offline forms", WEEK, (0.01, 0.02, 0.032), (0.0214, 0.003), (12.4, 9.1, 15.8), 0.99, "kept", "keep"
    ),
    "dispatch": Built("Dispatch board", "planning", (-7, -5, -3), (-4.1, 0.7), (8.2, 6.0, 10.3), 0.97, "kept", "keep"),
    "quotes": Built("Quick quotes", "jobs", (0.3, 0.6, 1.1), (0.52, 0.12), (5.9, 4.0, 7.7), 0.88, "kept", "keep"),
    "parts": Built(
        "Parts at a glance", "planning", (-4, -3, -1), (-1.2, 0.4), (2.9, 1.5, 4.2), 0.57, "fell_short", "fix"
    ),
    "photos": Built("Photo notes", "jobs", (0.2, 0.5, 0.9), (0.14, 0.08), (1.7, 0.4, 3.0), 0.41, "fell_short", "fix"),
    "reminders": Built(
        "Visit reminders", WEEK, (0.004, 0.01, 0.02), (0.005, 0.0045), (1.3, -0.6, 3.2), 0.31, "unproven"
    ),
    "dark": Built("Dark mode", "clicks", measured=(0.21, 0.3)),
    "signature": Built(
        "Signature pad", "errors", (-0.01, -0.004, 0), (-0.003, 0.004), (0.4, -0.4, 1.3), 0.06, "unproven"
    ),
    "sso": Built(
        "Stricter login", WEEK, (-0.002, 0, 0.002), (-0.0101, 0.0031), (-3.4, -4.9, -2), 0.0, "harmful", "remove"
    ),
    "assistant": Built(
        "Assistant", WEEK, (0.02, 0.04, 0.07), (-0.0062, 0.0024), (-4.8, -7.2, -2.5), 0, "harmful", "remove"
    ),
    "export_wizard": Built("Export wizard"),
    "badges": Built("Badges"),
    "widgets": Built("Home screen widgets with a rather long name that has to fit somewhere"),
    "legacy_import": Built("Legacy import"),
}
CANDIDATES = {
    "routes": Idea("Route suggestions", (6.8, 2.1, 11.9), (6, 9, 15), 0.92, "fund", "tested"),
    "crew": Idea("Crew calendar", (5.1, 1.2, 9.3), (4, 6, 11), 0.78, "test_first", "opinion"),
    "voice": Idea("Voice notes", (2.9, -0.4, 6.6), (3, 4, 5), 0.55, "test_first", "opinion"),
    "maps": Idea("Maps in 3D", (1.1, -1.9, 4.2), (12, 20, 34), 0.08, "drop", "opinion"),
    "chat": Idea("Customer chat", (2.2, -2.0, 6.3), (9, 14, 22), 0.31, "test_first", "correlated"),
    "remove_export_wizard": Idea("Remove Export wizard"),
    "remove_badges": Idea("Remove Badges"),
    "portal": Idea("Partner portal", None, (20, 30, 55)),
}

FEATURES = [
    "offline",
    "dispatch",
    "quotes",
    "parts",
    "photos",
    "reminders",
    "dark",
    "signature",
    "export_wizard",
    "badges",
    "widgets",
    "legacy_import",
    "search",
    "filters",
    "maps_view",
    "templates",
    "tags",
    "archive",
    "api_keys",
    "audit",
]
EXPERIMENTS = ("offline", "dispatch", "quotes", "reminders", "sso", "assistant")
FACTORS = ("retention_7", "planning", "jobs")


def definitions() -> Definitions:
    """The definitions of Fieldnote."""
    titles = {key: built.title for key, built in SHIPPED.items()} | {
        key: idea.title for key, idea in CANDIDATES.items()
    }
    built = {key: {"title": titles.get(key, key.replace("_", " ").capitalize())} for key in FEATURES}
    return Definitions.model_validate(
        {
            "workspace": {"name": "Fieldnote", "currency": "EUR"},
            "policy": {"budget": 60},
            "sources": {"events": {"table": "events.parquet", "unit": "user", "time": "at", "event": "name"}},
            "metrics": METRICS,
            "factors": {
                "retention_7": {"range": (0.15, 0.25)},
                "planning": {"range": (50.0, 30.0)},
                "jobs": {"range": (8.0, 14.0)},
            },
            "guardrails": {"errors": {"margin": 0.005}},
            "segments": {"small": {"title": "Small firms"}, "large": {"title": "Large firms"}},
            "features": {
                key: made | {"source": "events", "events": [key], "cost": 8.0, "upkeep": 1.5}
                for key, made in built.items()
            },
            "initiatives": {
                key: {"title": title, "feature": key if key in FEATURES else None}
                for key, title in titles.items()
                if not key.startswith("remove_")
            },
        }
    )


def effect(experiment: str, metric: str, estimate: float, se: float, segment: str | None = None) -> EffectRow:
    """An effect as a test of 8,000 users an arm would give it."""
    level = {"retention_7": 0.19, "planning": 41.0, "jobs": 10.4, "errors": 0.021, "clicks": 6.2}[metric]
    intervals = tuple(Interval(c, estimate - z * se, estimate + z * se) for c, z in ((0.8, 1.2816), (0.95, 1.96)))
    return EffectRow(
        experiment,
        metric,
        1,
        segment,
        "treatment",
        "control",
        estimate,
        se,
        intervals,
        p_value=min(1.0, 2 * 10 ** (-0.4 * (estimate / se) ** 2)),
        relative=Estimate(estimate / level, (estimate - 1.96 * se) / level, (estimate + 1.96 * se) / level),
        n={"control": 8012, "treatment": 7988},
        mean={"control": level, "treatment": level + estimate},
        method="Welch",
        mode="fixed",
        grade="tested",
    )


def effects(experiment: str) -> list[EffectRow]:
    """All effects of one experiment: its own metric, the others near zero, and two segments."""
    own, (estimate, se) = SHIPPED[experiment].metric, SHIPPED[experiment].measured or (0.0, 1.0)
    spread = {"retention_7": 0.003, "planning": 0.8, "jobs": 0.15, "errors": 0.0016, "clicks": 0.4}
    rows = [effect(experiment, own, estimate, se)]
    rows += [effect(experiment, m, s * (-0.4 + 0.31 * i), s) for i, (m, s) in enumerate(spread.items()) if m != own]
    return [
        *rows,
        effect(experiment, own, 1.6 * estimate, 1.7 * se, "small"),
        effect(experiment, own, -0.2 * estimate, 1.4 * se, "large"),
    ]


def shipped(key: str) -> ShippedLine:
    """One shipped line."""
    built = SHIPPED[key]
    found, value = None, None
    if built.measured:
        estimate, se = built.measured
        found = Measured(built.metric, estimate, estimate - 1.96 * se, estimate + 1.96 * se)
    if built.value:
        value = Value(*built.value, p_positive=0.97 if built.value[1] > 0 else 0.4)
    return ShippedLine(
        line=key,
        title=built.title,
        kind="initiative" if built.metric else "feature",
        team="field_work",
        promised=Promised(built.metric, *built.promise, proof()) if built.promise else None,
        measured=found,
        value=value,
        parts=shares(built.value, (0.75, 0.45, -0.2) if key != "assistant" else (1.3, -0.4, 0.1)),
        upkeep=1.5,
        use=use_rows(key)[0].reach if key in FEATURES else None,
        verdict=built.verdict,
        recommendation=built.step,
        p_vital=built.p_vital,
        grade="tested" if key in EXPERIMENTS else ("dated" if found else None),
        reasons=("measured on all users of the last quarter",) if found else ("no experiment tells what it is worth",),
    )


def proof() -> Proof:
    """Promises of the sample are proved."""
    return "proved"


def shares(value: Three | None, of: tuple[float, ...]) -> tuple[FactorPart, ...]:
    """A value divided among the factors."""
    if value is None:
        return ()
    means = zip(FACTORS, (share * value[0] for share in of), strict=False)
    return tuple(FactorPart(factor, mean, mean - 1.1, mean + 1.1) for factor, mean in means)


def candidate(key: str) -> CandidateLine:
    """One candidate."""
    idea = CANDIDATES[key]
    return CandidateLine(
        line=key,
        title=idea.title,
        kind="feature" if key.startswith("remove_") else "initiative",
        team="planning" if idea.value else None,
        value=Value(*idea.value, p_positive=0.9) if idea.value else None,
        parts=shares(idea.value, (0.1, 0.7, 0.2)),
        cost=Cost(*idea.cost) if idea.cost else None,
        p_best=None if idea.p_in is None else idea.p_in / 2,
        p_in=idea.p_in,
        recommendation=idea.step,
        grade=idea.grade,
        reasons=("reach taken as all units",) if idea.value else ("a test tells whether anybody misses it",),
    )


def use_rows(feature: str) -> list[UseRow]:
    """Use of one feature: by all, and by segment."""
    place = FEATURES.index(feature)
    if feature in ("api_keys", "audit"):
        return [UseRow(feature, measured=False, window_days=30, main=True, reason="none of its events is in the data")]
    reach = 0.72 * 0.74**place
    rows = []
    for segment, factor in ((None, 1.0), ("small", 1.2), ("large", 0.6)):
        eligible = 18_240 if segment is None else 9_000
        mid = min(0.95, reach * factor)
        width = 1.96 * (mid * (1 - mid) / eligible) ** 0.5
        rows.append(
            UseRow(
                feature,
                measured=True,
                window_days=30,
                main=True,
                eligible=eligible,
                users=round(mid * eligible),
                reach=Estimate(mid, max(0, mid - width), mid + width),
                frequency=21 * 0.86**place,
                trend=0.01 - 0.002 * place,
                hardly_used=mid < 0.05,
                segment=segment,
            )
        )
    return rows


def tables() -> Tables:
    """All tables of the run."""
    lines = tuple(shipped(key) for key in SHIPPED)
    tested = [line for line in lines if line.promised and line.measured]
    promises = [(line, line.promised) for line in lines if line.promised]
    return Tables(
        use=tuple(row for feature in FEATURES for row in use_rows(feature)),
        effects=tuple(row for key in EXPERIMENTS for row in effects(key)),
        health=tuple(
            HealthRow(
                key,
                "sample_ratio",
                0.0002 if key == "reminders" else 0.41,
                "failed" if key == "reminders" else "ok",
                "8,912 and 7,088 users where equal arms were planned"
                if key == "reminders"
                else "arms as large as planned",
            )
            for key in EXPERIMENTS
        ),
        experiments=tuple(
            ExperimentRow(
                key,
                f"{SHIPPED[key].title} against before",
                key,
                SHIPPED[key].step,
                f"{METRICS[SHIPPED[key].metric]['title']} decides, at the date planned",
                declared=True,
                locked_at="2026-05-03T09:00:00Z",
                proved="proved",
            )
            for key in EXPERIMENTS
        ),
        weights=tuple(
            WeightRow(f, m, raters=7, note="no interval yet") for f, m in zip(FACTORS, (0.5, 0.3, 0.2), strict=True)
        ),
        promises=tuple(
            PromiseRow(
                f"{line.line}_h",
                line.line,
                p.metric,
                "all",
                p.p10,
                p.p50,
                p.p90,
                0.2,
                7,
                "2026-10-01",
                "2026-05-03T09:00:00Z",
                "proved",
            )
            for line, p in promises
        ),
        verdicts=tuple(
            VerdictRow(
                f"{line.line}_h",
                line.line,
                line.measured.metric,
                line.verdict,
                "P(at least half of the promise) .91",
                line.promised.p50,
                line.measured.estimate,
                line.measured.low,
                line.measured.high,
                "2026-10-01",
            )
            for line in tested
            if line.promised and line.measured
        ),
        shipped=lines,
        candidates=tuple(candidate(key) for key in CANDIDATES),
        headline=(
            Headline(
                len(lines),
                len(CANDIDATES),
                4,
                3,
                5,
                9,
                9,
                18,
                20,
                72.0,
                3,
                7,
                ("forecasts are taken as given: no record to calibrate them yet",),
            ),
        ),
        findings=(
            FindingRow(
                "hardly_used",
                "R61",
                "warning",
                "features.export_wizard",
                "Export wizard is used by 3 % of the eligible",
                "It costs 1.5 person-weeks a year.",
                "Hide it from half of the users for four weeks.",
            ),
            FindingRow(
                "sample_ratio",
                "R55",
                "error",
                "experiments.reminders",
                "The arms of Visit reminders differ by chance of 0.0002",
                "Its effects may come from who was counted.",
                "Look at how users are assigned.",
            ),
            FindingRow(
                "undone",
                "R73",
                "info",
                "initiatives.sso",
                "Stricter login undoes half of Offline forms",
                "Two teams move the same metric apart.",
                "Talk about it before the next release.",
            ),
        ),
        failed=(FailedRow("measure", "metrics.revenue", "table 'invoices.csv' has no column 'amount'"),),
    )


def view(found: Tables | None = None, known: Definitions | None = None) -> View:
    """The sample as a report sees it."""
    stages = (
        StageInfo("measure", "9f" * 32, ("moments",), 2.31),
        StageInfo("ledger", "a1" * 32, ("shipped",), 0.12, "20261121-0712"),
    )
    info = RunInfo(
        "20261122-0812-3f2a",
        "Fieldnote",
        "2026-11-22T08:12:00+00:00",
        "2026-11-21",
        "0.1.0",
        "5e" * 16,
        "77" * 16,
        7,
        stages,
    )
    return View(tables() if found is None else found, definitions() if known is None else known, info)


def only_use() -> Tables:
    """A run of nothing but use: what a workspace of usage events gives."""
    found = tables()
    lines = tuple(
        replace(
            line, promised=None, measured=None, value=None, parts=(), grade=None, p_vital=None, verdict="no_promise"
        )
        for line in found.shipped
        if line.line in FEATURES
    )
    ideas = tuple(line for line in found.candidates if line.line.startswith("remove_"))
    head = Headline(len(lines), len(ideas), hardly_used=12, measured_features=18, features=20)
    return Tables(use=found.use, shipped=lines, candidates=ideas, headline=(head,), findings=found.findings)
