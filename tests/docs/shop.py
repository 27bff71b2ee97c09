"""A made-up shop: tables for the pages on experiments, with known effects, so that what the pages quote can be run."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pyarrow as pa

START = round(datetime(2026, 3, 2, tzinfo=UTC).timestamp()) * 1_000_000
DAY = 86_400_000_000
UNITS = 8_000
INSTANT = pa.timestamp("us", tz="UTC")


def times(microseconds: np.ndarray) -> pa.Array:
    return pa.array(np.asarray(microseconds, dtype=np.int64), INSTANT)


def arms(rng: np.random.Generator, units: int = UNITS) -> np.ndarray:
    dealt: np.ndarray = np.array(["old", "new"])[rng.permutation(np.arange(units) % 2)]
    return dealt


def tables(seed: int = 3) -> dict[str, pa.Table]:
    """Users, exposures over three weeks from 2 March 2026, and a log from four weeks before on; `new` buys more."""
    rng = np.random.default_rng(seed)
    unit, arm = np.arange(UNITS), arms(rng)
    mobile, spender = rng.random(UNITS) < 0.4, rng.lognormal(0, 0.8, UNITS)
    shown_at = START + rng.integers(0, 21 * DAY, UNITS)
    lift = np.where(arm == "new", np.where(mobile, 1.45, 1.05), 1.0)
    before, after = rng.poisson(2 * spender), rng.poisson(0.8 * spender * lift)
    who = np.r_[np.repeat(unit, before), np.repeat(unit, after)]
    earlier = shown_at[np.repeat(unit, before)] - rng.integers(1, 28 * DAY, before.sum())
    later = shown_at[np.repeat(unit, after)] + rng.integers(1, 7 * DAY, after.sum())
    happened = np.r_[earlier, later]
    amount, failed = np.round(rng.lognormal(3, 1, len(who)), 2), rng.random(len(who)) < 0.04
    delay = rng.exponential(6, len(who)) * DAY / 24
    users = {
        "user_id": unit,
        "device": np.where(mobile, "mobile", "desktop"),
        "country": np.array(["DK", "SE", "DE"])[rng.integers(0, 3, UNITS)],
        "age": rng.integers(18, 80, UNITS),
        "shop_id": unit // 20,
    }
    log = {
        "message_id": [f"m{at}" for at in range(len(who))],
        "user_id": who,
        "at": times(happened),
        "stored_at": times(happened + delay.astype(np.int64)),
        "name": np.where(failed, "payment_failed", "paid"),
        "amount": np.where(failed, 0.0, amount),
    }
    shown = {"user_id": unit, "experiment": ["checkout"] * UNITS, "variant": arm, "shown_at": times(shown_at)}
    return {"users.csv": pa.table(users), "shown.csv": pa.table(shown), "log.csv": pa.table(log)}


def frames(**more: Any) -> dict[str, pa.Table]:
    return tables() | more
