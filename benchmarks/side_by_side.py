"""Runs plans in processes of their own, in turns, and prints seconds, ratio and peak memory side by side."""

from __future__ import annotations

import importlib
import multiprocessing
import resource
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Plan = Callable[[Path], object]

# What a user's process has loaded by the time it measures; engines and trees are not what is compared.
LOADED = ("sqlglot.dialects.duckdb", "vitalfew.warehouse.duckdb_engine", "vitalfew.warehouse.events")
MEGABYTE = 1024  # ru_maxrss counts kilobytes on Linux


def compare(title: str, plans: Mapping[str, Plan], folder: Path, *, rounds: int = 3) -> None:
    """Time each plan `rounds` times, the first plan being the yardstick; the best time of each counts."""
    seconds: dict[str, list[float]] = {name: [] for name in plans}
    memory: dict[str, float] = dict.fromkeys(plans, 0.0)
    for _ in range(rounds):
        for name, plan in plans.items():
            took, peak = _alone(plan, folder)
            seconds[name].append(took)
            memory[name] = max(memory[name], peak)
    yardstick = min(next(iter(seconds.values())))
    print(f"\n{title}")
    print(f"{'plan':<44}{'seconds':>9}{'ratio':>8}{'peak MB':>9}   all runs")
    for name, times in seconds.items():
        runs = " ".join(f"{took:.2f}" for took in times)
        print(f"{name:<44}{min(times):>9.2f}{min(times) / yardstick:>8.2f}{memory[name]:>9.0f}   {runs}")


def _alone(plan: Plan, folder: Path) -> tuple[float, float]:
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_run, args=(plan, folder, sender))
    process.start()
    sender.close()
    took, peak = receiver.recv()
    process.join()
    return float(took), float(peak)


def _run(plan: Plan, folder: Path, sender: multiprocessing.connection.Connection) -> None:
    for name in LOADED:
        importlib.import_module(name)
    began = time.perf_counter()
    plan(folder)
    took = time.perf_counter() - began
    sender.send((took, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / MEGABYTE))
