"""What is said about the effect of a release: how it was computed, what disturbs it, what would have told more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.evidence.bundles import Bundle
    from vitalfew.stats.forecast_gap import Gap, Question
    from vitalfew.stats.placebo import Judged
    from vitalfew.workspace.definitions import Definitions

AFTER, BEFORE_IT = "after", "before"
STANDS_OUT, NOISE = "stands out", "cannot be told from noise"
METHOD = "forecast against placebo dates"
WEEKLY = "one value a week, taken for the seven days from its date on"
OF_A_DAY = (
    "counted on each day, not within the metric's window: sizes do not compare with experiments, and no promise and no"
    " value rests on it"
)
FOLLOWED = (
    "users are followed for {days} days: those who came in the {days} days before it saw it too, and are left out of"
    " the level before it"
)
JUMPED = (
    "around {day} it moved once as at no other time, as at a launch: taken for something that happened then, and left"
    " out of how far it strays by chance"
)
STAGED = (
    "a staged rollout would have told: the same release to a part of the users first, drawn by chance, compares both"
    " parts on the same days, so that season, campaigns and trends fall out"
)
_NAMED = 3  # releases or metrics named in a sentence
_SEEN = 0.8  # chance of finding an effect from which it counts as one that can be seen
_RARE = 0.05


def notes(definitions: Definitions, metric: str, bundle: Bundle, gap: Gap, question: Question) -> Iterator[str]:
    """What a reader must know of one effect, the weightiest first."""
    found = gap.judged
    yield verdict(gap)
    yield from _bundled(definitions, bundle)
    if found is not None:
        yield f"changes under {detectable(found):.3g} would be missed more often than in one of five times"
    yield from _disturbed(gap)
    yield from shared_errors(definitions, metric)
    yield (
        f"mean of {_days(question.after)} after it against the level before it"
        f"{', in proportion to the level' if gap.relative else ''}"
        f"{f', cleared of {_counted(gap.controls, "control")}' if gap.controls else ''}"
    )
    yield STAGED


def verdict(gap: Gap) -> str:
    """Whether a change can be told from noise, in a sentence."""
    found = gap.judged
    if found is None:
        return f"descriptive only: {gap.reason}"
    as_large = int((abs(found.placebos) >= abs(found.estimate)).sum())
    dates = f"{as_large} of {_counted(len(found.placebos), 'date')} without it moved at least as much"
    return f"{STANDS_OUT if found.p < _RARE else NOISE}: {dates}"


def detectable(found: Judged) -> float:
    """The effect that would be found in 80 of 100 cases at 5 %, in the metric's unit."""
    from scipy import special

    quantiles = special.stdtrit(found.df, [1 - _RARE / 2, _SEEN])
    return float(found.se * quantiles.sum())


def _bundled(definitions: Definitions, bundle: Bundle) -> Iterator[str]:
    if not bundle.others:
        return
    names = listed([f"'{definitions.title('releases', key)}'" for key in bundle.others], _NAMED)
    if bundle.joint:
        yield f"came within the same days as {names}: the change is that of all of them together, of none alone"
    else:
        yield f"{names} came within the days compared: what changed may be theirs as well, and cannot be split"


def _disturbed(gap: Gap) -> Iterator[str]:
    if gap.left_out:
        yield f"{_counted(gap.left_out, 'placebo date')} left out: another release came within their days"
    if gap.disturbed:
        yield (
            f"{_counted(gap.disturbed, 'placebo date')} kept although another release came within their days, for lack"
            " of others: noise is judged too large rather than too small"
        )


def shared_errors(definitions: Definitions, metric: str) -> Iterator[str]:
    """Say which metrics are counted from the same rows, so that chance moves them together."""
    alike = [definitions.title("metrics", key) for key in same_rows(definitions, metric)]
    if alike:
        yield (
            f"from the same table as {listed(alike, _NAMED)}: errors may go together, so one does not confirm the other"
        )


def same_rows(definitions: Definitions, metric: str) -> tuple[str, ...]:
    """Metrics whose errors go together with those of this one: of the same source, or over the same denominator."""
    own = definitions.metrics.get(metric)
    if own is None:
        return ()
    return tuple(
        key
        for key, other in definitions.metrics.items()
        if key != metric
        and (
            other.numerator.source == own.numerator.source
            or (own.denominator is not None and other.denominator == own.denominator)
        )
    )


def _days(number: int) -> str:
    return _counted(number, "day")


def _counted(number: int, what: str) -> str:
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"
