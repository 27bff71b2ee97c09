"""What the shell of every page shows: the rail, the workspace, the run, who is signed in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from django.urls import NoReverseMatch, reverse

from vitalfew.server.core.alarms import alarms
from vitalfew.server.core.carrying import said
from vitalfew.server.core.models import Member
from vitalfew.server.core.queries.dismissals import open_findings
from vitalfew.server.core.queries.jobs import open_job
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from django.http import HttpRequest

    from vitalfew.server.core.access import Place


@dataclass(frozen=True, slots=True)
class Entry:
    """An entry of the rail with the pages below it; only pages that exist are there."""

    title: str
    address: str
    current: bool
    pages: tuple[Entry, ...] = ()


RAIL: tuple[tuple[str, tuple[tuple[str, str], ...]], ...] = (
    ("Ledger", (("ledger", "Ledger"),)),
    (
        "Value",
        (
            ("value-model", "Model"),
            ("sessions", "Sessions"),
            ("pulse", "Pulse"),
            ("tree", "Tree"),
            ("stakeholders", "Stakeholders & guardrails"),
            ("segments", "Segments"),
            ("goals", "Goals"),
            ("policy", "Policy"),
        ),
    ),
    (
        "Bets",
        (
            ("board", "Hypotheses"),
            ("needs", "Needs"),
            ("priorities", "Priorities"),
            ("decisions", "Decisions"),
            ("review", "Review"),
        ),
    ),
    (
        "Evidence",
        (
            ("metrics", "Metrics"),
            ("experiments", "Experiments"),
            ("releases", "Releases"),
            ("links", "Links"),
            ("trade-offs", "Trade-offs"),
            ("conflicts", "Conflicts"),
            ("moved", "What moved"),
            ("features", "Features"),
        ),
    ),
    ("Checks", (("checks", "Checks"),)),
    ("Settings", (("settings", "Settings"),)),
)
"""The rail by page names; an entry appears when its page exists."""


def shell(request: HttpRequest) -> dict[str, Any]:
    """Context of every template."""
    place: Place | None = getattr(request, "place", None)
    if place is None:
        return {"rail": ()}
    workspace = place.workspace
    run = open_run(workspace, request.GET.get("run"))
    rail = tuple(_rail(workspace.key, request.path))
    findings = open_findings(workspace, run) if run else ()
    return {
        "place": place,
        "may_run": place.may(Ability.BET),
        "may_define": place.may(Ability.DEFINE),
        "rail": rail,
        "may_idle": bool(said(request)) and _is_list(rail, request.path),
        "run": run,
        "open_job": open_job(workspace),
        "findings": len(findings),
        "alarms": alarms(request.resolver_match, findings),
        "workspaces": Member.objects.filter(user=place.user).select_related("workspace").order_by("workspace__name"),
    }


def _rail(workspace: str, path: str) -> list[Entry]:
    found = []
    for title, pages in RAIL:
        known = _nearest([entry for name, label in pages if (entry := _entry(workspace, name, label, path))])
        if known:
            current = any(entry.current for entry in known)
            found.append(Entry(title, known[0].address, current, tuple(known) if len(known) > 1 else ()))
    return found


def _is_list(rail: tuple[Entry, ...], path: str) -> bool:
    """Whether a page is one that the rail leads to: they list things, which filters could narrow."""
    return any(page.address == path for entry in rail if entry.title != "Settings" for page in entry.pages or (entry,))


def _nearest(entries: list[Entry]) -> list[Entry]:
    """Of pages that lie below each other only the nearest is the one that is open."""
    here = max((entry.address for entry in entries if entry.current), key=len, default="")
    return [replace(entry, current=entry.address == here) for entry in entries]


def _entry(workspace: str, name: str, label: str, path: str) -> Entry | None:
    try:
        address = reverse(name, kwargs={"workspace": workspace})
    except NoReverseMatch:
        return None
    return Entry(label, address, path.startswith(address))
