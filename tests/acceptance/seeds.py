"""Many simulated companies, each made, run and held against its truth; two processes at a time."""

from __future__ import annotations

import multiprocessing
import shutil
import tempfile
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable

    from vitalfew.simulate.plan import Size

Company = Literal["demo", "healthy"]

PROCESSES = 2


@dataclass(frozen=True)
class Outcome:
    """What one run recovered of one seed's truth."""

    seed: int
    effects: int
    covered: int
    right: tuple[str, ...]
    wrong: tuple[str, ...]
    findings: tuple[str, ...]
    failed: tuple[str, ...]


def outcome(company: Company, seed: int, size: Size = "small") -> Outcome:
    """Make a company, run it, hold the run against its truth."""
    from vitalfew import simulate
    from vitalfew.pipeline import run
    from vitalfew.workspace import load

    folder = Path(tempfile.mkdtemp(prefix="vitalfew-seed-"))
    try:
        make = simulate.demo if company == "demo" else simulate.healthy
        truth = make(folder, seed=seed, size=size)
        tables = run(load(folder), keep=False).tables
    finally:
        shutil.rmtree(folder)
    found = simulate.recovery(truth, tables)
    return Outcome(
        seed=seed,
        effects=found.effects,
        covered=found.covered,
        right=tuple(item.item for item in found.items if item.ok),
        wrong=tuple(item.item for item in found.items if not item.ok),
        findings=tuple(f"{row.requirement} {row.subject}: {row.message}" for row in tables.findings),
        failed=tuple(f"{row.stage} {row.item}: {row.reason}" for row in tables.failed if not row.remark),
    )


def outcomes(company: Company, seeds: Iterable[int]) -> list[Outcome]:
    """Outcomes of the small version of a company with many seeds, in their order."""
    wanted = list(seeds)
    with ProcessPoolExecutor(PROCESSES, mp_context=multiprocessing.get_context("spawn")) as pool:
        return list(pool.map(outcome, [company] * len(wanted), wanted, chunksize=4))
