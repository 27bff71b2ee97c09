"""How narratives of teams are worded, for the terminal and for HTML."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.results.basics import Estimate

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.report.view import View
    from vitalfew.results.rows import Aim, NarrativeRow, OpposedRow

TITLE = "What teams say they are for"
SAID = "In their own words, as visions, objectives, metrics and hypotheses hold them; weights of five raters or more."
MOST = 4
"""Hypotheses of a team that are quoted; its page of bets holds all."""
EVERYBODY = "Everybody"
NOBODYS = "nobody in particular"
"""Who means to move a metric by what is of no team."""


def whose(view: View, team: str | None) -> str:
    """The title of a team; of what is said for all of them, *everybody*."""
    return EVERYBODY if team is None else view.title("teams", team)


def facets(view: View, row: NarrativeRow) -> Iterator[tuple[str, list[str]]]:
    """What a team says, by what it is about: headings with sentences, those without any left out."""
    made = view.definitions
    told = (
        ("Wants to be", [made.vision[key].title for key in row.visions if key in made.vision]),
        ("Wants to reach", [made.objectives[key].title for key in row.objectives if key in made.objectives]),
        ("Means to move", [aim_words(view, aim) for aim in row.aims]),
        ("Counts as value", [_factor(view, key) for key in row.factors]),
        ("Believes", [_belief(view, key) for key in row.beliefs[:MOST]]),
        ("Weighs", _weights(view, row.group)),
    )
    return ((heading, said) for heading, said in told if said)


def aim_words(view: View, aim: Aim) -> str:
    """A direction in words: `Minutes to plan a day: down from 41 to 34 min`, `…: up, promised +0.5 jobs`."""
    unit, way = view.unit(aim.metric), "up" if aim.up else "down"
    title = view.title("metrics", aim.metric)
    if aim.before is None:
        promised = words.change_parts(aim.after, None, None, unit)[0]
        return f"{title}: {way}, promised {promised}"
    before, after = (words.significant(each * unit.factor) for each in (aim.before, aim.after))
    return f"{title}: {way} from {before} to {words.with_unit(after, unit.level)}"


def opposed_sentence(view: View, row: OpposedRow) -> str:
    """Who means to raise a metric and who to lower it."""
    up, down = ("; ".join(f"{_by(view, aim)} ({_about(view, aim)})" for aim in aims) for aims in (row.up, row.down))
    return f"{view.title('metrics', row.metric)}: up by {up}, down by {down}."


def silent(view: View) -> list[str]:
    """Titles of teams that say nothing of their own."""
    told = {row.team for row in view.tables.narratives}
    return [view.title("teams", team) for team in view.definitions.teams if team not in told]


def _by(view: View, aim: Aim) -> str:
    return NOBODYS if aim.team is None else view.title("teams", aim.team)


def _about(view: View, aim: Aim) -> str:
    return view.title("objectives" if aim.kind == "key_result" else "initiatives", aim.about)


def _factor(view: View, key: str) -> str:
    metric = view.definitions.metrics.get(key)
    told = metric.description if metric and metric.description else "nobody has described it"
    return f"{view.title('factors', key)}: {told.removesuffix('.')}"


def _belief(view: View, key: str) -> str:
    asked = view.definitions.hypotheses.get(key)
    if asked is None or not asked.because:
        return view.title("hypotheses", key)
    title = view.title("initiatives", asked.initiative)
    who = f"{asked.who} will {asked.will}" if asked.who and asked.will else f"{title} works"
    return f"{who}, because {asked.because}"


def _weights(view: View, group: str | None) -> list[str]:
    rows = sorted((row for row in view.tables.group_weights if row.group == group), key=lambda row: -row.mean)
    return [
        f"{view.title('factors', row.factor)} {words.share_span(Estimate(row.mean, row.low, row.high))}" for row in rows
    ]
