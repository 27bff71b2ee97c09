"""The log of acts on its way from one place to another: the very bytes, so that the chain holds there too.

The key of the pseudonyms stays where it is: whoever holds it can test guessed names. So the same person has another
pseudonym in the other place, unless they give the one they had.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from io import BytesIO
from typing import TYPE_CHECKING

from vitalfew.errors import ActError
from vitalfew.workspace import sound
from vitalfew.workspace.acts import opened
from vitalfew.workspace.sealed import InMemory

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act


@dataclass(frozen=True)
class LogCopy:
    """The bytes of `acts.jsonl`, and by act those that hold what it says with its salt; erased ones are not there."""

    lines: bytes
    bodies: Mapping[int, bytes]

    @classmethod
    def of(cls, lines: bytes, bodies: Mapping[int, bytes]) -> LogCopy:
        """A copy of a log that is whole.

        Raises:
            ActError: it is damaged.
        """
        copy = cls(lines, bodies)
        _ = copy.log
        return copy

    @cached_property
    def log(self) -> ActLog:
        """What the copy holds, looked at once.

        Raises:
            ActError: it is damaged.
        """
        return whole(opened(sound.read(BytesIO(self.lines)), InMemory(self.bodies)))

    def beyond(self, standing: ActLog) -> Sequence[Act]:
        """The acts that a log lacks which this copy continues.

        What was erased from either stays erased there: bodies travel with new acts only.

        Raises:
            ActError: either is damaged, or the copy does not begin with the whole of the standing log.
        """
        acts = self.log.acts
        if damage := standing.damage:
            raise ActError(f"the log here is damaged: {damage[0].message}", hint="`vitalfew verify` says more")
        begun = len(standing.acts)
        if acts[:begun] != standing.acts:
            pairs = zip(acts, standing.acts, strict=False)
            parted = next((ours.n for ours, theirs in pairs if ours != theirs), None)
            if parted:
                raise _apart(f"they part at act {parted}")
            self.refuse_shorter(begun)
        return acts[begun:]

    def refuse_shorter(self, standing: int) -> None:
        """Refuse to continue a log that has more acts, which is known before any of them is read.

        Raises:
            ActError: it has; or the copy is damaged.
        """
        if (acts := len(self.log.acts)) < standing:
            raise _apart(f"it ends at act {acts}, this one at act {standing}")


def _apart(how: str) -> ActError:
    hint = "acts cannot be merged: a chain has one order; keep one of the two logs"
    return ActError(f"the log does not continue the one that is here: {how}", hint=hint)


def whole(log: ActLog) -> ActLog:
    """A log that may be carried elsewhere.

    Raises:
        ActError: it is damaged.
    """
    if damage := log.damage:
        hint = "`vitalfew verify` lists all damage; restore the log from git or from a copy"
        raise ActError(f"a damaged log is not carried elsewhere: {damage[0].message}", hint=hint)
    return log
