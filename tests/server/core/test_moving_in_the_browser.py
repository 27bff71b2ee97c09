"""A workspace as a zip, taken away and brought in a browser: planned first, applied whole or not at all."""

from __future__ import annotations

import io
import json
import os
import re
import resource
import stat
import time
import zipfile
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings

from vitalfew.errors import DefinitionError, UsageError
from vitalfew.judgement import recording
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import ActRecord, AuditEntry, KindOwner, Workspace
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services import parcels
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.definitions import save
from vitalfew.server.core.services.moving import exported
from vitalfew.server.core.services.reading import read
from vitalfew.server.core.services.storage import offered, refuse_if_full
from vitalfew.server.core.working import unpacking
from vitalfew.workspace import load
from vitalfew.workspace.exporting import write_folder

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from django.test import Client

    from vitalfew.server.core.models import Member

    type ClientOf = Callable[..., Client]

PAGE = "/w/playground/settings/moving/"
LABS = b"teams:\n  labs: {title: Labs}\n"


def files_of(row: Workspace, *, with_acts: bool = False) -> dict[str, bytes]:
    return {name: b"".join(parts) for name, parts in exported(row, with_acts=with_acts)}


def zipped(**files: bytes) -> bytes:
    return parcels.packed({name.replace("__", "/") + ".yaml": content for name, content in files.items()})


def bring(client: Client, content: bytes, **given: str) -> Any:
    upload = SimpleUploadedFile("folder.zip", content)
    return client.post(f"{PAGE}files/", {"files": upload, **given}, follow=True)


def unpacked(content: bytes, most: int, into: Path) -> tuple[set[str], int]:
    """The files that are taken of a zip, and how many others there are."""
    into.mkdir()
    left_out = unpacking.unpack([("x.zip", io.BytesIO(content))], into, most)
    whole = into / unpacking.WHOLE
    return {str(path.relative_to(whole)) for path in whole.rglob("*") if path.is_file()}, left_out


def confirm(client: Client, plan: Any) -> Any:
    fields = dict(re.findall(r'type="hidden" name="(token|stamp|prune|acts)" value="([^"]*)"', plan.content.decode()))
    return client.post(f"{PAGE}apply/", fields, follow=True)


def test_what_is_exported_is_the_workspace_and_its_acts_only_when_asked(
    workspace: Workspace, client_of: ClientOf, tmp_path: Path
) -> None:
    recording.judge(acting(workspace), "Ben", {"rounds": 2, "retention": 1})
    client = client_of("admin")
    for given, log in (({}, False), ({"acts": "1"}, True)):
        answer = client.post(f"{PAGE}export/", given)
        assert answer.headers["Content-Disposition"] == 'attachment; filename="playground.zip"'
        folder = tmp_path / f"out {log}"
        with zipfile.ZipFile(io.BytesIO(answer.getvalue())) as archive:
            archive.extractall(folder)
        assert load(folder).definitions == loaded(workspace).workspace.definitions
        assert (folder / "acts.jsonl").exists() is log
    assert AuditEntry.objects.filter(workspace=workspace, action="exported").count() == 2


def test_a_damaged_log_is_refused_before_anything_is_sent(workspace: Workspace, client_of: ClientOf) -> None:
    recording.judge(acting(workspace), "Ben", {"rounds": 2, "retention": 1})
    ActRecord.objects.filter(workspace=workspace).update(about="other")
    answer = client_of("admin").post(f"{PAGE}export/", {"acts": "1"})
    assert answer.status_code == 409
    assert "a damaged log is not carried elsewhere" in answer.content.decode()
    assert not AuditEntry.objects.filter(action="exported").exists()


def test_the_api_gives_the_same_files_as_the_page(workspace: Workspace, client_of: ClientOf) -> None:
    recording.sign_off(acting(workspace), "value_model", "Ben", note="“Yes”\nwith a line, é and \\")
    client = client_of("admin")
    told = client.post(
        "/api/v1/workspaces/playground/export", {"acts": True}, content_type="application/json"
    ).getvalue()
    with zipfile.ZipFile(io.BytesIO(client.post(f"{PAGE}export/", {"acts": "1"}).getvalue())) as archive:
        assert json.loads(told)["files"] == {name: archive.read(name).decode() for name in archive.namelist()}
        assert "acts/000001.json" in archive.namelist()


def test_the_plan_is_shown_before_and_all_of_it_applied(workspace: Workspace, client_of: ClientOf) -> None:
    client = client_of("admin")
    plan = bring(client, zipped(folder__teams=LABS, folder__more__needs=b"needs: {calm: {statement: It is loud}}\n"))
    page = plan.content.decode()
    assert "Added teams: labs" in page
    assert "Added needs: calm" in page
    assert "labs" not in loaded(workspace).workspace.definitions.teams
    assert "Applied: added " in confirm(client, plan).content.decode()
    workspace.refresh_from_db()
    made = loaded(workspace).workspace.definitions
    assert {"labs", "games"} <= set(made.teams)
    assert "calm" in made.needs
    assert not list((settings.CONFIG.home / "offered").glob("*/*"))


def test_what_was_applied_is_taken_back_and_data_stay_where_they_are(workspace: Workspace, client_of: ClientOf) -> None:
    client = client_of("admin")
    before = loaded(workspace).workspace.definitions
    plan = bring(client, zipped(teams=LABS, data=b"data: {path: elsewhere/tables}\n"))
    assert "elsewhere" not in plan.content.decode()
    page = confirm(client, plan).content.decode()
    workspace.refresh_from_db()
    assert loaded(workspace).workspace.definitions.data == before.data
    assert "labs" in loaded(workspace).workspace.definitions.teams
    (undo,) = set(re.findall(r'action="([^"]*/undo/[^"]*)"', page))
    client.post(undo)
    workspace.refresh_from_db()
    assert loaded(workspace).workspace.definitions == before


def test_a_whole_workspace_goes_to_another_with_its_acts(workspace: Workspace, client_of: ClientOf) -> None:
    recording.judge(acting(workspace), "Ben", {"rounds": 2, "retention": 1})
    taken = client_of("admin").post(f"{PAGE}export/", {"acts": "1"}).getvalue()
    other = Workspace.objects.create(key="other", name="Other", folder=f"{workspace.folder}-other")
    client = client_of("admin", of=other)
    plan: Any = client.post(
        "/w/other/settings/moving/files/", {"files": SimpleUploadedFile("w.zip", taken), "acts": "1"}, follow=True
    )
    assert "Acts: 1 more" in plan.content.decode()
    fields = dict(re.findall(r'type="hidden" name="(token|stamp|acts)" value="([^"]*)"', plan.content.decode()))
    client.post("/w/other/settings/moving/apply/", fields)
    other.refresh_from_db()
    assert loaded(other).workspace.definitions == loaded(workspace).workspace.definitions
    assert ActRecord.objects.filter(workspace=other).count() == 1


def test_what_would_be_wrong_afterwards_is_not_applied_at_all(workspace: Workspace, client_of: ClientOf) -> None:
    client = client_of("admin")
    plan = bring(client, zipped(teams=LABS), prune="1")
    assert "Removed teams: games, tools" in plan.content.decode()
    answer = confirm(client, plan)
    assert answer.status_code == 409
    assert "games" in answer.content.decode()
    assert set(loaded(workspace).workspace.definitions.teams) == {"games", "tools"}


def test_a_plan_that_somebody_overtook_is_not_carried_out(workspace: Workspace, client_of: ClientOf) -> None:
    client = client_of("admin")
    plan = bring(client, zipped(teams=LABS))
    save(workspace, "teams", "new", {}, by=None, version=0)
    answer = confirm(client, plan)
    assert answer.status_code == 409
    assert "changed while you looked" in answer.content.decode()
    workspace.refresh_from_db()
    assert set(loaded(workspace).workspace.definitions.teams) == {"games", "tools", "new"}


def test_what_the_folder_owns_is_in_the_way_and_said(workspace: Workspace, client_of: ClientOf) -> None:
    KindOwner.objects.create(workspace=workspace, kind="teams", owner="folder")
    page = bring(client_of("admin"), zipped(teams=LABS)).content.decode()
    assert "The folder owns teams" in page
    assert "Apply all of it" not in page


@pytest.mark.usefixtures("workspace")
def test_wrong_definitions_are_told_without_a_path_of_the_machine(client_of: ClientOf) -> None:
    answer = bring(client_of("admin"), zipped(teams=b"teams: {labs: {colour: red}}\n"))
    assert answer.status_code == 409
    assert "teams.yaml:1" in answer.content.decode()
    assert str(settings.CONFIG.home) not in answer.content.decode()


@pytest.mark.parametrize("name", ["../up.yaml", "/etc/over.yaml", "C:\\x.yaml", "a/../../b.yaml"])
def test_a_zip_that_leads_out_of_its_folder_is_refused(name: str, workspace: Workspace, client_of: ClientOf) -> None:
    answer = bring(client_of("admin", of=workspace), parcels.packed({name: LABS}))
    assert answer.status_code == 409
    assert "leads out of the folder" in answer.content.decode()


def test_a_link_in_a_zip_is_refused(tmp_path: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        link = zipfile.ZipInfo("teams.yaml")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(UsageError, match="leads out"):
        unpacked(held.getvalue(), 1_000, tmp_path / "in")


def test_a_bomb_is_stopped_where_it_becomes_too_much(tmp_path: Path) -> None:
    bomb = parcels.packed({f"{at}.yaml": b"# " + b"x" * 1_000_000 for at in range(20)})
    assert len(bomb) < 100_000
    with pytest.raises(UsageError, match="unpacks to too much"):
        unpacked(bomb, 3_000_000, tmp_path / "in")
    torn = bomb[: len(bomb) // 2]
    with pytest.raises(UsageError, match="cannot be read"):
        unpacked(torn, 3_000_000, tmp_path / "torn")


def test_no_zip_breaks_the_server_however_it_is_damaged(workspace: Workspace, client_of: ClientOf) -> None:
    client, whole = client_of("admin", of=workspace), zipped(teams=LABS * 20)
    begins = whole.index(b"teams.yaml") + len("teams.yaml")
    damaged = [whole[:at] + bytes([whole[at] ^ 0xFF]) + whole[at + 1 :] for at in range(begins, len(whole))]
    assert {bring(client, one).status_code for one in damaged} <= {200, 409}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_LZMA) as archive:
        archive.writestr("teams.yaml", LABS)
    strange = (zipped(**{"teams": LABS, "teams.yaml__more": LABS}), zipped(**{"x" * 290: LABS}), held.getvalue())
    assert [bring(client, one).status_code for one in strange] == [409] * 3


def test_a_small_zip_does_not_take_the_memory_of_the_server(workspace: Workspace, client_of: ClientOf) -> None:
    crowd = "teams: {labs: {title: [" + "a," * 49_000 + "]}}\n"
    bomb = zipped(**{f"t{at}": crowd.encode() for at in range(60)})
    assert len(bomb) < 100_000
    assert "at most 5 MB of YAML" in bring(client_of("admin", of=workspace), bomb).content.decode()


def test_what_waits_to_be_applied_counts_as_files_of_the_workspace_for_a_day(
    home: Path, workspace: Workspace, member: Callable[..., Member]
) -> None:
    def brought(who: Member, size: int) -> str:
        crowd = SimpleUploadedFile("teams.yaml", LABS + b"#" * size)
        return parcels.offer(workspace, [crowd], by=who.user)

    with override_settings(CONFIG=replace(settings.CONFIG, storage_gb=0)), pytest.raises(UsageError, match="than 0 GB"):
        brought(member("admin"), 10)
    for _ in range(2):
        brought(member("admin"), 4_000_000)
    with pytest.raises(UsageError, match="would take more than 20 GB"):
        refuse_if_full(workspace, 20_000_000_000 - 8_000_000)
    refuse_if_full(workspace, 20_000_000_000 - 8_001_000)
    for place in offered().iterdir():
        os.utime(place, (time.time() - 25 * 3600,) * 2)
    parcels.forget_offers()
    refuse_if_full(workspace, 20_000_000_000)
    assert home in offered().parents


def test_definitions_are_read_by_a_process_that_is_shut_in(tmp_path: Path, workspace: Workspace) -> None:
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    write_folder(tmp_path / "w", files_of(workspace))
    assert read(tmp_path / "w", lambda: None) == load(tmp_path / "w").definitions
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime > before
    (tmp_path / "w" / "more.yaml").write_text("metrics: {rounds: {kind: sum}}\n", encoding="utf-8")
    with pytest.raises(DefinitionError) as here:
        load(tmp_path / "w")
    with pytest.raises(DefinitionError) as there:
        read(tmp_path / "w", lambda: None)
    assert str(there.value) == str(here.value).replace(f"{tmp_path / 'w'}/", "")
    assert str(tmp_path) not in str(there.value)


def test_a_log_from_elsewhere_does_not_speak_for_people_of_this_server(
    workspace: Workspace, client_of: ClientOf, tmp_path: Path
) -> None:
    client, ben = client_of("admin"), client_of("rater").member.user  # type: ignore[attr-defined]  # of the fixture
    voice = TableJournal(workspace.pk).pseudonym(voice_of_user(ben))
    write_folder(tmp_path / "w", files_of(workspace, with_acts=True))
    recording.judge(load(tmp_path / "w"), voice, {"rounds": 99, "retention": 1})
    names = (path for path in (tmp_path / "w").rglob("*") if path.is_file() and ".vitalfew" not in path.parts)
    forged = parcels.packed({str(path.relative_to(tmp_path / "w")): path.read_bytes() for path in names})
    answer = bring(client, forged, acts="1")
    assert answer.status_code == 409
    assert "in the name of people who speak here themselves" in answer.content.decode()


def test_data_beside_the_definitions_is_left_out_and_counted(tmp_path: Path) -> None:
    parcel = parcels.packed(
        {"w/teams.yaml": LABS, "w/data/users.csv": b"id", "w/.git/config.yaml": b"x", "w/acts.jsonl": b""}
    )
    files, left_out = unpacked(parcel, 10_000, tmp_path / "in")
    assert files == {"teams.yaml", "acts.jsonl"}
    assert left_out == 2


@pytest.mark.usefixtures("workspace")
def test_only_admins_come_here(client_of: ClientOf) -> None:
    client = client_of("analyst")
    assert client.get(PAGE).status_code == 403
    assert client.post(f"{PAGE}export/").status_code == 403
    assert bring(client, zipped(teams=LABS)).status_code == 403
