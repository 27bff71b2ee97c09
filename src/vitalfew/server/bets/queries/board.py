"""The board: bets in columns from idea to verdict."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.report import cells
from vitalfew.report.axis import axis_over
from vitalfew.server.bets.queries.standing import OFF_BOARD, STAGES, Stage, Standing, standings
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.core.today import today_in

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from vitalfew.errors import Where
    from vitalfew.report.markup import Markup
    from vitalfew.results.rows import CandidateLine, ShippedLine, Verdict
    from vitalfew.server.core.access import Place
    from vitalfew.workspace.definitions import Definitions, Grade

MEANINGS: dict[Stage, tuple[str, str]] = {
    "idea": ("Idea", "something we may build, change or remove"),
    "framed": ("Framed", "it has a hypothesis: which metric, for whom, by when"),
    "forecast": ("Forecast", "people forecast it, each alone"),
    "committed": ("Committed", "the promise is locked, before the work starts"),
    "live": ("Live", "work has begun, or it is out and not told yet"),
    "verdict": ("Verdict", "the promise was held against what was measured"),
}
MOST_SHOWN = 20
"""Cards of a column before the rest folds away."""
MOST_OPEN = 3
"""Bets a team has open (committed or live) before the board asks whether all of them are being finished."""


@dataclass(frozen=True, slots=True)
class Card:
    """A bet on the board. `version`: of its definition, None where the folder owns it; `ready`: it can move on."""

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
    ready: str


@dataclass(frozen=True, slots=True)
class Column:
    """One column with its cards; `rest`: those that fold away."""

    stage: Stage
    title: str
    meaning: str
    cards: tuple[Card, ...]
    rest: tuple[Card, ...]

    @property
    def count(self) -> int:
        """How many cards it has in all."""
        return len(self.cards) + len(self.rest)


@dataclass(frozen=True, slots=True)
class Board:
    """The board. `owned`: where the folder holds its bets, which are moved there; `crowded`: teams with many open."""

    columns: tuple[Column, ...]
    off: tuple[Card, ...]
    owned: Where | None
    folder_owned: bool
    teams: tuple[tuple[str, str], ...]
    crowded: tuple[str, ...]
    total: int


def board(place: Place, team: str = "", run_id: str | None = None) -> Board:
    """The board of a workspace, of one team where asked for."""
    found = loaded(place.workspace)
    definitions = found.workspace.definitions
    run = open_run(place.workspace, run_id)
    every = standings(place, definitions, run, today_in(definitions))
    shown = [standing for standing in every if team in ("", standing.initiative.team)]
    lines: dict[str, CandidateLine | ShippedLine] = {}
    if run is not None:
        lines |= {line.line: line for line in run.tables.candidates}
        lines |= {line.line: line for line in run.tables.shipped}
    cards = _cards(shown, lines, found.versions, definitions)
    on_board = [card for card in cards if definitions.initiatives[card.key].status not in OFF_BOARD]
    owns = "initiatives" in found.folder_kinds
    return Board(
        tuple(_column(stage, on_board) for stage in STAGES),
        tuple(card for card in cards if card not in on_board),
        found.place_of("initiatives") if owns else None,
        owns,
        tuple((key, definitions.title("teams", key)) for key in definitions.teams),
        _crowded(every, definitions),
        len(cards),
    )


def _cards(
    shown: list[Standing],
    lines: dict[str, CandidateLine | ShippedLine],
    versions: Mapping[tuple[str, str], int],
    definitions: Definitions,
) -> list[Card]:
    """One card per bet, all values on one axis."""
    values = [line.value for standing in shown if (line := lines.get(standing.key)) and line.value]
    axis = axis_over(cells.value_mark(value) for value in values)
    return [
        Card(
            standing.key,
            definitions.title("initiatives", standing.key),
            standing.initiative.team or "",
            definitions.title("teams", standing.initiative.team) if standing.initiative.team else "",
            standing.stage,
            versions.get(("initiatives", standing.key)),
            cells.value(line.value if (line := lines.get(standing.key)) else None, axis, "no value is known yet"),
            line.grade if line else None,
            standing.verdict,
            standing.forecasts,
            standing.locked,
            standing.due,
            standing.overdue,
            ready(standing),
        )
        for standing in shown
    ]


def ready(standing: Standing) -> str:
    """What a bet has that its next column asks for, in words; nothing where it lacks that."""
    if standing.stage == "idea" and standing.questions:
        return "hypothesis written"
    if standing.stage == "framed" and standing.forecasts:
        return "forecast given"
    return ""


def _column(stage: Stage, cards: list[Card]) -> Column:
    mine = [card for card in cards if card.stage == stage]
    if stage == "verdict":
        mine.sort(key=lambda card: card.verdict is None)
    mine.sort(key=lambda card: not card.overdue)
    title, meaning = MEANINGS[stage]
    return Column(stage, title, meaning, tuple(mine[:MOST_SHOWN]), tuple(mine[MOST_SHOWN:]))


def _crowded(every: tuple[Standing, ...], definitions: Definitions) -> tuple[str, ...]:
    """Teams with many bets that are neither finished nor told."""
    counts: dict[str, int] = {}
    for standing in every:
        if standing.stage in ("committed", "live") and standing.initiative.team:
            counts[standing.initiative.team] = counts.get(standing.initiative.team, 0) + 1
    return tuple(f"{definitions.title('teams', team)} ({count})" for team, count in counts.items() if count > MOST_OPEN)
