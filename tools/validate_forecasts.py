"""What calibrating forecasts is worth, and how soon a record tells forecasters apart, in simulated organisations.

Prints the tables of docs/validation/forecasts.md; `python tools/validate_forecasts.py` takes some minutes.
"""

from __future__ import annotations

import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.judgement.calibration import calibrated, drawn_calibration
from vitalfew.judgement.calibration_fit import SLOPE, SLOPE_SD, fit, prior_rows
from vitalfew.judgement.combining import shares, track_weights
from vitalfew.judgement.metalog import sample
from vitalfew.judgement.promises import combine
from vitalfew.judgement.record import Quantiles, Resolved
from vitalfew.judgement.scores import crps

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

DRAWS = 1_000
CANDIDATES, CHOSEN = 40, 10
RESOLVED = (0, 10, 20, 40, 80)
ENOUGH = 10
Z80 = 1.2815515655446004


@dataclass(frozen=True)
class World:
    """How effects and forecasts come about, in ranges of a factor; nothing here follows the model that is fitted.

    `nothing` of all changes do nothing, of the others `good` help; sizes are of a t distribution with four degrees of
    freedom. A forecaster sees the effect behind noise of sd `noise`, adds `hope`, and gives ranges `width` times as
    wide as that noise. `others`: noise and hope of a second team, which has half of all initiatives.
    """

    title: str
    nothing: float = 0.5
    good: float = 0.6
    size: float = 0.1
    noise: float = 0.1
    hope: float = 0.05
    width: float = 0.6
    se: float = 0.03
    doubt: float = 0.2
    others: tuple[float, float] | None = None


WORLDS = (
    World("usual: half do nothing, hope, narrow ranges"),
    World("good forecasters", noise=0.03, hope=0.0, width=1.0),
    World("forecasts that know nothing", noise=0.3, hope=0.1),
    World("nearly all changes help", nothing=0.1, good=0.9, hope=0.0),
    World("ranges far too wide", width=3.0),
    World("coarse measurements", se=0.1),
    World("one team sees, another hopes", noise=0.05, hope=0.0, others=(0.2, 0.1)),
)


def happened(world: World, count: int, rng: np.random.Generator) -> tuple[list[Quantiles], Floats]:
    """Forecasts, and what truly comes of them; of two teams in turn where there are two."""
    sign = np.where(rng.uniform(size=count) < world.good, 1, -1)
    truth = np.where(rng.uniform(size=count) < world.nothing, 0.0, sign * np.abs(rng.standard_t(4, count)) * world.size)
    own = (world.noise, world.hope)
    noise, hope = np.array([own if at % 2 == 0 else world.others or own for at in range(count)]).reshape(count, 2).T
    middle = truth + hope + noise * rng.standard_normal(count)
    reach = Z80 * world.width * noise
    said = np.column_stack([middle - reach, middle, middle + reach]).tolist()
    return [Quantiles(low, m, high, world.doubt) for low, m, high in said], truth


def team_of(world: World, at: int) -> str:
    """The team of an initiative."""
    return f"team{at % 2}" if world.others else "team"


def record(world: World, count: int, rng: np.random.Generator) -> list[Resolved]:
    """Resolved promises of an organisation."""
    said, truth = happened(world, count, rng)
    measured = (truth + world.se * rng.standard_normal(count)).tolist()
    return [Resolved(f"h{at}", team_of(world, at), said[at], measured[at], world.se) for at in range(count)]


@dataclass(frozen=True)
class Curse:
    """The ten that look best: what was predicted of them and what came, and how many intervals held the truth."""

    predicted: float
    delivered: float
    held: float


def best_ten(world: World, resolved: int, runs: int, *, calibrate: bool, seed: int = 1) -> Curse:
    """Choose ten of forty by expected value, after so many resolved promises."""
    rng = np.random.default_rng(seed)
    predicted, delivered, held = [], [], []
    for run in range(runs):
        past = record(world, resolved, rng)
        said, truth = happened(world, CANDIDATES, rng)
        rows = fit(past).rows() if resolved >= ENOUGH else prior_rows()
        known = drawn_calibration(rows, run, DRAWS)
        drawn = np.empty((CANDIDATES, DRAWS))
        for at, forecast in enumerate(said):
            drawn[at] = sample(forecast, rng.uniform(1e-12, 1, DRAWS))
            noise = rng.standard_normal(DRAWS)
            if calibrate:
                drawn[at] = calibrated(
                    drawn[at : at + 1], [forecast], known, scales=[1.0], team=team_of(world, at), noise=noise
                )[0]
        expected = drawn.mean(axis=1)
        best = np.argsort(-expected)[:CHOSEN]
        predicted.append(expected[best].sum())
        delivered.append(truth[best].sum())
        low, high = np.quantile(drawn, (0.1, 0.9), axis=1)
        held.append(((low <= truth) & (truth <= high)).mean())
    return Curse(float(np.mean(predicted)), float(np.mean(delivered)), float(np.mean(held)))


@dataclass(frozen=True)
class Team:
    """A team whose outcomes follow the model: so much of what it forecasts comes, and ranges are so much too narrow.

    `slope` None: drawn for each record as the prior says.
    """

    title: str
    slope: float | None
    stretch: float = 1.0


TEAMS = (
    Team("perfect", 1.0),
    Team("half right", 0.5),
    Team("useless", 0.0),
    Team("half right, narrow", 0.5, 2.0),
    Team("as the prior says", None),
)


def measured_team(slope: float, stretch: float, count: int, rng: np.random.Generator) -> list[Resolved]:
    """Resolved promises of one team, of 3 to 40 % of a range."""
    se = 0.03
    found = []
    for at in range(count):
        middle = float(rng.uniform(0.03, 0.4))
        said = Quantiles(0.5 * middle, middle, 1.5 * middle, 0.1)
        blank = Resolved(f"h{at}", "team", said, 0.0, se)
        own, noise = rng.standard_normal(2).tolist()
        came = slope * blank.mean + stretch * blank.sd * own + se * noise
        found.append(Resolved(blank.hypothesis, "team", said, came, se))
    return found


@dataclass(frozen=True)
class Recovery:
    """Mean slope found, share of 80 % intervals that hold it, spread around forecasts found over the true one.

    `possible`: share of records whose interval holds that all, half, or nothing of what is forecast comes.
    """

    slope: float
    held: float
    spread: float
    possible: tuple[float, float, float]


def recovery(team: Team, count: int, runs: int, seed: int = 2) -> Recovery:
    """Fit records of one team."""
    rng = np.random.default_rng(seed)
    slopes, held, spreads, possible = [], [], [], []
    for _ in range(runs):
        true = float(rng.normal(SLOPE, SLOPE_SD)) if team.slope is None else team.slope
        resolved = measured_team(true, team.stretch, count, rng)
        found = fit(resolved, apart=False)
        low, high = found.slope.low or 0.0, found.slope.high or 0.0
        usual = float(np.mean([each.sd**2 for each in resolved])) ** 0.5
        slopes.append(found.slope.estimate)
        held.append(low <= true <= high)
        spreads.append(np.hypot(found.typical_stretch * usual, found.typical_surprise) / (team.stretch * usual))
        possible.append([low <= kind <= high for kind in (1.0, 0.5, 0.0)])
    all_, half, nothing = np.mean(possible, axis=0).tolist()
    return Recovery(float(np.mean(slopes)), float(np.mean(held)), float(np.mean(spreads)), (all_, half, nothing))


PEOPLE = {
    "all alike": (0.08, 0.08, 0.08, 0.08),
    "somewhat different": (0.06, 0.08, 0.08, 0.12),
    "very different": (0.03, 0.06, 0.1, 0.2),
}
"""Four people by how far their medians lie from what comes (sd); half of each variance is shared, as talk makes it."""


def combining(spreads: Sequence[float], verdicts: int, runs: int, seed: int = 3) -> tuple[float, float]:
    """Mean CRPS of the next combined forecasts over that with equal weights: by record, and by the best alone."""
    rng = np.random.default_rng(seed)
    alike, by_record, best = [], [], []
    for _ in range(runs):
        weights = track_weights([each for at in range(verdicts) for each in _answers(spreads, at, rng)])
        top = max(weights, key=lambda person: weights[person])
        for each in (_answers(spreads, at, rng) for at in range(10)):
            bodies = [asdict(one.forecast) for one in each]
            came = each[0].outcome
            alike.append(crps(combine(bodies), came))
            by_record.append(crps(combine(bodies, shares([one.group for one in each], weights)), came))
            best.append(next(one.crps for one in each if one.group == top))
    return float(np.mean(by_record) / np.mean(alike)), float(np.mean(best) / np.mean(alike))


def _answers(spreads: Sequence[float], at: int, rng: np.random.Generator) -> list[Resolved]:
    came, talk = float(rng.normal(0.1, 0.1)), float(rng.standard_normal())
    found = []
    for person, spread in enumerate(spreads):
        middle = came + spread * (talk + float(rng.standard_normal())) / 2**0.5
        reach = Z80 * spread
        said = Quantiles(middle - reach, middle, middle + reach, 0.0)
        found.append(Resolved(f"h{at}", str(person), said, came, 0.0))
    return found


def combining_table(runs: int) -> str:
    """What weights by record gain."""
    rows = [_line("people", "verdicts", "by record", "the best alone"), _line(*["---"] * 4)]
    for people, spreads in PEOPLE.items():
        for verdicts in RESOLVED[1:]:
            by_record, best = combining(spreads, verdicts, runs)
            rows.append(_line(people, str(verdicts), f"{by_record:.2f}", f"{best:.2f}"))
    return "\n".join(rows)


def curse_table(runs: int) -> str:
    """The ten that look best, before and after calibration."""
    heads = ("world", "resolved", "predicted, as forecast", "came", "predicted, calibrated", "came")
    rows = [_line(*heads, "80 % ranges hold, as forecast", "calibrated"), _line(*["---"] * 8)]
    for world in WORLDS:
        for resolved in RESOLVED:
            raw, ours = (best_ten(world, resolved, runs, calibrate=on) for on in (False, True))
            values = (raw.predicted, raw.delivered, ours.predicted, ours.delivered)
            cells = (*(f"{value:.2f}" for value in values), f"{raw.held:.0%}", f"{ours.held:.0%}")
            rows.append(_line(world.title, str(resolved), *cells))
    return "\n".join(rows)


def recovery_table(runs: int) -> str:
    """How well slope and spread are found, and how soon kinds of teams are told apart."""
    heads = ("team", "resolved", "slope found", "intervals that hold it", "spread found / true")
    rows = [_line(*heads, "may deliver all", "half", "nothing"), _line(*["---"] * 8)]
    for team in TEAMS:
        for count in RESOLVED[1:]:
            found = recovery(team, count, runs)
            slope = "–" if team.slope is None else f"{found.slope:.2f}"
            cells = (slope, f"{found.held:.0%}", f"{found.spread:.2f}", *(f"{share:.0%}" for share in found.possible))
            rows.append(_line(team.title, str(count), *cells))
    return "\n".join(rows)


def _line(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def main(runs: int) -> None:
    """Print the tables."""
    for table in (curse_table(runs), recovery_table(2 * runs), combining_table(runs)):
        print(f"{table}\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200)
