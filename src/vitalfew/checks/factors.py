"""Checks of single factors: can they be measured, do they move in time, is the North Star one?"""

from __future__ import annotations

from statistics import median
from typing import TYPE_CHECKING

from vitalfew.checks.registry import SHOWN, Found, View, check
from vitalfew.decide.lights import is_measured
from vitalfew.decide.north_star import effects_on, star_tests
from vitalfew.results.words import listed
from vitalfew.stats.normal import two_sided
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.workspace.definitions import Factor

_OUTPUT = ("velocity", "story point", "features shipped", "features delivered", "releases shipped", "changes delivered",
           "deployments", "tickets closed")  # fmt: skip
_DETECTABLE = two_sided(0.95) + two_sided(0.6)  # in standard errors: power 80 % at 5 %, two-sided


@check(
    "R1",
    "warning",
    why="Value that nobody measures is a story: everybody can agree on it, and nobody can be wrong about it.",
    do="Say from which data its number comes, and add it to the metrics of the next experiment.",
)
def story_only(view: View) -> Iterator[Found]:
    """Factors that no experiment has measured; a remark where nothing was measured at all."""
    silent = [key for key in view.definitions.factors if not is_measured(view.tables, key)]
    if not silent:
        return
    names = listed((view.title("factors", key) for key in silent), SHOWN)
    if any(row.estimate is not None for row in view.tables.effects):
        one = len(silent) == 1
        yield Found(
            silent[0] if one else "factors",
            f"{names} {'is' if one else 'are'} a story only: no experiment measured {'it' if one else 'them'}.",
        )
    else:
        yield Found("factors", f"The factors are a story only so far: nothing has measured {names}.", "info")


@check(
    "R82",
    "warning",
    why="How much a team delivers is never what anybody gains by it: counted as value it pays for output.",
    do="Take it out of the factors, and hold it by a floor of technical health or by the cost of delay.",
)
def output_as_value(view: View) -> Iterator[Found]:
    """Factors that count how much work is delivered, by their names."""
    for key in view.definitions.factors:
        told = f"{key.replace('_', ' ')} {view.title('factors', key)}".casefold()
        if any(word in told for word in _OUTPUT):
            yield Found(key, f"{view.title('factors', key)} counts output, and stands among the factors.")


@check(
    "R15",
    "warning",
    why="A weight speaks of the swing over a range. Over an example that a template brought it speaks of nothing.",
    do="Agree on the worst and the best plausible value within the horizon, and take out `provisional`.",
)
def provisional_range(view: View) -> Iterator[Found]:
    """Factors whose range is an example from a template that nobody has agreed on."""
    open_yet = [key for key, factor in view.definitions.factors.items() if factor.provisional]
    if open_yet:
        names = listed((view.title("factors", key) for key in open_yet), SHOWN)
        ranges = "The range of" if len(open_yet) == 1 else "The ranges of"
        yield Found("factors", f"{ranges} {names} {'is an example' if len(open_yet) == 1 else 'are examples'}.")


@check(
    "R7",
    "warning",
    why="Weights speak of the swing from worst to best. Of a swing nobody has ever come near, they say little.",
    do="Narrow the range to what may really happen within the horizon, and weigh again.",
    reads=("range_times", "range_effects"),
)
def no_range(view: View) -> Iterator[Found]:
    """Ranges more than five times the largest effect ever seen, where five effects or more were."""
    limits = view.thresholds
    for key, factor in view.definitions.factors.items():
        seen = [abs(row.estimate) for row in effects_on(view.tables, key) if row.estimate is not None]
        width = abs(factor.range[1] - factor.range[0])
        if len(seen) >= limits.range_effects and width > limits.range_times * max(seen):
            title = view.title("factors", key)
            times = f"{width / max(seen):.0f} times" if max(seen) > 0 else "far more than"
            yield Found(key, f"The range of {title} is {times} the largest of {len(seen)} effects ever seen on it.")


@check(
    "R7",
    "info",
    why="A factor that cannot be seen to move decides nothing: every test of it ends undecided.",
    do="Take a leading metric that moves with it, or test longer and with more units: `vitalfew plan`.",
    reads=("sensitive_effects", "swing_share"),
)
def insensitive(view: View) -> Iterator[Found]:
    """Factors of which the usual experiment cannot detect a quarter of the swing, or that lag beyond the horizon."""
    horizon = view.definitions.policy.horizon_weeks
    blind: dict[str, float] = {}
    for key, factor in view.definitions.factors.items():
        share = _detectable_share(view, key, factor)
        if factor.lag_weeks > horizon:
            late = f"{view.title('factors', key)} answers after {factor.lag_weeks:g} weeks; the horizon is {horizon:g}."
            yield Found(key, late)
        elif share is not None and share > view.thresholds.swing_share:
            blind[key] = share
    if blind:
        names = listed((f"{view.title('factors', key)} ({percent(share)})" for key, share in blind.items()), SHOWN)
        subject = next(iter(blind)) if len(blind) == 1 else "factors"
        yield Found(subject, f"The usual experiment sees only large parts of the swing: {names}.")


@check(
    "R7",
    "info",
    why="So small a bend cannot be told from an answer that was a little off: it is precision nobody has.",
    do="Keep the utility linear; or ask once more from which level on half of the swing's worth is reached.",
    reads=("slight_bend",),
)
def slight_bend(view: View) -> Iterator[Found]:
    """Factors that reach half of their worth within a tenth of the range of its middle."""
    for key, factor in view.definitions.factors.items():
        half, (one, other) = factor.utility.half, factor.range
        if half is not None and abs((half - one) / (other - one) - 0.5) <= view.thresholds.slight_bend:
            middle = f"{half:g}, the middle of its range is {(one + other) / 2:g}"
            yield Found(
                key, f"{view.title('factors', key)} is all but linear: half of its worth is reached at {middle}."
            )


@check(
    "R6",
    "warning",
    why="A North Star that does not move, or counts activity, steers work towards what customers do not feel.",
    do="Flag a factor that customers would name themselves and that experiments have moved.",
    reads=("sensitive_effects", "star_price", "enough_lines"),
)
def unproven_north_star(view: View) -> Iterator[Found]:
    """North Stars that do not move within a cycle, are no customer's value, count activity, or decide badly alone."""
    defined = view.definitions
    stars = [key for key, factor in defined.factors.items() if factor.north_star]
    if len(stars) > 1:
        names = listed(view.title("factors", key) for key in stars)
        yield Found("factors", f"There are {len(stars)} North Stars: {names}. One is meant.")
    for key in stars:
        limits = view.thresholds
        tests = star_tests(
            defined,
            view.tables,
            key,
            fewest=limits.sensitive_effects,
            price=limits.star_price,
            lines=limits.enough_lines,
        )
        doubts = [row.said for row in tests if row.status == "no" and row.test != "business"]
        if doubts:
            yield Found(key, f"The North Star {view.title('factors', key)} {listed(doubts)}.")


def _detectable_share(view: View, key: str, factor: Factor) -> float | None:
    errors = [row.se for row in effects_on(view.tables, key) if row.se]
    if len(errors) < view.thresholds.sensitive_effects:
        return None
    return _DETECTABLE * median(errors) / abs(factor.range[1] - factor.range[0])
