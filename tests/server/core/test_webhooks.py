"""What happens is told to the addresses that want to know: what, signed how, when again, and what never."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse
from django.utils import timezone

from receiving import Receiver, receiving
from vitalfew.errors import UsageError
from vitalfew.judgement.recording import decide, forecast, lock
from vitalfew.results.rows import FindingRow, VerdictRow
from vitalfew.results.store import Store
from vitalfew.server.core import outbound
from vitalfew.server.core.events import MOST_ITEMS, Event, Happened
from vitalfew.server.core.models import AuditEntry, Definition, Delivery, Webhook, Workspace
from vitalfew.server.core.queries import runs as open_runs
from vitalfew.server.core.queries.webhooks import deliveries
from vitalfew.server.core.services import telling, webhooks
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.delivering import DELAYS, deliver
from vitalfew.server.core.signatures import secret_of, signed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vitalfew.server.core.models import Member

    type MakeMember = Callable[..., Member]
    type ClientOf = Callable[..., Client]

GUIDE = Path(__file__).parents[3] / "docs" / "how-to" / "send-events-elsewhere.md"
ALL = [event.value for event in Event]
ORIGIN = "https://value.example.org"


@pytest.fixture(autouse=True)
def near() -> Iterator[None]:
    """A server that may call addresses of its own machine, and knows its own."""
    with override_settings(CONFIG=replace(settings.CONFIG, webhook_private=True, origins=(ORIGIN,))):
        yield


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with receiving() as found:
        yield found


@pytest.fixture
def admin(member: MakeMember) -> Member:
    return member("admin")


def _add(admin: Member, receiver: Receiver, events: list[str] = ALL) -> tuple[Webhook, str]:
    pk, secret = webhooks.add(admin.workspace, receiver.address, events, by=admin.user)
    return Webhook.objects.get(pk=pk), secret


def _later() -> None:
    """Let the time come at which everything that waits is sent again."""
    Delivery.objects.filter(state="waiting").update(next_at=timezone.now())


def _verify() -> Callable[..., Any]:
    """The function of the guide by which a program checks an event."""
    (code,) = re.findall(r"```python\n(.*?)```", GUIDE.read_text(encoding="utf-8"), re.DOTALL)
    held: dict[str, Any] = {}
    exec(compile(code, str(GUIDE), "exec"), held)  # noqa: S102 - what the guide shows is what is tested
    verify: Callable[..., Any] = held["verify"]
    return verify


# Signatures -------------------------------------------------------------------------------------------------------


def test_a_signature_is_that_of_the_specification() -> None:
    secret, body = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", b'{"test": 2432232314}'
    found = signed([secret], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body)
    assert found == {
        "webhook-id": "msg_p5jXN8AQM9LWM0D4loKWxJek",
        "webhook-timestamp": "1614265330",
        "webhook-signature": "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=",
    }


def test_whoever_receives_an_event_can_check_it_as_the_guide_says(admin: Member, receiver: Receiver) -> None:
    hook, secret = _add(admin, receiver)
    key = webhooks.test(admin.workspace, hook.pk, by=admin.user)
    assert deliver() == 1
    (got,) = receiver.got
    verify = _verify()
    assert verify(secret, got.headers, got.body)["type"] == "webhook.test"
    assert got.headers["webhook-id"] == key
    for headers, body in (
        (got.headers, got.body + b" "),
        (got.headers | {"webhook-timestamp": "1614265330"}, got.body),
        (got.headers | {"webhook-id": "msg_other"}, got.body),
    ):
        with pytest.raises(ValueError, match="not"):
            verify(secret, headers, body)


def test_a_secret_is_nowhere_in_the_database_and_shown_once(
    client_of: ClientOf, workspace: Workspace, receiver: Receiver
) -> None:
    client = client_of("admin")
    page = reverse("webhooks", kwargs={"workspace": workspace.key})
    answer = client.post(page, {"address": receiver.address, "events": ["run.finished"]})
    secret = secret_of(Webhook.objects.get().salt)
    assert secret in answer.text
    assert secret not in client.get(page).text
    assert secret not in str(list(Webhook.objects.values())) + str(list(AuditEntry.objects.values()))


def test_while_secrets_change_both_sign_and_later_the_new_one_alone(admin: Member, receiver: Receiver) -> None:
    hook, old = _add(admin, receiver)
    new = webhooks.rotate(admin.workspace, hook.pk, by=admin.user)
    verify = _verify()
    webhooks.test(admin.workspace, hook.pk, by=admin.user)
    deliver()
    assert all(verify(secret, receiver.got[0].headers, receiver.got[0].body) for secret in (old, new))
    Webhook.objects.update(rotated_at=timezone.now() - timedelta(days=1))
    webhooks.test(admin.workspace, hook.pk, by=admin.user)
    deliver()
    assert verify(new, receiver.got[1].headers, receiver.got[1].body)
    with pytest.raises(ValueError, match="not"):
        verify(old, receiver.got[1].headers, receiver.got[1].body)


# Again and again --------------------------------------------------------------------------------------------------


def test_an_event_that_does_not_arrive_is_sent_again_the_same_over_a_day_and_then_given_up(
    admin: Member, receiver: Receiver
) -> None:
    hook, _ = _add(admin, receiver)
    webhooks.test(admin.workspace, hook.pk, by=admin.user)
    receiver.status = 503
    waits = []
    for _ in DELAYS:
        asked = timezone.now()
        assert deliver() == 1
        assert deliver() == 0, "it is not sent again before its time"
        waits.append(Delivery.objects.get().next_at - asked)
        _later()
    assert deliver() == 1
    (sent,) = deliveries(admin.workspace)
    assert (sent.state, sent.attempts, sent.status, sent.next_at) == ("failed", 8, 503, None)
    assert all(
        0.8 * delay <= wait <= 1.2 * delay + timedelta(seconds=10) for delay, wait in zip(DELAYS, waits, strict=True)
    )
    assert timedelta(hours=20) < sum(DELAYS, timedelta()) <= timedelta(days=1)
    assert len({(got.headers["webhook-id"], got.body) for got in receiver.got}) == 1
    assert len(receiver.got) == 8


def test_an_event_that_arrives_late_is_not_sent_again(admin: Member, receiver: Receiver) -> None:
    hook, _ = _add(admin, receiver)
    webhooks.test(admin.workspace, hook.pk, by=admin.user)
    receiver.status = 500
    deliver()
    receiver.status = 204
    _later()
    deliver()
    _later()
    assert deliver() == 0
    assert [(sent.state, sent.attempts, sent.status) for sent in deliveries(admin.workspace)] == [("sent", 2, 204)]


def test_an_address_that_is_gone_is_told_nothing_more_until_an_admin_begins_again(
    admin: Member, receiver: Receiver
) -> None:
    hook, _ = _add(admin, receiver)
    for _ in range(2):
        webhooks.test(admin.workspace, hook.pk, by=admin.user)
    receiver.status = 410
    assert [deliver(), deliver()] == [1, 0]
    assert {sent.state for sent in deliveries(admin.workspace)} == {"failed"}
    with pytest.raises(UsageError, match="stopped"):
        webhooks.test(admin.workspace, hook.pk, by=admin.user)
    assert AuditEntry.objects.filter(action="webhook stopped").exists()
    webhooks.change(admin.workspace, hook.pk, by=admin.user, enabled=True)
    receiver.status = 200
    webhooks.test(admin.workspace, hook.pk, by=admin.user)
    assert deliver() == 1
    assert deliveries(admin.workspace)[0].state == "sent"


def test_a_redirect_is_not_followed(admin: Member, receiver: Receiver) -> None:
    hook, _ = _add(admin, receiver)
    webhooks.test(admin.workspace, hook.pk, by=admin.user)
    receiver.status, receiver.location = 307, receiver.address + "elsewhere"
    deliver()
    assert [got.path for got in receiver.got] == ["/hook"]
    assert deliveries(admin.workspace)[0].message == "answered 307"


def test_of_many_workers_one_sends(each_database: str, admin: Member, receiver: Receiver) -> None:
    hook, _ = _add(admin, receiver)
    webhooks.test(admin.workspace, hook.pk, by=admin.user)

    def work(_: int) -> int:
        try:
            return deliver()
        finally:
            connection.close()

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(work, range(6))) == 1
    assert len(receiver.got) == 1
    assert each_database


def test_what_a_killed_worker_had_in_hand_is_sent_by_the_next(
    sqlite: None, admin: Member, receiver: Receiver, tmp_path: Path
) -> None:
    hook, secret = _add(admin, receiver, ["decision.recorded"])
    body = {"what": "Stop", "evidence": "It costs", "counter": "none"}
    decide(acting(admin.workspace), "gate", voice_of_user(admin.user), body)
    receiver.drip = 0.05
    first = _worker(tmp_path)
    try:
        _until(lambda: bool(receiver.got))
    finally:
        first.kill()
        first.wait()
    assert [(sent.state, sent.attempts) for sent in deliveries(admin.workspace)] == [("waiting", 1)]
    _later()
    receiver.drip = 0
    second = _worker(tmp_path)
    try:
        _until(lambda: Delivery.objects.get().state == "sent")
    finally:
        second.terminate()
        second.wait()
    assert len({got.headers["webhook-id"] for got in receiver.got}) == 1
    assert _verify()(secret, receiver.got[1].headers, receiver.got[1].body)["type"] == "decision.recorded"
    assert hook.address not in (tmp_path / "worker.log").read_text(encoding="utf-8")
    assert sqlite is None


def _worker(home: Path) -> subprocess.Popen[bytes]:
    """A worker of its own, over the database in this folder."""
    told = {"VITALFEW_HOME": str(home), "VITALFEW_SECRET_KEY": settings.SECRET_KEY, "VITALFEW_WEBHOOK_PRIVATE": "yes"}
    with (home / "worker.log").open("ab") as log:
        command = [sys.executable, "-m", "vitalfew", "worker"]
        return subprocess.Popen(command, env={**os.environ, **told}, stdout=log, stderr=log)


def _until(happened: Callable[[], bool]) -> None:
    end = time.monotonic() + 60
    while not happened():
        assert time.monotonic() < end
        time.sleep(0.05)


def test_no_address_waits_behind_another_ones_many(admin: Member, receiver: Receiver) -> None:
    first, _ = _add(admin, receiver)
    for _ in range(30):
        webhooks.post(first, Happened(Event.RUN_FINISHED, "ledger"))
    with receiving() as other:
        second, _ = _add(admin, other)
        webhooks.test(admin.workspace, second.pk, by=admin.user)
        assert deliver() == 2
        assert (len(receiver.got), len(other.got)) == (1, 1)


def test_an_address_that_gives_no_answer_is_left_alone_for_longer_each_time(admin: Member, receiver: Receiver) -> None:
    hook, _ = _add(admin, receiver)
    Webhook.objects.filter(pk=hook.pk).update(address="http://127.0.0.1:9/nobody")
    for _ in range(8):
        webhooks.post(hook, Happened(Event.RUN_FINISHED, "ledger"))
    rests = []
    assert deliver() == 1
    for _ in range(5):
        _later()
        assert (deliver(), deliver(silent=True)) == (0, 0), "other events for it wait as well"
        hook.refresh_from_db()
        assert hook.rests_until is not None
        rests.append(hook.rests_until - timezone.now())
        Webhook.objects.update(rests_until=timezone.now())
        assert (deliver(), deliver(silent=True)) == (0, 1)
    assert [round(rest / timedelta(seconds=1), -1) for rest in rests] == [0, 60, 300, 1_800, 1_800]
    Webhook.objects.update(address=receiver.address, rests_until=timezone.now())
    _later()
    assert (deliver(silent=True), deliver()) == (1, 1), "once it answers it is called like any other"


def test_a_workspace_with_many_silent_addresses_delays_no_other(
    admin: Member, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(outbound, "LIMIT", 0.3)
    neighbour = Workspace.objects.create(key="neighbour", name="Neighbour", folder=admin.workspace.folder)
    with receiving() as silent:
        silent.drip = 0.2
        for _ in range(webhooks.MOST):
            pk, _ = webhooks.add(neighbour, silent.address, ALL, by=admin.user)
            for _ in range(3):
                webhooks.post(Webhook.objects.get(pk=pk), Happened(Event.RUN_FINISHED, "ledger"))
        hook, _ = _add(admin, receiver)
        webhooks.test(admin.workspace, hook.pk, by=admin.user)
        assert deliver() == 3, "two calls for the neighbour, its share, and ours"
        assert len(receiver.got) == 1
        while deliver():
            pass
        assert Webhook.objects.filter(workspace=neighbour, silent=1).count() == webhooks.MOST
        assert Delivery.objects.filter(webhook__workspace=neighbour, attempts=1).count() == webhooks.MOST
        webhooks.test(admin.workspace, hook.pk, by=admin.user)
        Webhook.objects.update(rests_until=None)
        _later()
        assert deliver() == 1, "those that gave no answer are called apart from those that do"
    assert len(receiver.got) == 2


# What is told -----------------------------------------------------------------------------------------------------


def _told(row: Workspace) -> dict[str, Any]:
    return {sent.event: json.loads(sent.body)["data"] for sent in Delivery.objects.filter(webhook__workspace=row)}


def _finding(number: str, severity: Any, subject: str) -> FindingRow:
    return FindingRow(number, "R1", severity, subject, "Secret words.", "Because.", "Do.")


def test_a_run_is_told_with_the_verdicts_and_alarms_that_are_new_in_it(
    demo: Workspace, member: MakeMember, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    hook, _ = _add(member("admin"), receiver)
    now = open_runs.open_run(demo)
    assert now is not None
    promised = [row for row in now.tables.verdicts if row.verdict != "no_promise"]
    other = VerdictRow(promised[0].hypothesis, promised[0].initiative, promised[0].metric, "unproven", "Secret words.")
    others = tuple(other if row is promised[0] else row for row in now.tables.verdicts)
    new = (_finding("C1", "warning", promised[0].initiative), _finding("C2", "error", "What Acme Ltd. wrote"))
    found = (*now.tables.findings, *new, _finding("C3", "info", "gate"))
    later = replace(now, tables=replace(now.tables, verdicts=others, findings=found))
    monkeypatch.setitem(open_runs._open, (demo.folder, "20990101T000000-later"), later)
    monkeypatch.setattr(Store, "__contains__", lambda *_: True)  # it is in memory alone
    Workspace.objects.filter(pk=demo.pk).update(last_run="20990101T000000-later")
    telling.tell()
    telling.tell()
    told = _told(demo)
    assert sorted(told) == ["check.raised", "run.finished", "verdict.changed"]
    assert Delivery.objects.count() == 3, "told once"
    assert told["run.finished"] == {
        "workspace": demo.key,
        "page": f"{ORIGIN}/w/fieldnote/ledger/?run=20990101T000000-later",
        "run": "20990101T000000-later",
    }
    (changed,) = told["verdict.changed"]["items"]
    page = f"{ORIGIN}/w/fieldnote/board/hypothesis/{promised[0].hypothesis}/"
    expected = {"kind": "hypotheses", "key": promised[0].hypothesis, "page": page}
    assert changed == expected | {"verdict": "unproven", "before": promised[0].verdict}
    assert [(item["check"], item.get("key")) for item in told["check.raised"]["items"]] == [
        ("C2", None),
        ("C1", promised[0].initiative),
    ]
    sent = "".join(Delivery.objects.values_list("body", flat=True))
    assert "Secret" not in sent
    assert "Acme" not in sent
    assert not any(title in sent for title in _titles(demo))
    assert hook.events == ALL


def _titles(row: Workspace) -> list[str]:
    found = open_runs.open_run(row, None) or pytest.fail("no run")
    return [one.title for one in found.view.definitions.initiatives.values() if one.title]


def test_a_decision_is_told_without_what_it_says_and_without_who_took_it(
    workspace: Workspace, member: MakeMember, receiver: Receiver
) -> None:
    admin = member("admin")
    _add(admin, receiver)
    body = {"what": "Stop the quagga", "evidence": "It costs", "counter": "Acme wants it"}
    act = decide(acting(workspace), "gate", voice_of_user(admin.user), body)
    telling.tell()
    telling.tell()
    (sent,) = Delivery.objects.all()
    data = json.loads(sent.body)["data"]
    item = {"act": act.n, "kind": "initiatives", "key": "gate", "page": f"{ORIGIN}/w/playground/board/bet/gate/"}
    assert data == {"workspace": "playground", "page": f"{ORIGIN}/w/playground/decisions/", "count": 1, "items": [item]}
    assert not any(word in sent.body for word in ("quagga", "Acme", "costs", act.by))


def test_a_promise_is_told_once_on_the_day_it_falls_due(
    workspace: Workspace, member: MakeMember, receiver: Receiver
) -> None:
    admin = member("admin")
    _add(admin, receiver, ["verdict.due"])
    today = timezone.now().date()
    body = {"initiative": "gate", "metric": "rounds", "due": str(today)}
    for key in ("gate_rounds", "nobody_promised"):
        Definition.objects.update_or_create(workspace=workspace, kind="hypotheses", key=key, defaults={"body": body})
    Workspace.objects.filter(pk=workspace.pk).update(defined=workspace.defined + 1)
    workspace.refresh_from_db()
    who = voice_of_user(admin.user)
    forecast(acting(workspace), "gate_rounds", who, {"p10": 1, "p50": 2, "p90": 3, "p_zero": 0.1})
    lock(acting(workspace), "gate_rounds", who)
    telling.tell_of_due()
    assert not Delivery.objects.exists(), "what was due when the address was added is not told"
    Webhook.objects.update(due_seen=today - timedelta(days=1))
    telling.tell_of_due()
    telling.tell_of_due()
    (sent,) = Delivery.objects.all()
    assert [item["key"] for item in json.loads(sent.body)["data"]["items"]] == ["gate_rounds"]
    assert Webhook.objects.get().due_seen >= today


def test_only_what_was_chosen_is_told_and_nothing_that_happened_before(
    demo: Workspace, member: MakeMember, receiver: Receiver
) -> None:
    _add(member("admin"), receiver, ["decision.recorded"])
    Webhook.objects.update(run_seen="20200101T000000-before")
    telling.tell()
    assert not Delivery.objects.exists()
    assert Webhook.objects.get().run_seen == demo.last_run


def test_an_event_stays_below_20_kb_however_much_happened(workspace: Workspace) -> None:
    workspace.key = "w" * 60
    item = telling._item(workspace, "hypotheses", "k" * 120) | {"verdict": "fell_short", "before": "no_promise"}
    body = json.loads(
        text := Happened(Event.VERDICT_CHANGED, "board", [item] * 500, "?run=" + "r" * 40).body(workspace)
    )
    assert len(text.encode()) < 20_000
    assert (body["data"]["count"], len(body["data"]["items"])) == (500, MOST_ITEMS)


# People -----------------------------------------------------------------------------------------------------------


def test_an_admin_adds_tests_stops_and_removes_an_address_on_the_page(
    client_of: ClientOf, workspace: Workspace, receiver: Receiver
) -> None:
    client = client_of("admin")
    page = reverse("webhooks", kwargs={"workspace": workspace.key})
    assert "First step" in client.get(page).text
    assert "https" in client.post(page, {"address": "ftp://one.example/", "events": ["run.finished"]}).text
    client.post(page, {"address": receiver.address, "events": ["run.finished", "check.raised"]})
    one = {"workspace": workspace.key, "webhook": Webhook.objects.get().pk}
    client.post(reverse("webhook-test", kwargs=one))
    deliver()
    assert "answered 200" in client.get(page).text
    assert "webhook.test" in client.get(page, {"format": "csv"}).text
    client.post(reverse("webhook-switch", kwargs=one), {"enabled": "no"})
    assert "stopped by an admin" in client.get(page).text
    client.post(reverse("webhook-switch", kwargs=one), {"enabled": "yes"})
    assert "whsec_" in client.post(reverse("webhook-secret", kwargs=one)).text
    client.post(reverse("webhook-remove", kwargs=one))
    assert not Webhook.objects.exists()
    noted = set(AuditEntry.objects.values_list("action", flat=True))
    assert noted >= {f"webhook {what}" for what in ("added", "tested", "changed", "secret changed", "removed")}
    assert "/hook" not in str(list(AuditEntry.objects.values())), "the path may be a secret"


def test_the_api_does_what_the_page_does(client_of: ClientOf, workspace: Workspace, receiver: Receiver) -> None:
    client, base = client_of("admin"), f"/api/v1/workspaces/{workspace.key}/webhooks"

    def ask(method: str, path: str = "", body: object = None) -> Any:
        rests = {"If-Match": client.get(base + path)["ETag"]} if method in ("PATCH", "DELETE") else {}
        data = json.dumps(body) if body else b""
        return client.generic(method, base + path, data, content_type="application/json", headers=rests)

    made = ask("POST", body={"address": receiver.address, "events": ["run.finished"]}).json()
    assert made["secret"].startswith("whsec_")
    one = f"/{made['id']}"
    assert ask("POST", f"{one}/test").status_code == 202
    deliver()
    (sent,) = ask("GET", f"{one}/deliveries").json()["items"]
    assert (sent["event"], sent["state"], sent["status"]) == ("webhook.test", "sent", 200)
    changed = ask("PATCH", one, {"events": ["verdict.due"], "enabled": False}).json()
    assert (changed["events"], changed["enabled"]) == (["verdict.due"], False)
    assert ask("POST", f"{one}/secret").json()["secret"] != made["secret"]
    assert [found["id"] for found in ask("GET").json()["items"]] == [made["id"]]
    assert ask("DELETE", one).status_code == 204
    assert ask("GET", f"{one}/deliveries").status_code == 404


class Damaged:
    """A run that lacks something."""

    @property
    def tables(self) -> object:
        """Not to be read."""
        raise LookupError("verdicts")


def test_what_cannot_be_read_in_one_workspace_keeps_no_other_from_being_told(
    workspace: Workspace, demo: Workspace, member: MakeMember, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for row in (workspace, demo):
        _add(member("admin", of=row), receiver, ["run.finished"])
    Workspace.objects.update(last_run="20990101T000000-later")
    monkeypatch.setitem(open_runs._open, (workspace.folder, "20990101T000000-later"), cast("Any", Damaged()))
    monkeypatch.setattr(Store, "__contains__", lambda *_: True)  # it is in memory alone
    telling.tell()
    assert list(_told(demo)) == ["run.finished"]
    assert not _told(workspace)


def test_a_workspace_has_a_bounded_number_of_addresses(
    admin: Member, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(webhooks, "MOST", 1)
    _add(admin, receiver)
    with pytest.raises(UsageError, match="tells 1 addresses already"):
        _add(admin, receiver)


def test_a_workspace_that_is_erased_takes_its_webhooks_with_it(admin: Member, receiver: Receiver) -> None:
    hook, _ = _add(admin, receiver)
    webhooks.test(admin.workspace, hook.pk, by=admin.user)
    admin.workspace.delete()
    assert not Webhook.objects.exists()
    assert not Delivery.objects.exists()
