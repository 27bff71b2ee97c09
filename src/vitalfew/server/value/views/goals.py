"""Stakeholders and guardrails, goals, the policy: what the value model serves and what it is held to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_GET

from vitalfew.report.goals import foreseen
from vitalfew.report.link_words import treaty_sentence
from vitalfew.report.review_words import DISCIPLINES
from vitalfew.report.words import level, probability, share
from vitalfew.results.figures import amount, significant, unit_of, with_unit
from vitalfew.results.words import HORIZONS
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.value.queries.factors import facts
from vitalfew.server.value.queries.metrics import known
from vitalfew.server.value.queries.versions import versions
from vitalfew.server.value.views.model import guardrails, signatures

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import date

    from django.http import HttpResponse

    from vitalfew.pipeline import Results
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.queries.definitions import Loaded
    from vitalfew.server.core.rows import Workspace
    from vitalfew.workspace.definitions import Definitions, Floor
    from vitalfew.workspace.vocabulary import Horizon

CYCLE = timedelta(weeks=13)
"""How long weights and ranges stand before people weigh again."""
LOSES = 0.5
ALL_CUSTOMERS_PAY = "Every stakeholder pays: users who do not, staff and society have no voice here."


@dataclass(frozen=True, slots=True)
class Result:
    """A key result with where its metric stands; `way` from baseline (0) to target (1)."""

    title: str
    metric: str
    page: str
    baseline: str
    target: str
    due: date | None
    today: str
    way: float | None
    said: str
    foreseen: str


@require_GET
def stakeholders(request: Request) -> HttpResponse:
    """Who gains or loses, and what may not get worse."""
    found, run = loaded(request.place.workspace), open_run(request.place.workspace)
    definitions = found.workspace.definitions
    rows = [_stakeholder(definitions, found, key, run) for key in definitions.stakeholders]
    if request.GET.get("format") == "csv":
        heads = ("stakeholder", "role", "side", "factors", "guardrails", "losing_lines")
        return csv_response(
            "stakeholders",
            heads,
            [[str(row[name]) for name in ("title", "role", "side", "factors", "guardrails", "losses")] for row in rows],
        )
    context = {
        "title": "Stakeholders & guardrails",
        "answers": "Who gains or loses by what we do, and what may not get worse for anybody.",
        "rows": rows,
        "guardrails": guardrails(found),
        "voiceless": [row["title"] for row in rows if row["voiceless"]],
        "only_payers": ALL_CUSTOMERS_PAY if rows and all(row["role"] == "payer" for row in rows) else "",
        **_may(request, found, "stakeholders", Ability.FACILITATE),
        "may_edit_guardrails": request.place.may(Ability.FACILITATE) and "guardrails" not in found.folder_kinds,
    }
    return render(request, "value/stakeholders.html", context)


@require_GET
def goals(request: Request) -> HttpResponse:
    """Vision, objectives, key results with today's values."""
    workspace = request.place.workspace
    found, run = loaded(workspace), open_run(workspace)
    definitions = found.workspace.definitions
    objectives: list[dict[str, Any]] = [
        {
            "key": key,
            "title": each.title,
            "team": definitions.title("teams", each.team) if each.team else "",
            "serves": [_purpose(definitions, name) for name in each.serves],
            "results": [_result(workspace, definitions, key, name, run) for name in each.key_results],
            "where": found.owned_by("objectives", key),
        }
        for key, each in definitions.objectives.items()
    ]
    if request.GET.get("format") == "csv":
        heads = ("objective", "team", "key_result", "metric", "baseline", "target", "due", "today", "foreseen")
        cells = [
            (
                each["title"],
                each["team"],
                one.title,
                one.metric,
                one.baseline,
                one.target,
                one.due,
                one.today,
                one.foreseen,
            )
            for each in objectives
            for one in each["results"]
        ]
        return csv_response("goals", heads, cells)
    vision = [
        {
            "key": key,
            "title": each.title,
            "team": definitions.title("teams", each.team) if each.team else "",
            "years": each.horizon_years,
            "where": found.owned_by("vision", key),
        }
        for key, each in definitions.vision.items()
    ]
    context = {
        "title": "Goals",
        "answers": "Where we want to be, what we want to reach by when, and where that stands today.",
        "vision": vision,
        "objectives": objectives,
        **_may(request, found, "objectives", Ability.BET),
        "may_edit_vision": request.place.may(Ability.FACILITATE) and "vision" not in found.folder_kinds,
    }
    return render(request, "value/goals.html", context)


@require_GET
def policy(request: Request) -> HttpResponse:
    """How value is decided here, written from the value model, the rule of decision and the exceptions."""
    workspace = request.place.workspace
    found, run = loaded(workspace), open_run(workspace)
    definitions = found.workspace.definitions
    told = facts(definitions, definitions.factors, run)
    weights = {row.factor: row for row in run.tables.weights} if run else {}
    known_versions = versions(workspace)
    signed = signatures(workspace)
    last = signed[0][0] if signed else None
    context = {
        "title": "Policy",
        "answers": "What counts as value here, how work is chosen, and which exceptions were made.",
        "factors": [
            (each, share(weights[key].mean) if key in weights else "not weighed yet") for key, each in told.items()
        ],
        "guardrails": guardrails(found),
        "policy": definitions.policy,
        "technical": definitions.policy.technical,
        "protected": _by_horizon(definitions.policy.minimum_shares),
        "aimed_at": _by_horizon(definitions.policy.horizon_targets),
        "floors": _levels(definitions, technical.floors if (technical := definitions.policy.technical) else ()),
        "chosen": DISCIPLINES[focus.chosen] if (focus := definitions.policy.discipline) else "",
        "thresholds": _levels(definitions, focus.thresholds if focus else ()),
        "treaties": [treaty_sentence(definitions, one) for one in definitions.policy.treaties],
        "budget": amount(definitions.policy.budget, definitions.policy.cost_unit) if definitions.policy.budget else "",
        "shares": [
            (name, share(each / sum(definitions.policy.rater_groups.values())))
            for name, each in definitions.policy.rater_groups.items()
        ],
        "exceptions": [
            (act.at[:10], _subject(definitions, act.about), body["reason"]) for act, body in said(workspace, "waiver")
        ][::-1],
        "serve_nothing": [
            (definitions.title("initiatives", key), made.exception)
            for key, made in definitions.initiatives.items()
            if made.exception
        ],
        "version": known_versions[0].number if known_versions else None,
        "signed": signed,
        "review": last + CYCLE if last else None,
        "where": found.owned_by("policy", ""),
        **_may(request, found, "policy", Ability.FACILITATE),
    }
    return render(request, "value/policy.html", context)


def _levels(definitions: Definitions, bounds: Iterable[Floor]) -> list[tuple[str, str]]:
    """Metrics with the level that each has to keep, in words."""
    return [
        (definitions.title("metrics", each.metric), level(each.level, unit_of(definitions.metrics.get(each.metric))))
        for each in bounds
    ]


def _by_horizon(shares: Mapping[Horizon, float]) -> list[tuple[str, str]]:
    return [(HORIZONS[horizon], share(each)) for horizon, each in shares.items()]


def _may(request: Request, found: Loaded, kind: str, ability: Ability) -> dict[str, Any]:
    owned = kind in found.folder_kinds
    return {"may_edit": request.place.may(ability) and not owned, "folder_owned": owned}


def _stakeholder(definitions: Definitions, found: Loaded, key: str, run: Results | None) -> dict[str, Any]:
    each = definitions.stakeholders[key]
    title = definitions.title("stakeholders", key)
    theirs = [
        definitions.title("factors", name) for name, factor in definitions.factors.items() if factor.stakeholder == key
    ]
    held = [
        definitions.title("metrics", name) for name, rail in definitions.guardrails.items() if rail.stakeholder == key
    ]
    losses = [
        f"{run.view.title('initiatives', row.line)} ({probability(row.p_loss)})"
        for row in sorted(run.tables.group_values, key=lambda row: -(row.p_loss or 0.0))
        if row.group == key and row.kind == "stakeholder" and row.p_loss is not None and row.p_loss > LOSES
    ] if run else []  # fmt: skip
    return {
        "key": key,
        "title": title,
        "role": each.role or "",
        "side": each.side or "",
        "raters": each.raters or "",
        "factors": theirs,
        "guardrails": held,
        "losses": losses[:5],
        "voiceless": not (theirs or held or each.raters),
        "where": found.owned_by("stakeholders", key),
    }


def _result(workspace: Workspace, definitions: Definitions, objective: str, name: str, run: Results | None) -> Result:
    result = definitions.objectives[objective].key_results[name]
    rows = run.tables.key_results if run else ()
    row = next((row for row in rows if (row.objective, row.key, row.metric) == (objective, name, result.metric)), None)
    metric = result.metric or ""
    unit = unit_of(definitions.metrics.get(metric))
    standing = known(run).standings.get(metric)
    today = standing.value if standing else None
    way = None
    if None not in (today, result.baseline, result.target) and result.target != result.baseline:
        way = (today - result.baseline) / (result.target - result.baseline)  # type: ignore[operator]  # none is None here
    ends = ["" if value is None else level(value, unit) for value in (result.baseline, result.target)]
    now = "" if today is None else with_unit(significant(today * unit.factor), unit.level)
    return Result(
        result.title or definitions.title("metrics", metric) or name.replace("_", " "),
        definitions.title("metrics", metric) if metric else "",
        page_of(workspace.key, "metrics", metric) if metric else "",
        ends[0],
        ends[1],
        result.due,
        now,
        None if way is None else min(1.0, max(0.0, way)),
        _said(metric, today, way, standing is not None),
        foreseen(definitions, row) if row else "comes with the next run",
    )


def _said(metric: str, today: float | None, way: float | None, measured: bool) -> str:
    if not metric:
        return "counts output, not what comes of it"
    if today is None or not measured:
        return "where it stands today is not known"
    if way is None:
        return "baseline or target is missing"
    if way < 0:
        return "no nearer than at the start"
    return "reached" if way >= 1 else f"{share(way)} of the way"


def _purpose(definitions: Definitions, key: str) -> str:
    kinds = ("vision", "needs", "objectives", "factors", "metrics")
    kind = next((kind for kind in kinds if key in getattr(definitions, kind)), "metrics")
    return definitions.title(kind, key)


def _subject(definitions: Definitions, key: str) -> str:
    kinds = ("initiatives", "experiments", "metrics")
    kind = next((kind for kind in kinds if key in getattr(definitions, kind)), "metrics")
    return definitions.title(kind, key)
