"""Checks of classic scores and surveys: is a method used as its authors meant it, and do its numbers say anything?"""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.decide import classic_scores
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.workspace.definitions import Ice, Scores

_CLOSE = 0.02


@check(
    "R70",
    "info",
    why="A method's numbers mean what its scale says; on another scale they can be compared with nothing.",
    do="Use the steps of the method, or call it a weighted score with criteria of your own.",
)
def off_scale(view: View) -> Iterator[Found]:
    """Scores off their method's scale: RICE, ICE (1 to 10), WSJF (1, 2, 3, 5, 8, 13, 20)."""
    off: dict[str, list[str]] = {}
    for key, scores in _open_scores(view).items():
        for what in _off(scores, view):
            off.setdefault(what, []).append(view.title("initiatives", key))
    for what, titles in off.items():
        yield Found("initiatives", f"{what}: {listed(titles, SHOWN)}.")


@check(
    "R70",
    "warning",
    why="A mean runs to 10, a product to 1,000: in one list the products come first whatever they are worth.",
    do="Choose one in the policy (ICE as a mean or as a product) and work the others out anew.",
)
def mixed_ice(view: View) -> Iterator[Found]:
    """ICE scores of one workspace of which some are means and others products."""
    by: dict[str, list[str]] = {"mean": [], "product": []}
    for key, scores in _open_scores(view).items():
        variant = None if scores.ice is None else _variant(scores.ice)
        if variant is not None:
            by[variant].append(view.title("initiatives", key))
    if by["mean"] and by["product"]:
        few = min(by.values(), key=len)
        name = "products" if few is by["product"] else "means"
        yield Found("initiatives", f"Some ICE scores are means and others products; {name}: {listed(few, SHOWN)}.")


@check(
    "R55",
    "info",
    why="Where every idea is equally sure, confidence changes no order, and nobody tells what is known from belief.",
    do="Lower it where nothing but conviction speaks for an idea; the ladder of evidence beside each says where.",
    reads=("alike_ideas",),
)
def same_confidence(view: View) -> Iterator[Found]:
    """Five ideas or more that all have the same confidence."""
    told = [
        found.confidence
        for scores in _open_scores(view).values()
        for found in (scores.rice, scores.ice)
        if found is not None and found.confidence is not None
    ]
    if len(told) >= view.thresholds.alike_ideas and len(set(told)) == 1:
        level = f"{percent(told[0])}" if told[0] <= 1 else f"{told[0]:g}"
        yield Found("initiatives", f"All {len(told)} ideas have the same confidence, {level}.")


@check(
    "R32",
    "warning",
    why="The share of thirty people is off by a third as easily as not: few answers rank needs by chance.",
    do="Ask more of this segment, or read the interval, not the score.",
    reads=("least_respondents",),
)
def few_respondents(view: View) -> Iterator[Found]:
    """Opportunity scores from fewer than 30 respondents."""
    for key, need in view.definitions.needs.items():
        asked = None if need.survey is None else need.survey.respondents
        if asked is not None and asked < view.thresholds.least_respondents:
            yield Found(key, f"The opportunity score of '{view.title('needs', key)}' rests on {asked} respondents.")


@check(
    "R32",
    "warning",
    why="Who likes to have a thing and likes to lack it did not understand the question.",
    do="Reword the pair of questions and ask again before anything is read from the answers.",
    reads=("questionable_share",),
)
def kano_wording(view: View) -> Iterator[Found]:
    """Kano surveys in which more than 5 % of the answers contradict themselves."""
    for key, scores in _open_scores(view).items():
        counts = {} if scores.kano is None else scores.kano.model_dump()
        total = sum(counts.values())
        share = counts["questionable"] / total if total else 0.0
        if share > view.thresholds.questionable_share:
            yield Found(
                key, f"{percent(share)} of the answers about {view.title('initiatives', key)} contradict themselves."
            )


def _open_scores(view: View) -> Mapping[str, Scores]:
    """The scores of what may still be built: those of what is out or dropped decide nothing."""
    return {
        key: each.scores
        for key, each in view.definitions.initiatives.items()
        if each.scores is not None and each.status not in OVER and not view.is_live(each)
    }


def _off(scores: Scores, view: View) -> Iterator[str]:
    if (rice := scores.rice) is not None:
        if rice.impact is not None and rice.impact not in classic_scores.RICE_IMPACT:
            yield "RICE impact is none of 3, 2, 1, 0.5, 0.25"
        if rice.confidence is not None and rice.confidence not in classic_scores.RICE_CONFIDENCE:
            yield "RICE confidence is none of 100, 80, 50 %"
        monthly = view.definitions.policy.cost_unit.lower() in classic_scores.PERSON_MONTHS
        if monthly and rice.effort is not None and rice.effort < classic_scores.RICE_LEAST_EFFORT:
            yield "RICE effort is under half a person-month, and counted as one half"
    low, high = classic_scores.ICE_SCALE
    if (ice := scores.ice) is not None and _any_off((ice.impact, ice.confidence, ice.ease), low, high):
        yield "ICE ratings are not 1 to 10"
    if (wsjf := scores.wsjf) is not None:
        parts = (wsjf.value, wsjf.criticality, wsjf.opportunity, wsjf.size)
        if any(part is not None and part not in classic_scores.WSJF_SCALE for part in parts):
            yield "WSJF numbers are none of 1, 2, 3, 5, 8, 13, 20"


def _any_off(parts: tuple[float | None, ...], low: float, high: float) -> bool:
    return any(part is not None and not low <= part <= high for part in parts)


def _variant(ice: Ice) -> str | None:
    """The variant by which a sheet's own score was worked out, where it fits only one."""
    if ice.score is None or ice.impact is None or ice.confidence is None or ice.ease is None:
        return None
    parts = (ice.impact, ice.confidence, ice.ease)
    both = {"mean": classic_scores.ice_mean(*parts), "product": classic_scores.ice_product(*parts)}
    fits = [name for name, score in both.items() if abs(score - ice.score) <= _CLOSE * max(score, ice.score)]
    return fits[0] if len(fits) == 1 else None
