"""Where the data lie that a process may read on behalf of a workspace."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from vitalfew.warehouse.tables import data_path

if TYPE_CHECKING:
    from vitalfew.workspace.workspace import Workspace as Defined


def data_of(workspace: Defined) -> tuple[str, ...]:
    """Where the data of a workspace lie whose folder says so: its owner chose them, not a member of the server."""
    from vitalfew.warehouse.queries import tables_read

    base = data_path(workspace.definitions.data, workspace.root)
    tables = tables_read(workspace.definitions, workspace.where).values()
    named = [(base / Path(table).expanduser()).resolve() for behind in tables for table in behind]
    return tuple(dict.fromkeys(str(path if path.is_dir() else path.parent) for path in (base, *named)))
