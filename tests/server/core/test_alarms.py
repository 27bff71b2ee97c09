"""Findings stand on the pages of what they speak of: every requirement that a check names has such a page."""

from __future__ import annotations

import html
from typing import TYPE_CHECKING

import pytest
from django.urls import resolve, reverse

from vitalfew.checks.registry import registered
from vitalfew.results.rows import FindingRow
from vitalfew.server.core.alarms import ASKED, MOST, OF_ONE, alarms
from vitalfew.server.core.context import RAIL
from vitalfew.server.core.services.dismissals import dismiss

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]


def finding(subject: str, requirement: str = "R5") -> FindingRow:
    return FindingRow("too_many", requirement, "warning", subject, "Too many.", "Why.", "Do it.")


def at(name: str, **given: str) -> str:
    return reverse(name, kwargs={"workspace": "demo", **given})


def test_every_check_is_seen_on_a_page_of_what_it_speaks_of() -> None:
    homeless = {check.requirement for check in registered()} - set().union(*ASKED.values())
    assert not homeless


def test_every_list_named_is_one_that_the_rail_leads_to() -> None:
    assert set(ASKED) <= {name for _, pages in RAIL for name, _ in pages}


def test_a_list_shows_what_is_asked_of_it_and_counts_the_rest() -> None:
    many = [finding(f"f{n}") for n in range(MOST + 2)]
    found = alarms(resolve(at("value-model")), [*many, finding("x", "R61")])
    assert (len(found.shown), found.count) == (MOST, MOST + 2)
    assert alarms(resolve(at("features")), many).count == 0


@pytest.mark.parametrize("name", sorted(OF_ONE))
def test_a_page_of_one_thing_shows_what_speaks_of_it_alone(name: str) -> None:
    found = alarms(resolve(at(name, key="bell")), [finding("bell.minutes"), finding("bells"), finding("gate")])
    assert [row.subject for row in found.shown] == ["bell.minutes"]


def test_a_page_that_failed_shows_none() -> None:
    assert alarms(None, [finding("bell")]).count == 0


def test_what_was_dismissed_is_shown_no_more(demo: Workspace, client_of: ClientOf) -> None:
    address, viewer = reverse("features", kwargs={"workspace": demo.key}), client_of("viewer")
    page = viewer.get(address)
    (row,) = page.context["alarms"].shown
    assert row.id == "hardly_used"
    assert row.message in html.unescape(page.content.decode())
    dismiss(demo, row.id, row.subject, "known", by=viewer.member.user)  # type: ignore[attr-defined]  # the fixture says who it is
    assert viewer.get(address).context["alarms"].count == 0
