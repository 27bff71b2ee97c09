"""A run and a filter that somebody chose go with every link, from page to page, until they are dropped."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
from django.urls import resolve

from vitalfew.server.core.context import RAIL
from vitalfew.server.core.models import Member, Workspace

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    type ClientOf = Callable[..., Client]

INSIDE = "/w/fieldnote/"
_LINK = re.compile(r'\b(?:href|hx-get)="([^"]+)"')
_FORM = re.compile(r'<form\b[^>]*method="get".*?</form>', re.DOTALL)
_SHOW_A_RUN = {name for _, pages in RAIL for name, _ in pages} - {"settings", "sessions"}


def _links(page: str, address: str) -> list[str]:
    """Links of a page into the workspace; those that say something of the run themselves are what they are."""
    found = (urljoin(address, unescape(link)) for link in _LINK.findall(page) if not link.startswith("#"))
    return [link for link in found if urlsplit(link).path.startswith(INSIDE)]


def _run_of(address: str) -> str:
    return parse_qs(urlsplit(address).query, keep_blank_values=True).get("run", ["missing"])[0]


def test_a_chosen_run_and_filter_go_with_every_link_of_every_page(demo: Workspace, client_of: ClientOf) -> None:
    client = client_of("admin")
    run, demo.last_run = demo.last_run, ""  # only the address knows of the run
    demo.save()
    waiting, seen, lost = [f"{INSIDE}ledger/?run={run}&team=planning"], set(), []
    while waiting:
        address = waiting.pop()
        name = resolve(urlsplit(address).path).url_name or ""
        if name in seen:
            continue
        seen.add(name)
        answer = client.get(address)
        if not answer.headers["Content-Type"].startswith("text/html") or answer.status_code != 200:
            continue
        page = answer.content.decode()
        if name in _SHOW_A_RUN:
            assert f"<code>{run}</code>" in page, f"{name} shows another run"
        links = _links(page, address)
        lost += [f"{name}: {link}" for link in links if _run_of(link) not in (run, "") or "team=" not in link]
        lost += [f"{name}: a form" for form in _FORM.findall(page) if f'name="run" value="{run}"' not in form]
        waiting += links
    assert not lost
    assert seen >= _SHOW_A_RUN | {"line", "initiative", "experiment", "release", "feature", "metric"}


@pytest.mark.usefixtures("demo")
def test_the_rail_leads_on_with_the_filter_and_a_dropped_one_stays_dropped(client_of: ClientOf) -> None:
    client = client_of("viewer")
    page = client.get(f"{INSIDE}ledger/?team=planning&time=year&q=offline").content.decode()
    boards = [unescape(link) for link in _LINK.findall(page) if link.startswith(f"{INSIDE}board/")]
    assert boards
    assert all(parse_qs(urlsplit(board).query) == {"team": ["planning"], "time": ["year"]} for board in boards)
    all_of_it = next(link for found in _LINK.findall(page) if "team=&" in (link := unescape(found)))
    assert "team=planning" not in client.get(f"{INSIDE}ledger/{all_of_it}").content.decode()


@pytest.mark.usefixtures("demo")
def test_a_link_to_another_workspace_says_nothing_of_this_one(client_of: ClientOf, demo: Workspace) -> None:
    client = client_of("viewer")
    other = Workspace.objects.create(key="other", name="Other", folder=demo.folder)
    Member.objects.create(user=client.member.user, role="viewer", workspace=other)  # type: ignore[attr-defined]  # as the fixture says
    page = client.get(f"{INSIDE}ledger/?team=planning&run={demo.last_run}").content.decode()
    assert 'href="/w/other/ledger/"' in page
