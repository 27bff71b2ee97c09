"""Surveys of needs and of features: Ulwick's opportunity score (ODI) and Kano's categories, each with its doubt.

Sources: Ulwick (2005), *What Customers Want*; Kano et al. (1984); Berger et al. (1993) for better and worse.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np

from vitalfew.errors import UsageError
from vitalfew.results.basics import Estimate
from vitalfew.stats.percent import percent
from vitalfew.stats.scores import net_score
from vitalfew.stats.shares import wilson

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

ENOUGH = 30
"""Respondents of a segment below which an opportunity score says little."""
MOST_QUESTIONABLE = 0.05
"""Share of contradictory pairs of answers from which the wording of a Kano question is in doubt."""
_DRAWS = 10_000
_TOP = 4  # of 5: what counts as important, or satisfied
_CELLS = 0.5  # Jeffreys' prior of shares

Kano = Literal["attractive", "one_dimensional", "must_be", "indifferent", "reverse", "questionable"]
KANO_ANSWERS = ("like", "must-be", "neutral", "live-with", "dislike")
_TABLE = ("QAAAO", "RIIIM", "RIIIM", "RIIIM", "RRRRQ")  # rows: if it is there; columns: if it is not
_LETTERS: dict[str, Kano] = {
    "A": "attractive",
    "O": "one_dimensional",
    "M": "must_be",
    "I": "indifferent",
    "R": "reverse",
    "Q": "questionable",
}
KANO_KINDS: tuple[Kano, ...] = tuple(_LETTERS.values())
_BY_WEIGHT: tuple[Kano, ...] = ("must_be", "one_dimensional", "attractive", "indifferent", "reverse")
_RELEVANT: tuple[Kano, ...] = ("attractive", "one_dimensional", "must_be", "indifferent")


@dataclass(frozen=True, slots=True)
class Opportunity:
    """An opportunity score, 0 to 20, with its 95 % interval, and the shares it is made of.

    `zone`: *extreme* above 15, *strong* from 12, *worth a look* from 10, else *served*; *over-served* where more are
    satisfied than call it important. `note`: why to be careful, None with 30 respondents or more.
    """

    score: Estimate
    importance: float
    satisfaction: float
    respondents: int
    zone: Literal["extreme", "strong", "worth a look", "served", "over-served"]
    note: str | None


@dataclass(frozen=True, slots=True)
class KanoResult:
    """What Kano's table says of a feature.

    `category`: the most frequent of those that are no contradiction, and of several as frequent the one whose lack
    would hurt most (Berger et al. 1993: M > O > A > I); `strength`: its share of all respondents less
    that of the next, with its 95 % interval. `better` (0 to 1) and `worse` (-1 to 0): how much having it pleases, and
    lacking it displeases, with 95 % intervals; None where everybody wants the opposite or contradicts themselves.
    """

    category: Kano
    strength: Estimate
    better: Estimate | None
    worse: Estimate | None
    questionable: float
    respondents: int
    note: str | None


def opportunity(importance: float, satisfaction: float, respondents: int, *, seed: int = 0) -> Opportunity:
    """Opportunity score of a need within one segment, from the shares that answered 4 or 5 of 5.

    10 x (I + max(I - S, 0)). The interval takes the two answers as independent, which `opportunity_of` need not.

    Args:
        importance: share that calls the need important, 0 to 1.
        satisfaction: share that is satisfied with how it is met, 0 to 1.
        respondents: number of answers to each, at least 1.
        seed: of the draws behind the interval.

    Raises:
        UsageError: shares outside 0 to 1, or nobody answered.

    >>> round(opportunity(0.85, 0.40, 200).score.estimate, 6), opportunity(0.85, 0.40, 200).zone
    (13.0, 'strong')
    """
    if not (0 <= importance <= 1 and 0 <= satisfaction <= 1):
        raise UsageError(f"importance {importance:g} and satisfaction {satisfaction:g}", expected="shares of 0 to 1")
    if respondents < 1:
        raise UsageError("nobody answered", expected="at least one respondent")
    random = np.random.default_rng(seed)
    shares = [
        random.beta(share * respondents + _CELLS, (1 - share) * respondents + _CELLS, _DRAWS)
        for share in (importance, satisfaction)
    ]
    return _opportunity(importance, satisfaction, respondents, _score(*shares))


def opportunity_of(answers: Sequence[tuple[int, int]], *, seed: int = 0) -> Opportunity:
    """Opportunity score from raw answers: per respondent importance and satisfaction, 1 to 5 each.

    Args:
        answers: pairs of one segment, at least one.
        seed: of the draws behind the interval, which keeps how the two answers go together.

    Raises:
        UsageError: no answers, or one that is not 1 to 5.

    >>> round(opportunity_of([(5, 2)] * 17 + [(2, 4)] * 3).score.estimate, 1)
    15.5
    """
    if not answers:
        raise UsageError("nobody answered", expected="at least one respondent")
    for answer in answers:
        if any(each not in range(1, 6) for each in answer):
            raise UsageError(f"the answer {answer} is off the scale", expected="importance and satisfaction of 1 to 5")
    top = np.array(answers) >= _TOP
    counts = [int((top == cell).all(axis=1).sum()) for cell in ([True, True], [True, False], [False, True])]
    counts.append(len(answers) - sum(counts))
    drawn = np.random.default_rng(seed).dirichlet([count + _CELLS / 2 for count in counts], _DRAWS)
    scores = _score(drawn[:, 0] + drawn[:, 1], drawn[:, 0] + drawn[:, 2])
    return _opportunity(float(top[:, 0].mean()), float(top[:, 1].mean()), len(answers), scores)


def kano_category(present: str, absent: str) -> Kano:
    """The category of one respondent's two answers by Kano's five by five table.

    Args:
        present: how they would feel if it were there, one of `KANO_ANSWERS`.
        absent: how if it were not.

    Raises:
        UsageError: an answer that is none of the five.

    >>> kano_category("like", "dislike"), kano_category("neutral", "dislike"), kano_category("like", "like")
    ('one_dimensional', 'must_be', 'questionable')
    """
    for answer in (present, absent):
        if answer not in KANO_ANSWERS:
            raise UsageError(f"there is no answer '{answer}'", expected=", ".join(KANO_ANSWERS))
    return _LETTERS[_TABLE[KANO_ANSWERS.index(present)][KANO_ANSWERS.index(absent)]]


def kano(counts: Mapping[Kano, int]) -> KanoResult:
    """The category of a feature from how many respondents fell into each, with how sure that is.

    Args:
        counts: respondents by category; categories that are left out count 0.

    Raises:
        UsageError: a negative count, or nobody answered.

    >>> found = kano({"attractive": 40, "one_dimensional": 25, "must_be": 20, "indifferent": 10})
    >>> found.category, round(found.better.estimate, 3), round(found.worse.estimate, 3)
    ('attractive', 0.684, -0.474)
    """
    every = {kind: counts.get(kind, 0) for kind in KANO_KINDS}
    total = sum(every.values())
    if min(every.values()) < 0 or total == 0:
        raise UsageError(f"{total} answers, the fewest of a kind {min(every.values())}", expected="counts from 0 on")
    said = {kind: count for kind, count in every.items() if kind != "questionable"}
    first, second = sorted(said.values(), reverse=True)[:2]
    category = next(kind for kind in _BY_WEIGHT if every[kind] == first) if first else "questionable"
    relevant = sum(every[kind] for kind in _RELEVANT)
    strength = net_score(first, second, total)
    doubtful = every["questionable"] / total
    return KanoResult(
        category,
        Estimate((first - second) / total, strength.low / 100, strength.high / 100),
        _share(every["attractive"] + every["one_dimensional"], relevant),
        _negative(_share(every["one_dimensional"] + every["must_be"], relevant)),
        doubtful,
        total,
        _kano_note(doubtful, strength.low),
    )


def _score(importance: Floats, satisfaction: Floats) -> Floats:
    return np.asarray(10 * (importance + np.maximum(importance - satisfaction, 0)))


def _opportunity(importance: float, satisfaction: float, respondents: int, drawn: Floats) -> Opportunity:
    score = 10 * (importance + max(importance - satisfaction, 0.0))
    # At the end of the scale draws lie inside of what was seen, which belongs to the interval all the same.
    ends = np.quantile(drawn, [0.025, 0.975])
    low, high = min(float(ends[0]), score), max(float(ends[1]), score)
    few = f"{respondents} respondents: below {ENOUGH} the score is mostly chance" if respondents < ENOUGH else None
    zone = _zone(score, over=satisfaction > importance)
    return Opportunity(Estimate(score, low, high), importance, satisfaction, respondents, zone, few)


def _zone(score: float, *, over: bool) -> Literal["extreme", "strong", "worth a look", "served", "over-served"]:
    if over:
        return "over-served"
    if score > 15:  # noqa: PLR2004 - Ulwick's bounds, as in the docstring of `Opportunity`
        return "extreme"
    if score >= 12:  # noqa: PLR2004 - as above
        return "strong"
    return "worth a look" if score >= 10 else "served"  # noqa: PLR2004 - as above


def _share(part: int, total: int) -> Estimate | None:
    return Estimate(part / total, *wilson(part, total)) if total else None


def _negative(found: Estimate | None) -> Estimate | None:
    if found is None or found.low is None or found.high is None:
        return None
    return Estimate(-found.estimate, -found.high, -found.low)


def _kano_note(questionable: float, least_strength: float) -> str | None:
    if questionable > MOST_QUESTIONABLE:
        return f"{percent(questionable)} contradict themselves: reword the question"
    return "the first category cannot be told from the next" if least_strength <= 0 else None
