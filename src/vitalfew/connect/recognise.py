"""What kind of file somebody brought: told by its columns and by what they hold."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from vitalfew.connect import kinds
from vitalfew.connect.columns import assigned, best, by_values, is_bare_id, is_numeric, of_persons, repeats
from vitalfew.connect.idea_columns import idea_columns, is_plainly_ideas, is_sheet_of_ideas
from vitalfew.connect.missing import TIMES, distance, likely_meant, needs
from vitalfew.connect.opinion_tables import LIKELY, SURE, table_of
from vitalfew.connect.outcomes import outcome_columns
from vitalfew.connect.past_columns import arm_columns, wide_columns
from vitalfew.connect.periods import columns_of_periods, like_periods, periods_in
from vitalfew.connect.variants import FEWEST_ROWS, MOST_VARIANTS, like_arms, no_experiment
from vitalfew.connect.words import listed, plain, tokens
from vitalfew.errors import DataError, UsageError, suggest
from vitalfew.results.words import count

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

    from vitalfew.connect.asking import Asker
    from vitalfew.connect.kinds import Kind, Role
    from vitalfew.connect.look import Look
    from vitalfew.connect.opinion_tables import OpinionTable

_STRONG_EVENT = 25  # the first names of the role say event or action; later ones may be anybody's
_RELEASED = frozenset(map(plain, ("release_date", "released", "released_at", "deployed", "deployed_at", "release")))
_PEOPLE = frozenset(
    (
        "user",
        "users",
        "customer",
        "customers",
        "account",
        "accounts",
        "member",
        "members",
        "client",
        "clients",
        "people",
    )
)
_DATUM = re.compile(r"\d{4}-\d\d-\d\d.*|\d{1,2}[./]\d{1,2}[./]\d{2,4}.*|[-+]?\d+(\.\d+)?|\S+@\S+\.\S+")
_NEAREST = 3  # kinds of which it is said what they lack
_RENAME = "rename the columns in a copy of the file"
_SHEETS = frozenset((kinds.RESULTS, kinds.AGGREGATES, kinds.IDEAS, kinds.FEATURES, kinds.RELEASES, kinds.OPINIONS))
"""Kinds of which only known columns are read; of all others every column is kept as an attribute."""
_NAMED = 6
_FEW_TWICE = 0.02  # share of the rows of a series that may say a day again


@dataclass
class Recognised:
    """A file with its kind, and the column for each role. `notes` say what was told by values, or assumed.

    `opinions`: what people say in it, where their sheet has a column per factor, or per person. `read`: columns that
    are read besides.
    """

    look: Look
    kind: Kind
    columns: dict[str, str]
    notes: list[str] = field(default_factory=list)
    opinions: OpinionTable | None = None
    read: list[str] = field(default_factory=list)

    @property
    def sentence(self) -> str:
        """What was recognised, for the person at the terminal."""
        told = self.opinions is not None  # the factors are told with the answers
        shown = {role: column for role, column in self.columns.items() if not (told and role.startswith("factor "))}
        roles = ", ".join(f"{role}={column}" for role, column in shown.items())
        what = f"{self.look.name}: {self.kind.title} ({count(self.look.rows, 'row')}{f'; {roles}' if roles else ''})"
        return "; ".join([what, *self.notes, *self._left_out()])

    def _left_out(self) -> Iterator[str]:
        """Columns of a sheet that say nothing here, each with the name that was probably meant.

        Those of persons are counted and not named: nobody should be led to look into them.
        """
        if self.opinions is not None:
            silent = self.opinions.left
            told = [name for name in silent if not (self.opinions.by_person or of_persons(self.look, name))]
            if silent:
                yield f"{count(len(silent), 'column')} left out" + (f": {listed(told, _NAMED)}" if told else "")
            return
        if self.kind not in _SHEETS or not self.columns:
            return
        arms = arm_columns(self.look) if self.kind is kinds.AGGREGATES else {}
        used = {*self.columns.values(), *self.read, *(name for columns in arms.values() for name in columns.values())}
        aside = [name for name in self.look.columns if name not in used]
        left = [name for name in aside if not of_persons(self.look, name)]
        meant = likely_meant(self.kind, self.columns, left)
        told = [
            f"{name} (did you mean '{meant[name]}'?)" if name in meant else f"{name}{self._near_a_time(name)}"
            for name in left
        ]
        if told:
            yield f"columns left out: {listed(told, _NAMED)}"
        if len(aside) > len(left):
            yield f"{count(len(aside) - len(left), 'column')} about persons left out"

    def _near_a_time(self, name: str) -> str:
        """What keeps a column that is called like a time from being one, and what to do; empty for all others."""
        called = any(role.key in TIMES and role.rank(name) is not None for role in (*self.kind.needs, *self.kind.may))
        held = self.look.texts(name) if called else ()
        periods = like_periods(held)
        return "" if periods is None else f" ({periods}, no days)"


def recognise(look: Look, asker: Asker, wanted: Kind | None = None) -> Recognised:
    """Tell the kind of a file.

    Args:
        look: the open file.
        asker: who may be asked when two kinds fit.
        wanted: the kind the user says it is.

    Raises:
        DataError: no kind fits, or two do; says what each needs and what was found.
    """
    found = _matches(look)
    if wanted is None and not any(kind is kinds.EVENTS for kind in found) and look.lay_open():
        found = _matches(look)
    if wanted is not None:
        match = found.get(wanted) or _match(look, wanted, forced=True)
        if match is None:
            raise _none(look, wanted)
        return _taken(match)
    left = _decided(look, found)
    if not left:
        raise _none(look)
    if len(left) > 1:
        return _taken(_asked(look, left, asker))
    return _taken(next(iter(left.values())))


def _taken(match: Recognised) -> Recognised:
    """What was recognised, when it can be used.

    Raises:
        DataError: it are opinions that say no points.
    """
    if match.opinions is not None and match.opinions.problem is not None:
        problem, expected = match.opinions.problem
        raise DataError(problem, expected=expected)
    return match


def kind_named(name: str) -> Kind:
    """The kind a user names.

    Raises:
        UsageError: there is no such kind.
    """
    kind = kinds.BY_KEY.get(name.strip().lower())
    if kind is None:
        raise UsageError(f"there is no kind of file '{name}'", hint=suggest(name, kinds.BY_KEY, limit=20))
    return kind


def _matches(look: Look) -> dict[Kind, Recognised]:
    return {kind: match for kind in kinds.KINDS if (match := _match(look, kind)) is not None}


# One test per kind. `forced`: the user says it is one, so that less is asked for ------------------------


def _events(look: Look, *, forced: bool) -> Recognised | None:
    columns = assigned(look, kinds.EVENTS.needs)
    missing = [role for role in kinds.EVENTS.needs if role.key not in columns]
    notes = []
    if len(missing) == 1:
        column = by_values(look, missing[0], list(columns.values()))
        if column is not None:
            columns[missing[0].key] = column
            notes.append(f"{missing[0].key} is told by the values of '{column}'")
    if len(columns) < len(kinds.EVENTS.needs):
        return None
    ordered = {role.key: columns[role.key] for role in kinds.EVENTS.needs}
    weak = (kinds.EVENT.rank(columns["event"]) or 0) >= _STRONG_EVENT
    if weak and not forced and not repeats(look, columns["user"]):
        return None
    return Recognised(look, kinds.EVENTS, ordered, notes)


def _users(look: Look, *, forced: bool) -> Recognised | None:
    column = best(look, kinds.USER)
    if column is None:
        named = [name for name in look.columns if is_bare_id(name)]
        people = bool(_PEOPLE & set(tokens(look.path.stem)))
        column = named[0] if named and (people or forced) else None
    if column is None or len(look.columns) < 2 or repeats(look, column):  # noqa: PLR2004 - the user and something about them
        return None
    return Recognised(look, kinds.USERS, {"user": column}, no_experiment(look))


def _features(look: Look, *, forced: bool) -> Recognised | None:
    columns = assigned(look, (kinds.FEATURE_NAME, *kinds.FEATURES.may))
    says = columns.keys() & {"events", "cost", "shipped", "cadence", "upkeep"}
    if "name" not in columns or not (says or forced) or look.columns[columns["name"]].type != "text":
        return None
    if not forced and (best(look, kinds.USER, set(columns.values())) or best(look, kinds.EXPERIMENT)):
        return None
    if not forced and says == {"shipped"} and periods_in(look, columns["shipped"]) is not None:
        return None  # as likely releases, which need the day
    if not forced and "events" not in columns and look.distinct(columns["name"]) < look.rows:
        return None
    return Recognised(look, kinds.FEATURES, columns)


def _exposures(look: Look) -> Recognised | None:
    needs = kinds.EXPOSURES.needs
    columns = assigned(look, (kinds.EXPERIMENT, kinds.VARIANT, kinds.USER, kinds.TIME))
    if any(role.key not in columns for role in needs):
        return None
    order = ("user", "experiment", "variant", "time")
    return Recognised(look, kinds.EXPOSURES, {role: columns[role] for role in order if role in columns})


def _experiment(look: Look, *, forced: bool) -> Recognised | None:
    columns = assigned(look, (kinds.VARIANT, kinds.USER))
    bare = next((name for name in look.columns if is_bare_id(name)), None)
    if "user" not in columns and bare is not None and not repeats(look, bare):
        columns["user"] = bare
    if "variant" not in columns:
        return None
    arms = look.values(columns["variant"])
    told = len(arms) >= 2 and (forced or (len(arms) <= MOST_VARIANTS and like_arms(columns["variant"], arms)))  # noqa: PLR2004 - two arms make a comparison
    user = columns.get("user")
    once = forced or user is None or look.distinct(user) >= 0.95 * look.columns[user].filled
    if not told or not once or look.rows < FEWEST_ROWS or not outcome_columns(look, columns.values()):
        return None
    exposed = best(look, kinds.EXPOSED, columns.values())
    if exposed is not None:
        columns[kinds.EXPOSED.key] = exposed
    order = (kinds.USER.key, kinds.VARIANT.key, kinds.EXPOSED.key)
    ordered = {role: columns[role] for role in order if role in columns}
    return Recognised(look, kinds.UNITS, ordered)


def _results(look: Look, *, forced: bool) -> Recognised | None:
    roles = (kinds.EXPERIMENT, kinds.METRIC, kinds.ESTIMATE, kinds.SE, kinds.LOW, kinds.HIGH, kinds.P_VALUE)
    columns = assigned(look, (*roles, kinds.Z_VALUE, kinds.N, kinds.VARIANT, _when(look)))
    if "experiment" not in columns:
        return None
    wide = wide_columns(look, columns["experiment"])
    if "estimate" not in columns or (wide and "metric" not in columns and len(wide) > 1):
        kept = {role: column for role, column in columns.items() if role in ("experiment", "variant", "time")}
        return Recognised(look, kinds.RESULTS, kept) if wide else None
    certain = {"se", "p", "z"} & columns.keys() or {"low", "high"} <= columns.keys()
    if not (certain or forced or "metric" in columns):
        return None
    return None if kinds.USER.rank(columns["experiment"]) is not None else Recognised(look, kinds.RESULTS, columns)


def _when(look: Look) -> Role:
    return kinds.ENDED if best(look, kinds.ENDED) else kinds.TIME


def _aggregates(look: Look) -> Recognised | None:
    if arm_columns(look):
        columns = assigned(look, (kinds.EXPERIMENT, kinds.METRIC, kinds.VARIANT))
        return Recognised(look, kinds.AGGREGATES, columns)
    roles = (kinds.EXPERIMENT, kinds.VARIANT, kinds.METRIC, kinds.SD, kinds.VARIANCE, kinds.SE, kinds.CONVERSIONS)
    columns = assigned(look, (*roles, kinds.N, kinds.MEAN, _when(look)))
    spread = {"sd", "variance", "se"} & columns.keys()
    if not {"variant", "n"} <= columns.keys() or not ("conversions" in columns or ("mean" in columns and spread)):
        return None
    if "experiment" not in columns and look.rows >= FEWEST_ROWS:
        return None
    return Recognised(look, kinds.AGGREGATES, columns)


def _ideas(look: Look, *, forced: bool) -> Recognised | None:
    columns = idea_columns(look)
    return Recognised(look, kinds.IDEAS, columns) if is_sheet_of_ideas(columns, forced=forced) else None


def opinions_among(looks: Sequence[Look], wanted: Mapping[str, Kind]) -> Recognised | None:
    """The file of opinions among several, when it is surely one; the factors of others are known by its own.

    Args:
        looks: the open files.
        wanted: what the user says that files are, by name.

    Raises:
        DataError: it holds opinions that say no points.
    """
    found: list[tuple[bool, int, int, Recognised]] = []
    for look in looks:
        kind = wanted.get(look.name)
        match = _opinions(look, forced=kind is not None) if kind in (None, kinds.OPINIONS) else None
        if match is None:
            continue
        if match.opinions is None or kind is kinds.OPINIONS:
            return _taken(match)
        beside = any(ideas_beside(other, match.opinions.factors) for other in looks if other is not look)
        if beside or _decided(look, _matches(look)).keys() == {kinds.OPINIONS}:
            also = idea_columns(look).keys() - {"title", "team", "product"}
            found.append((bool(also), -match.opinions.surety - SURE * beside, len(found), match))
    return _taken(min(found)[-1]) if found else None


def ideas_beside(look: Look, factors: Collection[str]) -> Recognised | None:
    """A sheet of ideas that has columns for the factors of a file of opinions; None when it has not two of them."""
    columns = idea_columns(look, factors)
    named = [role for role in columns if role.startswith("factor ")]
    return Recognised(look, kinds.IDEAS, columns) if "title" in columns and len(named) >= min(2, len(factors)) else None


def _releases(look: Look) -> Recognised | None:
    columns = assigned(look, (kinds.RELEASE_DATE, kinds.RELEASE_NAME, *kinds.RELEASES.may))
    if not {"date", "name"} <= columns.keys() or best(look, kinds.USER):
        return None
    return Recognised(look, kinds.RELEASES, columns)


def _series(look: Look) -> Recognised | None:
    columns = assigned(look, (kinds.PERIOD, kinds.METRIC, kinds.VALUE, kinds.SERIES_UNIT))
    if "metric" in columns and "value" not in columns and is_numeric(look, columns["metric"]):
        del columns["metric"]  # a column "kpi" of numbers holds values, and no names of metrics
    if "time" not in columns or best(look, kinds.USER):
        return None
    others = [name for name in look.columns if name not in columns.values()]
    numbers = [
        name for name in (*others, *([columns["value"]] if "value" in columns else [])) if is_numeric(look, name)
    ]
    texts = [name for name in others if not is_numeric(look, name)]
    if (
        not numbers
        or texts
        or _repeated(look, [columns[role] for role in ("time", "metric", "unit") if role in columns])
    ):
        return None
    return Recognised(look, kinds.SERIES, columns)


def _repeated(look: Look, columns: Collection[str]) -> bool:
    """Whether more than a few rows are about the same: then each row is an event, and no value of a day."""
    return look.distinct(*columns) < (1 - _FEW_TWICE) * look.rows


def _opinions(look: Look, *, forced: bool) -> Recognised | None:
    columns = assigned(look, (*kinds.OPINIONS.needs, *kinds.OPINIONS.may))
    if all(role.key in columns for role in kinds.OPINIONS.needs):
        return Recognised(look, kinds.OPINIONS, columns)
    table = table_of(look, forced=forced)
    return None if table is None else Recognised(look, kinds.OPINIONS, dict(table.columns), list(table.notes), table)


_LENIENT: Mapping[Kind, Callable[..., Recognised | None]] = {
    kinds.EVENTS: _events,
    kinds.USERS: _users,
    kinds.FEATURES: _features,
    kinds.UNITS: _experiment,
    kinds.RESULTS: _results,
    kinds.IDEAS: _ideas,
    kinds.OPINIONS: _opinions,
}
_STRICT: Mapping[Kind, Callable[[Look], Recognised | None]] = {
    kinds.EXPOSURES: _exposures,
    kinds.AGGREGATES: _aggregates,
    kinds.RELEASES: _releases,
    kinds.SERIES: _series,
}


def _match(look: Look, kind: Kind, *, forced: bool = False) -> Recognised | None:
    return _LENIENT[kind](look, forced=forced) if kind in _LENIENT else _STRICT[kind](look)


# Which one ----------------------------------------------------------------------------------------------------------

_HIDES: Mapping[Kind, tuple[Kind, ...]] = {  # a kind that is there hides those whose columns it has as well
    kinds.OPINIONS: (kinds.FEATURES, kinds.IDEAS, kinds.USERS, kinds.AGGREGATES, kinds.RESULTS),
    kinds.RESULTS: (kinds.AGGREGATES, kinds.IDEAS, kinds.FEATURES, kinds.SERIES, kinds.RELEASES, kinds.UNITS),
    kinds.AGGREGATES: (kinds.UNITS, kinds.IDEAS, kinds.FEATURES, kinds.SERIES, kinds.RELEASES, kinds.USERS),
    kinds.EVENTS: (kinds.USERS, kinds.FEATURES, kinds.RELEASES, kinds.SERIES, kinds.IDEAS),
    kinds.EXPOSURES: (kinds.UNITS, kinds.USERS, kinds.FEATURES, kinds.RELEASES, kinds.IDEAS, kinds.SERIES),
    kinds.UNITS: (kinds.USERS, kinds.FEATURES, kinds.RELEASES, kinds.SERIES, kinds.IDEAS),
    kinds.IDEAS: (kinds.FEATURES, kinds.RELEASES),
    kinds.USERS: (kinds.FEATURES, kinds.RELEASES, kinds.SERIES, kinds.IDEAS),
}  # fmt: skip


def _decided(look: Look, left: Mapping[Kind, Recognised]) -> dict[Kind, Recognised]:
    """The kinds that are left when more specific ones hide others, and values speak."""
    if kinds.IDEAS in left and is_plainly_ideas(left[kinds.IDEAS].columns):
        tested = {"se", "p", "z"} & getattr(left.get(kinds.RESULTS), "columns", {}).keys()
        if not tested:
            return {kinds.IDEAS: left[kinds.IDEAS]}
    told = left.get(kinds.OPINIONS)
    if told is not None and told.opinions is not None:
        return _with_opinions(look, left, told, told.opinions)
    return _more_specific(look, left)


def _with_opinions(
    look: Look, found: Mapping[Kind, Recognised], match: Recognised, table: OpinionTable
) -> dict[Kind, Recognised]:
    """The kinds that are left beside a table that has the shape of opinions; the likelier first."""
    left = _more_specific(look, {kind: other for kind, other in found.items() if kind is not kinds.OPINIONS})
    others = left.keys() - {kinds.USERS, kinds.UNITS}
    if kinds.EVENTS in left and not repeats(look, left[kinds.EVENTS].columns["user"]):
        others -= {kinds.EVENTS}  # everybody once, as in the answers to a form
    surety = table.surety - (SURE if others else kinds.UNITS in left)
    if not left:
        return {kinds.OPINIONS: match} if surety >= LIKELY else {}
    if surety >= SURE:
        return {kinds.OPINIONS: match}
    if surety < 0 or others:
        return left
    return {kinds.OPINIONS: match} | left if surety >= LIKELY else left | {kinds.OPINIONS: match}


def _more_specific(look: Look, found: Mapping[Kind, Recognised]) -> dict[Kind, Recognised]:
    left = dict(found)
    if kinds.IDEAS in left and "events" in getattr(left.get(kinds.FEATURES), "columns", {}):
        del left[kinds.IDEAS]
    if kinds.UNITS in left and kinds.EVENTS in left:
        del left[kinds.EVENTS]  # one row per unit and a column of arms: what looks like an event is an attribute
    if kinds.EXPOSURES in left and kinds.EVENTS in left:
        event = left[kinds.EVENTS].columns["event"]
        about = event in left[kinds.EXPOSURES].columns.values() or look.columns[event].distinct <= 1
        if about or (kinds.EVENT.rank(event) or 0) >= _STRONG_EVENT:
            del left[kinds.EVENTS]
    for kind, hidden in _HIDES.items():
        if kind in left:
            left = {other: match for other, match in left.items() if other not in hidden}
    if kinds.FEATURES in left and kinds.RELEASES in left and not _only_released(left[kinds.FEATURES]):
        del left[kinds.RELEASES]
    return left


def _only_released(features: Recognised) -> bool:
    """Whether nothing but a date of release says that these are features."""
    says = features.columns.keys() & {"events", "cost", "cadence", "upkeep"}
    return not says and plain(features.columns["shipped"]) in _RELEASED


def _asked(look: Look, left: Mapping[Kind, Recognised], asker: Asker) -> Recognised:
    titles = tuple(kind.key for kind in left)
    default = titles[0]
    could = " or ".join(f"{kind.title} ({kind.about.partition(';')[0]})" for kind in left)
    answer = asker.ask(f"{look.name} could be {could}: which is it?", titles, default)
    match = left[kinds.BY_KEY[answer]]
    if asker.answered or asker.assumes:
        others = [] if asker.answered else [f"--as '{look.name}={kind.key}'" for kind in left if kind is not match.kind]
        match.notes += [f"it could be something else, if so: {' or '.join(others)}"] if others else []
        return match
    raise DataError(
        f"{look.name} could be {' or '.join(kind.title for kind in left)}:\n"
        + "\n".join(_as_found(look, match) for match in left.values()),
        hint=f"say which: --as '{look.name}={default}'",
    )


# What to say when nothing fits --------------------------------------------------------------------------------------


def _none(look: Look, wanted: Kind | None = None) -> DataError:
    names = ["an e-mail address" if "@" in name else name for name in look.columns]
    as_data = [name for name in look.columns if _DATUM.fullmatch(name)]
    head = f"{look.name} has {count(look.profile.width, 'column')}: {listed(names)}"
    if wanted is not None:
        return DataError(f"{head}\nThat is not enough:\n{needs(look, wanted)}", hint=_RENAME)
    if as_data:
        return DataError(
            f"{look.name}: the first line looks like data ({listed(names)})",
            expected="a line of column names above the rows, such as user_id,timestamp,event",
        )
    across = columns_of_periods(look.columns)
    if 2 * len(across) > len(look.columns):
        return DataError(
            f"{look.name} has a column for each month, week or quarter ({listed(across, 3)})",
            expected="a row for each, with its first day in a column 'date', and a column for each metric",
            hint="turn the table in a copy of the file (in a spreadsheet: copy, paste transposed)",
        )
    near = sorted(kinds.KINDS, key=lambda kind: distance(look, kind))
    lines = "\n".join(needs(look, kind) for kind in near[:_NEAREST])
    others = listed([kind.key for kind in near[_NEAREST:]])
    return DataError(
        f"{head}\nThat is no kind of file that is known. It comes nearest to:\n{lines}\n  or else: {others}",
        hint=f"{_RENAME}, or say what it is: --as '{look.name}={near[0].key}'",
    )


def _as_found(look: Look, match: Recognised) -> str:
    """A kind that a file could be, with what of it was found."""
    if match.opinions is None:
        return needs(look, match.kind)
    about = f"{match.opinions.notes[0]}, about {listed(match.opinions.factors)}"
    return f"  {match.kind.key}: points that people give to factors; found {about}"
