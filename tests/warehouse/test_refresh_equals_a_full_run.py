"""What is remembered between runs never changes a result: random histories of files, held against runs anew."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import growing_tables
from growing_tables import BUY, History, assert_alike, assert_same

if TYPE_CHECKING:
    from pathlib import Path

STEPS = ("grow", "late", "edit", "repeat", "remove", "as_of")


@given(st.lists(st.sampled_from(STEPS), min_size=2, max_size=6), st.integers(0, 2**32))
@settings(max_examples=5, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_after_any_history_a_refresh_equals_a_full_run(
    tmp_path_factory: pytest.TempPathFactory, steps: list[str], seed: int
) -> None:
    history = History(tmp_path_factory.mktemp("history"), seed)
    history.grow()
    history.measure()
    for step in steps:
        as_of = None
        if step in ("grow", "late"):
            history.grow(late=14 if step == "late" else 0)
        elif step == "as_of":
            as_of = history.chance.randint(0, history.day)
        else:
            getattr(history, step)()
        assert_same(history.measure(as_of=as_of), history.measure(as_of=as_of, remember=False))


def test_a_refresh_does_not_read_old_events(tmp_path: Path) -> None:
    history = History(tmp_path, 1)
    history.grow(units=200)
    history.measure()
    old = history.files("events")[0]
    stat = old.stat()
    history.grow(late=14, units=0)
    truth = history.measure(remember=False)
    history.edit(old)
    assert old.stat().st_size == stat.st_size
    os.utime(old, ns=(stat.st_atime_ns, stat.st_mtime_ns))
    moments = [row for row in truth.moments if row.arm == "a"]
    refreshed = [row for row in history.measure().moments if row.arm == "a"]
    assert_alike(refreshed[0], moments[0])
    assert history.measure(remember=False).moments != truth.moments


@pytest.mark.parametrize("delay", [2, 14])
def test_events_that_arrive_late_give_what_they_would_have_given_in_order(tmp_path: Path, delay: int) -> None:
    history = History(tmp_path / "late", 7)
    for day in range(16):
        history.grow(late=delay, units=10, events=40)
        refreshed = history.measure() if day % 3 == 0 else None
    in_order = History(tmp_path / "in order", 0)
    for table in ("events", "exposures"):
        everything = f"SELECT * FROM '{history.folder}/{table}/*.parquet' ORDER BY moment"
        duckdb.execute(f"COPY ({everything}) TO '{in_order.folder}/{table}/all.parquet'")
    assert refreshed is not None
    assert_same(refreshed, in_order.measure(remember=False))


def test_another_definition_is_computed_anew(tmp_path: Path) -> None:
    history = History(tmp_path, 3)
    history.grow()
    history.grow()
    history.measure()
    other = {"spend": {**BUY, "column": "amount", "window": {"length": 1}}}
    assert_same(history.measure(changed=other), history.measure(changed=other, remember=False))
    assert len(list(history.state.glob("*.json"))) == 2
    for length in (2, 3, 4):
        history.measure(changed={"spend": {**BUY, "column": "amount", "window": {"length": length}}})
    assert len(list(history.state.glob("*.json"))) == 3, "the state is bounded"
    named = {name for path in history.state.glob("*.json") for name in path.read_text().split('"') if ".f8" in name}
    assert {path.name for path in history.state.glob("*.f8")} == named


@pytest.mark.parametrize("harm", ["truncate", "flip", "list", "delete", "folder"])
def test_a_damaged_state_is_found_and_computed_anew(tmp_path: Path, harm: str) -> None:
    history = History(tmp_path, 5)
    history.grow()
    history.grow()
    truth = history.measure()
    path = max(history.state.glob("*.json" if harm == "list" else "*.f8"), key=lambda path: path.stat().st_size)
    content = bytearray(path.read_bytes())
    if harm == "truncate":
        path.write_bytes(content[:-8])
    elif harm in ("flip", "list"):
        content[len(content) // 2] ^= 4
        path.write_bytes(content)
    elif harm == "delete":
        path.unlink()
    else:
        shutil.rmtree(history.state)
        history.state.write_text("in the way")
    assert_same(history.measure(), truth)


def test_a_run_that_is_killed_while_it_writes_leaves_the_state_usable(tmp_path: Path) -> None:
    history = History(tmp_path, 11)
    history.grow()
    history.measure()
    history.grow()
    truth = history.measure(remember=False)
    for writes in (1, 2, 6, 40):
        code = f"import runpy; runpy.run_path({growing_tables.__file__!r})['killed_after']({str(tmp_path)!r}, {writes})"
        killed = subprocess.run([sys.executable, "-c", code], check=False)
        assert_same(history.measure(), truth)
        history.grow()
        truth = history.measure(remember=False)
        assert killed.returncode == (-signal.SIGKILL if writes < 40 else 0)
