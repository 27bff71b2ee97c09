"""Daybreak: a news application with three hundred experiments, on which planted links between metrics can be found.

More clicks on headlines look good and lose subscribers: the planted slope is negative, and a scatter plot of effects
shows none, for clicks and days subscribed vary together between readers.
"""

from __future__ import annotations

import csv
import json
from dataclasses import asdict, dataclass
from itertools import combinations
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.grades import GRADES
from vitalfew.simulate.acts import promised, write_acts
from vitalfew.simulate.company import DATA, definitions_of, new_company, templates
from vitalfew.simulate.metric_graph import BUSINESS, NAMES, SYSTEM, Planted, corpus, within_units
from vitalfew.simulate.recovery import Recovered, Recovery
from vitalfew.simulate.truth import FILE as TRUTH

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from vitalfew.results.rows import LinkRow, PredictedRow, Tables
    from vitalfew.simulate.acts import Quantiles

    Floats = NDArray[np.float64]

EXPERIMENTS = 300
LINKS = (0.5, 0.2, -0.3)
"""Planted slopes of days subscribed on the three metrics that move it, in standard deviations of readers."""
METRICS: Mapping[str, tuple[float, float]] = {
    "front_pages": (26.0, 14.0),
    "searches": (4.0, 5.0),
    "recommendations": (11.0, 9.0),
    "digests_opened": (7.0, 6.0),
    "topics_followed": (3.0, 2.5),
    "articles_saved": (2.0, 3.0),
    "alerts_opened": (9.0, 8.0),
    "newsletters": (5.0, 4.0),
    "articles_finished": (12.0, 8.0),
    "days_visited": (11.0, 7.0),
    "headline_clicks": (40.0, 22.0),
    "subscription_days": (19.0, 11.0),
}
"""Mean and standard deviation of each metric between readers, in the order of the planted graph."""
_KEYS = tuple(METRICS)
_USERS = 20_000
_USERS_OF_NEW = 100_000
_TOO_EARLY: Mapping[str, Mapping[str, float]] = {
    "breaking_alerts": {"alerts_opened": 0.10, "headline_clicks": 0.12},
    "evening_digest": {"digests_opened": 0.11, "days_visited": 0.066, "articles_finished": 0.07},
}
"""Two experiments whose effect on days subscribed is not known yet, with what they do, in standard deviations."""
_FORECASTS: Mapping[str, Mapping[str, Quantiles]] = {
    "alerts_bring_clicks": {"Ada": (1.0, 2.5, 4.5, 0.1), "Bo": (1.0, 2.0, 4.0, 0.1), "Cy": (0.5, 1.8, 3.5, 0.2)},
    "digest_brings_visits": {"Ada": (0.1, 0.4, 0.9, 0.1), "Bo": (0.0, 0.3, 0.8, 0.2), "Cy": (0.1, 0.3, 0.7, 0.2)},
}
"""What three people foretold of the two, in the unit of what they hoped to move."""
_FORETOLD_DAY = 420
"""Counted from the start of the simulated time; before both were begun."""


@dataclass(frozen=True, slots=True)
class DaybreakTruth:
    """What was planted, in the metrics' units.

    Attributes:
        slopes: of days subscribed and of days with a visit, by the key of the link.
        business: true effect on days subscribed of the experiments in which it is not known yet.
    """

    slopes: Mapping[str, float]
    business: Mapping[str, float]


def daybreak(folder: Path, seed: int = 1, experiments: int = EXPERIMENTS) -> DaybreakTruth:
    """Write the news application into a new or empty folder; the same seed gives the same bytes.

    A simulated company that lies there already is replaced.

    Args:
        folder: where to; made when absent.
        seed: any whole number from 0.
        experiments: how many, besides the two whose business effect is not known yet.

    Raises:
        UsageError: the folder holds something else.
    """
    with new_company(folder) as draft:
        return _written(draft, seed, experiments)


def _written(folder: Path, seed: int, experiments: int) -> DaybreakTruth:
    for file in templates("daybreak"):
        (folder / file.name).write_bytes(file.read_bytes())
    rng = np.random.default_rng(seed)
    drawn = corpus(Planted(experiments=experiments, users=_USERS, links=LINKS), rng)
    rows = [
        (f"experiment_{at + 1:03}", effects, noise * weight, users)
        for at, (effects, noise, weight, users) in enumerate(
            zip(drawn.effects, drawn.noise, drawn.weights, drawn.users, strict=True)
        )
    ]
    truth = {key: _true_effects(moved) for key, moved in _TOO_EARLY.items()}
    rows += [_not_known_yet(rng, key, effects) for key, effects in truth.items()]
    _write(folder / DATA / "experiments.csv", _arms(rows))
    _write(folder / DATA / "covariances.csv", _covariances(rows))
    defined = definitions_of("daybreak")
    said = [act for key, forecasts in _FORECASTS.items() for act in promised(defined, key, forecasts, _FORETOLD_DAY)]
    write_acts(folder, sorted(said, key=lambda act: act.at), seed)
    found = DaybreakTruth(
        {
            **{link: _slope(at, BUSINESS, LINKS[at - SYSTEM[0]]) for link, at in zip(_TO_DAYS, SYSTEM, strict=True)},
            **{link: _slope(at, SYSTEM[1], slope) for link, at, slope in _TO_VISITS},
        },
        {key: float(effects[BUSINESS]) * METRICS[_KEYS[BUSINESS]][1] for key, effects in truth.items()},
    )
    (folder / TRUTH).write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    return found


def daybreak_recovery(truth: DaybreakTruth, tables: Tables) -> Recovery:
    """Hold the links and foreseen effects of a run against what was planted, item by item."""
    found = {row.link: row for row in tables.links}
    items = [_link_item(key, slope, found.get(key)) for key, slope in truth.slopes.items()]
    ranked = sorted(tables.predicted, key=lambda row: -GRADES.index(row.grade))  # the strongest is taken last
    foreseen = {row.experiment: row for row in ranked if row.metric == _KEYS[BUSINESS]}
    items += [_foreseen_item(key, effect, foreseen.get(key)) for key, effect in truth.business.items()]
    inside = [item.ok for item in items]
    return Recovery(tuple(items), len(inside), sum(inside))


def _link_item(key: str, slope: float, row: LinkRow | None) -> Recovered:
    ends = key.replace("_", " ") if row is None else f"{row.parent} to {row.child}".replace("_", " ")
    name, planted = f"Link: {ends}", f"{slope:+.3f}"
    if row is None or row.estimate is None or row.low is None or row.high is None:
        return Recovered(name, planted, "not identified", ok=False)
    naive = f"; a scatter plot says {row.naive.estimate:+.3f}" if row.naive else ""
    told = f"{row.estimate:+.3f} ({row.low:.3f} to {row.high:.3f}){naive}"
    return Recovered(name, planted, told, row.low <= slope <= row.high)


def _foreseen_item(key: str, effect: float, row: PredictedRow | None) -> Recovered:
    name, planted = f"Foreseen: {key.replace('_', ' ')}", f"{effect:+.3f} days subscribed"
    if row is None or row.predicted.low is None or row.predicted.high is None:
        return Recovered(name, planted, "not foreseen", ok=False)
    low, high = row.predicted.low, row.predicted.high
    right = low <= effect <= high and (row.p_positive > 0.5) == (effect > 0)  # noqa: PLR2004 - more likely than not
    return Recovered(name, planted, f"{row.predicted.estimate:+.3f} ({low:.3f} to {high:.3f})", right)


_TO_DAYS = ("finished_to_days", "visits_to_days", "clicks_to_days")
_TO_VISITS = (("digest_to_visits", 3, 0.60), ("topics_to_visits", 4, 0.45), ("saved_to_visits", 5, 0.40))

type _Row = tuple[str, Floats, Floats, NDArray[np.int64]]


def _slope(parent: int, child: int, slope: float) -> float:
    """A slope in standard deviations, in the metrics' units."""
    return slope * METRICS[_KEYS[child]][1] / METRICS[_KEYS[parent]][1]


def _true_effects(moved: Mapping[str, float]) -> Floats:
    """Effects on some metrics, and what follows from them for days subscribed, in standard deviations, `(12,)`."""
    effects = np.array([moved.get(metric, 0.0) for metric in METRICS])
    effects[BUSINESS] = effects[list(SYSTEM)] @ np.array(LINKS)
    return effects


def _not_known_yet(rng: np.random.Generator, key: str, effects: Floats) -> _Row:
    within, users = within_units(), np.array([_USERS_OF_NEW, _USERS_OF_NEW])
    seen = effects + rng.multivariate_normal(np.zeros(len(NAMES)), within * 2 / _USERS_OF_NEW)
    seen[BUSINESS] = np.nan
    return key, seen, within, users


def _arms(rows: list[_Row]) -> Iterator[tuple[object, ...]]:
    yield ("experiment", "metric", "n_c", "mean_c", "variance_c", "n_t", "mean_t", "variance_t")
    for key, effects, within, users in rows:
        for at, (metric, (mean, sd)) in enumerate(METRICS.items()):
            if np.isfinite(effects[at]):
                variance = f"{within[at, at] * sd**2:.10g}"
                after = f"{mean + effects[at] * sd:.12g}"
                yield key, metric, users[1], f"{mean:.12g}", variance, users[0], after, variance


def _covariances(rows: list[_Row]) -> Iterator[tuple[object, ...]]:
    yield ("experiment", "first", "second", "cov_c", "cov_t")
    for key, effects, within, _ in rows:
        for i, j in combinations(range(len(_KEYS)), 2):
            if np.isfinite(effects[i] + effects[j]):
                both = f"{within[i, j] * METRICS[_KEYS[i]][1] * METRICS[_KEYS[j]][1]:.10g}"
                yield key, _KEYS[i], _KEYS[j], both, both


def _write(path: Path, rows: Iterator[tuple[object, ...]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file, lineterminator="\n").writerows(rows)
