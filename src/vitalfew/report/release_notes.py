"""Release notes of value, in Markdown: who can now do what, from where to where, and what nobody measured."""

from __future__ import annotations

import re
from datetime import date
from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.view import ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from vitalfew.report.view import View
    from vitalfew.results.rows import EffectRow, ShippedLine

SURE = 0.95
_SIGNS = re.compile(r"([\\`*_\[\]<>#|~])")
"""What Markdown would take for more than a sign."""


def delivered(view: View, since: date | None = None, until: date | None = None) -> tuple[ShippedLine, ...]:
    """The initiatives shipped in a time, the newest first; without an end of it, also those without a date, last.

    Args:
        view: the run.
        since: the first day.
        until: the last day.
    """
    dated = [(shipped_on(view, line), line) for line in view.tables.shipped if line.kind == "initiative"]
    fits = [(day, line) for day, line in dated if _within(day, since, until)]
    return tuple(line for _, line in sorted(fits, key=lambda each: each[0] or date.min, reverse=True))


def shipped_on(view: View, line: ShippedLine) -> date | None:
    """The day on which a line went out: its own, else that of its first release."""
    made = view.definitions.initiatives.get(line.line)
    if made is not None and made.shipped is not None:
        return made.shipped
    releases = view.definitions.releases.values()
    return min((release.date for release in releases if line.line in release.initiatives), default=None)


def release_notes(view: View, lines: Sequence[ShippedLine], since: date | None = None) -> str:
    """What was delivered, as Markdown.

    Args:
        view: the run.
        lines: what was shipped, in the order to tell it.
        since: the day from which it is told.
    """
    told = [line for line in lines if _effect(view, line) is not None]
    span = f" since {words.date_and_time(since.isoformat())}" if since else ""
    measured = f"{len(told)} of {words.count(len(lines), 'line')} shipped{span} {'was' if len(told) == 1 else 'were'}"
    head = [f"# Value delivered: {_plain(view.info.workspace)}", "", f"{measured} measured."]
    parts = ["\n".join(head), *(_note(view, line) for line in told)]
    rest = [line for line in lines if line not in told]
    if rest:
        listed = "\n".join(f"- {_named(view, line)}{_for_whom(view, line)}" for line in rest)
        parts.append(f"## Shipped and not measured\n\nNobody can say yet what these changed.\n\n{listed}")
    return "\n\n".join(parts) + "\n"


def _within(day: date | None, since: date | None, until: date | None) -> bool:
    if day is None:
        return since is None and until is None
    return (since is None or day >= since) and (until is None or day <= until)


def _note(view: View, line: ShippedLine) -> str:
    sentences = [*_sentences(view, line)]
    return f"## {_named(view, line)}\n\n" + "\n".join(f"- {sentence}" for sentence in sentences)


def _named(view: View, line: ShippedLine) -> str:
    day = shipped_on(view, line)
    return _plain(line.title) + (f" ({words.date_and_time(day.isoformat())})" if day else "")


def _sentences(view: View, line: ShippedLine) -> Iterator[str]:
    """Who can now do what, from where to where, and how that stands to the promise."""
    if can := _can_now(view, line):
        yield can
    effect = _effect(view, line)
    if effect is not None and effect.estimate is not None:
        yield _moved(view, effect)
    if line.promised is not None:
        unit = view.unit(line.promised.metric)
        promise = words.change(line.promised.p50, line.promised.p10, line.promised.p90, unit)
        verdicts = (row for row in view.tables.verdicts if row.initiative == line.line and row.verdict == line.verdict)
        why = next((f", {_plain(row.reason)}" for row in verdicts), "")
        yield f"Promised was {promise}, 80 % interval: {words.VERDICTS[line.verdict]}{why}."
    else:
        yield "Nothing was promised before."


def _can_now(view: View, line: ShippedLine) -> str:
    """The first hypothesis of a line that says for whom and what, as what now is; empty without one."""
    asked = [each for each in view.definitions.hypotheses.values() if each.initiative == line.line]
    metric = line.measured.metric if line.measured else None
    found = next((each for each in sorted(asked, key=lambda h: h.metric != metric) if each.who and each.will), None)
    return f"{_plain(found.who)[:1].upper()}{_plain(found.who)[1:]} can now {_plain(found.will)}." if found else ""


def _for_whom(view: View, line: ShippedLine) -> str:
    said = _can_now(view, line)
    return f" {said} That was the hope." if said else ""


def _effect(view: View, line: ShippedLine) -> EffectRow | None:
    """The effect that the figures of a line were taken from."""
    if line.measured is None:
        return None
    tried = {row.experiment for row in view.experiments_of(line)}
    released = {key for key, release in view.definitions.releases.items() if line.line in release.initiatives}
    rows: Iterable[EffectRow] = (
        row
        for row in (*view.tables.effects, *view.tables.release_effects)
        if row.experiment in tried | released and row.metric == line.measured.metric
    )
    known = [row for row in rows if row.estimate is not None]
    same = [row for row in known if row.estimate == line.measured.estimate]
    return next(iter([*same, *known]), None)


def _moved(view: View, row: EffectRow) -> str:
    """A change of a metric from where it stood without, to where it stands with, with n and interval."""
    unit, title = view.unit(row.metric), _plain(view.name_of(row))
    low, high = ends(row.intervals, SURE) or (None, None)
    change = words.change(row.estimate or 0.0, low, high, unit)
    before = row.mean.get(row.control)
    stood = ""
    if before is not None:
        after = before + (row.estimate or 0.0)
        known = low is not None and high is not None
        places = words.telling((low or 0.0) * unit.factor, (high or 0.0) * unit.factor) if known else None
        stood = f" from {words.level(before, unit, places)} to {words.level(after, unit, places)}:"
    n = sum(row.n.get(arm, 0) for arm in (row.arm, row.control))
    many = f"; n = {n:,}" if n else ""
    interval = ", 95 % interval" if low is not None else ""
    doubt = "" if low is None or high is None or low > 0 or high < 0 else "; it may be nothing"
    return f"{title}{stood} {change}{interval}{many}; {row.grade}{doubt}."


def _plain(text: str | None) -> str:
    """Text of people on one line, its signs kept from meaning anything in Markdown."""
    return _SIGNS.sub(r"\\\1", " ".join((text or "").split()))
