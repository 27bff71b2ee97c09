"""The board: bets in columns from idea to verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.checks.registry import Thresholds
from vitalfew.decide.bets import open_bets
from vitalfew.report import cells
from vitalfew.report.axis import axis_over
from vitalfew.server.bets.queries.standing import STAGES, Stage, Standing, standings
from vitalfew.server.core.filters import Filter, owners
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.today import today_in
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import date

    from vitalfew.errors import Where
    from vitalfew.pipeline import Results
    from vitalfew.report.axis import Axis
    from vitalfew.report.markup import Markup
    from vitalfew.results.rows import CandidateLine, ShippedLine, Verdict
    from vitalfew.server.core.access import Place
    from vitalfew.server.core.filters import Choices, Field
    from vitalfew.server.core.queries.definitions import Loaded
    from vitalfew.workspace.definitions import Definitions, Grade

MEANINGS: dict[Stage, tuple[str, str]] = {
    "idea": ("Idea", "something we may build, change or remove"),
    "framed": ("Framed", "it has a hypothesis: which metric, for whom, by when"),
    "forecast": ("Forecast", "people forecast it, each alone"),
    "committed": ("Committed", "the promise is locked, before the work starts"),
    "live": ("Live", "work has begun, or it is out and not told yet"),
    "verdict": ("Verdict", "the promise was held against what was measured"),
}
MOST_SHOWN = 12
"""Cards of a column beside the others."""
PAGE = 60
"""Cards on a page of one column alone."""


@dataclass(frozen=True, slots=True)
class Card:
    """A bet on the board. `version`: of its definition, None where the folder owns it; `ready`: it can move on.

    `open_days`: since it was asked, while work on it is open.
    """

    key: str
    title: str
    team: str
    team_title: str
    stage: Stage
    version: int | None
    value: Markup
    grade: Grade | None
    verdict: Verdict | None
    forecasts: int
    locked: bool
    due: date | None
    overdue: bool
    open_days: int | None
    ready: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column with the cards that are shown, and how many it has in all."""

    stage: Stage
    title: str
    meaning: str
    cards: tuple[Card, ...]
    count: int

    @property
    def more(self) -> int:
        """How many of its cards are not shown."""
        return self.count - len(self.cards)


@dataclass(frozen=True, slots=True)
class Board:
    """The board.

    `off`: keys and titles of what was dropped or removed; `owned`: where the folder holds its bets, which are moved
    there; `crowded`: teams with many open that have no verdict.
    """

    columns: tuple[Column, ...]
    off: tuple[tuple[str, str], ...]
    owned: Where | None
    folder_owned: bool
    crowded: tuple[str, ...]
    shown: int
    total: int


def board(
    place: Place,
    wanted: Filter | None = None,
    run_id: str | None = None,
    *,
    most: int = MOST_SHOWN,
    first: int = 0,
    only: str = "",
) -> Board:
    """The bets of a board that are asked for.

    Args:
        place: who looks, and where.
        wanted: which bets.
        run_id: of the run whose values the cards show; the newest when not given.
        most: cards of a column.
        first: so many cards of a column come before those shown.
        only: the one column to show; all when empty.
    """
    found = loaded(place.workspace)
    definitions = found.workspace.definitions
    run = open_run(place.workspace, run_id)
    today = today_in(definitions)
    every = standings(place, definitions, run, today)
    shown = [standing for standing in every if _fits(wanted or Filter(today), standing, definitions)]
    on_board = [standing for standing in shown if standing.initiative.status not in OVER]
    lines: dict[str, CandidateLine | ShippedLine] = {}
    if run is not None:
        lines |= {line.line: line for line in run.tables.candidates}
        lines |= {line.line: line for line in run.tables.shipped}
    values = [line.value for standing in on_board if (line := lines.get(standing.key)) and line.value]
    axis = axis_over(cells.value_mark(value) for value in values)

    ages: dict[str, int] = {}
    for row in run.tables.bets if run else ():
        ages[row.initiative] = max(ages.get(row.initiative, 0), row.open_days or 0)

    def card(standing: Standing) -> Card:
        return _card(standing, lines.get(standing.key), axis, found, ages.get(standing.key))

    owns = "initiatives" in found.folder_kinds
    return Board(
        tuple(_column(stage, on_board, card, slice(first, first + most)) for stage in STAGES if only in ("", stage)),
        tuple(_named(standing, definitions) for standing in shown if standing.initiative.status in OVER),
        found.workspace.where("initiatives") if owns else None,
        owns,
        _crowded(definitions, run, today),
        len(shown),
        len(every),
    )


def offers(definitions: Definitions) -> dict[Field, Choices]:
    """What bets may be filtered by; a bet is for the segments that its hypotheses are about."""
    segments = sorted({one.segment for one in definitions.hypotheses.values()} - {"all"})
    bets = definitions.initiatives.values()
    return {
        **owners(definitions, ((definitions.product_of(bet), bet.team) for bet in bets)),
        "segment": [(key, definitions.title("segments", key)) for key in segments],
        "q": (),
    }


def count(place: Place, wanted: Filter) -> int:
    """How many bets are asked for."""
    definitions = loaded(place.workspace).workspace.definitions
    every = standings(place, definitions, None, wanted.today)
    return sum(_fits(wanted, standing, definitions) for standing in every)


def _fits(wanted: Filter, standing: Standing, definitions: Definitions) -> bool:
    bet = standing.initiative
    return (
        wanted.owned(definitions.product_of(bet), bet.team)
        and wanted.segment in ("", *(question.hypothesis.segment for question in standing.questions))
        and wanted.worded(definitions.title("initiatives", standing.key), standing.key)
    )


def _card(
    standing: Standing, line: CandidateLine | ShippedLine | None, axis: Axis, found: Loaded, age: int | None
) -> Card:
    definitions, team = found.workspace.definitions, standing.initiative.team
    return Card(
        standing.key,
        definitions.title("initiatives", standing.key),
        team or "",
        definitions.title("teams", team) if team else "",
        standing.stage,
        found.versions.get(("initiatives", standing.key)),
        cells.value(line.value if line else None, axis, "no value is known yet"),
        line.grade if line else None,
        standing.verdict,
        standing.forecasts,
        standing.locked,
        standing.due,
        standing.overdue,
        age if standing.stage in ("committed", "live") else None,
        ready(standing),
    )


def _named(standing: Standing, definitions: Definitions) -> tuple[str, str]:
    return standing.key, definitions.title("initiatives", standing.key)


def ready(standing: Standing) -> str:
    """What a bet has that its next column asks for, in words; nothing where it lacks that."""
    if standing.stage == "idea" and standing.questions:
        return "hypothesis written"
    if standing.stage == "framed" and standing.forecasts:
        return "forecast given"
    return ""


def _column(stage: Stage, on_board: list[Standing], card: Callable[[Standing], Card], shown: slice) -> Column:
    """One column, what is overdue first."""
    mine = sorted((one for one in on_board if one.stage == stage), key=lambda one: not one.overdue)
    return Column(stage, *MEANINGS[stage], tuple(map(card, mine[shown])), len(mine))


def _crowded(definitions: Definitions, run: Results | None, today: date) -> tuple[str, ...]:
    """Teams with more bets open than the check of them lets pass."""
    found = open_bets(definitions, run.tables.bets if run else (), today)
    most = Thresholds().unproven_bets
    return tuple(
        f"{definitions.title('teams', team)} ({len(keys)})" for team, keys in found.items() if len(keys) > most
    )
