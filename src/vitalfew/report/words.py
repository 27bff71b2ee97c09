"""Sentences for the terminal and for HTML: one place. How numbers are written is said in `results.figures`."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, get_args

from vitalfew.results.figures import (
    MINUS,
    Unit,
    between,
    change,
    change_parts,
    decimals,
    effect_sentence,
    figure,
    of_unit,
    significant,
    telling,
    unit_of,
    with_unit,
)
from vitalfew.results.words import count
from vitalfew.workspace.vocabulary import Grade

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.results.rows import (
        Choice,
        DisagreementRow,
        EffectRow,
        Estimate,
        ExperimentRow,
        Headline,
        NextStep,
        UseRow,
        Verdict,
    )

__all__ = [
    "MINUS",
    "Unit",
    "between",
    "change",
    "change_parts",
    "count",
    "decimals",
    "effect_sentence",
    "figure",
    "of_unit",
    "significant",
    "telling",
    "unit_of",
    "with_unit",
]

SMALL_SHARE = 0.01
"""Shares below this show two decimals of a percentage at most, others one."""
LEAST_RECORD = 10
"""Promises that must be resolved before a delivery rate is shown."""

GRADES: tuple[Grade, ...] = tuple(reversed(get_args(Grade)))
"""Grades from weak to strong; the mark of a grade has as many filled steps as its place here, from 1."""

STAR_TESTS = {
    "moves": "moves within the horizon",
    "customers": "is customers' value",
    "outcome": "is an outcome, not activity",
    "business": "leads to the business",
    "alone": "decides well alone",
}
"""What is asked of a North Star."""

VERDICTS: dict[Verdict, str] = {
    "kept": "kept",
    "fell_short": "fell short",
    "harmful": "harmful",
    "unproven": "unproven",
    "no_promise": "no promise",
}
VERDICT_MEANINGS: dict[Verdict, str] = {
    "kept": "very likely at least half of what was promised, and better than nothing",
    "fell_short": "the measured interval lies below the promise",
    "harmful": "very likely worse than before, or a guardrail failed",
    "unproven": "the data cannot tell yet",
    "no_promise": "nothing was promised before the work, so nothing can be kept",
}
NEXT_STEPS: dict[NextStep | Choice, str] = {
    "keep": "keep",
    "fix": "fix",
    "remove": "remove",
    "measure": "measure",
    "fund": "fund",
    "test_first": "test first",
    "drop": "drop",
}


VALUE = Unit(change="points", level="points", change_in_words="points", places=1)
SURE_LOSS = 0.95
"""Probability from which somebody is said to lose."""
BARE_VALUE = Unit(places=1)
"""A value under a heading that names its unit."""


def lift(row: EffectRow) -> str | None:
    """The change relative to the control: `−4.3 % (−6.9 to −1.6)`; None where it is not known."""
    found = row.relative
    return None if found is None else change(found.estimate, found.low, found.high, Unit(100.0, "%"))


def adjustment(row: EffectRow, unit: Unit) -> str | None:
    """What covariates or strata changed; None where there are none: `without adjustment +2.1 pp; …`."""
    found = row.unadjusted
    if found is None or row.variance_reduction is None:
        return None
    without = change_parts(found.estimate, found.low, found.high, unit)[0]
    return f"without adjustment {without}; variance {share(row.variance_reduction)} smaller"


def level(value: float, unit: Unit, places: int | None = None) -> str:
    """A level of a metric, such as a mean of one arm: `18.2 %`; with given decimals, else to four figures."""
    shown = value * unit.factor
    return with_unit(significant(shown, 4) if places is None else figure(shown, places), unit.level)


def share(value: float) -> str:
    """A share as a percentage: `3 %`, `0.4 %`."""
    percent = 100 * value
    places = 1 if 0 < abs(percent) < 10 and abs(percent - round(percent)) >= 0.05 else 0  # noqa: PLR2004 - figures of the rule
    return with_unit(figure(percent, places), "%")


def share_span(value: Estimate) -> str:
    """A share with both ends of its interval in percent: `6 % (3 % to 9 %)`; alone where there is no interval."""
    if value.low is None or value.high is None:
        return share(value.estimate)
    return f"{share(value.estimate)} ({share(value.low)} to {share(value.high)})"


def share_interval(value: Estimate) -> str:
    """A share with its interval: `2.9 % (2.4 to 3.4)`."""
    if value.low is None or value.high is None:
        return f"{share(value.estimate)} (no interval)"
    most = 1 if value.estimate >= SMALL_SHARE else 2
    places = min(most, decimals(100 * (value.high - value.low)))
    ends = between(100 * value.low, 100 * value.high, places)
    return f"{with_unit(figure(100 * value.estimate, places), '%')} ({ends})"


def probability(value: float | None) -> str:
    """A probability to two figures, never 0 or 1: `.93`, `<.01`."""
    if value is None:
        return ""
    if value < 0.005:  # noqa: PLR2004 - rounds to .00
        return "<.01"
    return ">.99" if value > 0.995 else f"{value:.2f}".lstrip("0")  # noqa: PLR2004 - rounds to 1.00


def p_value(value: float | None) -> str:
    """A p-value to two significant figures."""
    if value is None:
        return "–"
    return "<0.0001" if value < 0.0001 else f"{value:.2g}" if value < 0.1 else f"{value:.2f}"  # noqa: PLR2004 - figures that people read


def date_and_time(iso: str) -> str:
    """`22 Nov 2026, 08:12 UTC` from ISO 8601; the text itself when it is no date."""
    try:
        moment = datetime.fromisoformat(iso)
    except ValueError:
        return iso
    day = f"{moment.day} {moment:%b %Y}"
    if len(iso) <= len("2026-11-22"):
        return day
    moment = moment.astimezone(UTC) if moment.tzinfo else moment
    return f"{day}, {moment:%H:%M} UTC"


def decision(row: ExperimentRow) -> tuple[str, str]:
    """What to do about an experiment, and why; the reason is not told twice when it begins with what to do."""
    action = row.action.replace("_", " ").capitalize()
    reason = row.reason.removeprefix(action).removeprefix(" on these results").lstrip(": ")
    return action, reason[:1].upper() + reason[1:]


AFTER_EXPERIMENTS = {
    "ship": "Release it to everybody, and record what you decide.",
    "ship_apart": "Look at the segments first: release it to those whom it helps, or to everybody with open eyes.",
    "do_not_ship": "Keep the control, and record what you decide.",
    "stop": "End it: the units are better spent on the next experiment.",
    "inconclusive": "While it runs, go on to its planned size. When it has ended, only more units can tell: "
    "“vitalfew plan” says how many.",
    "do_not_decide": "Find the cause of the failed test and mend it; then run the experiment again with new units.",
    "facts_only": "Say what counts before the next one: a plan with a primary metric, a factor, or a guardrail.",
}
"""What to do next, by what an experiment suggests."""


def experiments_sentence(rows: Sequence[ExperimentRow]) -> str:
    """All experiments in a line: of one what to do, of several how often each."""
    found = Counter(decision(row)[0].lower() for row in rows)
    if len(rows) == 1:
        return f"{rows[0].title}: {next(iter(found))}"
    return f"{len(rows)} experiments: {', '.join(f'{many} {action}' for action, many in found.most_common())}"


def judged_use(row: UseRow) -> str:
    """Whether a measured feature is hardly used; young features are not judged yet."""
    if row.hardly_used is None:
        return "not judged yet"
    return "hardly used" if row.hardly_used else "used"


def frequency(row: UseRow | None) -> str:
    """How often those who use a feature use it: `0.34 times in 30 days`; nothing when unknown."""
    if row is None or row.frequency is None:
        return ""
    return f"{often(row.frequency)} in 30 days"


def often(times: float) -> str:
    """How often: `once`, `0.34 times`."""
    text = significant(times, 2)
    return "once" if text in ("1", "1.0") else f"{text} times"


def use_sentence(row: UseRow) -> str:
    """Use of a feature in a sentence; *not measured* is never *not used*."""
    if not row.measured or row.reach is None:
        return f"Use not measured: {row.reason or 'no events are defined'}."
    frequency = "" if row.frequency is None else f", {often(row.frequency)} per user and 30 days"
    return f"Used by {share_interval(row.reach)} of the eligible in {row.window_days} days{frequency}."


def headline_sentences(headline: Headline | None, cost_unit: str) -> tuple[str, ...]:
    """The ledger in a few short sentences, the most important first."""
    if headline is None:
        return ()
    found = (_vital(headline), _hardly_used(headline, cost_unit), _delivery(headline))
    return tuple(sentence for sentence in found if sentence)


def _vital(headline: Headline) -> str:
    if headline.vital_k is None:
        lines = count(headline.shipped, "shipped line") + " and " + count(headline.candidates, "candidate")
        return f"{lines}; which are the vital few cannot be told yet"
    if headline.vital_k == 0:
        if headline.vital_n == 1:
            return "The one shipped line that was measured gave no value"
        return f"None of the {headline.vital_n} shipped lines that were measured is likely to have given value"
    if headline.vital_n == 1:
        return "The one shipped line that was measured gave value"
    ends = "" if headline.vital_low is None else f" ({headline.vital_low} to {headline.vital_high})"
    return f"About {headline.vital_k}{ends} of {headline.vital_n} shipped lines gave 80 % of the measured value"


def _hardly_used(headline: Headline, cost_unit: str) -> str:
    if headline.hardly_used is None or not headline.features:
        return ""
    known = f"{headline.hardly_used} of {count(headline.measured_features, 'measured feature')} hardly used"
    unknown = headline.features - headline.measured_features
    cost = significant(headline.hardly_used_cost) if headline.hardly_used_cost else None
    text = known + (f", which cost {of_unit(cost, cost_unit)} to build" if cost else "")
    return text + (f"; {unknown} not measured" if unknown else "")


def _delivery(headline: Headline) -> str:
    if headline.resolved < LEAST_RECORD:
        resolved = count(headline.resolved, "promise")
        return f"own delivery rate: no record yet ({resolved} resolved, {LEAST_RECORD} are needed)"
    return f"{headline.kept} of {count(headline.resolved, 'resolved promise')} kept"


def agreement(row: DisagreementRow) -> list[str]:
    """Whether people would choose the same, how far they are apart, and what is not known of that."""
    said = []
    if row.decision_agreement is not None:
        said.append(f"{share(row.decision_agreement)} of {row.people} people would fund the same by their own weights")
    if row.kendall_w is not None:
        said.append(f"agreement of their orders {row.kendall_w:.2f} (Kendall's W, 0 to 1)")
    return [*said, *row.notes]
