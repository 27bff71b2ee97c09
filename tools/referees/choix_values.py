"""What choix answers to sets with a best choice, and to pairs; run where it is installed.

Run `PYTHONPATH=tools python -m referees.choix_values`.

It fits the same logit model of a best choice by maximum likelihood (Maystre & Grossglauser 2015). Its answers are kept
as a table, so that nobody needs it to run the tests.
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from random import Random

import choix  # type: ignore[import-not-found] # installed apart from the project
import numpy as np

TABLE = Path(__file__).parents[2] / "tests" / "judgement" / "referees" / "choix.json"
CASES = {"sets of four of six": (6, 4, 400), "sets of five of twelve": (12, 5, 900), "pairs of eight": (8, 2, 600)}


def main() -> None:
    """Compute and write."""
    found = {}
    for number, (name, (items, shown, sets)) in enumerate(CASES.items()):
        screens = answers(number, items, shown, sets)
        wins = [(best, [item for item in among if item != best]) for among, best in screens]
        fitted = choix.opt_top1(items, wins, alpha=0.0, tol=1e-10)
        shares = np.exp(fitted - fitted.max())
        found[name] = {"screens": screens, "shares": (100 * shares / shares.sum()).tolist()}
    made_with = {"python": platform.python_version()} | {key: version(key) for key in ("choix", "numpy", "scipy")}
    TABLE.parent.mkdir(exist_ok=True)
    TABLE.write_text(json.dumps({"referee": "choix", "made_with": made_with, "answers": found}, sort_keys=True) + "\n")


def answers(seed: int, items: int, shown: int, sets: int) -> list[tuple[list[int], int]]:
    """Sets at random, and in each the best by true utilities from -1 to 1 with extreme-value noise."""
    random = Random(seed)  # noqa: S311 - data of a test, not a secret
    noise = np.random.default_rng(seed)
    screens = []
    for _ in range(sets):
        among = random.sample(range(items), shown)
        utility = [2 * item / (items - 1) - 1 + float(noise.gumbel()) for item in among]
        screens.append((among, among[utility.index(max(utility))]))
    return screens


if __name__ == "__main__":
    main()
