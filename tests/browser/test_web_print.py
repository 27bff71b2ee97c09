"""Pages on paper: nothing is cut, and what is there to click is left out."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from web_pages import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving import Server
    from visitor import Visitor

PAPER = 688  # pixels of an A4 page between its margins
MOST = 1.2 * PAPER  # what is wider a browser shrinks; by more than a sixth it would be hard to read
CUT = """() => [...document.querySelectorAll("main *")]
    .filter((one) => one.getClientRects().length && !one.closest("svg *, .hidden") && one.clientWidth > 0)
    .filter((one) => getComputedStyle(one).overflowX !== "visible" && one.scrollWidth > one.clientWidth + 2)
    .map((one) => one.outerHTML.slice(0, 80))"""
WIDEST = """() => Math.max(...[...document.querySelectorAll("main *")]
    .filter((one) => one.getClientRects().length && !one.closest("svg *"))
    .map((one) => one.getBoundingClientRect().right))"""


def test_on_paper_no_page_is_cut_or_too_wide(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    page = someone.page
    page.set_viewport_size({"width": PAPER, "height": 1_000})
    page.emulate_media(media="print")
    for path in PAGES:
        page.goto(f"/w/fieldnote/{path}")
        someone.settle()
        assert page.evaluate(CUT) == [], path
        assert page.evaluate(WIDEST) <= MOST, path


def test_a_printed_board_shows_every_column_and_nothing_to_click(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    page = someone.page
    page.goto("/w/fieldnote/board/")
    page.set_viewport_size({"width": PAPER, "height": 1_000})
    page.emulate_media(media="print")
    boxes = [box for lane in page.locator(".lane").all() if (box := lane.bounding_box())]
    assert len(boxes) == 6
    assert all(after["y"] >= before["y"] + before["height"] for before, after in pairwise(boxes))
    for kind in (".bar", ".rail", ".filters", "main .button"):
        for one in page.locator(kind).all():
            expect(one).to_be_hidden()
