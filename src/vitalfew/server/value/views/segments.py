"""Segments: the groups of users that effects and values are told apart for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.shortcuts import render
from django.views.decorators.http import require_safe

from vitalfew.server.core.csv import csv_response
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.looks import held
from vitalfew.server.core.views.defining import Kind, may_edit
from vitalfew.server.value.forms.evidence import SegmentForm
from vitalfew.workspace.definitions import UnitSource

if TYPE_CHECKING:
    from django.http import HttpResponse

    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions


@require_safe
def segments(request: Request) -> HttpResponse:
    """All segments, and what names each."""
    found = loaded(request.place.workspace)
    definitions = found.workspace.definitions
    lines = [
        {
            "key": key,
            "title": definitions.title("segments", key),
            "source": definitions.title("sources", one.source) if one.source else "",
            "filter": one.filter or "",
            "share": one.share,
            "used": _used(definitions, key),
        }
        for key, one in definitions.segments.items()
    ]
    if request.GET.get("format") == "csv":
        heads = ("key", "title", "source", "filter", "share")
        return csv_response("segments", heads, ([line[name] for name in heads] for line in lines))
    context = {
        "title": "Segments",
        "answers": "Which groups of users are told apart, in effects, in reach and in who gains or loses.",
        "lines": lines,
        "may_edit": may_edit(request, "segments"),
        "folder_owned": "segments" in found.folder_kinds,
    }
    return render(request, "value/segments.html", context)


def _used(definitions: Definitions, key: str) -> str:
    """By how many experiments, needs and hypotheses a segment is named."""
    counts = {
        "experiment": sum(key in (one.segments or ()) for one in definitions.experiments.values()),
        "need": sum(one.segment == key for one in definitions.needs.values()),
        "hypothesis": sum(one.segment == key for one in definitions.hypotheses.values()),
    }
    return ", ".join(f"{count} {_many(name, count)}" for name, count in counts.items() if count)


def _many(name: str, count: int) -> str:
    return name if count == 1 else "hypotheses" if name == "hypothesis" else f"{name}s"


def _known(request: Request, definitions: Definitions, _key: str | None) -> dict[str, Any]:
    """What tables of units hold, by source."""
    units = {key: one.table for key, one in definitions.sources.items() if isinstance(one, UnitSource)}
    told = held(request.place.workspace, units.values())
    return {key: told.get(table, {}) for key, table in units.items()}


KIND = Kind(
    SegmentForm, "segments", "A group of users by what is known of them: two or three that matter.", known=_known
)
