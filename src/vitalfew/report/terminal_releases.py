"""Releases in the terminal: what changed after each, what can be told from noise, who gave what, what was undone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.evidence.discoveries import how_many, stands_out
from vitalfew.evidence.treaties import AGREED
from vitalfew.report import words
from vitalfew.report.sheet import WIDE, Cell, Field, Group, Note, Row, Sheet
from vitalfew.results.words import listed

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from rich.console import Console

    from vitalfew.report.view import View
    from vitalfew.results.link_rows import SubjectKind
    from vitalfew.results.rows import ConflictRow, ContributionRow, EffectRow, PlaceboRow

_NARROW = 76
MOST = 20
"""Rows of one kind that are printed."""
MOST_OF_ONE = 8
"""Contributions to one metric that are printed, features before teams and the largest first."""
MOST_UNDONE = 4
"""Gains that are named in a sentence about what was taken back."""
_SUMS: tuple[SubjectKind, ...] = ("feature", "team", "unexplained")


def print_releases(view: View, console: Console) -> None:
    """Print what changed after each release, what each gave at the top, and what took back what.

    Args:
        view: the run.
        console: where to print; its width, colours and encoding decide the form, and a pipe gets plain lines.
    """
    sheet = Sheet(console)
    if view.definitions.releases:
        sheet.say(releases_headline(view), "bold")
    else:
        sheet.say("No releases are defined yet.")
        first = "First step: `vitalfew start releases.csv kpi.csv`, or name them under `releases:` with their dates."
        sheet.say(f"{sheet.signs.arrow} {first}", "bold")
    _effects(view, sheet)
    _contributions(view, sheet)
    _conflicts(view, sheet)


def releases_headline(view: View) -> str:
    """How many releases stand out, in a sentence."""
    rows = view.tables.release_effects
    clear = {row.experiment for row in rows if stands_out(row)}
    judged = {row.experiment for row in rows if row.p_value is not None}
    number = words.count(len(view.definitions.releases), "release")
    if not judged:
        return f"{number}; none could be compared with days without a release yet."
    stand = "stands" if len(clear) == 1 else "stand"
    tested = "" if len(judged) == len(view.definitions.releases) else " that could be tested"
    return f"{number}: {len(clear) or 'none'} of {len(judged)}{tested} {stand} out from what happens without a release."


def said_of(row: EffectRow, placebo: PlaceboRow | None) -> str:
    """Whether an effect can be told from noise, in a few words."""
    if placebo is not None and placebo.descriptive:
        return "descriptive only"
    if row.p_value is None:
        return "no test"
    return "stands out" if stands_out(row) else "may be noise"


def _effects(view: View, sheet: Sheet) -> None:
    rows = view.tables.release_effects
    if not rows:
        return
    sheet.heading(f"AFTER EACH RELEASE (95 % intervals{_corrected(rows)})")
    placebos = {(row.release, row.metric): row for row in view.tables.placebos}
    table: list[Row] = []
    releases = telling_first(view)
    shown = _filling(releases)
    for release in shown:
        table.append(Group(_named(view, release)))
        own = releases[release]
        table += [_effect(view, sheet, row, placebos.get((release, row.metric))) for row in own]
        others = dict.fromkeys(key for row in own for key in _bundle(placebos.get((release, row.metric))))
        if others:
            names = listed(view.title("releases", key) for key in others)
            table.append(Note(f"came with {names}: the change belongs to all of them together"))
    room = 4 if sheet.width >= WIDE else 0
    fields = [
        Field(""),
        Field("change", 26 + room, right=True),
        Field("p", 7 if sheet.width > _NARROW else 5, right=True),
        Field("grade", 10),
    ]
    sheet.table([*fields, Field("", 16)], table)
    sheet.left_out(len(releases) - len(shown), "release")


def telling_first(view: View) -> dict[str, list[EffectRow]]:
    """The effects of each release: those in which something stands out first, then those tested, the newest first."""
    found: dict[str, list[EffectRow]] = {}
    for row in view.tables.release_effects:
        found.setdefault(row.experiment, []).append(row)
    newest = sorted(found, key=lambda key: day_of(view, key), reverse=True)
    tested = {key: any(row.p_value is not None for row in rows) for key, rows in found.items()}
    telling = {key: any(stands_out(row) for row in rows) for key, rows in found.items()}
    return {key: found[key] for key in sorted(newest, key=lambda key: (not telling[key], not tested[key]))}


def _filling(releases: Mapping[str, Sequence[EffectRow]]) -> list[str]:
    """The first releases, each whole, up to as many rows as are printed; and all in which something stands out."""
    shown: list[str] = []
    rows = 0
    for key, own in releases.items():
        rows += len(own)
        if shown and rows > MOST and not any(stands_out(row) for row in own):
            break
        shown.append(key)
    return shown


def _corrected(rows: Sequence[EffectRow]) -> str:
    """Over how many tests p-values are corrected."""
    tests = how_many(rows)
    return f"; p among {words.count(tests, 'test')}" if tests else ""


def day_of(view: View, release: str) -> str:
    """The day of a release (ISO); empty when nothing tells it."""
    defined = view.definitions.releases.get(release)
    return defined.date.isoformat() if defined else ""


def _named(view: View, release: str) -> str:
    day, title = day_of(view, release), view.title("releases", release)
    return f"{title}, {day}" if day else title


def _bundle(row: PlaceboRow | None) -> tuple[str, ...]:
    return row.bundle if row else ()


def _effect(view: View, sheet: Sheet, row: EffectRow, placebo: PlaceboRow | None) -> list[Cell]:
    ends = row.interval()
    low, high = (ends.low, ends.high) if ends else (None, None)
    unit = view.unit(row.metric)
    told = "not compared" if row.estimate is None else words.change(row.estimate, low, high, unit)
    known = row.p_value if row.adjusted_p is None else row.adjusted_p
    p = "" if known is None else words.p_value(known)
    said = Cell(said_of(row, placebo), "bold" if stands_out(row) else "dim")
    name = f"  {view.title('metrics', row.metric)}"
    return [Cell(name), Cell(told), Cell(f"p {p}" if sheet.is_pipe and p else p), Cell(row.grade), said]


def _contributions(view: View, sheet: Sheet) -> None:
    rows = [row for row in view.tables.contributions if row.contribution is not None and row.kind in _SUMS]
    if not rows:
        return
    sheet.heading("WHAT WAS GIVEN AT THE TOP (95 % intervals)")
    table: list[Row] = []
    left_out = 0
    for metric in dict.fromkeys(row.metric for row in rows):
        own = sorted(
            (row for row in rows if row.metric == metric), key=lambda row: (_SUMS.index(row.kind), -_size(row))
        )
        table.append(Group(view.title("metrics", metric)))
        table += [_given(view, row) for row in own[:MOST_OF_ONE]]
        left_out += len(own[MOST_OF_ONE:])
    sheet.table([Field(""), Field("", 28, right=True), Field("", 10), Field("", 13)], table)
    sheet.left_out(left_out, "contribution")


def _size(row: ContributionRow) -> float:
    return 0.0 if row.contribution is None else abs(row.contribution.estimate)


def _given(view: View, row: ContributionRow) -> list[Cell]:
    found, unit = row.contribution, view.unit(row.metric)
    told = "" if found is None else words.change(found.estimate, found.low, found.high, unit)
    way = "" if row.kind == "unexplained" else "through links" if row.links else "measured"
    return [Cell(f"  {contributor(view, row)}"), Cell(told), Cell(row.grade or ""), Cell(way, "dim")]


def contributor(view: View, row: ContributionRow) -> str:
    """Who or what gave something, in words."""
    if row.kind == "unexplained":
        return "unexplained"
    title = view.title(f"{row.kind}s", row.subject)
    return f"team {title}" if row.kind == "team" else title


def _conflicts(view: View, sheet: Sheet) -> None:
    told = conflict_sentences(view)
    if not told:
        return
    sheet.heading("CONFLICTS")
    for sentence in told[:MOST]:
        sheet.say(sentence)
    sheet.left_out(len(told) - MOST, "conflict")


def conflict_sentences(view: View) -> list[str]:
    """Conflicts in words: what a change gains and loses; what it took back, of all that others had gained, at once."""
    rows = view.tables.conflicts
    told = [row.message for row in rows if row.kind == "within"]
    undone: dict[tuple[str, str], list[ConflictRow]] = {}
    for row in rows:
        if row.kind == "undone":
            undone.setdefault((row.subject, row.loss_metric), []).append(row)
    for (subject, metric), some in undone.items():
        gains = (f"{_changed(view, row.other or '')} ({_back(row)})" for row in some)
        told.append(
            f"On {view.title('metrics', metric)}, {_changed(view, subject)} took back what others had gained:"
            f" {listed(gains, MOST_UNDONE)}.{f' {AGREED}' if all(row.message.endswith(AGREED) for row in some) else ''}"
        )
    return told


def _changed(view: View, key: str) -> str:
    """The title of a release or an experiment."""
    return view.title("releases" if key in view.definitions.releases else "experiments", key)


def _back(row: ConflictRow) -> str:
    return words.share(min(1.0, abs(row.loss.estimate / row.gain.estimate))) if row.gain.estimate else "all"
