"""Pages of experiments: the list, one experiment, and what a planned one could find."""

from __future__ import annotations

from dataclasses import fields
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_POST

from vitalfew.errors import VitalfewError
from vitalfew.report import cells
from vitalfew.report.html_experiments import experiment_parts
from vitalfew.report.markup import Markup, raised
from vitalfew.report.plan_html import plan_html
from vitalfew.server.bets.queries import experiments as queries
from vitalfew.server.bets.queries.experiments import experiment_lines, value_of
from vitalfew.server.bets.views.evidence_forms import keep_plan
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.foreseeing import JobView, plan, plan_anew
from vitalfew.server.core.today import today_in
from vitalfew.server.core.views.defining import may_edit

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.pipeline import Results
    from vitalfew.report.view import View
    from vitalfew.server.bets.queries.experiments import ExperimentLine
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

ANSWERS = "What was compared at random, whether it can be trusted, and what it says."
MOST = 60
"""Experiments shown before the rest is only offered."""
PLAN_ANSWERS = "How long it takes to see a change worth seeing, from what is known of your users."


def experiments(request: Request) -> HttpResponse:
    """All experiments with their trust lights, filtered by state, team and text."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    definitions = run.workspace.definitions if run else loaded(request.place.workspace).workspace.definitions
    every = _rows(run, definitions)
    offers = queries.offers([line for line, _ in every], definitions)
    wanted = asked(request.GET, definitions, today_in(definitions), *offers, states=queries.STATES)
    rows = [(line, glyph) for line, glyph in every if queries.fits(wanted, line)]
    if request.GET.get("format") == "csv":
        return _csv([line for line, _ in rows])
    context = {
        "title": "Experiments",
        "answers": ANSWERS,
        "rows": rows if request.GET.get("all") == "1" else rows[:MOST],
        "total": len(rows),
        "some": bool(every),
        "bar": bar(request, wanted, offers, lambda one: sum(queries.fits(one, line) for line, _ in every)),
        "definitions": definitions,
    }
    return render(request, "bets/experiments.html", context)


def experiment(request: Request, key: str) -> HttpResponse:
    """One experiment: trust first, then what to do, then the effects."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    definitions = loaded(request.place.workspace).workspace.definitions
    row = next((row for row in run.tables.experiments if row.experiment == key), None) if run else None
    defined = definitions.experiments.get(key)
    if row is None and defined is None:
        raise Http404("no such experiment")
    title = row.title if row else definitions.title("experiments", key)
    context: dict[str, object] = {"title": title, "key": key, "defined": defined}
    if run is None or row is None:
        return render(request, "bets/experiment_planned.html", context)
    failures = [failed for failed in run.tables.failed if failed.item.split("/")[0] == key]
    about = definitions.title("initiatives", row.initiative) if row.initiative else ""
    parts = experiment_parts(run.view, row)
    shown = {part.name: _raised(getattr(parts, part.name)) for part in fields(parts)}
    context |= {"about": "" if about == row.title else about, "row": row, "parts": shown}
    context["value"] = value_of(run.view, row)
    return render(request, "bets/experiment.html", {**context, "failures": failures, "view": run.view})


def _raised(part: object) -> object:
    """A part of a report with headings that follow that of the page."""
    return raised(part, 4) if isinstance(part, Markup) else part


class PlanForm(forms.Form):
    """What a plan may be asked for."""

    weeks = forms.IntegerField(
        min_value=1, max_value=104, required=False, label="Weeks", help_text="how long it may run; 4 if left out"
    )
    smallest_effect = forms.FloatField(
        min_value=0.01,
        max_value=1000,
        required=False,
        label="Smallest change worth finding",
        help_text="in per cent of the metric's level",
    )
    units_per_week = forms.FloatField(
        min_value=1, required=False, label="New users a week", help_text="left out: as in the past"
    )
    power = forms.FloatField(min_value=0.5, max_value=0.99, required=False, label="Power", help_text="0.8 if left out")
    mode = forms.ChoiceField(
        required=False,
        label="How it is looked at",
        choices=[
            ("", "as the experiment says"),
            ("always_valid", "at any time"),
            ("group_sequential", "a few times, as planned"),
            ("fixed", "once, at the end"),
            ("bayesian", "as a belief"),
        ],
    )


def experiment_plan(request: Request, key: str) -> HttpResponse:
    """What an experiment could find in how many weeks, from the workspace's own history."""
    workspace = loaded(request.place.workspace).workspace
    if key not in workspace.definitions.experiments:
        raise Http404("no such experiment")
    form = PlanForm(request.GET or None, label_suffix="")
    context: dict[str, object] = {
        "title": f"Plan: {workspace.definitions.title('experiments', key)}",
        "key": key,
        "form": form,
    }
    if not form.is_bound or form.is_valid():
        try:
            found = plan(request.place.workspace, key, _wishes(form), by=request.place.user)
            if isinstance(found, JobView):
                context |= {"job": found, "may_stop": request.place.may(Ability.BET)}
            else:
                context["plan"] = plan_html(found.plan, found.definitions)
                context["keep"] = keep_plan(request, key, found) if may_edit(request, "experiments") else ""
        except VitalfewError as error:
            context["problem"] = str(error)
    return render(request, "bets/experiment_plan.html", {**context, "answers": PLAN_ANSWERS})


@require_POST
def experiment_plan_again(request: Request, key: str) -> HttpResponse:
    """Have a plan worked out once more that could not be; its address holds what it is asked for."""
    row = request.place.workspace
    form = PlanForm(request.GET or None)
    known = key in loaded(row).workspace.definitions.experiments
    if known and (not form.is_bound or form.is_valid()):
        try:
            plan_anew(row, key, _wishes(form), by=request.place.user)
        except VitalfewError as error:
            messages.error(request, str(error))
    asked_for = f"?{request.GET.urlencode()}" if request.GET else ""
    return redirect(reverse("experiment-plan", kwargs={"workspace": row.key, "key": key}) + asked_for)


def _wishes(form: PlanForm) -> dict[str, Any]:
    """What a plan is asked for, as `vitalfew.plan` takes it."""
    wishes = {name: value for name, value in (form.cleaned_data if form.is_bound else {}).items() if value}
    if "smallest_effect" in wishes:
        wishes["smallest_effect"] /= 100
    return wishes


def _rows(run: Results | None, definitions: Definitions) -> tuple[tuple[ExperimentLine, Markup | None], ...]:
    """All experiments as they stand today, each with its picture."""
    today = today_in(definitions)
    if run is None:
        return tuple((line, None) for line in experiment_lines(None, definitions, today))

    def drawn(one: Results) -> tuple[tuple[ExperimentLine, Markup | None], ...]:
        return tuple((line, _glyph(one.view, line)) for line in experiment_lines(one.view, definitions, today))

    return per_run(run, f"experiments on {today}", drawn)


def _glyph(view: View, line: ExperimentLine) -> Markup | None:
    if line.effect is None:
        return None
    mark = cells.effect_mark(line.effect)
    return cells.on_metric(view, line.effect.metric, mark, f"{line.effect_title}: {line.effect_text}") if mark else None


def _csv(lines: list[ExperimentLine]) -> HttpResponse:
    heads = ("experiment", "title", "state", "initiative", "product", "team", "start", "end", "trust", "action",
             "metric", "estimate", "low_95", "high_95", "grade", "units")  # fmt: skip
    return csv_response("experiments", heads, (_cells(line) for line in lines))


def _cells(line: ExperimentLine) -> tuple[object, ...]:
    effect = line.effect
    interval = effect.interval() if effect else None
    return (
        line.key,
        line.title,
        line.state,
        line.initiative,
        line.product,
        line.team,
        line.start,
        line.end,
        line.worst,
        line.action,
        effect.metric if effect else None,
        effect.estimate if effect else None,
        interval.low if interval else None,
        interval.high if interval else None,
        effect.grade if effect else None,
        line.units or None,
    )
