"""My week: five short lists of what waits for whoever looks, each line with its one action."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vitalfew.report.words import count
from vitalfew.server.bets.queries.standing import standings
from vitalfew.server.core.commands import first_sentence, in_words
from vitalfew.server.core.queries.acts import pseudonym_of, said
from vitalfew.server.core.queries.dismissals import open_findings
from vitalfew.server.core.queries.promised import forecast_by
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.acts import voice_of_user
from vitalfew.server.core.today import today_in
from vitalfew.workspace.hashing import definitions_hash
from vitalfew.workspace.locks import VALUE_MODEL
from vitalfew.workspace.vocabulary import OVER

if TYPE_CHECKING:
    from vitalfew.pipeline import Results
    from vitalfew.results.rows import FindingRow
    from vitalfew.server.bets.queries.standing import Question, Standing
    from vitalfew.server.core.access import Place
    from vitalfew.workspace.definitions import Definitions

MOST = 7
"""Lines of each list."""
SOON = timedelta(days=14)
"""A verdict that falls due within these days is told of."""
ALARMS = frozenset(("error", "warning"))


@dataclass(frozen=True, slots=True)
class Task:
    """One line: what it is about, a sentence, the action as a verb. `page` and `key` say where the action is done."""

    title: str
    sentence: str
    verb: str
    page: str
    key: str


@dataclass(frozen=True, slots=True)
class Tasks:
    """One list; `more`: how many it does not show, `page`: where they all are."""

    name: str
    tasks: tuple[Task, ...]
    more: int
    page: str


@dataclass(frozen=True, slots=True)
class Signed:
    """The value model: its version, and the day on which it was last signed as it stands; None: it was not."""

    version: int | None
    on: date | None
    by_me: bool


def week(place: Place, run: Results | None, defined: Definitions, state: Signed) -> tuple[Tasks, ...]:
    """What waits for a member, lists with nothing in them left out.

    Args:
        place: who looks, and where.
        run: the run whose findings and verdicts count.
        defined: definitions as they stand.
        state: how far the value model is signed.
    """
    today = today_in(defined)
    bets = standings(place, defined, run, today)
    lists = [
        _listed("Verdicts due", _due(bets, defined, today), "board"),
        _listed("Forecasts asked of you", _asked(place, bets, defined), "board"),
        _listed("Alarms", _alarms(place, run), "checks"),
        _listed("To triage", _triage(bets, defined), "board"),
        _listed("To sign", _to_sign(place, state, defined), "value-model"),
    ]
    return tuple(found for found in lists if found.tasks)


def signed(place: Place, defined: Definitions) -> Signed:
    """How far the value model as it stands is signed."""
    mine = pseudonym_of(place.workspace, voice_of_user(place.user))
    acts = [act for act, _ in said(place.workspace, kind="sign_off", about=VALUE_MODEL)]
    stands = definitions_hash(defined, ["factors"])
    of_it = [act for act in acts if act.definition and act.definition.hash == stands]
    if not of_it:
        return Signed(None, None, by_me=False)
    last = of_it[-1]
    version = last.definition.version if last.definition else None
    return Signed(version, date.fromisoformat(last.at[:10]), any(act.by == mine for act in of_it))


def _listed(name: str, tasks: list[Task], page: str) -> Tasks:
    return Tasks(name, tuple(tasks[:MOST]), max(0, len(tasks) - MOST), page)


def _due(bets: tuple[Standing, ...], defined: Definitions, today: date) -> list[Task]:
    open_ = [bet for bet in bets if bet.due and bet.stage in ("committed", "live") and bet.due <= today + SOON]
    found = []
    for bet in sorted(open_, key=lambda bet: bet.due or today):
        if bet.due is None:
            continue
        when = f"since {_day(bet.due)}" if bet.due < today else f"on {_day(bet.due)}"
        text = f"Its verdict is due {when} and nothing tells it yet."
        found.append(Task(defined.title("initiatives", bet.key), text, "measure or close it", "line", bet.key))
    return found


def _asked(place: Place, bets: tuple[Standing, ...], defined: Definitions) -> list[Task]:
    if not place.may(Ability.RATE):
        return []
    open_ = [(bet, question) for bet in bets for question in bet.questions if _takes_forecasts(bet, question)]
    if not open_:
        return []
    mine = pseudonym_of(place.workspace, voice_of_user(place.user))
    given = forecast_by(place.workspace, mine, (question.key for _, question in open_))
    found = []
    for bet, question in open_:
        if (question.key, question.wording) in given:
            continue
        metric = defined.title("metrics", question.hypothesis.metric)
        text = f"What will it do to {metric}? {count(question.forecasts, 'forecast')} so far."
        found.append(Task(defined.title("initiatives", bet.key), text, "forecast", "hypothesis", question.key))
    return found


def _takes_forecasts(bet: Standing, question: Question) -> bool:
    locked = question.locked_at is not None and not question.stale
    return bet.stage in ("framed", "forecast") and not locked and question.verdict is None


def _alarms(place: Place, run: Results | None) -> list[Task]:
    if run is None:
        return []
    found = sorted((row for row in open_findings(place.workspace, run) if row.severity in ALARMS), key=_urgency)
    return [Task(first_sentence(row.message), in_words(row.do), "open", "subject", row.subject) for row in found]


def _urgency(row: FindingRow) -> bool:
    """Errors first, each in the order of the page of checks."""
    return row.severity != "error"


def _triage(bets: tuple[Standing, ...], defined: Definitions) -> list[Task]:
    """Bets that cannot be ranked yet, with what they lack most."""
    found = []
    for bet in bets:
        if bet.stage not in ("idea", "framed", "forecast") or bet.initiative.status in OVER:
            continue
        lacks = []
        if bet.initiative.cost is None:
            lacks.append("a cost")
        if not bet.questions and bet.initiative.scores is None:
            lacks.append("a hypothesis")
        if lacks:
            text = f"It has no {' and no '.join(lack.removeprefix('a ') for lack in lacks)}, so nobody can rank it."
            title = defined.title("initiatives", bet.key)
            found.append(Task(title, text, f"give it {lacks[0]}", "initiative", bet.key))
    return found


def _to_sign(place: Place, state: Signed, defined: Definitions) -> list[Task]:
    if not defined.factors or state.by_me or not place.may(Ability.RATE):
        return []
    text = "You have not agreed to it as it stands."
    if state.on is None:
        text = "Nobody has agreed to it as it stands."
    return [Task("The value model", text, "read and sign", "value-model", "")]


def _day(day: date) -> str:
    return f"{day.day} {day:%b %Y}"
