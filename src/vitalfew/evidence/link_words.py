"""Links in words: what an estimate assumes, why there is none, where methods disagree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.evidence.downgrades import ESTIMATED, IDENTIFIED
from vitalfew.evidence.link_families import MOST_PARENTS
from vitalfew.results.figures import MINUS
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.results.basics import Estimate

METHOD = (
    "true effects of all experiments fitted together (maximum likelihood), shared noise of users taken out; interval by"
    " leaving out groups of experiments"
)
EXPERT = "an expert's range (80 %), nothing else"
NONE = "not estimated"
ASSUMES = (
    "assumes that what changes do to {child} otherwise has nothing to do with what they do to {parents} (INSIDE); a"
    " parent left out breaks this"
)
TOO_WEAK = (
    "not identified: past experiments moved {parents} too little{apart} beside their noise to tell what that does to"
    " {child} (z {z}, below {limit:g}){weakest}"
)
APART = ", or too much together,"
WEAKEST = "; {parent} was moved least"
WEAK = (
    "weak: past experiments moved {parents} little{apart} beside their noise (z {z}, an estimate from {limit:g}"
    " on){weakest}"
)
MANY_PARENTS = (
    "{count} parents of {child} are estimated together: data can hardly tell more than {most} apart, fewer parents give"
    " narrower intervals"
)
LEFT_OUT = "estimated without {parents}, which cannot be: what goes through them may be counted here"
BETWEEN_USERS = (
    "a scatter plot of effects would say {naive} instead of {estimate}: it mixes in how the metrics go together"
    " between users"
)
METHODS_DIFFER = "methods differ: {method} gives {other} instead of {estimate}"
NAMES = {
    "total_covariance": "the total covariance",
    "liml": "LIML, which holds only without a bypass,",
    "stabilised": "the stabilised total covariance",
}
ONLY_SINGLE = "{count} with variances only say nothing about links"
REFUSED = "{count} left out ({names})"
BEYOND_RANGE = "the expert's range of {low} to {high} does not fit what was measured (p {p:.2g})"
INSIDE_RANGE = 0.05  # p-value from which an expert's range fits
_DISAGREE = 2.0  # standard errors
_NAMED = 3


def number(value: float) -> str:
    """A slope with three figures and a true minus sign."""
    return f"{value:.3g}".replace("-", MINUS)


def strength(child: str, parents: Sequence[str], z: float, each: Sequence[float]) -> str | None:
    """What the strength of identification allows, where that is less than an estimate.

    Args:
        child: the child.
        parents: those estimated together.
        z: of all parents together.
        each: of each parent apart from the others.
    """
    if z > ESTIMATED:
        return None
    several = len(parents) > 1
    least = min(zip(each, parents, strict=True))[1]
    words, limit = (TOO_WEAK, IDENTIFIED) if z < IDENTIFIED else (WEAK, ESTIMATED)
    return words.format(
        parents=listed(parents),
        child=child,
        apart=APART if several else "",
        z=number(round(z, 1)),
        limit=limit,
        weakest=WEAKEST.format(parent=least) if several else "",
    )


def assumption(child: str, parents: Sequence[str], without: Sequence[str]) -> list[str]:
    """What every slope into a child rests on."""
    notes = [ASSUMES.format(child=child, parents=listed(parents))]
    if len(parents) > MOST_PARENTS:
        notes.append(MANY_PARENTS.format(count=len(parents), child=child, most=MOST_PARENTS))
    return notes + ([LEFT_OUT.format(parents=listed(without))] if without else [])


def differences(estimate: float, se: float, naive: Estimate | None, others: Mapping[str, float]) -> list[str]:
    """Where other methods say something else; the ordinary regression always, as it is the one people know."""
    notes = []
    if naive is not None and abs(naive.estimate - estimate) > se:
        notes.append(BETWEEN_USERS.format(naive=number(naive.estimate), estimate=number(estimate)))
    notes += [
        METHODS_DIFFER.format(method=NAMES[name], other=number(other), estimate=number(estimate))
        for name, other in others.items()
        if abs(other - estimate) > _DISAGREE * se
    ]
    return notes


def left_out(corpus: EffectCorpus) -> list[str]:
    """Which experiments say nothing about links, once for all links."""
    notes = []
    single = set(corpus.only_single)
    if single:
        notes.append(f"experiments: {ONLY_SINGLE.format(count=len(single))}")
    if corpus.refused:
        names = listed((key for key, _ in corpus.refused), _NAMED)
        notes.append(f"experiments: {REFUSED.format(count=len(corpus.refused), names=names)}")
    return notes
