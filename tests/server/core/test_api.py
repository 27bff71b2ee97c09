"""The HTTP API: who asks, versions, problems, pages of lists, requests that come twice."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from vitalfew.pipeline import stored
from vitalfew.server.core.models import Answer
from vitalfew.server.core.services import tokens

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.models import Workspace

HERE = "/api/v1/workspaces/playground"


class Api:
    """A program that holds a token."""

    def __init__(self, secret: str) -> None:
        self.client = Client(headers={"Authorization": f"Bearer {secret}"})

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        data = json.dumps(body) if body is not None else ""
        return self.client.generic(method, path, data, content_type="application/json", headers=named)


@pytest.fixture
def api(member: Callable[..., Any]) -> Callable[..., Api]:
    """A program of a new member with a role and scopes."""

    def make(role: str = "editor", scopes: tuple[str, ...] = ("admin",), of: Workspace | None = None) -> Api:
        who = member(role, of=of) if of else member(role)
        return Api(tokens.make(who.user, "test", scopes))

    return make


def problem(answer: Any, status: int) -> dict[str, Any]:
    """A problem as the API tells it."""
    assert answer.status_code == status, answer.content
    assert answer["Content-Type"] == "application/problem+json"
    found: dict[str, Any] = json.loads(answer.content)
    assert found["status"] == status
    assert found["title"]
    return found


@pytest.mark.usefixtures("workspace")
def test_definitions_are_read_with_their_version(api: Callable[..., Api]) -> None:
    ask = api("viewer", ("read",))
    found = ask("GET", f"{HERE}/definitions/metrics/rounds")
    assert found.json() == {
        "kind": "metrics",
        "key": "rounds",
        "body": {"source": "players", "column": "rounds", "title": "Rounds played"},
        "version": 1,
        "file": None,
        "line": None,
    }
    assert found["ETag"] == '"v1"'
    assert ask("GET", f"{HERE}/definitions/metrics/rounds", If_None_Match='"v1"').status_code == 304


@pytest.mark.usefixtures("workspace")
def test_a_change_rests_on_the_version_that_was_read(api: Callable[..., Api]) -> None:
    ask = api("editor")
    path = f"{HERE}/definitions/initiatives/tools"
    problem(ask("PUT", path, {"title": "Better tools"}), 428)
    saved = ask("PUT", path, {"title": "Better tools", "cost": 2}, If_Match='"v1"')
    assert (saved.status_code, saved["ETag"], saved.json()["version"]) == (200, '"v2"', 2)
    lost = problem(ask("PUT", path, {"title": "My tools"}, If_Match='"v1"'), 409)
    assert lost["theirs"] == {"title": "Better tools", "cost": 2}
    assert lost["ours"] == {"title": "My tools"}
    assert lost["version"] == 2


@pytest.mark.usefixtures("workspace")
def test_new_definitions_are_made_once(api: Callable[..., Api]) -> None:
    ask = api("editor")
    made = ask("PUT", f"{HERE}/definitions/needs/slow", {"statement": "It is slow"}, If_None_Match="*")
    assert made.json()["version"] == 1
    problem(ask("PUT", f"{HERE}/definitions/needs/slow", {"statement": "Slow"}, If_None_Match="*"), 409)


@pytest.mark.usefixtures("workspace")
def test_what_is_wrong_is_told_with_its_path_and_nothing_is_saved(api: Callable[..., Api]) -> None:
    ask = api("editor")
    told = problem(
        ask("PUT", f"{HERE}/definitions/initiatives/tools", {"title": "T", "cost": -3}, If_Match='"v1"'), 422
    )
    assert told["faults"][0]["path"] == "initiatives.tools.cost"
    assert ask("GET", f"{HERE}/definitions/initiatives/tools").json()["version"] == 1


@pytest.mark.usefixtures("workspace")
def test_what_others_name_is_not_removed(api: Callable[..., Api]) -> None:
    ask = api("editor")
    told = problem(ask("DELETE", f"{HERE}/definitions/initiatives/gate", If_Match='"v1"'), 422)
    assert "gate" in told["detail"]
    assert ask("DELETE", f"{HERE}/definitions/hypotheses/gate_rounds", If_Match='"v1"').status_code == 204
    problem(ask("GET", f"{HERE}/definitions/hypotheses/gate_rounds"), 404)


@pytest.mark.usefixtures("demo")
def test_definitions_of_the_folder_are_not_changed_and_say_where_they_stand(api: Callable[..., Api]) -> None:
    ask = api("admin")
    path = "/api/v1/workspaces/fieldnote/definitions/metrics/jobs_completed"
    found = ask("GET", path).json()
    assert found["version"] is None
    assert found["file"].endswith(".yaml")
    told = problem(ask("PUT", path, found["body"], If_Match='"v1"'), 409)
    assert "line" in told["detail"]


@pytest.mark.usefixtures("workspace")
def test_a_token_reaches_no_further_than_its_scopes_and_its_person(api: Callable[..., Api]) -> None:
    path, body = f"{HERE}/definitions/initiatives/tools", {"title": "T"}
    problem(api("editor", ("read",))("PUT", path, body, If_Match='"v1"'), 403)
    problem(api("viewer", ("admin",))("PUT", path, body, If_Match='"v1"'), 403)
    metric = f"{HERE}/definitions/metrics/rounds"
    problem(api("editor", ("admin",))("PUT", metric, {"source": "players"}, If_Match='"v1"'), 403)


@pytest.mark.usefixtures("workspace")
def test_without_a_token_nothing_is_told() -> None:
    assert problem(Client().get(f"{HERE}/runs"), 401)["detail"]
    wrong = Client(headers={"Authorization": "Bearer vf_nothing"}).get(f"{HERE}/runs")
    assert problem(wrong, 401)
    assert wrong["WWW-Authenticate"] == "Bearer"
    assert Client().get(f"{HERE}/runs?token=vf_nothing").status_code == 401


@pytest.mark.parametrize("address", ["/api/v1/nowhere", "/api/v1/workspaces/", "/api/v2/runs", "/api/", f"{HERE}/\x00"])
@pytest.mark.django_db
def test_unknown_addresses_below_the_api_are_told_as_problems(address: str) -> None:
    assert problem(Client().get(address), 404)["detail"]


@pytest.mark.usefixtures("demo")
def test_other_workspaces_do_not_exist(workspace: Workspace, api: Callable[..., Api]) -> None:
    ask = api("admin", of=workspace)
    known = problem(ask("GET", "/api/v1/workspaces/fieldnote/runs"), 404)
    unknown = problem(ask("GET", "/api/v1/workspaces/nothing/runs"), 404)
    assert known == unknown


def test_the_ledger_of_a_run_is_the_one_of_the_library_to_the_last_digit(
    demo: Workspace, api: Callable[..., Api]
) -> None:
    ask = api("viewer", ("read",))
    found = ask("GET", f"/api/v1/workspaces/fieldnote/runs/{demo.last_run}/parts/ledger")
    assert found.json()["value"] == stored(demo.folder, demo.last_run).to_dict(["ledger"])["ledger"]
    assert found.json()["run"] == demo.last_run
    again = ask("GET", f"/api/v1/workspaces/fieldnote/runs/{demo.last_run}/parts/ledger", If_None_Match=found["ETag"])
    assert again.status_code == 304


def test_a_run_says_up_to_which_day_its_data_go_and_is_sent_once(demo: Workspace, api: Callable[..., Api]) -> None:
    ask = api("viewer", ("read",))
    found = ask("GET", "/api/v1/workspaces/fieldnote/runs/latest")
    assert found.json()["data_to"] == stored(demo.folder, demo.last_run).info.data_to
    assert found["ETag"] == f'"{demo.last_run}"'
    again = ask("GET", "/api/v1/workspaces/fieldnote/runs/latest", If_None_Match=found["ETag"])
    assert again.status_code == 304
    assert again.content == b""


def test_long_lists_come_a_page_at_a_time(demo: Workspace, api: Callable[..., Api]) -> None:
    ask = api("viewer", ("read",))
    keys: list[str] = []
    cursor = ""
    for _ in range(100):
        page = ask("GET", f"/api/v1/workspaces/fieldnote/definitions/initiatives?limit=7{cursor}").json()
        keys += [item["key"] for item in page["items"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert keys == list(stored(demo.folder).workspace.definitions.initiatives)
    problem(ask("GET", "/api/v1/workspaces/fieldnote/definitions/initiatives?cursor=what"), 422)
    problem(ask("GET", "/api/v1/workspaces/fieldnote/definitions/initiatives?limit=0"), 422)


@pytest.mark.usefixtures("workspace")
def test_a_write_that_comes_twice_is_done_once_and_answered_alike(api: Callable[..., Api]) -> None:
    ask = api("editor")
    path, body = f"{HERE}/definitions/needs/slow", {"statement": "It is slow"}
    first = ask("PUT", path, body, If_None_Match="*", Idempotency_Key="one")
    second = ask("PUT", path, body, If_None_Match="*", Idempotency_Key="one")
    assert first.status_code == second.status_code == 200
    assert first.json() == second.json()
    problem(ask("PUT", path, {"statement": "Other"}, If_None_Match="*", Idempotency_Key="one"), 422)
    problem(ask("PUT", path, body, If_None_Match="*", Idempotency_Key="two"), 409)


@pytest.mark.usefixtures("workspace")
def test_an_answer_that_is_kept_goes_with_what_was_erased(api: Callable[..., Api]) -> None:
    ask = api("editor")
    path, points = f"{HERE}/acts/judgements", {"points": {"rounds": 100, "retention": 73.125}}
    first = ask("POST", path, points, Idempotency_Key="one")
    assert first.status_code == 201, first.content
    assert ask("POST", path, points, Idempotency_Key="one").content == first.content
    assert ask("DELETE", f"{HERE}/me/acts").json() == {"acts": 1}
    told = problem(ask("POST", path, points, Idempotency_Key="one"), 409)
    assert "erased" in told["detail"]
    assert not [answer for answer in Answer.objects.all() if b"73.125" in bytes(answer.content or b"")]
    assert ask("DELETE", f"{HERE}/me/acts").json() == {"acts": 0}


@pytest.mark.usefixtures("workspace")
def test_an_answer_is_not_repeated_to_whoever_has_other_rights_since(
    member: Callable[..., Any],
) -> None:
    who = member("editor")
    path, body = f"{HERE}/definitions/needs/slow", {"statement": "It is slow"}
    ask = Api(tokens.make(who.user, "test", ("define",)))
    assert ask("PUT", path, body, If_None_Match="*", Idempotency_Key="one").status_code == 200
    who.role = "viewer"
    who.save()
    problem(ask("PUT", path, body, If_None_Match="*", Idempotency_Key="one"), 422)
    problem(ask("PUT", path, body, If_None_Match="*", Idempotency_Key="two"), 403)


@pytest.mark.usefixtures("workspace")
def test_pages_ask_with_their_session_and_must_come_from_a_page_of_ours(client_of: Callable[..., Client]) -> None:
    member = client_of("editor")
    assert member.get(f"{HERE}/definitions").status_code == 200
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = member.cookies
    answer = strict.put(
        f"{HERE}/definitions/needs/slow",
        json.dumps({"statement": "Slow"}),
        content_type="application/json",
        headers={"If-None-Match": "*"},
    )
    problem(answer, 403)
