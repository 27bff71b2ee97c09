"""From the ledger to a decision in a real browser: the week, a line beside the list, what if, a decision, a check."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from serving import serving
from visitor import copy_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from serving import Server
    from visitor import Visitor


def test_from_the_ledger_to_a_decision(small_demo: Path, tmp_path: Path, visit: Callable[..., Visitor]) -> None:
    folder = copy_of(small_demo, tmp_path / "fieldnote")
    with serving(folder, home=tmp_path / "home") as server:
        ada = visit(server.address)
        ada.set_up(server.setup)
        page = ada.page
        page.goto("/")
        my_week_is_folded_and_stays_so(page)
        one_opens_a_line_with_the_keys(page)
        one_asks_what_if(page)
        one_decides(page)
        one_dismisses_a_finding(page)


def my_week_is_folded_and_stays_so(page: Page) -> None:
    expect(page.locator("#week .week-lists")).to_be_visible()
    page.get_by_role("button", name="My week").click()
    expect(page.locator("#week .week-lists")).to_have_count(0)
    expect(page.get_by_role("button", name="My week")).to_be_focused()
    page.reload()
    expect(page.get_by_role("button", name="My week")).to_have_attribute("aria-expanded", "false")


def one_opens_a_line_with_the_keys(page: Page) -> None:
    page.locator("main").focus()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    drawer = page.locator("#drawer")
    expect(drawer.get_by_role("heading", name="Why it stands here")).to_be_visible()
    expect(drawer.get_by_role("heading", name="Evidence")).to_be_visible()
    page.keyboard.press("Escape")
    expect(drawer).to_be_hidden()


def one_asks_what_if(page: Page) -> None:
    """A slider that moves ranks anew, the address says what is asked, and taking it back gives the old order."""
    page.get_by_role("link", name="Bets").click()
    page.get_by_role("link", name="Priorities").click()
    first = order(page)
    slider = page.get_by_label("Budget")
    slider.focus()
    for _ in range(3):
        page.keyboard.press("PageDown")
    expect(page.locator(".says")).to_contain_text("o longer fits")
    expect(page).to_have_url(re.compile(r"budget=\d"))
    expect(page.locator(".says .tag")).to_have_count(0)
    shared = page.url
    page.goto(shared)
    expect(page.locator(".says")).to_contain_text("o longer fits")
    page.get_by_role("link", name="As it is").click()
    expect(page.locator(".says")).to_have_text("")
    assert order(page) == first
    page.get_by_text("More columns").click()
    page.get_by_label("Rank (80 %)").check()
    page.reload()
    expect(page.get_by_role("columnheader", name="Rank (80 %)")).to_be_visible()


def order(page: Page) -> list[str]:
    rows: Locator = page.locator(".ranked tr[id] th")
    return rows.all_inner_texts()


def one_decides(page: Page) -> None:
    page.locator("#line-route_suggestions th a").click()
    page.locator("#drawer").get_by_role("link", name="Decide").click()
    page.get_by_label("fund").check()
    page.get_by_label("The best argument against it").fill("Dispatchers may not trust it.")
    page.get_by_role("button", name="Record the decision").click()
    expect(page.get_by_text("decided anyway")).to_be_visible()
    expect(page.get_by_role("article").first).to_contain_text("Dispatchers may not trust it.")


def one_dismisses_a_finding(page: Page) -> None:
    page.get_by_role("link", name=re.compile("^Checks")).click()
    count = page.locator(".findings li").count()
    first = page.locator(".findings li").first
    first.get_by_text("Dismiss…").click()
    first.get_by_label("Why is this not a problem here?").fill("It is mended next week.")
    first.get_by_role("button", name="Dismiss").click()
    expect(page.get_by_role("heading", name=re.compile("^Dismissed"))).to_be_visible()
    page.get_by_role("button", name="Show it again").click()
    expect(page.get_by_role("heading", name=re.compile("^Dismissed"))).to_have_count(0)
    expect(page.locator(".findings li")).to_have_count(count)


def test_on_a_phone_rows_are_cards_and_nothing_is_wider_than_the_screen(
    server: Server, visit: Callable[..., Visitor]
) -> None:
    visitor = visit(server.address, phone=True, dark=True)
    visitor.sign_in()
    page = visitor.page
    for address in ("ledger/", "ledger/offline_forms/", "priorities/", "review/", "decisions/", "checks/"):
        page.goto(f"/w/fieldnote/{address}")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, address
