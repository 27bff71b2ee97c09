"""Every list of the API comes a page at a time; every change of what has a version rests on the one that was read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.test import Client

from vitalfew.server.core.models import Comment, Delivery, Job, Webhook
from vitalfew.server.core.services import tokens
from vitalfew.server.core.today import today_in
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from vitalfew.server.core.models import Member, Workspace

DOCUMENT = Path(__file__).parents[3] / "docs" / "reference" / "openapi.json"
API = "/api/v1"
HERE = f"{API}/workspaces/playground"
ROOT = f"{API}/workspaces/{{workspace}}"
SHORT = {
    f"{ROOT}/definitions": "one line a kind, and kinds are fixed",
    f"{ROOT}/find": "twenty answers at most: whoever wants others asks better",
    f"{ROOT}/starters": "templates that come with the program",
    f"{ROOT}/week": "five lists of seven",
}
"""Lists that are short by nature, and why."""
WITHOUT_VERSION = {
    ("delete", f"{API}/tokens/{{token_id}}"): "a token never changes, it only ends",
    ("delete", f"{ROOT}/invitations/{{link}}"): "an invitation never changes: another one takes its place",
    ("delete", f"{ROOT}/rater-links/{{link}}"): "a link never changes, it only ends",
    ("delete", f"{ROOT}/checks/dismissals/{{number}}"): "a finding is shown again whatever the reason said",
    ("delete", f"{ROOT}/me/acts"): "acts never change: what is said at that moment is erased",
    ("put", f"{ROOT}/owners/{{kind}}"): "rests on the stamp of its plan",
}
"""Changes that rest on no `If-Match`, and why."""


class Program:
    """A program of an admin, with what it got last."""

    def __init__(self, client: Client) -> None:
        self.client = client

    def __call__(self, method: str, path: str, body: object = None, **headers: str) -> Any:
        told = json.dumps(body) if body is not None else ""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic(method, path, told, content_type="application/json", headers=named)

    def made(self, path: str, body: object) -> Any:
        """Make something."""
        answer = self("POST", path, body)
        assert answer.status_code == 201, answer.content
        return answer.json()


@pytest.fixture(scope="module")
def described() -> dict[str, dict[str, Any]]:
    """The operations of the API by address and method, as they are kept; another test holds that they are these."""
    found: dict[str, dict[str, Any]] = json.loads(DOCUMENT.read_text(encoding="utf-8"))["paths"]
    return found


@pytest.fixture
def admin(workspace: Workspace, member: Callable[..., Member]) -> Member:
    """Whose program it is."""
    assert workspace.key == "playground"
    return member("admin", name="Ada")


@pytest.fixture
def program(admin: Member) -> Program:
    """A program that may do everything in the small workspace."""
    secret = tokens.make(admin.user, "first", ["admin"])
    return Program(Client(headers={"Authorization": f"Bearer {secret}"}))


@pytest.fixture
def filled(program: Program, admin: Member, workspace: Workspace, member: Callable[..., Member]) -> dict[str, str]:
    """Three of everything that is listed; gives the names that addresses hold."""
    session, *_ = [program.made(f"{HERE}/sessions", {"title": f"Session {n}"})["key"] for n in range(3)]
    program.made(f"{HERE}/sessions/{session}/people", {"people": [{"name": name} for name in ("Kim", "Lou", "Max")]})
    program.made(f"{HERE}/pulses/links", {"people": ["Zoe", "Mia", "Uma"]})
    version = 1
    for n in range(3):
        program.made(f"{API}/tokens", {"name": f"token {n}", "scopes": ["read"]})
        program.made(f"{API}/workspaces", {"name": f"Another {n}"})
        program.made(f"{HERE}/invitations", {"role": "viewer", "email": f"eve{n}@example.org"})
        program.made(f"{HERE}/acts/judgements", {"points": {"rounds": 50 + n, "retention": 50 - n}})
        program.made(f"{HERE}/checks/dismissals", {"check": "bets_open", "subject": f"bet {n}", "reason": "known"})
        program.made(f"{HERE}/discussions/factors/rounds", {"text": f"Comment {n}"})
        Job.objects.create(workspace=workspace, kind="run", state=Job.State.DONE, asked_by=admin.user)
        body = {"title": "People play", "range": [0, 41 + n], "stakeholder": "players", "north_star": True}
        saved = program("PUT", f"{HERE}/definitions/factors/rounds", body, If_Match=f'"v{version}"')
        version = saved.json()["version"]
        said = Comment.objects.create(
            workspace=workspace, kind="factors", about="rounds", author=member().user, text="@"
        )
        said.mentions.add(admin.user)
    _told(workspace)
    return {"kind": "factors", "key": "rounds", "session": session, "webhook_id": str(Webhook.objects.all()[0].pk)}


def _told(workspace: Workspace) -> None:
    today = today_in(Definitions())
    for n in range(3):
        webhook = Webhook.objects.create(
            workspace=workspace, address=f"https://hooks{n}.example.org/", events=["run.finished"], due_seen=today
        )
    first = Webhook.objects.all()[0]
    for n in range(3):
        Delivery.objects.create(webhook=first, key=f"msg_{n}", event="run.finished", body="{}", next_at=webhook.made_at)


def _run(workspace: Workspace, demo: Path, run_id: str) -> None:
    """Runs of another product: what pages of a list need."""
    runs = f"{workspace.folder}/.vitalfew/runs"
    for name in (run_id, f"{run_id}a", f"{run_id}b"):
        shutil.copytree(demo / ".vitalfew" / "runs" / run_id, f"{runs}/{name}")
    workspace.last_run = run_id
    workspace.save()


def _operations(described: dict[str, dict[str, Any]]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in described.items():
        for method, operation in methods.items():
            yield method, path, operation


def _named(operation: dict[str, Any], place: str) -> set[str]:
    return {one["name"] for one in operation.get("parameters", ()) if one["in"] == place}


def _filled_in(path: str, filled: dict[str, str]) -> str:
    names = filled | {"workspace": "playground", "run_id": "latest", "part": "links"}
    if "/sessions/" in path:
        names["key"] = filled["session"]
    return path.format(**names)


def test_every_list_comes_a_page_at_a_time_or_is_short_by_nature(described: dict[str, dict[str, Any]]) -> None:
    whole = set()
    for method, path, operation in _operations(described):
        answer = operation["responses"].get("200", {}).get("content", {}).get("application/json", {})
        if method == "get" and "cursor" not in _named(operation, "query") and answer["schema"].get("type") == "array":
            whole.add(path)
    assert whole == set(SHORT)


def test_pages_of_every_list_put_together_are_the_list(
    described: dict[str, dict[str, Any]], filled: dict[str, str], program: Program, workspace: Workspace, demo_run: Any
) -> None:
    _run(workspace, demo_run.folder, demo_run.run_id)
    paged = [path for method, path, one in _operations(described) if "cursor" in _named(one, "query")]
    assert len(paged) >= 18
    for path in paged:
        address = _filled_in(path, filled)
        whole = _page(program, f"{address}?limit=200")
        assert len(whole[0]) >= 2, f"{path}: {len(whole[0])}"
        assert whole[1] is None, path
        most = max(1, len(whole[0]) // 3)
        found, following = _page(program, f"{address}?limit={most}")
        while following is not None and len(found) <= len(whole[0]):
            items, following = _page(program, f"{address}?limit={most}&cursor={following}")
            assert len(items) <= most, path
            found += items
        # Who asks is noted, such as when a token was last used: it is the same items all the same.
        assert list(map(_who, found)) == list(map(_who, whole[0])), path


def _page(program: Program, address: str) -> tuple[list[Any], str | None]:
    answer = program("GET", address)
    assert answer.status_code == 200, (address, answer.content)
    found = answer.json()
    return found.get("items", found.get("value")), found["next"]


def _who(item: Any) -> Any:
    return {name: value for name, value in item.items() if name != "last_used_at"} if isinstance(item, dict) else item


def test_nothing_is_missed_or_comes_twice_while_others_write(filled: dict[str, str], program: Program) -> None:
    first, cursor = _page(program, f"{HERE}/invitations?limit=2")
    program.made(f"{HERE}/invitations", {"role": "viewer", "email": "late@example.org"})
    program("DELETE", f"{HERE}/invitations/{first[0]['id']}")
    rest, following = _page(program, f"{HERE}/invitations?limit=2&cursor={cursor}")
    assert [one["who"] for one in (*first, *rest)] == [f"eve{n}@example.org" for n in (2, 1, 0)]
    assert following is None
    assert filled


def test_every_change_of_what_has_a_version_says_which_one_it_rests_on(described: dict[str, dict[str, Any]]) -> None:
    changes = {
        (method, path): "If-Match" in _named(operation, "header")
        for method, path, operation in _operations(described)
        if method in ("put", "patch", "delete")
    }
    assert {change for change, rests in changes.items() if not rests} == set(WITHOUT_VERSION)
    assert sum(changes.values()) >= 11


def test_no_change_is_made_that_rests_on_nothing(
    described: dict[str, dict[str, Any]], filled: dict[str, str], program: Program, admin: Member
) -> None:
    more = {
        "user_id": str(admin.user_id),
        "comment_id": str(Comment.objects.values_list("pk", flat=True)[0]),
        "factor": "rounds",
        "seat": "0",
        "number": "1",
    }
    seats = program("GET", f"{HERE}/sessions/{filled['session']}/people").json()["items"]
    more["seat"] = str(seats[0]["id"])
    bodies: dict[str, Any] = {"members": {"role": "viewer"}, "comments": {"text": "Other"}, "step": {"to": "measure"}}
    bodies |= {"factors": {"weighed": False}, "minutes": {"text": "Said"}, "move": {"to": "dropped"}}
    bodies |= {"access": {"needs_second_factor": False}}
    for method, path, operation in _operations(described):
        if "If-Match" not in _named(operation, "header"):
            continue
        address = _filled_in(path, filled | more)
        named = (body for part, body in bodies.items() if f"/{part}" in path and "/definitions/" not in path)
        body: Any = next(named, {})
        answer = program(method.upper(), address, None if method == "delete" else body)
        assert answer.status_code == 428, (method, path, answer.content)


@pytest.mark.parametrize(
    ("path", "method", "body"),
    [
        ("members/{user_id}", "PUT", {"role": "editor"}),
        ("webhooks/{webhook_id}", "PATCH", {"enabled": False}),
        ("comments/{comment_id}", "PUT", {"text": "In other words"}),
        ("sessions/{session}", "PATCH", {"shows_names": False}),
        ("sessions/{session}", "PATCH", {"timer_minutes": 5}),
    ],
)
def test_of_two_changes_that_rest_on_the_same_version_one_is_made(
    filled: dict[str, str],
    program: Program,
    member: Callable[..., Member],
    admin: Member,
    path: str,
    method: str,
    body: dict[str, Any],
) -> None:
    own = Comment.objects.filter(author=admin.user).values_list("pk", flat=True)[0]
    address = f"{HERE}/{path}".format(**filled, user_id=member().user_id, comment_id=own)
    read = program("GET", address)
    done = program(method, address, body, If_Match=read["ETag"])
    assert done.status_code in (200, 204), done.content
    late = program(method, address, body, If_Match=read["ETag"])
    assert late.status_code == 409
    assert late.json()["ours"] == body
    assert late.json()["theirs"] == program("GET", address).json()
    again = program("GET", address)["ETag"]
    assert again != read["ETag"]
    assert done.headers.get("ETag", again) == again
    assert program(method, address, body, If_Match=again).status_code in (200, 204)


def test_minutes_are_not_written_over(filled: dict[str, str], program: Program) -> None:
    address = f"{HERE}/sessions/{filled['session']}"
    read = program("GET", address)
    assert program("GET", address, If_None_Match=read["ETag"]).status_code == 304
    tried = [
        program("PUT", f"{address}/minutes/rounds", {"text": text}, If_Match=read["ETag"]) for text in ("One", "Two")
    ]
    assert [answer.status_code for answer in tried] == [200, 409]
    assert tried[1].json()["theirs"]["minutes"] == {"rounds": "One"}


def test_whether_a_second_factor_is_needed_rests_on_what_was_read(program: Program, workspace: Workspace) -> None:
    read = program("GET", f"{HERE}/access")
    assert read.json() == {"needs_second_factor": False}
    workspace.needs_second_factor = True
    workspace.save()
    late = program("PUT", f"{HERE}/access", {"needs_second_factor": False}, If_Match=read["ETag"])
    assert late.status_code in (403, 409)
