"""Made-up users of a shop that got a new search in waves, and what they ordered."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import numpy as np
import pyarrow as pa

USERS, WEEKS = 1_200, 14
FIRST = datetime(2026, 1, 5, tzinfo=UTC)
WAVES = (5, 8, 11, None)  # weeks after the first day; a quarter of the users has not got it yet


def tables(*, chosen: bool = False) -> dict[str, pa.Table]:
    """The tables `users.csv` and `log.csv`; where users chose, those who order much took it up in the fifth week."""
    rng = np.random.default_rng(8)
    paid = rng.random(USERS) < 0.4
    level = 0.8 + 0.5 * paid + 0.3 * rng.random(USERS)
    group = rng.permutation(USERS) % 4
    if chosen:
        group = np.where(rng.random(USERS) < 0.25 + 0.4 * paid, 0, 3)
    users: list[int] = []
    got: list[date | None] = []
    at: list[datetime] = []
    for user in range(USERS):
        wave = WAVES[group[user]]
        got.append(None if wave is None else (FIRST + timedelta(weeks=wave)).date())
        for week in range(WEEKS):
            has = wave is not None and week >= wave
            count = rng.poisson(level[user] + 0.02 * week + (0.25 if has else 0.0)) + (week == 0)
            seconds = rng.integers(0, 7 * 86_400, count).tolist()
            users.extend([user] * count)
            at.extend(FIRST + timedelta(weeks=week, seconds=second) for second in seconds)
    plan = ["paid" if one else "free" for one in paid]
    log = pa.table({"user_id": users, "at": at, "name": ["order"] * len(at)})
    return {"users.csv": pa.table({"user_id": range(USERS), "got_at": got, "plan": plan}), "log.csv": log}
