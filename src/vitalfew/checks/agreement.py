"""Checks of how people weigh factors: facts about a panel or a group of five or more, never about a person."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.decide.settled import settled_weights
from vitalfew.evidence.changes import beyond_doubt
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.results.rows import DisagreementRow, PulseRow

_FEWEST_FLAT = 3
_NO_MEETING = "No meeting is needed for this choice; look again when candidates change."


@check(
    "R5",
    "info",
    why="Weights that are all alike say what no priority was set on: any portfolio looks as good as another.",
    do="Ask for swings from worst to best one by one, the largest first, or drop the factors nobody would miss.",
    reads=("flat_entropy", "flat_ratio"),
)
def flat(view: View) -> Iterator[Found]:
    """Three or more weights that are nearly equal: in entropy, and the largest not much above the least."""
    shares = [row.mean for row in view.tables.weights if row.mean > 0]
    if len(shares) < _FEWEST_FLAT:
        return
    entropy = -sum(share * math.log(share) for share in shares) / math.log(len(shares))
    largest, least = max(shares), min(shares)
    if entropy > view.thresholds.flat_entropy and largest < view.thresholds.flat_ratio * least:
        message = f"The {len(shares)} weights are nearly equal: {percent(least)} to {percent(largest)}."
        yield Found("factors", message)


@check(
    "R2",
    "warning",
    why="People who weigh value differently decide differently, and mistake it for a difference about facts.",
    do="Show the spread of the factor that differs most, let both sides say why, and weigh once more.",
    reads=("least_agreement", "least_concordance", "most_spread"),
)
def disagree(view: View) -> Iterator[Found]:
    """People whose own weights fund something else than the group's; or whose orders or weights are far apart."""
    row, limits = _row(view), view.thresholds
    if row is None:
        return
    matters = row.decision_agreement
    if matters is not None and matters < limits.least_agreement:
        told = f"By their own weights only {percent(matters)} of {row.people} people would fund the same."
        settled = settled_weights(view.tables)
        if settled is None:
            yield Found("weights", told)
        else:
            yield Found("weights", f"{told} {settled.message}", "info", _NO_MEETING)
        return
    apart = []
    if row.kendall_w is not None and row.kendall_w < limits.least_concordance:
        apart.append(f"agreement of orders (Kendall's W) {row.kendall_w:.2f}")
    if row.tau is not None and row.tau > limits.most_spread:
        apart.append(f"weights differ by a factor of {math.exp(row.tau):.1f} between people")
    if not apart:
        return
    what = f"{row.people} people weigh the factors differently: {', '.join(apart)}."
    if matters is None:
        yield Found("weights", f"{what} Whether it changes what is funded is not known yet.", "info")
    else:
        told = f"{what} It changes little: {percent(matters)} would fund the same."
        yield Found("weights", told, "info", _NO_MEETING)


@check(
    "R2",
    "warning",
    why="A mean of two camps is a compromise that neither holds: it looks like agreement and hides a decision.",
    do="Let both camps name the customers they think of; decide whom the product serves first.",
)
def camps(view: View) -> Iterator[Found]:
    """People who fall into two camps: two clear clusters of weights, clearer than one crowd would show."""
    row = _row(view)
    if row is not None and row.camps and row.camps_factor is not None:
        factor = view.title("factors", row.camps_factor)
        yield Found("weights", f"{row.people} people fall into two camps; they differ most on {factor}.")


@check(
    "R8",
    "warning",
    why="A group that counts differently, customers above all, gets another product than it would choose.",
    do="Look at the lines on which they differ, and decide on them by name.",
    reads=("same_choice",),
)
def groups_differ(view: View) -> Iterator[Found]:
    """A group of five or more raters, customers among them, whose own weights would fund another set."""
    for row in view.tables.group_choices:
        if row.agreement < view.thresholds.same_choice:
            adds = listed((view.title("initiatives", key) for key in row.adds), SHOWN)
            drops = listed((view.title("initiatives", key) for key in row.drops), SHOWN)
            parts = [f"would fund {adds}"] if adds else []
            parts += [f"would not fund {drops}"] if drops else []
            yield Found(row.group, f"By the weights of {row.group} ({row.raters} people), one {' and '.join(parts)}.")


@check(
    "R2",
    "info",
    why="Where a single answer moves the weights, they are that person's rather than the group's.",
    do="Ask more people, or agree in the policy on the share of each group of raters.",
)
def dominant(view: View) -> Iterator[Found]:
    """Single people whose answers move the weights by more than a tenth, or far more than others' do."""
    row = _row(view)
    if row is not None and row.dominant:
        each = "" if row.dominant == 1 else "each "
        yield Found("weights", f"{row.dominant} of {row.people} people would {each}alone move the weights markedly.")


@check(
    "R8",
    "info",
    why="Who is outvoted on what counts most to them, and gets little of it, stops believing in the weighing.",
    do="Invite everybody to record dissent beside the sign-off: `vitalfew act sign-off --note`.",
)
def overruled(view: View) -> Iterator[Found]:
    """People whose most important factor is not among the group's first three, and who would fund something else."""
    row = _row(view)
    if row is not None and row.overruled:
        who = f"{row.overruled} of {row.people} people {'is' if row.overruled == 1 else 'are'}"
        yield Found("weights", f"{who} overruled: in what counts and what is funded.")


@check(
    "R7",
    "info",
    why="Answers that contradict each other carry less than they seem to; mostly a question was misread.",
    do="Show everybody their own contradictions, and let them revise before the weights are used.",
)
def inconsistent(view: View) -> Iterator[Found]:
    """People whose comparisons contradict each other (geometric consistency index, or twice the median residual)."""
    row = _row(view)
    if row is not None and row.inconsistent:
        yield Found("weights", f"The comparisons of {row.inconsistent} of {row.people} people contradict each other.")


@check(
    "R4",
    "info",
    why="A second round that follows one person is no second opinion: the spread shrinks without new knowledge.",
    do="Ask for reasons before numbers, let the highest rank speak last, and weigh once more, blind.",
)
def herding(view: View) -> Iterator[Found]:
    """A second round with less than half the spread of the first, and a mean that moved towards one person."""
    row = _row(view)
    if row is not None and row.herding:
        yield Found("weights", "The second round followed one person: half the spread is gone.")


def _row(view: View) -> DisagreementRow | None:
    return next(iter(view.tables.disagreement), None)


@check(
    "R16",
    "warning",
    why="Who does not know what comes first chooses by something else, without meaning to go against anybody.",
    do="Let the team tell in its own words how its work leads to what comes first, and ask again next quarter.",
    reads=("least_understood", "false_pulse"),
)
def not_understood(view: View) -> Iterator[Found]:
    """Teams of five or more of whom surely less than half name what comes first, in the newest quarter with answers."""
    rows, limits = view.tables.pulse, view.thresholds
    newest = [row for row in rows if row.quarter == rows[-1].quarter and row.first is not None]
    asked = [row for row in newest if row.teams is not None] or newest
    flags = beyond_doubt([_so_few(row, limits.least_understood) for row in asked], limits.false_pulse)
    for row, flag in zip(asked, flags, strict=True):
        if flag and row.first is not None:
            who = "everybody" if row.teams is None else listed((view.title("teams", key) for key in row.teams), SHOWN)
            subject = "factors" if row.teams is None else row.teams[0]
            yield Found(subject, f"Of {who} ({row.people} people) {percent(row.first.estimate)} name what comes first.")


def _so_few(row: PulseRow, share: float) -> float:
    """The chance that so few or fewer name it when the share of those who would is `share`."""
    named = round(row.first.estimate * row.people) if row.first else 0
    return sum(
        math.comb(row.people, many) * share**many * (1 - share) ** (row.people - many) for many in range(named + 1)
    )
