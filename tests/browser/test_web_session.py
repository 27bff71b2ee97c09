"""A value session as it is lived: who runs it and those with phones, each in a browser, on a real server."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from serving import serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, ConsoleMessage, Locator, Page

PHONE = {"width": 390, "height": 844}
FACTORS = ("Work gets done", "Planning is quick", "Nobody needs to call")
SEED = """
import django
django.setup()
from pathlib import Path
from django.core.management import call_command
call_command("migrate", verbosity=0)
call_command("createcachetable", verbosity=0)
from vitalfew.server.core.models import Definition, Member, User, Workspace
from vitalfew.server.config import default_home
import os
folder = Path(os.environ["VITALFEW_HOME"]) / "product"
folder.mkdir(parents=True)
ada = User.objects.create_user("ada@example.org", "correct horse battery", name="Ada")
row = Workspace.objects.create(key="field", name="Field", folder=str(folder))
ben = User.objects.create_user("ben@example.org", "correct horse battery", name="Ben")
Member.objects.create(workspace=row, user=ada, role="facilitator")
Member.objects.create(workspace=row, user=ben, role="facilitator")
bodies = {
    ("sources", "users"): {"table": "users.csv", "unit": "id"},
    ("metrics", "jobs"): {"source": "users", "column": "jobs", "title": "Jobs completed", "unit": "jobs"},
    ("metrics", "minutes"): {"source": "users", "column": "minutes", "direction": "down", "unit": "min"},
    ("metrics", "calls"): {"source": "users", "column": "calls", "direction": "down", "unit": "calls"},
    ("factors", "jobs"): {"range": [3, 5], "title": "Work gets done", "baseline": 3.5},
    ("factors", "minutes"): {"range": [45, 30], "title": "Planning is quick", "baseline": 41},
    ("factors", "calls"): {"range": [0.5, 0.1], "title": "Nobody needs to call"},
}
for at, ((kind, key), body) in enumerate(bodies.items()):
    Definition.objects.create(workspace=row, kind=kind, key=key, body=body, position=at)
"""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[str]:
    """A server with one small workspace; gives its address."""
    home = tmp_path / "home"
    home.mkdir()
    told = {"VITALFEW_HOME": str(home), "DJANGO_SETTINGS_MODULE": "vitalfew.server.settings"}
    told["VITALFEW_SECRET_KEY"] = "0123456789abcdefghijklmnopqrstuvwxyz" * 2
    subprocess.run([sys.executable, "-c", SEED], env={**os.environ, **told}, check=True, timeout=120)
    with serving(home=home, environment=told) as server:
        yield server.address
    assert not re.search(r"/(rate|join)/[A-Za-z0-9_-]{20,}", server.log)


@contextmanager
def _person(browser: Browser, *, refused: str = " ", **given: object) -> Iterator[Page]:
    """Somebody with a browser of their own; whatever the console complains of fails the test, but one refusal."""
    complaints: list[str] = []
    context = browser.new_context(**given)  # type: ignore[arg-type]  # sizes of a window
    page = context.new_page()

    def hear(message: ConsoleMessage) -> None:
        if message.type == "error" and f"({refused})" not in message.text:
            complaints.append(message.text)

    page.on("console", hear)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.set_default_timeout(20_000)
    try:
        yield page
    finally:
        context.close()
    assert not complaints, "\n".join(complaints)


def _rates(page: Page, link: str, points: int) -> None:
    page.goto(link)
    page.get_by_role("button", name="Begin").click()
    page.wait_for_url("**/rate/")
    assert "Which change would you take first?" in page.inner_text("h1")
    page.get_by_role("button", name=FACTORS[0]).click()
    for at in range(2):
        page.wait_for_selector("#points")
        page.focus("#points")
        for _ in range(at + 1):
            page.keyboard.press("Home" if points == 0 else "ArrowRight")
        page.locator("#points").fill(str(points))
        assert page.inner_text("output") == str(points)
        page.get_by_role("button", name="Next").click()
    page.get_by_role("button", name="Hand in").click()
    page.get_by_role("heading", name="Handed in").wait_for()


def test_five_people_weigh_blind_look_at_it_together_weigh_again_and_sign(browser: Browser, served: str) -> None:
    with _person(browser) as ada:
        links = _opened(ada, served)
        with ExitStack() as people:
            phones = [people.enter_context(_person(browser, viewport=PHONE)) for _ in links]
            _weighed(ada, phones, links)
            _revealed(ada, phones)
            _again_and_signed(ada, phones)


def _opened(ada: Page, served: str) -> list[str]:
    """Ada signs in, opens a session for five, and takes it to the weighing."""
    _signed_in(ada, served, "ada@example.org")
    ada.goto(served + "/w/field/sessions/new/")
    ada.fill("[name=title]", "Autumn")
    ada.fill("[name=people]", "\n".join(f"Rater {at}" for at in range(5)))
    ada.get_by_role("button", name="Open the session").click()
    ada.wait_for_selector("input.address")
    links = [field.input_value() for field in ada.locator("input.address").all()]
    assert len(links) == 5
    ada.get_by_role("link", name="Done, to the session").click()
    for button in ("On to the measures", "On to pruning", "Let everybody weigh"):
        ada.get_by_role("button", name=button).click()
    ada.get_by_text("have handed in their").wait_for()
    return links


def _signed_in(page: Page, served: str, email: str) -> None:
    page.goto(served + "/accounts/login/")
    page.fill("[name=login]", email)
    page.fill("[name=password]", "correct horse battery")
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/w/field/**")


def _weighed(ada: Page, phones: list[Page], links: list[str]) -> None:
    """Each rates alone; the count rises on Ada's page without her doing anything."""
    ada.evaluate("window.stays = true")
    for at, (phone, link) in enumerate(zip(phones, links, strict=True)):
        _rates(phone, link, 90 - 20 * at)
        expect(ada.locator("[data-live=ready]").first).to_have_text(str(at + 1))
        assert "/rate/" in phone.url
        assert link.split("/")[-2] not in phone.url
    assert ada.evaluate("window.stays")
    assert "90" not in ada.inner_text("main")


def _revealed(ada: Page, phones: list[Page]) -> None:
    """The reveal reaches every phone; there stand one's own weights, and on Ada's page only the group's."""
    ada.get_by_role("button", name="Reveal the weights").click()
    ada.get_by_role("heading", name="Factor by factor").wait_for()
    assert ada.locator(".g-member").count() == 15
    assert "Rater" not in ada.inner_text("main > .columns > div")
    for phone in phones:
        phone.get_by_role("heading", name="Your own weights").wait_for()
    assert len({phone.inner_text(".own-weights") for phone in phones}) == 5


def _again_and_signed(ada: Page, phones: list[Page]) -> None:
    ada.get_by_role("button", name="Weigh once more").click()
    for phone in phones[:3]:
        phone.get_by_role("button", name="Hand in").wait_for()
        phone.get_by_role("link", name=FACTORS[2]).click()
        phone.locator("#points").fill("40")
        phone.get_by_role("button", name="Next").click()
        phone.get_by_role("button", name="Hand in").click()
        phone.get_by_role("heading", name="Handed in").wait_for()
    ada.get_by_role("button", name="Reveal the second round").click()
    ada.get_by_role("heading", name="How the second round moved the weights").wait_for()
    for phone in phones[:3]:
        phone.get_by_role("button", name="I agree").click()
        phone.get_by_text("You have signed").wait_for()
    expect(ada.locator("[data-live=signed]")).to_have_text("3")
    ada.get_by_role("button", name="Close the session").click()
    ada.get_by_text("what decides until the next session").wait_for()
    phones[4].get_by_text("This session is over").wait_for()


def test_minutes_that_two_write_at_once_are_shown_to_both_and_none_is_lost(browser: Browser, served: str) -> None:
    with _person(browser, refused="Conflict") as ada, _person(browser, refused="Conflict") as ben:
        address = _looked_at_together(browser, ada, served)
        _signed_in(ben, served, "ben@example.org")
        ben.goto(address)
        _both_write(ada, ben)
        _goes_on_while_one_types(ada, ben)
        _minutes(ada).fill("倉" * 9_500)  # more bytes than a page that is left could still send
        ada.get_by_text("Saved", exact=True).wait_for()
        _comes_to_the_same_words(ada, ben)


def test_minutes_of_a_session_that_was_closed_stay_on_the_page_and_the_last_words_of_a_page_that_is_left_are_saved(
    browser: Browser, served: str
) -> None:
    with _person(browser, refused="Gone") as ada, _person(browser) as ben:
        address = _looked_at_together(browser, ada, served)
        _minutes(ada).press_sequentially("Vans wait")
        ada.goto(served + "/w/field/sessions/")  # before the pause after which it is saved
        ada.wait_for_timeout(1_000)
        ada.goto(address)
        expect(_minutes(ada)).to_have_value("Vans wait")
        _signed_in(ben, served, "ben@example.org")
        ben.goto(address)
        ada.evaluate("document.querySelector('vf-live').remove()")  # such as a laptop that slept through the end
        ben.get_by_role("button", name="On to signing off").click()
        ben.get_by_role("button", name="Close the session").click()
        ben.get_by_text("what decides until the next session").wait_for()
        _minutes(ada).press("End")
        _minutes(ada).press_sequentially(" and rust")
        ada.get_by_text("Not saved: the session was closed before this was saved").wait_for()
        ada.wait_for_timeout(1_000)
        expect(_minutes(ada)).to_have_value("Vans wait and rust")
        ben.reload()
        expect(ben.locator(".minutes.said").first).to_have_text("Vans wait")


def _looked_at_together(browser: Browser, ada: Page, served: str) -> str:
    """A session that three weighed in, as it is looked at together; gives its address."""
    links, address = _opened(ada, served), ada.url
    for at, link in enumerate(links[:3]):
        with _person(browser, viewport=PHONE) as phone:
            _rates(phone, link, 90 - 20 * at)
    ada.get_by_role("button", name="Reveal the weights").click()
    ada.get_by_role("heading", name="Factor by factor").wait_for()
    return address


def _minutes(page: Page) -> Locator:
    return page.locator("vf-minutes textarea").first


def _both_write(ada: Page, ben: Page) -> None:
    """Ada's is saved as she types; Ben, whose page is older, sees hers beside his, and joins both."""
    _minutes(ada).press_sequentially("Vans wait", delay=20)
    ada.get_by_text("Saved", exact=True).wait_for()
    _minutes(ada).press_sequentially(" at the depot", delay=20)
    ada.get_by_text("Saved", exact=True).wait_for()
    _minutes(ben).press_sequentially("Parts are missing", delay=20)
    ben.get_by_text("written elsewhere in the meantime").wait_for()
    expect(ben.locator(".clash .said")).to_contain_text("Vans wait")
    _minutes(ben).press_sequentially(" often", delay=150)  # whoever goes on typing loses no key
    expect(_minutes(ben)).to_have_value("Parts are missing often")
    ben.get_by_role("button", name="Join both").click()
    expect(ben.locator(".clash").first).to_have_text("")
    assert _minutes(ben).input_value().splitlines()[0].startswith("Vans wait")
    ben.keyboard.type("!")  # one goes on at the end
    assert _minutes(ben).input_value().endswith("\n\nParts are missing often!")


def _goes_on_while_one_types(ada: Page, ben: Page) -> None:
    """Ben closes the round while Ada has something unsaved: her page stays until she has chosen, then goes on."""
    _minutes(ada).press_sequentially(", and it rains", delay=20)
    ada.get_by_text("written elsewhere in the meantime").wait_for()
    ben.get_by_role("button", name="Weigh once more").click()
    ben.get_by_text("second answers").wait_for()
    ada.wait_for_timeout(2_500)
    expect(_minutes(ada)).to_have_value("Vans wait at the depot, and it rains")
    ada.get_by_role("button", name="Keep mine").click()
    ada.get_by_text("second answers").wait_for()
    expect(_minutes(ada)).to_have_value("Vans wait at the depot, and it rains")


def _comes_to_the_same_words(ada: Page, ben: Page) -> None:
    """Where Ben comes to write what stands, he has nothing to choose any more."""
    ben.reload()
    _minutes(ada).fill("Short of parts")
    ada.get_by_text("Saved", exact=True).wait_for()
    _minutes(ben).fill("Short of vans")
    ben.get_by_text("written elsewhere in the meantime").wait_for()
    _minutes(ben).fill("Short of parts")
    ben.get_by_text("Saved", exact=True).wait_for()
    expect(ben.locator(".clash").first).to_be_empty()
