"""The value model: what counts, over which range, how much, agreed how far; and what else it says."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET, require_POST

from vitalfew.errors import VitalfewError
from vitalfew.judgement.groups import FEWEST
from vitalfew.judgement.recording import sign_off
from vitalfew.report import html_model
from vitalfew.report.factor_pictures import range_track, weight_bar
from vitalfew.report.html_groups import group_distances
from vitalfew.report.html_stories import (
    DISTANCE_HEADS,
    NARRATIVE_HEADS,
    OPPOSED_HEADS,
    distance_cells,
    narrative_cells,
    opposed_cells,
)
from vitalfew.report.markup import Markup, tag
from vitalfew.report.svg import picture
from vitalfew.report.words import count, share
from vitalfew.results.figures import significant, unit_of, with_unit
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.pages import page_of
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import said as as_read
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.value.queries import sessions as session_queries
from vitalfew.server.value.queries.factors import facts
from vitalfew.server.value.queries.own import signed_by
from vitalfew.server.value.queries.versions import compared, versions
from vitalfew.workspace.locks import VALUE_MODEL

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import date

    from django.http import HttpResponse

    from vitalfew.errors import Where
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import FactorLightsRow, WeightRow
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.queries.definitions import Loaded
    from vitalfew.server.core.rows import Workspace
    from vitalfew.server.value.queries.factors import Facts
    from vitalfew.server.value.queries.versions import ModelVersion
    from vitalfew.workspace.definitions import Definitions

ANSWERS = "What counts as value here, over which range, and how much to whom."
WARN_ABOVE = 5
LIGHTS = (("narrative", "told"), ("definition", "measured"), ("weight", "weighed"), ("target", "has a target"))
_SHAPES = {
    "on": tag("circle", cx=7, cy=7, r=5.5, class_="l-on"),
    "partly": (tag("circle", cx=7, cy=7, r=5, class_="l-ring"), tag("path", d="M7 2a5 5 0 0 0 0 10z", class_="l-on")),
    "off": tag("circle", cx=7, cy=7, r=5, class_="l-ring"),
}


@dataclass(frozen=True, slots=True)
class Light:
    """One of four lights: its shape, its word, and what would turn it on."""

    word: str
    picture: Markup
    missing: str


@dataclass(frozen=True, slots=True)
class Row:
    """A factor as a row of the page; `where`: its file and line, when the folder owns it.

    `weight_opens`: the page about what is behind its weight.
    """

    facts: Facts
    track: Markup
    weight: WeightRow | None
    weight_said: str
    weight_opens: str
    bar: Markup | None
    lights: tuple[Light, ...]
    where: Where | None
    metric_page: str


@require_GET
def value_model(request: Request) -> HttpResponse:
    """The page of the value model."""
    workspace, run = request.place.workspace, open_run(request.place.workspace, request.GET.get("run"))
    found = loaded(workspace)
    definitions = found.workspace.definitions
    known = facts(definitions, definitions.factors, run)
    of = request.GET.get("of", "")
    if request.GET.get("format") == "csv" and of in _FILES and run is not None:
        _, columns, rows_of = _FILES[of]
        return csv_response(of, columns, rows_of(run))
    if request.GET.get("format") == "csv":
        return csv_response("value-model", _HEADS, _cells(definitions, known, run))
    rows = _rows(workspace, found, known, run)
    context = {
        "title": "Value model",
        "answers": ANSWERS,
        "rows": rows,
        "too_many": len(rows) > WARN_ABOVE,
        "complete": _complete(rows),
        "matters": _matters(run),
        "flips": _flips(run),
        **_of_run(workspace, run),
        "files": [(of, name) for of, (name, _, rows_of) in _FILES.items() if run and any(True for _ in rows_of(run))],
        "parked": _parked(workspace, definitions, run),
        "guardrails": guardrails(found),
        "versions": versions(workspace)[:6],
        "may_edit": request.place.may(Ability.FACILITATE) and "factors" not in found.folder_kinds,
        "may_start": request.place.may(Ability.ADMINISTER),
        "folder_owned": "factors" in found.folder_kinds,
        "may_sign": request.place.may(Ability.RATE) and bool(rows),
        "signed": signed_by(workspace, voice_of_user(request.place.user), definitions),
    }
    return render(request, "value/model.html", context)


def _of_run(workspace: Workspace, run: Results | None) -> dict[str, Markup | None]:
    """How far groups are apart, and the value model at work; worked out once a run."""
    if run is None:
        return {"apart": None, "model": None}
    named = f"value model at {workspace.key}"
    return per_run(run, named, lambda of: {"apart": group_distances(of.view), "model": html_model.model(of.view)})


@require_POST
def sign_value_model(request: Request) -> HttpResponse:
    """A member agrees to the value model as it stands."""
    place = request.place
    try:
        sign_off(acting(place.workspace), VALUE_MODEL, voice_of_user(place.user), note=None)
    except VitalfewError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "You signed the value model off as it stands now.")
    return redirect("value-model", workspace=place.workspace.key)


@require_GET
def compare_versions(request: Request) -> HttpResponse:
    """Two versions side by side."""
    workspace = request.place.workspace
    known = versions(workspace)
    chosen = [_chosen(known, request.GET.get(name), at) for name, at in (("before", 1), ("after", 0))]
    definitions = loaded(workspace).workspace.definitions
    rows: list[dict[str, Any]] = []
    if chosen[0] and chosen[1]:
        for row in compared(workspace, chosen[0], chosen[1]):
            fields = [(name, as_read(before), as_read(after)) for name, before, after in row.fields]
            weights = [None if weight is None else share(weight) for weight in (row.before, row.after)]
            rows.append(
                {"title": _titled(definitions, chosen, row.key), "what": row.what, "fields": fields, "weights": weights}
            )
    if request.GET.get("format") == "csv":
        heads = ("factor", "what", "weight_before", "weight_after")
        return csv_response("versions", heads, [(r["title"], r["what"], *r["weights"]) for r in rows])
    context: dict[str, Any] = {
        "title": "Versions of the value model",
        "answers": "What was added, changed and weighed otherwise.",
    }
    context |= {"versions": known, "before": chosen[0], "after": chosen[1], "rows": rows}
    return render(request, "value/versions.html", context)


_FILES: Mapping[str, tuple[str, Sequence[str], Callable[[Results], Iterable[Sequence[object]]]]] = {
    "distances": ("How far apart groups weigh", DISTANCE_HEADS, lambda run: map(distance_cells, run.tables.distances)),
    "narratives": ("What teams say", NARRATIVE_HEADS, lambda run: narrative_cells(run.view)),
    "opposed": ("Opposite directions", OPPOSED_HEADS, lambda run: opposed_cells(run.view)),
}
"""Files of parts of the page, by the name in its address: what they are called, columns, and the rows of a run."""
_HEADS = ("factor", "title", "metric", "worst", "best", "today", "weight", "low", "high", "raters", "stakeholder")


def _cells(definitions: Definitions, known: dict[str, Facts], run: Results | None) -> Iterator[tuple[object, ...]]:
    weights = {row.factor: row for row in run.tables.weights} if run else {}
    for key, each in known.items():
        row = weights.get(key)
        numbers = (row.mean, row.low, row.high, row.raters) if row else (None,) * 4
        yield (
            key,
            each.title,
            each.metric,
            each.worst,
            each.best,
            each.today,
            *numbers,
            definitions.factors[key].stakeholder,
        )


def _rows(workspace: Workspace, found: Loaded, known: dict[str, Facts], run: Results | None) -> list[Row]:
    weights = {row.factor: row for row in run.tables.weights} if run else {}
    lights = {row.factor: row for row in run.tables.factor_lights} if run else {}
    top = max([row.member_high or row.high or row.mean for row in weights.values()], default=1.0)
    rows = []
    for key, each in known.items():
        weight = weights.get(key)
        bar = weight_bar(weight, top, each.title, members=weight.raters >= FEWEST) if weight else None
        ends = (
            f"({share(weight.low)} to {share(weight.high)})"
            if weight and weight.low is not None and weight.high is not None
            else ""
        )
        rows.append(
            Row(
                each,
                range_track(each.worst, each.best, each.today, each.unit, each.title),
                weight,
                ends,
                (run.view.page_behind(weight) if run else None) or "",
                bar,
                _lights(lights.get(key)),
                found.owned_by("factors", key),
                page_of(workspace.key, "metrics", key),
            )
        )
    return sorted(rows, key=lambda row: (not row.facts.north_star, -(row.weight.mean if row.weight else 0.0)))


def _complete(rows: list[Row]) -> str:
    """How far the factors are agreed on, light by light: `Of 6 factors 6 are told, 5 measured …`; '' without a run."""
    if not any(row.lights for row in rows):
        return ""
    lit = [light.word for row in rows for light in row.lights if not light.missing]
    told, measured, weighed, target = (lit.count(word) for _, word in LIGHTS)
    are, have = "is" if told == 1 else "are", "has" if target == 1 else "have"
    reached = f"{told} {are} told, {measured} measured, {weighed} weighed, {target} {have} a target"
    return f"Of {count(len(rows), 'factor')} {reached}."


def _lights(row: FactorLightsRow | None) -> tuple[Light, ...]:
    if row is None:
        return ()
    missing = dict(text.split(": ", 1) for text in row.missing)
    return tuple(
        Light(
            word,
            picture(f"{word}: {getattr(row, name)}", _SHAPES[getattr(row, name)], width=14, height=14, class_="shape"),
            missing.get(name, ""),
        )
        for name, word in LIGHTS
    )


def _matters(run: Results | None) -> str:
    """Whether the disagreement of all who judged changes what is funded, in a sentence."""
    row = next(iter(run.tables.disagreement), None) if run else None
    if run is None or row is None:
        return "Nobody has weighed the factors yet, so nothing is known of disagreement."
    if row.decision_agreement is None:
        return f"Not known: {row.notes[0]}." if row.notes else "Not known yet."
    same = share(row.decision_agreement)
    if row.decision_agreement >= 1 and not any(choice.adds or choice.drops for choice in run.tables.group_choices):
        return f"No: all {row.people} people would fund the same by their own weights."
    lead = "Hardly" if row.decision_agreement >= 0.8 else "Yes"  # noqa: PLR2004 - four of five
    return f"{lead}: {same} of {row.people} people would fund the same by their own weights."


def _flips(run: Results | None) -> list[str]:
    """What groups of five or more would fund otherwise."""
    told: list[str] = []
    if run is None:
        return told
    for choice in run.tables.group_choices:
        for verb, keys in (("would also fund", choice.adds), ("would not fund", choice.drops)):
            named = ", ".join(run.view.title("initiatives", key) for key in keys)
            told += [f"{choice.group} {verb} {named}"] if named else []
    return told


def _parked(workspace: Workspace, definitions: Definitions, run: Results | None) -> list[tuple[str, str]]:
    """What is parked: by sessions with the reason given there, and what the run says changes no decision."""
    found = (
        {row.factor: "changes no decision among those at hand" for row in run.tables.factor_shares if row.parked}
        if run
        else {}
    )
    for session in reversed(session_queries.sessions(workspace)):
        found |= {key: f"{why} ({session.title})" for key, why in session.parked.items()}
        for key in session.factors if session.signed_n else ():
            found.pop(key, None)
    return [(definitions.title("factors", key), why) for key, why in found.items()]


def guardrails(found: Loaded) -> list[dict[str, Any]]:
    """Each guardrail with its margin in words, whom it protects, and where it is edited."""
    definitions = found.workspace.definitions
    rows = []
    for key, guardrail in definitions.guardrails.items():
        unit = unit_of(definitions.metrics.get(key))
        margin = with_unit(significant(guardrail.margin * unit.factor), unit.change)
        whose = definitions.title("stakeholders", guardrail.stakeholder) if guardrail.stakeholder else ""
        segment = definitions.title("segments", guardrail.segment) if guardrail.segment else "everybody"
        rows.append(
            {
                "key": key,
                "title": definitions.title("metrics", key),
                "margin": margin,
                "stakeholder": whose,
                "segment": segment,
                "where": found.owned_by("guardrails", key),
            }
        )
    return rows


def _chosen(known: tuple[ModelVersion, ...], given: str | None, default: int) -> ModelVersion | None:
    if given is None:
        return known[default] if len(known) > default else None
    found = next((version for version in known if str(version.at) == given), None)
    if found is None:
        raise Http404("no such version")
    return found


def _titled(definitions: Definitions, chosen: list[ModelVersion | None], key: str) -> str:
    for version in reversed(chosen):
        factor = version.definitions.factors.get(key) if version else None
        if factor is not None and factor.title:
            return factor.title
    return definitions.title("factors", key)


def signatures(workspace: Workspace) -> list[tuple[date, str]]:
    """On which days the value model was signed off, and by how many, newest first."""
    days = Counter(act.time.date() for act, _ in said(workspace, "sign_off", VALUE_MODEL))
    return [(day, "1 person" if many == 1 else f"{many} people") for day, many in sorted(days.items(), reverse=True)]
