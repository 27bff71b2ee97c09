"""Print what the small demo and the healthy company show over many seeds: the tables of docs/validation/demo.md."""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))

from acceptance.seeds import Outcome, outcomes
from vitalfew.stats.percent import percent


def demo_table(found: list[Outcome]) -> list[str]:
    """Coverage of planted effects, and how often each planted item is found."""
    effects, covered = sum(each.effects for each in found), sum(each.covered for each in found)
    right = Counter(item for each in found for item in each.right)
    names = dict.fromkeys(item for each in found for item in (*each.right, *each.wrong))
    rows = [f"| {name} | {right[name]} of {len(found)} |" for name in names]
    return [
        f"95 % intervals cover the planted effect in {covered:,} of {effects:,} cases:",
        f"{percent(covered / effects, 2)}.",
        "",
        "| planted | found |",
        "|---|---|",
        *rows,
    ]


def healthy_table(found: list[Outcome]) -> list[str]:
    """How many findings a company raises in which nothing is wrong."""
    counted = Counter(len(each.findings) for each in found)
    rows = [f"| {number} | {counted[number]} |" for number in sorted(counted)]
    return ["| findings | seeds |", "|---|---|", *rows]


if __name__ == "__main__":
    seeds = range(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
    print("\n".join([*demo_table(outcomes("demo", seeds)), "", *healthy_table(outcomes("healthy", seeds))]))
