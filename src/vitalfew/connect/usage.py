"""Usage events, alone or with users and features: a feature per event, segments, metrics over outcomes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from vitalfew.connect.cadence import guess_cadence
from vitalfew.connect.draft import Outcome
from vitalfew.connect.outcomes import CAPPED_AT, LONG_TAIL, metric, outcome_columns, segment_columns, unread_numbers
from vitalfew.connect.times import could_hold_times, read_times
from vitalfew.connect.words import listed, plain, title_of
from vitalfew.errors import DataError
from vitalfew.results.words import count
from vitalfew.stats.percent import percent
from vitalfew.warehouse.event_profile import profile_events
from vitalfew.warehouse.returning import returning, spreads
from vitalfew.workspace.yaml_text import CONTROL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.features_file import Listed
    from vitalfew.connect.recognise import Recognised
    from vitalfew.warehouse.engine import Engine
    from vitalfew.warehouse.event_profile import EventProfile, EventsProfile

MOST_FEATURES = 60
_FEWEST_DAYS = 35  # four weeks of use, and one to come back in
_LONGEST_NAME = 200
_SIGN_UP = frozenset(
    map(
        plain,
        ("created_at", "created", "created_on", "signup_date", "signup_at", "signed_up_at", "sign_up_date", "signup",
         "registered_at", "registration_date", "registered", "joined_at", "join_date", "first_seen"),
    )
)  # fmt: skip
_SESSIONS = ("session_start", "session_end", "session", "session_started", "start_session", "end_session", "visit")
_PAGES = ("page_view", "pageview", "page_views", "page", "page_viewed", "pageleave", "screen_view", "screen", "scroll")
_DOORS = (
    "login",
    "log_in",
    "logged_in",
    "signin",
    "sign_in",
    "signed_in",
    "logout",
    "log_out",
    "logged_out",
    "signout",
)
_MORE_DOORS = (
    "sign_out",
    "signed_out",
    "signup",
    "sign_up",
    "signed_up",
    "anmeldung",
    "abmeldung",
    "log_ind",
    "log_ud",
)
_SIGNS_OF_LIFE = ("heartbeat", "ping", "keepalive", "keep_alive", "app_open", "app_opened", "application_opened")
_MORE_SIGNS = (
    "open_app",
    "first_visit",
    "first_open",
    "user_engagement",
    "app_background",
    "app_foreground",
    "web_vitals",
)
_MACHINES = (
    "identify",
    "set",
    "autocapture",
    "experiment_viewed",
    "exposure",
    "experiment_started",
    "feature_flag_called",
)
NO_FEATURES = frozenset(
    map(plain, (*_SESSIONS, *_PAGES, *_DOORS, *_MORE_DOORS, *_SIGNS_OF_LIFE, *_MORE_SIGNS, *_MACHINES, "seitenaufruf"))
)
"""Events that say that somebody was there, not what for; compared without case, blanks and signs."""


def add_events(draft: Draft, file: Recognised, listed_features: Sequence[Listed]) -> EventsProfile:
    """Add a source of events and its features; those of a list of features first."""
    columns = file.columns
    reading = read_times(file.look, columns["time"], draft.asker)
    if reading.note:
        file.notes.append(reading.note)
    table = draft.place(file, reading, {}, columns.values())
    named = {"unit": columns["user"], "time": columns["time"], "event": columns["event"]}
    draft.add("sources", "events", {"table": table, **named})
    draft.facts.unit = columns["user"]
    profile = _profiled(draft, file, table)
    draft.facts.first, draft.facts.last = profile.first, profile.last
    _add_features(draft, file, profile, listed_features)
    return profile


def _profiled(draft: Draft, file: Recognised, table: str) -> EventsProfile:
    columns, look = file.columns, file.look
    names = (columns["user"], columns["time"], columns["event"])
    if table.startswith("data/"):
        from vitalfew.warehouse.engine import open_engine
        from vitalfew.workspace.definitions import DataSettings

        engine = open_engine(DataSettings(path=str(draft.folder)))
        try:
            profile = _looked_at(draft, engine, table, names)
        finally:
            engine.close()
    else:
        profile = _looked_at(draft, look.engine, look.table, names)
    if profile is None:
        raise DataError(
            f"{look.name}: no row has a {columns['user']}, a readable {columns['time']} and a {columns['event']}",
            expected="times such as 2026-01-31 14:05, or seconds since 1970",
        )
    return profile


def _looked_at(draft: Draft, engine: Engine, table: str, names: tuple[str, str, str]) -> EventsProfile | None:
    """Profile the events, and see who comes back."""
    profile = profile_events(engine, table, *names)
    if profile is not None and profile.days >= _FEWEST_DAYS:
        draft.facts.returning = returning(engine, table, names, profile.last)
    return profile


def _add_features(draft: Draft, file: Recognised, profile: EventsProfile, listed_: Sequence[Listed]) -> None:
    by_name = {event.name: event for event in profile.events}
    claimed = {name for one in listed_ for name in one.events_in(by_name)}
    for one in listed_:
        names = one.events_in(by_name)
        known = [by_name[name] for name in names if name in by_name]
        _add_feature(draft, one.title, names, _widest(known), profile, one.fields)
    usable = [event for event in profile.events if _can_be_named(event.name) and event.name not in claimed]
    features = [event for event in usable if plain(event.name) not in NO_FEATURES] or usable
    kept = features[:MOST_FEATURES]
    for event in kept:
        _add_feature(draft, event.name, (event.name,), event, profile, {})
    draft.facts.left_out = len(features) - len(kept) + profile.names - len(profile.events)
    _say_what_was_left_out(draft, file, profile, usable, features)
    draft.comments["features",] = (
        "Features: what users can use. `events` are exact names in the data; `eligible` is all, or a segment.\n"
        "Cadences are guesses from how often users come back: correct them, as a yearly feature is not unused.\n"
        "Add cost, upkeep (per year), shipped and team to see what the hardly used cost."
    )


def _can_be_named(name: str) -> bool:
    """Whether a definition can hold the name: no control characters, which a workspace refuses."""
    return bool(name.strip()) and len(name) <= _LONGEST_NAME and CONTROL.search(name) is None


def _widest(events: Sequence[EventProfile]) -> EventProfile | None:
    return max(events, key=lambda one: one.users, default=None)


def _add_feature(
    draft: Draft,
    name: str,
    events: Sequence[str],
    used: EventProfile | None,
    profile: EventsProfile,
    given: Mapping[str, Any],
) -> None:
    definition: dict[str, Any] = {
        "title": title_of(name),
        "source": "events",
        "events": list(events),
        "eligible": "all",
    }
    comment = None
    if "cadence" not in given and used is not None:
        cadence, why = guess_cadence(used, profile.days)
        definition["cadence"] = cadence
        comment = f"{count(used.users, 'user')}; cadence guessed: {why}"
    if not events:
        del definition["events"], definition["source"], definition["eligible"]
        comment = "no event is named like it: not measured until you add `source: events` and its `events`"
    draft.add("features", name, {**definition, **given}, comment)


def _say_what_was_left_out(
    draft: Draft,
    file: Recognised,
    profile: EventsProfile,
    usable: Sequence[EventProfile],
    features: Sequence[EventProfile],
) -> None:
    skipped = [one.name for one in usable if one not in features]
    if skipped:
        file.notes.append(f"not taken as features, by their names: {listed(skipped, 6)}")
    unnameable = sum(not _can_be_named(one.name) for one in profile.events)
    if unnameable:
        file.notes.append(f"{count(unnameable, 'event')} left out: an empty or endless name, or control characters")
    beyond = draft.facts.left_out
    if beyond:
        rest = "so that the least used are not among the features below"
        file.notes.append(f"{count(beyond, 'less used event')} of {profile.names:,} left out, {rest}")


# Users --------------------------------------------------------------------------------------------------------------


def add_users(draft: Draft, file: Recognised, *, name: str = "users") -> None:
    """Add a source of units with segments and a metric per outcome column."""
    look = file.look
    user = file.columns["user"]
    unit = draft.facts.unit = draft.facts.unit or user
    columns = [column for column in look.columns if column == user or column.lower() != unit.lower()]
    table = draft.place(file, None, {user: unit}, columns)
    source: dict[str, Any] = {"table": table, "unit": unit}
    since = next((column for column in look.columns if plain(column) in _SIGN_UP and _is_safe_time(file, column)), None)
    if since is not None:
        source["time"] = since
        draft.comments["sources", name] = (
            f"`time`: since when a user is there; before that, nobody counts them ({since})"
        )
    draft.tree["sources"][name] = source
    taken = (user, unit, since or "")
    segmented = add_segments(draft, file, name, taken)
    outcomes = outcome_columns(look, (*taken, *segmented))
    add_metrics(draft, file, name, outcomes)
    if segmented:
        file.notes.append(f"segments from {listed(segmented)}")
    if outcomes:
        file.notes.append(f"outcomes: {listed(outcomes, 6)}")
    say_unread(file, segmented)
    say_metrics(draft)


def say_unread(file: Recognised, segmented: Sequence[str]) -> None:
    """Say which columns hold numbers that are written as no run reads them."""
    told = unread_numbers(file.look, (*file.columns.values(), *segmented))
    if told is not None:
        file.notes.append(told)


def add_metrics(draft: Draft, file: Recognised, source: str, outcomes: Sequence[str]) -> list[str]:
    """Add a metric per outcome column; sums with a long tail are capped, and a comment says why. Returns the keys."""
    look, found = file.look, spreads(file.look.engine, file.look.table, list(outcomes))
    keys = []
    for column in outcomes:
        definition, comment = metric(look, source, column), None
        spread = found.get(column)
        if definition["kind"] == "mean" and spread is not None and spread.skewness > LONG_TAIL:
            definition["cap"] = {"percentile": CAPPED_AT}
            comment = (
                f"a few users hold much of it (skewness {spread.skewness:.0f}): values beyond the"
                f" {percent(CAPPED_AT, 1)} quantile are set to it. Remove `cap` to count every value in full."
            )
        keys.append(draft.add("metrics", column, definition, comment))
        if draft.facts.outcome is None and spread is not None:
            draft.facts.outcome = Outcome(str(definition["title"]), spread.sd, definition["kind"] == "proportion")
    return keys


def say_metrics(draft: Draft) -> None:
    """Explain the metrics in the file."""
    draft.comments["metrics",] = (
        "Metrics: numbers per user. `direction: down` is guessed from the name: correct it where less is not better.\n"
        "A metric that counts as value becomes a factor: factors: {KEY: {range: [worst, best]}}"
    )


def add_segments(draft: Draft, file: Recognised, source: str, taken: Sequence[str]) -> tuple[str, ...]:
    """Add a segment for each value of the columns that divide units into groups; returns these columns."""
    columns = segment_columns(file.look, taken)
    for column in columns:
        for value, _ in file.look.values(column):
            shown = value if file.look.columns[column].type == "integer" else _quoted(value)
            condition = f"{_column(column)} == {shown}"
            draft.add(
                "segments",
                f"{column}_{value}",
                {"source": source, "filter": condition, "title": title_of(f"{column} {value}")},
            )
            draft.facts.segments += 1
    if columns:
        draft.comments["segments",] = "Segments: groups of users. Reach is shown for each, so that gaps show."
    return columns


def _is_safe_time(file: Recognised, column: str) -> bool:
    """Whether a column holds times that need no guess."""
    profile, texts = file.look.columns[column], file.look.texts(column)[:20]
    iso = all(text[:4].isdigit() for text in texts)
    return profile.type in ("date", "time") and iso and could_hold_times(file.look, column)


def _column(name: str) -> str:
    return f"`{name}`"


def _quoted(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
