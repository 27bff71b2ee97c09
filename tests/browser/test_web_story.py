"""A stranger's first hour in a real browser: the console's link, the demo, evidence, a decision; files of one's own."""

from __future__ import annotations

import csv
import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from visitor import Visitor

A_MINUTE = 60_000  # milliseconds


def usage(path: Path) -> Path:
    """Usage events of a small product: three features, one of them hardly used."""
    dice = random.Random(7)  # noqa: S311 - no secret
    begin = datetime(2026, 8, 1, tzinfo=UTC)
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["user", "time", "event"])
        for user in range(300):
            for event, share in (("search", 0.9), ("export", 0.3), ("wizard", 0.01)):
                if dice.random() < share:
                    for _ in range(dice.randint(1, 6)):
                        at = begin + timedelta(minutes=dice.randint(0, 129_600))
                        out.writerow([f"u{user}", at.isoformat(), event])
    return path


def ideas(path: Path) -> Path:
    """A sheet of ideas with the scores of RICE."""
    rows = [("Bulk edit", 800, 2, 80, 3), ("Dark theme", 2000, 0.5, 50, 2), ("Offline maps", 300, 3, 40, 8)]
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["Title", "Reach", "Impact", "Confidence", "Effort"])
        out.writerows(rows)
    return path


def test_from_the_link_on_the_console_to_a_decision_on_evidence(tmp_path: Path, visit: Callable[..., Visitor]) -> None:
    with serving(home=tmp_path / "home") as server:
        ada = visit(server.address)
        ada.set_up(server.setup)
        page = ada.page
        page.goto("/workspaces/new/")
        page.get_by_role("button", name="Open the demo").click()
        show_ledger(ada)
        expect(page.locator("main")).to_contain_text("Shipped")
        workspace = page.url.split("/w/")[1].split("/")[0]

        page.goto(f"/w/{workspace}/experiments/guided_tour/")
        expect(page.locator("main")).to_contain_text("Do not decide")
        assert not page.get_by_role("heading", name="4 Effects").is_visible(), "effects nobody can trust stand folded"

        page.goto(f"/w/{workspace}/decisions/about/assistant/")
        page.get_by_role("radio").first.check()
        page.get_by_label("On which evidence").fill("The experiment: jobs fell.")
        page.get_by_label("The best argument against it").fill("It was new; people had no time to learn it.")
        page.get_by_role("button", name="Record the decision").click()
        page.goto(f"/w/{workspace}/decisions/")
        expect(page.locator("main")).to_contain_text("people had no time to learn it")

        assert page.request.get(server.setup).status == 404, "the door of the first admin is open once"


def test_a_usage_file_becomes_a_ledger_without_a_configuration(tmp_path: Path, visit: Callable[..., Visitor]) -> None:
    with serving(home=tmp_path / "home") as server:
        ada = visit(server.address)
        ada.set_up(server.setup)
        drop(ada, usage(tmp_path / "usage.csv"))
        expect(ada.page.locator("main")).to_contain_text("hardly used", timeout=2 * A_MINUTE)
        expect(ada.page.locator("main")).to_contain_text("wizard")
        workspaces = ada.page.locator("#workspaces a[href*='/ledger/']")
        expect(workspaces).to_have_count(1)  # files that are sent when chosen are not sent again by the button


def test_a_sheet_of_ideas_becomes_a_ledger_without_a_configuration(
    tmp_path: Path, visit: Callable[..., Visitor]
) -> None:
    with serving(home=tmp_path / "home") as server:
        ada = visit(server.address)
        ada.set_up(server.setup)
        drop(ada, ideas(tmp_path / "ideas.csv"))
        expect(ada.page.locator("main")).to_contain_text("Bulk edit", timeout=2 * A_MINUTE)
        expect(ada.page.locator("main")).to_contain_text("Candidates")


def drop(ada: Visitor, file: Path) -> None:
    """Give a file to the drop zone and follow it to the ledger."""
    page = ada.page
    page.goto("/workspaces/new/")
    page.locator("input[type=file]").set_input_files(str(file))
    page.get_by_role("button", name="Start").click()
    show_ledger(ada)


def show_ledger(ada: Visitor) -> None:
    """Wait until the first run is done, and go on to the ledger."""
    ada.page.get_by_role("link", name="Show the ledger").click(timeout=3 * A_MINUTE)
    ada.page.wait_for_url("**/ledger/**", timeout=A_MINUTE)
