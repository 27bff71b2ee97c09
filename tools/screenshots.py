"""Takes pictures of every page: desktop and phone, light and dark, into screenshots/ (kept out of git).

Run it after a change of pages, from the root of the checkout: `make screenshots`, or with parts of names to take only
those pictures: `.venv/bin/python tools/screenshots.py ledger tree`. Which pages there are says tests/web_pages.py, and
a test holds that list against the addresses of the server.
"""

from __future__ import annotations

import re
import shutil
import sys
import tempfile
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from playwright.sync_api import sync_playwright

from serving import serving
from visitor import Visitor
from vitalfew.pipeline import run
from vitalfew.simulate import demo
from vitalfew.workspace import load
from web_pages import EDITS, FORMS, PAGES, SIGNED_IN, SIGNED_OUT

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page, ViewportSize

    from serving import Server

INTO = Path(__file__).parents[1] / "screenshots"
HERE = "/w/fieldnote/"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
PATIENCE = 120_000  # milliseconds: pictures may be taken while the machine works on something else
RATERS = ("Ben", "Cleo", "Dev", "Eve", "Finn")
"""Five, as fewer are shown nothing of each other."""
SIZES: dict[str, ViewportSize] = {"desktop": {"width": 1280, "height": 900}, "phone": {"width": 390, "height": 844}}


@dataclass(frozen=True, slots=True)
class Camera:
    """Takes pictures of pages whose names hold one of the wanted words; of all when none is wanted."""

    wanted: tuple[str, ...]

    def visit(self, page: Page, paths: tuple[str, ...], below: str = "/") -> None:
        """Go to each address and take its pictures."""
        for path in paths:
            name = re.sub(r"[^a-z0-9_]+", "-", path).strip("-")
            if self._wants(name):
                page.goto(below + path)
                self.take(page, name)

    def take(self, page: Page, name: str) -> None:
        """Four pictures of the page as it stands: it is opened once, as its looks are a matter of styles alone."""
        if not self._wants(name):
            return
        page.evaluate("window.scrollTo({top: 0, behavior: 'instant'})")  # an address may name a place further down
        for size, pixels in SIZES.items():
            page.set_viewport_size(pixels)
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
                page.screenshot(path=INTO / f"{name}-{size}-{scheme}.png", full_page=True)
        page.set_viewport_size(SIZES["desktop"])
        print(name, flush=True)

    def _wants(self, name: str) -> bool:
        return not self.wanted or any(word in name for word in self.wanted)


def main(wanted: list[str]) -> None:
    """Serve the demo, and walk through it: what is there to see, to change, to do together, and before the door."""
    INTO.mkdir(exist_ok=True)
    camera = Camera(tuple(word.strip("/").replace("/", "-") for word in wanted))
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "fieldnote"
        demo(folder)
        run(load(folder))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with serving(folder, home=Path(place)) as server:
            with _somebody(browser, server) as page:
                page.goto(server.setup)
                camera.take(page, "setup")
            _pictures(camera, browser, server)
        browser.close()


def _pictures(camera: Camera, browser: Browser, server: Server) -> None:
    first = Visitor(browser, server.address)
    first.context.set_default_timeout(PATIENCE)
    first.set_up(server.setup)
    ada = first.page
    camera.visit(ada, PAGES, HERE)
    camera.visit(ada, SIGNED_IN)
    with _somebody(browser, server) as page:
        camera.visit(page, SIGNED_OUT)
    _own_everything(ada)
    camera.visit(ada, (*FORMS, *EDITS), HERE)
    _by_link(camera, browser, server, ada)
    _session(camera, browser, server, ada)


@contextmanager
def _somebody(browser: Browser, server: Server) -> Iterator[Page]:
    """A browser of somebody without an account."""
    context = browser.new_context(base_url=server.address, viewport=SIZES["desktop"])
    context.set_default_timeout(PATIENCE)
    yield context.new_page()
    context.close()


def _own_everything(page: Page) -> None:
    """Give every kind of definitions to the server, so that its forms are there."""
    page.goto(f"{HERE}settings/owners/")
    for link in [one.get_attribute("href") for one in page.get_by_role("link", name="Edit here instead").all()]:
        page.goto(str(link))
        page.locator("main form button.primary").click()
        page.wait_for_url("**/settings/owners/")


def _by_link(camera: Camera, browser: Browser, server: Server, ada: Page) -> None:
    """What people without an account are asked: a forecast, and the pulse."""
    asking = {
        "forecast": "board/hypothesis/route_suggestions_minutes/ask/",
        "pulse": "value/model/pulse/",
    }
    for name, path in asking.items():
        ada.goto(HERE + path)
        ada.locator("[name=people]").fill("Ben")
        ada.get_by_role("button", name="Make links").click()
        field = ada.locator("table.links input").first
        link = field.input_value()
        camera.take(ada, f"{name}-links")
        with _somebody(browser, server) as page:
            page.goto(link)
            camera.take(page, f"{name}-begin")
            page.locator("main form button").first.click()
            page.wait_for_url(f"**/{name}/")
            camera.take(page, f"{name}-by-link")


def _session(camera: Camera, browser: Browser, server: Server, ada: Page) -> None:
    """A value session from its frame to signing off: who runs it, the projector, and those who rate."""
    ada.goto(f"{HERE}sessions/new/")
    ada.locator("[name=title]").fill("Autumn")
    ada.locator("[name=people]").fill("\n".join(RATERS))
    ada.get_by_role("button", name="Open the session").click()
    links = [field.input_value() for field in ada.locator("input.address").all()]
    camera.take(ada, "session-links")
    ada.get_by_role("link", name="Done, to the session").click()
    ada.wait_for_url("**/sessions/**")
    with _somebody(browser, server) as ben:
        ben.goto(links[0])
        camera.take(ben, "rate-begin")
        ben.get_by_role("button", name="Begin").click()
        ben.wait_for_url("**/rate/")
        camera.take(ada, "session-frame")
        camera.take(ben, "rate-wait")
        for step in ("On to the measures", "On to pruning", "Let everybody weigh"):
            _step(camera, ada, step, "session-" + step.rsplit(maxsplit=1)[-1])
        _rate(camera, ben, 90)
        for at, link in enumerate(links[1:]):
            with _somebody(browser, server) as other:
                other.goto(link)
                other.get_by_role("button", name="Begin").click()
                _rate(Camera(("nothing",)), other, 80 - 20 * at)
        _step(camera, ada, "Reveal the weights", "session-reveal")
        ben.goto("/rate/")
        camera.take(ben, "rate-reveal")
        _step(camera, ada, "On to signing off", "session-sign")
        ben.goto("/rate/")
        camera.take(ben, "rate-sign")
    ada.goto(ada.url.partition("#")[0].rstrip("/") + "/projector/")
    camera.take(ada, "session-projector")


def _step(camera: Camera, page: Page, button: str, name: str) -> None:
    """Take a session one step on."""
    page.get_by_role("button", name=button).click()
    page.get_by_role("button", name=button).wait_for(state="detached")
    camera.take(page, name)


def _rate(camera: Camera, page: Page, points: int) -> None:
    """Weigh by a personal link, from the first question until it is handed in."""
    page.goto("/rate/")
    camera.take(page, "rate-first")
    page.locator("main form button").first.click()
    page.locator("#points").wait_for()
    camera.take(page, "rate-factor")
    while page.locator("#points").count():
        page.locator("#points").fill(str(points))
        page.get_by_role("button", name="Next").click()
        page.locator("#points, button:text('Hand in')").first.wait_for()
    camera.take(page, "rate-review")
    page.get_by_role("button", name="Hand in").click()
    page.get_by_role("heading", name="Handed in").wait_for()
    camera.take(page, "rate-done")


if __name__ == "__main__":
    main(sys.argv[1:])
