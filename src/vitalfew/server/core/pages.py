"""The page of each definition, so that whatever names one can lead there."""

from __future__ import annotations

from django.urls import NoReverseMatch, reverse

PAGES = {
    "initiatives": "initiative",
    "hypotheses": "hypothesis",
    "metrics": "metric",
    "experiments": "experiment",
    "features": "feature",
    "releases": "release",
    "needs": "need",
}
"""The name of the page of one definition, by kind."""
LISTS = {
    "factors": "value-model",
    "guardrails": "value-model",
    "stakeholders": "stakeholders",
    "objectives": "goals",
    "vision": "goals",
    "policy": "policy",
    "links": "links",
    "segments": "segments",
    "sources": "sources",
    "teams": "teams",
    "products": "teams",
}
"""The name of the page that shows all definitions of a kind which have no page of their own."""


def page_of(workspace: str, kind: str, key: str) -> str:
    """The address of the page about a definition; empty where there is none."""
    try:
        if kind in PAGES:
            return reverse(PAGES[kind], kwargs={"workspace": workspace, "key": key})
        return reverse(LISTS[kind], kwargs={"workspace": workspace}) if kind in LISTS else ""
    except NoReverseMatch:
        return ""
