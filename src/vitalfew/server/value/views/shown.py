"""What a session shows when its answers are open: strips, camps, what the disagreement flips, how weights moved."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.report.factor_pictures import dot_strip
from vitalfew.report.html_groups import heat_map
from vitalfew.report.words import share
from vitalfew.server.value.queries.reveal import FEWEST, moved, reveal
from vitalfew.server.value.queries.sessions import Minutes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.pipeline import Results
    from vitalfew.pipeline.weighing import Strip, Weighed
    from vitalfew.report.markup import Markup
    from vitalfew.results.rows import WeightRow
    from vitalfew.server.core.rows import Workspace
    from vitalfew.server.value.queries.reveal import Reveal
    from vitalfew.server.value.queries.sessions import SessionView
    from vitalfew.workspace.definitions import Definitions

HEADS = ("factor", "weight", "low", "high", "raters", "zero_votes", "weight_first_round")
_AGREEMENT = (
    (0.3, "people hardly agree on the order"),
    (0.5, "people agree on the order a little"),
    (0.7, "people agree on much of the order"),
    (1.1, "people nearly agree on the order"),
)
_SPREADS = ((0.25, "close together"), (0.6, "some way apart"), (1e9, "far apart"))


@dataclass(frozen=True, slots=True)
class Shown:
    """A factor at the reveal: its picture and its sentence."""

    key: str
    title: str
    weight: WeightRow
    picture: Markup
    said: str
    minutes: Minutes


@dataclass(frozen=True, slots=True)
class Change:
    """How the weight of a factor moved between the rounds, in words."""

    title: str
    before: str
    after: str
    by: str


def revealed(workspace: Workspace, view: SessionView, run: Results | None, definitions: Definitions) -> dict[str, Any]:
    """The context of the reveal; without open answers nothing."""
    if not view.is_revealed:
        return {}
    found = reveal(workspace, view, run)
    now = found.now
    context: dict[str, Any] = {"answered": now.people, "few": FEWEST}
    if now.people < FEWEST:
        return context | {"too_few": True}
    return context | {
        "strips": _strips(now, view, definitions),
        "agreement": agreement(now),
        "matters": matters(now, definitions),
        "flips": flips(now, definitions),
        "camps": _camps(now, definitions),
        "heat": heat_map(now.groups, now.weights, definitions),
        "groups": _groups(now, definitions),
        "moved": _changes(found, definitions),
        "notes": [_titled(note, definitions) for note in now.notes],
    }


def cells(found: Reveal) -> Iterator[tuple[object, ...]]:
    """The weights of the group for a table; none where too few answered."""
    if found.now.people < FEWEST:
        return
    before = found.first.weights if found.first else {}
    for strip in found.now.strips:
        row = strip.weight
        first = before.get(strip.factor)
        yield row.factor, row.mean, row.low, row.high, row.raters, row.zero_votes, first.mean if first else None


def agreement(found: Weighed) -> str:
    """Kendall's W in words; '' where it is not known."""
    row = found.disagreement
    if row is None or row.kendall_w is None:
        return ""
    words = next(text for bound, text in _AGREEMENT if row.kendall_w < bound)
    return f"{words[:1].upper()}{words[1:]} (Kendall's W {row.kendall_w:.2f} of 1)."


def matters(found: Weighed, definitions: Definitions) -> str:
    """Whether the disagreement changes what is funded, in a sentence."""
    row = found.disagreement
    if row is None or row.decision_agreement is None:
        why = row.notes[0] if row and row.notes else "nothing is ready to be chosen from"
        why = why.removeprefix("whether it matters is not known: ")
        return f"Whether our disagreement matters is not known: {why}."
    same = f"{share(row.decision_agreement)} of us would fund the same by our own weights"
    if not found.flips:
        return f"Our disagreement changes nothing that is funded: {same}."
    named = ", ".join(definitions.title("initiatives", flip.line) for flip in found.flips[:3])
    more = f" and {len(found.flips) - 3} more" if len(found.flips) > 3 else ""  # noqa: PLR2004 - those named
    return f"Our disagreement decides about {named}{more}; {same}."


def flips(found: Weighed, definitions: Definitions) -> list[tuple[str, str]]:
    """Lines on which people would decide otherwise, with who would fund them."""
    return [
        (
            definitions.title("initiatives", flip.line),
            f"{share(flip.share)} would fund it; together we {'would' if flip.funded else 'would not'}",
        )
        for flip in found.flips or ()
    ]


def _titled(note: str, definitions: Definitions) -> str:
    """A note with titles in place of the keys of factors."""
    for key in definitions.factors:
        note = re.sub(rf"(?<![\w.-]){re.escape(key)}(?![\w.-])", definitions.title("factors", key), note)
    return note


def _strips(found: Weighed, view: SessionView, definitions: Definitions) -> list[Shown]:
    ends = [strip.weight.high or strip.weight.mean for strip in found.strips]
    top = max([*ends, *(strip.dots[-1] for strip in found.strips if strip.dots)], default=1.0) * 1.04
    return [
        Shown(
            strip.factor,
            title := definitions.title("factors", strip.factor),
            strip.weight,
            dot_strip(strip.dots, strip.weight, top, title),
            _sentence(strip),
            Minutes(strip.factor, title, view.minutes.get(strip.factor, "")),
        )
        for strip in found.strips
    ]


def _sentence(strip: Strip) -> str:
    row = strip.weight
    ends = "" if row.low is None or row.high is None else f" ({share(row.low)} to {share(row.high)})"
    said = [f"{share(row.mean)}{ends}"]
    if strip.spread is not None:
        said.append(next(text for bound, text in _SPREADS if strip.spread < bound))
    if row.zero_votes and strip.dots:
        said.append(f"{row.zero_votes} {'person says' if row.zero_votes == 1 else 'people say'} it counts nothing")
    return "; ".join(said)


def _camps(found: Weighed, definitions: Definitions) -> str:
    if not found.camps:
        return ""
    one, other = (definitions.title("factors", key) for key in found.camps)
    return f"There are two camps: one favours “{one}”, the other “{other}”."


def _groups(found: Weighed, definitions: Definitions) -> list[tuple[str, str]]:
    """What groups of five people or more weigh otherwise, and what they would fund otherwise."""
    said: dict[str, list[str]] = {}
    for row in found.groups:
        if row.gap_low > 0 or row.gap_high < 0:
            more = "more" if row.gap > 0 else "less"
            title = definitions.title("factors", row.factor)
            said.setdefault(row.group, []).append(
                f"weighs “{title}” {more}: {share(row.mean)} ({share(row.low)} to {share(row.high)})"
            )
    for choice in found.choices:
        for verb, keys in (("would also fund", choice.adds), ("would not fund", choice.drops)):
            named = ", ".join(definitions.title("initiatives", key) for key in keys)
            if named:
                said.setdefault(choice.group, []).append(f"{verb} {named}")
    return [(group, "; ".join(told)) for group, told in said.items()]


def _changes(found: Reveal, definitions: Definitions) -> list[Change]:
    return [
        Change(
            definitions.title("factors", row.factor),
            share(row.before.mean) if row.before else "not weighed",
            _span(row.after),
            "" if row.before is None else f"{100 * (row.after.mean - row.before.mean):+.0f} pp".replace("-", "−"),
        )
        for row in moved(found)
    ]


def _span(row: WeightRow) -> str:
    return (
        share(row.mean)
        if row.low is None or row.high is None
        else f"{share(row.mean)} ({share(row.low)} to {share(row.high)})"
    )
