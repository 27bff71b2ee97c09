"""How much of the planted truth a run recovered, item by item."""

from __future__ import annotations

from dataclasses import dataclass
from math import sqrt
from typing import TYPE_CHECKING

from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.results.rows import Tables
    from vitalfew.simulate.truth import Truth

_LEVEL = 0.95
_ALLOWED = 3.0
"""Standard errors by which the coverage of one run may fall below its level by chance."""

_FAILED = ("fell_short", "harmful")


@dataclass(frozen=True, slots=True)
class Recovered:
    """One planted item: what was planted, what the run says, whether that is right."""

    item: str
    planted: str
    found: str
    ok: bool


@dataclass(frozen=True, slots=True)
class Recovery:
    """All planted items. `covered` of `effects` intervals (95 %, sound experiments) hold the planted effect."""

    items: tuple[Recovered, ...]
    effects: int
    covered: int

    @property
    def right(self) -> int:
        """Number of items the run got right."""
        return sum(item.ok for item in self.items)

    def sentences(self) -> tuple[str, ...]:
        """The items as lines of text, right ones marked `ok` and wrong ones `--`."""
        width = max(len(item.item) for item in self.items)
        lines = [
            f"  {'ok' if item.ok else '--'}  {item.item:<{width}}  planted: {item.planted}; found: {item.found}"
            for item in self.items
        ]
        return (f"Of {len(self.items)} things planted in these data, the run found {self.right}:", *lines)


def recovery(truth: Truth, tables: Tables) -> Recovery:
    """Hold the tables of a run against what was planted.

    Args:
        truth: what was planted.
        tables: what the run computed from the data of the same company.

    Returns:
        One row per planted item, in the order in which they are told.
    """
    covered, effects = _coverage(truth, tables)
    items = [
        Recovered(
            "95 % intervals of sound experiments",
            "19 of 20 hold the planted effect",
            f"{covered} of {effects}" + (f" ({percent(covered / effects, 1)})" if effects else ""),
            _covers(covered, effects),
        ),
        *_links(truth, tables),
        *_use(truth, tables),
        *_faulty(truth, tables),
        *_story(truth, tables),
    ]
    return Recovery(tuple(items), effects, covered)


def _coverage(truth: Truth, tables: Tables) -> tuple[int, int]:
    planted = {(row.experiment, row.metric): row.effect for row in truth.effects if row.segment is None and row.sound}
    found = []
    for row in tables.effects:
        interval = row.interval(_LEVEL)
        if row.segment is None and (row.experiment, row.metric) in planted and interval is not None:
            found.append(interval.low <= planted[row.experiment, row.metric] <= interval.high)
    return sum(found), len(found)


def _covers(covered: int, effects: int) -> bool:
    chance = sqrt(effects * _LEVEL * (1 - _LEVEL))
    return effects > 0 and covered >= _LEVEL * effects - _ALLOWED * chance


def _links(truth: Truth, tables: Tables) -> Iterator[Recovered]:
    """Planted links against the intervals of those that are identified; one of them may miss by chance."""
    planted = {(link.parent, link.child): link.slope for link in truth.links}
    told = [row for row in tables.links if (row.parent, row.child) in planted]
    known = [
        row.low <= planted[row.parent, row.child] <= row.high
        for row in told
        if row.low is not None and row.high is not None
    ]
    if told:
        found = f"{sum(known)} of {len(known)} intervals hold it" if known else "too few experiments to tell any"
        found += f"; {len(told) - len(known)} not identified" if 0 < len(known) < len(told) else ""
        yield Recovered("Links between metrics", f"{len(planted)} slopes", found, sum(known) >= len(known) - 1)
    exact = [row for row in tables.links if row.status == "exact"]
    if exact:
        broken = [row.item for row in tables.failed if row.stage == "components"]
        found = "does not hold" if broken else f"holds on data, {len(exact)} parts"
        yield Recovered("A formula of metrics", "exact", found, not broken)


def _use(truth: Truth, tables: Tables) -> Iterator[Recovered]:
    named = {row.feature for row in tables.use if row.hardly_used and row.main and row.segment is None}
    planted = truth.hardly_used()
    if planted:
        wrong = sorted(named ^ planted)
        found = f"{len(named & planted)} named" + (f"; wrong: {', '.join(wrong)}" if wrong else ", no other")
        yield Recovered("Hardly used features", f"{len(planted)} of {len(truth.features)}", found, not wrong)
    sayings = {
        "yearly": ("Used once a year", "is not called unused"),
        "not_measured": ("Not measured", "is kept apart from not used"),
        "just_shipped": ("Shipped last week", "is not judged yet"),
    }
    for feature in truth.features:
        if feature.use in sayings:
            item, planted_text = sayings[feature.use]
            yield _trap(item, feature.key, planted_text, tables, named)


def _trap(item: str, feature: str, planted: str, tables: Tables, named: set[str]) -> Recovered:
    rows = [row for row in tables.use if row.feature == feature and row.main and row.segment is None]
    measured = bool(rows) and rows[0].measured
    ok = bool(rows) and feature not in named and measured == (item != "Not measured")
    found = "not in the results" if not rows else "hardly used" if feature in named else "not called hardly used"
    return Recovered(f"{item}: {_words(feature)}", planted, found if measured or not rows else "not measured", ok)


def _faulty(truth: Truth, tables: Tables) -> Iterator[Recovered]:
    failed = {row.experiment for row in tables.health if row.test == "sample_ratio" and row.status == "failed"}
    for experiment in sorted(truth.faulty()):
        found = "sample ratio failed" if experiment in failed else "passed"
        yield Recovered(
            f"Faulty experiment: {_words(experiment)}", "loses units in treatment", found, experiment in failed
        )


def _story(truth: Truth, tables: Tables) -> Iterator[Recovered]:
    story = truth.story
    if "pet_idea" in story:
        yield _pet_idea(str(story["pet_idea"]["initiative"]), tables)
    if "loud_request" in story:
        feature = str(story["loud_request"]["feature"])
        unused = any(row.feature == feature and row.hardly_used and row.main for row in tables.use)
        planted = f"{story['loud_request']['requests']} requests, nobody uses it"
        yield Recovered(f"Loud request: {_words(feature)}", planted, "hardly used" if unused else "not noticed", unused)
    if "quiet_need" in story:
        yield _quiet_need(truth, tables)
    for key, check, planted in (
        ("clicks_up_retention_down", "R50", "business gains, customer loses"),
        ("undone", "R73", "gain undone by another team"),
        ("guardrail_breached", "R28", "technicians pay with overtime"),
        ("output_as_key_result", "R44", "counts output"),
        ("serves_nothing", "R46", "serves nothing"),
        ("assumed_cause", "R24", "rests on an assumed cause"),
        ("need_without_business", "R23", "no path to the business"),
        ("goal_without_need", "R23", "no need leads to it"),
        ("request_without_need", "R20", "came as a request"),
        ("too_many_factors", "R5", "one factor too many"),
    ):
        if key in story:
            yield _finding(key, check, planted, story[key], tables)


def _pet_idea(initiative: str, tables: Tables) -> Recovered:
    verdicts = [row.verdict for row in tables.verdicts if row.initiative == initiative]
    verdict = verdicts[0] if verdicts else "no verdict"
    found = verdict.replace("_", " ")
    return Recovered(f"Pet idea: {_words(initiative)}", "fails its promise", found, verdict in _FAILED)


def _quiet_need(truth: Truth, tables: Tables) -> Recovered:
    planted = truth.story["quiet_need"]
    initiative, segment = str(planted["initiative"]), str(planted["segment"])
    gains = [
        row.metric
        for row in tables.effects
        if (row.experiment, row.segment) == (initiative, segment)
        and truth.effect(initiative, row.metric, segment).effect != 0
        and (interval := row.interval(_LEVEL)) is not None
        and (interval.low > 0 or interval.high < 0)
    ]
    found = f"moves {', '.join(_words(metric) for metric in gains)}" if gains else "cannot be told from noise"
    text = f"{planted['feedback']} voices, large effect for {segment}"
    return Recovered(f"Quiet need: {_words(initiative)}", text, found, bool(gains))


def _finding(key: str, check: str, planted: str, subject: Mapping[str, object], tables: Tables) -> Recovered:
    """The finding of a check that names most of what the planted item is about."""
    words = {str(value) for value in subject.values()}
    hits = [row for row in tables.findings if row.requirement == check]
    named = [sum(word in f"{row.subject} {row.message}" for word in words) for row in hits]
    best = max(range(len(hits)), key=named.__getitem__, default=None)
    ok = best is not None and (named[best] > 0 or key == "too_many_factors")
    found = hits[best].message if best is not None and ok else "not found"
    return Recovered(_words(key).capitalize(), planted, found, ok)


def _words(key: str) -> str:
    return key.replace("_", " ")
