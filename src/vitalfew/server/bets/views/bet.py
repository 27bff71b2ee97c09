"""The page of a bet: its prediction, its evidence, what it costs, what is said about it, how it came to be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.judgement import recording
from vitalfew.report.html_horizons import horizon_sentences
from vitalfew.results.figures import unit_of
from vitalfew.server.bets.bet_forms import ForecastForm, forecast_initial
from vitalfew.server.bets.queries.bet import asked
from vitalfew.server.bets.queries.board import MEANINGS
from vitalfew.server.bets.queries.lines import opened
from vitalfew.server.bets.queries.promise import own_forecast, plan_state
from vitalfew.server.bets.queries.record import base_rate
from vitalfew.server.bets.queries.rested_on import offered
from vitalfew.server.bets.queries.standing import STAGES, Standing, standings
from vitalfew.server.bets.services.bets import gate, passes_gate
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.today import today_in
from vitalfew.server.core.views.editing import back_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from django.http import QueryDict

    from vitalfew.pipeline import Results
    from vitalfew.results.rows import CandidateLine, ShippedLine
    from vitalfew.server.core.access import Request
    from vitalfew.server.core.queries.definitions import Loaded
    from vitalfew.workspace.definitions import Definitions, Initiative

TABS = {
    "prediction": "Prediction",
    "evidence": "Evidence",
    "cost": "Cost and team",
    "discussion": "Discussion",
    "history": "History",
}


def show(request: Request, key: str) -> HttpResponse:
    """One bet, a tab at a time."""
    return render(request, "bets/initiative.html", _context(request, key))


def refused(request: Request, asking: str, form: ForecastForm) -> HttpResponse:
    """The bet that poses a question, with the forecast as it was typed and what is wrong with it."""
    context = _context(request, loaded(request.place.workspace).workspace.definitions.hypotheses[asking].initiative)
    context["cards"] = [(card, form if card.key == asking else own, *rest) for card, own, *rest in context["cards"]]
    return render(request, "bets/initiative.html", context)


def _context(request: Request, key: str) -> dict[str, Any]:
    found = loaded(request.place.workspace)
    definitions = found.workspace.definitions
    run = open_run(request.place.workspace, request.GET.get("run"))
    every = standings(request.place, definitions, run, today_in(definitions))
    standing = next((one for one in every if one.key == key), None)
    if standing is None:
        raise Http404("no such bet")
    tab = request.GET.get("tab", "prediction")
    tab = tab if tab in TABS else "prediction"
    return {
        "title": definitions.title("initiatives", key),
        "answers": "What we expect of it, what came of it, and what it costs.",
        "key": key,
        "standing": standing,
        "version": found.versions.get(("initiatives", key)),
        "owned": found.owned_by("initiatives", key),
        "steps": _steps(standing),
        "tabs": [(name, title, name == tab) for name, title in TABS.items()],
        "tab": tab,
        "may_bet": request.place.may(Ability.BET),
        "may_rate": request.place.may(Ability.RATE),
        **_TAB_CONTEXTS[tab](request, standing, found, run),
    }


def hypothesis(request: Request, key: str) -> HttpResponse:
    """The page of the bet that poses this question."""
    asking = loaded(request.place.workspace).workspace.definitions.hypotheses.get(key)
    if asking is None:
        raise Http404("no such hypothesis")
    address = reverse("initiative", kwargs={"workspace": request.place.workspace.key, "key": asking.initiative})
    return redirect(f"{address}#hypothesis-{key}")


@require_POST
def waive(request: Request, key: str) -> HttpResponse:
    """Accept that a guardrail failed, with the reason."""
    reason = request.POST.get("reason", "").strip()
    if key not in loaded(request.place.workspace).workspace.definitions.initiatives:
        raise Http404("no such bet")
    if not reason:
        messages.error(request, "A waiver needs its reason.")
        return redirect(back_of(request))
    place = request.place
    try:
        recording.waive(acting(place.workspace), key, voice_of_user(place.user), reason[:10_000])
    except VitalfewError as error:
        messages.error(request, str(error))
    else:
        messages.success(request, "The waiver is on record; the next run counts it.")
    return redirect(back_of(request))


def _steps(standing: Standing) -> list[tuple[str, str]]:
    """The way of a bet: each stage with *done*, *now* or *ahead*."""
    here = STAGES.index(standing.stage)
    states = ["done" if at < here else "now" if at == here else "ahead" for at in range(len(STAGES))]
    return [(MEANINGS[stage][0], state) for stage, state in zip(STAGES, states, strict=True)]


def _prediction(request: Request, standing: Standing, found: Loaded, run: Results | None) -> dict[str, Any]:
    definitions, today = found.workspace.definitions, today_in(found.workspace.definitions)
    cards = []
    for question in standing.questions:
        version = found.versions.get(("hypotheses", question.key))
        card = asked(request.place, question, definitions, run, today, version)
        is_open = card.lock is None or card.lock.stale
        form = _forecast_form(request, question.key, found) if is_open else None
        unit = unit_of(definitions.metrics.get(question.hypothesis.metric)).change_in_words
        cards.append((card, form, is_open, unit))
    needs = [definitions.title("needs", name) for name in standing.initiative.serves if name in definitions.needs]
    return {
        "cards": cards,
        "rate": base_rate(run),
        "needs": needs,
        "gated": passes_gate(definitions, standing.key),
        "folder_owned": "hypotheses" in found.folder_kinds,
    }


def _forecast_form(request: Request, key: str, found: Loaded) -> ForecastForm:
    definitions = found.workspace.definitions
    mine = own_forecast(request.place, key, voice_of_user(request.place.user), definitions)
    return forecast_form(key, definitions, mine)


def forecast_form(
    key: str, definitions: Definitions, mine: Mapping[str, Any] | None, posted: QueryDict | None = None
) -> ForecastForm:
    """The form for a member's forecast of a hypothesis: with what they said before, or with what they send.

    What they tick stays offered, though something nearer has come since the form was shown.
    """
    metric = definitions.hypotheses[key].metric
    named = mine.get("evidence", ()) if mine else ()
    ticks = offered(definitions, key, (*named, *(posted.getlist("rests_on") if posted else ())))
    return ForecastForm(
        posted,
        initial=forecast_initial(mine, definitions, metric, ticks) if mine else None,
        metric=definitions.metrics.get(metric),
        definitions=definitions,
        offered=ticks,
        auto_id=f"id_{key}_%s",
    )


def _evidence(request: Request, standing: Standing, found: Loaded, run: Results | None) -> dict[str, Any]:
    definitions = found.workspace.definitions
    line: ShippedLine | CandidateLine | None = None
    if run is not None:
        line = next((line for line in run.tables.shipped if line.line == standing.key), None)
        line = line or next((line for line in run.tables.candidates if line.line == standing.key), None)
    experiments = [
        (name, definitions.title("experiments", name), *plan_state(request.place, name, definitions))
        for name, made in definitions.experiments.items()
        if made.initiative == standing.key
    ]
    releases = [
        (name, definitions.title("releases", name))
        for name, made in definitions.releases.items()
        if standing.key in made.initiatives
    ]
    return {
        "line": line,
        "opened": opened(run, line) if run is not None and line is not None else None,
        "experiments": experiments,
        "releases": releases,
        "long_run": [] if run is None else list(horizon_sentences(run.view, standing.key)),
    }


def _cost(_request: Request, standing: Standing, found: Loaded, run: Results | None) -> dict[str, Any]:
    definitions, made = found.workspace.definitions, standing.initiative
    unit = definitions.policy.cost_unit
    team = definitions.teams.get(made.team) if made.team else None
    rows = run.tables.bets if run else ()
    spent = next((row for row in rows if row.initiative == standing.key and row.spent is not None), None)
    return {
        "unit": unit,
        "cost": _cost_words(made),
        "made": made,
        "team_title": definitions.title("teams", made.team) if made.team else "",
        "product": definitions.title("products", product) if (product := definitions.product_of(made)) else "",
        "capacity": team.capacity if team else None,
        "gate": gate(definitions, standing.key),
        "passes": passes_gate(definitions, standing.key),
        "spent": spent,
        "before": [(name, definitions.title("initiatives", name)) for name in made.prerequisites],
        "against": [(name, definitions.title("initiatives", name)) for name in made.excludes],
    }


def _cost_words(made: Initiative) -> str:
    if made.cost is None:
        return ""
    if isinstance(made.cost, float | int):
        return f"{made.cost:g}"
    return f"{made.cost.p50:g} ({made.cost.p10:g} to {made.cost.p90:g}, 80 % interval)"


def _nothing(_request: Request, standing: Standing, _found: Loaded, _run: Results | None) -> dict[str, Any]:
    return {"questions": [question.key for question in standing.questions]}


_TAB_CONTEXTS = {
    "prediction": _prediction,
    "evidence": _evidence,
    "cost": _cost,
    "discussion": _nothing,
    "history": _nothing,
}
