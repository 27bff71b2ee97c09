"""Where the next step of a line is done: the page that exists for it, and nothing where there is none."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse

from vitalfew.server.core.roles import Ability

if TYPE_CHECKING:
    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

_WHOLES = {
    "factors": "value-model",
    "weights": "value-model",
    "features": "features",
    "portfolio": "priorities",
    "initiatives": "board",
    "bets": "board",
    "verdicts": "review",
    "decisions": "decisions",
    "objectives": "goals",
    "metrics": "metrics",
    "links": "links",
}
"""Pages of what findings speak of as a whole."""
_PAGES = {
    "features": "line",
    "hypotheses": "hypothesis",
    "experiments": "experiment",
    "releases": "release",
    "metrics": "metric",
    "links": "link",
    "needs": "need",
}
"""Pages of single definitions, by kind."""


def step_address(request: Request, defined: Definitions, line: str, step: str) -> str:
    """The address at which a step is taken for a line: planning the test, writing the bet, recording the decision.

    Empty for whoever may only read.
    """
    if not request.place.may(Ability.BET):
        return ""
    if step in ("measure", "test_first"):
        return _test_address(request, defined, line) or address(request, "decide", line=line)
    return address(request, "decide", line=line)


def _test_address(request: Request, defined: Definitions, line: str) -> str:
    """Where a test of a line is planned: its experiment, else the bet that has none yet."""
    planned = next((key for key, found in defined.experiments.items() if found.initiative == line), None)
    if planned is not None:
        return address(request, "experiment-plan", key=planned)
    return address(request, "initiative", key=line) if line in defined.initiatives else ""


def address(request: Request, name: str, **given: str) -> str:
    """The address of a page of this workspace; empty where there is no such page."""
    try:
        return reverse(name, kwargs={"workspace": request.place.workspace.key, **given})
    except NoReverseMatch:
        return ""


def subject_address(request: Request, defined: Definitions, subject: str) -> str:
    """The page of what a finding is about; empty where there is none."""
    key = subject.partition(".")[0]
    if key in _WHOLES:
        return address(request, _WHOLES[key])
    if key in defined.initiatives:
        return address(request, "initiative", key=key) or address(request, "line", key=key)
    for kind, name in _PAGES.items():
        if key in getattr(defined, kind):
            return address(request, name, key=key)
    return ""
