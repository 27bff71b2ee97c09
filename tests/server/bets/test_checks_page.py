"""Findings are dismissed with a reason, and can be brought back."""

from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from vitalfew.server.bets.queries.checks import checked, trend
from vitalfew.server.bets.views import checks
from vitalfew.server.core.models import AuditEntry, Dismissal
from vitalfew.server.core.queries.dismissals import open_findings
from vitalfew.server.core.queries.runs import finding_counts

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

PAGE = "/w/fieldnote/checks/"


def _dismiss(client: Client, run: Results, reason: str = "known, and mended next week") -> int:
    row = run.tables.findings[0]
    return client.post(f"{PAGE}dismiss/", {"check": row.id, "subject": row.subject, "reason": reason}).status_code


@pytest.mark.usefixtures("demo")
def test_every_finding_says_what_why_and_one_thing_to_do(client_of: ClientOf, run: Results) -> None:
    rows = client_of("viewer").get(f"{PAGE}?format=csv").content.decode()
    for row in run.tables.findings:
        assert row.do.replace('"', '""') in rows


@pytest.mark.usefixtures("demo")
def test_a_check_that_found_much_shows_its_first_beside_others_and_all_alone(
    client_of: ClientOf, run: Results, monkeypatch: pytest.MonkeyPatch
) -> None:
    ((most, count), *others) = Counter(row.id for row in run.tables.findings).most_common()
    monkeypatch.setattr(checks, "MOST_SHOWN", count - 1)
    client = client_of("viewer")
    every = client.get(PAGE).content.decode()
    assert every.count(f"<code>{most}</code> ·") == count - 1
    assert f'href="?check={most}">Show all {count} of' in every
    alone = client.get(f"{PAGE}?check={most}").content.decode()
    assert alone.count(f"<code>{most}</code> ·") == count
    assert not any(f"<code>{check}</code> ·" in alone for check, _ in others)


def test_a_dismissed_finding_leaves_the_open_ones_and_can_come_back(
    client_of: ClientOf, demo: Workspace, run: Results
) -> None:
    client = client_of("editor", name="Ben")
    assert _dismiss(client, run) == 302
    found = checked(demo, run)
    assert found.open == len(run.tables.findings) - 1
    assert [one.dismissed.reason for one in found.dismissed if one.dismissed] == ["known, and mended next week"]
    assert f'<span class="count">{found.open}</span>' in client.get("/w/fieldnote/ledger/").content.decode()
    page = client.get(PAGE).content.decode()
    assert "Dismissed by Ben" in page
    client.post(f"{PAGE}dismissed/{Dismissal.objects.get().pk}/back/")
    assert len(open_findings(demo, run)) == len(run.tables.findings)
    assert [entry.action for entry in AuditEntry.objects.order_by("id")] == [
        "finding dismissed",
        "finding shown again",
    ]


@pytest.mark.usefixtures("demo")
def test_without_a_reason_nothing_is_dismissed(client_of: ClientOf, run: Results) -> None:
    _dismiss(client_of("editor"), run, reason="   ")
    assert not Dismissal.objects.exists()


@pytest.mark.usefixtures("demo")
def test_what_no_run_found_cannot_be_dismissed(client_of: ClientOf) -> None:
    answer = client_of("editor").post(f"{PAGE}dismiss/", {"check": "x", "subject": "y", "reason": "z"})
    assert answer.status_code == 404


@pytest.mark.usefixtures("demo")
def test_a_viewer_reads_and_dismisses_nothing(client_of: ClientOf, run: Results) -> None:
    assert _dismiss(client_of("viewer"), run) == 403


def test_findings_are_counted_run_by_run(demo: Workspace, run: Results, tmp_path: Path) -> None:
    assert trend(demo) is None
    folder = tmp_path / "copy"
    runs = folder / ".vitalfew" / "runs"
    shutil.copytree(Path(demo.folder) / ".vitalfew" / "runs" / demo.last_run, runs / demo.last_run)
    shutil.copytree(Path(demo.folder) / ".vitalfew" / "runs" / demo.last_run, runs / "20200101T000000-abcdef")
    demo.folder = str(folder)
    counts = finding_counts(demo)
    assert [sum(count.findings.values()) for count in counts] == [len(run.tables.findings)] * 2
    assert "<svg" in str(trend(demo))


@pytest.mark.usefixtures("workspace")
def test_before_the_first_run_the_page_says_what_checks_are(client_of: ClientOf) -> None:
    assert "First step: run once" in client_of("viewer").get("/w/playground/checks/").content.decode()
