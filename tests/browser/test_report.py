from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import pytest
from playwright.sync_api import expect

from report import decided
from vitalfew.report.html import write_html

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> str:
    path: Path = tmp_path_factory.mktemp("report") / "report.html"
    write_html(decided.view(), path)
    return path.as_uri()


def opened(page: Page, address: str, width: int, scheme: Literal["light", "dark"] = "light") -> Page:
    page.set_viewport_size({"width": width, "height": 800})
    page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
    page.goto(address)
    return page


@pytest.mark.parametrize("width", [360, 390, 768, 1024, 1280, 1920])
def test_the_page_never_scrolls_sideways(page: Page, address: str, width: int) -> None:
    opened(page, address, width)
    page.evaluate("document.querySelectorAll('details').forEach(drawer => drawer.open = true)")
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_a_line_opens_to_its_evidence_by_keyboard(page: Page, address: str) -> None:
    opened(page, address, 1280)
    drawer = page.locator("#line-offline")
    assert not drawer.get_by_text("Why it stands here").is_visible()
    drawer.locator("summary").focus()
    page.keyboard.press("Enter")
    assert drawer.get_by_text("Why it stands here").is_visible()
    assert drawer.get_by_role("link", name="Offline forms against before").count() > 0


def test_a_link_to_an_experiment_goes_there(page: Page, address: str) -> None:
    opened(page, address, 1280)
    page.locator("#line-offline > summary").click()
    page.locator("#line-offline a[href='#experiment-offline']").first.click()
    expect(page.locator("#experiment-offline")).to_be_in_viewport()
    assert page.evaluate("location.hash") == "#experiment-offline"


def test_light_and_dark_are_two_palettes(page: Page, address: str) -> None:
    ground = "getComputedStyle(document.body).backgroundColor"
    assert opened(page, address, 1280).evaluate(ground) == "rgb(251, 250, 247)"
    assert opened(page, address, 1280, "dark").evaluate(ground) == "rgb(23, 22, 19)"


def test_on_a_phone_lines_are_cards_with_the_name_of_each_number(page: Page, address: str) -> None:
    opened(page, address, 390)
    line = page.locator("#line-dispatch > summary")
    assert line.get_by_text("Promised", exact=True).is_visible()
    assert not page.locator(".cols").first.is_visible()


def test_headings_stay_while_a_long_ledger_scrolls(page: Page, address: str) -> None:
    opened(page, address, 1280)
    page.evaluate("document.querySelector('#line-assistant').scrollIntoView({block: 'start'})")
    place = page.locator("#shipped .cols").bounding_box()
    assert place is not None
    assert place["y"] == pytest.approx(45, abs=2)


def test_columns_line_up_with_their_headings(page: Page, address: str) -> None:
    opened(page, address, 1280)
    heads = page.evaluate(
        "[...document.querySelectorAll('#shipped .cols > div')].map(x => x.getBoundingClientRect().x)"
    )
    cells = page.evaluate(
        "[...document.querySelectorAll('#line-dispatch > summary > div')].map(x => x.getBoundingClientRect().x)"
    )
    assert heads == pytest.approx(cells, abs=1)


def test_every_picture_is_named_for_those_who_listen(page: Page, address: str) -> None:
    opened(page, address, 1280)
    unnamed = (
        "[...document.querySelectorAll('svg')].filter(x => !x.querySelector(':scope > title')?.textContent).length"
    )
    assert page.evaluate(unnamed) == 0


def test_the_page_prints_on_few_sheets_without_its_bar(page: Page, address: str) -> None:
    opened(page, address, 1280)
    page.emulate_media(media="print")
    assert not page.locator(".top").is_visible()
    assert page.locator("#shipped-title").is_visible()
    assert page.pdf(format="A4").count(b"/Type /Page\n") <= 14
