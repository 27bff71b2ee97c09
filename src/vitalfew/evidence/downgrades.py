"""How strong the evidence for a link is, and every reason why it is weaker than the numbers alone would say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.evidence.grades import GRADES
from vitalfew.evidence.roles import sign_of
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.workspace.definitions import Definitions, Grade

    Floats = NDArray[np.float64]

IDENTIFIED, ESTIMATED = 2.0, 4.0
"""Strength z from which a link is told at all, and from which it counts as an estimate."""
FEWEST, PER_PARENT = 10, 5
"""Experiments below which a link is not told however strongly they moved its parent, and more for every other one."""
MANY = 30
"""Experiments, losers among them, that make a link as good as replicated."""
MOSTLY = 0.6
"""Share of results that won above which the losers are probably missing."""
SIGNIFICANT = 0.05
_LEAST = "correlated"  # what was estimated is never less than that
_Z95 = 1.959963984540054
_FEWEST_RESULTS = 10
_BY_CHANCE = 0.05  # of so many wins of one metric when half of all experiments win
_EDGE, _EDGE_BY_CHANCE = 0.5, 0.005  # width in standard errors beside significance, and p-value of a cliff there
_FEWEST_LOST = 5
_LOST, _FAULTY = 0.25, 0.1  # shares of experiments that started and have no result; that failed a trust test


@dataclass(frozen=True, slots=True)
class Doubts:
    """Why all links of a corpus are weaker than they look; empty where there is no such reason.

    Attributes:
        winners: signs that experiments without success are missing.
        faulty: that many experiments failed their trust tests.
        redefined: metrics that were not measured alike everywhere, with how.
    """

    winners: str | None
    faulty: str | None
    redefined: dict[str, str]

    def about(self, metrics: Iterable[str]) -> tuple[str, ...]:
        """The doubts about links between some metrics."""
        changed = [self.redefined[metric] for metric in metrics if metric in self.redefined]
        return tuple(filter(None, (self.winners, self.faulty, *changed)))


def doubts(definitions: Definitions, corpus: EffectCorpus) -> Doubts:
    """Look for what no estimator can correct: chosen experiments, faulty ones, metrics that changed their meaning."""
    return Doubts(_winners(definitions, corpus), _faulty(corpus), _redefined(definitions, corpus))


def fewest(parents: int) -> int:
    """Experiments that so many parents of one child take, however strongly these were moved."""
    return FEWEST + PER_PARENT * (parents - 1)


def grade_of_link(z: float, experiments: int, reasons: Sequence[str]) -> Grade:
    """*Replicated* from z above 4 and 30 experiments on, else *tested*; a step weaker for every reason and weak z."""
    steps = 0 if z > ESTIMATED and experiments >= MANY else 1
    steps += len(reasons) + (z <= ESTIMATED)
    return GRADES[min(steps, GRADES.index(_LEAST))]


def bypassed(p_value: float | None, child: str) -> str | None:
    """The doubt that a bypass test raises."""
    if p_value is None or p_value >= SIGNIFICANT:
        return None
    return (
        f"bypass: changes also reach {child} round these parents, together with them (p {p_value:.2g}): the slopes"
        " include that, and a parent is probably missing"
    )


# Winners only ------------------------------------------------------------------------------------------------------


def _winners(definitions: Definitions, corpus: EffectCorpus) -> str | None:
    found = _mostly_won(definitions, corpus) or _cliff(definitions, corpus) or _never_told(definitions, corpus)
    if found is None:
        return None
    return f"selection: {found}. Experiments that lost seem to be missing, and slopes from winners alone are biased"


def _mostly_won(definitions: Definitions, corpus: EffectCorpus) -> str | None:
    won = _t(corpus) * [sign_of(definitions, metric) for metric in corpus.metrics] > _Z95
    measured = np.isfinite(corpus.effects)
    primary = np.zeros_like(measured)
    for k, rows in enumerate(corpus.rows):
        for g, metric in enumerate(corpus.metrics):
            primary[k, g] = metric in rows and rows[metric].role == "primary"
    results = int((primary & measured).sum())
    wins = int((won & primary & measured).sum())
    if results >= _FEWEST_RESULTS and wins > MOSTLY * results:
        return f"{wins} of {results} primary results are significant gains"
    every, good = measured.sum(axis=0), (won & measured).sum(axis=0)
    shares = np.where(every >= _FEWEST_RESULTS, good / np.maximum(every, 1), 0.0)
    for g in np.argsort(-shares, kind="stable")[:1].tolist():
        if shares[g] > MOSTLY and _chance(int(good[g]), int(every[g])) < _BY_CHANCE:
            return f"{good[g]} of {every[g]} results on {_title(definitions, corpus.metrics[g])} are significant gains"
    return None


def _cliff(definitions: Definitions, corpus: EffectCorpus) -> str | None:
    """Results that end where significance does (caliper test: Gerber & Malhotra 2008, Sociol. Methods Res. 37)."""
    beyond = np.abs(_t(corpus)) - _Z95
    for g, metric in enumerate(corpus.metrics):
        above = int(((beyond[:, g] >= 0) & (beyond[:, g] < _EDGE)).sum())
        below = int(((beyond[:, g] < 0) & (beyond[:, g] >= -_EDGE)).sum())
        if _chance(above, above + below) < _EDGE_BY_CHANCE / len(corpus.metrics):
            about = f"of the results on {_title(definitions, metric)} beside the limit of significance"
            return f"{about} {above} lie above it and {below} below"
    return None


def _never_told(definitions: Definitions, corpus: EffectCorpus) -> str | None:
    """Experiments that started before others which have results, and have none themselves."""
    if corpus.kind == "releases":
        return None
    told = {*corpus.experiments, *(key for key, _ in corpus.refused)}
    started = {key: found.start for key, found in definitions.experiments.items() if found.start is not None}
    latest = max((start for key, start in started.items() if key in told), default=None)
    due = [key for key, start in started.items() if latest is not None and start < latest]
    lost = [key for key in due if key not in told]
    if len(lost) < max(_FEWEST_LOST, _LOST * len(due)):
        return None
    have = "has" if len(lost) == 1 else "have"
    return f"{len(lost)} of {len(due)} experiments that were started {have} no results ({listed(sorted(lost), 3)})"


def _title(definitions: Definitions, metric: str) -> str:
    return definitions.title("metrics", metric)


def _t(corpus: EffectCorpus) -> Floats:
    with np.errstate(all="ignore"):
        found: Floats = corpus.effects / np.sqrt(np.diagonal(corpus.noise, axis1=1, axis2=2))
    return found


def _chance(wins: int, results: int) -> float:
    """Probability of at least so many heads of a fair coin."""
    from scipy.special import bdtrc

    return float(bdtrc(wins - 1, results, 0.5)) if wins > 0 else 1.0


# Faulty experiments and metrics that changed -----------------------------------------------------------------------


def _faulty(corpus: EffectCorpus) -> str | None:
    faulty = [key for key, reason in corpus.refused if reason.startswith("failed a trust test")]
    every = len(set(corpus.experiments)) + len(faulty)
    if len(faulty) <= _FAULTY * every:
        return None
    return (
        f"trust: {len(faulty)} of {every} experiments failed a trust test and"
        f" {'was' if len(faulty) == 1 else 'were'} left out; the cause may have touched the others"
    )


def _redefined(definitions: Definitions, corpus: EffectCorpus) -> dict[str, str]:
    """Metrics with several versions, or that are measured in some experiments and only reported of others."""
    found: dict[str, str] = {}
    for metric in corpus.metrics:
        rows = [(k, row[metric]) for k, row in enumerate(corpus.rows) if metric in row]
        versions = sorted({row.metric_version for _, row in rows})
        homes = {_home(definitions, corpus.sources[k]) for k, _ in rows} if corpus.sources else set()
        if len(versions) > 1:
            told = listed(f"version {version}" for version in versions)
            found[metric] = f"definition: {_title(definitions, metric)} changed between experiments ({told})"
        elif len(homes) > 1:
            told = listed(sorted(home or "our own measurement" for home in homes))
            found[metric] = (
                f"definition: {_title(definitions, metric)} comes from {told}, which may define it differently"
            )
    return found


def _home(definitions: Definitions, source: str) -> str:
    """Who says what a metric is: the workspace, or whoever wrote a table of results."""
    found = definitions.sources.get(source)
    return f"the results in '{source}'" if found is not None and found.shape in ("aggregates", "results") else ""
