"""What the worker tells the process that does the work, and what that process answers."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.definitions import Definitions
    from vitalfew.workspace.heads import Recorded
    from vitalfew.workspace.journal import Journal
    from vitalfew.workspace.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Bounds:
    """How far the process may go.

    Attributes:
        memory: bytes it may use.
        seconds: of the processor that it may use, and the most it may last.
        file: bytes of the largest file it may write.
        reads: files and folders it may read, besides Python's own.
        writes: folders it may write to.
        required: whether it does nothing where the machine cannot hold it to that.
    """

    memory: int
    seconds: int
    file: int
    reads: tuple[str, ...]
    writes: tuple[str, ...]
    required: bool = False


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A workspace as it stood when the work was given out; nothing can be recorded in it."""

    definitions: Definitions
    acts: ActLog
    known: Recorded

    def recorded(self) -> Recorded:
        """Heads of the log, as the server noted them."""
        return self.known

    def workspace(self, folder: str) -> Workspace:
        """The workspace in a folder."""
        from pathlib import Path

        from vitalfew.workspace.workspace import Workspace

        # Of a journal a run asks nothing but what was recorded.
        return Workspace(self.definitions, self.acts, Path(folder), journal=cast("Journal", self))


@dataclass(frozen=True, slots=True)
class Order:
    """One piece of work.

    Attributes:
        work: its name in `deeds.WORK`.
        folder: the folder of the workspace.
        snapshot: what is run; None for work that makes a workspace.
        arguments: what else the work needs.
    """

    work: str
    folder: str
    snapshot: Snapshot | None = None
    arguments: Mapping[str, Any] = field(default_factory=dict)
