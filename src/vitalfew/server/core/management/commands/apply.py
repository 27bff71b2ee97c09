"""`vitalfew manage apply`: lay the definitions of a folder over those of a workspace of the server."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import BaseCommand

from vitalfew.judgement.recording import journal_of
from vitalfew.server.core.management.finding import workspace_called
from vitalfew.server.core.services.moving import accept, propose_from
from vitalfew.workspace.loading import load

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Shows the plan; changes all of it with `--yes`, as `vitalfew apply` does."""

    help = "Show what applying the definitions of a folder would change here, and change it with --yes."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What it takes."""
        parser.add_argument("source", type=Path, help="the folder to take definitions from")
        parser.add_argument("workspace", help="key of the workspace")
        parser.add_argument("--kind", action="append", default=[], help="only this kind; repeatable")
        parser.add_argument(
            "--prune", action="store_true", help="remove what the folder lacks, of the kinds it defines"
        )
        parser.add_argument("--acts", action="store_true", help="go on with the log of acts of the folder too")
        parser.add_argument("--yes", action="store_true", help="change it")

    def handle(self, *_: Any, source: Path, workspace: str, **given: Any) -> None:  # noqa: ANN401 - Django's signature
        """Do it."""
        row, found = workspace_called(workspace), load(source)
        copy = journal_of(found).copy() if given["acts"] else None
        proposal = propose_from(row, found.definitions, given["kind"], prune=given["prune"], acts=copy)
        for sentence in proposal.plan.sentences():
            self.stdout.write(sentence)
        if proposal.new_acts:
            self.stdout.write(f"acts: {proposal.new_acts} more")
        if given["yes"]:
            accept(row, proposal, by=None)
        self.stdout.write("applied" if given["yes"] else "nothing was changed; --yes changes it")
