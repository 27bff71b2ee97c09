"""What people type and bring, hostile: each form of each page, and files, on PostgreSQL, which takes less than SQLite.

Nothing here names a form. They are read from the pages; a new one is tried by itself.
"""

from __future__ import annotations

import io
import struct
import time
import zipfile
from dataclasses import dataclass, field
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode, urljoin
from xml.etree import ElementTree as ET

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import transaction

from server_routes import ask, filling_of, routes
from vitalfew.errors import DefinitionError, UsageError
from vitalfew.pipeline import run
from vitalfew.server.core.models import Comment, Definition, Link, User, Workspace
from vitalfew.server.core.roles import Access
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.working.unpacking import unpack
from vitalfew.server.value.services.sessions import Plan, open_session

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from django.test import Client

    type ClientOf = Callable[..., Client]

HOSTILE = {
    "nothing": "",
    "zero": "a\x00b",
    "backwards": "\N{RIGHT-TO-LEFT OVERRIDE}gnp\N{LEFT-TO-RIGHT ISOLATE}\N{ZERO WIDTH JOINER}",
    "long": "x" * 50_000,
    "digits": "9" * 5_000,
    "large": "9" * 19,
    "endless": "1e999",
    "no number": "nan",
    "negative": "-1",
    "last day": "9999-12-31",
    "script": "'\"><script>alert(1)</script>{{ 7*7 }}",
}
LEAVES = ("/accounts/", "/account/sessions/")
"""Forms that end the session, or ask for a password."""
LOOKS = ("/settings/sources/", "/metrics/", "/define/", "/plan/")
"""Forms that look at data in a process of its own, which takes a second each time."""


@dataclass
class Form:
    """A form of a page: where it goes, and what it sends if nobody changes anything."""

    action: str
    method: str
    fields: dict[str, str] = field(default_factory=dict)


class Forms(HTMLParser):
    """Reads the forms of a page."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[Form] = []
        self._in = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "form":
            self.found.append(Form(given.get("action", ""), given.get("method", "get").lower()))
        name = given.get("name", "")
        if not self.found or not (name or self._in):
            return
        if tag in ("input", "button", "textarea", "select"):
            self._in = name if tag in ("textarea", "select") else ""
            ticked = given.get("type") not in ("checkbox", "radio") or "checked" in given
            if ticked or name not in self.found[-1].fields:
                self.found[-1].fields[name] = given.get("value", "") if ticked else ""
        elif tag == "option" and "selected" in given:
            self.found[-1].fields[self._in] = given.get("value", "")

    def handle_data(self, data: str) -> None:
        if self._in and self.lasttag == "textarea":
            self.found[-1].fields[self._in] += data

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select"):
            self._in = ""


@pytest.fixture
def admin(workspace: Workspace, client_of: ClientOf) -> Client:
    rows = [f"{n},{n % 41},{n % 2},{'new' if n % 3 else 'old'},{n % 60}" for n in range(200)]
    (Path(workspace.folder) / "players.csv").write_text("id,rounds,back,arm,age\n" + "\n".join(rows) + "\n")
    found = client_of("admin")
    found.raise_request_exception = False
    return found


def forms(client: Client, workspace: Workspace) -> Iterator[Form]:
    """The forms of all pages, each once."""
    filling, seen = filling_of(workspace, client.member), set()  # type: ignore[attr-defined]  # of the fixture
    for route in routes():
        path = route.fill(filling)
        if route.is_api or path.startswith(LEAVES):
            continue
        with transaction.atomic():
            answer = ask(client, "GET", path)
            transaction.set_rollback(True)
        if answer.streaming or answer.status_code != 200 or "html" not in answer.headers.get("Content-Type", ""):
            continue
        reader = Forms()
        reader.feed(answer.content.decode())
        for found in reader.found:
            found.action = urljoin(path, found.action)
            known = (found.action.partition("?")[0], found.method, tuple(found.fields))
            if known not in seen and not found.action.startswith(LEAVES):
                seen.add(known)
                yield found


def sent(client: Client, form: Form, fields: dict[str, str]) -> Any:
    """The answer to a form; what it changed is taken back."""
    data, path = urlencode(fields), form.action.partition("?")[0]
    with transaction.atomic():
        if form.method == "post":
            answer = ask(client, "POST", form.action, data=data)
        else:
            answer = ask(client, "GET", f"{path}?{data}")
        transaction.set_rollback(True)
    return answer


def broken(client: Client, form: Form, fields: dict[str, str], told: str) -> list[str]:
    """What is to be told of an answer: a fault of ours, or what was sent as it was sent."""
    answer = sent(client, form, fields)
    if answer.streaming:
        answer.close()
        return []
    raw = "<script>alert(1)" in answer.content.decode(errors="replace")
    return [f"{form.method} {form.action} {told}: {answer.status_code}"] if answer.status_code >= 500 or raw else []


@pytest.mark.usefixtures("postgres")
def test_no_form_breaks_whose_every_field_is_hostile(workspace: Workspace, admin: Client) -> None:
    found = []
    every = list(forms(admin, workspace))
    assert len(every) > 60
    for form in every:
        if any(part in form.action for part in LOOKS):
            continue
        values = cycle(HOSTILE[name] for name in ("long", "no number", "script"))
        found += broken(admin, form, dict(zip(form.fields, values, strict=False)), "all")
    assert not found, "\n".join(found)


@pytest.mark.prove
@pytest.mark.usefixtures("postgres")
def test_no_form_breaks_of_which_one_field_is_hostile(workspace: Workspace, admin: Client) -> None:
    found = []
    values = cycle(HOSTILE.items())  # each field one of them, in turn: all of each would be some 20,000 requests
    for form in forms(admin, workspace):
        looks = any(part in form.action for part in LOOKS)
        for name in list(form.fields)[:: 5 if looks else 1]:
            label, value = next(values)
            found += broken(admin, form, form.fields | {name: value}, f"{name}={label}")
    assert not found, "\n".join(found)


@pytest.mark.usefixtures("postgres")
def test_a_zero_character_is_refused_in_every_form(workspace: Workspace, admin: Client) -> None:
    filling, taken = filling_of(workspace, admin.member), []  # type: ignore[attr-defined]  # of the fixture
    for route in routes():
        if route.is_api or route.access is Access.LINK:
            continue
        answer = ask(admin, "POST", route.fill(filling), data="name=a%00b")
        if answer.status_code not in (400, 404):
            taken.append(f"{route.name}: {answer.status_code}")
    assert not taken, "\n".join(taken)


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize(
    "target", ["nowhere", "home", "9", "a:b", "\r\nSet-Cookie: a=b", "//evil.example/", "x" * 5_000]
)
def test_a_form_that_says_nonsense_of_where_it_came_from_leads_somewhere_of_ours(target: str, admin: Client) -> None:
    for path, more in (
        ("comments/", {"kind": "metrics", "about": "rounds", "text": "Hm."}),
        ("history/1/restore/", {}),
        ("undo/none/", {}),
        ("ledger/week/fold/", {}),
    ):
        answer = admin.post(f"/w/playground/{path}", {"next": target, **more})
        assert answer.status_code < 500, path
        assert answer.headers.get("Location", "/w/playground/").startswith("/w/playground/")
        assert "evil" not in answer.headers.get("Location", "")


@pytest.mark.usefixtures("postgres")
@pytest.mark.parametrize("name", ["x" * 300 + "@example.org", "@", "a@b\n" * 300, "\N{ZERO WIDTH SPACE}", "x, " * 200])
def test_whoever_is_asked_may_be_called_anything(name: str, workspace: Workspace, admin: Client) -> None:
    key, _ = open_session(workspace, Plan("Autumn", ("rounds", "retention")), admin.member.user)  # type: ignore[attr-defined]  # of the fixture
    for path in ("board/hypothesis/gate_rounds/ask/", "value/model/pulse/ask/", f"sessions/{key}/people/"):
        answer = admin.post(f"/w/playground/{path}", {"people": name, "do": "invite"})
        assert answer.status_code in (200, 302), path
    assert Link.objects.filter(workspace=workspace).exists()


# What no database holds -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "a\x00b", "a\ud800b", {"deep": ["a\x00"]}, {"a\x00": 1}])
def test_definitions_hold_only_what_every_database_holds(
    each_database: str, workspace: Workspace, value: object
) -> None:
    with pytest.raises(DefinitionError) as refused:
        save(workspace, "teams", "odd", {"title": "Odd", "note": value}, by=None, version=0)
    assert any("none" in str(found) or "no number" in str(found) for found in refused.value.problems), each_database
    assert not Definition.objects.filter(key="odd").exists()


def test_keys_are_no_longer_than_every_database_holds(each_database: str, workspace: Workspace) -> None:
    with pytest.raises(DefinitionError) as refused:
        save(workspace, "teams", "x" * 121, {"title": "Odd"}, by=None, version=0)
    assert "at most 120" in str(refused.value.problems[0]), each_database


@pytest.mark.parametrize(
    "said", ['title: "a\\0b"', 'title: "\\ud800"', "title: .nan", "note: .inf", f"title: {'x' * 100_000}", "title: 010"]
)
def test_a_file_that_says_it_is_refused_with_a_reason(
    each_database: str, workspace: Workspace, admin: Client, said: str
) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        archive.writestr("odd.yaml", f"teams:\n  odd: {{{said}}}\n")
    for name, content in (("odd.zip", held.getvalue()), ("odd.yaml", f"teams:\n  odd: {{{said}}}\n".encode())):
        files = {"files": SimpleUploadedFile(name, content)}
        plan = admin.post("/w/playground/settings/moving/files/", files, follow=True)
        assert plan.status_code in (200, 409), (each_database, name)
        context = plan.context or {}
        if "proposal" in context:
            wanted = {"token": context["token"], "stamp": context["proposal"].stamp}
            assert admin.post("/w/playground/settings/moving/apply/", wanted).status_code in (302, 409)
    workspace.refresh_from_db()


def test_an_archive_of_a_million_names_is_not_even_listed(tmp_path: Path) -> None:
    entry = struct.pack("<4s4B4HL2L5H2L", b"PK\x01\x02", 20, 3, 20, 0, *[0] * 4, 0, 0, 0, 1, *[0] * 4, 0, 0) + b"a"
    count = 1_000_000
    index = entry * count
    end = struct.pack("<4sQ2H2L4Q", b"PK\x06\x06", 44, 45, 45, 0, 0, count, count, len(index), 30)
    where = struct.pack("<4sLQL", b"PK\x06\x07", 0, 30 + len(index), 1)
    last = struct.pack("<4s4H2LH", b"PK\x05\x06", 0, 0, 0xFFFF, 0xFFFF, 0xFFFFFFFF, 0xFFFFFFFF, 0)
    content = b"PK\x03\x04" + bytes(26) + index + end + where + last
    begun = time.process_time()
    with pytest.raises(UsageError, match="too many files"):
        unpack([("x.zip", io.BytesIO(content))], tmp_path, 1_000_000)
    assert time.process_time() - begun < 2


@pytest.mark.parametrize(
    "name",
    [
        "../../etc/cron.d/x.csv",
        "..\\..\\x.csv",
        "/etc/passwd.csv",
        "a\N{RIGHT-TO-LEFT OVERRIDE}vsc.csv",
        ".csv",
        "x" * 300 + ".csv",
        "con.csv",
        "~/x.csv",
    ],
)
def test_a_file_that_is_given_stays_in_its_place_whatever_it_is_called(
    name: str, workspace: Workspace, admin: Client
) -> None:
    before = {path for path in Path(workspace.folder).parent.rglob("*") if path.is_file()}
    files = {"files": SimpleUploadedFile("x.csv", b"id,rounds\n1,2\n")}
    files["files"].__dict__["_name"] = name  # Django makes names plain itself; this one came past it
    for path in ("/w/playground/files/", "/w/playground/settings/sources/files/"):
        assert admin.post(path, files).status_code < 500
    new = {path for path in Path(workspace.folder).parent.rglob("*") if path.is_file()} - before
    uploads = Path(workspace.folder) / "uploads"
    assert all(path.is_relative_to(Path(workspace.folder)) for path in new), f"{new} {uploads}"


@pytest.mark.usefixtures("workspace")
def test_words_of_people_are_shown_and_never_run(admin: Client) -> None:
    bad = '<img src=x onerror=alert(1)> javascript:alert(1) https://a.example/"onmouseover=alert(1) [x](javascript:y)'
    admin.post(
        "/w/playground/comments/", {"kind": "metrics", "about": "rounds", "text": bad, "next": "/w/playground/x"}
    )
    page = admin.get("/w/playground/metrics/rounds/").text
    assert "<img src=x" not in page
    assert 'href="javascript:' not in page
    assert 'example/"onmouseover' not in page


class Runs(HTMLParser):
    """Finds what a browser would run, or show, of what people wrote."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag in ("b1", "iframe", "object", "base") or (tag == "script" and "src" not in given):
            self.found.append(tag)
        self.found += [name for name in given if name.startswith(("on", "srcdoc")) or name == "hx-evil"]
        self.found += [value for value in given.values() if value.strip().lower().startswith("javascript:")]


def test_nothing_that_people_call_things_is_run_by_a_browser_on_any_page(workspace: Workspace, admin: Client) -> None:
    evil = """'"><b1 onclick=x hx-evil=y><script>alert(1)</script></textarea></title></svg><iframe>{{ 7*7 }}{% now %}"""
    for row in Definition.objects.filter(workspace=workspace).exclude(kind__in=("workspace", "policy", "sources")):
        named = {"needs": "statement", "hypotheses": "because"}.get(row.kind, "title")
        if row.kind not in ("guardrails", "experiments", "hypotheses", "policy", "data"):
            row.body = {**row.body, named: evil}
            row.save()
    Workspace.objects.filter(pk=workspace.pk).update(name=evil, stamp=99)
    User.objects.update(name=evil[:120])
    workspace.refresh_from_db()
    who = admin.member.user  # type: ignore[attr-defined]  # of the fixture
    Comment.objects.create(workspace=workspace, kind="metrics", about="rounds", author=who, text=f"@admin-1 {evil}")
    key, _ = open_session(workspace, Plan(evil[:120], ("rounds", "retention"), people=((evil, evil),)), who)
    workspace.last_run = run(acting(workspace)).info.id
    workspace.save()
    filling, found, pages = filling_of(workspace, admin.member), [], 0  # type: ignore[attr-defined]  # of the fixture
    for route in routes():
        path = route.fill({**filling, "session:key": key, "session-projector:key": key})
        if route.is_api or any(part in path for part in LOOKS):
            continue
        pictured = [f"{path}?format=svg"] if route.name in ("ledger", "priorities", "review") else []
        for asked in (path, *pictured, f"{path}?q={quote(evil)}&team={quote(evil)}"):
            answer = ask(admin, "GET", asked)
            if answer.streaming or not answer.headers.get("Content-Type", "").startswith(("text/html", "image/svg")):
                continue
            reader = Runs()
            reader.feed(answer.content.decode())
            pages += answer.status_code == 200
            found += [f"{asked[:80]}: {reader.found[:3]}"] if reader.found else []
            if answer.headers["Content-Type"].startswith("image/svg"):
                ET.fromstring(answer.content)  # noqa: S314 - our own picture
    assert not found, "\n".join(found)
    assert pages > 60
