"""How often a feature is meant to be used, and the window in which its use is judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.definitions import Cadence

WINDOWS = (30, 90, 365)
"""Days back from the end of the data in which use is counted."""

MAIN_WINDOW: Mapping[Cadence, int] = {"daily": 30, "weekly": 30, "monthly": 90, "quarterly": 90, "yearly": 365}
"""The window that fits a cadence, in days: a user who keeps to the cadence is seen in it at least once."""
