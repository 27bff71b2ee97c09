"""Ways around what is kept apart, tried as somebody would: others' numbers, other workspaces, the server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import authenticate
from django.test import Client, override_settings
from django.urls import reverse

import vitalfew
from vitalfew.errors import DefinitionError, UsageError
from vitalfew.server.bets.services import promising
from vitalfew.server.core.access import MOST_TRIES, Place
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Answer, AuditEntry, Definition, Link, Member, Webhook, Workspace
from vitalfew.server.core.queries.promised import spoken
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services import accounts, looks, tokens
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.services.links import find_link
from vitalfew.server.core.services.webhooks import MOST_TESTS
from vitalfew.server.value.models import Participant, Session
from vitalfew.server.value.services import sessions
from vitalfew.warehouse.tables import table_files
from vitalfew.workspace.journal import FolderJournal

if TYPE_CHECKING:
    from collections.abc import Callable

    type ClientOf = Callable[..., Client]
    type MakeMember = Callable[..., Member]

FACTORS = ("rounds", "retention")
TELLING = 83.0
FORECAST = {"p10": "3.1415", "p50": "5.9265", "p90": "9.7932", "p_zero": "38"}
HERE = "/api/v1/workspaces/playground"


def _place(workspace: Workspace, found: Member) -> Place:
    workspace.refresh_from_db()
    return Place(workspace, found, found.user, Role(found.role).abilities)


def _by(secret: str) -> Client:
    return Client(headers={"Authorization": f"Bearer {secret}"})


# What people said -------------------------------------------------------------------------------------------------


def _weighing(workspace: Workspace, who: Member) -> tuple[Session, str]:
    """A session in which somebody is invited and everybody weighs."""
    plan = sessions.Plan("Autumn", FACTORS, people=(("Cleo", ""), ("Dan", "")))
    key, invited = sessions.open_session(workspace, plan, who.user)
    row = Session.objects.get(key=key)
    for step in ("measure", "prune", "weigh"):
        sessions.advance(row.pk, step, who.user)
    return row, invited[0].secret


def _enters(secret: str) -> Client:
    client = Client()
    client.post(reverse("rate-link", kwargs={"secret": secret}))
    return client


def _answers(client: Client) -> None:
    client.post("/rate/answer/", {"do": "first", "factor": FACTORS[0]})
    client.post("/rate/answer/", {"do": "points", "factor": FACTORS[1], "points": str(TELLING)})
    client.post("/rate/answer/", {"do": "hand_in"})


def _all_told(client: Client) -> str:
    """All that is said, without the tokens of forms, in which any number may stand by chance."""
    pages = "".join(client.get(f"/rate/{asked}").text for asked in ("", "?q=review", f"?q={FACTORS[1]}"))
    return re.sub(r'csrf[^>]*value="[^"]*"|X-CSRFToken[^}]*', "", pages)


def test_who_makes_somebody_a_new_link_and_opens_it_finds_no_answer_before_the_reveal_nor_after(
    workspace: Workspace, member: MakeMember
) -> None:
    who = member("facilitator")
    row, secret = _weighing(workspace, who)
    cleo = _enters(secret)
    _answers(cleo)
    assert "83" in _all_told(cleo)
    seat = Participant.objects.get(name="Cleo").pk
    assert "83" not in _all_told(_enters(sessions.new_link(row.pk, seat, who.user).secret))


def test_what_was_revealed_of_somebody_is_not_behind_a_new_link_either(
    workspace: Workspace, member: MakeMember
) -> None:
    who = member("facilitator")
    row, secret = _weighing(workspace, who)
    cleo = _enters(secret)
    _answers(cleo)
    sessions.advance(row.pk, "reveal", who.user)
    share = f"{100 * TELLING / (100 + TELLING):.0f}\N{NO-BREAK SPACE}%"
    assert share in cleo.get("/rate/").text
    seat = Participant.objects.get(name="Cleo").pk
    other = _enters(sessions.new_link(row.pk, seat, who.user).secret)
    assert share not in _all_told(other)
    sessions.advance(row.pk, "again", who.user)
    assert "83" not in _all_told(other)
    assert Participant.objects.get(pk=seat).draft == {}


def test_nobody_makes_a_link_that_acts_as_a_member(
    workspace: Workspace, member: MakeMember, client_of: ClientOf
) -> None:
    who = member("facilitator")
    row, _ = _weighing(workspace, who)
    client_of("rater").post(reverse("session-rate", kwargs={"workspace": workspace.key, "key": row.key}))
    seat = Participant.objects.exclude(user=None).get().pk
    with pytest.raises(UsageError, match="needs no link"):
        sessions.new_link(row.pk, seat, who.user)


def test_a_link_for_a_forecast_opens_in_one_browser_only(workspace: Workspace, member: MakeMember) -> None:
    ada = _place(workspace, member("editor"))
    ((_, secret),) = promising.ask(ada, "gate_rounds", ["Cleo"])
    address, question = reverse("forecast-link", kwargs={"secret": secret}), reverse("forecast-by-link")
    cleo, asker = Client(), Client()
    assert "Begin" in cleo.get(address).text, "a program that looks at links opens none"
    cleo.post(address)
    cleo.post(question, FORECAST)
    assert "5.9265" in cleo.get(question).text
    assert cleo.get(address).status_code == 302, "it is still her browser"
    assert asker.get(address).status_code == asker.post(address).status_code == 410
    assert asker.get(question).status_code == 410


def test_a_new_link_takes_the_place_of_the_first_and_does_not_show_what_was_forecast_by_it(
    workspace: Workspace, member: MakeMember
) -> None:
    ada = _place(workspace, member("editor"))
    question = reverse("forecast-by-link")
    cleo, again = Client(), Client()
    for browser in (cleo, again):
        ((_, secret),) = promising.ask(ada, "gate_rounds", ["Cleo"])
        browser.post(reverse("forecast-link", kwargs={"secret": secret}))
        if browser is cleo:
            cleo.post(question, FORECAST)
    assert cleo.get(question).status_code == 410, "the first link has ended"
    page = again.get(question).text
    assert "Correct my forecast" in page
    for number in FORECAST.values():
        assert f'value="{number}"' not in page
    again.post(question, {"p10": "1", "p50": "2", "p90": "3", "p_zero": "0"})
    workspace.refresh_from_db()
    assert sum(spoken(workspace)["gate_rounds"].forecasters.values()) == 1, "one person, one forecast"
    assert AuditEntry.objects.filter(workspace=workspace, action="personal link replaced").count() == 1


def test_whoever_tries_links_has_to_wait_and_others_do_not(workspace: Workspace, member: MakeMember) -> None:
    ((_, secret),) = promising.ask(_place(workspace, member("editor")), "gate_rounds", ["Cleo"])
    guesser = Client(REMOTE_ADDR="192.0.2.7")
    tried = [guesser.get(f"/forecast/{number}/").status_code for number in range(MOST_TRIES + 1)]
    assert set(tried[:-1]) == {410}
    assert tried[-1] == guesser.get("/join/what/").status_code == 429
    assert Client(REMOTE_ADDR="192.0.2.8").get(f"/forecast/{secret}/").status_code == 200


def test_a_workspace_may_let_only_members_with_a_second_factor_in(
    workspace: Workspace, member: MakeMember, client: Client
) -> None:
    ada = member("admin").user
    client.force_login(ada)
    here = {"workspace": workspace.key}
    client.post(reverse("second-factor", kwargs=here), {"needed": "yes"})
    assert client.get(reverse("ledger", kwargs=here)).status_code == 200, "who has none does not shut themselves out"
    Authenticator.objects.create(user=ada, type="totp", data={"secret": "x"})
    client.post(reverse("second-factor", kwargs=here), {"needed": "yes"})
    assert client.get(reverse("ledger", kwargs=here)).status_code == 200
    other, token = Client(), tokens.make(member("editor").user, "test", ("read",))
    other.force_login(member("editor").user)
    assert other.get(reverse("ledger", kwargs=here)).headers["Location"] == reverse("mfa_index")
    listed = f"/api/v1/workspaces/{workspace.key}/definitions/needs"
    assert other.get(listed).status_code == 403
    assert Client().get(listed, headers={"Authorization": f"Bearer {token}"}).status_code == 403
    assert other.get("/account/export/").headers["Location"] == reverse("mfa_index"), "nor is what was said there told"
    assert reverse("board", kwargs=here) not in other.get("/account/").text, "nor is its frame shown"


@pytest.mark.parametrize(
    "table",
    [
        "acts/000001.json",
        "acts/*.json",
        "a*/*.json",
        "*/*.json",
        "**/*.json",
        "acts.jsonl",
        "*.jsonl",
        "data/../acts.jsonl",
        ".vitalfew/runs/*/*.json",
        ".vitalfew/server/server.log",
        "uploads/.draft.csv",
        "~/x.csv",
        "~nobody-here/x.csv",
    ],
)
def test_a_source_reads_neither_the_log_of_acts_nor_what_the_workspace_keeps_for_itself(
    workspace: Workspace, table: str
) -> None:
    with pytest.raises(DefinitionError, match="not this workspace's to read"):
        save(workspace, "sources", "odd", {"table": table, "unit": "id"}, by=None, version=0)


def test_data_do_not_lie_in_a_hidden_folder_and_patterns_find_none(workspace: Workspace, tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="leads out"):
        save(workspace, "data", "", {"path": ".vitalfew"}, by=None, version=0)
    for folder in ("uploads", ".vitalfew"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "x.csv").write_text("id\n1\n")
    assert [path.parent.name for path in table_files("*/*.csv", tmp_path).paths] == ["uploads"]
    assert save(workspace, "sources", "fine", {"table": "uploads/*.csv", "unit": "id"}, by=None, version=0).version == 1


@pytest.mark.parametrize("table", ["nowhere/x.csv", "x.csv", "https://192.0.2.1/x.csv"])
def test_what_is_wrong_with_a_table_is_told_without_where_it_lies_on_the_machine(
    workspace: Workspace, table: str
) -> None:
    reason = looks.held(workspace, [table])[table]["reason"]
    assert "there is no table" in reason
    assert workspace.folder not in reason


# Other workspaces and accounts ------------------------------------------------------------------------------------


def test_a_token_of_one_workspace_makes_none_that_opens_another(workspace: Workspace, member: MakeMember) -> None:
    who = member("admin")
    bound = _by(tokens.make(who.user, "bound", ["admin"], workspace=workspace))
    wanted = json.dumps({"name": "more", "scopes": ["admin"]})
    assert bound.post("/api/v1/tokens", wanted, content_type="application/json").status_code == 403
    assert bound.get("/api/v1/tokens").status_code == 403
    assert bound.delete("/api/v1/tokens/1").status_code == 403
    assert bound.get(f"{HERE}/definitions").status_code == 200
    whole = _by(tokens.make(who.user, "whole", ["admin"]))
    assert whole.post("/api/v1/tokens", wanted, content_type="application/json").status_code == 201


def test_a_link_for_a_new_password_ends_when_its_person_joins_a_workspace_of_others(
    workspace: Workspace, member: MakeMember
) -> None:
    who, cleo = member("admin"), member("viewer")
    secret = accounts.make_password_link(workspace, cleo.user_id, by=who.user)
    other = Workspace.objects.create(key="other", name="Other", folder="/nowhere")
    Member.objects.create(workspace=other, user=cleo.user, role=Role.ADMIN)
    link = find_link(secret, Link.Purpose.PASSWORD)
    assert link is not None
    with pytest.raises(UsageError, match="no longer serves"):
        accounts.choose_password(link, "quite a long new password")
    assert authenticate(email=cleo.user.email, password="quite a long new password") is None  # noqa: S106 - made up here


def test_work_reads_neither_the_folder_the_server_was_started_in_nor_what_other_processes_know(tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("id\n1\n")
    (tmp_path / "own").mkdir()
    tried = (
        "import json, os, sys\n"
        "from vitalfew.server.core.working.jail import shut_in\n"
        "from vitalfew.server.core.working.order import Bounds\n"
        "lacking = shut_in(Bounds(2 << 30, 60, 1 << 20, (), ('own',)))\n"
        "found = []\n"
        "for path in ('secret.csv', f'/proc/{os.getppid()}/environ', '/etc/passwd'):\n"
        "    try:\n"
        "        found.append(len(open(path, 'rb').read(10)))\n"
        "    except OSError:\n"
        "        found.append('refused')\n"
        "print(json.dumps([list(lacking), found]))\n"
    )
    code = str(Path(vitalfew.__file__).parents[1])
    told = subprocess.run(
        [sys.executable, "-P", "-c", tried], cwd=tmp_path, env={"PYTHONPATH": code}, capture_output=True, check=True
    )
    lacking, found = json.loads(told.stdout)
    if "files" in lacking:
        pytest.skip("this machine has no Landlock")
    assert found == ["refused"] * 3


# The server -------------------------------------------------------------------------------------------------------


def test_a_plan_reads_data_in_a_process_of_its_own_and_says_the_same(demo: Workspace) -> None:
    from vitalfew.pipeline import plan
    from vitalfew.workspace import load

    folder = Path(demo.folder)
    TableJournal(demo.pk).take(FolderJournal(folder).copy())
    demo.refresh_from_db()
    found = looks.plan(demo, "repeat_jobs", {"weeks": 6, "units_per_week": 2_000})
    assert str(found) == str(plan(load(folder), "repeat_jobs", weeks=6, units_per_week=2_000))
    assert "what is promised" in str(found)


@pytest.mark.parametrize(
    "body",
    [
        b'{"statement": NaN}',
        b'{"statement": 1e999}',
        b'{"statement": "\\ud800"}',
        b'{"statement": "a\\u0000b"}',
        b'{"statement": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"statement": ' + b"9" * 5_000 + b"}",
        b"\xff\xfe",
    ],
)
@pytest.mark.usefixtures("workspace")
def test_a_body_that_no_database_holds_is_refused(member: MakeMember, body: bytes) -> None:
    ask = _by(tokens.make(member("editor").user, "test", ["admin"]))
    path = f"{HERE}/definitions/needs/odd"
    answer: Any = ask.generic("PUT", path, body, "application/json", headers={"If-None-Match": "*"})
    assert answer.status_code == 400
    assert ask.get(path).status_code == 404


@pytest.mark.usefixtures("workspace")
def test_the_secret_of_a_request_that_comes_twice_is_kept_nowhere(member: MakeMember) -> None:
    ask = _by(tokens.make(member("admin").user, "test", ["admin"]))
    wanted = {"role": "viewer"}
    first, second = (
        ask.post(f"{HERE}/invitations", wanted, content_type="application/json", headers={"Idempotency-Key": "one"})
        for _ in range(2)
    )
    assert (first.status_code, second.status_code) == (201, 409)
    secret = first.json()["path"].split("/")[2]
    assert secret not in bytes(Answer.objects.get().content or b"").decode()
    assert Link.objects.count() == 1


@pytest.mark.usefixtures("workspace")
def test_nor_is_that_of_a_webhook(member: MakeMember) -> None:
    ask, wanted = _by(tokens.make(member("admin").user, "test", ["admin"])), ["run.finished"]
    codes: list[int] = []
    with override_settings(CONFIG=replace(settings.CONFIG, webhook_private=True)):
        for path, body in (("", {"address": "http://127.0.0.1:9/", "events": wanted}), ("/{}/secret", {})):
            for _ in range(2):
                address = f"{HERE}/webhooks{path}".format(*Webhook.objects.values_list("pk", flat=True))
                headers = {"Idempotency-Key": f"one {path}"}
                codes.append(ask.post(address, body, content_type="application/json", headers=headers).status_code)
    assert codes == [201, 409, 201, 409]
    assert not any("whsec_" in bytes(kept.content or b"").decode() for kept in Answer.objects.all())


@pytest.mark.usefixtures("workspace")
def test_tests_of_a_webhook_do_not_pile_up_before_somebody_elses_door(member: MakeMember) -> None:
    ask = _by(tokens.make(member("admin").user, "test", ["admin"]))
    with override_settings(CONFIG=replace(settings.CONFIG, webhook_private=True)):
        wanted = {"address": "http://127.0.0.1:9/", "events": ["run.finished"]}
        pk = ask.post(f"{HERE}/webhooks", wanted, content_type="application/json").json()["id"]
        sent = [ask.post(f"{HERE}/webhooks/{pk}/test").status_code for _ in range(MOST_TESTS + 2)]
    assert sent == [202] * MOST_TESTS + [422] * 2


def test_an_answer_is_not_repeated_to_a_token_that_reaches_another_workspace_only(
    workspace: Workspace, member: MakeMember
) -> None:
    who, other = member("admin").user, Workspace.objects.create(key="other", name="Other", folder="/nowhere")
    here, there = (_by(tokens.make(who, "test", ["define"], workspace=row)) for row in (workspace, other))
    headers = {"Idempotency-Key": "one", "If-None-Match": "*"}

    def put(ask: Client) -> int:
        address, body = f"{HERE}/definitions/needs/odd", {"statement": "Odd"}
        return ask.put(address, body, content_type="application/json", headers=headers).status_code

    assert [put(ask) for ask in (here, here, there)] == [200, 200, 422]


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("path", ["find/?q=%00", "ledger/?team=a%00", "metrics/a%00b/"])
def test_an_address_with_a_zero_character_leads_nowhere(client_of: ClientOf, path: str) -> None:
    assert client_of("viewer").get(f"/w/playground/{path}").status_code == 404


@pytest.mark.usefixtures("workspace")
def test_the_audit_trail_takes_any_day(client_of: ClientOf) -> None:
    address = "/w/playground/settings/audit/?since=0001-01-01&until=9999-12-31"
    assert client_of("admin").get(address).status_code == 200


@pytest.mark.usefixtures("workspace")
def test_numbers_longer_than_any_table_holds_are_those_of_nothing(client_of: ClientOf) -> None:
    admin, long, longer = client_of("admin"), "9" * 25, "9" * 5_000
    assert admin.get(f"/w/playground/decisions/?before={longer}").status_code == 200
    for path in (f"settings/people/{long}/remove/", f"settings/people/{long}/password/", f"jobs/{long}/cancel/"):
        assert admin.post(f"/w/playground/{path}").status_code == 404
    version = Definition.history.order_by("history_id").values_list("history_id", flat=True).first()
    for said in (longer, "²", "x"):
        answer = admin.post(f"/w/playground/history/{version or 1}/restore/", {"version": said})
        assert answer.status_code < 500
        assert admin.post("/w/playground/board/gate/move/", {"to": "dropped", "version": said}).status_code < 500
