"""What a forecast rests on, in the browser: named by whoever forecasts, and theirs alone until the lock."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.test import Client
from django.urls import reverse

from vitalfew.errors import UsageError
from vitalfew.pipeline import run
from vitalfew.server.bets.queries.promise import own_forecast
from vitalfew.server.bets.queries.rested_on import OFFERED, offered, read, shown
from vitalfew.server.bets.services import promising
from vitalfew.server.core.access import Place
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import ActBody, ActRecord
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services import own_acts
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.workspace.definitions import Definitions, Experiment, Hypothesis, Link

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.models import Member, Workspace

    type ClientOf = Callable[..., Client]
    type MakeMember = Callable[..., Member]

NUMBERS = {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.0}
TYPED = {"p10": "1", "p50": "2", "p90": "3", "p_zero": "0"}
PAGE = "https://example.org/interviews"


def place_of(workspace: Workspace, found: Member) -> Place:
    """Where a member stands."""
    workspace.refresh_from_db()
    return Place(workspace, found, found.user, Role(found.role).abilities)


@pytest.fixture
def ada(workspace: Workspace, member: MakeMember) -> Place:
    """An editor."""
    return place_of(workspace, member("editor", name="Ada"))


def asked(workspace: Workspace) -> str:
    return reverse("forecast", kwargs={"workspace": workspace.key, "key": "gate_rounds"})


def page_of(workspace: Workspace) -> str:
    return reverse("initiative", kwargs={"workspace": workspace.key, "key": "gate"})


def mine(place: Place) -> list[str]:
    definitions = loaded(place.workspace).workspace.definitions
    said = own_forecast(place, "gate_rounds", voice_of_user(place.user), definitions)
    return list((said or {}).get("evidence", []))


def signed_in(place: Place) -> Client:
    client = Client()
    client.force_login(place.user)
    return client


def test_what_is_ticked_and_typed_is_recorded_and_stands_in_the_form_again(ada: Place) -> None:
    client = signed_in(ada)
    fresh = client.get(page_of(ada.workspace)).text
    assert '<details class="fold cites">' in fresh
    assert "Experiment: Move the gate" in fresh or "Experiment: move gate" in fresh
    client.post(asked(ada.workspace), TYPED | {"rests_on": ["bored"], "addresses": f"{PAGE}\nROUNDS played"})
    assert mine(ada) == ["bored", PAGE, "rounds"]
    page = client.get(page_of(ada.workspace)).text
    assert '<details class="fold cites" open>' in page
    assert page.count("checked") == 2
    assert f"{PAGE}</textarea>" in page
    client.post(asked(ada.workspace), TYPED)
    assert mine(ada) == [], "what is taken away is gone from the latest forecast"


def test_what_was_ticked_counts_though_newer_things_took_its_place_in_the_form(
    ada: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert 'value="move_gate"' in signed_in(ada).get(page_of(ada.workspace)).text
    monkeypatch.setattr("vitalfew.server.bets.queries.rested_on.OFFERED", 0)  # pushed out since
    said = TYPED | {"rests_on": ["move_gate"]}
    refused = signed_in(ada).post(asked(ada.workspace), said | {"p10": "9"}).text
    assert re.search(r'value="move_gate"[^>]* checked', refused)
    signed_in(ada).post(asked(ada.workspace), said)
    assert mine(ada) == ["move_gate"]
    signed_in(ada).post(asked(ada.workspace), TYPED | {"rests_on": ["not_there"]})
    assert mine(ada) == ["move_gate"], "what does not exist is refused"


def test_evidence_that_is_not_there_keeps_the_form_as_it_was_typed(ada: Place) -> None:
    said = TYPED | {"p50": "2.25", "rests_on": ["bored"], "addresses": "Rounds playd"}
    answer = signed_in(ada).post(asked(ada.workspace), said).text
    assert "There is nothing called “Rounds playd” here; did you mean &#x27;Rounds played&#x27;?<" in answer
    assert 'value="2.25"' in answer
    assert "Rounds playd</textarea>" in answer
    assert '<details class="fold cites" open>' in answer
    assert not ActRecord.objects.filter(workspace=ada.workspace).exists()


def test_an_address_that_runs_something_is_never_recorded(ada: Place) -> None:
    for bad in ("javascript:alert(1)", "javascript://x/%0aalert(1)", "https://ada:secret@example.org"):
        answer = signed_in(ada).post(asked(ada.workspace), TYPED | {"addresses": bad}).text
        assert "web address" in answer
        with pytest.raises(UsageError):
            promising.forecast(ada, "gate_rounds", NUMBERS, [bad])
    assert not ActRecord.objects.filter(workspace=ada.workspace).exists()


def test_who_came_by_link_names_web_addresses_and_learns_of_no_definition(ada: Place, client: Client) -> None:
    ((_, secret),) = promising.ask(ada, "gate_rounds", ["Cleo of the club"])
    question = client.post(reverse("forecast-link", kwargs={"secret": secret})).headers["Location"]
    page = client.get(question).text
    assert "What does it rest on?" in page
    assert "Move the gate</label>" not in page
    told = []
    for tried in ("retention", "nowhere"):
        answer = client.post(question, TYPED | {"addresses": tried, "rests_on": ["bored"]}).text
        told.append(answer.partition('class="errorlist"')[2].partition("</ul>")[0].replace(tried, "X"))
    assert told[0] == told[1], "what there is and what there is not are answered alike"
    assert "cannot be kept as evidence" in told[0]
    assert not ActRecord.objects.filter(workspace=ada.workspace).exists()
    client.post(question, TYPED | {"addresses": PAGE, "rests_on": ["bored"]})
    (told_now,) = said(ada.workspace, "forecast")
    assert told_now[1]["evidence"] == [PAGE]
    assert f"{PAGE}</textarea>" in client.get(question).text


def test_until_the_lock_nobody_else_is_told_and_afterwards_what_five_named_together(
    ada: Place, member: MakeMember, client_of: ClientOf
) -> None:
    workspace = ada.workspace
    (Path(workspace.folder) / "players.csv").write_text("id,rounds,back,arm,age\n1,2,1,new,20\n2,3,0,old,30\n")
    promising.forecast(ada, "gate_rounds", NUMBERS, [PAGE, "retention"])
    for named in (["bored"], ["move_gate"], ["bored", "retention"], ["rounds"], []):
        promising.forecast(place_of(workspace, member("rater")), "gate_rounds", NUMBERS, named)
    browser = client_of("admin")
    pages = [f"{page_of(workspace)}?tab={tab}" for tab in ("prediction", "evidence", "discussion", "history")]
    assert not any(PAGE in browser.get(page).text for page in pages)
    promising.lock(ada, "gate_rounds")
    assert PAGE not in browser.get(pages[0]).text, "the next run tells it"
    found = run(replace(acting(workspace), acts=TableJournal(workspace.pk).read()))
    workspace.last_run = found.info.id
    workspace.save()
    text = browser.get(pages[0]).text
    facts = text.partition("What they rest on</dt>")[2].partition("</dd>")[0]
    assert f'<a href="{PAGE}" rel="noopener noreferrer nofollow">{PAGE}</a>' in facts
    assert "Waiting for others is dull</a>" in facts
    assert "Said by 5 of 6." in facts
    assert "Ada" not in facts


def test_of_fewer_than_five_that_named_something_only_the_number_is_shown(ada: Place, member: MakeMember) -> None:
    workspace = ada.workspace
    (Path(workspace.folder) / "players.csv").write_text("id,rounds,back,arm,age\n1,2,1,new,20\n2,3,0,old,30\n")
    promising.forecast(ada, "gate_rounds", NUMBERS, [PAGE])
    for _ in range(4):
        promising.forecast(place_of(workspace, member("rater")), "gate_rounds", NUMBERS)
    promising.lock(ada, "gate_rounds")
    workspace.last_run = run(replace(acting(workspace), acts=TableJournal(workspace.pk).read())).info.id
    workspace.save()
    text = signed_in(ada).get(page_of(workspace)).text
    assert "Said by 1 of 5, too few to be listed." in text
    assert PAGE not in text


def test_the_export_of_ones_own_data_holds_it_and_erasing_takes_it_away(ada: Place) -> None:
    promising.forecast(ada, "gate_rounds", NUMBERS, [PAGE])
    client = signed_in(ada)
    assert PAGE in client.get("/account/export/").content.decode()
    assert own_acts.erase(ada.workspace, ada.user) == 1
    assert PAGE not in client.get("/account/export/").content.decode()
    assert not ActBody.objects.exists()


def test_a_form_offers_what_is_nearest_to_the_question_and_not_everything() -> None:
    experiments = {
        f"x{n:02}": Experiment(
            source="s", variant="arm", initiative="other", metrics=("m",), start=date(2026, 1, n + 1)
        )
        for n in range(20)
    }
    own = Experiment(source="s", variant="arm", initiative="gate", metrics=("n",))
    defined = Definitions.model_construct(
        hypotheses={"h": Hypothesis(initiative="gate", metric="m")},
        experiments={**experiments, "own": own},
        links={"m_n": Link(parent="m", child="n")},
        metrics={"m": None, "n": None},
    )
    keys = [key for key, _ in offered(defined, "h")]
    assert keys[:4] == ["own", "m", "x19", "x18"]
    assert len(keys) == OFFERED
    named = ["n", "gone", PAGE]
    assert [key for key, _ in offered(defined, "h", named)][:2] == ["n", "own"], "what was named before is ticked"
    assert offered(defined, "h")[1] == ("m", "Metric: m")


def test_titles_and_keys_are_read_a_line_each_and_addresses_apart_by_blanks(workspace: Workspace) -> None:
    definitions = loaded(workspace).workspace.definitions
    text = f"waiting for OTHERS is dull\n\n{PAGE} rounds\nmove_gate; retention"
    assert read(text, definitions) == ["bored", PAGE, "rounds", "move_gate", "retention"]


def test_what_is_gone_is_shown_by_its_key_and_leads_nowhere(workspace: Workspace) -> None:
    definitions = loaded(workspace).workspace.definitions
    found = shown(["bored", "gone", PAGE], definitions, workspace.key)
    assert [(one.text, bool(one.address), one.outside) for one in found] == [
        ("Waiting for others is dull", True, False),
        ("gone", False, False),
        (PAGE, True, True),
    ]
