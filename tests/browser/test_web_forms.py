"""From a table of users to a decision by forms alone: data, a metric, an experiment, a run, and what to do."""

from __future__ import annotations

import csv
import random
import re
from typing import TYPE_CHECKING

from playwright.sync_api import expect

from serving import serving
from visitor import serious, too_wide
from web_pages import FORMS

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Page

    from visitor import Visitor

A_MINUTE = 60_000  # milliseconds
_MINUTES = {"control": 41, "suggested": 36}


def users(path: Path) -> Path:
    """A table of users: the arm of each, and how long planning a day took; the change saves five minutes."""
    dice = random.Random(3)  # noqa: S311 - no secret
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(["user_id", "arm", "firm", "minutes"])
        for user in range(2_000):
            arm = dice.choice(list(_MINUTES))
            minutes = round(max(1.0, dice.gauss(_MINUTES[arm], 12)), 1)
            out.writerow([f"u{user}", arm, dice.choice(["small", "large"]), minutes])
    return path


def test_a_table_becomes_a_decision_by_forms_alone(tmp_path: Path, visit: Callable[..., Visitor]) -> None:
    with serving(home=tmp_path / "home") as server:
        ada = visit(server.address)
        ada.set_up(server.setup)
        page = ada.page
        page.goto("/workspaces/new/")
        page.get_by_label("Name").fill("Planning")
        page.get_by_role("button", name="Make").click()
        page.wait_for_url("**/ledger/**")
        here = page.url.split("ledger/")[0]
        _give_table(page, here, users(tmp_path / "users.csv"))
        _define_metric(page, here)
        _define_experiment(page, here)
        page.get_by_role("button", name="run", exact=True).click()
        expect(page.locator("#run-line")).to_contain_text("run of", timeout=2 * A_MINUTE)
        page.goto(f"{here}experiments/route_suggestions/")
        expect(page.locator("main")).to_contain_text("Minutes to plan a day")
        page.get_by_role("link", name="Decide").click()
        expect(page.get_by_label("On which evidence")).to_have_value(re.compile("Minutes to plan a day −"))
        page.get_by_label("ship to everybody").check()
        page.get_by_label("The best argument against it").fill("It was spring, when days are planned faster anyway.")
        page.get_by_role("button", name="Record the decision").click()
        expect(page.locator("main")).to_contain_text("ship to everybody")
        _no_form_complains(ada, here)
        phone = visit(server.address, phone=True, dark=True)
        _every_form_fits_a_phone(phone, here)
        for one in (ada, phone):
            one.leave()


def _no_form_complains(ada: Visitor, here: str) -> None:
    found: list[str] = []
    for path in FORMS:
        ada.page.goto(f"{here}{path}")
        ada.settle()
        found += serious(ada.page)
    assert not found, "\n".join(found)


def _every_form_fits_a_phone(ada: Visitor, here: str) -> None:
    ada.sign_in()
    for path in FORMS:
        answer = ada.page.goto(f"{here}{path}")
        assert answer is not None
        assert answer.status == 200, path
        ada.settle()
        assert too_wide(ada.page) <= 0, path


def _give_table(page: Page, here: str, file: Path) -> None:
    """Give a file; its columns are told by their names, and the form says so."""
    page.goto(f"{here}settings/sources/")
    page.get_by_role("link", name="Add data").first.click()
    page.get_by_label("A table: CSV, Parquet or JSON lines").set_input_files(str(file))
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("main")).to_contain_text("2,000 rows, 4 columns")
    expect(page.get_by_label("Each row is")).to_have_value("units")
    expect(page.get_by_label("The user (or other unit)")).to_have_value("user_id")
    expect(page.get_by_label("What happened")).to_be_hidden()
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("row", name="Users")).to_contain_text("2,000")


def _define_metric(page: Page, here: str) -> None:
    page.goto(f"{here}define/metric/")
    page.get_by_label("Title").fill("Minutes to plan a day")
    page.get_by_label("Column", exact=True).select_option("minutes")
    page.get_by_label("Direction").select_option("down")
    page.get_by_label("Unit", exact=True).fill("min")
    page.get_by_role("button", name="Keep it").click()
    page.wait_for_url("**/metrics/minutes_to_plan_a_day/")


def _define_experiment(page: Page, here: str) -> None:
    """The table, the column of the arm and the control are there already, for the data tell them."""
    page.goto(f"{here}experiments/")
    page.get_by_role("link", name="New experiment").first.click()
    expect(page.get_by_label("Column of the arm")).to_have_value("arm")
    expect(page.get_by_label("Arm to compare with")).to_have_value("control")
    page.get_by_label("What is tested").fill("Route suggestions")
    page.get_by_label("Arm to compare with").fill("contrl")
    page.get_by_role("group", name="Primary metrics").get_by_label("Minutes to plan a day").check()
    page.get_by_label("First day").fill("2026-03-02")
    page.get_by_label("Last day").fill("2026-03-30")
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".wrong")).to_contain_text("did you mean 'control'")
    page.get_by_label("Arm to compare with").fill("control")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/experiments/route_suggestions/")
