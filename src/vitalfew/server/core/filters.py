"""One filter for every list: by product, team, segment, metric, time, state and words, as its address says.

A page takes some of its fields and says what may be chosen; `Bar` is what its template shows. What an address says that
means nothing here asks for nothing, so that a filter chosen on one page never breaks another.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import TYPE_CHECKING, Any, Literal

from vitalfew.server.core.carrying import CARRIED, said
from vitalfew.server.core.listing import NOBODY, among

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from django.http import QueryDict

    from vitalfew.server.core.access import Request
    from vitalfew.workspace.definitions import Definitions

type Field = Literal["product", "team", "segment", "metric", "time", "state", "q"]
type Choices = Sequence[tuple[str, str]]

TIMES = {"quarter": "last quarter", "year": "last year", "earlier": "earlier"}
"""Times counted back from today; others are quarters of the calendar, such as `2026-Q4`."""
_DAYS = {"quarter": 91, "year": 365}
_QUARTER = re.compile(r"(\d{4})-Q([1-4])")
_LABELS = {
    "product": "Product", "team": "Team", "segment": "Segment", "metric": "Metric", "time": "Time", "state": "State",
    "q": "Words",
}  # fmt: skip
_EVERY = {"time": "Any time"}
_LONGEST = 100
_KINDS = {"product": "products", "team": "teams", "segment": "segments"}
_OF_THIS_PAGE = ("page", "format", "all", "before")


@dataclass(frozen=True, slots=True)
class Filter:
    """What is asked for; empty fields ask for all. `today`: the day from which times are counted back."""

    today: date
    product: str = ""
    team: str = ""
    segment: str = ""
    metric: str = ""
    time: str = ""
    state: str = ""
    q: str = ""

    @property
    def said(self) -> dict[Field, str]:
        """The fields that ask for something."""
        names: tuple[Field, ...] = ("product", "team", "segment", "metric", "time", "state", "q")
        return {name: value for name in names if (value := getattr(self, name))}

    @property
    def name(self) -> str:
        """All that is asked for in one text, to keep what was found under."""
        return repr((self.today, *self.said.items()))

    def but(self, changed: Mapping[Field, str]) -> Filter:
        """The same with some fields changed."""
        fields: dict[str, Any] = {str(name): value for name, value in changed.items()}
        return replace(self, **fields)

    def owned(self, product: str | None, team: str | None) -> bool:
        """Whether something of this product and this team is asked for."""
        return self.product in ("", product or NOBODY) and self.team in ("", team or NOBODY)

    def worded(self, *texts: str) -> bool:
        """Whether the words that are asked for stand in any of these texts."""
        return not self.q or any(self.q.casefold() in text.casefold() for text in texts)

    def dated(self, day: date | None) -> bool:
        """Whether something of this day is asked for; what has no day is of no time."""
        if not self.time:
            return True
        first, last = span(self.time, self.today)
        return day is not None and first <= day <= last


@dataclass(frozen=True, slots=True)
class Choice:
    """A drop-down of the bar."""

    label: str
    name: Field
    options: Choices
    chosen: str
    every: str


@dataclass(frozen=True, slots=True)
class Drop:
    """A filter that is set, in words, with the address without it and how much would be found then."""

    label: str
    title: str
    query: str
    found: int


@dataclass(frozen=True, slots=True)
class Bar:
    """The bar of filters of a page.

    `kept`: what else the address asks, such as a what-if; `drops`: of the filters that are set, only where nothing was
    found.
    """

    choices: tuple[Choice, ...]
    q: str | None
    query: str
    clear: str
    kept: tuple[tuple[str, str], ...]
    drops: tuple[Drop, ...]
    any: bool


@dataclass(frozen=True, slots=True)
class Idle:
    """Filters that go along although a page cannot use them, in words; `query`: its address without them."""

    said: tuple[str, ...]
    query: str


def span(time: str, today: date) -> tuple[date, date]:
    """First and last day of a time.

    >>> span("2026-Q4", date(2026, 11, 22))
    (datetime.date(2026, 10, 1), datetime.date(2026, 12, 31))
    """
    found = _QUARTER.fullmatch(time)
    if found:
        year, quarter = int(found[1]), int(found[2])
        following = date(year + quarter // 4, quarter % 4 * 3 + 1, 1)
        return date(year, 3 * quarter - 2, 1), following - timedelta(days=1)
    if time == "earlier":
        return date.min, today - timedelta(days=_DAYS["year"] + 1)
    return today - timedelta(days=_DAYS[time]), today


def quarter_of(day: date) -> str:
    """The quarter of the calendar in which a day lies, such as `2026-Q4`."""
    return f"{day.year}-Q{(day.month - 1) // 3 + 1}"


def times(days: Iterable[date | None], *, most: int = 8) -> Choices:
    """Times to choose from: counted back, then the newest quarters in which something lies."""
    quarters = sorted({quarter_of(day) for day in days if day}, reverse=True)[:most]
    return [(key, name.capitalize()) for key, name in TIMES.items()] + [(one, _time(one)) for one in quarters]


def owners(definitions: Definitions, things: Iterable[tuple[str | None, str | None]]) -> dict[Field, Choices]:
    """Products and teams to choose from, among the owners of things: pairs of product and team."""
    pairs = set(things)
    return {
        "product": among(definitions, "products", (product for product, _ in pairs)),
        "team": among(definitions, "teams", (team for _, team in pairs)),
    }


def asked(given: QueryDict, definitions: Definitions, today: date, *takes: Field, states: Iterable[str] = ()) -> Filter:
    """What an address asks of a page.

    Args:
        given: the query of the address.
        definitions: of the workspace or run that the page shows.
        today: the day from which times are counted back.
        takes: the fields that the page takes.
        states: what may stand in `state`.
    """
    known: dict[Field, Callable[[str], bool]] = {
        "product": {*definitions.products, NOBODY}.__contains__,
        "team": {*definitions.teams, NOBODY}.__contains__,
        "segment": definitions.segments.__contains__,
        "metric": definitions.metrics.__contains__,
        "time": _is_time,
        "state": set(states).__contains__,
        "q": lambda _: True,
    }
    said = {name: given.get(name, "").strip()[:_LONGEST] for name in takes}
    return Filter(today).but({name: value for name, value in said.items() if known[name](value)})


def bar(
    request: Request,
    wanted: Filter,
    offers: Mapping[Field, Choices],
    count: Callable[[Filter], int],
    *,
    state: str = "State",
) -> Bar:
    """The bar of a page.

    Args:
        request: for the address, of which all but the page of a list is kept.
        wanted: what is asked for.
        offers: what may be chosen, by field; a field without choices is not shown; `q` is a field of words.
        count: how much is found by a filter.
        state: what the page calls a state.
    """
    labels = {**_LABELS, "state": state}
    choices = []
    for name, options in offers.items():
        chosen = getattr(wanted, name)
        shown = list(options)
        if name != "q" and chosen and chosen not in dict(shown):  # chosen on another page
            shown.append((chosen, _time(chosen) if name == "time" else chosen.replace("_", " ")))
        if name != "q" and (len(shown) > 1 or chosen):
            choices.append(Choice(labels[name], name, shown, chosen, _EVERY.get(name, "All")))
    titles = {one.name: dict(one.options)[one.chosen] for one in choices if one.chosen} | {"q": f"“{wanted.q}”"}
    drops = []
    if wanted.said and not count(wanted):
        for name in wanted.said:
            without = wanted.but({name: ""})
            drops.append(Drop(labels[name], titles[name], _query(request, {name: ""}), count(without)))
    known = {*offers, *CARRIED, *_OF_THIS_PAGE}
    return Bar(
        choices=tuple(choices),
        q=wanted.q if "q" in offers else None,
        query=_query(request, {}),
        clear=_query(request, dict.fromkeys(offers, "")),
        kept=tuple((name, str(value)) for name, value in request.GET.items() if name not in known),
        drops=tuple(drops),
        any=bool(wanted.said),
    )


def idle(request: Request, used: Bar | None, definitions: Definitions) -> Idle | None:
    """Filters that the address of a list holds and the list does not use, so that nobody takes it for narrowed.

    Args:
        request: for the address.
        used: the bar of the page; None where it has none.
        definitions: for the titles of products, teams and segments.
    """
    shown = {"run"} | ({one.name for one in used.choices} if used else set())
    left = {name: value for name, value in said(request).items() if name not in shown}
    words = []
    for name, value in left.items():
        kind = _KINDS.get(name)
        title = definitions.title(kind, value) if kind else _time(value) if _is_time(value) else value
        words.append(f"{_LABELS[name].lower()} “{title}”")
    return Idle(tuple(words), _query(request, dict.fromkeys(left, ""))) if left else None


def _query(request: Request, changed: Mapping[str, str]) -> str:
    """The query of an address with some fields changed; what is emptied is said, so that it is not carried on."""
    query = request.GET.copy()
    for name in _OF_THIS_PAGE:
        query.pop(name, None)
    for name, value in changed.items():
        if name in query:
            query[name] = value
    return query.urlencode()


def _is_time(text: str) -> bool:
    return text in TIMES or (_QUARTER.fullmatch(text) is not None and "1900" <= text[:4] <= "2999")


def _time(time: str) -> str:
    """A time in words.

    >>> _time("2026-Q4")
    'Q4 2026'
    """
    return TIMES[time].capitalize() if time in TIMES else f"{time[5:]} {time[:4]}"
