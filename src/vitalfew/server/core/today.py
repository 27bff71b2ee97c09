"""Today, in the time zone of a workspace."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions


def today_in(definitions: Definitions) -> date:
    """The day it is where the workspace lives."""
    return datetime.now(UTC).astimezone(ZoneInfo(definitions.workspace.time_zone)).date()
