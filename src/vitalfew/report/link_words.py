"""What links, proxies, trade-offs and effects without luck say, for the terminal and for HTML."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from vitalfew.evidence.link_words import ASSUMES, BETWEEN_USERS
from vitalfew.evidence.trade_offs import FEWEST_PAIR
from vitalfew.report import words
from vitalfew.results.figures import unit_of
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from vitalfew.report.view import View
    from vitalfew.report.words import Unit
    from vitalfew.results.rows import Estimate, LinkRow, LinkStatus, PathRow, ProxyRow, SpreadRow, TradeOffRow
    from vitalfew.workspace.definitions import Definitions, Treaty

STATUSES: dict[LinkStatus, str] = {
    "exact": "exact",
    "estimated": "estimated",
    "weak": "weak",
    "not_identified": "not identified",
    "opinion": "opinion",
}
STATUS_MEANINGS: dict[LinkStatus, str] = {
    "exact": "a formula, so true by definition",
    "estimated": "many experiments tell it (strength above 4)",
    "weak": "experiments tell little of it (strength 2 to 4)",
    "not_identified": "the data cannot tell it (strength below 2)",
    "opinion": "nothing but what somebody expects",
}


ASSUMPTION = (
    "Every estimate assumes that what changes do to the child otherwise has nothing to do with what they do to its"
    " parents (the literature calls this INSIDE); a parent left out breaks it."
)
"""What the links of a table assume, said once beneath it."""
_ASSUMED, _SCATTERED = (text.partition("{")[0] for text in (ASSUMES, BETWEEN_USERS))
_NAMED_PAIRS = 6
_ABBREVIATED = 3
"""Letters of a unit up to which an s at its end is no plural: ms, bps."""


def slope_unit(view: View, parent: str, child: str) -> Unit:
    """How a slope is written: the child's change for one more of the parent, each in the unit people read."""
    above, below = view.unit(child), view.unit(parent)
    return replace(above, factor=above.factor / below.factor)


def per(view: View, parent: str) -> str:
    """What one more of the parent is: `per 1 pp`, `per job`, `per 1`."""
    return _per(view.unit(parent))


def _per(one_more: Unit) -> str:
    unit = one_more.change
    if not unit:
        return "per 1"
    one = (
        f"{unit[:-3]}y"
        if unit.endswith("ies")
        else unit[:-1]
        if unit.endswith("s") and len(unit) > _ABBREVIATED
        else ""
    )
    return f"per {one}" if one else f"per 1 {unit}"


def slope(view: View, parent: str, child: str, found: Estimate | None) -> str:
    """A slope with its interval; nothing where there is none."""
    if found is None:
        return ""
    return words.change(found.estimate, found.low, found.high, slope_unit(view, parent, child))


def slope_of(view: View, row: LinkRow) -> str:
    """The slope of a link with its interval, or the words that say why there is none."""
    if row.estimate is None:
        return STATUSES[row.status]
    number, ends = words.change_parts(row.estimate, row.low, row.high, slope_unit(view, row.parent, row.child))
    return f"{number} ({'exact' if row.status == 'exact' and row.low == row.high else ends})"


def treaty_sentence(definitions: Definitions, treaty: Treaty) -> str:
    """What teams agreed on: how much one metric may lose for what the other gains."""
    gains, loses = (unit_of(definitions.metrics.get(metric)) for metric in (treaty.gains, treaty.loses))
    price = words.with_unit(words.significant(treaty.at_most * loses.factor / gains.factor), loses.change)
    won, lost = (definitions.title("metrics", metric) for metric in (treaty.gains, treaty.loses))
    who = listed(definitions.title("teams", team) for team in treaty.between)
    until = f", until {treaty.until}" if treaty.until else ""
    why = f" Why: {treaty.reason}" if treaty.reason else ""
    return f"{who} agreed: work that gains on {won} may lose up to {price} on {lost} {_per(gains)}{until}.{why}"


def arrow(view: View, parent: str, child: str, sign: str = "→") -> str:
    """`Search time → Retention`."""
    return f"{view.title('metrics', parent)} {sign} {view.title('metrics', child)}"


def link_sentence(view: View, row: LinkRow) -> str:
    """What a link says, in words."""
    name = arrow(view, row.parent, row.child)
    if row.estimate is None:
        return f"{name}: {STATUS_MEANINGS[row.status]}."
    return f"{name}: {slope_of(view, row)} {per(view, row.parent)}; {STATUS_MEANINGS[row.status]}."


def own_notes(row: LinkRow, *, beside_scatter: bool) -> list[str]:
    """The notes of one link, without what is said once for all; `beside_scatter`: a column says what a scatter says."""
    common = (_ASSUMED, _SCATTERED) if beside_scatter else (_ASSUMED,)
    return [note for note in row.notes if not note.startswith(common)]


def assumed(rows: Iterable[LinkRow]) -> str:
    """What all links assume that experiments told, in one sentence; empty where none does."""
    return ASSUMPTION if any(note.startswith(_ASSUMED) for row in rows for note in row.notes) else ""


def known_paths(view: View) -> list[PathRow]:
    """Chains of which something is known: what links carry along them, or what effects show directly."""
    return [row for row in view.tables.paths if row.total is not None or row.direct is not None]


def telling_proxies(view: View) -> tuple[Sequence[ProxyRow], str]:
    """The early metrics of which something is known, and a sentence that names the others by their reasons."""
    rows = view.tables.proxies
    found: dict[str, dict[str, None]] = {}
    for row in rows:
        if row.status == "unknown":
            found.setdefault(row.message, {})[f"{proxy_name(view, row)} for {view.title('metrics', row.target)}"] = None
    told = [f"{listed(names, _NAMED_PAIRS)}: {reason}." for reason, names in found.items()]
    return [row for row in rows if row.status != "unknown"], " ".join(told)


def links_headline(view: View) -> str:
    """How many links are known, in a sentence."""
    rows = [row for row in view.tables.links if row.kind == "influence"]
    exact = len(view.tables.links) - len(rows)
    told = [f"{words.count(exact, 'exact link')}"] if exact else []
    for status in ("estimated", "weak", "not_identified", "opinion"):
        number = sum(row.status == status for row in rows)
        told += [f"{number} {STATUSES[status]}"] if number else []
    return f"{words.count(len(view.tables.links), 'link')}: {', '.join(told)}."


def path_sentence(view: View, row: PathRow) -> str:
    """What links carry along a chain, beside what effects show directly, and the rest."""
    name = arrow(view, row.parent, row.child)
    through, direct = (slope(view, row.parent, row.child, found) for found in (row.total, row.direct))
    said = f"{name}: through links {through or 'not known'}, directly {direct or 'not known'}"
    if row.unexplained is None:
        return f"{said}."
    rest = slope(view, row.parent, row.child, row.unexplained)
    clear = row.unexplained_p is not None and row.unexplained_p < 0.05  # noqa: PLR2004 - the level of all tests
    return f"{said}; unexplained {rest}{', so a path is missing' if clear else ''}."


def proxy_name(view: View, row: ProxyRow) -> str:
    """The metric, or the blend of metrics, that stands in."""
    names = [view.title("metrics", metric) for metric in row.weights]
    return names[0] if len(names) == 1 else f"blend of {words.count(len(names), 'metric')}"


def trade_off_sentences(view: View) -> list[str]:
    """All trade-offs in words; the pairs that too few experiments measured in one sentence."""
    rows = view.tables.trade_offs
    told = [trade_off_sentence(view, row) for row in rows if _is_told(row)]
    few = [row for row in rows if not _is_told(row)]
    if not few:
        return told
    most = max(row.experiments for row in few)
    pairs = listed((_pair(view, row) for row in few), _NAMED_PAIRS)
    seen = f"{words.count(most, 'experiment')} measured both" + (" at most" if len(few) > 1 else "")
    return [*told, f"Too few experiments to tell how these go together ({seen}; it takes {FEWEST_PAIR}): {pairs}."]


def _is_told(row: TradeOffRow) -> bool:
    return row.covariance is not None


def _pair(view: View, row: TradeOffRow) -> str:
    return f"{view.title('metrics', row.first)} with {view.title('metrics', row.second)}"


def trade_off_sentence(view: View, row: TradeOffRow) -> str:
    """How two metrics go together over experiments, in words."""
    first, second = (view.title("metrics", metric) for metric in (row.first, row.second))
    told = []
    if row.correlation is not None:
        text = f"correlation of true effects {words.figure(row.correlation.estimate, 2, signed=True)}"
        if row.correlation.low is not None and row.correlation.high is not None:
            text += f" ({words.between(row.correlation.low, row.correlation.high, 2)})"
        told.append(text)
    if row.exchange_rate is not None:
        told.append(f"{slope(view, row.first, row.second, row.exchange_rate)} of the second {per(view, row.first)}")
    if row.p_opposed is not None:
        told.append(f"P(a gain of one is a loss of the other) {words.probability(row.p_opposed)}")
    return f"{first} and {second}: {'; '.join(told) or 'no experiment moved one of the two beyond its noise'}."


def agreed_rate(view: View, row: TradeOffRow) -> str:
    """How much of the second makes up for one more of the first by the weights; empty where both are not weighed."""
    if row.agreed_rate is None:
        return ""
    return words.change_parts(row.agreed_rate, None, None, slope_unit(view, row.first, row.second))[0]


def worth_it(view: View, row: TradeOffRow) -> str:
    """Whether a gain on the first pays for what comes with it on the second, by the weights; empty if not weighed."""
    rate = row.exchange_rate
    if rate is None or rate.low is None or rate.high is None or row.agreed_rate is None:
        return ""
    good = view.unit(row.first).good * view.unit(row.second).good
    low, high = sorted(good * (end - row.agreed_rate) for end in (rate.low, rate.high))
    if low > 0:
        return "a gain on the first is worth what comes with it"
    return (
        "a gain on the first costs more than it brings" if high < 0 else "not told: the interval holds the agreed rate"
    )


def luck_sentences(view: View, rows: Iterable[SpreadRow]) -> list[str]:
    """What wins on each metric claimed, and what is left of them without luck; metrics that tell nothing together."""
    told: list[str] = []
    quiet: dict[tuple[bool, str], list[str]] = {}
    for row in rows:
        seen = words.count(row.experiments, "experiment" if row.corpus == "randomised" else "release")
        if row.claimed is None or row.expected is None or not row.wins:
            quiet.setdefault((row.spread is None, seen), []).append(view.title("metrics", row.metric))
        else:
            told.append(_luck(view, row, seen, (row.claimed, row.expected)))
    for (too_few, seen), titles in quiet.items():
        said = f"{seen}, too few to tell luck from skill" if too_few else f"no effect stood out among {seen}"
        told.append(f"{listed(titles)}: {said}.")
    return told


def _luck(view: View, row: SpreadRow, seen: str, won: tuple[float, Estimate]) -> str:
    """What wins on one metric claimed, and what is left of it without luck; both in the good direction."""
    title, unit, (all_claimed, expected) = view.title("metrics", row.metric), view.unit(row.metric), won
    left = words.change(expected.estimate, expected.low, expected.high, unit).removeprefix("+")
    claimed = words.change_parts(all_claimed, None, None, unit)[0].removeprefix("+")
    return f"{title}: {words.count(row.wins, 'win')} of {seen} claimed {claimed} together; without luck {left}."
