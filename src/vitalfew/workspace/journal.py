"""Where the acts of a workspace are kept: a folder, or the tables of a server, with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from vitalfew.workspace import acts, heads, people

if TYPE_CHECKING:
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vitalfew.workspace.acts import ActLog, Erasure
    from vitalfew.workspace.heads import Recorded
    from vitalfew.workspace.writer import Writer


class Journal(Protocol):
    """Keeps the acts of one workspace."""

    def read(self) -> ActLog:
        """The whole log; damage is reported in it, not raised.

        Raises:
            ActError: it is no log at all, or cannot be read.
        """
        ...

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Writer]:
        """Hold the log for writing.

        Args:
            durable: whether each act outlives a power failure before the next is written.

        Raises:
            ActError: the log is damaged or cannot be written.
        """
        ...

    def erase(self, by: str) -> Erasure:
        """Erase what a person said; the chain keeps its hashes and stays whole.

        Raises:
            ActError: nobody of that name or pseudonym has an act here.
        """
        ...

    def pseudonym(self, by: str) -> str:
        """What a person is called in this log; a pseudonym is returned as it is.

        Raises:
            ActError: no name was ever turned into a pseudonym here.
        """
        ...

    def recorded(self) -> Recorded:
        """Heads of this log that are known from elsewhere."""
        ...


@dataclass(frozen=True, slots=True)
class FolderJournal:
    """The acts of a workspace folder: `acts.jsonl`, `acts/`, and what git recorded of them."""

    root: Path

    def read(self) -> ActLog:
        """The log in the folder; no file is an empty log."""
        return acts.read(self.root)

    def writing(self, *, durable: bool = True) -> AbstractContextManager[Writer]:
        """Hold the lock of the file."""
        return acts.writing(self.root, durable=durable)

    def erase(self, by: str) -> Erasure:
        """Delete bodies and salts of a person's acts."""
        return acts.erase(self.root, by)

    def pseudonym(self, by: str) -> str:
        """By the key of this copy of the workspace, which asking does not make."""
        return people.known_pseudonym(self.root, by)

    def recorded(self) -> Recorded:
        """The heads that commits hold."""
        return heads.recorded(self.root)
