"""Definitions out of the server and into it, with a plan first."""

from __future__ import annotations

import io
from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING

import pytest
from django.core.management import call_command

from vitalfew.errors import DefinitionError, UsageError
from vitalfew.judgement import recording
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import AuditEntry, Definition, KindOwner
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.definitions import FolderOwned, save
from vitalfew.server.core.services.moving import accept, exported, propose, propose_from
from vitalfew.workspace.definitions import Definitions, Hypothesis, Team
from vitalfew.workspace.exporting import write_folder
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.loading import load

if TYPE_CHECKING:
    from pathlib import Path

    from vitalfew.server.core.models import Workspace

FORECAST = {"p10": 0.0, "p50": 1.5, "p90": 3.0, "p_zero": 0.2}
LATER = {"gate_rounds": Hypothesis(initiative="gate", metric="rounds", due=date(2031, 1, 1))}


def files_of(row: Workspace, *, with_acts: bool = False) -> dict[str, bytes]:
    return {name: b"".join(parts) for name, parts in exported(row, with_acts=with_acts)}


def defined(row: Workspace) -> Definitions:
    row.refresh_from_db()
    return loaded(row).workspace.definitions


def forecast_and_lock(row: Workspace) -> None:
    recording.forecast(acting(row), "gate_rounds", "Anna", FORECAST)
    recording.lock(acting(row), "gate_rounds", "Anna")


def test_a_workspace_goes_out_as_files_and_its_acts_only_when_asked(workspace: Workspace, tmp_path: Path) -> None:
    forecast_and_lock(workspace)
    bare = files_of(workspace)
    write_folder(tmp_path / "bare", bare)
    write_folder(tmp_path / "whole", files_of(workspace, with_acts=True))
    assert load(tmp_path / "bare").definitions == load(tmp_path / "whole").definitions == defined(workspace)
    assert not any(name.startswith("acts") for name in bare)
    assert FolderJournal(tmp_path / "whole").copy() == TableJournal(workspace.pk).copy()
    assert list(AuditEntry.objects.filter(action="exported").values_list("subject", flat=True)) == [
        "definitions and acts",
        "definitions",
    ]


def test_a_plan_says_what_a_change_takes_the_ground_from(workspace: Workspace) -> None:
    forecast_and_lock(workspace)
    proposal = propose_from(workspace, Definitions(hypotheses=LATER))
    assert [change.name for change in proposal.plan.changes] == ["hypotheses.gate_rounds"]
    assert [lost.key for lost in proposal.plan.locks] == ["gate_rounds"]
    assert "verdicts" in proposal.plan.anew
    assert defined(workspace).hypotheses != LATER
    accept(workspace, proposal, by=None)
    assert defined(workspace).hypotheses == LATER
    assert Definition.objects.get(workspace=workspace, kind="hypotheses").version == 2


def test_judgements_and_open_forecasts_that_answer_something_else_are_counted(workspace: Workspace) -> None:
    recording.forecast(acting(workspace), "gate_rounds", "Anna", FORECAST)
    recording.judge(acting(workspace), "Ben", {"rounds": 2, "retention": 1})
    standing = defined(workspace)
    rounds = standing.factors["rounds"].model_copy(update={"range": (0.0, 50.0)})
    after = standing.model_copy(update={"factors": {**standing.factors, "rounds": rounds}, "hypotheses": LATER})
    plan = propose(workspace, after).plan
    assert (plan.judgements, plan.forecasts) == (1, (("gate_rounds", 1),))


def test_definitions_go_only_when_asked_and_all_changes_are_made_or_none(workspace: Workspace) -> None:
    source = Definitions(teams={"games": Team(title="Games"), "labs": Team()})
    accept(workspace, propose_from(workspace, source), by=None)
    assert set(defined(workspace).teams) == {"games", "tools", "labs"}
    wrong = propose_from(workspace, source, prune=True)
    with pytest.raises(DefinitionError, match="tools"):  # an initiative names the team
        accept(workspace, wrong, by=None)
    assert set(defined(workspace).teams) == {"games", "tools", "labs"}
    with pytest.raises(UsageError, match="no kind 'team'"):
        propose_from(workspace, source, ["team"])


def test_a_plan_of_yesterday_is_not_carried_out_today(workspace: Workspace) -> None:
    proposal = propose_from(workspace, Definitions(teams={"labs": Team()}))
    save(workspace, "teams", "new", {}, by=None, version=0)
    with pytest.raises(UsageError, match="changed while you looked"):
        accept(workspace, proposal, by=None)
    assert set(defined(workspace).teams) == {"games", "tools", "new"}


def test_what_the_folder_owns_is_not_changed_here(workspace: Workspace) -> None:
    KindOwner.objects.create(workspace=workspace, kind="teams", owner="folder")
    with pytest.raises(FolderOwned):
        accept(workspace, propose_from(workspace, Definitions(teams={"labs": Team()})), by=None)


def test_the_commands_carry_a_workspace_out_and_in(workspace: Workspace, tmp_path: Path) -> None:
    forecast_and_lock(workspace)
    call_command("export", "playground", str(tmp_path / "out"), "--acts", stdout=io.StringIO())
    other = type(workspace).objects.create(key="other", name="Other", folder=str(tmp_path / "other"))
    said = io.StringIO()
    call_command("apply", str(tmp_path / "out"), "other", "--acts", stdout=said)
    assert "added teams: games, tools" in said.getvalue()
    assert said.getvalue().endswith("acts: 2 more\nnothing was changed; --yes changes it\n")
    assert defined(other).teams == {}
    call_command("apply", str(tmp_path / "out"), "other", "--acts", "--yes", stdout=said)
    assert defined(other) == defined(workspace)
    assert TableJournal(other.pk).copy() == TableJournal(workspace.pk).copy()
    with pytest.raises(UsageError, match="did you mean 'other'"):
        call_command("apply", str(tmp_path / "out"), "othr")


def test_pseudonyms_do_not_tell_that_two_workspaces_know_the_same_person(workspace: Workspace, tmp_path: Path) -> None:
    forecast_and_lock(workspace)
    other = type(workspace).objects.create(key="other", name="Other", folder=str(tmp_path / "other"))
    proposal = propose_from(other, defined(workspace), acts=TableJournal(workspace.pk).copy())
    accept(other, proposal, by=None)
    ws = replace(acting(other), acts=TableJournal(other.pk).read())
    assert recording.waive(ws, "gate", "Anna", "because").by != ws.acts.acts[0].by
