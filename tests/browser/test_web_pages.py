"""Every page in a real browser: nothing on the console, nothing too wide for a phone, nothing axe finds serious."""

from __future__ import annotations

import re
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


@pytest.mark.parametrize("look", ["desktop", "phone in the dark"])
def test_every_page_opens_without_a_complaint(server: Server, visit: Callable[..., Visitor], look: str) -> None:
    someone = visit(server.address, phone=look != "desktop", dark=look != "desktop")
    someone.sign_in()
    for path in PAGES:
        answer = someone.page.goto(f"{HERE}{path}")
        assert answer is not None
        assert answer.status == 200, path
        assert too_wide(someone.page) <= 0, path


def test_axe_finds_nothing_serious_on_any_page(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    found: list[str] = []
    for path in PAGES:
        someone.page.goto(f"{HERE}{path}")
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
