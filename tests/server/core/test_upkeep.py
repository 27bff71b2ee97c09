"""What the clock asks for by itself."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.utils import timezone

from vitalfew.server.core.models import Job
from vitalfew.server.core.services import runs
from vitalfew.server.core.services.upkeep import run_where_data_changed
from vitalfew.server.core.services.work import work

if TYPE_CHECKING:
    from vitalfew.server.core.models import Workspace

PLAYERS = "id,arm,rounds,back,age\n" + "".join(f"p{n},old,{n % 7},{n % 3 == 0},{15 + n % 20}\n" for n in range(100))


@pytest.mark.usefixtures("sqlite")
def test_a_run_where_data_changed_waits_for_what_changes_the_workspace_only(workspace: Workspace) -> None:
    data = Path(workspace.folder) / "players.csv"
    data.write_text(PLAYERS, encoding="utf-8")
    work(runs.start(workspace, None).id)
    data.write_text(PLAYERS.replace("p1,", "p1x,"), encoding="utf-8")
    Job.objects.update(asked_at=timezone.now() - timedelta(days=2))
    waiting = Job.objects.create(workspace=workspace, kind="apply")
    assert run_where_data_changed() == 0
    Job.objects.filter(pk=waiting.pk).update(kind="verify")
    assert run_where_data_changed() == 1
    assert Job.objects.filter(workspace=workspace, kind="run", state="waiting").count() == 1
