"""Guardrails: kept, broken, or not known yet. The one place that says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from vitalfew.evidence.roles import sign_of
from vitalfew.evidence.words import clear_direction
from vitalfew.stats.normal import cdf, two_sided

if TYPE_CHECKING:
    from vitalfew.results.rows import EffectRow
    from vitalfew.workspace.definitions import Definitions

GateStatus = Literal["pass", "fail", "evidence needed"]

BROKEN = 0.5
"""Probability of a loss beyond the margin from which a guardrail counts as broken."""
_Z95 = two_sided(0.95)


def breach(definitions: Definitions, metric: str, estimate: float, se: float) -> float:
    """Probability that a metric lost more than the margin of its guardrail; `estimate` in the metric's unit."""
    margin = definitions.guardrails[metric].margin
    return cdf((-margin - sign_of(definitions, metric) * estimate) / se)


def status_of(definitions: Definitions, metric: str, estimate: float, se: float) -> GateStatus:
    """State of a guardrail by an estimate and its standard error: P(breach) at most alpha passes, one half fails.

    A guardrail without any margin fails only by harm that is shown: of changes that do nothing every second one is
    below zero.
    """
    guardrail, probability = definitions.guardrails[metric], breach(definitions, metric, estimate, se)
    if probability <= guardrail.alpha:
        return "pass"
    shown = sign_of(definitions, metric) * estimate < -_Z95 * se
    return "fail" if probability >= BROKEN and (guardrail.margin > 0 or shown) else "evidence needed"


def status_of_effect(definitions: Definitions, row: EffectRow) -> GateStatus:
    """State of a guardrail by one effect, in the mode of its experiment.

    Kept when the p-value of a loss as large as the margin is at most the guardrail's alpha. Broken when the loss more
    likely than not exceeds the margin; in modes that allow many looks, and where there is no margin, harm must besides
    be shown (the interval leaves out zero), because before much is known anything is likely.
    """
    if row.estimate is None or row.se is None:
        return "evidence needed"
    probability = breach(definitions, row.metric, row.estimate, row.se)
    kept = probability if row.p_non_inferior is None else row.p_non_inferior
    if kept <= definitions.guardrails[row.metric].alpha:
        return "pass"
    enough = row.mode in ("fixed", "bayesian") and definitions.guardrails[row.metric].margin > 0
    if probability >= BROKEN and (enough or harmed(definitions, row)):
        return "fail"
    return "evidence needed"


def harmed(definitions: Definitions, row: EffectRow) -> bool:
    """Whether the 95 % interval says that a metric got worse."""
    return sign_of(definitions, row.metric) * clear_direction(row) < 0
