"""Decisions are a person's: with evidence and the best counter-argument, kept in the log, nobody's name beside them."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import pytest

from vitalfew.judgement.recording import decide
from vitalfew.server.bets.queries.decisions import PAGE
from vitalfew.server.core.models import ActRecord
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.definitions import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

ABOUT = "/w/fieldnote/decisions/about/route_suggestions/"
LOG = "/w/fieldnote/decisions/"
SAID = {"choice": "fund", "evidence": "the interviews", "counter": "dispatchers may not trust it"}


def test_a_bet_that_no_run_knows_yet_is_to_be_chosen(workspace: Workspace, client_of: ClientOf) -> None:
    save(workspace, "initiatives", "voices", {"title": "Voices"}, by=None, version=0)
    page = client_of("editor").get("/w/playground/decisions/about/voices/").content.decode()
    assert re.findall(r'name="choice" value="(\w+)"', page) == ["fund", "test_first", "drop"]
    assert "The evidence is weaker than staged." in page


@pytest.mark.usefixtures("demo")
def test_the_form_begins_with_what_the_run_says(client_of: ClientOf, demo: Workspace) -> None:
    page = client_of("editor").get(ABOUT).content.decode()
    assert f"Run {demo.last_run}: evidence opinion; value +" in page
    assert "The evidence is weaker than staged." in page


def test_a_decision_is_recorded_and_marked_when_it_goes_beyond_the_evidence(
    client_of: ClientOf, demo: Workspace
) -> None:
    client = client_of("editor", name="Ada Byron")
    answer = client.post(ABOUT, {**SAID, "what": "all of it", "dissent": "somebody would wait"})
    assert answer.status_code == 302
    ((act, body),) = said(demo, kind="decision", about="route_suggestions")
    assert body["what"] == "fund: all of it"
    assert body["anyway"] is True
    assert body["value_model"]["definitions"]
    assert act.by.startswith("p")
    page = client_of("viewer").get(LOG).content.decode()
    assert "decided anyway" in page
    assert "somebody would wait" in page
    assert "cites the value model as it stands" in page
    assert "Ada Byron" not in page


@pytest.mark.usefixtures("demo")
def test_claims_without_evidence_are_underlined_and_said(client_of: ClientOf) -> None:
    client = client_of("editor")
    client.post(ABOUT, {**SAID, "what": "all of it", "counter": "9 of 12 would not trust it"})
    page = client.get(LOG).content.decode()
    assert "<u>fund: all of it</u> <small" in page
    assert page.count("(no evidence given)") == 1
    assert "<dd>9 of 12 would not trust it</dd>" in page


def test_testing_first_is_within_the_evidence(client_of: ClientOf, demo: Workspace) -> None:
    client_of("editor").post(ABOUT, {**SAID, "choice": "test_first"})
    ((_, body),) = said(demo, kind="decision")
    assert body["what"] == "test first"
    assert "anyway" not in body


@pytest.mark.usefixtures("demo")
@pytest.mark.parametrize("missing", ["counter", "evidence", "choice"])
def test_without_evidence_and_counter_argument_nothing_is_recorded(client_of: ClientOf, missing: str) -> None:
    answer = client_of("editor").post(ABOUT, {name: text for name, text in SAID.items() if name != missing})
    assert answer.status_code == 422
    assert not ActRecord.objects.exists()


@pytest.mark.usefixtures("demo")
def test_whoever_may_not_bet_decides_nothing(client_of: ClientOf) -> None:
    for role in ("viewer", "rater", "contributor"):
        assert client_of(role).post(ABOUT, SAID).status_code == 403
    assert not ActRecord.objects.exists()


@pytest.mark.usefixtures("demo")
def test_what_nobody_defined_cannot_be_decided_about(client_of: ClientOf) -> None:
    assert client_of("editor").get("/w/fieldnote/decisions/about/nothing_of_this/").status_code == 404


def test_removing_a_feature_is_recorded_about_the_feature(client_of: ClientOf, demo: Workspace) -> None:
    answer = client_of("editor").post("/w/fieldnote/decisions/about/remove_kiosk_mode/", {**SAID, "choice": "drop"})
    assert answer.status_code == 302
    ((act, _),) = said(demo, kind="decision")
    assert act.about == "kiosk_mode"


@pytest.mark.usefixtures("demo")
def test_a_decision_to_look_at_again_says_so(client_of: ClientOf) -> None:
    client = client_of("editor")
    client.post(ABOUT, {**SAID, "review": "2020-02-01"})
    assert "To look at again" in client.get(LOG).content.decode()
    line = client.get("/w/fieldnote/ledger/route_suggestions/").content.decode()
    assert "dispatchers may not trust it" in line


def test_what_people_write_is_text_and_no_markup(client_of: ClientOf, demo: Workspace) -> None:
    body: dict[str, Any] = {**SAID, "counter": "<script>alert(1)</script>", "what": "=cmd()"}
    client = client_of("editor")
    client.post(ABOUT, body)
    page = client.get(LOG).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;" in page
    assert len(said(demo, kind="decision")) == 1


def test_older_decisions_have_a_page_of_their_own_and_their_quarter_can_be_chosen(
    client_of: ClientOf, demo: Workspace
) -> None:
    for number in range(PAGE + 1):
        said_then = {"what": f"number {number:03}", "evidence": "the interviews", "counter": "it may cost more"}
        at = datetime(2026 if number else 2024, 2, 5, 9, tzinfo=UTC)
        decide(acting(demo), "route_suggestions", "user:1", said_then, at=at)
    client = client_of("viewer")
    page = client.get(LOG).content.decode()
    assert "number 050" in page
    assert "number 000" not in page
    assert 'value="2024-Q1"' in page
    older = re.search(r'href="\?(before=\d+)"', page)
    assert older
    assert "number 000" in client.get(f"{LOG}?{older[1]}").content.decode()
