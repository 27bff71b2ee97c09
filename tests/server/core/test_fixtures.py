"""The ground that the server's tests stand on."""

from __future__ import annotations

from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import connection

from vitalfew.server.core.models import Workspace
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client


def test_nothing_is_kept_in_the_home_of_whoever_runs_the_tests() -> None:
    assert Path.home() not in settings.CONFIG.home.parents


def test_the_small_product_has_nothing_wrong_in_it(workspace: Workspace) -> None:
    assert loaded(workspace).problems == ()
    assert len(loaded(workspace).workspace.definitions.initiatives) == 2


def test_the_demo_has_a_run_that_can_be_read(demo: Workspace) -> None:
    found = open_run(demo)
    assert found is not None
    assert found.tables.shipped


def test_a_viewer_reads_the_ledger(client_of: Callable[..., Client], demo: Workspace) -> None:
    assert client_of("viewer").get(f"/w/{demo.key}/ledger/").status_code == 200


def test_both_databases_are_real_and_seen_by_other_threads(each_database: str, workspace: Workspace) -> None:
    seen: list[tuple[str, int]] = []

    def look() -> None:
        seen.append((connection.vendor, Workspace.objects.count()))
        connection.close()

    thread = Thread(target=look)
    thread.start()
    thread.join()
    assert seen == [(each_database, 1)]
    assert workspace.pk
