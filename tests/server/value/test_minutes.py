"""Minutes written on two pages at once: nothing is replaced unseen, and one page never stands in its own way."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from vitalfew.server.core.services.definitions import Conflict
from vitalfew.server.value.models import Session
from vitalfew.server.value.queries.sessions import mark_of
from vitalfew.server.value.services.sessions import LONGEST_MINUTES, Plan, Reading, open_session, write_minutes

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.http import HttpResponse
    from django.test import Client

    from vitalfew.server.core.models import Workspace

JOBS, MINUTES = "jobs_completed", "planning_minutes"


class Page:
    """A page that Ada or Ben has open, as their browser sends it."""

    def __init__(self, client: Client, workspace: Workspace, key: str, mark: str) -> None:
        self.client, self.mark = client, mark
        self.address = reverse("session-minutes", kwargs={"workspace": workspace.key, "key": key})
        self.read = mark_of(_stands(key))

    def save(self, text: str, *, script: bool = True, **more: str) -> HttpResponse:
        body = {"factor": JOBS, "page": self.mark, "read": self.read, "text": text, **more}
        return self.client.post(self.address, body, headers={"HX-Request": "true"} if script else {})  # type: ignore[return-value]  # of the test client


def _stands(key: str) -> str:
    minutes: dict[str, str] = Session.objects.get(key=key).minutes
    return minutes.get(JOBS, "")


@pytest.fixture
def ada(client_of: Callable[..., Client]) -> Client:
    return client_of("facilitator")


@pytest.fixture
def key(demo: Workspace, ada: Client) -> str:
    """A session."""
    return open_session(demo, Plan("Autumn", (JOBS, MINUTES)), ada.member.user)[0]  # type: ignore[attr-defined]  # of the fixture


@pytest.fixture
def pages(demo: Workspace, ada: Client, client_of: Callable[..., Client], key: str) -> tuple[Page, Page]:
    """The pages of Ada and Ben, opened at the same time."""
    write_minutes(Session.objects.get(key=key).pk, JOBS, "agreed last year")
    return Page(ada, demo, key, "page-a"), Page(client_of("facilitator"), demo, key, "page-b")


def _stands_mark(answer: HttpResponse) -> str:
    found = re.search(r'name="stands" value="(\w*)"', answer.text)
    assert found
    return found[1]


def test_who_writes_second_is_told_with_both_texts_and_replaces_nothing(pages: tuple[Page, Page], key: str) -> None:
    ada, ben = pages
    assert ada.save("Ada: vans wait").status_code == 204
    answer = ben.save("Ben: parts are missing")
    assert answer.status_code == 409
    assert "Ada: vans wait" in answer.text
    assert _stands(key) == "Ada: vans wait"
    assert ben.save("Ben: parts are missing, often").status_code == 409  # typing on does not make it so


def test_one_page_saves_as_quickly_as_it_likes_in_whichever_order(pages: tuple[Page, Page], key: str) -> None:
    ada, _ = pages
    for text in ("V", "Va", "Vans"):
        assert ada.save(text).status_code == 204  # each with what the page read when it was opened
    assert _stands(key) == "Vans"


def test_two_pages_of_one_person_are_two(demo: Workspace, pages: tuple[Page, Page], key: str) -> None:
    ada, _ = pages
    other = Page(ada.client, demo, key, "page-c")
    assert other.save("from the phone").status_code == 204
    assert ada.save("from the desk").status_code == 409


@pytest.mark.parametrize(
    ("choice", "kept"),
    [
        ("mine", "Ben: parts"),
        ("theirs", "Ada: vans"),
        ("both", "Ada: vans\n\nBen: parts"),
    ],
)
def test_one_keeps_ones_own_the_other_or_both_and_goes_on(
    pages: tuple[Page, Page], key: str, choice: str, kept: str
) -> None:
    ada, ben = pages
    ada.save("Ada: vans")
    stands = _stands_mark(ben.save("Ben: parts"))
    answer = ben.save("Ben: parts", choice=choice, stands=stands)
    assert answer.status_code == 200
    assert f'value="{mark_of(kept)}"' in answer.text
    assert _stands(key) == kept
    ben.read = mark_of(kept)
    assert ben.save(kept + "!").status_code == 204
    assert ada.save("Ada: vans, and rain").status_code == 409  # now she is second


@pytest.mark.parametrize("choice", ["mine", "both"])
def test_a_choice_rests_on_what_was_shown_beside_it(pages: tuple[Page, Page], key: str, choice: str) -> None:
    ada, ben = pages
    ada.save("Ada: vans")
    stands = _stands_mark(ben.save("Ben: parts"))
    ada.save("Ada: vans and rain")
    answer = ben.save("Ben: parts", choice=choice, stands=stands)
    assert answer.status_code == 409
    assert "Ada: vans and rain" in answer.text
    assert _stands(key) == "Ada: vans and rain"


def test_what_the_api_wrote_meanwhile_is_not_replaced_by_an_open_page(pages: tuple[Page, Page], key: str) -> None:
    ada, _ = pages
    ada.save("typed")
    write_minutes(Session.objects.get(key=key).pk, JOBS, "by a program")
    assert ada.save("typed on").status_code == 409
    pk = Session.objects.get(key=key).pk
    with pytest.raises(Conflict):  # a page without a mark is nobody's
        write_minutes(pk, JOBS, "by nobody", Reading("", mark_of("typed")))


def test_the_same_text_is_no_conflict_and_other_factors_are_left_alone(pages: tuple[Page, Page], key: str) -> None:
    ada, ben = pages
    assert ada.save("vans\r\nwait").status_code == 204
    assert ben.save("vans\nwait ").status_code == 204
    assert ben.save("about time", factor=MINUTES, read="").status_code == 204
    assert Session.objects.get(key=key).minutes == {JOBS: "vans\nwait", MINUTES: "about time"}


def test_without_scripts_both_texts_stand_on_a_page_of_their_own(pages: tuple[Page, Page], key: str) -> None:
    ada, ben = pages
    assert ada.save("Ada: vans", script=False).status_code == 302
    answer = ben.save("Ben: <parts>", script=False)
    assert answer.status_code == 409
    told = answer.text
    assert "Ben: &lt;parts&gt;</textarea>" in told
    assert "Ada: vans</p>" in told
    assert "Somebody else wrote here in the meantime" in told
    done = ben.save("Ben: parts", script=False, choice="both", stands=_stands_mark(answer))
    assert done.status_code == 302
    assert _stands(key) == "Ada: vans\n\nBen: parts"


def test_emptied_minutes_are_told_too(pages: tuple[Page, Page], key: str) -> None:
    ada, ben = pages
    assert ada.save("").status_code == 204
    answer = ben.save("Ben: parts")
    assert answer.status_code == 409
    assert "emptied elsewhere" in answer.text
    assert ben.save("Ben: parts", choice="mine", stands=_stands_mark(answer)).status_code == 200
    assert _stands(key) == "Ben: parts"


def test_minutes_that_are_too_long_are_refused_and_never_cut(pages: tuple[Page, Page], key: str) -> None:
    ada, _ = pages
    assert ada.save("\r\n".join("x" * 99 for _ in range(LONGEST_MINUTES // 100))).status_code == 204
    answer = ada.save("x" * (LONGEST_MINUTES + 1))
    assert answer.status_code == 422
    assert "10,001 characters" in answer.text
    assert len(_stands(key)) == LONGEST_MINUTES - 1


def test_what_was_overtaken_by_a_later_saving_of_the_same_page_changes_nothing(
    pages: tuple[Page, Page], key: str
) -> None:
    ada, ben = pages
    assert ada.save("Vans wait", turn="1001").status_code == 204
    assert ada.save("Vans wait at the depot", turn="1003").status_code == 204
    assert ada.save("Vans wait at", turn="1002").status_code == 204, "it arrives late"
    assert _stands(key) == "Vans wait at the depot"
    assert ada.save("Vans wait at the depot", turn="1005").status_code == 204
    assert ada.save("Vans wait at the depots", turn="1004").status_code == 204
    assert _stands(key) == "Vans wait at the depot", "what stands already counts as saved last"
    assert ben.save("Parts", turn="1").status_code == 409, "another page is told, whatever it counts"
    for odd in ("", "x", "-1", "9" * 40, "²"):
        assert ada.save(f"Vans {odd}", turn=odd).status_code == 204
        assert _stands(key) == f"Vans {odd}".strip()


def test_minutes_kept_by_an_older_version_are_the_pages_own(pages: tuple[Page, Page], key: str) -> None:
    ada, ben = pages
    ada.save("Vans", turn="5")
    Session.objects.filter(key=key).update(minutes_from={JOBS: "page-a"})
    assert ben.save("Parts").status_code == 409
    assert ada.save("Vans wait", turn="1").status_code == 204
    assert _stands(key) == "Vans wait"


@pytest.mark.parametrize("script", [True, False])
def test_a_page_left_open_after_the_end_changes_nothing_and_keeps_its_text(
    pages: tuple[Page, Page], key: str, *, script: bool
) -> None:
    ada, _ = pages
    ada.save("Vans wait")
    Session.objects.filter(key=key).update(step="closed")
    answer = ada.save("Vans wait & rust", script=script)
    assert answer.status_code == 410
    assert "the session was closed before this was saved" in answer.text
    assert "add it to the discussion of the metric" in answer.text
    assert ("Vans wait &amp; rust</textarea>" in answer.text) != script
    assert _stands(key) == "Vans wait"
    assert ada.save("Vans", choice="mine", stands=mark_of("Vans wait")).status_code == 410
    assert _stands(key) == "Vans wait"
