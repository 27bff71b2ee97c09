"""`vitalfew manage export`: what a workspace of the server defines, as a folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.core.management import BaseCommand

from vitalfew.server.core.management.finding import workspace_called
from vitalfew.server.core.services.moving import exported
from vitalfew.workspace.exporting import write_folder

if TYPE_CHECKING:
    from argparse import ArgumentParser


class Command(BaseCommand):
    """Writes a new folder, as `vitalfew export` does."""

    help = "Write what a workspace of this server defines as a folder of YAML; without acts unless asked for."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """What it takes."""
        parser.add_argument("workspace", help="key of the workspace")
        parser.add_argument("folder", type=Path, help="a new folder to write")
        parser.add_argument("--acts", action="store_true", help="with the log of acts, byte by byte")
        parser.add_argument("--kind", action="append", default=[], help="only this kind; repeatable")

    def handle(self, *_: Any, workspace: str, folder: Path, **given: Any) -> None:  # noqa: ANN401 - Django's signature
        """Do it."""
        found = exported(workspace_called(workspace), given["kind"], with_acts=given["acts"])
        files = {name: b"".join(parts) for name, parts in found}
        write_folder(folder, files)
        self.stdout.write(f"wrote {len(files)} files to {folder}")
