"""Decisions: the log, and recording one about a line of the ledger."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from django import forms
from django.contrib import messages
from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render

from vitalfew.errors import VitalfewError
from vitalfew.report import words
from vitalfew.results.rows import CandidateLine
from vitalfew.server.bets.queries import decisions as queries
from vitalfew.server.bets.queries.decisions import decided_about, decisions, evidence_words, is_to_be_chosen, titled
from vitalfew.server.bets.queries.ledger import is_weak, line_of
from vitalfew.server.bets.queries.lines import opened
from vitalfew.server.bets.queries.tried import tried
from vitalfew.server.bets.services.decisions import record
from vitalfew.server.bets.views.steps import subject_address
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.filters import asked, bar
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.today import today_in

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.pipeline import Results
    from vitalfew.server.bets.queries.ledger import Line
    from vitalfew.server.bets.queries.tried import Tried
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

ANSWERS = "What was decided, on which evidence, against which counter-argument, and when it is looked at again."
CAUTIOUS = frozenset(("test_first", "measure", "drop", "do_not_ship", "go_on"))
"""What may be decided on weak evidence without deciding in spite of it."""
SHIPPED, OPEN = ("keep", "fix", "remove", "measure"), ("fund", "test_first", "drop")
TRIED = ("ship", "do_not_ship", "go_on", "fix")
CHOICES: dict[str, str] = {
    **{str(step): word for step, word in words.NEXT_STEPS.items()},
    "ship": "ship to everybody",
    "do_not_ship": "do not ship",
    "go_on": "go on testing",
}
"""What may be decided, in words."""
LOOK_AGAIN = timedelta(days=91)


class DecisionForm(forms.Form):
    """What has to be said of a decision."""

    choice = forms.ChoiceField(label="Decision", widget=forms.RadioSelect)
    what = forms.CharField(label="In a sentence", max_length=2000, required=False, help_text="left out: the word above")
    evidence = forms.CharField(label="On which evidence", max_length=4000, widget=forms.Textarea(attrs={"rows": 3}))
    counter = forms.CharField(
        label="The best argument against it",
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="as those who hold it would put it",
    )
    alternatives = forms.CharField(label="What else could be done", max_length=4000, required=False)
    dissent = forms.CharField(
        label="Dissent",
        max_length=4000,
        required=False,
        help_text="what those who disagree say, without their names; or nothing",
    )
    review = forms.DateField(
        label="Look at it again on", required=False, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def log(request: Request) -> HttpResponse:
    """The decisions of a workspace, newest first."""
    row = request.place.workspace
    defined, offers = loaded(row).workspace.definitions, queries.offers(row)
    wanted = asked(request.GET, defined, today_in(defined), *offers)
    found = decisions(row, before=whole(request.GET.get("before")), wanted=wanted)
    if request.GET.get("format") == "csv":
        heads = ("n", "at", "about", "title", "what", "evidence", "counter", "alternatives", "dissent", "review",
                 "decided_anyway", "against", "value_model",
                 "without_evidence")  # fmt: skip
        rows = ([one.n, one.at, one.about, one.title, one.what, one.evidence, one.counter, one.alternatives,
                 one.dissent, one.review, one.anyway, one.against,
                 one.rests_on, ", ".join(one.bare)] for one in found.rows)  # fmt: skip
        return csv_response("decisions", heads, rows)
    rows_shown = [(one, subject_address(request, defined, one.about)) for one in found.rows]
    consistent, citing = found.consistent
    context = {
        "title": "Decisions",
        "answers": ANSWERS,
        "decisions": found,
        "rows": rows_shown,
        "consistent": consistent,
        "citing": citing,
        "due": [one for one in found.rows if one.due],
        "bar": bar(request, wanted, offers, lambda one: len(decisions(row, wanted=one).rows)),
        "may_decide": request.place.may(Ability.BET),
    }
    return render(request, "bets/decisions.html", context)


def decide(request: Request, line: str) -> HttpResponse:
    """Record a decision about a line."""
    run = open_run(request.place.workspace, request.GET.get("run"))
    defined = loaded(request.place.workspace).workspace.definitions
    told = tried(run, line) if run and line in defined.experiments else None
    found = line_of(run, line) if run and (told is None or request.GET.get("of") != "experiment") else None
    about = decided_about(defined, run, line)
    if about is None:
        raise Http404("no such line")
    told = None if found else told
    new = found is None and told is None and is_to_be_chosen(defined, line, today_in(defined))
    some = TRIED if told else OPEN if new or isinstance(found, CandidateLine) else SHIPPED
    form = _form(request, run, found, told, defined, some)
    weak = is_weak(found) if found else bool(told.weakness) if told else new
    suggested = found.recommendation if found else None
    if request.method == "POST" and form.is_valid() and _recorded(request, form, about, weak=weak, suggested=suggested):
        return redirect("decisions", workspace=request.place.workspace.key)
    context = {
        "title": f"Decide: {found.title if found else titled(defined, line)}",
        "answers": "A decision is a person's: the computation only suggests.",
        "form": form,
        "line": found,
        "opened": opened(run, found) if run and found else None,
        "weak": weak,
        "tried": told,
        "key": line,
        "earlier": decisions(request.place.workspace, about=about).rows,
    }
    return render(request, "bets/decide.html", context, status=422 if form.errors else 200)


def _form(
    request: Request,
    run: Results | None,
    line: Line | None,
    told: Tried | None,
    defined: Definitions,
    some: Sequence[str],
) -> DecisionForm:
    initial = {
        "evidence": evidence_words(run, line) if run and line else told.evidence if told else "",
        "review": today_in(defined) + LOOK_AGAIN,
    }
    form = DecisionForm(request.POST or None, initial=initial, label_suffix="")
    form.fields["choice"].choices = [(key, CHOICES[key]) for key in some]  # type: ignore[attr-defined]  # a ChoiceField
    return form


def _recorded(request: Request, form: DecisionForm, about: str, *, weak: bool, suggested: str | None) -> bool:
    """Record what the form says, and what it goes against; False with its error where the log refuses."""
    said = dict(form.cleaned_data)
    choice = said.pop("choice")
    word = CHOICES[choice]
    sentence = said["what"].strip()
    said["what"] = f"{word}: {sentence}" if sentence else word
    said["anyway"] = weak and choice not in CAUTIOUS
    said["against"] = CHOICES[suggested] if suggested and suggested != choice else None
    try:
        act = record(request.place.workspace, about, said, by=request.place.user)
    except VitalfewError as error:
        form.add_error(None, str(error))
        return False
    messages.success(request, f"Recorded as act {act.n}: {said['what']}.")
    return True
