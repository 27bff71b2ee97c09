"""Every page in a real browser: nothing on the console, nothing too wide for a phone, nothing axe finds serious."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from axe_core_python.sync_playwright import Axe

from web_pages import PAGES

if TYPE_CHECKING:
    from collections.abc import Callable

    from serving import Server
    from visitor import Visitor

SERIOUS = ("serious", "critical")


@pytest.mark.parametrize("look", ["desktop", "phone in the dark"])
def test_every_page_opens_without_a_complaint(server: Server, visit: Callable[..., Visitor], look: str) -> None:
    someone = visit(server.address, phone=look != "desktop", dark=look != "desktop")
    someone.sign_in()
    for path in PAGES:
        answer = someone.page.goto(f"/w/fieldnote/{path}")
        assert answer is not None
        assert answer.status == 200, path
        wide = someone.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
        assert wide <= 0, f"{path} is {wide} pixels wider than the screen"


def test_axe_finds_nothing_serious_on_any_page(server: Server, visit: Callable[..., Visitor]) -> None:
    someone = visit(server.address)
    someone.sign_in()
    found: list[str] = []
    for path in PAGES:
        someone.page.goto(f"/w/fieldnote/{path}")
        result: dict[str, Any] = Axe().run(someone.page)
        found += [
            f"{path}: {rule['id']}: {node['html'][:120]}"
            for rule in result["violations"]
            if rule["impact"] in SERIOUS
            for node in rule["nodes"][:2]
        ]
    assert not found, "\n".join(found)
