"""The users of the simulated company: who they are, when they came, how active each one is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.simulate.clock import DAY, START, TOTAL, WEEK, WEEKS, phases
from vitalfew.simulate.outcomes import EVENT_RATES, MINUTES, SEGMENT_ACTIVITY
from vitalfew.simulate.plan import LANE_STARTS, SEGMENT_SHARES, SEGMENTS

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray

ROLES = ("technician", "dispatcher", "office")
PLANS = ("starter", "team", "business")

_PRESENT_AT_START = 0.42
_ABOVE_THEIR_SIZE = 0.25
_ACCOUNT_SIZE = {"solo": 1, "mid": 9, "enterprise": 60}


@dataclass(frozen=True, slots=True, eq=False)
class Users:
    """Users as columns, `(n,)` each.

    Attributes:
        segment, role, plan: positions in SEGMENTS, ROLES, PLANS.
        account: number of the account.
        signed_up: seconds after START, negative for those who came before the data begin.
        lane: lane of trials the user belongs to.
        rate: expected events per week by event name.
        minutes: expected minutes to plan a day.
        fixed: probability that a visit solves the problem the first time.
    """

    segment: NDArray[np.int64]
    role: NDArray[np.int64]
    plan: NDArray[np.int64]
    account: NDArray[np.int64]
    signed_up: NDArray[np.int64]
    lane: NDArray[np.int64]
    rate: dict[str, NDArray[np.float64]]
    minutes: NDArray[np.float64]
    fixed: NDArray[np.float64]

    @property
    def count(self) -> int:
        """Number of users."""
        return len(self.segment)

    def table(self) -> pa.Table:
        """The table users would have: user, account, segment, role, plan, first_seen."""
        import pyarrow as pa

        first_day = np.datetime64(START, "D") + (self.signed_up // DAY)
        return pa.table(
            {
                "user": pa.array(np.arange(self.count, dtype=np.int32)),
                "account": pa.array(self.account.astype(np.int32)),
                "segment": _words(self.segment, SEGMENTS),
                "role": _words(self.role, ROLES),
                "plan": _words(self.plan, PLANS),
                "first_seen": pa.array(first_day.astype("datetime64[D]")),
            }
        )


def draw_users(rng: np.random.Generator, count: int) -> Users:
    """Draw users: activity is overdispersed (gamma), and more of them arrive every month."""
    segment = rng.choice(len(SEGMENTS), size=count, p=SEGMENT_SHARES)
    activity = rng.gamma(3.0, 1 / 3, count) * np.array(SEGMENT_ACTIVITY)[segment]
    return Users(
        segment=segment,
        role=rng.choice(len(ROLES), size=count, p=(0.62, 0.21, 0.17)),
        plan=np.minimum(segment + (rng.random(count) < _ABOVE_THEIR_SIZE), len(PLANS) - 1),
        account=_accounts(rng, segment),
        signed_up=_arrivals(rng, count),
        lane=rng.integers(0, len(LANE_STARTS), count),
        rate={event: base * activity * rng.gamma(4.0, 1 / 4, count) for event, base in EVENT_RATES.items()},
        minutes=MINUTES * rng.lognormal(-0.02, 0.2, count),
        fixed=rng.uniform(0.72, 0.84, count),
    )


def _arrivals(rng: np.random.Generator, count: int) -> NDArray[np.int64]:
    early = rng.random(count) < _PRESENT_AT_START
    before = -(rng.random(count) ** 2 * 52 * WEEK).astype(np.int64) - DAY
    week = np.minimum((rng.random(count) ** 0.85 * WEEKS).astype(np.int64), WEEKS - 1)
    return np.where(early, before, np.minimum(week * WEEK + phases(rng, count), TOTAL - DAY))


def _accounts(rng: np.random.Generator, segment: NDArray[np.int64]) -> NDArray[np.int64]:
    account = np.empty(len(segment), dtype=np.int64)
    taken = 1000
    for position, name in enumerate(SEGMENTS):
        members = np.flatnonzero(segment == position)
        number = max(len(members) // _ACCOUNT_SIZE[name], 1)
        of = np.arange(len(members)) if _ACCOUNT_SIZE[name] == 1 else rng.integers(0, number, len(members))
        account[members] = taken + of
        taken += int(of.max(initial=0)) + 1
    return account


def _words(position: NDArray[np.int64], words: tuple[str, ...]) -> pa.Array:
    import pyarrow as pa

    return pa.DictionaryArray.from_arrays(pa.array(position.astype(np.int8)), pa.array(list(words)))
