"""How wrong a bare rank by scores is, and how right P(among the first) is: docs/validation/false-precision.md.

Run `.venv/bin/python tools/validate_false_precision.py`; some minutes. The first table needs seconds, the second
simulates sheets of ideas and asks `chances` about each.
"""

from __future__ import annotations

import argparse
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.classic_chances import chances, score_error

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Draw = Callable[[np.random.Generator, int], Floats]

IDEAS, TOP, SPREAD = 20, 5, math.log(3)
BINS = ((0.0, 0.1), (0.1, 0.3), (0.3, 0.5), (0.5, 0.7), (0.7, 0.9), (0.9, 1.0))


@dataclass(frozen=True, slots=True)
class World:
    """How true scores are spread and how inputs are off in a simulated sheet; what is assumed stays the default."""

    name: str
    ideas: int
    true: Draw
    factor: float = 1.5


def normal(random: np.random.Generator, ideas: int) -> Floats:
    """True scores that spread log-normally, one standard deviation a factor of 3."""
    return random.normal(4, SPREAD, ideas)


def heavy(random: np.random.Generator, ideas: int) -> Floats:
    """A few ideas far above the rest: log scores by Student's t with 3 degrees of freedom."""
    return np.asarray(4 + SPREAD / math.sqrt(3) * random.standard_t(3, ideas))


def narrow(random: np.random.Generator, ideas: int) -> Floats:
    """Ideas that hardly differ: one standard deviation a factor of 1.2."""
    return random.normal(4, math.log(1.2), ideas)


def skewed(random: np.random.Generator, ideas: int) -> Floats:
    """Half of the ideas next to worthless: two heaps, a factor of 20 apart."""
    return random.normal(4, SPREAD / 2, ideas) - 3 * random.integers(0, 2, ideas)


WORLDS = (
    World("as assumed, 8 ideas", 8, normal),
    World("as assumed, 20 ideas", 20, normal),
    World("as assumed, 100 ideas", 100, normal),
    World("hardly differ (a factor of 1.2)", 20, narrow),
    World("a few far above the rest (Student's t, 3 df)", 20, heavy),
    World("two heaps, a factor of 20 apart", 20, skewed),
    World("inputs off by 1.3 only", 20, normal, 1.3),
    World("inputs off by 2", 20, normal, 2.0),
)


def bare_rank(factor: float, sheets: int, seed: int = 1) -> tuple[float, float, float]:
    """P(the first is truly the best), overlap of the first five, and how many times too high the first score is."""
    random = np.random.default_rng(seed)
    true = random.normal(0, SPREAD, (sheets, IDEAS))
    seen = true + random.normal(0, score_error(4, factor), true.shape)
    first, rows = seen.argmax(axis=1), np.arange(sheets)
    top = [np.argsort(-each, axis=1)[:, :TOP] for each in (true, seen)]
    overlap = (top[0][:, :, None] == top[1][:, None, :]).any(axis=2).mean()
    inflated = np.median(np.exp((seen - true)[rows, first]))
    return float((first == true.argmax(axis=1)).mean()), float(overlap), float(inflated)


@dataclass(frozen=True, slots=True)
class Held:
    """Said and seen: chances of being among the first, whether it came so; scores shrunk and true of the first."""

    said: Floats
    came: Floats
    left: Floats
    covered: float

    def reliability(self) -> list[tuple[int, float, float] | None]:
        """Number, mean said and share seen in each bin."""
        found: list[tuple[int, float, float] | None] = []
        for low, high in BINS:
            among = (self.said >= low) & ((self.said < high) | (high == 1))
            few = among.sum() < 50  # noqa: PLR2004 - too few to be a share
            found.append(
                None if few else (int(among.sum()), float(self.said[among].mean()), float(self.came[among].mean()))
            )
        return found

    def brier(self) -> float:
        """Mean squared error of the chances."""
        return float(((self.said - self.came) ** 2).mean())


def simulate(world: World, sheets: int, seed: int = 2) -> Held:
    """Ask about many sheets of one world, with the error that is stated by default."""
    random = np.random.default_rng(seed)
    said, came, left, covered = [], [], [], []
    for sheet in range(sheets):
        true = world.true(random, world.ideas)
        seen = true + random.normal(0, score_error(4, world.factor), world.ideas)
        names = [str(at) for at in range(world.ideas)]
        held = chances(list(seen), [score_error(4)] * world.ideas, names, top=TOP, seed=sheet)
        first = int(seen.argmax())
        said.append(held.p_top)
        came.append((-true).argsort().argsort() < TOP)
        left.append(held.middle[first] - true[first])
        covered.append(held.low[first] <= true[first] <= held.high[first])
    return Held(np.concatenate(said), np.concatenate(came).astype(float), np.array(left), float(np.mean(covered)))


def main() -> None:
    """Print both tables as Markdown."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sheets", type=int, default=600)
    sheets = parser.parse_args().sheets
    print("| each input off by | first is truly best | overlap of the first five | first score too high |")
    print("|---|---|---|---|")
    for factor in (1.2, 1.5, 2.0):
        best, overlap, inflated = bare_rank(factor, 100_000)
        print(f"| a factor of {factor:g} | {best:.0%} | {overlap:.0%} | x {inflated:.1f} |")
    print("\n| world | " + " | ".join(f"said {low:.0%}-{high:.0%}" for low, high in BINS) + " | Brier | first | 80 % |")
    print("|---" * (len(BINS) + 4) + "|")
    for world in WORLDS:
        held = simulate(world, sheets)
        cells = ["-" if each is None else f"{each[1]:.2f} → {each[2]:.2f}" for each in held.reliability()]
        rest = f"{held.brier():.3f} | x {math.exp(np.median(held.left)):.2f} | {held.covered:.0%}"
        print(f"| {world.name} | {' | '.join(cells)} | {rest} |")


if __name__ == "__main__":
    main()
