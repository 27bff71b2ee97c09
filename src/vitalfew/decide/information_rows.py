"""What knowing more is worth, in rows and in words: whether the next hour goes into talking, measuring or testing."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

from vitalfew.decide.information import information
from vitalfew.decide.phrases import points
from vitalfew.decide.settled import SMALL_PART
from vitalfew.results.rows import InformationRow
from vitalfew.results.words import listed
from vitalfew.stats.percent import percent
from vitalfew.workspace.formulas import parts_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.decide.information import About, Information, Worth
    from vitalfew.decide.options import Options
    from vitalfew.decide.utility import Reals
    from vitalfew.workspace.definitions import Definitions

LITTLE = 0.01
"""Share of the plan's value below which knowing everything would change little."""
_ASIDE = " Candidates whose forecasts are sealed are left out: what knowing is worth would tell them."
_PARTS = 4  # parts of a formula that are named
_NOTHING = 1e-3  # share of the plan's value below which no number is told
_HOUR: Mapping[About, str] = {
    "weights": "the weights: the next hour goes into talking about what counts",
    "effects": "the effects: the next hour goes into testing",
    "slopes": "how metrics move each other: the next hour goes into measuring these links",
    "costs": "the costs: the next hour goes into asking what the work takes",
}
_KNOWING: Mapping[About, str] = {
    "weights": "Agreeing on all weights for sure",
    "effects": "Knowing for sure what every candidate does",
    "slopes": "Knowing for sure how metrics move each other",
    "costs": "Knowing all costs for sure",
}
_LEAVE: Mapping[About, str] = {
    "weights": "People may go on disagreeing about them: it hardly changes the choice.",
    "effects": "Testing would hardly change the choice.",
    "slopes": "Measuring them better would hardly change the choice.",
    "costs": "Asking for better estimates would hardly change the choice.",
}


def information_rows(
    options: Options,
    definitions: Definitions,
    hidden: frozenset[str] = frozenset(),
    slopes: Mapping[str, Reals] = MappingProxyType({}),
) -> tuple[InformationRow, ...]:
    """What knowing each thing would be worth: everything, kinds of things, then factors and lines by worth.

    Args:
        options: what there is to choose from.
        definitions: for titles.
        hidden: lines of whose value nothing is said; sealed ones are left out of the choice altogether.
        slopes: see `information`.

    Returns:
        No rows where there is nothing to choose.
    """
    few = options.shown
    found = information(few, slopes)
    if found is None:
        return ()
    shown = [one for one in found.worths if not (one.about == "effects" and one.subject in hidden)]
    ranked = sorted(shown, key=lambda one: (one.about != "everything", one.subject is not None, -one.worth))
    most = found.of("everything")
    return tuple(
        InformationRow(
            one.about,
            one.subject,
            one.worth,
            one.error,
            one.worth / most if most > 0 else 0.0,
            _message(one, found, definitions) + (_ASIDE if one.about == "everything" and few is not options else ""),
        )
        for one in ranked
    )


def _message(one: Worth, found: Information, definitions: Definitions) -> str:
    nothing = one.worth <= _NOTHING * max(found.plan, found.of("everything"))
    added = "next to nothing" if nothing else points(one.worth)
    if one.about == "everything":
        return _of_everything(found, added)
    if one.subject is not None:
        what = _asked(one.about, one.subject, definitions)
        return f"Knowing for sure {what} would add {added} to what the budget buys."
    if nothing:
        return f"{_KNOWING[one.about]} would add {added}. {_LEAVE[one.about]}"
    most = found.of("everything")
    share = one.worth / most if most > 0 else 0.0
    told = f"{_KNOWING[one.about]} would add {added}, {percent(share)} of what could be gained by knowing."
    return f"{told} {_LEAVE[one.about]}" if share < SMALL_PART else told


def _of_everything(found: Information, added: str) -> str:
    kinds = [one for one in found.worths if one.subject is None and one.about != "everything"]
    told = f"Knowing everything before choosing would add {added} to the {points(found.plan)} expected of the plan."
    if found.of("everything") <= LITTLE * found.plan or not kinds:
        return f"{told} No question is worth much time: decide."
    first = max(kinds, key=lambda one: one.worth)
    return f"{told} Most of it lies in {_HOUR[first.about]}."


def _asked(about: About, subject: str, definitions: Definitions) -> str:
    """What would be known, in words."""
    if about == "weights":
        return f"how much {definitions.title('metrics', subject)} counts"
    if about == "slopes" and subject in definitions.links:
        link = definitions.links[subject]
        parents = listed((definitions.title("metrics", parent) for parent in parts_of(link)), _PARTS)
        return f"how {parents} moves {definitions.title('metrics', link.child)}"
    return f"what {definitions.title('initiatives', subject)} does"
