"""A bet in a real browser, from an idea to a locked promise: forms, drag, keys, a forecast by personal link."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from serving import serving

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from playwright.sync_api import Locator, Page

    from visitor import Visitor

PRODUCT = """
workspace: {name: Plan}
sources:
  firms: {table: firms.csv, unit: id}
metrics:
  minutes: {source: firms, column: minutes, title: Minutes to plan a day, direction: down, unit: min}
factors:
  minutes: {range: [60, 20], north_star: true}
needs:
  retyped: {statement: Addresses are typed again and again}
"""
"""What the folder owns: metrics and needs. Bets belong to the server."""


def test_a_bet_goes_from_idea_to_a_locked_promise(tmp_path: Path, visit: Callable[..., Visitor]) -> None:
    folder = tmp_path / "plan"
    folder.mkdir()
    (folder / "workspace.yaml").write_text(PRODUCT, encoding="utf-8")
    with serving(folder, home=tmp_path / "home") as server:
        ada = visit(server.address)
        ada.set_up(server.setup)
        page = ada.page
        write_bet(page)
        refused_drag(page)
        page.get_by_role("link", name="Route suggestions").click()
        name_evidence(page, "Need: Addresses are typed again", "https://example.org/interviews")
        forecast(page, "-9", "-6", "-2")
        expect(page.locator("main")).to_contain_text("Your forecast is recorded")
        expect(page.get_by_label("Need: Addresses are typed again")).to_be_checked()
        link = ask_for_forecast(page)
        by_link(visit(server.address, phone=True), link)
        moved_by_key(page)
        lock(page)


def write_bet(page: Page) -> None:
    """An empty board teaches the first step; two forms later the bet is framed."""
    page.goto("/w/plan/board/")
    page.get_by_role("link", name="write down one bet").click()
    page.get_by_label("What", exact=True).fill("Route suggestions")
    page.get_by_label("likely").first.fill("5")
    page.get_by_label("Addresses are typed again").check()
    page.get_by_role("button", name="Save").click()
    page.get_by_role("link", name="write the hypothesis").click()
    page.get_by_label("We believe that").fill("dispatchers")
    page.get_by_label("will", exact=True).fill("plan a day in fewer minutes")
    page.get_by_label("because").fill("14 of 19 interviews described re-typing addresses")
    page.get_by_label("Measured by").select_option(label="Minutes to plan a day")
    page.get_by_label("Verdict on").fill("2031-02-01")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_role("heading", name="We believe dispatchers will plan a day in fewer minutes")).to_be_visible()
    expect(page.locator(".stepper .now")).to_have_text("Framed")


def refused_drag(page: Page) -> None:
    """A card that lacks what the column asks for goes back, and the reason is read out."""
    page.goto("/w/plan/board/")
    lane(page, "forecast").scroll_into_view_if_needed()
    card(page, "framed").drag_to(lane(page, "forecast"))
    expect(page.locator("#toasts")).to_contain_text("Forecast needs somebody's forecast first.")
    expect(card(page, "framed")).to_have_count(1)


def forecast(page: Page, low: str, middle: str, high: str) -> None:
    """Three numbers, drawn while they are typed."""
    page.get_by_label("Low").fill(low)
    page.get_by_label("Middle").fill(middle)
    page.get_by_label("High").fill(high)
    expect(page.locator("svg.live .g-ring")).to_have_count(1)
    page.get_by_label("Chance of no effect").fill("20")
    page.get_by_role("button", name="Record my forecast").click()


def name_evidence(page: Page, known: str, typed: str) -> None:
    """What the forecast rests on is folded away until somebody wants to say it."""
    expect(page.get_by_label("Something else")).not_to_be_visible()
    page.get_by_text("What does it rest on?").click()
    page.get_by_label(known).check()
    page.get_by_label("Something else").fill(typed)


def ask_for_forecast(page: Page) -> str:
    """A personal link for somebody without an account."""
    page.get_by_role("link", name="Ask for forecasts").click()
    page.get_by_label("People, one a line").fill("Cleo")
    page.get_by_role("button", name="Make links").click()
    return page.get_by_label("Link for Cleo").input_value()


def by_link(cleo: Visitor, link: str) -> None:
    """She answers on her phone, without an account, and sees nobody's numbers."""
    cleo.page.goto(link)
    cleo.page.get_by_role("button", name="Begin").click()
    cleo.page.wait_for_url("**/forecast/")  # the secret leaves the address
    expect(cleo.page.locator("main")).not_to_contain_text("-6")
    cleo.page.get_by_text("What does it rest on?").click()
    cleo.page.get_by_label("Web addresses").fill("https://example.org/a-shelf-of-notes")
    forecast(cleo.page, "-5", "-4", "-2")
    expect(cleo.page.locator("main")).to_contain_text("Thank you")
    expect(cleo.page.get_by_label("Middle")).to_have_value("-4")
    expect(cleo.page.get_by_label("Web addresses")).to_have_value("https://example.org/a-shelf-of-notes")


def moved_by_key(page: Page) -> None:
    """With forecasts given, Ctrl and an arrow move the card; it stays there."""
    page.goto("/w/plan/board/")
    expect(card(page, "framed")).to_contain_text("2 forecasts")
    card(page, "framed").focus()
    page.keyboard.press("Control+ArrowRight")
    expect(page.locator("#toasts")).to_contain_text("Route suggestions: Forecast")
    page.reload()
    expect(card(page, "forecast")).to_have_count(1)


def lock(page: Page) -> None:
    """The confirmation says what is locked; afterwards the promise is there for all."""
    page.get_by_role("link", name="Route suggestions").click()
    page.get_by_role("link", name="Lock the promise").click()
    page.get_by_role("button", name="Lock the promise").click()
    expect(page.locator(".seal")).to_contain_text("locked")
    expect(page.locator("main")).to_contain_text("−5.0 min")
    expect(page.locator(".stepper .now")).to_have_text("Committed")


def lane(page: Page, stage: str) -> Locator:
    """A column of the board."""
    return page.locator(f"[data-stage={stage}]")


def card(page: Page, stage: str) -> Locator:
    """The cards of a column."""
    return lane(page, stage).locator(".bet")
