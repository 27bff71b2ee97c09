"""Ways around what a token may do: other scopes, fields nobody asks for, forged places, keys of others; and the log."""

from __future__ import annotations

import base64
import io
import json
import logging
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client
from django.urls import reverse

from server_routes import ask, filling_of, routes
from vitalfew.server.bets.services import promising
from vitalfew.server.core.access import Place
from vitalfew.server.core.logs import JsonLines
from vitalfew.server.core.models import ActRecord, Definition, Member, Token, User, Workspace
from vitalfew.server.core.roles import Ability, Role
from vitalfew.server.core.services import invitations, tokens
from vitalfew.server.core.services.tokens import Scope

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    type MakeMember = Callable[..., Member]

HERE = "/api/v1/workspaces/playground"


def _by(secret: str, **more: str) -> Client:
    return Client(raise_request_exception=False, headers={"Authorization": f"Bearer {secret}", **more})


@pytest.mark.parametrize("scope", list(Scope))
def test_a_token_does_what_its_scope_says_at_every_operation(
    scope: Scope, workspace: Workspace, member: MakeMember
) -> None:
    admin, wrong = member("admin"), []
    filling = filling_of(workspace, admin)
    client = _by(tokens.make(admin.user, "test", [scope]))
    for route in (one for one in routes() if one.is_api):
        for method in route.methods:
            needed = {Ability.DEFINE} if method != "GET" and "/definitions/" in route.pattern else {route.access}
            if not isinstance(route.access, Ability):
                may = scope is Scope.ADMIN or (method == "GET" and scope is Scope.READ)
            else:
                may = needed <= scope.abilities
            answer = client.generic(method, route.fill(filling), b"{}", "application/json")
            answer.close()  # as every server does: one may be a file that is sent in parts
            is_shut = answer.status_code == 403
            if (is_shut and may and method == "GET") or not (is_shut or may) or answer.status_code >= 500:
                wrong.append(f"{method} {route.name} by {scope}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


def test_no_token_does_more_than_its_person(workspace: Workspace, member: MakeMember) -> None:
    viewer, wrong = member("viewer"), []
    filling = filling_of(workspace, member("admin"))
    client = _by(tokens.make(viewer.user, "test", ["admin"]))
    for route in (one for one in routes() if one.is_api and isinstance(one.access, Ability)):
        for method in route.methods:
            answer = client.generic(method, route.fill(filling), b"{}", "application/json")
            answer.close()  # as every server does: one may be a file that is sent in parts
            may = route.access is Ability.READ and not (method != "GET" and "/definitions/" in route.pattern)
            if answer.status_code != 403 and not may:
                wrong.append(f"{method} {route.name}: {answer.status_code}")
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize("given", ["in a query", "basic", "twice", "in a cookie"])
@pytest.mark.usefixtures("workspace")
def test_a_token_counts_in_its_header_alone(given: str, member: MakeMember) -> None:
    secret = tokens.make(member("admin").user, "test", ["admin"])
    client, path = Client(), f"{HERE}/definitions"
    if given == "in a query":
        path += f"?token={secret}&access_token={secret}&Authorization=Bearer%20{secret}"
    elif given == "in a cookie":
        client.cookies["Authorization"] = f"Bearer {secret}"
    else:
        kind = base64.b64encode(f"x:{secret}".encode()).decode() if given == "basic" else f"{secret}, Bearer {secret}"
        client = Client(headers={"Authorization": f"{'Basic' if given == 'basic' else 'Bearer'} {kind}"})
    assert client.get(path).status_code == 401


def test_what_nobody_asks_for_is_not_taken(workspace: Workspace, member: MakeMember) -> None:
    admin, other = member("admin"), Workspace.objects.create(key="other", name="Other", folder="/nowhere")
    client = _by(tokens.make(admin.user, "test", ["admin"]))
    more: dict[str, Any] = {
        "id": 1,
        "user_id": 999,
        "is_active": False,
        "by": "user:999",
        "workspace": "other",
        "workspace_id": other.pk,
        "hash": "0" * 64,
        "expires_at": "2999-01-01T00:00:00Z",
        "purpose": "setup",
        "recorded_at": "2001-01-01",
        "at": "2001-01-01T00:00:00Z",
        "n": 7,
        "prev": "0",
        "version": 9,
    }
    bodies: dict[str, dict[str, Any]] = {
        "/api/v1/tokens": {"name": "more", "scopes": ["read"]},
        f"{HERE}/invitations": {"role": "viewer"},
        f"{HERE}/acts/forecasts": {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 3},
        f"{HERE}/sessions": {"title": "Autumn"},
        f"{HERE}/discussions/metrics/rounds": {"text": "Hm.", "author": "Somebody else"},
    }
    for path, body in bodies.items():
        assert client.post(path, body | more, content_type="application/json").status_code == 201, path
    act = ActRecord.objects.get()
    assert (act.workspace_id, act.n, act.at[:2]) == (workspace.pk, 1, str(act.recorded_at.year)[:2])
    assert Token.objects.exclude(user=admin.user).count() == 0
    assert not Member.objects.filter(workspace=other).exists()
    assert not ActRecord.objects.filter(workspace=other).exists()
    assert User.objects.get().is_active


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "cursor",
    [
        "YXQ6LTE",
        "YXQ6OTk5OTk5OTk5OTk5OTk5",
        "YXQ6MScgT1IgMT0x",
        "w7w",
        "=",
        "\N{RIGHT-TO-LEFT OVERRIDE}",
        "x" * 401,
        "YXQ6wrI",
    ],
)
def test_a_forged_place_in_a_list_is_none_of_ours(cursor: str, member: MakeMember) -> None:
    client = _by(tokens.make(member("admin").user, "test", ["admin"]))
    for path in ("definitions/metrics", "acts", "audit", "runs"):
        assert client.get(f"{HERE}/{path}", {"cursor": cursor}).status_code == 422, path


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "tag", ["*", '"v0"', '"v9"', '"v1", "v2"', 'W/"v9"', "v1", '"v-1"', '"v' + "9" * 30 + '"', '"v1"x']
)
def test_no_change_rests_on_a_version_that_does_not_stand(tag: str, member: MakeMember) -> None:
    client = _by(tokens.make(member("admin").user, "test", ["admin"]))
    address, body = f"{HERE}/definitions/needs/bored", {"statement": "Other words"}
    for method in (client.put, client.delete):
        answer = method(address, body, content_type="application/json", headers={"If-Match": tag})
        assert answer.status_code in (409, 412)
    assert client.put(address, body, content_type="application/json").status_code == 428
    assert client.put(address, body, content_type="application/json", headers={"If-None-Match": "*"}).status_code == 409
    assert Definition.objects.get(kind="needs").version == 1


@pytest.mark.usefixtures("workspace")
def test_the_key_of_a_request_is_that_of_whoever_sent_it(member: MakeMember) -> None:
    body, found = {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 3}, []
    for _ in range(2):
        client = _by(tokens.make(member("editor").user, "test", ["act"]), **{"Idempotency-Key": "one"})
        found.append(client.post(f"{HERE}/acts/forecasts", body, content_type="application/json").json()["n"])
    assert found == [1, 2], "the second is told nothing of the first"
    for key in ("", "x" * 256):
        client = _by(tokens.make(member("editor").user, "test", ["act"]), **{"Idempotency-Key": key})
        assert client.post(f"{HERE}/acts/forecasts", body, content_type="application/json").status_code == 422


def test_a_job_of_others_is_neither_seen_nor_stopped_nor_begun_again(workspace: Workspace, member: MakeMember) -> None:
    from vitalfew.server.core.services import runs

    mine = runs.start(workspace, None)
    other = Workspace.objects.create(key="other", name="Other", folder="/nowhere")
    eve = member("admin", of=other)
    client = _by(tokens.make(eve.user, "test", ["admin"]))
    for where in ("other", "playground"):
        base = f"/api/v1/workspaces/{where}/jobs/{mine.id}"
        assert [client.get(base).status_code, client.post(f"{base}/cancel").status_code] == [404, 404]
        assert client.post(f"{base}/retry").status_code == 404
    assert runs.cancel(workspace, mine.id, by=None).state == "cancelled"


# Logs -------------------------------------------------------------------------------------------------------------


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What the server logs."""
    told = io.StringIO()
    handler = logging.StreamHandler(told)
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.INFO)
    yield told
    root.removeHandler(handler)
    root.setLevel(level)


def test_no_secret_and_nothing_that_people_say_is_in_the_log(
    workspace: Workspace, member: MakeMember, log: io.StringIO
) -> None:
    who = member("admin")
    token = tokens.make(who.user, "test", ["admin"])
    invitation = invitations.invite(workspace, who.user, "viewer")
    place = Place(workspace, who, who.user, Role.ADMIN.abilities)
    ((_, forecast),) = promising.ask(place, "gate_rounds", ["Cleo"])
    words = 'Quagga\r\n{"level": "forged"}\x1b[31m'
    client = Client(raise_request_exception=False)
    client.post("/accounts/login/", {"login": "ada@example.org", "password": "Quagga password"})
    client.get(f"/invitation/{invitation}/?q=Quagga")
    client.post(
        f"/invitation/{invitation}/", {"name": words, "email": "quagga@example.org", "password": "Quagga words"}
    )
    client.post(reverse("forecast-link", kwargs={"secret": forecast}))
    client.post("/forecast/", {"p10": "3.1415", "p50": "5.9265", "p90": "9.7932", "p_zero": "38"})
    client.get(f"/w/{words}/ledger/")
    client.post("/w/playground/comments/", {"kind": "metrics", "about": "rounds", "text": words})
    api = _by(token)
    api.post(f"{HERE}/discussions/metrics/rounds", {"text": words}, content_type="application/json")
    api.post(f"{HERE}/acts/decisions", {"about": words}, content_type="application/json")
    logging.getLogger("vitalfew.x").error("a fault", exc_info=ValueError(words))
    told = log.getvalue()
    for line in told.splitlines():
        assert json.loads(line)["level"] in ("info", "warning", "error")
    assert "/forecast/" in told
    for secret in (token, invitation, forecast, "5.9265", "password", "Cleo", "quagga@", "\x1b"):
        assert secret not in told
    assert all("/w/" in line for line in told.splitlines() if "Quagga" in line), "the address alone, as it was typed"
    assert ask(client, "GET", "/healthz").status_code == 200
