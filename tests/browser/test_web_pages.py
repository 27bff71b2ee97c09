"""Every page in a real browser: nothing on the console, nothing too wide for a phone, nothing axe finds serious."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest

from serving import serving
from visitor import copy_of, serious, too_wide
from web_pages import EDITS, PAGES

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from serving import Server
    from visitor import Visitor

HERE = "/w/fieldnote/"
WIDTHS = (320, 640, 1000, 1280)
"""In pixels; the first is a screen of 1280 at a zoom of 400 % (WCAG 1.4.10), the last a laptop."""
CUT = "[...document.querySelectorAll('.scroll:has(> table)')].some(one => one.scrollWidth > one.clientWidth + 1)"
"""Whether a table has to be scrolled to be read."""
LEVELS = (
    "[...document.querySelectorAll('h1, h2, h3, h4, h5')].filter(one => one.offsetParent).map(one => +one.tagName[1])"
)
"""The levels of the headings of a page, in their order."""
SEEN = """(() => {
  const at = document.activeElement, box = at.getBoundingClientRect(), style = getComputedStyle(at);
  const ring = parseFloat(style.outlineWidth) > 0 && style.outlineStyle !== "none" || at.matches(".t-node");
  return at === document.body || ring && box.width > 0 && box.bottom > 0 && box.top < innerHeight;
})()"""
"""Whether what has the focus is on the screen, with a ring around it; nodes of the tree thicken their own border."""


@pytest.mark.parametrize("look", ["desktop", "phone in the dark"])
def test_every_page_opens_without_a_complaint(server: Server, visit: Callable[..., Visitor], look: str) -> None:
    someone = visit(server.address, phone=look != "desktop", dark=look != "desktop")
    someone.sign_in()
    for path in PAGES:
        answer = someone.page.goto(f"{HERE}{path}")
        assert answer is not None
        assert answer.status == 200, path
        someone.settle()
        assert too_wide(someone.page) <= 0, path


def test_no_page_is_wider_than_a_narrow_screen_or_a_page_that_is_zoomed(
    server: Server, visit: Callable[..., Visitor]
) -> None:
    someone = visit(server.address)
    someone.context.set_default_timeout(60_000)  # the first to ask for a plan waits until it is computed
    someone.sign_in()
    for path in PAGES:
        someone.page.goto(f"{HERE}{path}")
        someone.settle()
        for width in WIDTHS:
            someone.page.set_viewport_size({"width": width, "height": 800})
            assert too_wide(someone.page) <= 0, f"{path} at {width} pixels"
        assert not someone.page.evaluate(CUT), f"{path}: a table is cut on a laptop"


def test_pictures_take_the_colours_that_a_reader_forces(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    someone.page.emulate_media(color_scheme="dark", forced_colors="active")
    someone.page.goto(f"{HERE}ledger/")
    ground, text = (f"getComputedStyle(document.body).{name}" for name in ("backgroundColor", "color"))
    drawn = "getComputedStyle(document.querySelector('.lines .g-dot')).fill"
    assert someone.page.evaluate(drawn) == someone.page.evaluate(text) != someone.page.evaluate(ground)


def test_headings_follow_one_another_and_every_focus_is_seen(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    for path in PAGES:
        someone.page.goto(f"{HERE}{path}")
        someone.settle()
        levels = someone.page.evaluate(LEVELS)
        assert levels[0] == 1, path
        assert all(after <= before + 1 for before, after in pairwise(levels)), f"{path}: {levels}"
    someone.page.emulate_media(reduced_motion="reduce")
    for path in ("ledger/", "board/", "tree/", "experiments/customer_search/"):
        someone.page.goto(f"{HERE}{path}")
        someone.settle()
        for _ in range(60):
            someone.page.keyboard.press("Tab")
            assert someone.page.evaluate(SEEN), f"{path}: {someone.page.evaluate('document.activeElement.outerHTML')}"


def test_axe_finds_nothing_serious_on_any_page(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    found: list[str] = []
    for path in PAGES:
        someone.page.goto(f"{HERE}{path}")
        someone.settle()
        found += serious(someone.page)
    assert not found, "\n".join(found)


def test_forms_that_change_what_is_there_and_a_session_are_sound_too(
    small_demo: Path, tmp_path: Path, visit: Callable[..., Visitor]
) -> None:
    with serving(copy_of(small_demo, tmp_path / "fieldnote"), home=tmp_path / "home") as server:
        ada, phone = visit(server.address), visit(server.address, phone=True, dark=True)
        ada.set_up(server.setup)
        phone.sign_in()
        _all_owned_by_the_server(ada.page)
        found: list[str] = []
        for path in (*_of_a_session(ada.page), *EDITS):
            for someone in (ada, phone):
                answer = someone.page.goto(f"{HERE}{path}")
                assert answer is not None
                assert answer.status == 200, path
                assert not path.endswith("edit/") or someone.page.locator("main form").count(), f"{path} shows no form"
                found += serious(someone.page)
            assert too_wide(phone.page) <= 0, path
        assert not found, "\n".join(found)


def _all_owned_by_the_server(page: Page) -> None:
    """Give every kind of definitions to the server, so that its forms are there."""
    page.goto(f"{HERE}settings/owners/")
    for link in [one.get_attribute("href") for one in page.get_by_role("link", name="Edit here instead").all()]:
        page.goto(str(link))
        page.locator("main form button.primary").click()
        page.wait_for_url("**/settings/owners/")


def _of_a_session(page: Page) -> tuple[str, ...]:
    """Open a session; its pages."""
    page.goto(f"{HERE}sessions/new/")
    page.locator("[name=title]").fill("Autumn")
    page.get_by_role("button", name="Open the session").click()
    page.goto(f"{HERE}sessions/")
    address = page.get_by_role("link", name="Autumn").first.get_attribute("href")
    key = re.sub(r".*/sessions/([^/]+)/.*", r"\1", str(address))
    return f"sessions/{key}/", f"sessions/{key}/projector/"
