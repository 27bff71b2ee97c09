"""Data by form: a file is given, its columns are shown to choose from, and nobody reads what is not theirs."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import override_settings
from django.urls import reverse

from vitalfew.server.core.models import Workspace
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.services.sources import tables

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    type ClientOf = Callable[..., Client]

EVENTS = b"user_id,timestamp,event,batch\n" + b"".join(
    f"u{at % 9},2026-03-{at % 28 + 1:02d}T08:00:00,{'open' if at % 2 else 'save'},{at}\n".encode() for at in range(90)
)
SUMS = b"exp,kpi,n_c,mean_c,var_c,n_t,mean_t,var_t\nmove,rounds,100,3.1,1.2,98,3.4,1.3\n"


@pytest.fixture
def ada(client_of: ClientOf) -> Client:
    """An analyst."""
    return client_of("analyst")


def _at(name: str, row: Workspace, **given: str) -> str:
    return reverse(name, kwargs={"workspace": row.key, **given})


def _body(row: Workspace, key: str) -> dict[str, Any]:
    return (body_of(row, "sources", key) or ({}, None))[0]


def _given(browser: Client, row: Workspace, name: str, content: bytes) -> Any:
    """Give a file, and look at the form that follows."""
    return browser.post(_at("add-source-file", row), {"files": SimpleUploadedFile(name, content)}, follow=True)


def test_a_file_is_given_and_its_columns_are_told_by_their_names(workspace: Workspace, ada: Client) -> None:
    page = _given(ada, workspace, "What they did.csv", EVENTS)
    form = page.context["form"]
    assert "90 rows, 4 columns" in page.text
    told = {"shape": "events", "unit": "user_id", "time": "timestamp", "event": "event"}
    assert {name: form.initial[name] for name in told} == told
    assert [name for name, _ in form.fields["id"].choices] == ["", "user_id", "timestamp", "event", "batch"]
    table = form.initial["table"]
    sent = told | {"title": "What they did", "table": table, "id": "batch"}
    assert ada.post(_at("new-source", workspace), sent).headers["Location"] == _at("sources", workspace)
    expected = {"title": "What they did", "table": table, "unit": "user_id", "time": "timestamp", "event": "event"}
    assert _body(workspace, "what_they_did") == expected | {"id": "batch"}
    assert "28 Mar 2026" in ada.get(_at("sources", workspace)).text


def test_a_shape_keeps_only_what_belongs_to_it(workspace: Workspace, ada: Client) -> None:
    table = _given(ada, workspace, "did.csv", EVENTS).context["form"].initial["table"]
    sent = {"title": "Did", "table": table, "shape": "units", "unit": "user_id", "event": "event", "id": "batch"}
    ada.post(_at("new-source", workspace), sent)
    assert _body(workspace, "did") == {"title": "Did", "table": table, "unit": "user_id"}
    orders = {"shape": "events", "time": "timestamp", "event": "", "id": "", "version": "1"}
    ada.post(_at("edit-source", workspace, key="did"), sent | orders)
    expected = {"title": "Did", "table": table, "shape": "events", "unit": "user_id", "time": "timestamp"}
    assert _body(workspace, "did") == expected


def test_what_a_shape_needs_is_asked_for_at_its_field(workspace: Workspace, ada: Client) -> None:
    table = _given(ada, workspace, "did.csv", EVENTS).context["form"].initial["table"]
    answer = ada.post(_at("new-source", workspace), {"title": "Did", "table": table, "shape": "exposures"})
    assert set(answer.context["form"].errors) == {"unit", "experiment", "variant"}


def test_arms_side_by_side_are_named_one_by_one(workspace: Workspace, ada: Client) -> None:
    table = _given(ada, workspace, "sums.csv", SUMS).context["form"].initial["table"]
    sent = {"title": "Sums", "table": table, "shape": "aggregates", "experiment": "exp", "metric": "kpi"}
    arms = {"control": ("n_c", "mean_c", "var_c"), "treatment": ("n_t", "mean_t", "var_t")}
    for at, (arm, columns) in enumerate(arms.items()):
        sent |= {f"arms__{at}__arm": arm}
        sent |= {f"arms__{at}__{part}": name for part, name in zip(("n", "mean", "variance"), columns, strict=True)}
    assert ada.post(_at("new-source", workspace), sent).status_code == 302
    told = {arm: dict(zip(("n", "mean", "variance"), columns, strict=True)) for arm, columns in arms.items()}
    assert _body(workspace, "sums")["arms"] == told
    form = ada.get(_at("edit-source", workspace, key="sums")).context["form"]
    assert (form.initial["arms__1__arm"], form.initial["arms__1__mean"]) == ("treatment", "mean_t")


def test_a_file_that_is_there_can_be_taken_and_none_else(workspace: Workspace, ada: Client) -> None:
    folder = Path(workspace.folder)
    (folder / "players.csv").write_bytes(EVENTS)
    (folder / "acts.jsonl").write_bytes(b"")
    (folder.parent / "secret.csv").write_bytes(EVENTS)
    assert [name for name, _ in tables(workspace)] == ["players.csv"]
    assert "players.csv" in ada.get(_at("new-source", workspace)).text
    assert ada.get(_at("new-source", workspace), {"table": "players.csv"}).status_code == 200
    for table in ("../secret.csv", "acts.jsonl", "/etc/passwd", ".vitalfew/key"):
        assert ada.get(_at("new-source", workspace), {"table": table}).status_code == 404, table
        sent = {"title": "S", "table": table, "shape": "units", "unit": "user_id"}
        assert ada.post(_at("new-source", workspace), sent).status_code == 404, table


def test_a_newer_file_takes_the_place_of_the_one_it_is_given_for(workspace: Workspace, ada: Client) -> None:
    assert 'name="of" value="players"' in ada.get(_at("edit-source", workspace, key="players")).text
    sent = {"files": SimpleUploadedFile("newer.csv", EVENTS), "of": "players"}
    answer = ada.post(_at("add-source-file", workspace), sent, follow=True)
    assert answer.redirect_chain[0][0].startswith(_at("edit-source", workspace, key="players"))
    form = answer.context["form"]
    assert form["table"].value().endswith("/newer.csv")
    assert form["title"].value() == "Players"  # it had none, and the file says enough


def test_files_of_one_name_are_told_apart_by_when_they_came(workspace: Workspace, ada: Client) -> None:
    for _ in range(2):
        _given(ada, workspace, "clicks.csv", EVENTS)
    one, other = (title for _, title in tables(workspace))
    assert one.startswith("clicks.csv, of ")
    assert other.startswith("clicks.csv, of ")


def test_a_source_that_the_last_run_did_not_know_is_not_called_fine(
    demo: Workspace, workspace: Workspace, client_of: ClientOf
) -> None:
    assert "fine in the last run" in client_of("analyst").get(_at("sources", demo)).text
    runs = Path(".vitalfew") / "runs" / demo.last_run
    shutil.copytree(Path(demo.folder) / runs, Path(workspace.folder) / runs)
    (Path(workspace.folder) / "players.csv").write_bytes(EVENTS)
    Workspace.objects.filter(pk=workspace.pk).update(last_run=demo.last_run)
    page = client_of("analyst", of=workspace).get(_at("sources", workspace)).text
    assert "fine in the last run" not in page
    assert "not run yet" in page


def test_the_menu_of_workspaces_keeps_its_name_on_the_page(workspace: Workspace, ada: Client) -> None:
    assert f'aria-controls="workspaces">{workspace.name}</button>' in ada.get(_at("sources", workspace)).text


def test_tables_of_folders_that_are_opened_to_all_can_be_taken_and_nothing_they_lead_to(
    workspace: Workspace, ada: Client, tmp_path: Path
) -> None:
    shared, secret = tmp_path / "shared", tmp_path / "secret.csv"
    shared.mkdir()
    (shared / "events.csv").write_bytes(EVENTS)
    secret.write_bytes(EVENTS)
    (shared / "link.csv").symlink_to(secret)
    with override_settings(CONFIG=replace(settings.CONFIG, data=(shared.resolve(),))):
        ((table, title),) = tables(workspace)
        assert title == "events.csv"
        assert str(shared) in ada.get(_at("sources", workspace)).text
        page = ada.get(_at("new-source", workspace), {"table": table})
        assert "90 rows, 4 columns" in page.text
        sent = {"title": "Shared", "table": table, "shape": "events", "unit": "user_id", "time": "timestamp"}
        assert ada.post(_at("new-source", workspace), sent).headers["Location"] == _at("sources", workspace)
        assert _body(workspace, "shared")["table"] == table


def test_where_tables_lie_is_said_to_whoever_may_change_it(workspace: Workspace, client_of: ClientOf) -> None:
    said = "No page takes another path of this machine"
    assert said in client_of("analyst").get(_at("sources", workspace)).text
    assert said not in client_of("viewer").get(_at("sources", workspace)).text


def test_what_is_no_table_is_refused_in_words(workspace: Workspace, ada: Client) -> None:
    assert "is no file that can be read" in _given(ada, workspace, "photo.png", b"\x89PNG").text
    assert "choose one first" in ada.post(_at("add-source-file", workspace), follow=True).text


def test_a_table_that_is_gone_says_so_in_the_list(workspace: Workspace, client_of: ClientOf) -> None:
    page = client_of("viewer").get(_at("sources", workspace)).text
    assert "Cannot be read:" in page
    assert _at("new-source", workspace) not in page


def test_a_source_that_metrics_are_measured_from_stays(workspace: Workspace, ada: Client) -> None:
    answer = ada.post(_at("remove-source", workspace, key="players"), {"version": "1"}, follow=True)
    assert "It is still needed" in answer.text
    assert _body(workspace, "players")


def test_a_workspace_without_data_is_shown_the_first_step(client_of: ClientOf, workspace: Workspace) -> None:
    from vitalfew.server.core.models import Definition

    Definition.objects.filter(workspace=workspace).exclude(kind="workspace").delete()
    ada = client_of("analyst")
    assert "First step: give a file" in ada.get(_at("sources", workspace)).text
    assert "Add data" in ada.get(_at("new-experiment", workspace)).text
