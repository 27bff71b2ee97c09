"""What tests of the server share: people, workspaces, a demo that has been run, and two real databases.

A test that asks for `workspace`, `demo`, `member` or `client_of` has a database: Django's, rolled back after the test;
with `each_database` or `postgres` a real one, empty and of its own, in which threads and other processes see what is
committed. Nothing here touches the home of whoever runs the tests.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.test import Client, override_settings

from server_databases import once, postgres_database, sqlite_database
from vitalfew.server.core.models import Definition, KindOwner, Member, User, Workspace
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.roles import Role
from vitalfew.workspace.definitions import Definitions
from vitalfew.workspace.merging import SETTINGS
from vitalfew.workspace.yaml_reader import read_yaml

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_django.plugin import DjangoDbBlocker

    from vitalfew.pipeline import Results

    type MakeMember = Callable[..., Member]
    type ClientOf = Callable[..., Client]

PRODUCT = """
workspace: {name: Playground, currency: EUR}
policy: {budget: 12}
teams:
  games: {title: Games}
  tools: {title: Tools}
stakeholders:
  players: {title: Players, role: user, side: customer}
sources:
  players: {table: players.csv, unit: id}
segments:
  young: {title: Young players, source: players, filter: "age < 20"}
metrics:
  rounds: {source: players, column: rounds, title: Rounds played}
  retention: {source: players, kind: proportion, column: back, title: Came back}
factors:
  rounds: {title: People play, range: [0, 40], stakeholder: players, north_star: true}
  retention: {title: People come back, range: [0.1, 0.5], stakeholder: players}
guardrails:
  retention: {margin: 0.02}
needs:
  bored: {statement: Waiting for others is dull, segment: young}
features:
  lobby: {title: Lobby, team: games}
initiatives:
  gate: {title: Move the gate, status: framed, cost: 8, reach: 1, team: games, serves: [bored]}
  tools: {title: New tools, status: framed, cost: 3, team: tools}
hypotheses:
  gate_rounds: {initiative: gate, metric: rounds, due: 2030-01-01}
experiments:
  move_gate: {initiative: gate, source: players, variant: arm, control: old, metrics: [rounds, retention]}
"""
"""A small product that the server owns: two of most things, no data."""


_REAL = frozenset({"each_database", "sqlite", "postgres"})


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give Django's database to tests that need one and ask for no real one."""
    for item in items:
        asked = set(getattr(item, "fixturenames", ()))
        if "_database" in asked and not asked & _REAL:
            item.add_marker(pytest.mark.django_db)


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder that all processes of this test session share."""
    base = tmp_path_factory.getbasetemp()
    return (base.parent if "PYTEST_XDIST_WORKER" in os.environ else base) / "server"


@pytest.fixture(scope="session", autouse=True)
def _own_settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A home of its own, and passwords that are hashed fast."""
    home = tmp_path_factory.mktemp("home")
    before = os.environ.get("VITALFEW_HOME")
    os.environ["VITALFEW_HOME"] = str(home)  # of programs that tests start
    fast = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    with override_settings(CONFIG=replace(settings.CONFIG, home=home), PASSWORD_HASHERS=fast):
        yield
    if before is None:
        del os.environ["VITALFEW_HOME"]
    else:
        os.environ["VITALFEW_HOME"] = before


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """The server's folder, for one test alone."""
    with override_settings(CONFIG=replace(settings.CONFIG, home=tmp_path / "home")):
        (tmp_path / "home").mkdir()
        yield tmp_path / "home"


# Databases --------------------------------------------------------------------------------------------------------


@pytest.fixture(params=["sqlite", "postgresql"])
def each_database(
    request: pytest.FixtureRequest, shared_folder: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker
) -> Iterator[str]:
    """A real database, once SQLite and once PostgreSQL; not together with the mark `django_db`. Gives its kind."""
    kind: str = request.param
    real = sqlite_database(shared_folder, tmp_path) if kind == "sqlite" else postgres_database(shared_folder)
    with django_db_blocker.unblock(), real:
        yield kind


@pytest.fixture
def sqlite(shared_folder: Path, tmp_path: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[None]:
    """A real file of SQLite."""
    with django_db_blocker.unblock(), sqlite_database(shared_folder, tmp_path):
        yield


@pytest.fixture
def postgres(shared_folder: Path, django_db_blocker: DjangoDbBlocker) -> Iterator[str]:
    """A real PostgreSQL; gives its address, as in `VITALFEW_DATABASE`."""
    with django_db_blocker.unblock(), postgres_database(shared_folder) as address:
        yield address


@pytest.fixture
def _database(request: pytest.FixtureRequest) -> None:
    """The database that the test asked for; Django's when it asked for none (see `pytest_collection_modifyitems`)."""
    for name in _REAL.intersection(request.fixturenames):
        request.getfixturevalue(name)


# Workspaces -------------------------------------------------------------------------------------------------------


@pytest.fixture
def workspace(_database: None, tmp_path: Path) -> Workspace:
    """A small product that the server owns, without data and without a run."""
    folder = tmp_path / "playground"
    folder.mkdir()
    row = Workspace.objects.create(key="playground", name="Playground", folder=str(folder))
    tree: Any = read_yaml(PRODUCT.encode(), "product.yaml").tree
    for kind, entries in tree.items():
        bodies = {"": entries} if kind in SETTINGS else entries
        for position, (key, body) in enumerate(bodies.items()):
            Definition.objects.create(workspace=row, kind=kind, key=key, body=body, position=position)
    return row


@dataclass(frozen=True, slots=True)
class DemoRun:
    """A folder with the small demo product, run once. Tests read it; whoever changes it takes a copy."""

    folder: Path
    run_id: str


@pytest.fixture(scope="session")
def demo_run(shared_folder: Path) -> DemoRun:
    """The small demo product in a folder, run once for all tests."""
    folder = shared_folder / "demo"
    with once(shared_folder, "demo") as missing:
        if missing is not None:
            from vitalfew import pipeline
            from vitalfew.simulate import demo
            from vitalfew.workspace import load

            demo(folder, size="small")
            pipeline.run(load(folder))
    (run_id,) = (path.name for path in (folder / ".vitalfew" / "runs").iterdir() if not path.name.startswith("."))
    return DemoRun(folder, run_id)


@pytest.fixture
def demo(_database: None, demo_run: DemoRun) -> Workspace:
    """A workspace of the demo's folder, which owns its definitions, with its run; its acts are not in the tables."""
    row = Workspace.objects.create(
        key="fieldnote", name="Fieldnote", folder=str(demo_run.folder), last_run=demo_run.run_id, is_demo=True
    )
    KindOwner.objects.bulk_create(
        KindOwner(workspace=row, kind=kind, owner="folder") for kind in Definitions.model_fields
    )
    return row


@pytest.fixture
def run(demo: Workspace) -> Results:
    """What the run of the demo holds."""
    found = open_run(demo)
    assert found is not None
    return found


# People -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def member(_database: None, request: pytest.FixtureRequest) -> MakeMember:
    """Make a member: `member("editor")`, `member(Role.RATER, name="Ben", of=workspace, group="sales")`.

    Without `of` it is a member of the workspace the test has (`demo`, else `workspace`).
    """

    def make(role: Role | str = Role.VIEWER, *, name: str = "", of: Workspace | None = None, group: str = "") -> Member:
        found = of or request.getfixturevalue("demo" if "demo" in request.fixturenames else "workspace")
        count = User.objects.count() + 1
        user = User.objects.create_user(f"{Role(role)}-{count}@example.org", name=name or f"{Role(role)} {count}")
        return Member.objects.create(workspace=found, user=user, role=Role(role), group=group)

    return make


@pytest.fixture
def client_of(member: MakeMember) -> ClientOf:
    """A signed-in browser of a new member; takes what `member` takes. `client.member` is who it is."""

    def make(role: Role | str = Role.VIEWER, **given: str | Workspace) -> Client:
        who = member(role, **given)
        client = Client()
        client.force_login(who.user, backend=settings.AUTHENTICATION_BACKENDS[0])
        client.member = who  # type: ignore[attr-defined]  # for tests that need to know
        return client

    return make
