"""What knowing and testing are worth, against truths that are known: the tables of docs/validation/decisions.md.

`python tools/validate_information.py 40` takes about three minutes: 40 simulated companies, 4,000 ideas.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import ndtr

from vitalfew.decide.information import information
from vitalfew.decide.options import Options
from vitalfew.decide.portfolio import best_portfolio
from vitalfew.decide.precision import Precision
from vitalfew.decide.tails import Tails, tails_of, with_tails
from vitalfew.decide.testing import Case, best_size
from vitalfew.decide.worth import PLACES, evsi, places_of, worth_of_tests

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LINES, FACTORS, DRAWS, MANY = 20, 5, 10_000, 100_000
TRAFFIC, HORIZON = 150.0, 52.0
IDEA_SD, IDEA_MEAN, IDEA_VALUE = 0.02, 0.0, 100.0
COSTS = {"half": 1.0, "twice": 4.0}
"""Cost of building by how it compares with the spread of the value of ideas."""


@dataclass(frozen=True)
class Company:
    """Candidates whose draws can be made anew: means and spreads of values, the prior of the weights, costs."""

    means: Floats
    spreads: Floats
    concentration: Floats
    costs: Floats

    @classmethod
    def of(cls, rng: np.random.Generator) -> Company:
        """A company of random candidates."""
        means = rng.normal(2, 3, (LINES, FACTORS))
        spreads, weights = rng.uniform(0.5, 4, (LINES, FACTORS)), rng.uniform(1, 6, FACTORS)
        return cls(means, spreads, weights, rng.lognormal(1.5, 0.6, LINES))

    @property
    def budget(self) -> float:
        """A third of all costs."""
        return float(self.costs.sum() / 3)

    def weights(self, rng: np.random.Generator, draws: int) -> Floats:
        """Draws of the weights, `(factors, draws)`."""
        return rng.dirichlet(self.concentration, draws).T

    def options(self, rng: np.random.Generator) -> Options:
        """What the tool sees of it."""
        swings = self.means[:, :, None] + self.spreads[:, :, None] * rng.standard_normal((LINES, FACTORS, DRAWS))
        return Options(
            tuple(f"line_{at}" for at in range(LINES)),
            tuple(f"factor_{at}" for at in range(FACTORS)),
            swings.astype(np.float32),
            self.weights(rng, DRAWS),
            np.repeat(self.costs[:, None], DRAWS, axis=1),
            self.budget,
            np.ones(LINES, dtype=bool),
        )

    def bought(self, values: Floats, plan: Floats) -> float:
        """Mean value of the best portfolio, or of the plan where that is better, `values` being `(lines, draws)`."""
        costs = np.repeat(self.costs[:, None], values.shape[1], axis=1)
        found = (best_portfolio(values, costs, self.budget) * values).sum(axis=0)
        return float(np.maximum(found, plan @ values).mean())

    def truths(self, rng: np.random.Generator) -> dict[str, float]:
        """What knowing each thing is worth, from exact conditional expectations over new draws."""
        share = self.concentration / self.concentration.sum()
        expected = self.means @ share
        plan = best_portfolio(expected[:, None], self.costs[:, None], self.budget)[:, 0].astype(np.float64)
        plain = float(plan @ expected)
        weights = self.weights(rng, MANY)
        swings = self.means[:, :, None] + self.spreads[:, :, None] * rng.standard_normal((LINES, FACTORS, MANY))
        known = {
            "everything": self.bought(np.einsum("lfd,fd->ld", swings, weights), plan),
            "all weights": self.bought(self.means @ weights, plan),
            "one weight": self.bought(self.means @ self._given_first(weights[0]), plan),
            "all effects": self.bought(np.einsum("lfd,f->ld", swings, share), plan),
            "effects of one line": self.bought(self._of_first(expected, swings[0], share), plan),
        }
        return {name: value - plain for name, value in known.items()}

    def _given_first(self, weight: Floats) -> Floats:
        """Mean weights given the first: the others keep their expected ratios (a property of the Dirichlet)."""
        rest = self.concentration[1:] / self.concentration[1:].sum()
        return np.vstack([weight, rest[:, None] * (1 - weight)])

    def _of_first(self, expected: Floats, swings: Floats, share: Floats) -> Floats:
        values = np.repeat(expected[:, None], swings.shape[1], axis=1)
        values[0] = share @ swings
        return values


def knowing(companies: int) -> Iterator[str]:
    """Estimates of what knowing is worth beside the truth."""
    rng = np.random.default_rng(1)
    found: dict[str, list[tuple[float, float, float]]] = {}
    for _ in range(companies):
        company = Company.of(rng)
        told = information(company.options(rng))
        if told is None:
            continue
        by_name = {
            "everything": ("everything", None),
            "all weights": ("weights", None),
            "one weight": ("weights", "factor_0"),
            "all effects": ("effects", None),
            "effects of one line": ("effects", "line_0"),
        }
        for name, truth in company.truths(rng).items():
            one = next(each for each in told.worths if (each.about, each.subject) == by_name[name])
            found.setdefault(name, []).append((one.worth, truth, one.error))
    yield "| knowing | truth, mean | estimate, mean | mean error | root mean square error | correlation |"
    yield "|---|---|---|---|---|---|"
    for name, rows in found.items():
        worth, truth, _ = np.array(rows).T
        off = worth - truth
        same = np.corrcoef(worth, truth)[0, 1]
        yield (
            f"| {name} | {truth.mean():.3f} | {worth.mean():.3f} | {off.mean():+.3f} | {np.sqrt((off**2).mean()):.3f} "
            f"| {same:.3f} |"
        )


def beliefs(rng: np.random.Generator) -> dict[str, Floats]:
    """Draws of an effect, of several shapes and the same spread."""
    normal, zero = rng.standard_normal(MANY), rng.integers(2, size=MANY) == 0
    heavy = rng.standard_t(3, MANY) / np.sqrt(3)
    return {
        "normal": normal,
        "normal, half of it no effect at all": np.where(zero, 0.0, np.sqrt(2) * normal),
        "t with 3 degrees of freedom": heavy,
        "skewed (exponential)": rng.exponential(size=MANY) - 1,
    }


def testing(ideas: int) -> Iterator[str]:
    """What tests are said to be worth beside what comes of deciding by simulated tests."""
    rng = np.random.default_rng(2)
    yield "| belief | se / sd | said | came of simulated tests | built, said | built | normal formula |"
    yield "|---|---|---|---|---|---|---|"
    for name, draws in beliefs(rng).items():
        for se in (0.3, 1.0, 3.0):
            rest = -0.3
            said = worth_of_tests(places_of(draws), 1.0, rest, [se])
            truth = rng.choice(draws, 10_000 * ideas)
            built = truth + se * rng.standard_normal(len(truth)) > said.hurdle[0]
            came = float((built * (truth + rest)).mean()) - max(float(draws.mean()) + rest, 0.0)
            yield (
                f"| {name} | {se:g} | {said.worth[0]:.4f} | {came:.4f} | {said.p_build[0]:.1%} | {built.mean():.1%} "
                f"| {evsi(rest, 1.0, se):.4f} |"
            )


def deciding(ideas: int) -> Iterator[str]:
    """What ways of deciding about ideas bring, per idea, after the cost of building and of waiting."""
    rng = np.random.default_rng(3)
    yield "| true effects | cost / sd of value | way | units per arm | weeks | built | net per idea |"
    yield "|---|---|---|---|---|---|---|"
    normal = IDEA_SD * rng.standard_normal(MANY)
    heavy, past = _heavy(rng, ideas), _heavy(rng, 80)
    tails = tails_of(past + 0.005 * rng.standard_normal(len(past)), np.full(len(past), 0.005))
    known = Precision(0.16, (TRAFFIC,) * 7, 0.0, "")
    usual = int(2 * 0.16 * (1.96 + 0.84) ** 2 / IDEA_SD**2)
    for name, truth in (("normal", IDEA_SD * rng.standard_normal(ideas)), ("t, 2.5 degrees of freedom", heavy)):
        for told, cost in COSTS.items():
            case = _case(places_of(normal), cost)
            ways = {"suggested": _suggested(rng, truth, case, known)}
            if name != "normal" and isinstance(tails, Tails):
                fat = _case(with_tails(normal, tails, PLACES), cost)
                ways["suggested, with the tails of 80 past effects"] = _suggested(rng, truth, fat, known)
            ways["significant at 80 % power for one sd"] = _fixed(rng, truth, case, known, usual)
            for way, result in ways.items():
                yield f"| {name} | {told} | {way} | {result} |"


def _heavy(rng: np.random.Generator, size: int) -> Floats:
    """Effects with fat tails whose middle 80 % are those of the normal."""
    return IDEA_SD * 1.2816 / 1.7 * rng.standard_t(2.5, size)


def _case(effects: Floats, cost: float) -> Case:
    return Case(effects, IDEA_VALUE, 0.0, cost, 0.0, HORIZON)


def _suggested(rng: np.random.Generator, truth: Floats, case: Case, known: Precision) -> str:
    size = best_size(case, known)
    if size.net <= 0:
        return "none | 0 | 0% | 0.000"  # nothing is expected to pay, and no test either
    return _tested(rng, truth, case, size.se, size.weeks or 0.0, size.hurdle, size.per_arm)


def _fixed(rng: np.random.Generator, truth: Floats, case: Case, known: Precision, per_arm: int) -> str:
    """The usual test: built when the estimate is significant at 5 % and pays."""
    se = float(known.errors(np.array([float(per_arm)]))[0])
    weeks = float(known.weeks(np.array([float(per_arm)]))[0])
    hurdle = max(1.96 * se, case.cost / case.slope)
    return _tested(rng, truth, case, se, weeks, hurdle, per_arm)


def _tested(
    rng: np.random.Generator, truth: Floats, case: Case, se: float, weeks: float, hurdle: float, per_arm: int
) -> str:
    built = truth + se * rng.standard_normal(len(truth)) > hurdle
    left = 1 - min(weeks / HORIZON, 1)
    net = (built * (left * case.slope * truth - case.cost)).mean()
    return f"{per_arm:,} | {weeks:.0f} | {built.mean():.1%} | {net:.3f}"


def closed_form() -> Iterator[str]:
    """One line that may be left: the closed form beside the draws."""
    rng = np.random.default_rng(4)
    exact = float(np.exp(-0.125) / np.sqrt(2 * np.pi) + 0.5 * ndtr(0.5)) - 0.5
    swings = (0.5 + rng.standard_normal((1, 1, DRAWS))).astype(np.float32)
    only = Options(("a",), ("f",), swings, np.ones((1, DRAWS)), np.ones((1, DRAWS)), 1.0, np.ones(1, dtype=bool))
    told = information(only)
    if told is not None:
        yield f"One line of mean 0.5 and sd 1 that may be left: {told.of('everything'):.4f}, closed form {exact:.4f}."


def main() -> None:
    """Print all tables."""
    companies = int(sys.argv[1]) if len(sys.argv) > 1 else 40
    for part in (closed_form(), knowing(companies), testing(companies), deciding(100_000)):
        print("\n".join(part), end="\n\n")


if __name__ == "__main__":
    main()
