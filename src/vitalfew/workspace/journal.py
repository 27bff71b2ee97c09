"""Where the acts of a workspace are kept: a folder, or the tables of a server, with the same bytes."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from vitalfew.workspace import acts, heads, log_copies, people, swapping
from vitalfew.workspace.sealed import body_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from contextlib import AbstractContextManager
    from pathlib import Path

    from vitalfew.workspace.acts import ActLog, Erasure
    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.heads import Recorded
    from vitalfew.workspace.log_copies import LogCopy
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

    def copy(self) -> LogCopy:
        """The whole log as bytes, to be taken elsewhere.

        Raises:
            ActError: it is damaged.
        """
        ...

    def take(self, copy: LogCopy) -> int:
        """Go on with a log that was kept elsewhere and begins with the whole of this one; gives the number of new acts.

        Raises:
            ActError: either log is damaged, or the copy is the log of another history.
        """
        ...


def _unheard(_what: str, _n: int) -> None:
    """Nobody waits."""


@dataclass(frozen=True, slots=True)
class FolderJournal:
    """The acts of a workspace folder: `acts.jsonl`, `acts/`, and what git recorded of them.

    `heard` is told how far a copy is, by number of the act whose *bodies* are read. It may raise to end it.
    """

    root: Path
    heard: Callable[[str, int], object] = field(default=_unheard, compare=False)

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

    def copy(self) -> LogCopy:
        """The files as they are."""
        return log_copies.LogCopy.of(*acts.raw(self.root, self.heard))

    def take(self, copy: LogCopy) -> int:
        """All files at once."""
        with acts.held(self.root) as descriptor:
            new = copy.beyond(acts.read_open(self.root, descriptor))
            swapping.swap(self.root, log_files(copy, new))
        return len(new)


def log_files(copy: LogCopy, new: Sequence[Act]) -> dict[str, bytes | None]:
    """The files of a folder that hold a log with its new acts: what they say first, so that no act appears without."""
    bodies = {body_name(act.n): copy.bodies[act.n] for act in new if act.n in copy.bodies}
    return {**bodies, acts.LOG: copy.lines} if new else {}
