"""One bet with all that its page shows: what it asks, what is promised, what was measured, what it costs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import TYPE_CHECKING

from vitalfew.report import cells, words
from vitalfew.report.axis import Mark
from vitalfew.report.prediction_picture import Prediction, before_a_prediction, on_change, on_history
from vitalfew.results.figures import unit_of
from vitalfew.server.bets.queries.promise import Lock, lock_of, own_forecast
from vitalfew.server.bets.queries.rested_on import shown
from vitalfew.server.core.queries.kept import per_run
from vitalfew.server.core.services.acts import voice_of_user
from vitalfew.workspace.metric_kinds import is_told_by_days

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.pipeline import Results
    from vitalfew.report.markup import Markup
    from vitalfew.results.figures import Unit
    from vitalfew.results.rows import VerdictRow
    from vitalfew.server.bets.queries.rested_on import Evidence
    from vitalfew.server.bets.queries.standing import Question
    from vitalfew.server.core.access import Place
    from vitalfew.workspace.definitions import Definitions, Hypothesis

AHEAD = timedelta(days=90)
"""How far a prediction without a due day is drawn."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A hypothesis as its card shows it.

    `mine`: one's own forecast in words, for oneself alone. `promise`: the locked one in words. `says`: whose numbers
    the picture shows. `table`: the same numbers as rows of name, estimate and interval. `fears`: what was thought to
    go wrong, each with what was measured of it. `evidence`: what a locked promise rests on.
    """

    key: str
    hypothesis: Hypothesis
    version: int | None
    sentence: str
    metric: str
    segment: str
    better: str
    guardrails: tuple[tuple[str, str], ...]
    forecasts: int
    mine: str
    lock: Lock | None
    promise: str
    chance: str
    verdict: VerdictRow | None
    picture: Markup | None
    table: tuple[tuple[str, str], ...]
    fears: tuple[tuple[str, str], ...]
    evidence: tuple[Evidence, ...]
    overdue: bool


def asked(
    place: Place, question: Question, definitions: Definitions, run: Results | None, today: date, version: int | None
) -> Asked:
    """One hypothesis of a bet, for whoever is signed in."""
    key, hypothesis = question.key, question.hypothesis
    lock = lock_of(place, key, definitions, run)
    mine = own_forecast(place, key, voice_of_user(place.user), definitions)
    unit = unit_of(definitions.metrics.get(lock.metric if lock else hypothesis.metric))
    measured = question.verdict if question.verdict and question.verdict.estimate is not None else None
    rows: list[tuple[str, Mark]] = []
    if lock is not None:
        rows.append(("promised", Mark(lock.p50, (lock.p10, lock.p90), hollow=True)))
    elif mine is not None:
        rows.append(("your forecast", Mark(mine["p50"], (mine["p10"], mine["p90"]), hollow=True)))
    if measured is not None and measured.estimate is not None:
        thin = None if measured.low is None or measured.high is None else (measured.low, measured.high)
        rows.append(("measured", Mark(measured.estimate, None, thin)))
    waits = question.verdict is None or question.verdict.verdict == "no_promise"
    return Asked(
        key,
        hypothesis,
        version,
        sentence(hypothesis, definitions),
        definitions.title("metrics", hypothesis.metric),
        "everybody" if hypothesis.segment == "all" else definitions.title("segments", hypothesis.segment),
        "lower is better" if unit.down_is_better else "higher is better",
        tuple((definitions.title("metrics", name), margin_of(definitions, name)) for name in hypothesis.guardrails),
        question.forecasts,
        _numbers(mine["p10"], mine["p50"], mine["p90"], unit) if mine else "",
        lock,
        _numbers(lock.p10, lock.p50, lock.p90, unit) if lock else "",
        words.share(lock.p_zero) if lock and lock.p_zero else "",
        question.verdict if lock else None,
        _picture(rows, hypothesis, lock, run, unit, definitions, today),
        tuple((name, _text(mark, unit)) for name, mark in rows),
        tuple(fears(hypothesis, run, definitions)),
        shown(lock.evidence, definitions, place.workspace.key) if lock else (),
        overdue=bool(hypothesis.due and hypothesis.due < today and waits),
    )


def sentence(hypothesis: Hypothesis, definitions: Definitions) -> str:
    """What is believed, in a sentence; from metric and segment where nobody wrote it out."""
    group = "everybody" if hypothesis.segment == "all" else definitions.title("segments", hypothesis.segment)
    because = f", because {_bare(hypothesis.because)}" if hypothesis.because else ""
    if hypothesis.will:
        return f"We believe {_bare(hypothesis.who or group)} will {_bare(hypothesis.will)}{because}."
    metric = definitions.metrics.get(hypothesis.metric)
    way = "fall" if metric and metric.direction == "down" else "rise"
    title = definitions.title("metrics", hypothesis.metric)
    return f"We believe “{title}” will {way} for {_bare(hypothesis.who or group)}{because}."


def margin_of(definitions: Definitions, metric: str) -> str:
    """How much worse a guardrail may get, in words."""
    guard = definitions.guardrails.get(metric)
    if guard is None:
        return "may not get worse"
    unit = unit_of(definitions.metrics.get(metric))
    shown = words.with_unit(words.significant(guard.margin * unit.factor), unit.change)
    return f"at most {shown} worse"


def history_of_metric(run: Results, metric: str) -> list[tuple[date, float]]:
    """A metric day by day, of all units together; none where a day is another number than what is promised."""
    definitions = run.workspace.definitions
    defined = definitions.metrics.get(metric)
    if defined is None or not is_told_by_days(defined, definitions.sources[defined.numerator.source]):
        return []
    return per_run(run, "series by metric", _by_metric).get(metric, [])


def fears(hypothesis: Hypothesis, run: Results | None, definitions: Definitions) -> Iterator[tuple[str, str]]:
    """What may go wrong, and what was measured of it once the work was tried."""
    about = hypothesis.initiative
    tried = {key for key, one in definitions.experiments.items() if one.initiative == about}
    tried |= {key for key, one in definitions.releases.items() if about in one.initiatives}
    effects = (*run.tables.effects, *run.tables.release_effects) if run else ()
    found = [row for row in effects if row.experiment in tried and row.segment is None]
    for fear in hypothesis.premortem:
        metric = definitions.title("metrics", fear.metric) if fear.metric else ""
        told = [cells.effect_text(row, run.view) for row in found if run and fear.metric and row.metric == fear.metric]
        came = ", ".join(told) or ("nobody looked for it" if found else "not tried yet")
        yield f"{fear.what} ({metric})" if fear.what and metric else fear.what or metric, came


def _bare(text: str) -> str:
    return text.strip().rstrip(".")


def _by_metric(run: Results) -> dict[str, list[tuple[date, float]]]:
    found: dict[str, dict[date, float]] = {}
    for row in run.tables.series:
        if row.unit is None:
            found.setdefault(row.metric, {})[date.fromisoformat(row.day)] = row.value
    return {metric: sorted(days.items()) for metric, days in found.items()}


def _picture(
    rows: list[tuple[str, Mark]],
    hypothesis: Hypothesis,
    lock: Lock | None,
    run: Results | None,
    unit: Unit,
    definitions: Definitions,
    today: date,
) -> Markup | None:
    """On the history of the metric where that is known, else only the change; the history alone before a promise."""
    if not rows:
        history = history_of_metric(run, hypothesis.metric) if run is not None and hypothesis.segment == "all" else []
        said = f"{definitions.title('metrics', hypothesis.metric)} until now, before anything is promised"
        return before_a_prediction(history, today, hypothesis.due, unit, said)
    title = f"{definitions.title('metrics', hypothesis.metric)}: " + "; ".join(
        f"{name} {_text(mark, unit)}" for name, mark in rows
    )
    name, mark = rows[0]
    measured = next((mark for name, mark in rows if name == "measured"), None)
    if run is not None and hypothesis.segment == "all" and mark.thick is not None and name != "measured":
        made = date.fromisoformat(lock.at[:10]) if lock else today
        due = date.fromisoformat(lock.due) if lock and lock.due else hypothesis.due
        until = max(due or made + AHEAD, made + timedelta(days=7))
        predicted = Prediction((mark.thick[0], mark.dot, mark.thick[1]), made, until, name, due)
        drawn = on_history(history_of_metric(run, hypothesis.metric), predicted, measured, unit, title)
        if drawn is not None:
            return drawn
    return on_change(rows, unit, title)


def _numbers(p10: float, p50: float, p90: float, unit: Unit) -> str:
    return words.change(p50, p10, p90, unit)


def _text(mark: Mark, unit: Unit) -> str:
    low, high = mark.thick or mark.thin or (None, None)
    return words.change(mark.dot, low, high, unit)
