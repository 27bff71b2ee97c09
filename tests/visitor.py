"""Somebody at a browser, and a folder to serve to them."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from axe_core_python.sync_playwright import Axe

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, BrowserContext, Page, Route

PASSWORD = "a long enough secret"  # noqa: S105 - of people who exist in tests only
ADMIN = "ada@example.org"


def copy_of(demo: Path, into: Path) -> Path:
    """A copy of a workspace folder, so that a server has one of its own."""
    shutil.copytree(demo, into, ignore=shutil.ignore_patterns("server"))
    return into


SERIOUS = ("serious", "critical")


def serious(page: Page) -> list[str]:
    """What axe finds serious on a page, or worse. Of what is fine it tells no elements: thousands on a page."""
    return [
        f"{page.url}: {rule['id']}: {node['html'][:120]}"
        for rule in Axe().run(page, options={"resultTypes": ["violations"]})["violations"]
        if rule["impact"] in SERIOUS
        for node in rule["nodes"][:2]
    ]


def too_wide(page: Page) -> int:
    """By how many pixels a page is wider than the screen."""
    wide: int = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    return wide


class Visitor:
    """Somebody at a browser of their own. Errors on the console, scripts that fail and requests elsewhere are kept."""

    def __init__(self, browser: Browser, base: str, *, phone: bool = False, dark: bool = False) -> None:
        size = {"width": 390, "height": 844} if phone else {"width": 1360, "height": 900}
        scheme = "dark" if dark else "light"
        self.base = base
        self.complaints: list[str] = []
        self.context: BrowserContext = browser.new_context(viewport=size, color_scheme=scheme, base_url=base)  # type: ignore[arg-type]  # sizes by name
        self.context.set_default_timeout(15_000)
        self.page: Page = self.context.new_page()
        self.page.route("**/*", self._guard)
        self.page.on("console", lambda said: self._complain(said.text) if said.type == "error" else None)
        self.page.on("pageerror", lambda error: self._complain(str(error)))

    def _guard(self, route: Route) -> None:
        if route.request.url.startswith((self.base, "data:", "blob:")):
            route.continue_()
        else:
            self._complain(f"asked the network for {route.request.url}")
            route.abort()

    def _complain(self, text: str) -> None:
        self.complaints.append(f"{self.page.url}: {text}")

    def sign_in(self, email: str = ADMIN, password: str = PASSWORD) -> None:
        """Sign in by the form."""
        self.page.goto("/accounts/login/")
        self.page.get_by_label("E-mail").fill(email)
        self.page.get_by_label("Password").fill(password)
        self.page.get_by_role("button", name="Sign in").click()
        self.page.wait_for_url("**/ledger/**")

    def set_up(self, link: str) -> None:
        """Become the first admin by the link the server printed."""
        self.page.goto(link)
        self.page.get_by_label("Name").fill("Ada Byron")
        self.page.get_by_label("E-mail").fill(ADMIN)
        for field in self.page.get_by_label("Password").all():
            field.fill(PASSWORD)
        self.page.locator("main form button").last.click()
        self.page.wait_for_load_state()

    def settle(self) -> None:
        """Wait until a worker has done what a page waits for, which then loads anew by itself."""
        self.page.wait_for_selector("#job", state="detached", timeout=120_000)
        self.page.wait_for_load_state()

    def leave(self) -> None:
        """Go from a server before it stops: what a page still asks for is no complaint then."""
        self.page.goto("about:blank")

    def close(self) -> None:
        """Leave; whatever the browser complained of fails the test."""
        self.context.close()
        assert not self.complaints, "\n".join(self.complaints)
