"""Opinions: points that people or groups give to factors, as factors of a workspace and judgements in its log."""

from __future__ import annotations

import csv
from statistics import fmean
from typing import TYPE_CHECKING, Any

from vitalfew.connect.numbers import written_in_two_ways
from vitalfew.connect.opinion_tables import GROUPS, Answer, points_in
from vitalfew.connect.words import listed, lower_is_better, plain, title_of
from vitalfew.errors import DataError
from vitalfew.judgement.answers import Judgement
from vitalfew.results.words import count
from vitalfew.stats.percent import percent
from vitalfew.warehouse.profile import rows_of
from vitalfew.workspace.journal import FolderJournal
from vitalfew.workspace.locks import VALUE_MODEL, value_model
from vitalfew.workspace.rules import MOST_FACTORS
from vitalfew.workspace.vocabulary import LARGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.recognise import Recognised
    from vitalfew.results.rows import DisagreementRow, GroupChoiceRow, Tables
    from vitalfew.workspace.definitions import Definitions

MOST_ROWS, MOST_PEOPLE = 20_000, 1_000
SHOWN = 5
SAME = 0.6
"""Share of people who would fund the same from which disagreement changes little."""
_ROOM = "data/measured.csv"


def add_opinions(draft: Draft, file: Recognised) -> list[Judgement]:
    """Add a metric and a factor for each factor of the file; returns what each person said, to be recorded."""
    said, factors = _read(file)
    by_title = {plain(title): key for key, title in _titles(draft).items()}
    keys = {name: by_title.get(plain(name)) or metric_named(draft, name) for name in factors}
    for key in keys.values():
        draft.tree["factors"][key] = {"range": [0, 1]}
    draft.comments["factors",] = (
        "Factors are what counts as value. The file does not say how far each may swing: replace every [0, 1] by the\n"
        "[worst, best] value of its metric over the next year. Points mean little without; then weigh once more."
    )
    draft.facts.opinions = len(said)
    file.notes.append(f"{count(len(said), 'answer')} about {count(len(factors), 'factor')}: {listed(factors)}")
    draft.notes.append(
        "every factor has the range [0, 1] until you say how far it may swing: points of value mean little"
    )
    draft.notes.append("opinions are recorded under pseudonyms; the file with the names stays with you")
    return [
        Judgement(
            judgement.person, {keys[name]: points for name, points in judgement.points.items()}, group=judgement.group
        )
        for judgement in said
    ]


def factors_of(file: Recognised) -> tuple[str, ...]:
    """The factors that a file of opinions weighs."""
    if file.opinions is not None:
        return file.opinions.factors
    return tuple(value for value, _ in file.look.values(file.columns["factor"]))


def record(folder: Path, definitions: Definitions, said: list[Judgement]) -> None:
    """Record the judgements in the log of a workspace that has just been written."""
    with FolderJournal(folder).writing(durable=False) as writer:
        model = value_model(definitions, writer)
        for judgement in said:
            body: dict[str, Any] = {"kind": "points", "points": dict(judgement.points)}
            body |= {"group": judgement.group} if judgement.group else {}
            writer.append("judgement", VALUE_MODEL, judgement.person, body, model)


def sentences(tables: Tables, definitions: Definitions) -> Iterator[str]:
    """The weights with spread, what a single North Star would cost, camps, and whether any of it matters."""
    rows = sorted(tables.weights, key=lambda row: -row.mean)
    if not rows or rows[0].low is None or rows[0].high is None:
        return
    shown = [
        f"{definitions.title('metrics', row.factor)} {percent(row.mean)}"
        f" ({percent(row.low or 0.0)} to {percent(row.high or 0.0)})"
        for row in rows[:SHOWN]
    ]
    yield f"Weights with 80 % intervals: {', '.join(shown)}{', …' if len(rows) > SHOWN else ''}."
    yield from _star(tables, definitions)
    yield from _apart(tables, definitions)


def _apart(tables: Tables, definitions: Definitions) -> Iterator[str]:
    row = next(iter(tables.disagreement), None)
    if row is None:
        return
    if row.kendall_w is not None:
        yield f"Agreement of {row.people} orders: {row.kendall_w:.2f} (Kendall's W; 0 none, 1 full)."
    if row.camps is not None:
        where = definitions.title("factors", row.camps_factor) if row.camps_factor else ""
        yield f"Two camps: they differ most on {where}." if row.camps else "No camps: people differ as one crowd does."
    yield from _choices(tables, definitions, row)
    if row.kendall_w is None or row.camps is None:
        yield "With fewer than five people, less is said: nothing may be about one of them."


def _choices(tables: Tables, definitions: Definitions, row: DisagreementRow) -> Iterator[str]:
    """Whether the disagreement changes what is funded, where that can be told, and what a North Star costs then."""
    valued = [line for line in tables.candidates if line.p_in is not None]
    if row.decision_agreement is not None:
        matters = "changes little of" if row.decision_agreement >= SAME else "changes"
        yield (
            f"By their own weights {percent(row.decision_agreement)} of them would fund the same: the disagreement"
            f" {matters} what is funded."
        )
        for group in tables.group_choices:
            flips = [f"{way} {listed(map(_title(definitions), lines), 3)}" for way, lines in _flips(group) if lines]
            if flips:
                yield f"{group.group} would {' and '.join(flips)}."
    elif tables.candidates and not valued:
        yield "Whether the disagreement changes what is funded cannot be told: the ideas say nothing about the factors."
    elif not valued:
        yield (
            "Whether the disagreement changes what is funded shows once there are candidates: `initiatives:` with a"
            " cost, and forecasts of what they move."
        )


def _star(tables: Tables, definitions: Definitions) -> Iterator[str]:
    """What a single North Star would cost, in value; and on what that rests where nothing can be chosen from yet."""
    alone = next((each for each in tables.vital_factors if each.k == 1), None)
    lost = None if alone is None else alone.regret
    if alone is None or lost is None or len(tables.weights) < 2:  # noqa: PLR2004 - one factor is a North Star already
        return
    name = definitions.title("factors", alone.factors[0])
    span = "" if lost.low is None or lost.high is None else f" ({percent(lost.low)} to {percent(lost.high)})"
    rests = ", if ideas move all factors alike" if alone.basis == "assumed" else ""
    price = f"{percent(lost.estimate)}{span} of the value{rests}"
    yield f"The price of a North Star: choosing by {name} alone would lose {price}."
    enough = next((each for each in tables.vital_factors if each.enough), None)
    if enough is not None and enough.k < len(tables.weights):
        kept = listed((definitions.title("factors", key) for key in enough.factors), SHOWN)
        yield f"{count(enough.k, 'factor')} would decide nearly the same: {kept}."


def _flips(group: GroupChoiceRow) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return ("fund", group.adds), ("not fund", group.drops)


def _title(definitions: Definitions) -> Callable[[str], str]:
    return lambda key: definitions.title("initiatives", key)


def metric_named(draft: Draft, name: str) -> str:
    """Add a metric that nobody measures yet, as rows of an empty sheet; returns its key."""
    if "measured" not in draft.tree["sources"]:
        path = draft.folder / _ROOM
        path.parent.mkdir(exist_ok=True)
        with path.open("w", encoding="utf-8", newline="") as sheet:
            csv.writer(sheet).writerow(("day", "metric", "value"))
        source = {"table": _ROOM, "shape": "series", "time": "day", "metric": "metric", "value": "value"}
        draft.add(
            "sources", "measured", source, "an empty sheet: values of the factors by day, or name your own tables"
        )
    definition = {"title": title_of(name), "source": "measured", "column": "value"}
    return draft.add("metrics", name, definition | ({"direction": "down"} if lower_is_better(name) else {}))


def _titles(draft: Draft) -> dict[str, str]:
    return {key: metric.get("title", key) for key, metric in draft.tree["metrics"].items()}


def _read(file: Recognised) -> tuple[list[Judgement], list[str]]:
    """What each person said by name of the factor, and the factors in the order of the file."""
    look = file.look
    if look.rows > MOST_ROWS:
        raise DataError(f"{look.name} has {look.rows:,} rows of opinions", expected=f"at most {MOST_ROWS:,}")
    given: dict[str, dict[str, list[float]]] = {}
    groups: dict[str, str] = {}
    factors: dict[str, None] = {}
    answers = _answers(file)
    column, what = (file.columns["points"], "row") if file.opinions is None else ("points", "cell")
    file.notes += _about_points(column, [answer.cell for answer in answers], what)
    for answer in answers:
        if not answer.person or not answer.factor:
            continue
        factors[answer.factor] = None
        points = points_in(answer.cell)
        if points is not None and not 0 <= points <= LARGEST:
            told = f"{look.name}, row {answer.row}, gives {points:g} points to '{title_of(answer.factor)}'"
            raise DataError(told, expected=f"0 to {LARGEST:g}, or nothing where somebody did not answer")
        if points is not None:
            given.setdefault(answer.person, {}).setdefault(answer.factor, []).append(points)
        if answer.group is not None:
            groups[answer.person] = answer.group
        elif plain(file.columns.get("person", "")) in GROUPS:
            groups[answer.person] = answer.person
    if len(factors) > MOST_FACTORS:
        raise DataError(
            f"{look.name} weighs {len(factors)} factors",
            expected=f"at most {MOST_FACTORS}: where everything counts, nothing decides",
            hint="keep what customers would miss most in a copy of the file",
        )
    return _judged(file, given, groups), list(factors)


def _answers(file: Recognised) -> Sequence[Answer]:
    """What every person says of every factor, as it is written."""
    if file.opinions is not None:
        return file.opinions.answers
    columns = file.columns
    rows = rows_of(file.look.engine, file.look.table, list(dict.fromkeys(columns.values())), MOST_ROWS)
    told = [
        {role: str(row[column]) if row[column] is not None else "" for role, column in columns.items()} for row in rows
    ]
    return [
        Answer(
            at,
            cells["person"].strip(),
            cells["factor"].strip(),
            cells["points"],
            cells.get("group", "").strip() or None,
        )
        for at, cells in enumerate(told, 1)
    ]


def _about_points(column: str, cells: list[str], what: str) -> list[str]:
    """What was read how, and what says nothing."""
    empty = sum(not cell.strip() for cell in cells)
    bad = [f"'{cell.strip()[:20]}'" for cell in cells if cell.strip() and points_in(cell) is None]
    said = [f"{count(empty, what)} without points: no answer, and no zero"] if empty else []
    said += [f"'{column}' holds what is no number: {listed(dict.fromkeys(bad), SHOWN)}"] if bad else []
    return [*said, *written_in_two_ways(column, cells)]


def _judged(file: Recognised, given: dict[str, dict[str, list[float]]], groups: dict[str, str]) -> list[Judgement]:
    factors = {factor for points in given.values() for factor in points}
    name = file.look.name
    if len(given) > MOST_PEOPLE:
        raise DataError(f"{name} has {count(len(given), 'person')}", expected=f"at most {MOST_PEOPLE:,} people")
    if any(len(points) > 1 for person in given.values() for points in person.values()):
        file.notes.append("several points of one person for one factor: their mean is taken")
    said = [
        Judgement(
            person, {factor: fmean(points) for factor, points in answers.items()}, group=groups.get(person) or None
        )
        for person, answers in given.items()
    ]
    useful = [judgement for judgement in said if judgement.silence(factors) is None]
    if not useful:
        raise DataError(f"{name}: nobody gives points above 0 and to more than one factor, so nothing is weighed")
    if len(useful) < len(said):
        file.notes.append(f"{count(len(said) - len(useful), 'answer')} left out: only zeros, or a single factor")
    return useful
