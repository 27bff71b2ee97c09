"""Evidence in a real browser: finding a metric, walking the value tree by keys, its card, the keys that help."""

from __future__ import annotations

from typing import TYPE_CHECKING

from axe_core_python.sync_playwright import Axe
from playwright.sync_api import expect

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from serving import Server
    from visitor import Visitor

NUMBERS = {
    "experiments/bulk_assign/": "td a.opens",
    "metrics/planning_minutes/": "td a.opens",
    "review/": "td a.opens",
    "value/model/": ".weight a.opens",
    "tree/": "svg a.opens",
    "links/": "td a.opens",
    "features/assistant/": "td a.opens",
}
"""Where numbers stand, and how one of them is found."""


def test_from_the_search_to_what_moves_a_metric(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    page = someone.page
    one_finds_a_metric_in_spite_of_a_slip(page)
    one_walks_the_tree_by_keys(page)
    one_reads_the_keys(page)
    a_feature_is_filtered_without_a_button(page)


def test_numbers_open_their_definition_data_and_method(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    page, drawer = someone.page, someone.page.locator("#drawer")
    for address, number in NUMBERS.items():
        page.goto(f"/w/fieldnote/{address}")
        page.locator(number).first.click()
        for part in ("Definition", "Data", "Method"):
            expect(drawer.get_by_role("heading", name=part, exact=True)).to_be_visible()
        page.keyboard.press("Escape")
        expect(drawer).to_be_hidden()
    drawer_of_a_row_opens_by_a_click_on_any_of_its_numbers(page)


def drawer_of_a_row_opens_by_a_click_on_any_of_its_numbers(page: Page) -> None:
    page.goto("/w/fieldnote/priorities/")
    page.locator("tr[data-row] td.num").nth(1).click()
    expect(page.locator("#drawer").get_by_role("heading", name="Why it stands here")).to_be_visible()


def test_the_tree_is_a_list_on_a_phone(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address, phone=True)
    someone.sign_in()
    someone.page.goto("/w/fieldnote/tree/")
    expect(someone.page.locator("svg.value-tree")).to_be_hidden()
    expect(someone.page.locator(".tree-list")).to_contain_text("Jobs completed +0.071 seats")


def one_finds_a_metric_in_spite_of_a_slip(page: Page) -> None:
    page.keyboard.press("Control+k")
    page.get_by_label("Search or jump").last.fill("minuts to plan")
    expect(page.locator("#find [role=option]").first).to_contain_text("Minutes to plan a day")
    found = [one["id"] for one in Axe().run(page)["violations"] if one["impact"] in ("serious", "critical")]
    assert not found, found
    page.keyboard.press("Escape")
    expect(page.locator("#find")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(page.locator("#find [role=option]").first).to_contain_text("Minutes to plan a day")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text("Minutes to plan a day")
    expect(page.get_by_role("heading", name="Who moves it")).to_be_visible()


def one_walks_the_tree_by_keys(page: Page) -> None:
    """Right leads to what moves a metric, Enter opens its card, a space folds what leads to it away."""
    page.goto("/w/fieldnote/tree/")
    page.locator("[data-node='metric:seats_added']").focus()
    page.keyboard.press("ArrowRight")
    focused = "document.activeElement.dataset.node"
    assert page.evaluate(focused) == "metric:jobs_completed"
    page.keyboard.press("Enter")
    card = page.locator("#drawer")
    expect(card.get_by_role("heading", name="What this moves")).to_be_visible()
    page.keyboard.press("Escape")
    wide = "document.querySelector('svg.value-tree').getBoundingClientRect().width"
    before = page.evaluate(wide)
    page.locator("[data-node='metric:jobs_completed']").focus()
    page.keyboard.press("+")
    assert page.evaluate(wide) > before
    page.keyboard.press(" ")
    expect(page.locator("[data-node='more:jobs_completed']")).to_be_hidden()
    page.keyboard.press(" ")
    expect(page.locator("[data-node='more:jobs_completed']")).to_be_visible()


def one_reads_the_keys(page: Page) -> None:
    page.locator("main").focus()
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")


def a_feature_is_filtered_without_a_button(page: Page) -> None:
    page.goto("/w/fieldnote/features/")
    page.get_by_label("Use").select_option("hardly used")
    page.wait_for_url("**state=hardly*")
    expect(page.get_by_role("link", name="Export wizard")).to_be_visible()
    expect(page.get_by_role("link", name="Job list")).to_have_count(0)
