"""What somebody judged or forecast is shown to that person alone: on every page, export and operation of the API.

One person says numbers that nothing else could make. Then everybody asks every address for them.
"""

from __future__ import annotations

import io
import json
import re
import time
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.conf import settings
from django.db import transaction
from django.test import Client

from server_routes import ask, filling_of, routes
from vitalfew.judgement.recording import forecast, judge, lock
from vitalfew.pipeline import run
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Comment, Definition, Member, Workspace
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.value.services import sessions
from vitalfew.workspace import load
from vitalfew.workspace.verify import verify

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.models import User

    type MakeMember = Callable[..., Member]

WEIGHT = 73.14159
FORECAST = 27.7314159
LOOKED_AT = "https://example.org/73.14159"
"""What the forecast rests on; with three others that name something it is still theirs alone."""
UNMISTAKABLE = re.compile(r"7314\d|(?<!\d)73[.,]14|27[.,]73|2773\d")
"""The digits of all three, whatever the unit and however rounded to two places."""


@pytest.fixture
def spoken(workspace: Workspace, member: MakeMember) -> User:
    """A product with data, what six people said about it, a promise, and a run; gives who said the numbers."""
    rows = [f"{n},{n % 41},{n % 2},{'new' if n % 3 else 'old'},{n % 60}" for n in range(200)]
    (Path(workspace.folder) / "players.csv").write_text("id,rounds,back,arm,age\n" + "\n".join(rows) + "\n")
    one = member("editor", name="Ada").user
    ws = acting(workspace)
    judge(ws, voice_of_user(one), {"rounds": WEIGHT, "retention": 100 - WEIGHT}, group="sales")
    forecast(ws, "gate_rounds", voice_of_user(one), _quantiles(FORECAST), evidence=["retention", LOOKED_AT])
    for number in range(5):
        other = voice_of_user(member("rater").user)
        judge(ws, other, {"rounds": 40 + number, "retention": 60 - number}, group="sales")
        forecast(ws, "gate_rounds", other, _quantiles(22 + number), evidence=["retention"] if number < 3 else ())
    return one


def _quantiles(middle: float) -> dict[str, float]:
    return {"p10": middle - 6, "p50": middle, "p90": middle + 6, "p_zero": 0.1}


def answers(client: Client, path: str) -> list[str]:
    """What an address answers, as a page and as an export."""
    texts = []
    for asked in (path, f"{path}?format=csv"):
        answer = ask(client, "GET", asked)
        if answer.streaming:
            answer.close()
        else:
            texts.append(answer.content.decode())
        if answer.status_code != 200:  # then there is no export of it either
            break
    return texts


def where_told(user: User | None, filling: dict[str, object]) -> list[str]:
    """The routes that tell somebody one of the numbers."""
    client = Client(raise_request_exception=False)
    if user is not None:
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
    found = []
    for route in routes():
        texts = answers(client, route.fill(filling)) if "GET" in route.methods else []
        found += [f"{route.name}: {around}" for text in texts if (around := _around(text))]
    return found


def _around(text: str) -> str:
    told = UNMISTAKABLE.search(text)
    return text[max(told.start() - 60, 0) : told.end() + 20] if told else ""


@pytest.mark.parametrize("is_locked", [False, True], ids=["sealed", "locked and run"])
@pytest.mark.parametrize(
    "roles", [(Role.ADMIN,), pytest.param(tuple(Role), marks=pytest.mark.prove)], ids=["admin", "everybody"]
)
def test_nobody_is_told_what_another_person_said(
    roles: tuple[Role, ...], is_locked: bool, workspace: Workspace, spoken: User, member: MakeMember
) -> None:
    if is_locked:
        lock(acting(workspace), "gate_rounds", voice_of_user(spoken))
        found = run(replace(acting(workspace), acts=TableJournal(workspace.pk).read()))
        assert found.tables.weights, "what was judged is in the run"
        workspace.last_run = found.info.id
        workspace.save()
    filling = filling_of(workspace, member("admin"))
    others = [None, *(member(role).user for role in roles)]
    told = [f"{user}: {where}" for user in others for where in where_told(user, filling)]
    assert not told, "\n".join(told)


def test_whoever_said_them_is_told_all_of_them(spoken: User) -> None:
    client = Client()
    client.force_login(spoken, backend=settings.AUTHENTICATION_BACKENDS[0])
    text = client.get("/account/export/").content.decode()
    assert str(WEIGHT) in text
    assert str(FORECAST) in text
    assert LOOKED_AT in text


def test_a_zip_of_the_workspace_holds_ones_own_numbers_and_nobody_elses(
    workspace: Workspace, spoken: User, member: MakeMember
) -> None:
    Member.objects.filter(user=spoken).update(role=Role.ADMIN)
    for user, told in ((member("admin").user, False), (spoken, True)):
        client = Client()
        client.force_login(user, backend=settings.AUTHENTICATION_BACKENDS[0])
        taken = client.post("/w/playground/settings/moving/export/", {"acts": "1"}).getvalue()
        with zipfile.ZipFile(io.BytesIO(taken)) as archive:
            held = b"".join(archive.read(name) for name in archive.namelist()).decode()
            archive.extractall(Path(workspace.folder) / str(user.pk))
        assert held.count('"kind":"forecast"') == 6
        assert (str(WEIGHT) in held, str(FORECAST) in held) == (told, told)
        found = verify(load(Path(workspace.folder) / str(user.pk)))
        assert found.ok, "what is missing is missing as if it were erased"


def test_no_form_that_an_admin_sends_tells_what_another_person_said(
    workspace: Workspace, spoken: User, member: MakeMember
) -> None:
    admin = member("admin")
    filling = filling_of(workspace, admin)
    client, told = Client(raise_request_exception=False), []
    client.force_login(admin.user, backend=settings.AUTHENTICATION_BACKENDS[0])
    body = f"by={spoken.pk}&user={spoken.pk}&person={spoken.pk}&about=gate_rounds&format=csv&do=invite&preview=1&acts=1"
    for route in routes():
        if route.name in ("lock", "api:lock"):  # with fewer than three forecasts a promise would be somebody's
            continue
        with transaction.atomic():
            answer = ask(client, "POST", route.fill(filling), data=body)
            found = "" if answer.streaming else _around(answer.content.decode(errors="replace"))
            transaction.set_rollback(True)
        told += [f"{route.name}: {found}"] if found else []
    assert not told, "\n".join(told)


@pytest.mark.parametrize("sought", [str(WEIGHT), str(FORECAST), "27", "73", "forecast", "judgement", "Cleo", "Quagga"])
def test_the_search_finds_pages_and_what_is_defined_here_and_nothing_that_was_said(
    sought: str, workspace: Workspace, spoken: User, member: MakeMember
) -> None:
    other = Workspace.objects.create(key="other", name="Quagga Ltd", folder=workspace.folder)
    Definition.objects.create(workspace=other, kind="teams", key="quagga", body={"title": "Quagga"})
    plan = sessions.Plan("Autumn", ("rounds", "retention"), people=(("Cleo", ""),))
    sessions.open_session(workspace, plan, member("facilitator").user)
    sessions.open_session(other, sessions.Plan("Quagga weights", ("rounds", "retention")), spoken)
    Comment.objects.create(workspace=workspace, kind="metrics", about="rounds", author=spoken, text=f"I say {FORECAST}")
    client = Client()
    client.force_login(member("viewer").user, backend=settings.AUTHENTICATION_BACKENDS[0])
    found = client.get("/w/playground/find/", {"q": sought}).json()["found"]
    assert not any(_around(json.dumps(one)) or "Cleo" in str(one) or "uagga" in str(one) for one in found)
    assert all(one["address"].startswith("/w/playground/") for one in found)
    assert client.get("/w/other/find/", {"q": sought}).status_code == 404


def test_the_search_answers_at_once_whatever_is_typed(workspace: Workspace, member: MakeMember) -> None:
    rows = [
        Definition(workspace=workspace, kind="needs", key=f"need_{n}", body={"statement": f"Words {n} of many people"})
        for n in range(1_000)
    ]
    Definition.objects.bulk_create(rows)
    client = Client()
    client.force_login(member("viewer").user, backend=settings.AUTHENTICATION_BACKENDS[0])
    client.get("/w/playground/find/", {"q": "words"})
    begun = time.process_time()
    for sought in ("wodrs pelope mnya " * 10_000, "(a+)+$" * 100, "\N{RIGHT-TO-LEFT OVERRIDE}%_\\", "wordz " * 20):
        assert client.get("/w/playground/find/", {"q": sought[:3_000]}).status_code == 200
    assert time.process_time() - begun < 4
