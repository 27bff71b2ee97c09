"""Every number opens its definition, its data and its method."""

from __future__ import annotations

import re
from html import unescape
from typing import TYPE_CHECKING

import pytest

from vitalfew.report.number_sheet import PARTS
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

DEMO = "/w/fieldnote"
PAGES = (
    "review/",
    "metrics/planning_minutes/",
    "experiments/bulk_assign/",
    "value/model/",
    "tree/",
    "links/",
    "ledger/bulk_assign/",
    "features/assistant/",
    "priorities/",
)
_OPENS = re.compile(r'<a[^>]*href="([^"]+)"[^>]*class="opens"|<a class="opens" href="([^"]+)"')


def _opened(text: str) -> list[str]:
    return [unescape(one or other) for one, other in _OPENS.findall(text)]


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("page", PAGES)
def test_numbers_of_a_page_lead_to_what_is_behind_them(client_of: Callable[..., Client], page: str) -> None:
    client = client_of("viewer")
    found = [one for one in _opened(client.get(f"{DEMO}/{page}").content.decode()) if "/numbers/" in one]
    assert found, "no number of the page opens"
    for address in dict.fromkeys(found[:5]):
        text = client.get(address).content.decode()
        assert all(f"<h2>{part}</h2>" in text for part in ("Definition", "Data", "Method")), address


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize(
    ("page", "part"),
    [
        ("review/", "calibration"),
        ("ledger/bulk_assign/", "group_values"),
        ("priorities/", "plans"),
        ("priorities/", "information"),
        ("value/model/", "vital_factors"),
        ("value/model/", "group_values"),
        ("value/model/", "say_do"),
        ("experiments/bulk_assign/", "health"),
    ],
)
def test_what_a_page_concludes_leads_to_its_row(client_of: Callable[..., Client], page: str, part: str) -> None:
    found = _opened(client_of("viewer").get(f"{DEMO}/{page}").content.decode())
    assert any(f"/numbers/{part}/" in one for one in found)


@pytest.mark.usefixtures("demo")
def test_the_picture_of_customers_and_business_opens_its_numbers(client_of: Callable[..., Client]) -> None:
    page = client_of("viewer").get(f"{DEMO}/value/model/").content.decode()
    shown = page.partition("<h3>Customers and business</h3>")[2].partition("</figure>")
    for part in (shown[0], shown[2].partition("</table>")[0]):
        assert any("/numbers/group_values/" in one for one in _opened(part))


def test_a_number_and_its_figures_are_those_of_the_run(demo: Workspace, client_of: Callable[..., Client]) -> None:
    run = open_run(demo)
    assert run is not None
    place, row = next(
        (place, row)
        for place, row in enumerate(run.tables.effects, start=1)
        if row.experiment == "bulk_assign" and row.segment is None and row.estimate is not None
    )
    address = run.view.page_behind(row)
    assert address == f"{DEMO}/numbers/effects/{place}/?run={run.info.id}"
    text = unescape(client_of("viewer").get(address).content.decode())
    assert str(row.estimate) in text
    assert str(row.se) in text
    assert all(f"{n:,}" in text for n in row.n.values())
    assert run.info.id in text
    assert "a randomised comparison" in text


def test_every_kind_of_number_has_a_sheet(demo: Workspace, client_of: Callable[..., Client]) -> None:
    run, client = open_run(demo), client_of("viewer")
    assert run is not None
    for part in PARTS:
        rows = getattr(run.tables, part)
        opened = [address for row in rows if (address := run.view.page_behind(row))]
        if rows:
            assert opened, part
            assert client.get(opened[0]).status_code == 200, part


def test_a_forecast_that_is_still_blind_opens_nothing(demo: Workspace, client_of: Callable[..., Client]) -> None:
    run = open_run(demo)
    assert run is not None
    blind = [place for place, row in enumerate(run.tables.promises, start=1) if row.locked_at is None]
    assert blind, "the demo has open hypotheses"
    client = client_of("admin")
    for place in blind:
        assert run.view.page_behind(run.tables.promises[place - 1]) is None
        assert client.get(f"{DEMO}/numbers/promises/{place}/").status_code == 404


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("place", ["effects/0/", "effects/99999999/", "moments/1/", "nothing/1/"])
def test_what_is_no_number_is_not_found(client_of: Callable[..., Client], place: str) -> None:
    assert client_of("viewer").get(f"{DEMO}/numbers/{place}").status_code == 404


@pytest.mark.usefixtures("demo")
def test_beside_a_page_the_sheet_is_a_part_alone(client_of: Callable[..., Client]) -> None:
    text = client_of("viewer").get(f"{DEMO}/numbers/effects/1/", headers={"HX-Request": "true"}).content.decode()
    assert "<html" not in text
    assert "Open as a page" in text
