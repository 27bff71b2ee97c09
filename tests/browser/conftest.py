"""A real browser with no network, in which any complaint on the console fails the test."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import sync_playwright

from conftest import missing
from serving import Server, serving
from visitor import Visitor, copy_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from playwright.sync_api import Browser, Page, Route

FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-dev-shm-usage"]


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark every test of this folder, so that none is forgotten."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker("browser")


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    executable = shutil.which("chromium")
    if executable is None:
        missing("browser tests: no 'chromium' on PATH")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=executable, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """An empty page. Console errors, script errors and requests that leave the machine fail the test at its end."""
    complaints: list[str] = []

    def guard(route: Route) -> None:
        if route.request.url.startswith(("file:", "data:", "about:")):
            route.continue_()
        else:
            complaints.append(f"asked the network for {route.request.url}")
            route.abort()

    page = browser.new_page()
    page.route("**/*", guard)
    page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    yield page
    page.close()
    assert not complaints, "\n".join(complaints)


@pytest.fixture(scope="session")
def small_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the small demo product, run once; servers get copies."""
    from vitalfew.pipeline import run
    from vitalfew.simulate import demo
    from vitalfew.workspace import load

    folder = tmp_path_factory.mktemp("demo") / "fieldnote"
    demo(folder, size="small")
    run(load(folder))
    return folder


@pytest.fixture(scope="session")
def server(small_demo: Path, tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> Iterator[Server]:
    """A real server of the demo's folder, shared by tests that only look; its first admin is Ada."""
    folder = copy_of(small_demo, tmp_path_factory.mktemp("served") / "fieldnote")
    with serving(folder, home=tmp_path_factory.mktemp("home")) as running:
        first = Visitor(browser, running.address)
        first.set_up(running.setup)
        first.close()
        yield running


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Let somebody visit a server: `visit(server.address, phone=True)`. Complaints of their browser fail the test."""
    visitors: list[Visitor] = []

    def come(base: str, *, phone: bool = False, dark: bool = False) -> Visitor:
        visitors.append(Visitor(browser, base, phone=phone, dark=dark))
        return visitors[-1]

    yield come
    for visitor in visitors:
        visitor.close()
