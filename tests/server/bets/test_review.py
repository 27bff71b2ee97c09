"""The review: how bets were made, with its file; and what a run that is older than a list says of it."""

from __future__ import annotations

import csv
import io
import json
import shutil
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse

from vitalfew.report.html_review import PROCESS_HEADS
from vitalfew.results.store import DEFINITIONS, MANIFEST
from vitalfew.server.core.models import KindOwner

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

PAGE = "/w/fieldnote/review/"
MADE = "How it was made, and what came of it"
NOT_HELD = "This run does not say what to stop: it is older than this list."


def _section(page: str) -> str:
    """What the page says of how bets were made, without tags' blanks."""
    return page.partition(f'aria-label="{MADE}"')[2].partition("</section>")[0]


def _file(client: Client, of: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(client.get(f"{PAGE}?format=csv&of={of}").content.decode())))


def test_bets_stand_with_how_they_were_made_beside_what_came_of_them(client_of: ClientOf, run: Results) -> None:
    shown = _section(client_of("viewer").get(f"{PAGE}?all=1").content.decode())
    told = [row for row in run.tables.process if row.reading]
    assert len(told) > 10
    assert shown.count("<tr>") == len(told) + 1
    assert "About bets, never about people" in shown
    offline = shown.partition("Offline forms")[2].partition("</tr>")[0]
    assert "good process, kept" in offline
    assert "promised before its start, compared by chance or in waves" in offline


@pytest.mark.usefixtures("demo")
def test_only_bets_that_are_asked_for_are_shown(client_of: ClientOf) -> None:
    client = client_of("viewer")
    mine = _section(client.get(f"{PAGE}?team=planning&all=1").content.decode())
    assert "Offline forms" not in mine
    assert 1 < mine.count("<tr>") < _section(client.get(f"{PAGE}?all=1").content.decode()).count("<tr>")


def test_how_bets_were_made_is_a_file_with_whole_numbers(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    rows = _file(client, "process")
    assert tuple(rows[0]) == PROCESS_HEADS
    assert [row["hypothesis"] for row in rows] == [row.hypothesis for row in run.tables.process]
    of_run = {row.hypothesis: row for row in run.tables.process}
    for row in rows:
        found = of_run[row["hypothesis"]]
        assert row["reading"] == (found.reading or "")
        assert row["held"].split() == list(found.held)
        assert row["lacking"].split() == list(found.lacking)
        assert row["chance"] == ("" if found.chance is None else repr(found.chance))
        assert row["measured"] == ("" if found.measured is None else repr(found.measured.estimate))
    assert f"{PAGE}?format=csv&amp;of=process".removeprefix(PAGE) in client.get(PAGE).content.decode()


def test_a_run_that_is_older_than_the_list_does_not_say_that_nothing_asks_to_be_stopped(
    client_of: ClientOf, demo: Workspace, tmp_path: Path
) -> None:
    older = tmp_path / "older"
    shutil.copytree(demo.folder, older)
    path = older / ".vitalfew" / "runs" / demo.last_run / MANIFEST
    manifest = json.loads(path.read_text(encoding="utf-8"))
    for stage in manifest["run"]["stages"]:
        kept = [(name, sha) for name, sha in zip(stage["tables"], stage["sha256"], strict=True) if name != "stop"]
        stage["tables"], stage["sha256"] = (list(part) for part in zip(*kept, strict=True)) if kept else ([], [])
    path.write_text(json.dumps(manifest), encoding="utf-8")
    client = client_of("viewer")
    assert NOT_HELD not in client.get(PAGE).content.decode()
    demo.folder = str(older)
    demo.save()
    page = client.get(PAGE).content.decode()
    assert NOT_HELD in page
    assert "Nothing asks to be stopped" not in page


def test_when_work_pays_stands_on_the_page_and_in_a_file(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    shown = client.get(PAGE).content.decode().partition('aria-label="Now, next, later"')[2].partition("</section>")[0]
    assert "When work is expected to pay" in shown
    assert "<svg" in shown
    rows = _file(client, "payoffs")
    known = [line for line in run.ledger.candidates if line.viability and line.viability.p_within is not None]
    assert sum(float(row["lines"]) for row in rows) == pytest.approx(len(known))
    never = [float(row["lines"]) for row in rows if row["quarter"] == "later or never"]
    assert len(never) == 2  # of agreed lines and of other candidates
    within = sum(line.viability.p_within or 0.0 for line in known if line.viability)
    assert sum(never) == pytest.approx(len(known) - within)


def test_horizons_stand_beside_targets_and_files_hold_the_same(client_of: ClientOf, run: Results) -> None:
    client = client_of("viewer")
    rows = _file(client, "horizons")
    assert [row["horizon"] for row in rows] == [row.horizon or "" for row in run.tables.horizon_mix]
    assert [row["target"] for row in rows] == ["0.7", "0.2", "0.1"]
    taught = _file(client, "exploration")
    assert [(row["horizon"], int(row["bets"])) for row in taught] == [
        (row.horizon, row.bets) for row in run.tables.exploration
    ]
    page = client.get(PAGE).content.decode()
    assert "No targets are set" not in page
    assert "of=horizons" in page
    assert "of=exploration" in page


def test_whoever_may_set_targets_gets_the_form_with_some_to_begin_with(
    client_of: ClientOf, demo: Workspace, tmp_path: Path
) -> None:
    shutil.copytree(demo.folder, tmp_path / "untargeted")
    folder = tmp_path / "untargeted" / ".vitalfew" / "runs" / demo.last_run
    said = json.loads((folder / DEFINITIONS).read_text(encoding="utf-8"))
    assert said["policy"].pop("horizon_targets")
    (folder / DEFINITIONS).write_text(json.dumps(said), encoding="utf-8")
    manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    del manifest["definitions_sha256"]  # of the definitions as they were
    (folder / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    demo.folder = str(tmp_path / "untargeted")
    demo.save()
    editor, viewer = client_of("admin"), client_of("viewer")
    assert "Set targets" not in editor.get(PAGE).content.decode()  # the folder owns the policy
    KindOwner.objects.filter(workspace=demo, kind="policy").delete()
    demo.defined += 1
    demo.save()
    address = reverse("edit-policy", kwargs={"workspace": demo.key})
    assert f'href="{address}?horizon_targets=h1%2C+70%0Ah2%2C+20%0Ah3%2C+10"' in editor.get(PAGE).content.decode()
    assert "Set targets" not in viewer.get(PAGE).content.decode()
