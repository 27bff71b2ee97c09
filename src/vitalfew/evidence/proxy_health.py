"""Whether a proxy still leads where its target goes, from past experiments, and until when that holds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.stats.normal import two_sided

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.results.rows import Estimate
    from vitalfew.workspace.definitions import Definitions

    Floats = NDArray[np.float64]

Status = Literal["healthy", "doubtful", "broken", "unknown"]
EXPIRES_DAYS = 365
"""Days after the last experiment on both metrics during which what they showed is taken to hold."""
RECENT = 5
"""Experiments over which it is watched whether the target still follows."""
BEHIND = 2.6
"""Standard errors by which the target may stay behind what its proxy foretold over these: one false alarm in 200."""
FEWEST = 5


@dataclass(frozen=True, slots=True)
class Record:
    """What past experiments say of one proxy, all in the good directions of both metrics.

    Attributes:
        slope: effect on the target that comes with one of the proxy; None: cannot be said.
        together: experiments that measured both.
        behind: standard errors by which the target lately stayed behind; None: too few, or the proxy did not rise.
        last: day of the last experiment that measured both.
    """

    slope: Estimate | None
    together: int
    behind: float | None
    last: date | None

    def expires(self) -> date | None:
        """The day after which the proxy should be tried anew."""
        return None if self.last is None else self.last + timedelta(days=EXPIRES_DAYS)


def health(record: Record, proxy: str, target: str, today: date) -> tuple[Status, str]:
    """The state of a proxy, and a sentence that says why.

    Red (*broken*) when its target goes the other way, or stays behind what lately was foretold. The slope decides, for
    it is of true effects; measured signs agree or not by the noise of users, too.
    """
    slope, until = record.slope, record.expires()
    if record.behind is not None and record.behind > BEHIND:
        lately = f"in the last {RECENT} experiments {proxy} rose and {target} stayed behind what it foretold"
        return "broken", f"{lately} ({record.behind:.1f} standard errors)"
    if slope is not None and slope.high is not None and slope.high < 0:
        return "broken", f"what gains on {proxy} loses on {target}: it points the wrong way"
    if slope is None or record.together < FEWEST:
        return "unknown", f"{_counted(record.together)} measured {proxy} and {target}: too few to say"
    if slope.low is None or slope.low <= 0:
        return "doubtful", f"whether {target} gains when {proxy} gains cannot be told yet"
    if until is not None and until < today:
        return "doubtful", f"no experiment since {record.last} measured both {proxy} and {target}: try it anew"
    valid = "" if until is None else f"; try it anew by {until}"
    return "healthy", f"what gains on {proxy} gains on {target}, over {_counted(record.together)}{valid}"


def behind(effects: Floats, noise: Floats, slope: Estimate, unexplained: float) -> float | None:
    """Standard errors by which the target stayed behind its proxy over some experiments; None: the proxy did not rise.

    Args:
        effects: on proxy and target, in their good directions, `(k, 2)`.
        noise: covariances of their errors, `(k, 2, 2)`; an unknown covariance counts as none.
        slope: of the target on the proxy.
        unexplained: variance of true effects on the target that the proxy says nothing of.
    """
    rose, went = effects.sum(axis=0)
    if rose <= 0 or slope.low is None or slope.high is None or slope.estimate <= 0:
        return None
    contrast = np.array([slope.estimate, -1.0])
    unsure = (slope.high - slope.low) / 2 / two_sided(0.95) * rose
    variance = float(np.einsum("i,kij,j->", contrast, np.nan_to_num(noise), contrast))
    variance += unsure**2 + len(effects) * unexplained
    return float(slope.estimate * rose - went) / variance**0.5 if variance > 0 else None


def days_of(definitions: Definitions, corpus: EffectCorpus) -> list[date | None]:
    """When each comparison of a corpus ended, or began where no end is given, `(K,)`."""
    found: list[date | None] = []
    for name in corpus.experiments:
        experiment, release = definitions.experiments.get(name), definitions.releases.get(name)
        dated = (experiment.end or experiment.start) if experiment is not None else None
        found.append(release.date if release is not None else dated)
    return found


def _counted(count: int) -> str:
    return f"{count} experiment{'' if count == 1 else 's'}"
