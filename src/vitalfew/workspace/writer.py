"""Append acts to a log, wherever it is kept: checked, sealed and chained in one place."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Protocol

from vitalfew.errors import ActError
from vitalfew.workspace.bodies import seal, validate
from vitalfew.workspace.chain import CLOCK_TOLERANCE, KINDS, follow, timestamp

if TYPE_CHECKING:
    from collections.abc import Mapping
    from contextlib import AbstractContextManager

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act, DefinitionRef, Kind

_ABOUT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.\-]{0,119}")


class Held(Protocol):
    """A sound log that nobody else can write to meanwhile. It keeps acts and knows nothing of their meaning."""

    @property
    def last(self) -> Act | None:
        """The act that the next one follows."""
        ...

    def about(self, key: str) -> ActLog:
        """The acts about one thing, those just added too."""
        ...

    def version_of(self, kind: str, key: str, digest: str) -> int:
        """The version of a definition with this hash: which of the wordings that acts have spoken of, from 1 up."""
        ...

    def last_of(self, kind: Kind) -> Act | None:
        """The last act of a kind."""
        ...

    def pseudonym(self, by: str) -> str:
        """What a person is called in this log."""
        ...

    def add(self, act: Act, said: Mapping[str, Any], sealed: bytes) -> None:
        """Keep an act, what it says, and the bytes that hold this with its salt: all of it or nothing."""
        ...

    def all_or_nothing(self) -> AbstractContextManager[None]:
        """Take back what was added within when anything of it fails."""
        ...


class Writer:
    """Appends acts while a log is held, so that what is appended can rest on what is in it."""

    def __init__(self, held: Held) -> None:
        self._held = held

    def append(
        self,
        kind: Kind,
        about: str,
        by: str,
        body: Mapping[str, Any],
        definition: DefinitionRef | None = None,
        at: datetime | None = None,
    ) -> Act:
        """Append one act, durably and whole or not at all.

        Args:
            kind: the kind of act.
            about: the key of what it is about.
            by: the person; a name is stored as a pseudonym only.
            body: what the act says; its shape depends on the kind (`workspace.bodies`).
            definition: the definition it speaks of, as it stands.
            at: when, with a time zone; by default now.

        Raises:
            ActError: the body is wrong, the clock is behind the last act, or nothing can be written.
        """
        if kind not in KINDS:
            raise ActError(f"there is no kind of act called {kind!r}", expected=", ".join(KINDS))
        if not _ABOUT.fullmatch(about):
            raise ActError(f"an act cannot be about {about[:40]!r}", expected="the key of a definition")
        said = validate(kind, body)
        last = self._held.last
        body_hash, sealed = seal(said)
        act = follow(
            last,
            at=_moment(last, at),
            by=self._held.pseudonym(by),
            kind=kind,
            about=about,
            definition=definition,
            body_hash=body_hash,
        )
        self._held.add(act, said, sealed)
        return act

    def about(self, key: str) -> ActLog:
        """The acts about one thing as the log stands, with what was just appended."""
        return self._held.about(key)

    def version_of(self, kind: str, key: str, digest: str) -> int:
        """The version of a definition with this hash: which of the wordings that acts have spoken of, from 1 up."""
        return self._held.version_of(kind, key, digest)

    def last_of(self, kind: Kind) -> Act | None:
        """The last act of a kind."""
        return self._held.last_of(kind)

    def all_or_nothing(self) -> AbstractContextManager[None]:
        """Take back what was appended within when anything of it fails."""
        return self._held.all_or_nothing()


def _moment(last: Act | None, at: datetime | None) -> str:
    moment = at if at is not None else datetime.now(UTC)
    try:
        stamp = timestamp(moment)
    except ValueError:
        raise ActError("the time of an act needs a time zone", expected="for instance UTC") from None
    if last is not None and moment < last.time - CLOCK_TOLERANCE:
        message = f"the time {stamp} lies before the last act, which was recorded at {last.at}"
        raise ActError(message, hint="acts cannot be dated back; if your clock is right, the other one was ahead")
    return stamp
