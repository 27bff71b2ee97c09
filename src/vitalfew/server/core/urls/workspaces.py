"""Addresses of workspaces: new ones, starting from files, runs and other long work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.server.core.access import MINE, route
from vitalfew.server.core.roles import Ability, Access
from vitalfew.server.core.views import jobs, moving, proof, workspaces

if TYPE_CHECKING:
    from django.urls import URLPattern

urlpatterns: list[URLPattern] = [
    route("workspaces/new/", workspaces.new, "new-workspace", Access.SIGNED_IN),
    route("workspaces/demo/", workspaces.demo, "new-demo", Access.SIGNED_IN),
    route("workspaces/files/", workspaces.new_from_files, "new-from-files", Access.SIGNED_IN),
    route(f"{MINE}files/", workspaces.add_files, "add-files", Ability.DEFINE),
    route(f"{MINE}started/", workspaces.started, "started", Ability.READ),
    route(f"{MINE}started/again/", workspaces.start_again, "start-again", Ability.DEFINE),
    route(f"{MINE}settings/moving/", moving.index, "moving", Ability.ADMINISTER),
    route(f"{MINE}settings/moving/export/", moving.export, "moving-export", Ability.ADMINISTER),
    route(f"{MINE}settings/moving/files/", moving.bring, "moving-bring", Ability.ADMINISTER),
    route(f"{MINE}settings/moving/plan/", moving.plan, "moving-plan", Ability.ADMINISTER),
    route(f"{MINE}settings/moving/plan/again/", moving.plan_anew, "moving-plan-anew", Ability.ADMINISTER),
    route(f"{MINE}settings/moving/apply/", moving.apply, "moving-apply", Ability.ADMINISTER),
    route(f"{MINE}settings/log/", proof.index, "log", Ability.READ),
    route(f"{MINE}settings/log/prove/", proof.prove, "prove-log", Ability.BET),
    route(f"{MINE}run/", jobs.start_run, "start-run", Ability.BET),
    route(f"{MINE}run-line/", jobs.run_line, "run-line", Ability.READ),
    route(f"{MINE}jobs/", jobs.listed, "jobs", Ability.READ),
    route(f"{MINE}jobs/<int:pk>/", jobs.one, "job", Ability.READ),
    route(f"{MINE}jobs/<int:pk>/cancel/", jobs.cancel, "cancel-job", Ability.BET),
    route(f"{MINE}jobs/<int:pk>/retry/", jobs.retry, "retry-job", Ability.BET),
]
