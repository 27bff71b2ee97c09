"""A filter that goes along, a what-if beside the ledger, and the ledger as a picture, in a real browser."""

from __future__ import annotations

import re
import struct
import zlib
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from serving import serving
from visitor import copy_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Page

    from visitor import Visitor

MARGIN, SCALE = 16, 2


def test_a_filter_goes_along_what_if_ranks_anew_and_the_ledger_becomes_a_picture(
    small_demo: Path, tmp_path: Path, visit: Callable[..., Visitor]
) -> None:
    folder = copy_of(small_demo, tmp_path / "fieldnote")
    with serving(folder, home=tmp_path / "home") as server:
        ada = visit(server.address)
        ada.set_up(server.setup)
        page = ada.page
        page.goto("/")
        a_team_chosen_once_is_chosen_on_the_next_page(page)
        what_fits_no_filter_says_what_to_drop(page)
        a_slider_ranks_the_ledger_anew(page)
        the_ledger_is_saved_as_a_picture(page)


def a_team_chosen_once_is_chosen_on_the_next_page(page: Page) -> None:
    page.get_by_label("Team").select_option("planning")
    expect(page).to_have_url(re.compile(r"/ledger/\?team=planning$"))
    expect(page.get_by_label("Team")).to_be_focused()  # whoever uses keys goes on from there
    page.get_by_role("link", name="Evidence").click()
    page.get_by_role("link", name="Releases").click()
    expect(page).to_have_url(re.compile(r"/releases/\?team=planning$"))
    expect(page.get_by_label("Team")).to_have_value("planning")


def what_fits_no_filter_says_what_to_drop(page: Page) -> None:
    page.get_by_label("Words").fill("nothing is called this")
    page.get_by_label("Words").press("Enter")
    expect(page.get_by_text("No release fits these filters.")).to_be_visible()
    page.get_by_role("link", name="Drop words").click()
    expect(page.locator("tbody tr").first).to_be_visible()
    page.get_by_role("link", name="Show all").click()
    expect(page.get_by_label("Team")).to_have_value("")


def a_slider_ranks_the_ledger_anew(page: Page) -> None:
    page.get_by_role("link", name="Ledger").first.click()
    page.get_by_role("link", name="What if").click()
    first = candidates(page)
    slider = page.locator("#what-if input[type=range]").first
    slider.focus()
    page.keyboard.press("Home")
    expect(page.locator("#candidates .moved").first).to_be_visible()
    expect(page).to_have_url(re.compile(r"w\.\w+=0"))
    assert candidates(page) != first
    page.get_by_role("link", name="As it is").click()
    expect(page.locator("#candidates .moved")).to_have_count(0)
    assert candidates(page) == first
    page.get_by_label("Only staged or stronger").check()
    expect(page.get_by_text("left out: the plan is made without")).to_be_visible()
    page.get_by_role("link", name="Close what if").click()
    expect(page.locator("#what-if")).to_have_count(0)


def candidates(page: Page) -> list[str]:
    return page.locator("#candidates [data-row] .title a").all_inner_texts()


def the_ledger_is_saved_as_a_picture(page: Page) -> None:
    with page.expect_download() as saved:
        page.get_by_role("link", name="Image").click()
    assert saved.value.suggested_filename == "ledger.png"
    width, height, shades = looked_at(Path(saved.value.path()))
    assert width == (860 + 2 * MARGIN) * SCALE
    assert height > 1_000
    assert shades > 20  # drawn, not blank


def looked_at(path: Path) -> tuple[int, int, int]:
    """Width and height of a PNG, and how many different bytes its rows hold."""
    content = path.read_bytes()
    assert content[:8] == b"\x89PNG\r\n\x1a\n"
    width, height = struct.unpack(">II", content[16:24])
    at, packed = 8, b""
    while at < len(content):
        (length,) = struct.unpack(">I", content[at : at + 4])
        if content[at + 4 : at + 8] == b"IDAT":
            packed += content[at + 8 : at + 8 + length]
        at += length + 12
    return width, height, len(set(zlib.decompress(packed)))
