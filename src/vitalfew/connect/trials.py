"""Experiments with their own data: exposures beside events or users, or one table with a column of variants."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from vitalfew.connect.columns import of_persons
from vitalfew.connect.outcomes import outcome_columns
from vitalfew.connect.times import read_times
from vitalfew.connect.usage import NO_FEATURES, add_metrics, add_segments, say_metrics, say_unread
from vitalfew.connect.words import control_of, listed, plain, title_of
from vitalfew.results.words import count

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.connect.draft import Draft
    from vitalfew.connect.look import Look
    from vitalfew.connect.recognise import Recognised
    from vitalfew.connect.times import Reading
    from vitalfew.warehouse.event_profile import EventsProfile

MOST_EXPERIMENTS, MOST_METRICS = 50, 5
_FEWEST_ARMS = 2
_QUIET = timedelta(days=14)  # without a new unit
_MONTH = 28  # days


def add_exposures(draft: Draft, file: Recognised, events: EventsProfile | None) -> None:
    """Add a source of exposures and an experiment per id; metrics: taking part in the most used events, or outcomes."""
    columns, look = file.columns, file.look
    unit = draft.facts.unit = draft.facts.unit or columns["user"]
    reading = read_times(look, columns["time"], draft.asker) if "time" in columns else None
    if reading is not None and reading.note:
        file.notes.append(reading.note)
    table = draft.place(file, reading, {columns["user"]: unit}, columns.values())
    named = {role: column for role, column in columns.items() if role != "user"}
    draft.add("sources", "exposures", {"table": table, "unit": unit} | named)
    metrics = participation(draft, events) if events is not None else tuple(draft.tree["metrics"])[:MOST_METRICS]
    ids = [value for value, _ in look.values(columns["experiment"])][:MOST_EXPERIMENTS]
    alone = [name for name in ids if not _experiment(draft, file, name, metrics)]
    if alone:
        file.notes.append(_left_alone(file, alone))
    if look.columns[columns["experiment"]].distinct > len(ids):
        file.notes.append(f"the {len(ids)} experiments with most rows are taken")
    draft.comments["experiments",] = (
        "Experiments: `id` is their name in the data, `control` the variant that others are compared with.\n"
        "Metrics count from a user's first exposure. Add `split: {control: 1, treatment: 1}` for the planned shares,\n"
        "and segments: [KEY] to see effects by segment. An experiment without `end` is running: its intervals hold\n"
        "however often you look (mode: always_valid). With an `end` that is past, or `mode: fixed`, it is one look."
    )
    _adjust(draft, events)
    _say_initiatives(draft)


def _adjust(draft: Draft, events: EventsProfile | None) -> None:
    """Adjust for what users did before, where the events go back far enough."""
    if events is None or events.days < 2 * _MONTH:
        return
    draft.tree["policy"]["covariate_days"] = _MONTH if events.days >= 3 * _MONTH else _MONTH // 2
    draft.comments["policy",] = (
        "`covariate_days`: metrics over events are adjusted for the same in so many days before each user's exposure\n"
        "(CUPED): the same effect, in narrower intervals. 0 turns it off."
    )


def participation(draft: Draft, events: EventsProfile) -> tuple[str, ...]:
    """Add metrics over events, the share of users who take part in each of the most used ones; returns their keys."""
    names = [one.name for one in events.events if plain(one.name) not in NO_FEATURES and one.name.strip()][
        :MOST_METRICS
    ]
    keys = tuple(
        draft.add(
            "metrics",
            f"used_{name}",
            {
                "title": title_of(f"Users with {name}"),
                "source": "events",
                "events": [name],
                "kind": "proportion",
                "level": "feature",
            },
        )
        for name in names[:MOST_METRICS]
    )
    say_metrics(draft)
    return keys


def _experiment(draft: Draft, file: Recognised, name: str, metrics: Sequence[str]) -> bool:
    """Add an experiment; False when it has not two variants."""
    from vitalfew.warehouse.profile import pairs_of

    arms = pairs_of(file.look.engine, file.look.table, (file.columns["experiment"], name), file.columns["variant"])
    if len(arms) < _FEWEST_ARMS:
        return False
    initiative = draft.add("initiatives", name, {"title": title_of(name), "status": "live"})
    definition: dict[str, Any] = {"source": "exposures", "initiative": initiative, "id": name, "title": title_of(name)}
    definition |= {"control": _control(draft, title_of(name), arms), "metrics": list(metrics), "segments": []}
    draft.add("experiments", name, definition, f"variants: {listed(arms)}")
    return True


def _left_alone(file: Recognised, names: Sequence[str]) -> str:
    """That experiments have nothing to compare, and what to do."""
    column = file.columns["variant"]
    has, be = ("has", "is") if len(names) == 1 else ("have", "are")
    what = "experiment" if len(names) == 1 else "experiments"
    return (
        f"{what} {listed(names, 6)} {has} only one variant in '{column}' and {be} left out:"
        " add the exposures to the others, the control among them"
    )


def _control(draft: Draft, name: str, arms: Sequence[str]) -> str:
    control, told = control_of(arms)
    if told:
        return control
    answer = draft.asker.ask(f"{name}: which variant is the control?", tuple(arms), control)
    if not draft.asker.answered:
        draft.notes.append(f"'{answer}' is taken as the control of {name}: correct it in the YAML if it is another")
    return answer


def add_unit_experiment(draft: Draft, file: Recognised) -> None:
    """Add a table with one row per unit and a column of variants: one experiment, a metric per outcome column."""
    columns, look = file.columns, file.look
    reading = _first_exposures(draft, file)
    table = draft.place(file, reading, {}, look.columns)
    source = {"table": table} | {
        key: columns[role] for key, role in (("unit", "user"), ("time", "time")) if role in columns
    }
    said = "one row per unit" + ("" if "user" in columns else "; without an id every row is its own")
    told = "" if reading is None else "; `time`: when it first saw its variant, by which ramps are found"
    draft.add("sources", "units", source, said + told)
    arms = [value for value, _ in look.values(columns["variant"])]
    segmented = add_segments(draft, file, "units", tuple(columns.values()))
    outcomes = outcome_columns(look, (*columns.values(), *segmented))
    metrics = add_metrics(draft, file, "units", outcomes)
    say_metrics(draft)
    name = title_of(look.path.name.partition(".")[0])
    initiative = draft.add("initiatives", name, {"title": name.replace("_", " "), "status": "live"})
    definition: dict[str, Any] = {"source": "units", "initiative": initiative, "variant": columns["variant"]}
    definition |= {"control": _control(draft, name, arms), "metrics": metrics, "segments": []}
    ended = None if reading is None else _last_day(look, columns["time"])
    comment = f"variants: {listed(arms)}; the others are compared with `control`"
    if ended is not None:
        definition["end"] = ended
        comment += "\n`end`: the last exposure. Without it the experiment is running, and may be looked at any time"
    draft.add("experiments", name, definition, comment)
    file.notes.append(f"{count(len(arms), 'variant')}: {listed(arms)}; metrics: {listed(outcomes, 6)}")
    if segmented:
        file.notes.append(f"segments from {listed(segmented)}")
    used = (*columns.values(), *segmented, *outcomes)
    left = [name for name in look.columns if name not in used and not of_persons(look, name)]
    if left:
        file.notes.append(f"columns left out: {listed(left, 6)}")
    say_unread(file, segmented)
    _say_initiatives(draft)


def _first_exposures(draft: Draft, file: Recognised) -> Reading | None:
    """How the column of first exposures is read; None without one, and where reading it would cost all other types."""
    if "time" not in file.columns:
        return None
    reading = read_times(file.look, file.columns["time"], draft.asker)
    if reading.as_text:
        column = file.columns.pop("time")
        file.notes.append(f"the times in '{column}' are not read: write them like 2026-01-31 to have ramps found")
        return None
    if reading.note:
        file.notes.append(reading.note)
    return reading


def _last_day(look: Look, column: str) -> date | None:
    """The last day of an experiment that nobody has joined for so long that it must be over."""
    last = look.columns[column].high
    day = last.date() if isinstance(last, datetime) else last if isinstance(last, date) else None
    return day if day is not None and day + _QUIET < datetime.now(UTC).date() else None


def _say_initiatives(draft: Draft) -> None:
    draft.comments["initiatives",] = (
        "Initiatives: what was built or changed; lines of the ledger. Add team, cost, feature and what they serve."
    )
