"""Runs plans in processes of their own, in turns, and prints seconds, ratios and peak memory side by side."""

from __future__ import annotations

import importlib
import multiprocessing
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    Plan = Callable[[Path], object]
    Used = tuple[float, float, float]

# What a user's process has loaded by the time it measures; start-up is not what is compared.
LOADED = (
    "pyarrow.compute",
    "sqlglot.dialects.duckdb",
    "vitalfew.warehouse.duckdb_engine",
    "vitalfew.warehouse.events",
    "scipy.special",
)
MEGABYTE = 1024  # /proc counts kilobytes
GLANCE = 0.02  # seconds between two looks at the memory in use


def compare(title: str, plans: Mapping[str, Plan], folder: Path, *, rounds: int = 3, cold: bool = False) -> None:
    """Run each plan `rounds` times, the first plan being the yardstick; the best run of each counts.

    Seconds on the clock suffer from whatever else the machine does; seconds of processor time hardly do. Memory is what
    the process has for itself, without pages of files, which the system takes back when it needs them. From a `cold`
    start, imports count, those of the plan's own module aside.
    """
    runs: dict[str, list[Used]] = {name: [] for name in plans}
    for _ in range(rounds):
        for name, plan in plans.items():
            runs[name].append(_alone(plan, folder, cold))
    clock, processor = (min(run[at] for run in next(iter(runs.values()))) for at in (0, 1))
    print(f"\n{title}")
    print(f"{'plan':<36}{'seconds':>9}{'ratio':>7}{'processor s':>13}{'ratio':>7}{'peak MB':>9}")
    for name, used in runs.items():
        seconds, busy, peak = min(run[0] for run in used), min(run[1] for run in used), max(run[2] for run in used)
        print(f"{name:<36}{seconds:>9.2f}{seconds / clock:>7.2f}{busy:>13.2f}{busy / processor:>7.2f}{peak:>9.0f}")


def _alone(plan: Plan, folder: Path, cold: bool) -> Used:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(plan, folder, sender, cold))
    process.start()
    sender.close()
    seconds, busy, peak = receiver.recv()
    process.join()
    return float(seconds), float(busy), float(peak)


def _run(plan: Plan, folder: Path, sender: multiprocessing.connection.Connection, cold: bool) -> None:
    duckdb.execute("SET enable_progress_bar = false")
    for name in () if cold else LOADED:
        importlib.import_module(name)
    peak = [0.0]
    threading.Thread(target=_watch, args=(peak,), daemon=True).start()
    began, busy = time.perf_counter(), time.process_time()
    plan(folder)
    used = time.perf_counter() - began, time.process_time() - busy
    sender.send((*used, peak[0]))


def _watch(peak: list[float]) -> None:
    while True:
        with Path("/proc/self/status").open() as status:
            found = next(line for line in status if line.startswith("RssAnon"))
        peak[0] = max(peak[0], int(found.split()[1]) / MEGABYTE)
        time.sleep(GLANCE)
