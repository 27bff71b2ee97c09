"""Value sessions: blind until the reveal, one act per person and round, and nobody's answer anywhere but with them."""

from __future__ import annotations

import asyncio
import json
import logging
import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import connections
from django.test import Client
from django.urls import reverse

from vitalfew.errors import UsageError
from vitalfew.server.core.logs import JsonLines
from vitalfew.server.core.models import ActRecord
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.value.models import Participant, Session
from vitalfew.server.value.queries import reveal as opened
from vitalfew.server.value.queries import sessions as queries
from vitalfew.server.value.services import answers, sessions
from vitalfew.server.value.services.sessions import Plan
from vitalfew.server.value.views import live, shown
from vitalfew.server.value.views.entry import COOKIE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Workspace

FACTORS = ("jobs_completed", "planning_minutes", "first_time_fix", "support_contacts")
TELLING = 83
"""Points that nothing else on a page would show."""


@pytest.fixture
def ada(client_of: Callable[..., Client]) -> Client:
    """Who runs the session."""
    return client_of("facilitator")


def _opened(workspace: Workspace, ada: Client, people: int = 6, **given: Any) -> tuple[str, list[str]]:
    named = tuple((f"Rater{at}", "customers" if at % 2 else "staff") for at in range(people))
    plan = Plan("Autumn", FACTORS, groups=("customers", "staff"), people=named, **given)
    key, invited = sessions.open_session(workspace, plan, ada.member.user)  # type: ignore[attr-defined]  # of the fixture
    return key, [each.secret for each in invited]


def _session(key: str) -> Session:
    return Session.objects.get(key=key)


def _to(key: str, ada: Client, *steps: str) -> None:
    for step in steps:
        sessions.advance(_session(key).pk, step, ada.member.user)  # type: ignore[attr-defined]  # of the fixture


def _rater(secret: str) -> Client:
    client = Client()
    answer = client.post(reverse("rate-link", kwargs={"secret": secret}))
    assert answer.status_code == 302
    assert answer.url == "/rate/"  # type: ignore[attr-defined]  # of a redirect
    return client


def _answers(client: Client, points: Sequence[float | None], *, hand_in: bool = True) -> None:
    client.post("/rate/answer/", {"do": "first", "factor": FACTORS[0]})
    for factor, value in zip(FACTORS[1:], points, strict=True):
        body = {"do": "skip"} if value is None else {"do": "points", "points": str(value)}
        client.post("/rate/answer/", {**body, "factor": factor})
    if hand_in:
        client.post("/rate/answer/", {"do": "hand_in"})


def _rated(workspace: Workspace, ada: Client, people: int = 6) -> tuple[str, list[Client]]:
    key, secrets = _opened(workspace, ada, people)
    _to(key, ada, "measure", "prune", "weigh")
    raters = [_rater(secret) for secret in secrets]
    for at, rater in enumerate(raters):
        _answers(rater, (TELLING if at == 0 else 40 + at, 20 + 9 * at, None if at == 1 else 10.0))
    return key, raters


def test_answers_wait_sealed_and_the_reveal_makes_one_act_of_each_persons(demo: Workspace, ada: Client) -> None:
    key, raters = _rated(demo, ada)
    assert not ActRecord.objects.filter(workspace=demo).exists()
    assert "Change my answers" in raters[0].get("/rate/").text
    assert "That is it" in raters[0].get("/rate/?q=review").text
    raters[0].post("/rate/answer/", {"do": "points", "factor": FACTORS[1], "points": "55"})
    _to(key, ada, "reveal")
    judged = said(demo, kind="judgement")
    assert len(judged) == len({act.by for act, _ in judged}) == 6
    assert {body["kind"] for _, body in judged} == {"swing"}
    assert sorted({body["group"] for _, body in judged}) == ["customers", "staff"]
    assert any(body["points"].get(FACTORS[1]) == 55.0 for _, body in judged)
    assert not any(TELLING in body["points"].values() for _, body in judged)
    assert sum(FACTORS[3] not in body["points"] for _, body in judged) == 1
    assert not Participant.objects.exclude(draft={}).exists()


def test_nothing_is_revealed_before_anybody_handed_in(demo: Workspace, ada: Client) -> None:
    key, _ = _opened(demo, ada, 3)
    _to(key, ada, "measure", "prune", "weigh")
    with pytest.raises(UsageError, match="nobody has handed in"):
        _to(key, ada, "reveal")


def test_who_did_not_hand_in_said_nothing_and_nobody_changes_anything_after_the_reveal(
    demo: Workspace, ada: Client
) -> None:
    key, secrets = _opened(demo, ada, 3)
    _to(key, ada, "measure", "prune", "weigh")
    raters = [_rater(secret) for secret in secrets]
    _answers(raters[0], (50, 20, 10))
    _answers(raters[1], (50, 20, 10), hand_in=False)
    _to(key, ada, "reveal")
    assert len(said(demo, kind="judgement")) == 1
    raters[0].post("/rate/answer/", {"do": "points", "factor": FACTORS[1], "points": "1"})
    assert Participant.objects.get(name="Rater0").draft == {}


def _everything_told(client: Client, workspace: Workspace, key: str) -> str:
    """All that a person of the workspace can get about a session: pages, parts, files, events."""
    names = ("session", "session-live", "session-projector")
    pages = [client.get(reverse(name, kwargs={"workspace": workspace.key, "key": key})) for name in names]
    pages += [client.get(reverse("session", kwargs={"workspace": workspace.key, "key": key}) + "?format=csv")]
    pages += [client.get(reverse("sessions", kwargs={"workspace": workspace.key}) + "?format=csv")]
    pulse = queries.pulse(_session(key).pk)
    return "\n".join([*(page.content.decode() for page in pages), repr(pulse)])


def test_nothing_of_a_raters_answer_reaches_the_facilitator_or_another_before_the_reveal(
    demo: Workspace, ada: Client
) -> None:
    key, raters = _rated(demo, ada)
    told = _everything_told(ada, demo, key)
    assert f">{TELLING}<" not in told
    assert "6" in told
    assert "Fixed at the first visit" not in told.split("stepbar")[2]  # the wall shows counts, no factor, no weight
    other = raters[2].get("/rate/").content.decode()
    assert not re.search(rf"\b{TELLING}\b", other)
    assert re.search(rf"\b{TELLING}\b", raters[0].get("/rate/").content.decode())


def test_after_the_reveal_only_the_group_is_shown_and_each_persons_own_to_them(demo: Workspace, ada: Client) -> None:
    key, raters = _rated(demo, ada)
    _to(key, ada, "reveal")
    told = _everything_told(ada, demo, key)
    assert "handed in</span>" not in told  # who did is a count, unless the session shows names
    for person in Participant.objects.all():
        assert person.by not in told
        assert person.voice not in told
    own = raters[0].get("/rate/").content.decode()
    assert "Your own weights" in own
    shares = set(re.findall(r"<b>([\d.]+)\s*%</b>", own.replace("\N{NO-BREAK SPACE}", " ")))
    assert len(shares) >= 3
    other = raters[2].get("/rate/").content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert set(re.findall(r"<b>([\d.]+)\s*%</b>", other)) != shares


def test_who_answered_is_seen_only_where_that_was_chosen_before_anybody_did(demo: Workspace, ada: Client) -> None:
    def told(key: str) -> str:
        return ada.get(reverse("session", kwargs={"workspace": demo.key, "key": key})).text

    def names(key: str, **given: str) -> Any:
        address = reverse("session-people", kwargs={"workspace": demo.key, "key": key})
        return ada.post(address, {"do": "names", **given}, follow=True).text

    for chosen in (False, True):
        key, (secret, _) = _opened(demo, ada, 2, shows_names=chosen)
        _to(key, ada, "measure", "prune", "weigh")
        _answers(_rater(secret), (50, 20, 10))
        assert ("handed in</span>" in told(key)) == chosen
        if chosen:
            assert "Show me only how many" in told(key)
            assert "handed in</span>" not in names(key)
        assert 'name="shown"' not in told(key)
        assert "whether you see who has answered is chosen" in names(key, shown="on")
        assert "handed in</span>" not in told(key)
        assert not _session(key).shows_names


def test_fewer_than_three_answers_are_never_shown(demo: Workspace, ada: Client) -> None:
    key, _ = _rated(demo, ada, people=2)
    _to(key, ada, "reveal", "sign_off")
    told = _everything_told(ada, demo, key)
    assert "Fewer than 3 people" in told
    view = queries.session(demo, key)
    assert view is not None
    assert list(shown.cells(opened.reveal(demo, view, None))) == []
    found = ada.get(f"/api/v1/workspaces/{demo.key}/sessions/{key}/reveal").json()
    assert found == {"people": 2, "factors": [], "camps": [], "flips": None, "notes": []}


def test_what_one_said_in_a_first_round_is_not_shown_beside_what_three_say_in_the_second(
    demo: Workspace, ada: Client
) -> None:
    key, secrets = _opened(demo, ada, 3)
    _to(key, ada, "measure", "prune", "weigh")
    raters = [_rater(secret) for secret in secrets]
    _answers(raters[0], (TELLING, 20, 10.0))
    _to(key, ada, "reveal", "again")
    reviewed = [rater.get("/rate/?q=review").content.decode() for rater in raters]
    assert ["your first answers stand" in page for page in reviewed] == [True, False, False]
    for rater in raters:
        _answers(rater, (40, 30, 10.0))
    _to(key, ada, "sign_off")
    view = queries.session(demo, key)
    assert view is not None
    found = opened.reveal(demo, view, None)
    assert (found.now.people, found.first) == (3, None)
    assert "How the second round moved the weights" not in _everything_told(ada, demo, key)


def test_dots_come_from_five_people_up_and_belong_to_no_row_of_a_person(demo: Workspace, ada: Client) -> None:
    run = open_run(demo)
    for people, dots in ((4, False), (6, True)):
        key, _ = _rated(demo, ada, people)
        _to(key, ada, "reveal")
        view = queries.session(demo, key)
        assert view is not None
        found = opened.reveal(demo, view, run).now
        assert found.people == people
        assert any(strip.dots for strip in found.strips) is dots
        for strip in found.strips:
            assert list(strip.dots) == sorted(strip.dots)
        (unsure,) = (strip for strip in found.strips if strip.factor == FACTORS[3])
        assert len(unsure.dots) == (5 if dots else 0)


def test_a_session_counts_its_own_people_only(demo: Workspace, ada: Client) -> None:
    first, _ = _rated(demo, ada, 5)
    _to(first, ada, "reveal")
    second, _ = _rated(demo, ada, 3)
    _to(second, ada, "reveal")
    view = queries.session(demo, second)
    assert view is not None
    assert opened.reveal(demo, view, None).now.people == 3


def test_the_second_round_starts_from_ones_own_first_and_shows_what_moved(demo: Workspace, ada: Client) -> None:
    key, raters = _rated(demo, ada)
    _to(key, ada, "reveal", "again")
    assert re.search(rf"\b{TELLING}\b", raters[0].get("/rate/?q=review").content.decode())
    for rater in raters[:3]:
        rater.post("/rate/answer/", {"do": "points", "factor": FACTORS[1], "points": "5"})
        rater.post("/rate/answer/", {"do": "hand_in"})
    _to(key, ada, "sign_off")
    assert len(said(demo, kind="judgement")) == 9
    view = queries.session(demo, key)
    assert view is not None
    found = opened.reveal(demo, view, None)
    assert found.first is not None
    assert found.first.people == found.now.people == 6
    (planning,) = (row for row in opened.moved(found) if row.factor == FACTORS[1])
    assert planning.before is not None
    assert planning.after.mean < planning.before.mean


def test_a_link_serves_once_and_a_new_one_keeps_the_voice_and_shuts_the_old_device_out(
    demo: Workspace, ada: Client
) -> None:
    key, secrets = _opened(demo, ada, 1)
    _to(key, ada, "measure", "prune", "weigh")
    address = reverse("rate-link", kwargs={"secret": secrets[0]})
    looked = Client().get(address)
    assert looked.status_code == 200  # programs that look at links use nothing up
    first = _rater(secrets[0])
    assert Client().get(address).status_code == 410
    assert Client().post(address).status_code == 410
    voice = Participant.objects.get().voice
    again = sessions.new_link(_session(key).pk, Participant.objects.get().pk, ada.member.user)  # type: ignore[attr-defined]  # of the fixture
    assert first.get("/rate/").status_code == 410
    assert _rater(again.secret).get("/rate/").status_code == 200
    assert Participant.objects.get().voice == voice
    assert Client().get("/rate/").status_code == 410


def test_the_cookie_is_for_rating_pages_only_and_signed(demo: Workspace, ada: Client) -> None:
    key, secrets = _opened(demo, ada, 1)
    client = _rater(secrets[0])
    cookie = client.cookies[COOKIE]
    assert cookie["path"] == "/rate/"
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert cookie["max-age"] <= 12 * 3600
    client.cookies[COOKIE] = cookie.value[:-2] + "xx"
    assert client.get("/rate/").status_code == 410
    assert client.get(reverse("session", kwargs={"workspace": demo.key, "key": key})).status_code == 302


def test_the_common_link_gives_free_seats_and_no_more_until_it_is_renewed(demo: Workspace, ada: Client) -> None:
    key, _ = _opened(demo, ada, 0, seats=2)
    view = queries.session(demo, key)
    assert view is not None
    address = reverse("join", kwargs={"code": queries.door_code(view)})
    taken = [Client().post(address, {"group": "customers"}) for _ in range(3)]
    assert [answer.status_code for answer in taken] == [302, 302, 410]
    assert {person.group for person in Participant.objects.all()} == {"customers"}
    assert len({person.voice for person in Participant.objects.all()}) == 2
    sessions.set_seats(view.id, 4, new_door=True)
    assert Client().get(address).status_code == 410
    assert Client().get(reverse("join", kwargs={"code": f"{view.id}-" + "0" * 20})).status_code == 410


def test_secrets_of_links_stay_out_of_the_log(demo: Workspace, ada: Client, caplog: pytest.LogCaptureFixture) -> None:
    key, secrets = _opened(demo, ada, 1)
    view = queries.session(demo, key)
    assert view is not None
    with caplog.at_level(logging.INFO):
        _rater(secrets[0])
        Client().get(reverse("rate-link", kwargs={"secret": secrets[0]}))
        Client().get(reverse("join", kwargs={"code": queries.door_code(view)}))
    lines = [JsonLines().format(record) for record in caplog.records]
    assert lines
    assert not any(secrets[0] in line or queries.door_code(view) in line for line in lines)


@pytest.mark.parametrize("role", ["viewer", "rater", "contributor", "editor", "analyst"])
def test_only_who_may_run_a_session_changes_it(
    demo: Workspace, ada: Client, client_of: Callable[..., Client], role: str
) -> None:
    key, _ = _opened(demo, ada, 1)
    client = client_of(role)
    for name in ("session-step", "session-people", "session-factors", "session-minutes"):
        answer = client.post(reverse(name, kwargs={"workspace": demo.key, "key": key}), {"to": "measure"})
        assert answer.status_code == 403
    assert _session(key).step == "frame"


def test_a_member_takes_part_as_who_they_are(demo: Workspace, ada: Client, client_of: Callable[..., Client]) -> None:
    key, _ = _opened(demo, ada, 0)
    _to(key, ada, "measure", "prune", "weigh")
    ben = client_of("rater", group="staff")
    address = reverse("session-rate", kwargs={"workspace": demo.key, "key": key})
    assert ben.post(address).status_code == 302
    _answers(ben, (10, 20, 30))
    assert ben.post(address).status_code == 302
    person = Participant.objects.get()
    assert (person.voice, person.group) == (f"user:{ben.member.user.pk}", "staff")  # type: ignore[attr-defined]  # of the fixture
    assert client_of("viewer").post(address).status_code == 403


def test_steps_go_on_in_order_and_what_is_revealed_stays_revealed(demo: Workspace, ada: Client) -> None:
    key, _ = _rated(demo, ada, 5)
    _to(key, ada, "reveal")
    for step in ("weigh", "frame", "closed"):
        with pytest.raises(Exception, match="does not go"):
            _to(key, ada, step)


def test_parked_factors_keep_their_reason_and_are_not_asked(demo: Workspace, ada: Client) -> None:
    key, secrets = _opened(demo, ada, 1)
    address = reverse("session-factors", kwargs={"workspace": demo.key, "key": key})
    ada.post(address, {"do": "park", "factor": FACTORS[3], "reason": "follows from the others"})
    _to(key, ada, "measure", "prune", "weigh")
    assert _session(key).parked == {FACTORS[3]: "follows from the others"}
    assert "Nobody needs to call" not in _rater(secrets[0]).get("/rate/").content.decode()
    ada.post(address, {"do": "take", "factor": FACTORS[3]})
    assert FACTORS[3] not in _session(key).factors


def test_signing_is_an_act_of_each_person_and_closing_freezes_the_version(demo: Workspace, ada: Client) -> None:
    key, raters = _rated(demo, ada, 5)
    _to(key, ada, "reveal", "sign_off")
    for rater in raters[:2]:
        rater.post("/rate/answer/", {"do": "sign"})
        rater.post("/rate/answer/", {"do": "sign"})
    assert len(said(demo, kind="sign_off")) == 2
    page = reverse("session", kwargs={"workspace": demo.key, "key": key})
    assert "after closing nobody can" in ada.get(page).content.decode()
    step = reverse("session-step", kwargs={"workspace": demo.key, "key": key})
    assert "Closed; 2 of 5 have signed" in ada.post(step, {"to": "closed"}, follow=True).content.decode()
    row = _session(key)
    assert (row.step, row.signed_n) == ("closed", 7)
    assert "Signed" in ada.get(reverse("session", kwargs={"workspace": demo.key, "key": key})).content.decode()
    assert raters[0].get("/rate/").status_code == 200


def test_minutes_are_kept_while_one_types(demo: Workspace, ada: Client) -> None:
    key, _ = _rated(demo, ada, 5)
    _to(key, ada, "reveal")
    address = reverse("session-minutes", kwargs={"workspace": demo.key, "key": key})
    answer = ada.post(address, {"factor": FACTORS[0], "text": "said twice"}, headers={"HX-Request": "true"})
    assert answer.status_code == 204
    assert _session(key).minutes == {FACTORS[0]: "said twice"}
    assert ada.post(address, {"factor": "nope", "text": "x"}).status_code == 422


@pytest.mark.usefixtures("sqlite")
def test_events_tell_counts_and_steps_once_each_and_nothing_else(demo: Workspace, ada: Client) -> None:
    key, _ = _opened(demo, ada, 1)
    pk = _session(key).pk

    async def listened() -> list[dict[str, object]]:
        found: list[dict[str, object]] = []
        async for text in live.told(pk, every=0.02):
            found.append(json.loads(text.split("data: ")[1]))
            if len(found) == 2:
                return found
            await asyncio.to_thread(_on_to_measures, key, ada)
        return found

    first, second = asyncio.run(listened())
    live._reader.submit(connections.close_all).result()
    assert set(first) == {"version", "step", "ready", "people", "signed", "ends"}
    assert (first["step"], first["people"]) == ("frame", 1)
    assert second["version"] != first["version"]


def _on_to_measures(key: str, ada: Client) -> None:
    _to(key, ada, "measure")
    connections.close_all()


def test_ten_people_and_ten_factors_are_weighed_in_less_than_150_ms(run: Results) -> None:
    workspace, options = _ten(run)
    from vitalfew.pipeline.weighing import weigh

    took = []
    for _ in range(6):
        begun = time.process_time()
        assert weigh(workspace, options).people == 10
        took.append(time.process_time() - begun)
    assert min(took) < 0.15


def _ten(results: Results) -> tuple[Any, Any]:
    from dataclasses import replace

    from vitalfew.pipeline.weighing import choosable
    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act

    defined = results.workspace.definitions
    one = next(iter(defined.factors.values())).model_copy(update={"north_star": False})
    factors = {f"factor_{at}": one for at in range(10)}
    acts, bodies = [], {}
    for n in range(1, 11):
        acts.append(Act(n, "2026-01-01T00:00:00Z", f"p-{n}", "judgement", "value_model", None, "", "", ""))
        bodies[n] = {"points": {key: float((7 * n * (at + 3)) % 101) for at, key in enumerate(factors)}}
    workspace = replace(
        results.workspace, definitions=defined.model_copy(update={"factors": factors}), acts=ActLog(tuple(acts), bodies)
    )
    return workspace, choosable(results)


def test_signed_cookies_end_with_the_secret_of_the_server(demo: Workspace, ada: Client) -> None:
    _, secrets = _opened(demo, ada, 1)
    client = _rater(secrets[0])
    entry = client.cookies[COOKIE].value
    assert queries.rater_of(entry, answers.LASTS) is not None
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(settings, "SECRET_KEY", "y" * 60)
        assert queries.rater_of(entry, answers.LASTS) is None


def test_a_link_opened_once_more_leads_on_in_its_own_browser_and_in_no_other(demo: Workspace, ada: Client) -> None:
    key, secrets = _opened(demo, ada, 2)
    _to(key, ada, "measure", "prune", "weigh")
    mine, other = _rater(secrets[0]), _rater(secrets[1])
    address = reverse("rate-link", kwargs={"secret": secrets[0]})
    assert mine.get(address).url == "/rate/"  # type: ignore[attr-defined]  # of a redirect
    assert other.get(address).status_code == 410
    sessions.new_link(_session(key).pk, Participant.objects.get(name="Rater0").pk, ada.member.user)  # type: ignore[attr-defined]  # of the fixture
    assert mine.get(address).status_code == 410


def test_a_link_opens_nothing_once_its_session_is_over(demo: Workspace, ada: Client) -> None:
    key, secrets = _opened(demo, ada, 2)
    _to(key, ada, "measure", "prune", "weigh")
    _answers(_rater(secrets[0]), (50, 20, 10))
    _to(key, ada, "reveal", "sign_off", "closed")
    address = reverse("rate-link", kwargs={"secret": secrets[1]})
    assert Client().get(address).status_code == 410
    assert Client().post(address).status_code == 410
    assert Participant.objects.get(name="Rater1").joined_at is None


def test_no_change_is_weighed_before_one_is_taken_first_and_the_one_before_is_asked_anew(
    demo: Workspace, ada: Client
) -> None:
    key, secrets = _opened(demo, ada, 1)
    _to(key, ada, "measure", "prune", "weigh")
    rater = _rater(secrets[0])
    assert "Which change would you take first?" in rater.get(f"/rate/?q={FACTORS[1]}").text
    _answers(rater, (50, 20, 10))
    answer = rater.post("/rate/answer/", {"do": "first", "factor": FACTORS[1]})
    assert answer.url == f"/rate/?q={FACTORS[0]}"  # type: ignore[attr-defined]  # of a redirect
    again = rater.post("/rate/answer/", {"do": "first", "factor": FACTORS[1]})
    assert again.url == "/rate/"  # type: ignore[attr-defined]  # of a redirect


def test_who_skips_all_but_one_is_told_that_it_will_not_count(demo: Workspace, ada: Client) -> None:
    key, secrets = _opened(demo, ada, 4)
    _to(key, ada, "measure", "prune", "weigh")
    raters = [_rater(secret) for secret in secrets]
    _answers(raters[0], (None, None, None), hand_in=False)
    _answers(raters[1], (50, None, None), hand_in=False)
    told = "your answers will not count"
    assert told in raters[0].get("/rate/?q=review").text
    assert told not in raters[1].get("/rate/?q=review").text
    for rater in raters[:2]:
        rater.post("/rate/answer/", {"do": "hand_in"})
    assert told in raters[0].get("/rate/").text
    raters[3].post("/rate/answer/", {"do": "first", "factor": FACTORS[0]})
    assert "3 questions are still open" in raters[3].post("/rate/answer/", {"do": "hand_in"}, follow=True).text
    for factor in FACTORS[1:3]:
        raters[3].post("/rate/answer/", {"do": "skip", "factor": factor})
    assert "one question is still open" in raters[3].post("/rate/answer/", {"do": "hand_in"}, follow=True).text
    _to(key, ada, "reveal")
    assert "None of these weights are yours" in raters[0].get("/rate/").text
    assert "Your own weights" in raters[1].get("/rate/").text
    assert "None of these weights are yours" in raters[3].get("/rate/").text


def test_signing_once_more_says_thank_you_and_after_the_end_that_it_came_too_late(demo: Workspace, ada: Client) -> None:
    key, raters = _rated(demo, ada, 5)
    _to(key, ada, "reveal", "sign_off")
    raters[0].post("/rate/answer/", {"do": "sign"})
    twice = raters[0].post("/rate/answer/", {"do": "sign"}, follow=True).text
    assert "You have signed" in twice
    assert "nothing to sign" not in twice
    _to(key, ada, "closed")
    assert "closed before you signed" in raters[1].post("/rate/answer/", {"do": "sign"}, follow=True).text
    assert len(said(demo, kind="sign_off")) == 1
