"""Forecasts and locks: each answers alone, nobody sees what another said, and a lock stays."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from vitalfew.errors import ActError, UsageError
from vitalfew.server.bets.queries.bet import history_of_metric
from vitalfew.server.bets.queries.promise import lock_of, own_forecast
from vitalfew.server.bets.services import promising
from vitalfew.server.bets.services.bets import save_bet
from vitalfew.server.core.access import Place
from vitalfew.server.core.models import ActRecord, Link
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.queries.promised import spoken
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.acts import voice_of_user
from vitalfew.server.core.services.definitions import change, save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Member, Workspace

    type ClientOf = Callable[..., Client]
    type MakeMember = Callable[..., Member]

TELLING = {"p10": 3.1415, "p50": 5.9265, "p90": 9.7932, "p_zero": 0.38}
"""Numbers that stand nowhere else, so that they are found wherever they leak."""
OWN = {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.0}


def place_of(workspace: Workspace, found: Member) -> Place:
    """Where a member stands."""
    workspace.refresh_from_db()
    return Place(workspace, found, found.user, Role(found.role).abilities)


@pytest.fixture
def ada(workspace: Workspace, member: MakeMember) -> Place:
    """An editor."""
    return place_of(workspace, member("editor"))


@pytest.fixture
def ben(workspace: Workspace, member: MakeMember) -> Place:
    """A rater."""
    return place_of(workspace, member("rater"))


def asked_by_link(ada: Place, client: Client) -> str:
    """A browser without an account opens its personal link; gives the address of the question."""
    ((_, secret),) = promising.ask(ada, "gate_rounds", ["Cleo of the club"])
    answer = client.post(reverse("forecast-link", kwargs={"secret": secret}))
    assert secret not in answer.headers["Location"], "the secret leaves the address at once"
    return answer.headers["Location"]


def test_the_latest_forecast_of_a_person_counts_and_is_theirs_alone(ada: Place, ben: Place) -> None:
    promising.forecast(ada, "gate_rounds", OWN)
    promising.forecast(ada, "gate_rounds", TELLING)
    definitions = loaded(ada.workspace).workspace.definitions
    mine = own_forecast(ada, "gate_rounds", voice_of_user(ada.user), definitions)
    assert mine is not None
    assert mine["p50"] == TELLING["p50"]
    assert own_forecast(ben, "gate_rounds", voice_of_user(ben.user), definitions) is None
    ada.workspace.refresh_from_db()
    assert list(spoken(ada.workspace)["gate_rounds"].forecasters.values()) == [1]


@pytest.mark.parametrize("role", ["viewer", "rater", "contributor", "editor", "facilitator", "analyst", "admin"])
def test_what_another_forecast_is_on_no_page_and_in_no_export(
    workspace: Workspace, member: MakeMember, client_of: ClientOf, role: str
) -> None:
    ada = place_of(workspace, member("editor"))
    promising.forecast(ada, "gate_rounds", TELLING)
    ada.workspace.refresh_from_db()
    promising.forecast(place_of(workspace, member("rater")), "gate_rounds", OWN)
    browser = client_of(role)
    here = {"workspace": workspace.key}
    bet = reverse("initiative", kwargs=here | {"key": "gate"})
    pages = [f"{bet}?tab={tab}" for tab in ("prediction", "evidence", "cost", "discussion", "history")]
    board = reverse("board", kwargs=here)
    pages += [board, f"{board}?format=csv", reverse("mentions", kwargs=here)]
    if role not in ("viewer", "rater", "contributor"):
        asked = here | {"key": "gate_rounds"}
        pages += [reverse(name, kwargs=asked) for name in ("lock", "ask-forecasts", "edit-hypothesis")]
    for page in pages:
        text = browser.get(page).text
        for number in ("3.14", "5.92", "9.79", "5.93", "3.1", "38 %", "3.96"):
            assert number not in text, page
    assert "2 given" in browser.get(bet).text


def test_whoever_forecast_sees_their_own(workspace: Workspace, member: MakeMember, client: Client) -> None:
    found = member("rater")
    client.force_login(found.user)
    address = reverse("forecast", kwargs={"workspace": workspace.key, "key": "gate_rounds"})
    client.post(address, {"p10": "3.1415", "p50": "5.9265", "p90": "9.7932", "p_zero": "38"})
    page = client.get(reverse("initiative", kwargs={"workspace": workspace.key, "key": "gate"})).text
    assert 'value="5.9265"' in page
    assert 'value="38"' in page


def test_a_forecast_that_falls_is_refused_with_the_reason(
    workspace: Workspace, member: MakeMember, client: Client
) -> None:
    client.force_login(member("rater").user)
    address = reverse("forecast", kwargs={"workspace": workspace.key, "key": "gate_rounds"})
    answer = client.post(address, {"p10": "9", "p50": "5.25", "p90": "3", "p_zero": "0"})
    said = answer.text.partition('id="hypothesis-gate_rounds"')[2]
    assert "must rise" in said, "told where the page scrolls to"
    assert 'value="5.25"' in said, "and what was typed is still there"
    assert answer.text.count("must rise") == 1
    assert client.get(address).status_code == 302, "the address leads back to the bet"
    assert not ActRecord.objects.filter(workspace=workspace).exists()


def test_a_person_without_an_account_answers_by_link_and_corrects_it(ada: Place, client: Client) -> None:
    question = asked_by_link(ada, client)
    page = client.get(question).text
    assert "Rounds played" in page
    client.post(question, {"p10": "1", "p50": "2", "p90": "3", "p_zero": "0"})
    client.post(question, {"p10": "2", "p50": "3", "p90": "4", "p_zero": "0"})
    ada.workspace.refresh_from_db()
    assert list(spoken(ada.workspace)["gate_rounds"].forecasters.values()) == [1], "one link is one person"
    promising.lock(ada, "gate_rounds")
    client.post(question, {"p10": "7", "p50": "8", "p90": "9", "p_zero": "0"})
    assert ActRecord.objects.filter(workspace=ada.workspace, kind="forecast").count() == 2
    assert "forecasts are closed" in client.get(question).text


def test_a_link_that_was_taken_back_or_ended_leads_nowhere(ada: Place, client: Client) -> None:
    question = asked_by_link(ada, client)
    Link.objects.update(revoked_at="2026-01-01T00:00:00Z")
    assert "does not lead anywhere" in client.get(question).text
    client.post(question, {"p10": "1", "p50": "2", "p90": "3", "p_zero": "0"})
    assert not ActRecord.objects.filter(workspace=ada.workspace).exists()


def test_a_cookie_that_somebody_wrote_opens_nothing(ada: Place, client: Client) -> None:
    asked_by_link(ada, client)
    client.cookies["vitalfew-forecast"] = str(Link.objects.get().pk)
    assert "does not lead anywhere" in client.get(reverse("forecast-by-link")).text


def test_a_lock_holds_all_forecasts_combined_and_stays(ada: Place, ben: Place) -> None:
    promising.forecast(ada, "gate_rounds", {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.2})
    promising.forecast(ben, "gate_rounds", {"p10": 3.0, "p50": 4.0, "p90": 7.0, "p_zero": 0.4})
    act = promising.lock(ada, "gate_rounds")
    definitions = loaded(ada.workspace).workspace.definitions
    held = lock_of(ada, "gate_rounds", definitions, None)
    assert held is not None
    assert (held.p10, held.p50, held.p90, held.forecasters) == (2.0, 3.0, 5.0, 2)
    assert held.p_zero == pytest.approx(0.3)
    assert act.hash.startswith(held.stamp)
    with pytest.raises(ActError, match="locked on"):
        promising.lock(ada, "gate_rounds")
    with pytest.raises(UsageError, match="closed"):
        promising.forecast(ben, "gate_rounds", OWN)


def test_after_an_edit_people_answer_anew_and_the_first_lock_stays(ada: Place) -> None:
    promising.forecast(ada, "gate_rounds", OWN)
    first = promising.lock(ada, "gate_rounds")
    body, version = body_of(ada.workspace, "hypotheses", "gate_rounds") or ({}, 0)
    name = ("hypotheses", "gate_rounds")
    save_bet(ada, {name: body | {"because": "six of eight said so"}}, {name: version or 0})
    definitions = loaded(ada.workspace).workspace.definitions
    held = lock_of(ada, "gate_rounds", definitions, None)
    assert held is not None
    assert held.stale
    promising.forecast(ada, "gate_rounds", TELLING)
    promising.lock(ada, "gate_rounds")
    held = lock_of(ada, "gate_rounds", definitions, None)
    assert held is not None
    assert (held.again, held.stale, held.p50) == (True, False, TELLING["p50"])
    assert ActRecord.objects.filter(hash=first.hash).exists()


def test_only_editors_lock_and_ask(workspace: Workspace, client_of: ClientOf) -> None:
    asked = {"workspace": workspace.key, "key": "gate_rounds"}
    for role in ("viewer", "rater", "contributor"):
        browser = client_of(role)
        assert browser.post(reverse("lock", kwargs=asked)).status_code == 403
        assert browser.get(reverse("ask-forecasts", kwargs=asked)).status_code == 403
    assert client_of("viewer").post(reverse("forecast", kwargs=asked), {}).status_code == 403


def test_the_promise_is_shown_once_it_is_locked(ada: Place, ben: Place, client_of: ClientOf) -> None:
    promising.forecast(ada, "gate_rounds", {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.2})
    promising.forecast(ben, "gate_rounds", {"p10": 3.0, "p50": 4.0, "p90": 7.0, "p_zero": 0.4})
    promising.lock(ada, "gate_rounds")
    page = client_of("viewer").get(reverse("initiative", kwargs={"workspace": "playground", "key": "gate"})).text
    assert "+3.0" in page
    assert "promise of 2" in page
    assert "locked" in page


def test_the_plan_of_an_experiment_is_locked_once(workspace: Workspace, ada: Place, client: Client) -> None:
    body, version = body_of(workspace, "experiments", "move_gate") or ({}, 0)
    plan = {"plan": {"primary": ["rounds"], "units": 2000}}
    save(workspace, "experiments", "move_gate", body | plan, by=None, version=version)
    client.force_login(ada.user)
    address = reverse("lock-plan", kwargs={"workspace": workspace.key, "key": "move_gate"})
    assert "The plan is locked" in client.post(address, follow=True).text
    assert "a plan is locked once" in client.post(address, follow=True).text
    where = reverse("initiative", kwargs={"workspace": workspace.key, "key": "gate"})
    assert "plan locked" in client.get(where, {"tab": "evidence"}).text


def test_a_failed_guardrail_is_waived_with_its_reason_only(workspace: Workspace, ada: Place, client: Client) -> None:
    client.force_login(ada.user)
    address = reverse("waive", kwargs={"workspace": workspace.key, "key": "gate"})
    client.post(address, {"reason": "  "})
    assert not ActRecord.objects.filter(workspace=workspace).exists()
    client.post(address, {"reason": "a law asks for it"})
    assert ActRecord.objects.get(workspace=workspace).kind == "waiver"


@pytest.mark.parametrize("bets", [1, 30])
def test_the_board_asks_the_database_as_often_however_many_bets_there_are(
    workspace: Workspace, ada: Place, client: Client, bets: int, django_assert_max_num_queries: Callable[[int], object]
) -> None:
    bodies = {("initiatives", f"bet_{n}"): {"title": f"Bet {n}"} for n in range(bets)}
    change(workspace, bodies, by=None)
    client.force_login(ada.user)
    address = reverse("board", kwargs={"workspace": workspace.key})
    client.get(address)
    with django_assert_max_num_queries(10):  # type: ignore[attr-defined]  # a context
        client.get(address)


def test_a_prediction_is_drawn_on_days_only_where_a_day_is_the_number_that_is_promised(run: Results) -> None:
    daily = {row.metric for row in run.tables.series if row.unit is None}
    assert {"planning_minutes", "jobs_completed"} <= daily
    assert history_of_metric(run, "planning_minutes"), "minutes for each day planned are the same by day and by month"
    assert history_of_metric(run, "jobs_completed") == [], "jobs of four weeks are not those of a day"
