"""What was dismissed stays dismissed when a check gets another name."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from django.apps import apps
from django.db import connection
from django.db.migrations.executor import MigrationExecutor

import vitalfew as vf
from vitalfew.checks.baseline import RENAMED
from vitalfew.server.core.models import Dismissal

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from vitalfew.server.core.models import Workspace

MIGRATION = "0011_checks_were_renamed"


def test_dismissals_follow_their_checks_and_a_later_one_stands(workspace: Workspace) -> None:
    for check, subject, reason in (
        ("too_many_factors", "", "we know"),
        ("promise_missing", "lobby", "before the rename"),
        ("unpredicted", "lobby", "after the rename"),
        ("harmed", "lobby", "another check"),
    ):
        Dismissal.objects.create(workspace=workspace, check_id=check, subject=subject, reason=reason)
    rename = import_module(f"vitalfew.server.core.migrations.{MIGRATION}").rename
    for _ in range(2):  # a second time changes nothing
        rename(apps, None)
        assert sorted(Dismissal.objects.values_list("check_id", "subject", "reason")) == [
            ("harmed", "lobby", "another check"),
            ("too_many", "", "we know"),
            ("unpredicted", "lobby", "after the rename"),
        ]


def test_every_server_gets_it(workspace: Workspace) -> None:
    assert ("core", MIGRATION) in MigrationExecutor(connection).loader.applied_migrations
    assert not Dismissal.objects.filter(workspace=workspace, check_id__in=RENAMED).exists()


def test_a_stored_run_calls_its_findings_as_they_are_dismissed_now(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "shop.yaml").write_text("initiatives: {search: {title: Faster search, status: committed}}")
    found = vf.run(vf.load(tmp_path)).tables.findings[0]
    monkeypatch.setitem(RENAMED, found.id, "called_anew")
    again = vf.stored(tmp_path).tables.findings[0]
    assert (again.id, again.subject, again.message) == ("called_anew", found.subject, found.message)
