"""Addresses that are told what happens here: added, tested, stopped, their secrets changed; what was sent to them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from vitalfew.errors import UsageError
from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.events import Event
from vitalfew.server.core.forms import NewWebhook
from vitalfew.server.core.queries import webhooks as queries
from vitalfew.server.core.services import webhooks

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request

_CSV = ("id", "made_at", "event", "address", "state", "attempts", "status", "message", "next_at")


def index(request: Request) -> HttpResponse:
    """The list; POST adds an address, and shows its secret this once."""
    place = request.place
    if request.GET.get("format") == "csv":
        sent = queries.deliveries(place.workspace)
        return csv_response("deliveries", _CSV, ([_cell(getattr(one, name)) for name in _CSV] for one in sent))
    form, made = NewWebhook(request.POST or None), ""
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            _, made = webhooks.add(place.workspace, given["address"], given["events"], by=place.user)
        except UsageError as error:
            form.add_error(None, str(error))
        else:
            form = NewWebhook()
    return _page(request, form, made)


@require_POST
def rotate(request: Request, webhook: int) -> HttpResponse:
    """Make a new secret, and show it this once."""
    made = webhooks.rotate(request.place.workspace, _held(request, webhook), by=request.place.user)
    return _page(request, NewWebhook(), made)


@require_POST
def test(request: Request, webhook: int) -> HttpResponse:
    """Send a test."""
    try:
        webhooks.test(request.place.workspace, _held(request, webhook), by=request.place.user)
        messages.success(request, "A test is on its way: what comes of it is listed under “Last deliveries”.")
    except UsageError as error:
        messages.error(request, str(error))
    return redirect("webhooks", workspace=request.place.workspace.key)


@require_POST
def switch(request: Request, webhook: int) -> HttpResponse:
    """Stop an address, or begin again."""
    enabled = request.POST.get("enabled") == "yes"
    webhooks.change(request.place.workspace, _held(request, webhook), by=request.place.user, enabled=enabled)
    told = "It is told what happens from now on." if enabled else "It is told nothing more."
    messages.success(request, told)
    return redirect("webhooks", workspace=request.place.workspace.key)


@require_POST
def remove(request: Request, webhook: int) -> HttpResponse:
    """Remove an address."""
    webhooks.remove(request.place.workspace, _held(request, webhook), by=request.place.user)
    messages.success(request, "Removed, with all that was sent to it.")
    return redirect("webhooks", workspace=request.place.workspace.key)


def _page(request: Request, form: NewWebhook, made: str) -> HttpResponse:
    row = request.place.workspace
    context = {
        "title": "Webhooks",
        "answers": "Which programs are told what happens here, and did it reach them?",
        "form": form,
        "made": made,
        "webhooks": queries.webhooks(row),
        "deliveries": queries.deliveries(row),
        "events": [(event.value, event.meaning) for event in Event],
    }
    return render(request, "core/webhooks.html", context)


def _held(request: Request, webhook: int) -> int:
    if queries.webhook(request.place.workspace, webhook) is None:
        raise Http404("no such webhook")
    return webhook


def _cell(value: object) -> object:
    return value.isoformat() if hasattr(value, "isoformat") else value
