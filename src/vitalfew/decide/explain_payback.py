"""What a candidate leaves after its cost, when it pays, and what is given up for it, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.decide.phrases import chance, counted, number
from vitalfew.decide.sentences import Sentence

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import CandidateLine, Estimate, Viability

SEALED = "its forecasts are not to be known before they are locked"
"""Why nothing is said of a value that would tell what few people forecast."""
_NOTHING = 0.005


def pays(line: CandidateLine, unit: str) -> Iterator[Sentence]:
    """What is left of its value, when that has paid for it, and what the budget would bring elsewhere.

    Args:
        line: a candidate.
        unit: of cost.
    """
    found = line.viability
    if found is None:
        return
    if found.reason is not None or line.net is None:
        told = found.reason or "it was not computed"
        yield Sentence("why", f"When it pays is not known: {told[:1].lower()}{told[1:].removesuffix('.')}.")
        return
    costs = {"build": found.build, "run": found.run, "net": line.net.estimate}
    net = counted(_told(line.net), unit)
    are = "is" if net.startswith("1 ") else "are"
    left = f"Of its value {net}{_ends(line.net)} {are} left after {spent(found, unit)}."
    yield Sentence("why", f"{left} {found.basis}".strip(), costs)
    yield Sentence("why", _payback(found), {"p_within": found.p_within or 0.0})
    if found.given_up is not None:
        yield _elsewhere(found.given_up, unit)


def spent(found: Viability, unit: str) -> str:
    """What building and running cost, in words: `9 person-weeks to build and 2 to run it for 52 weeks`."""
    build = f"{counted(found.build, unit)} to build"
    if abs(found.run) < _NOTHING:
        return build
    weeks = f"{found.horizon:g} weeks"
    if found.run < 0:
        return f"{build}, with {number(-found.run)} of upkeep saved in {weeks}"
    return f"{build} and {number(found.run)} to run it for {weeks}"


def after_weeks(found: Viability) -> str:
    """When it has paid, with its 80 % interval, in words.

    `14 weeks (6 to 31)`, `14 weeks (6 to over 52)`, `over 52 weeks`.
    """
    if found.weeks is None or found.weeks.low is None:
        return f"over {found.horizon:g} weeks"
    high = f"over {found.horizon:g}" if found.weeks.high is None else number(found.weeks.high)
    middle = number(found.weeks.estimate)
    return f"{middle} {'week' if middle == '1' else 'weeks'} ({number(found.weeks.low)} to {high})"


def _payback(found: Viability) -> str:
    likely = f"{chance(found.p_within or 0.0)} likely"
    if found.weeks is None:
        return f"It is {likely} to have paid for itself within the {found.horizon:g} weeks looked at."
    return (
        f"It has paid for itself {after_weeks(found)} after it is out, {likely} within the {found.horizon:g} looked at."
    )


def _elsewhere(found: Estimate, unit: str) -> Sentence:
    numbers = {"given_up": found.estimate}
    if abs(found.estimate) < _NOTHING:
        return Sentence("why", "Nothing else is given up for it: the budget reaches for all.", numbers)
    text = f"What it takes of the budget would bring {counted(found.estimate, unit)}{_ends(found)} elsewhere."
    return Sentence("why", text, numbers)


def _told(found: Estimate) -> float:
    """The estimate; 0 where it is nothing beside its interval, as of the line by which a point is priced."""
    width = 0.0 if found.low is None or found.high is None else found.high - found.low
    return 0.0 if abs(found.estimate) < _NOTHING * width else found.estimate


def _ends(found: Estimate) -> str:
    if found.low is None or found.high is None:
        return ""
    return f" ({number(found.low)} to {number(found.high)})"
