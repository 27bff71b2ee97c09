"""Which came first, a lock or the start: by the log's own word, and by what commits recorded elsewhere."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from vitalfew.workspace.chain import CLOCK_TOLERANCE

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime, tzinfo

    from vitalfew.workspace.acts import ActLog
    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.heads import Head

Proof = Literal["proved", "claimed", "no"]


def held_against(
    lock: Act, start: date | None, log: ActLog, heads: Iterable[Head], time_zone: str
) -> tuple[Proof, str, str | None]:
    """Hold a lock against the first day of the work.

    Args:
        lock: the act that locks.
        start: the first day of the work; None when nobody says.
        log: the log it stands in.
        heads: heads known from elsewhere.
        time_zone: in which days are counted.

    Returns:
        The proof, the reason in a sentence, and when the earliest record elsewhere that holds the lock was made.
    """
    zone = _zone(time_zone)
    holding, contradicting = _earliest_holding(lock, log, heads)
    at = holding.at if holding else None
    stamp = _utc(at)
    proof, reason = _judge(lock.time.astimezone(zone).date(), start, at.astimezone(zone).date() if at else None)
    if holding is not None and proof == "proved":
        reason = f"{holding.source} of {stamp} holds the lock, before the start on {start}"
    if holding is None and contradicting is not None and proof == "claimed":
        reason = f"{contradicting.source} is older than the lock of {lock.at} that it holds: one of the clocks is wrong"
    return proof, reason, stamp


def _judge(locked: date, start: date | None, recorded: date | None) -> tuple[Proof, str]:
    """Days are compared: within the day of the start nobody can tell which came first."""
    if start is None:
        return "claimed", "no start of the work is given to compare the lock with"
    if locked > start:
        return "no", f"locked on {locked}, after the start on {start}"
    if recorded is not None and recorded < start:
        return "proved", f"recorded on {recorded}, before the start on {start}"
    if locked == start:
        return "claimed", f"locked on the day of the start, {start}: which came first cannot be told"
    if recorded is not None:
        return "claimed", f"the log says {locked}, but the first record of it elsewhere is of {recorded}; start {start}"
    return "claimed", f"the log says {locked}, before the start on {start}, but no commit holds the lock"


def _earliest_holding(lock: Act, log: ActLog, heads: Iterable[Head]) -> tuple[Head | None, Head | None]:
    """The earliest record whose log held the lock: its head follows from the lock by an unbroken chain.

    A record cannot be older than what it holds: one that says so proves nothing, and is given apart.
    """
    dated = [(head.at, head) for head in heads if head.at is not None and log.leads_to(lock, head.hash, head.n)]
    sound = [pair for pair in dated if pair[0] >= lock.time - CLOCK_TOLERANCE]
    unsound = [pair for pair in dated if pair not in sound]
    return _earliest(sound), _earliest(unsound)


def _earliest(dated: Iterable[tuple[datetime, Head]]) -> Head | None:
    return min(dated, key=lambda pair: pair[0], default=(None, None))[1]


def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError):
        return UTC


def _utc(at: datetime | None) -> str | None:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ") if at else None
