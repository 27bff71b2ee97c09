"""Links in words: what an estimate assumes, why there is none, where methods disagree."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.evidence.downgrades import ESTIMATED, IDENTIFIED, fewest
from vitalfew.evidence.link_families import MOST_PARENTS
from vitalfew.results.figures import MINUS, Unit, decimals, figure, unit_of, with_unit
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.evidence.corpus import EffectCorpus
    from vitalfew.results.basics import Estimate
    from vitalfew.workspace.definitions import Definitions

METHOD = (
    "true effects of all experiments fitted together (maximum likelihood), shared noise of users taken out; interval by"
    " leaving out groups of experiments"
)
EXPERT = "an expert's range (80 %), nothing else"
NONE = "not estimated"
ASSUMES = (
    "assumes that what changes do to {child} otherwise has nothing to do with what they do to {parents} (the literature"
    " calls this INSIDE); a parent left out breaks it"
)
TOO_WEAK = (
    "not identified: past experiments moved {parents} too little{apart} beside their noise to tell what that does to"
    " {child} (z {z}, below {limit:g}){weakest}"
)
TOO_FEW = (
    "not identified: {count} experiments measured {metrics} together, however far they moved {parents}; an interval"
    " takes {least}"
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
UNSETTLED = (
    "rough: the fit of all experiments together did not come to rest, so this slope may be off by more than its"
    " interval says; that happens where standard errors differ by far between experiments and many metrics are missing"
)
TOO_FAR_APART = (
    "links cannot be estimated: effects of some metrics go together, or differ in size, by more digits than can be"
    " computed with; look for a metric that no experiment moved at all, and for one that is a copy or a sum of others"
)
BETWEEN_USERS = (
    "a scatter plot of effects would say {naive} instead of {estimate}: it mixes in how the metrics go together"
    " between users"
)
METHODS_DIFFER = "methods differ: {method} gives {other} instead of {estimate}"
NAMES = {
    "total_covariance": "the scatter less the noise (total covariance)",
    "liml": "an estimate that is right only where nothing goes round the parents (limited information, LIML)",
    "stabilised": "the scatter less a little less than the noise (stabilised total covariance)",
}
RELEASES = (
    "releases, which nobody drew by chance, say {middle} ({low} to {high}): in it is what else came on the same days,"
    " so it is shown beside and not averaged"
)
ONLY_SINGLE = "{count} with variances only say nothing about links"
REFUSED = "{count} left out ({names})"
BEYOND_RANGE = "the expert's range of {low} to {high} does not fit what was measured (p {p:.2g})"
INSIDE_RANGE = 0.05  # p-value from which an expert's range fits
_DISAGREE = 2.0  # standard errors
_NAMED = 3
_Z95 = 1.96


def number(value: float) -> str:
    """A strength with three figures and a true minus sign."""
    return f"{value:.3g}".replace("-", MINUS)


def slope_unit(definitions: Definitions, parent: str, child: str) -> Unit:
    """How a slope is written: the child's change for one more of the parent, each in the unit people read."""
    above, below = (unit_of(definitions.metrics.get(metric)) for metric in (child, parent))
    return replace(above, factor=above.factor / below.factor)


def slope(value: float, se: float, unit: Unit) -> str:
    """A slope in the unit people read, with the decimals that its interval has."""
    places = decimals(2 * _Z95 * se * unit.factor)
    return with_unit(figure(value * unit.factor, places, signed=True), unit.change)


def too_few(child: str, parents: Sequence[str], experiments: int) -> str:
    """Why nothing is told of parents that were moved far enough, but by too few experiments."""
    metrics, least = listed((*parents, child)), fewest(len(parents))
    return TOO_FEW.format(count=experiments, metrics=metrics, parents=listed(parents), least=least)


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


def differences(
    estimate: float, se: float, naive: Estimate | None, others: Mapping[str, float], unit: Unit
) -> list[str]:
    """Where other methods say something else; the ordinary regression always, as it is the one people know."""
    notes = []
    if naive is not None and abs(naive.estimate - estimate) > se:
        notes.append(BETWEEN_USERS.format(naive=slope(naive.estimate, se, unit), estimate=slope(estimate, se, unit)))
    notes += [
        METHODS_DIFFER.format(method=NAMES[name], other=slope(other, se, unit), estimate=slope(estimate, se, unit))
        for name, other in others.items()
        if abs(other - estimate) > _DISAGREE * se
    ]
    return notes


def left_out(definitions: Definitions, corpus: EffectCorpus) -> list[str]:
    """Which experiments say nothing about links, once for all links."""
    notes = []
    single = set(corpus.only_single)
    if single:
        notes.append(f"experiments: {ONLY_SINGLE.format(count=len(single))}")
    if corpus.refused:
        names = listed((definitions.title("experiments", key) for key, _ in corpus.refused), _NAMED)
        notes.append(f"experiments: {REFUSED.format(count=len(corpus.refused), names=names)}")
    return notes
