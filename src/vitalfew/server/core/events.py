"""What a workspace tells other programs: kinds of events, and what is said of one. Ids, kinds and pages, no words.

No title, no number and no name of a person goes out: whoever receives an event asks the API, as somebody who may.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.urls import reverse
from django.utils import timezone

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.server.core.models import Workspace

MOST_ITEMS = 20
"""That an event names; `count` says how many there are. It stays below 20 kB with the longest keys."""
TEST = "webhook.test"
"""Sent when somebody asks for it, to whatever address."""


class Event(StrEnum):
    """Something that happens in a workspace."""

    RUN_FINISHED = "run.finished"
    VERDICT_DUE = "verdict.due"
    VERDICT_CHANGED = "verdict.changed"
    DECISION_RECORDED = "decision.recorded"
    CHECK_RAISED = "check.raised"

    @property
    def meaning(self) -> str:
        """The event in a sentence."""
        return _MEANINGS[self]


_MEANINGS = {
    Event.RUN_FINISHED: "a run is complete",
    Event.VERDICT_DUE: "the day of a promise has come, and nothing tells its verdict yet",
    Event.VERDICT_CHANGED: "a run says something else about a promise than the one before",
    Event.DECISION_RECORDED: "somebody recorded a decision",
    Event.CHECK_RAISED: "a check finds something wrong, or to look at, that it did not find in the run before",
}
EVENTS = tuple(event.value for event in Event)


@dataclass(frozen=True, slots=True)
class Happened:
    """An event: what it is, the page about it (its name, `asked` as its query), and what it names."""

    event: str
    page: str
    items: Sequence[Mapping[str, Any]] = ()
    asked: str = ""
    run: str = ""

    def body(self, row: Workspace) -> str:
        """What is sent of it."""
        data: dict[str, object] = {"workspace": row.key, "page": place_of(row, self.page) + self.asked}
        data |= {"run": self.run} if self.run else {}
        data |= {"count": len(self.items), "items": list(self.items[:MOST_ITEMS])} if self.items else {}
        said = {"type": self.event, "timestamp": timezone.now().isoformat(timespec="seconds"), "data": data}
        return json.dumps(said, separators=(",", ":"))


def place_of(row: Workspace, name: str, **asked: str) -> str:
    """The address of a page; only its path where the server has not been told its own address."""
    return absolute(reverse(name, kwargs={"workspace": row.key, **asked}))


def absolute(path: str) -> str:
    """A path as others may open it."""
    return next(iter(settings.CONFIG.origins), "").rstrip("/") + path
