"""Commands that carry a workspace from one place to another: export, apply."""

from __future__ import annotations

import sys
from pathlib import Path  # noqa: TC003 - typer reads the annotations
from typing import TYPE_CHECKING, Annotated

import typer

from vitalfew.cli.output import say, write_part
from vitalfew.errors import UsageError

if TYPE_CHECKING:
    from vitalfew.workspace.applying import Application
    from vitalfew.workspace.changes import ChangePlan

_Kinds = Annotated[
    list[str] | None, typer.Option("--kind", metavar="KIND", help="Only this kind, such as metrics. Repeatable.")
]
_KEY_STAYS = (
    "the key of the pseudonyms is not carried: whoever records acts there and wants to go on under their pseudonym "
    "gives it (p-…) instead of a name"
)


def register(app: typer.Typer) -> None:
    """Add the commands of this module."""
    app.command()(export)
    app.command()(apply)


def export(
    source: Annotated[Path, typer.Argument(metavar="SOURCE", help="The workspace folder.")],
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder to write.")],
    acts: Annotated[bool, typer.Option("--acts", help="With the log of acts, byte by byte.")] = False,
    kind: _Kinds = None,
) -> None:
    """Write a workspace as YAML that reads back as equal definitions.

    Without acts unless they are asked for; data stay where they are.
    """
    from vitalfew.judgement.recording import journal_of
    from vitalfew.results.words import count
    from vitalfew.workspace import load
    from vitalfew.workspace.exporting import export as write

    workspace = load(source)
    copy = journal_of(workspace).copy() if acts else None
    write(workspace.definitions, folder, kind or (), copy)
    files = sum(1 for path in folder.glob("*.yaml"))
    say(f"wrote {count(files, 'file')} of definitions to {folder}")
    if copy is not None:
        say(f"with {count(len(copy.log.acts), 'act')}; {_KEY_STAYS}")
    elif workspace.acts.acts:
        say(f"without the {count(len(workspace.acts.acts), 'act')} (--acts takes them along)")


def apply(
    source: Annotated[Path, typer.Argument(metavar="FROM", help="The workspace folder to take definitions from.")],
    into: Annotated[Path, typer.Argument(metavar="INTO", help="The workspace folder to change; may be empty.")],
    kind: _Kinds = None,
    prune: Annotated[bool, typer.Option("--prune", help="Remove what FROM lacks, of the kinds it defines.")] = False,
    acts: Annotated[bool, typer.Option("--acts", help="Go on with the log of acts of FROM too.")] = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Ask nothing.")] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and write nothing.")] = False,
    json_: Annotated[bool, typer.Option("--json", help="Print the plan as JSON; asks nothing.")] = False,
) -> None:
    """Change a workspace to the definitions of another.

    Shows first what would be added, changed and removed, and which promises, plans and results that takes the ground
    from. Then writes all of it or nothing. Comments and the order of what does not change are kept.
    """
    from vitalfew.pipeline.changing import change_plan
    from vitalfew.workspace import load
    from vitalfew.workspace.applying import apply as write
    from vitalfew.workspace.applying import prepare

    application = prepare(load(source), into, kind or (), prune=prune, with_acts=acts)
    plan = change_plan(application.standing, application.after)
    if not json_:
        _show(plan, application)
    wanted = application.changes_anything and not dry_run and (yes or _agreed(ask=not json_))
    if wanted:
        write(application)
    if json_:
        found = plan.as_dict() | {"acts": application.new_acts, "applied": wanted}
        write_part({"plan": found}, application.after.workspace.name)
    elif wanted:
        say(f"applied to {into}")
    elif application.changes_anything:
        say("nothing was written (--dry-run)" if dry_run else "nothing was written")


def _show(plan: ChangePlan, application: Application) -> None:
    for sentence in plan.sentences():
        say(sentence)
    if application.new_acts:
        say(f"acts: {application.new_acts} more; {_KEY_STAYS}")
    names = sorted(application.files)
    if names:
        say(f"files: {', '.join(names)}")


def _agreed(*, ask: bool) -> bool:
    """Whether somebody who saw the plan wants it."""
    if not ask:
        return False
    if not sys.stdin.isatty():
        raise UsageError("nobody is there to agree to this plan", hint="--yes applies it, --dry-run only shows it")
    return typer.confirm("apply this?", err=True)
