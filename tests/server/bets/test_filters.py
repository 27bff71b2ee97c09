"""One filter for every list: by product, team, segment, time, state and words."""

from __future__ import annotations

import csv
import io
import re
from datetime import date
from html import unescape
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.server.core.filters import TIMES, Filter, quarter_of, span
from vitalfew.server.core.models import Definition
from vitalfew.server.core.services.definitions import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

DAY = date(2026, 11, 22)
DAYS = st.dates(date(1901, 1, 1), date(2998, 12, 31))
PAGES = ("ledger", "board", "experiments", "releases", "features", "review", "priorities")


@given(DAYS)
def test_a_day_lies_in_its_quarter_and_in_no_other(day: date) -> None:
    first, last = span(quarter_of(day), DAY)
    assert first <= day <= last
    assert quarter_of(first) == quarter_of(last) == quarter_of(day)
    assert (last - first).days in range(89, 92)


@given(DAYS)
def test_the_last_year_and_earlier_share_no_day(day: date) -> None:
    assert Filter(day, time="year").dated(day)
    assert not (Filter(DAY, time="year").dated(day) and Filter(DAY, time="earlier").dated(day))
    assert all(not Filter(DAY, time=time).dated(None) for time in TIMES)


def _rows(client: Client, address: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(address).content.decode())))


def _products(workspace: Workspace) -> None:
    """The games are an app, the tools a site; the gate belongs to the site although its team is the games'."""
    for key in ("app", "site"):
        save(workspace, "products", key, {}, by=None, version=0)
    for kind, key, product in (("teams", "games", "app"), ("teams", "tools", "site"), ("initiatives", "gate", "site")):
        found = Definition.objects.get(workspace=workspace, kind=kind, key=key)
        save(workspace, kind, key, {**found.body, "product": product}, by=None, version=found.version)


def test_bets_and_features_are_filtered_by_their_product_or_that_of_their_team(
    workspace: Workspace, client_of: ClientOf
) -> None:
    _products(workspace)
    client = client_of("viewer")
    board = "/w/playground/board/?format=csv"
    assert {row["bet"]: row["product"] for row in _rows(client, board)} == {"gate": "site", "tools": "site"}
    assert [row["bet"] for row in _rows(client, f"{board}&product=site&team=games")] == ["gate"]
    assert _rows(client, f"{board}&product=app") == []
    assert [row["feature"] for row in _rows(client, "/w/playground/features/?format=csv&product=app")] == ["lobby"]
    page = client.get("/w/playground/board/").content.decode()
    assert '<select name="product">' not in page  # all that is on this page is of one product
    assert '<option value="games">Games</option>' in page


def test_where_nothing_fits_the_page_says_which_filter_to_drop(workspace: Workspace, client_of: ClientOf) -> None:
    _products(workspace)
    client = client_of("viewer")
    page = client.get("/w/playground/board/?product=app&q=gate").content.decode()
    assert "No bet fits these filters." in page
    drops = dict(re.findall(r'<a class="button(?: primary)?" href="(\?[^"]*)">Drop ([^<]*)</a>', page))
    assert list(drops.values()) == ["product: app (1 fits then)", "words: “gate”"]
    without = client.get(f"/w/playground/board/{unescape(next(iter(drops)))}").content.decode()
    assert "Move the gate" in without


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("page", PAGES)
def test_every_list_takes_the_filter_of_another_and_none_breaks_on_what_means_nothing_to_it(
    page: str, client_of: ClientOf
) -> None:
    client = client_of("viewer")
    whole = client.get(f"/w/fieldnote/{page}/").content.decode()
    assert '<form class="filters"' in whole
    for query in ("team=planning", "team=nobody", "time=2026-Q2", "segment=small_firms", "time=1066-Q7&state=odd"):
        assert client.get(f"/w/fieldnote/{page}/?{query}").status_code == 200
    shown = client.get(f"/w/fieldnote/{page}/?team=planning").content.decode()
    assert '<option value="planning" selected>' in shown


@pytest.mark.usefixtures("demo")
def test_use_of_a_segment_is_that_of_its_eligible(client_of: ClientOf, run: object) -> None:
    client = client_of("viewer")
    use = [row for row in run.tables.use if row.main and row.segment and row.users]  # type: ignore[attr-defined]  # the results of the demo
    rows = {row["feature"]: row for row in _rows(client, f"/w/fieldnote/features/?format=csv&segment={use[0].segment}")}
    assert rows[use[0].feature]["users"] == str(use[0].users)


@pytest.mark.usefixtures("demo")
def test_releases_are_filtered_by_when_they_came_out(client_of: ClientOf) -> None:
    client = client_of("viewer")
    days = [row["date"] for row in _rows(client, "/w/fieldnote/releases/?format=csv")]
    quarter = quarter_of(date.fromisoformat(days[0]))
    found = {row["date"] for row in _rows(client, f"/w/fieldnote/releases/?format=csv&time={quarter}")}
    assert found == {day for day in days if quarter_of(date.fromisoformat(day)) == quarter}


@pytest.mark.usefixtures("demo")
def test_a_list_says_which_filters_it_does_not_use_and_drops_them(client_of: ClientOf) -> None:
    client, says = client_of("viewer"), "Not used on this page"
    page = unescape(client.get("/w/fieldnote/metrics/?team=planning&time=2026-Q4").content.decode())
    assert f"{says}, and kept for those that use them: team “Planning and dispatch” and time “Q4 2026”." in page
    assert 'href="?team=&time="' in page
    assert says not in client.get("/w/fieldnote/metrics/?team=&time=").content.decode()
    uses = unescape(client.get("/w/fieldnote/releases/?team=planning&segment=small_firms").content.decode())
    assert f"{says}, and kept for those that use it: segment “" in uses, "its team it says by its own field"
    one = client.get("/w/fieldnote/metrics/jobs_completed/?team=planning").content.decode()
    assert says not in one, "a page about one thing is not taken for a list"
