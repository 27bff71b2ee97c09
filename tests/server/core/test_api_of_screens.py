"""What every screen reads and writes, the API reads and writes, too."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from server_routes import routes
from vitalfew.server.core.services import tokens
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.fields import singular

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

HERE = "/api/v1/workspaces/playground"
BROWSER = "only in a browser: "
SIGNING_IN = BROWSER + "passwords, second factors and sessions are no business of programs"
PICTURE = BROWSER + "how a page looks"
PERSON = BROWSER + "a personal link belongs to the person it was sent to"
PARTS = "read_part"
DEFINED = "read_definition"
SAME: dict[str, str] = {
    "account-export": "list_own_acts",
    "add-files": "add_files",
    "add-source-file": "add_table",
    "answer-pulse": "pulse",
    "ask-forecasts": "ask_for_forecasts",
    "ask-pulse": "ask_for_pulse",
    "audit": "list_audit",
    "board": PARTS,
    "cancel-job": "cancel_job",
    "checks": PARTS,
    "comment-add": "say",
    "comment-delete": "withdraw",
    "comment-edit": "reword",
    "compare-scenarios": "rank",
    "conflicts": PARTS,
    "decide": "decide",
    "decisions": "list_acts",
    "dismiss-finding": "dismiss",
    "erase-me": "erase_own_acts",
    "experiment": PARTS,
    "experiment-plan": "plan_experiment",
    "experiment-plan-again": "plan_experiment",
    "experiments": PARTS,
    "feature": PARTS,
    "feature-bet": "bet_on_feature",
    "features": PARTS,
    "find": "find_things",
    "finding-back": "bring_back",
    "forecast": "forecast",
    "goals": DEFINED,
    "home": "list_workspaces",
    "hypothesis": DEFINED,
    "initiative": DEFINED,
    "invitation-renew": "renew_invitation",
    "invitation-revoke": "revoke_invitation",
    "job": "read_job",
    "jobs": "list_jobs",
    "ledger": PARTS,
    "ledger-what-if": "rank",
    "line": PARTS,
    "links": PARTS,
    "lock": "lock",
    "lock-plan": "lock",
    "log": "prove",
    "member-change": "change_member",
    "member-remove": "remove_member",
    "mentions": "list_mentions",
    "metric": PARTS,
    "metric-card": PARTS,
    "metric-edit": "put_definition",
    "metric-look": "try_metric",
    "metric-new": "put_definition",
    "metric-remove": "delete_definition",
    "metric-sql": "read_queries",
    "metrics": DEFINED,
    "move-initiative": "move_bet",
    "moved": PARTS,
    "moving": "export",
    "moving-apply": "apply",
    "moving-bring": "propose",
    "moving-export": "export",
    "moving-plan": "propose",
    "moving-plan-anew": "propose",
    "need": DEFINED,
    "needs": DEFINED,
    "new-demo": "make_demo",
    "new-from-files": "start_from_files",
    "new-session": "open_session",
    "new-workspace": "make_workspace",
    "number": PARTS,
    "owner-change": "change_owner",
    "owners": "list_kinds",
    "people": "list_members",
    "people-to-name": "list_members",
    "policy": DEFINED,
    "priorities": PARTS,
    "prove-log": "prove_log",
    "pulse": PARTS,
    "rater-link-end": "end_rater_link",
    "release": PARTS,
    "releases": PARTS,
    "restore": "restore_version",
    "retry-job": "retry_job",
    "review": PARTS,
    "run-line": "read_run",
    "second-factor": "change_access",
    "segments": DEFINED,
    "session": "read_session",
    "session-events": "read_session",
    "session-factors": "weigh_factor",
    "session-live": "read_reveal",
    "session-minutes": "write_minutes",
    "session-people": "invite_raters",
    "session-projector": "read_reveal",
    "session-rate": "judge",
    "session-step": "advance",
    "sessions": "list_sessions",
    "sign-value-model": "sign_off",
    "sources": DEFINED,
    "stakeholders": DEFINED,
    "start-again": "start_again",
    "start-from": "take_starter",
    "start-run": "start_run",
    "started": "list_jobs",
    "starters": "list_starters",
    "teams": DEFINED,
    "token-revoke": "revoke_token",
    "tokens": "list_tokens",
    "trade-offs": PARTS,
    "tree": PARTS,
    "undo": "restore_version",
    "value-model": PARTS,
    "value-versions": "list_model_versions",
    "waive": "waive",
    "webhook-remove": "remove_webhook",
    "webhook-secret": "rotate_webhook",
    "webhook-switch": "change_webhook",
    "webhook-test": "test_webhook",
    "webhooks": "list_webhooks",
    "what-if": "rank",
    "workspace-settings": "put_definition",
}
"""The operation that does what a page does."""
APART: dict[str, str] = {
    "account": SIGNING_IN,
    "account-theme": PICTURE,
    "fold-week": PICTURE,
    "settings": PICTURE,
    "healthz": PICTURE,
    "readyz": PICTURE,
    "api-root": PICTURE,
    "openapi-json": PICTURE,
    "end-sessions": SIGNING_IN,
    "member-password": SIGNING_IN,
    "setup": SIGNING_IN,
    "choose-password": SIGNING_IN,
    "invitation": PERSON,
    "join": PERSON,
    "rate": PERSON,
    "rate-answer": PERSON,
    "rate-events": PERSON,
    "rate-link": PERSON,
    "forecast-link": PERSON,
    "forecast-by-link": PERSON,
    "pulse-link": PERSON,
    "pulse-by-link": PERSON,
}
"""Pages without one, and why."""


class Api:
    """A program of an admin."""

    def __init__(self, client: Client, secret: str) -> None:
        self.client, self.headers = client, {"Authorization": f"Bearer {secret}"}

    def __call__(self, method: str, path: str, body: object = None, status: int = 200, **headers: str) -> Any:
        told = json.dumps(body) if body is not None else ""
        given = self.headers | {name.replace("_", "-"): value for name, value in headers.items()}
        answer = self.client.generic(method, path, told, content_type="application/json", headers=given)
        content = answer.getvalue()  # also of an answer that comes part by part
        assert answer.status_code == status, content
        return json.loads(content) if content else None

    def change(self, method: str, path: str, body: object, part: str = "") -> Any:
        """Change something, or a part of it, resting on how it stands."""
        tag = self.client.get(path, headers=self.headers)["ETag"]
        return self(method, f"{path}{part}", body, 204 if method == "DELETE" else 200, If_Match=tag)

    def send(self, path: str, files: dict[str, object]) -> Any:
        """Send files."""
        answer = self.client.post(path, files, headers=self.headers)
        assert answer.status_code in (201, 202), answer.content
        return json.loads(answer.content)


@pytest.fixture
def api(workspace: Workspace, member: Callable[..., Any], client: Client) -> Api:
    """A program that may do everything in the small workspace."""
    assert workspace.key == "playground"
    return Api(client, tokens.make(member("admin").user, "screens", ["admin"]))


def _by_form(name: str) -> str:
    """The operation behind a form of declared fields: all kinds have the same three."""
    verb, _, kind = name.partition("-")
    if kind in {singular(one) for one in Definitions.model_fields} | {"policy"}:
        return {"new": "put_definition", "edit": "put_definition", "remove": "delete_definition"}.get(verb, "")
    return ""


def test_whatever_a_page_does_an_operation_of_the_api_does_or_it_is_said_why_not() -> None:
    every = routes()
    operations = {route.name.removeprefix("api:") for route in every if route.is_api}
    pages = {route.name for route in every if not route.is_api}
    pages = {name for name in pages if not name.startswith(("account_", "mfa_", "openid_"))}
    missing = {name for name in pages if name not in APART and not SAME.get(name) and not _by_form(name)}
    assert not missing, f"say in SAME which operation does what these pages do: {sorted(missing)}"
    assert set(SAME.values()) <= operations
    assert set(SAME) | set(APART) <= pages


def test_a_workspace_is_made_and_started_from_files(api: Api) -> None:
    made = api("POST", "/api/v1/workspaces", {"name": "By program"}, 201)
    assert made == {"key": "by-program", "job": None}
    sheet = SimpleUploadedFile("ideas.csv", b"title,reach,impact,confidence,effort\nFaster,100,2,0.8,3\n")
    started = api.send(f"/api/v1/workspaces/{made['key']}/files", {"files": sheet})
    assert started["key"] == made["key"]
    assert started["job"]["kind"] == "start"
    again = SimpleUploadedFile("ideas.csv", b"title,reach,impact,confidence,effort\nFaster,100,2,0.8,3\n")
    assert api.send("/api/v1/files", {"files": again})["job"]["state"] in ("waiting", "working")
    assert api("POST", "/api/v1/demo", None, 202)["job"]["kind"] == "demo"


def test_a_table_is_kept_for_a_source_to_name(api: Api) -> None:
    table = SimpleUploadedFile("prices.csv", b"id,price\n1,2\n")
    assert api.send(f"{HERE}/tables", {"file": table})["table"].endswith("prices.csv")


def test_definitions_are_taken_away_planned_and_applied(api: Api) -> None:
    files = api("POST", f"{HERE}/export", {})["files"]
    assert not any(name.startswith("acts") for name in files)
    with_acts = api("POST", f"{HERE}/export", {"acts": True})["files"]
    assert set(files) <= set(with_acts)
    brought = {"more.yaml": "teams: {night: {title: Night shift}}"}
    plan = api("POST", f"{HERE}/plans", {"files": brought}, 201)
    assert plan["sentences"]
    assert api("GET", f"{HERE}/definitions/teams/night", status=404)
    api("POST", f"{HERE}/plans/{plan['token']}/apply", {"stamp": plan["stamp"] + 1}, 422)
    done = api("POST", f"{HERE}/plans/{plan['token']}/apply", {"stamp": plan["stamp"]})
    assert done["sentences"] == plan["sentences"]
    assert api("GET", f"{HERE}/definitions/teams/night")["body"] == {"title": "Night shift"}


def test_the_owner_of_a_kind_changes_by_its_plan(api: Api) -> None:
    plan = api("GET", f"{HERE}/owners/teams/plan?to=folder")
    assert plan["to"] == "folder"
    api("PUT", f"{HERE}/owners/teams", {"to": "folder", "stamp": plan["stamp"] + 7}, 422)
    api("GET", f"{HERE}/owners/teams/plan?to=server", status=422)


def test_what_was_changed_or_removed_comes_back_from_its_history(api: Api) -> None:
    api("PUT", f"{HERE}/definitions/teams/night", {"title": "Night"}, If_None_Match="*")
    api("PUT", f"{HERE}/definitions/teams/night", {"title": "Day"}, If_Match='"v1"')
    versions = api("GET", f"{HERE}/history/teams/night")["items"]
    assert [one["body"].get("title") for one in versions] == ["Day", "Night"]
    assert [one["stands"] for one in versions] == [True, False]
    path = f"{HERE}/versions/{versions[1]['id']}/restore"
    api("POST", path, None, 428)
    api("POST", path, None, 409, If_Match='"v1"')
    back = api("POST", path, None, If_Match='"v2"')
    assert (back["kind"], back["key"]) == ("teams", "night")
    assert api("GET", f"{HERE}/definitions/teams/night")["body"] == {"title": "Night"}


def test_invitations_are_listed_renewed_and_ended_without_their_secrets(api: Api) -> None:
    path = api("POST", f"{HERE}/invitations", {"role": "editor", "email": "eve@example.org"}, 201)["path"]
    (one,) = api("GET", f"{HERE}/invitations")["items"]
    assert one["who"] == "eve@example.org"
    assert path.split("/")[-2] not in json.dumps(one)
    renewed = api("POST", f"{HERE}/invitations/{one['id']}/renew", None, 201)["path"]
    assert renewed != path
    (two,) = api("GET", f"{HERE}/invitations")["items"]
    api("DELETE", f"{HERE}/invitations/{two['id']}", None, 204)
    assert api("GET", f"{HERE}/invitations")["items"] == []
    api("DELETE", f"{HERE}/invitations/{two['id']}", None, 404)


def test_people_are_asked_for_forecasts_and_for_the_pulse_by_links_that_end(api: Api) -> None:
    wanted = {"people": ["Zoe", "zoe@example.org", "Zoe"]}
    made = api("POST", f"{HERE}/hypotheses/gate_rounds/links", wanted, 201)
    assert [one["name"] for one in made] == ["Zoe", "zoe@example.org"]
    assert all(one["path"].startswith("/forecast/") for one in made)
    (pulse,) = api("POST", f"{HERE}/pulses/links", {"people": ["Mia"]}, 201)
    assert pulse["path"].startswith("/pulse/")
    open_links = api("GET", f"{HERE}/rater-links")["items"]
    assert {one["who"] for one in open_links} == {"Zoe", "zoe@example.org", "Mia"}
    for one in open_links:
        api("DELETE", f"{HERE}/rater-links/{one['id']}", None, 204)
    assert api("GET", f"{HERE}/rater-links")["items"] == []


def test_a_session_is_run_from_a_program(api: Api) -> None:
    key = api("POST", f"{HERE}/sessions", {"title": "Ours"}, 201)["key"]
    (made,) = api("POST", f"{HERE}/sessions/{key}/people", {"people": [{"name": "Kim"}]}, 201)
    assert made["path"].startswith("/rate/")
    (seat,) = api("GET", f"{HERE}/sessions/{key}/people")["items"]
    assert seat == {"id": seat["id"], "name": "Kim", "group": "", "joined": None}
    other = api("POST", f"{HERE}/sessions/{key}/people/{seat['id']}/link", None, 201)
    assert other["path"] != made["path"]
    session = f"{HERE}/sessions/{key}"
    parked = api.change("PUT", session, {"weighed": False, "reason": "later"}, "/factors/retention")
    assert parked["factors"] == ["rounds"]
    assert parked["parked"] == {"retention": "later"}
    assert "retention" in api.change("PUT", session, {"weighed": True}, "/factors/retention")["factors"]
    assert api.change("PATCH", session, {"seats": 3, "shows_names": False})["people"] == 4
    api("GET", f"{HERE}/sessions/{key}/reveal", status=404)
    api.change("DELETE", session, None, f"/people/{seat['id']}")
    assert api("GET", f"{HERE}/sessions/{key}/people")["items"] == []


def test_a_bet_is_moved_on_the_board_by_its_rules_and_made_about_a_feature(api: Api) -> None:
    version = api("GET", f"{HERE}/definitions/initiatives/tools")["version"]
    api("POST", f"{HERE}/initiatives/tools/move", {"to": "live"}, 422, If_Match=f'"v{version}"')
    moved = api("POST", f"{HERE}/initiatives/tools/move", {"to": "dropped"}, If_Match=f'"v{version}"')
    assert moved["version"] > version
    api("POST", f"{HERE}/initiatives/gate/move", {"to": "idea"}, 409, If_Match='"v99"')
    made = api("POST", f"{HERE}/features/lobby/bets", {"what": "remove"}, 201)
    assert api("GET", f"{HERE}/definitions/initiatives/{made['initiative']}")["body"]["removes"] == "lobby"
    api("POST", f"{HERE}/features/none/bets", {"what": "remove"}, 404)


def test_what_waits_what_is_found_and_what_one_said_is_read(api: Api) -> None:
    assert {one["name"] for one in api("GET", f"{HERE}/week")} >= {"Forecasts asked of you", "To sign"}
    assert api("GET", f"{HERE}/find?q=lobby")[0]["title"] == "Lobby"
    assert api("GET", f"{HERE}/mentions")["items"] == []
    api("POST", f"{HERE}/acts/judgements", {"points": {"rounds": 60, "retention": 40}}, 201)
    (said,) = api("GET", f"{HERE}/me/acts")["items"]
    assert said["kind"] == "judgement"
    assert api("DELETE", f"{HERE}/me/acts")["acts"] == 1
    assert api("GET", f"{HERE}/me/acts")["items"] == []


def test_a_forecast_names_what_it_rests_on_and_is_read_back_by_whoever_made_it(api: Api) -> None:
    numbers = {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 3}
    page = "https://example.org/interviews"
    made = api("POST", f"{HERE}/acts/forecasts", numbers | {"evidence": ["bored", page, "bored"]}, 201)
    assert made["body"]["evidence"] == ["bored", page]
    assert "evidence" not in api("POST", f"{HERE}/acts/forecasts", numbers, 201)["body"]
    first, second = api("GET", f"{HERE}/me/acts")["items"]
    assert first["says"]["evidence"] == ["bored", page]
    assert "evidence" not in second["says"]


@pytest.mark.parametrize(
    ("act", "body", "told"),
    [
        ("judgements", {}, "neither points nor ratios"),
        ("judgements", {"points": {"rounds": -5, "retention": 1}}, "points.rounds"),
        ("judgements", {"points": {"rounds": 1e300, "retention": 1}}, "points.rounds"),
        ("judgements", {"points": {"rounds": float("nan"), "retention": 1}}, ""),
        ("judgements", {"points": {"rounds": 0, "retention": 0}}, "zero"),
        ("judgements", {"points": {"round": 5, "retention": 1}}, "rounds"),
        ("judgements", {"ratios": [["rounds", "rounds", 2]]}, "itself"),
        ("judgements", {"ratios": [["rounds", "retention", 0]]}, "ratios"),
        ("forecasts", {"hypothesis": "gate_rounds", "p10": 3, "p50": 2, "p90": 1}, "must rise"),
        ("forecasts", {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 1e300}, "p90"),
        ("forecasts", {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 3, "p_zero": 2}, "p_zero"),
        ("forecasts", {"hypothesis": "gate_round", "p10": 1, "p50": 2, "p90": 3}, "gate_rounds"),
        ("forecasts", {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 3, "evidence": ["round"]}, "rounds"),
        ("forecasts", {"hypothesis": "gate_rounds", "p10": 1, "p50": 2, "p90": 3, "evidence": ["data:x"]}, "data:x"),
    ],
)
def test_acts_that_cannot_be_meant_are_refused_by_the_api_with_what_is_wrong(
    api: Api, act: str, body: dict[str, Any], told: str
) -> None:
    before = len(api("GET", f"{HERE}/acts")["items"])
    answer = api.client.generic(
        "POST", f"{HERE}/acts/{act}", json.dumps(body), content_type="application/json", headers=api.headers
    )
    assert 400 <= answer.status_code < 500
    assert answer["Content-Type"].startswith("application/problem+json")
    assert told in answer.content.decode()
    assert len(api("GET", f"{HERE}/acts")["items"]) == before


def test_a_metric_is_tried_and_its_query_read(api: Api) -> None:
    assert "SELECT" in api("GET", f"{HERE}/metrics/rounds/queries")["queries"][0]
    wrong = api("POST", f"{HERE}/metrics/speed/try", {"body": {"source": "nowhere"}}, 422)
    assert wrong["faults"]
    api("POST", f"{HERE}/metrics/none/try", {}, 404)


def test_templates_versions_and_dismissals_are_listed(api: Api) -> None:
    names = {one["name"] for one in api("GET", f"{HERE}/starters")}
    assert "loyalty" in names
    api("POST", f"{HERE}/starters/none", None, 404)
    assert api("GET", f"{HERE}/value-model/versions")["items"][0]["factors"] == ["rounds", "retention"]
    api("POST", f"{HERE}/checks/dismissals", {"check": "bets_open", "reason": "known"}, 201)
    (one,) = api("GET", f"{HERE}/checks/dismissals")["items"]
    assert one["reason"] == "known"
