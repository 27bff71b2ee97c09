"""More tables of the made-up shop: pupils in classes, hours of a market, a ramp, a holdout, and strange data."""

from __future__ import annotations

import hashlib

import numpy as np
import pyarrow as pa

from docs.shop import DAY, START, arms, tables, times

HOUR = DAY // 24


def designs(seed: int = 5) -> dict[str, pa.Table]:
    """The shop's tables, and one table for each design that needs its own; each `new` arm is better."""
    rng = np.random.default_rng(seed)
    found = tables()
    shown = found["shown.csv"]
    ramp, held = _ramp(rng, shown["user_id"].to_numpy()), _holdout(shown)
    kept_out = held["variant"].to_numpy(zero_copy_only=False) == "held_out"
    asked = shown.filter(pa.array(~kept_out | (shown["user_id"].to_numpy() % 40 == 0)))
    return found | {"shown.csv": pa.concat_tables([asked, ramp, held]), "pupils.csv": _pupils(rng)} | _market(rng)


def _pupils(rng: np.random.Generator) -> pa.Table:
    """60 classes of about 25, dealt as classes; pupils of a class are alike."""
    classes = np.repeat(np.arange(60), rng.integers(18, 33, 60))
    arm = arms(rng, 60)[classes]
    score = 50 + rng.normal(0, 4, 60)[classes] + rng.normal(0, 10, len(classes)) + 4.0 * (arm == "new")
    return pa.table({"pupil": np.arange(len(classes)), "class": classes, "arm": arm, "score": np.round(score, 1)})


def _market(rng: np.random.Generator) -> dict[str, pa.Table]:
    """Four regions over four weeks, in blocks of six hours, each dealt an arm; the new one delivers more."""
    blocks = 4 * 28
    region, at = np.repeat(np.arange(4), blocks), START + np.tile(np.arange(blocks) * 6 * HOUR, 4)
    arm = np.array(["old", "new"])[rng.integers(0, 2, len(at))]
    orders = rng.poisson(np.where(arm == "new", 46, 40) * np.exp(rng.normal(0, 0.1, len(at))))
    when = np.repeat(at, orders) + rng.integers(0, 6 * HOUR, orders.sum())
    schedule = {"region": region, "experiment": ["pricing"] * len(at), "arm": arm, "begins": times(at)}
    events = {"region": np.repeat(region, orders), "at": times(when), "name": ["delivered"] * int(orders.sum())}
    return {"schedule.csv": pa.table(schedule), "deliveries.csv": pa.table(events)}


def _rows(user: np.ndarray, experiment: str, arm: np.ndarray, at: np.ndarray) -> pa.Table:
    return pa.table({"user_id": user, "experiment": [experiment] * len(user), "variant": arm, "shown_at": times(at)})


def _ramp(rng: np.random.Generator, user: np.ndarray) -> pa.Table:
    """A tenth of those who come see the new search in the first week, then half."""
    day = rng.integers(0, 21, len(user))
    new = rng.random(len(user)) < np.where(day < 7, 0.1, 0.5)
    at = START + day * DAY + rng.integers(0, DAY, len(user))
    return _rows(user, "search", np.where(new, "new", "old"), at)


def _holdout(shown: pa.Table) -> pa.Table:
    """A tenth by its hash is kept out of everything, and one in forty of them sees the checkout all the same."""
    user = shown["user_id"].to_numpy()
    place = np.array([int(hashlib.sha256(f"q1{at}".encode()).hexdigest()[:8], 16) / 2**32 for at in user])
    return _rows(user, "holdout_q1", np.where(place < 0.1, "held_out", "open"), np.full(len(user), START))


def strange(seed: int = 8) -> dict[str, pa.Table]:
    """The shop with robots, messages sent twice, people with two ids, units in both arms, and some dealt by hand."""
    rng = np.random.default_rng(seed)
    found = tables()
    log, user = found["log.csv"], found["shown.csv"]["user_id"].to_numpy()
    arm = _dealt("checkout-2026", user)
    arm[:20] = "new"  # by hand, for the team
    at = START + rng.integers(0, 21 * DAY, len(user))
    other = np.arange(20_000, 20_300)
    people = user[1_000:1_300]
    both = np.arange(2_000, 2_060)
    shown = [
        _rows(user, "checkout", arm, at),
        _rows(other, "checkout", arm[1_000:1_300], at[1_000:1_300] + HOUR),
        _rows(both, "checkout", np.where(arm[both] == "new", "old", "new"), at[both] + DAY),
    ]
    robots = np.repeat(np.arange(3_000, 3_012), 400)
    robot_log = {
        "message_id": [f"r{at}" for at in range(len(robots))],
        "user_id": robots,
        "at": times(START + 22 * DAY + rng.integers(0, HOUR, len(robots))),
        "stored_at": times(START + 22 * DAY + np.full(len(robots), HOUR)),
        "name": ["paid"] * len(robots),
        "amount": np.ones(len(robots)),
    }
    again = log.take(pa.array(rng.integers(0, log.num_rows, log.num_rows // 50)))
    same = pa.table({"other_id": other, "user_id": people})
    tables_of = {"log.csv": pa.concat_tables([log, again, pa.table(robot_log)]), "same.csv": same}
    return found | tables_of | {"shown_twice.csv": pa.concat_tables(shown)}


def _dealt(salt: str, user: np.ndarray) -> np.ndarray:
    places = [int(hashlib.sha256(f"{salt}{at}".encode()).hexdigest()[:8], 16) / 2**32 for at in user]
    return np.where(np.array(places) < 0.5, "old", "new")
