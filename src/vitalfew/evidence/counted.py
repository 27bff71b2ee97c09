"""Trust tests on what was counted per arm: too early, dealt otherwise, held out, doubled, robots, late."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from vitalfew.results.rows import HealthRow
from vitalfew.stats.percent import percent
from vitalfew.stats.sample_sizes import FAILED_BELOW, WARNING_BELOW, missing_share_p

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from vitalfew.results.rows import CountedFact, CountRow, HealthStatus


@dataclass(frozen=True, slots=True)
class Limit:
    """What share of units may have a fault, and what to say.

    Attributes:
        seen: the fault in words, with room for the number and the share.
        none: what to say when there is none.
        warning: share above which it is a warning.
        failed: share above which the arms can hardly be those that were drawn.
        causes: likely causes and what to look at.
    """

    seen: str
    none: str
    warning: float
    failed: float
    causes: str


LIMITS: Mapping[CountedFact, Limit] = {
    "before_start": Limit(
        "{count:,} of {of:,} units ({share}) were exposed before the start of the experiment.",
        "No unit was exposed before the start.",
        0.001,
        0.10,
        "Likely causes: a start that is written too late, test users, clocks that differ, a change that leaked out. "
        "Look at the first days of the exposures.",
    ),
    "mismatched": Limit(
        "{count:,} of {of:,} units ({share}) are not in the arm that the dealing gives them.",
        "Every unit is in the arm that the dealing gives it.",
        0.0,
        0.01,
        "Likely causes: another salt or hash than the one written down, units dealt by another key, an arm changed by "
        "hand or kept from an earlier experiment. Deal a few of these units by hand.",
    ),
    "held_out": Limit(
        "{count:,} of {of:,} units ({share}) of the holdout's control were found in experiments it is kept out of.",
        "The holdout's control was found in none of the experiments it is kept out of.",
        0.001,
        0.05,
        "Likely causes: an experiment that does not ask the holdout first, or another key of the unit. Name the "
        "experiments these units are in.",
    ),
}
NAMES: Mapping[CountedFact, str] = {"mismatched": "dealing"}
DIFFERS = 0.005
"""Difference between arms, in shares, from which what chance does not explain is worth a word."""
_OF_EVENTS: tuple[CountedFact, ...] = ("duplicates", "late")
COMPARED: Mapping[CountedFact, tuple[str, str]] = {
    "duplicates": (
        "{seen} of the events came more than once; each counts once.",
        "Likely causes: one arm sends again after errors or time-outs. Look at the client's retries.",
    ),
    "bots": (
        "{seen} of the units were left out as robots.",
        "A rule that the change itself affects takes away real users of one arm: try the effect without the rule.",
    ),
    "merged": (
        "{seen} of the units had several ids, joined into one.",
        "Likely cause: the change makes people log in, or log in less. Take the unit that exists before the log-in.",
    ),
    "late": (
        "{seen} of the events came more than 48 hours late.",
        "Likely causes: one arm works offline or sends in batches. Wait until the late events are in.",
    ),
}


def counted(
    experiment: str, rows: Iterable[CountRow], *, dated: bool = False, last: str | None = None
) -> Iterator[HealthRow]:
    """One row per fact that was counted in an experiment, in the order of the facts.

    Args:
        experiment: its key.
        rows: what was counted, by table where there are several.
        dated: whether it is known that the experiment runs or is over, so that days may still change.
        last: the last day whose events count, when it is known: before the first day that may change, nothing is said.
    """
    facts: dict[CountedFact, dict[str, tuple[int, int]]] = {}
    complete: list[str] = []
    for row in rows:
        by_arm = facts.setdefault(row.what, {})
        count, of = by_arm.get(row.arm, (0, 0))
        # Events of several tables add up; units are the same ones in each.
        by_arm[row.arm] = (count + row.count, of + row.of if row.what in _OF_EVENTS else max(of, row.of))
        complete += [] if row.until is None else [row.until]
    for what, by_arm in facts.items():
        if what in LIMITS:
            yield _limited(experiment, what, by_arm)
        elif what != "late":
            yield _compared(experiment, what, by_arm)
        elif dated or any(of for _, of in by_arm.values()):
            until = min(complete, default=None)
            over = last is not None and until is not None and last <= until
            if any(of for _, of in by_arm.values()) or not over:
                yield _late(experiment, by_arm, None if over else until)


def _late(experiment: str, by_arm: Mapping[str, tuple[int, int]], until: str | None) -> HealthRow:
    """How many events came late, and from which day on numbers are provisional."""
    provisional = "" if until is None else f"Complete to {until}; later days may still change."
    if not any(of for _, of in by_arm.values()):
        return HealthRow(experiment, "late", None, "ok", provisional)
    row = _compared(experiment, "late", by_arm)
    return replace(row, message=f"{row.message} {provisional}".rstrip())


def _limited(experiment: str, what: CountedFact, by_arm: Mapping[str, tuple[int, int]]) -> HealthRow:
    limit = LIMITS[what]
    count, of = (sum(each[at] for each in by_arm.values()) for at in (0, 1))
    share = count / of if of else 0.0
    status: HealthStatus = "failed" if share > limit.failed else "warning" if share > limit.warning else "ok"
    message = limit.seen.format(count=count, of=of, share=percent(share, 2)) if count else limit.none
    told = f"{message} {limit.causes}" if status != "ok" else message
    return HealthRow(experiment, NAMES.get(what, what), None, status, told)


def _compared(experiment: str, what: CountedFact, by_arm: Mapping[str, tuple[int, int]]) -> HealthRow:
    """Shares that should be alike in all arms.

    Events of a unit are alike, so their number says too much: a p-value counts only with a difference that matters, and
    only units, which are what was dealt, can fail.
    """
    message, causes = COMPARED[what]
    shares = {arm: count / of for arm, (count, of) in by_arm.items() if of}
    seen = message.format(seen=", ".join(f"{arm} {percent(share, 2)}" for arm, share in shares.items()))
    counts, totals = ([each[at] for each in by_arm.values() if each[1]] for at in (0, 1))
    if len(shares) < 2 or not any(counts):  # noqa: PLR2004 - a difference needs two arms
        return HealthRow(experiment, what, None, "ok", seen)
    p_value = missing_share_p(counts, totals)
    of_units = what in ("bots", "merged")
    apart = of_units or max(shares.values()) - min(shares.values()) > DIFFERS
    status: HealthStatus = "ok"
    if apart and p_value < (WARNING_BELOW if of_units else FAILED_BELOW):
        status = "failed" if of_units and p_value < FAILED_BELOW else "warning"
    told = f"{seen} Not alike in all arms. {causes}" if status != "ok" else seen
    return HealthRow(experiment, what, p_value, status, told)
