"""Commands that take in metric definitions of other programs, and newer sheets of ideas: import dbt, …, ideas."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from vitalfew.cli.output import say, write_part

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from vitalfew.connect.foreign import Foreign
    from vitalfew.workspace import Workspace

_Folder = Annotated[Path, typer.Argument(metavar="DIR", help="The workspace folder.")]
_Unit = Annotated[
    str | None, typer.Option(metavar="NAME", help="What is dealt to variants, where a table has several keys.")
]
_Metrics = Annotated[
    list[str] | None, typer.Option("--metric", metavar="NAME", help="Take this metric only; may be given again.")
]
_DryRun = Annotated[bool, typer.Option("--dry-run", help="Show the plan and write nothing.")]
_Json = Annotated[bool, typer.Option("--json", help="Print the plan as JSON.")]


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(dbt)
    app.command()(osi)
    app.command()(growthbook)
    app.command()(bsl)
    app.command()(ideas)


def dbt(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="dbt's target/semantic_manifest.json.")],
    folder: _Folder = Path(),
    unit: _Unit = None,
    project: Annotated[
        str | None, typer.Option(metavar="NAME", help="The dbt project; else that of the dbt_project.yml above FILE.")
    ] = None,
    metric: _Metrics = None,
    dry_run: _DryRun = False,
    json_: _Json = False,
) -> None:
    """Take in metric definitions of dbt.

    They go into metrics_dbt.yaml. What people changed there is kept when you import again; what cannot be mapped is
    listed with the reason.
    """
    from vitalfew.connect.dbt import read_dbt

    read = partial(read_dbt, file, unit=unit, project=project)
    _import(read, folder, metric or (), dry_run=dry_run, as_json=json_)


def osi(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A semantic model in YAML.")],
    folder: _Folder = Path(),
    unit: _Unit = None,
    metric: _Metrics = None,
    dry_run: _DryRun = False,
    json_: _Json = False,
) -> None:
    """Take in metric definitions of the Open Semantic Interchange.

    They go into metrics_osi.yaml. What people changed there is kept when you import again; what cannot be mapped is
    listed with the reason.
    """
    from vitalfew.connect.osi import read_osi

    read = partial(read_osi, file, unit=unit)
    _import(read, folder, metric or (), dry_run=dry_run, as_json=json_)


def growthbook(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON with factTables and factMetrics.")],
    folder: _Folder = Path(),
    unit: _Unit = None,
    metric: _Metrics = None,
    dry_run: _DryRun = False,
    json_: _Json = False,
) -> None:
    """Take in metric definitions of GrowthBook.

    They go into metrics_growthbook.yaml. What people changed there is kept when you import again; what cannot be mapped
    is listed with the reason.
    """
    from vitalfew.connect.growthbook import read_growthbook

    read = partial(read_growthbook, file, unit=unit)
    _import(read, folder, metric or (), dry_run=dry_run, as_json=json_)


def bsl(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="Semantic models in YAML.")],
    folder: _Folder = Path(),
    unit: _Unit = None,
    metric: _Metrics = None,
    dry_run: _DryRun = False,
    json_: _Json = False,
) -> None:
    """Take in measures of the Boring Semantic Layer.

    They go into metrics_bsl.yaml. Expressions are read, never run. What people changed there is kept when you import
    again; what cannot be mapped is listed with the reason.
    """
    from vitalfew.connect.bsl import read_bsl

    read = partial(read_bsl, file, unit=unit)
    _import(read, folder, metric or (), dry_run=dry_run, as_json=json_)


def ideas(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A newer sheet of ideas, as `start` reads them.")],
    folder: _Folder = Path(),
    dry_run: _DryRun = False,
    json_: _Json = False,
) -> None:
    """Take in a newer sheet of ideas.

    Ideas are known again by their titles. What people changed here is kept and named; what the sheet no longer has
    stays. Exit code 1 where an idea was changed both here and in the sheet.
    """
    from vitalfew.connect.ideas_again import plan_ideas
    from vitalfew.workspace import load

    workspace = load(folder)
    plan = plan_ideas(file, workspace)
    if not dry_run:
        plan.write()
    if json_:
        write_part({"import": plan.as_dict(written=not dry_run)}, workspace.definitions.workspace.name)
    else:
        for line in plan.sentences(written=not dry_run):
            say(line)
    if plan.conflicts:
        raise typer.Exit(1)


def _units(workspace: Workspace) -> tuple[str, ...]:
    """Columns that the workspace knows as units."""
    units = (getattr(source, "unit", None) for source in workspace.definitions.sources.values())
    return tuple(dict.fromkeys(unit for unit in units if unit is not None))


def _import(read: Callable[..., Foreign], folder: Path, only: Sequence[str], *, dry_run: bool, as_json: bool) -> None:
    """Plan and write an import; `read` is still to be told the `units` that the workspace knows."""
    from vitalfew.connect.import_writing import as_dict, sentences, write_import
    from vitalfew.connect.importing import plan_import, workspace_of

    workspace = workspace_of(folder)
    plan = plan_import(read(units=_units(workspace)), workspace, only)
    if not dry_run:
        write_import(plan)
    if as_json:
        write_part({"import": as_dict(plan, written=not dry_run)}, workspace.definitions.workspace.name)
    else:
        for line in sentences(plan, written=not dry_run):
            say(line)
    if plan.conflicts:
        raise typer.Exit(1)
