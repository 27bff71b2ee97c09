"""Takes pictures of every page: desktop and phone, light and dark, into screenshots/ (kept out of git).

Run it after a change of pages, from the root of the checkout: `make screenshots`, or with names of pages to take only
those: `.venv/bin/python tools/screenshots.py ledger/ tree/`.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from playwright.sync_api import sync_playwright

from serving import serving
from visitor import Visitor
from vitalfew.pipeline import run
from vitalfew.simulate import demo
from vitalfew.workspace import load
from web_pages import PAGES

INTO = Path(__file__).parents[1] / "screenshots"
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking"]
PATIENCE = 120_000  # milliseconds: pictures may be taken while the machine works on something else
LOOKS = [(phone, dark) for phone in (False, True) for dark in (False, True)]


def main(wanted: list[str]) -> None:
    """Serve the demo, sign in once per look, and take a picture of each page."""
    INTO.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory() as place, sync_playwright() as playwright:
        folder = Path(place) / "fieldnote"
        demo(folder)
        run(load(folder))
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=FLAGS)
        with serving(folder, home=Path(place)) as server:
            first = Visitor(browser, server.address)
            first.set_up(server.setup)
            for phone, dark in LOOKS:
                someone = Visitor(browser, server.address, phone=phone, dark=dark)
                someone.context.set_default_timeout(PATIENCE)
                someone.sign_in()
                for path in wanted or PAGES:
                    someone.page.goto(f"/w/fieldnote/{path}")
                    name = f"{path.strip('/').replace('/', '-')}-{'phone' if phone else 'desktop'}"
                    file = INTO / f"{name}-{'dark' if dark else 'light'}.png"
                    someone.page.screenshot(path=file, full_page=True)
                    print(file.name)
                someone.close()
        browser.close()


if __name__ == "__main__":
    main(sys.argv[1:])
