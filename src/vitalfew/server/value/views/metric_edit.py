"""Defining a metric by form, and trying it on the data before it is kept."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING, Any

from django.http import Http404, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from vitalfew.errors import DefinitionError, VitalfewError
from vitalfew.evidence.standing import Standing, Week
from vitalfew.report.series_picture import series_picture
from vitalfew.report.words import unit_of
from vitalfew.server.core.conditions import Conditions
from vitalfew.server.core.definition_forms import key_of
from vitalfew.server.core.numbers import whole
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of as standing_body
from vitalfew.server.core.services.definitions import FolderOwned, remove, save
from vitalfew.server.core.services.looks import columns, look
from vitalfew.server.core.views.editing import attempt, folder_owned, say_with_undo
from vitalfew.server.value.metric_bodies import body_of, initial_of
from vitalfew.server.value.metric_forms import MetricForm
from vitalfew.server.value.services.trying import candidate
from vitalfew.server.value.views import metric_parts as parts
from vitalfew.workspace.templates import TEMPLATES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.server.core.access import Request
    from vitalfew.server.core.queries.definitions import Loaded
    from vitalfew.workspace.definitions import Definitions, Metric

_NAMED = {"numerator": "", "denominator": "below_", "window": "window_", "cap": "cap_"}
_EXAMPLE = re.compile(r"(?:, as in|: add|: write) '")
_WORDS = {
    "denominator": "below_source",
    "window": "window_length",
    "cap": "cap_absolute",
    "aggregation": "aggregation",
    "rule": "rule",
    "column": "column",
    "steps": "steps",
    "quantile": "quantile",
    "events": "events",
    "threshold": "threshold",
    "horizon": "horizon",
}
"""Words of what can be wrong with a metric as a whole, and the field where it is mended."""


def metric_new(request: Request) -> HttpResponse:
    """Define a metric, from nothing or from a template."""
    found = loaded(request.place.workspace)
    if "metrics" in found.folder_kinds:
        return folder_owned(request, FolderOwned("metrics", None))
    name = request.GET.get("template", "")
    template = TEMPLATES.get(name)
    before: dict[str, Any] = {"title": name.replace("_", " ").capitalize(), **template.fields} if template else {}
    return _edit(request, found, "", before, 0)


def metric_edit(request: Request, key: str) -> HttpResponse:
    """Change a metric."""
    found = loaded(request.place.workspace)
    if key not in found.workspace.definitions.metrics:
        raise Http404("no such metric")
    if "metrics" in found.folder_kinds:
        return folder_owned(request, FolderOwned("metrics", found.owned_by("metrics", key)))
    before, version = standing_body(request.place.workspace, "metrics", key) or ({}, None)
    return _edit(request, found, key, before, version)


def _edit(request: Request, found: Loaded, key: str, before: dict[str, Any], version: int | None) -> HttpResponse:
    definitions, row = found.workspace.definitions, request.place.workspace
    held = columns(row)
    initial = initial_of(before)
    others = initial.pop("others")
    form = MetricForm(
        request.POST or None, initial=initial | {"key": key, "version": version},
        definitions=definitions, held=held, others=others, is_new=not key,
    )  # fmt: skip
    if request.method == "POST" and form.is_valid():
        name = key or form.cleaned_data.get("key") or key_of(form.cleaned_data["title"], (), "metric")
        if not key and name in definitions.metrics:
            form.add_error("key", f"There is a metric “{name}” already: give this one a key of its own.")
    if request.method == "POST" and form.is_valid():
        try:
            body = body_of(form.cleaned_data, before, {one["source"]: one["types"] for one in held})
            if "try" in request.POST:
                return _tried(request, definitions, name, body)
            base = form.cleaned_data.get("version")
            done = attempt(
                request,
                lambda: save(row, "metrics", name, body, by=request.place.user, version=base if key else 0),
            )
            if isinstance(done, HttpResponse):
                return done
            say_with_undo(request, "The metric is kept. The next run measures it.", [done] if done else [])
            return redirect("metric", workspace=row.key, key=name)
        except VitalfewError as error:
            _put(form, error, name)
    status = 422 if form.errors else 200
    if "try" in request.POST:
        return render(request, "value/metric_try.html", {"errors": _all_errors(form)})
    return render(request, "value/metric_form.html", _context(found, form, held, key), status=status)


def _context(found: Loaded, form: MetricForm, held: Sequence[Mapping[str, Any]], key: str) -> dict[str, Any]:
    title = found.workspace.definitions.title("metrics", key) if key else "Define a metric"
    events = sorted({name for one in held for name in one["events"]})
    return {
        "title": f"Edit {title}" if key else title,
        "answers": "A number measured from data: what is taken of which rows, when, and which way is better.",
        "form": form,
        "key": key,
        "events": events,
        "templates": {} if key else TEMPLATES,
        "unread": [one for one in held if one["reason"]],
        "no_data": not found.workspace.definitions.sources,
        "nothing_read": not held,
    }


def _put(form: MetricForm, error: VitalfewError, key: str) -> None:
    """Hang every problem at the field it is about; what is about none of them at the head of the form."""
    if isinstance(error, Conditions):
        for at, reason in error.rows:
            form.add_error(f"value_{at}", reason[:1].upper() + reason[1:])
        return
    for problem in error.problems:
        path = problem.where.path if problem.where else ()
        message = _EXAMPLE.split(problem.message)[0]  # what follows shows how a file would say it
        own = path[:2] == ("metrics", key)
        field = (_field(path[2:]) or _meant(message)) if own else None
        said = ". ".join(part[:1].upper() + part[1:] for part in (message, problem.hint) if part)
        if problem.expected and isinstance(error, DefinitionError):
            said += f" (expected: {problem.expected})"
        form.add_error(field if field in form.fields else None, said)


def _field(path: Sequence[str | int]) -> str | None:
    """The field of the form for a place in the definition of a metric."""
    names = [part for part in path if isinstance(part, str)]
    if not names:
        return None
    if names[0] in _NAMED:
        rest = names[1] if len(names) > 1 else {"window": "length", "cap": "absolute"}.get(names[0], "source")
        return f"{_NAMED[names[0]]}{rest}"
    return "value_0" if names[0] == "filters" else names[0]


def _meant(message: str) -> str | None:
    """The field that a fault of the whole metric is about, by the first that it names."""
    at = {field: message.find(word) for word, field in _WORDS.items() if word in message}
    return min(at, key=lambda field: at[field], default=None)


def _all_errors(form: MetricForm) -> list[str]:
    named = {name: form.fields[name].label or name.replace("_", " ") for name in form.fields}
    return [
        f"{str(named[name]).capitalize()}: {text}" if name in named else str(text)
        for name, texts in form.errors.items()
        for text in texts
    ]


# Trying it on the data ---------------------------------------------------------------------------------------------


def _tried(request: Request, definitions: Definitions, key: str, body: dict[str, Any]) -> HttpResponse:
    """What the data say of a metric that is not kept (yet)."""
    return _looked(request, candidate(request.place.workspace, definitions, key, body), key)


@require_POST
def metric_look(request: Request, key: str) -> HttpResponse:
    """Measure a metric on the data as it stands now, without a run."""
    definitions = loaded(request.place.workspace).workspace.definitions
    if key not in definitions.metrics:
        raise Http404("no such metric")
    return _looked(request, definitions, key)


def _looked(request: Request, definitions: Definitions, key: str) -> HttpResponse:
    try:
        told = look(request.place.workspace, definitions, key)
    except VitalfewError as error:
        context: dict[str, Any] = {"errors": [str(error)]}
    else:
        context = _told(told, definitions.metrics[key], definitions.title("metrics", key))
    partial = request.headers.get("HX-Request") == "true"
    page = "value/metric_try.html" if partial else "value/metric_tried.html"
    context |= {"title": definitions.title("metrics", key), "key": key}
    return render(request, page, context)


def _told(told: dict[str, Any], metric: Metric, title: str) -> dict[str, Any]:
    unit = unit_of(metric)
    weeks = [Week(date.fromisoformat(day), value, 7) for day, value in told["weeks"]]
    context: dict[str, Any] = {"notes": told["notes"], "queries": told["queries"], "until": told["until"]}
    if told["value"] is None:
        return context
    likely, sure = (tuple(span) if span else None for span in (told["likely"], told["sure"]))
    standing = Standing(title, told["value"], likely, sure, "series", None, told["units"], told["until"])
    said = f"{title} week by week"
    return context | {
        "value": parts.standing_text(standing, unit),
        "glyph": parts.precision(standing, title),
        "units": told["units"],
        "picture": series_picture(weeks, None, (), unit, said) if len(weeks) > 1 else None,
    }


@require_POST
def metric_remove(request: Request, key: str) -> HttpResponse:
    """Remove a metric that nothing names; a button takes that back."""
    row = request.place.workspace
    found = loaded(row)
    if key not in found.workspace.definitions.metrics:
        raise Http404("no such metric")
    version = request.POST.get("version", "")
    sent = whole(version)
    at = found.versions.get(("metrics", key), 0) if sent is None else sent
    try:
        done = attempt(request, lambda: remove(row, "metrics", key, by=request.place.user, version=at))
    except VitalfewError as error:
        text = "; ".join(str(problem) for problem in error.problems)
        return render(
            request, "value/metric_kept.html", {"title": "It is still needed", "key": key, "text": text}, status=422
        )
    if isinstance(done, HttpResponse):
        return done
    say_with_undo(request, "The metric was removed.", [done] if done else [])
    return redirect("metrics", workspace=row.key)
