"""Who may use which address: every role and every route that the server knows, asked one by one.

Nothing here names a page. The routes come from the resolver; a new one is held to its own `access` by itself.
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from server_routes import METHODS, Route, ask, filling_of, routes
from vitalfew.server.core.models import (
    ActRecord,
    AuditEntry,
    Comment,
    Definition,
    Delivery,
    Dismissal,
    Job,
    Link,
    Member,
    Token,
    User,
    Webhook,
    Workspace,
)
from vitalfew.server.core.roles import Ability, Access, Role
from vitalfew.server.value.models import Participant, Session
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    type MakeMember = Callable[..., Member]

EVERYWHERE = routes()
SWEEP = 900_001
"""The number of everything in the other workspace; nothing else has it."""
THEIRS = "zanzibar"
"""The key of everything in the other workspace."""
NOWHERE = {SWEEP: 900_099, THEIRS: "nowhere"}
"""What does not exist anywhere."""
NEEDS_MORE = {"mfa_reauthenticate"}
"""Pages of those who have a second factor."""
MARK = "Quagga"
"""Stands in every title of the other workspace."""


def signed_in(user: User | None) -> Client:
    """A new browser of a user; of nobody when there is none."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    return client


def anew(cookies: SimpleCookie) -> Client:
    """A browser that remembers nothing but a session."""
    client = Client(raise_request_exception=False)
    client.cookies = SimpleCookie({settings.SESSION_COOKIE_NAME: cookies[settings.SESSION_COOKIE_NAME].value})
    return client


@contextmanager
def nothing_stays() -> Iterator[None]:
    """Whatever a request changes is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def answer_to(client: Client, method: str, path: str, data: str = "") -> Any:
    """Ask, and take back what it changed."""
    with nothing_stays():
        answer = ask(client, method, path, data=data)
    if answer.streaming:
        answer.close()
    return answer


def is_refused(route: Route, answer: Any, *, member: bool, known: bool) -> bool:
    """Whether somebody was sent away: to sign in, by 403, or as if there were nothing."""
    if not known:
        to_login = answer.status_code == 302 and answer.headers["Location"].startswith("/accounts/login/")
        return bool(answer.status_code == 401 if route.is_api else to_login)
    return bool(answer.status_code == (403 if member else 404))


def listed(found: list[Any]) -> str:
    """What was found, a line each."""
    return "\n".join(["", *(" ".join(map(str, one)) for one in found)])


def allows(route: Route, role: Role) -> bool:
    """Whether a route takes somebody with a role."""
    return not isinstance(route.access, Ability) or route.access in role.abilities


def test_every_route_says_who_may_use_it_and_has_a_name_of_its_own() -> None:
    assert [route.pattern for route in EVERYWHERE if route.access is None] == []
    names = [route.name for route in EVERYWHERE]
    assert sorted({name for name in names if names.count(name) > 1}) == []


def test_every_address_can_be_filled(workspace: Workspace, member: MakeMember) -> None:
    filling = filling_of(workspace, member("admin"))
    assert [told for route in EVERYWHERE if (told := route.unknown(filling))] == []
    odd = Route("odd", "w/<slug:workspace>/<int:oddity>/", Ability.READ, METHODS, ("workspace", "oddity"))
    assert "'odd' holds <oddity>" in odd.unknown(filling)


@pytest.mark.parametrize("who", ["anonymous", "non-member", *Role])
def test_whoever_may_not_is_refused_everywhere(who: str, workspace: Workspace, member: MakeMember) -> None:
    filling = filling_of(workspace, member("editor"))
    elsewhere = Workspace.objects.create(key="elsewhere", name="Elsewhere", folder=workspace.folder)
    user = None if who == "anonymous" else member("admin" if who == "non-member" else who, of=elsewhere).user
    if user is not None and who in set(Role):
        Member.objects.create(workspace=workspace, user=user, role=who)
    client, passed = signed_in(user), []
    for route in EVERYWHERE:
        if who == "anonymous":
            forbidden = isinstance(route.access, Ability) or route.access is Access.SIGNED_IN
        else:
            forbidden = isinstance(route.access, Ability) and (who == "non-member" or not allows(route, Role(who)))
        if not forbidden:
            continue
        for method in route.asked_by if who in set(Role) else route.methods:
            answer = answer_to(client, method, route.fill(filling))
            if not is_refused(route, answer, member=who != "non-member", known=user is not None):
                passed.append((route.name, method, answer.status_code))
    assert not passed, listed(passed)


def test_whoever_may_is_let_in_everywhere(workspace: Workspace, member: MakeMember) -> None:
    people = {role: member(role) for role in Role}
    filling, sent_away = filling_of(workspace, people[Role.ADMIN]), []
    for who in people.values():
        who.user.set_password("correct horse battery")
        who.user.save()
    clients = {role: signed_in(who.user) for role, who in people.items()}
    for route in EVERYWHERE:
        role = next((role for role in Role if allows(route, role)), Role.ADMIN)
        if "GET" not in route.methods or route.name in NEEDS_MORE:
            continue
        answer = answer_to(clients[role], "GET", route.fill(filling))
        if answer.status_code in (401, 403) or answer.status_code >= 500:
            sent_away.append((route.name, role.value, answer.status_code))
    assert not sent_away, listed(sent_away)


def test_nothing_an_admin_sends_breaks_a_page(workspace: Workspace, member: MakeMember) -> None:
    user = member("admin")
    client, filling, broken = signed_in(user.user), filling_of(workspace, user), []
    data = "key=&name=&version=x&role=king&scopes=all&email=%00&days=-1&next=//evil.example&format=x&run=../../etc"
    for route in EVERYWHERE:
        for method in route.asked_by:
            if method != "GET":
                answer = answer_to(client, method, route.fill(filling), data)
                if answer.status_code >= 500 or "evil.example" in answer.headers.get("Location", ""):
                    broken.append((route.name, method, answer.status_code))
    assert not broken, listed(broken)


def test_no_form_is_taken_that_does_not_come_from_our_pages(workspace: Workspace, member: MakeMember) -> None:
    user = member("admin")
    filling, taken = filling_of(workspace, user), []
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    client.force_login(user.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    for route in EVERYWHERE:
        for method in route.methods:
            if method == "GET" or (route.access is Access.PUBLIC and route.is_api):
                continue
            answer = answer_to(client, method, route.fill(filling))
            if answer.status_code not in (403, 405):
                taken.append((route.name, method, answer.status_code))
    assert not taken, listed(taken)


# What every answer carries ---------------------------------------------------------------------------------------


def test_every_answer_carries_the_headers_that_keep_browsers_safe(demo: Workspace, member: MakeMember) -> None:
    user = member("admin")
    filling, wrong = filling_of(demo, user), []
    for client in (signed_in(None), signed_in(user.user)):
        for route in EVERYWHERE:
            if "GET" in route.methods:
                answer = answer_to(client, "GET", route.fill(filling))
                wrong += [(route.name, fault) for fault in _faults(answer)]
    assert not wrong, listed(wrong)


def _faults(answer: Any) -> list[str]:
    given, found = answer.headers, []
    policy = given.get("Content-Security-Policy", "")
    if "default-src 'none'" not in policy or "frame-ancestors 'none'" not in policy or "unsafe" in policy:
        found.append(f"policy: {policy}")
    expected = {
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "X-Frame-Options": "DENY",
        "Cross-Origin-Opener-Policy": "same-origin",
    }
    found += [name for name, value in expected.items() if given.get(name) != value]
    if "no-store" not in given.get("Cache-Control", ""):
        found.append(f"kept: {given.get('Cache-Control')}")
    for cookie in answer.cookies.values():
        if cookie.value and not (cookie["httponly"] and cookie["samesite"] == "Lax"):
            found.append(f"cookie {cookie.key}")
    return found


# Another workspace ------------------------------------------------------------------------------------------------


@pytest.fixture
def theirs(_database: None, tmp_path: Path) -> Workspace:
    """Another workspace with one of everything, of every kind and in every table.

    Each thing has the number `SWEEP` and the key `THEIRS`.
    """
    folder = tmp_path / "theirs"
    folder.mkdir()
    row = Workspace.objects.create(pk=SWEEP, key="theirs", name=f"{MARK} Ltd", folder=str(folder))
    user = User.objects.create(pk=SWEEP, email="quagga@example.org", name=f"{MARK} Q")
    Member.objects.create(pk=SWEEP, workspace=row, user=user, role="admin")
    bodies: dict[str, dict[str, object]] = {
        "sources": {"table": "quagga.csv", "unit": "id"},
        "metrics": {"source": THEIRS, "column": "a", "title": f"{MARK} metric"},
        "factors": {"title": f"{MARK} factor", "range": [0, 1]},
        "needs": {"statement": f"{MARK} need"},
        "features": {"title": f"{MARK} feature"},
        "initiatives": {"title": f"{MARK} initiative", "status": "framed", "cost": 1},
        "hypotheses": {"initiative": THEIRS, "metric": THEIRS, "due": "2030-01-01"},
        "experiments": {
            "initiative": THEIRS,
            "source": THEIRS,
            "variant": "arm",
            "control": "old",
            "metrics": [THEIRS],
        },
        "teams": {"title": f"{MARK} team"},
        "products": {"title": f"{MARK} product"},
        "segments": {"title": f"{MARK} segment", "source": THEIRS, "filter": "a > 1"},
        "stakeholders": {"title": f"{MARK} people"},
        "guardrails": {"margin": 1},
        "releases": {"title": f"{MARK} release", "date": "2026-01-01", "initiatives": [THEIRS]},
        "links": {"title": f"{MARK} link", "parent": THEIRS, "child": THEIRS},
        "vision": {"title": f"{MARK} vision"},
        "objectives": {"title": f"{MARK} objective", "key_results": {THEIRS: {"metric": THEIRS, "target": 1}}},
    }
    settings_kinds = {"workspace", "data", "policy"}
    assert set(bodies) | settings_kinds == set(Definitions.model_fields), "one of every kind is swept"
    for number, (kind, body) in enumerate(bodies.items()):
        Definition.objects.create(pk=SWEEP + number, workspace=row, kind=kind, key=THEIRS, body=body)
    expires = row.created_at.replace(year=2999)
    Link.objects.create(pk=SWEEP, workspace=row, purpose="invitation", hash="a" * 64, expires_at=expires)
    Comment.objects.create(pk=SWEEP, workspace=row, kind="metrics", about=THEIRS, author=user, text=MARK)
    Job.objects.create(pk=SWEEP, workspace=row, kind="run", state="failed", message=MARK)
    Token.objects.create(pk=SWEEP, user=user, workspace=row, name=MARK, prefix="vf_", hash="b" * 64, expires_at=expires)
    told = Webhook.objects.create(pk=SWEEP, workspace=row, address=f"https://{MARK}.example/", due_seen="2030-01-01")
    Delivery.objects.create(pk=SWEEP, webhook=told, key=THEIRS, event=THEIRS, body=MARK, next_at=expires)
    Dismissal.objects.create(pk=SWEEP, workspace=row, check_id=THEIRS, subject=THEIRS, reason=MARK, by=user)
    AuditEntry.objects.create(pk=SWEEP, workspace=row, actor=user, action=THEIRS, subject=MARK)
    session = Session.objects.create(pk=SWEEP, workspace=row, key=THEIRS, title=MARK, factors=[THEIRS], opened_by=user)
    Participant.objects.create(pk=SWEEP, session=session, name=MARK)
    ActRecord.objects.create(
        pk=SWEEP, workspace=row, n=1, at="", by="", kind="decision", about=THEIRS, body_hash="", prev="", hash=""
    )
    return row


def _rows(row: Workspace) -> list[object]:
    """All that a workspace holds."""
    tables: tuple[Any, ...] = (
        Member, Definition, Link, Comment, Job, Webhook, ActRecord, Dismissal, AuditEntry, Session,
    )  # fmt: skip
    held = [list(table.objects.filter(workspace=row).order_by("pk").values()) for table in tables]
    held += [list(table.objects.filter(pk=SWEEP).values()) for table in (Delivery, Participant)]
    return [*held, list(Token.objects.filter(user=SWEEP).values()), User.objects.filter(pk=SWEEP).values().get()]


def test_what_lies_in_another_workspace_does_not_exist_here(
    workspace: Workspace, theirs: Workspace, member: MakeMember
) -> None:
    session, found = signed_in(member("admin").user).cookies, []
    for route in EVERYWHERE:
        others = [field for field in route.fields if field not in ("workspace", "kind", "part")]
        if not route.in_workspace or not others:
            continue
        there: dict[str, Any] = {field: THEIRS if _is_key(route, field) else SWEEP for field in others}
        here = {"workspace": workspace.key, "kind": "metrics", "part": "shipped"}
        for method in route.asked_by:
            nowhere = {key: NOWHERE[value] for key, value in there.items()}
            of_theirs, of_nothing = (
                answer_to(anew(session), method, route.fill(here | filling)) for filling in (there, nowhere)
            )
            differs = _plain(of_theirs) != _plain(of_nothing)
            if differs or of_theirs.status_code >= 500 or (method == "GET" and not _is_missing(of_theirs)):
                found.append((route.name, method, of_theirs.status_code, "differs" if differs else ""))
    assert not found, listed(found)
    assert theirs.pk == SWEEP


def _plain(answer: Any) -> tuple[object, ...]:
    """What an answer says, whatever was asked for."""
    where = answer.headers.get("Location", "")
    text = _text(answer).decode()
    for there, nowhere in NOWHERE.items():
        where, text = where.replace(str(there), str(nowhere)), text.replace(str(there), str(nowhere))
    return answer.status_code, where, re.sub(r'csrf[^>]*value="[^"]*"|X-CSRFToken[^}]*', "", text)


def _is_missing(answer: Any) -> bool:
    """No such thing, not this method, an empty list, or another page that then says so."""
    return answer.status_code in (302, 404, 405) or _text(answer) in (b"[]", b'{"items": [], "next": null}')


def test_nothing_of_another_workspace_comes_by_asking_or_sending(
    workspace: Workspace, theirs: Workspace, member: MakeMember
) -> None:
    user = member("admin")
    client, filling, before, told = signed_in(user.user), filling_of(workspace, user), _rows(theirs), []
    names = ("key", "about", "metric", "initiative", "hypothesis", "feature", "experiment", "team", "initiatives")
    numbers = ("user", "id", "pk", "link", "job", "comment", "token", "person", "by", "session", "before", "cursor")
    sent = "&".join([*(f"{name}={THEIRS}" for name in names), *(f"{name}={SWEEP}" for name in numbers)])
    sent += f"&workspace={theirs.key}&run={theirs.key}&q={MARK[:-1]}&kind=metrics&folder={theirs.folder}"
    for route in EVERYWHERE:
        path = route.fill(filling)
        for method in route.asked_by:
            asked, data = (f"{path}?{sent}", "") if method == "GET" else (path, sent)
            with transaction.atomic():
                answer = ask(client, method, asked, data=data)
                changed = _rows(theirs) != before
                text = _text(answer)
                transaction.set_rollback(True)
            if answer.status_code >= 500 or changed or MARK.encode() in text:
                told.append((route.name, method, answer.status_code, changed))
    assert not told, listed(told)


def _is_key(route: Route, field: str) -> bool:
    """Whether a field holds a key or a secret, and not a number."""
    return f"<int:{field}>" not in route.pattern and not field.endswith("_id")


def _text(answer: Any) -> bytes:
    if answer.streaming:
        answer.close()
        return b""
    return bytes(answer.content)
