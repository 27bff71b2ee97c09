"""Files that sources may be defined over: those that people gave, and those that lie where the data are."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from django.conf import settings

from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.reach import is_kept_apart
from vitalfew.server.core.services.audit import note
from vitalfew.server.core.services.workspaces import SUFFIXES, file_name, keep_files
from vitalfew.server.core.working.deeds import UPLOADS

if TYPE_CHECKING:
    from django.core.files.uploadedfile import UploadedFile

    from vitalfew.server.core.models import User, Workspace


def add_file(row: Workspace, upload: UploadedFile[Any], *, by: User) -> str:
    """Keep a file that somebody gives; gives the name by which a source calls it.

    Raises:
        UsageError: it is of a kind that cannot be read, or there is no room for it.
    """
    name = file_name(upload.name or "")
    place = keep_files(row, {name: upload})
    note(row, by, "file added", name)
    return _table(row, Path(row.folder) / UPLOADS / place / name)


def tables(row: Workspace) -> tuple[tuple[str, str], ...]:
    """Files that a source may be defined over: the name by which it calls each, and a title; the newest first.

    Besides those that were given and those of the workspace's own folder, those of folders that whoever runs the server
    has opened to all. Of several of one name the title tells when each was given.
    """
    folder = Path(row.folder)
    given = list((folder / UPLOADS).glob("*/*"))
    lying = [path for path in _base(row).glob("*") if not is_kept_apart(path.resolve(), folder)]
    opened = [path for place in settings.CONFIG.data for path in place.glob("*") if path.resolve().parent == place]
    found = {path.resolve(): path for path in (*given, *lying, *opened) if _is_table(path)}
    newest = sorted(found.values(), key=lambda path: -path.stat().st_mtime)
    many = Counter(path.name for path in newest)
    return tuple((_table(row, path), _title(path) if many[path.name] > 1 else path.name) for path in newest)


def _title(path: Path) -> str:
    given = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return f"{path.name}, of {given.day} {given:%b %Y, %H:%M:%S} UTC"


def _is_table(path: Path) -> bool:
    name = path.name.lower().removesuffix(".gz")
    return path.is_file() and not name.startswith(".") and name.endswith(SUFFIXES)


def _base(row: Workspace) -> Path:
    return Path(row.folder) / Path(loaded(row).workspace.definitions.data.path).expanduser()


def _table(row: Workspace, path: Path) -> str:
    """How a source calls a file: seen from where the data lie."""
    return os.path.relpath(path.resolve(), _base(row).resolve())
