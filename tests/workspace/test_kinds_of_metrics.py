"""What each kind of metric needs and refuses, told at the line of the metric, and what templates stand for."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DefinitionError
from vitalfew.workspace import load
from vitalfew.workspace.definitions import Metric
from vitalfew.workspace.templates import TEMPLATES

if TYPE_CHECKING:
    from pathlib import Path

SOURCES = """
sources:
  users: {table: users, unit: id}
  log: {table: log, unit: id, time: at, event: name}
metrics:
"""

WRONG = {
    "{source: users, column: x, kind: quantile}": "a quantile needs to know which one, as in 'quantile: 0.9'",
    "{source: log, kind: quantile, quantile: 0.9, over: events}": "needs the column of their values",
    "{source: users, column: x, quantile: 0.9}": "'quantile' does not belong to kind mean: write 'kind: quantile'",
    "{source: users, column: x, threshold: 3}": "'threshold' does not belong to kind mean: write 'kind: proportion'",
    "{source: log, kind: count, steps: [a, b]}": "'steps' does not belong to kind count: write 'kind: funnel'",
    "{source: log, kind: nps, column: x, rule: net}": "'rule' does not belong to kind nps: write 'kind: ces'",
    "{source: log, kind: funnel, steps: [a]}": "a funnel needs 2 to 10 steps in order",
    "{source: log, kind: funnel, steps: [a, b], events: [c]}": "'events' is given beside 'steps'",
    "{source: log, kind: funnel, steps: [a, b], cap: {absolute: 1}}": "kind funnel takes no cap",
    "{source: users, kind: funnel, steps: [a, b]}": "(metrics.m.steps): 'steps' needs a source of events",
    "{source: log, kind: duration}": "a duration needs the events that begin and end it",
    "{source: log, kind: duration, steps: [a, a]}": "a duration has two different steps",
    "{source: log, kind: duration, steps: [a, b, c]}": "a duration has two different steps",
    "{source: users, kind: duration, column: s, horizon: 1}": "'horizon' limits how long after its start",
    "{source: users, kind: duration, steps: [a, b]}": "or its column of seconds with 'column'",
    "{source: log, kind: time_to_event}": "a time_to_event needs the events it waits for",
    "{source: log, kind: time_to_event, events: [a], window: {delay: 1, length: 2}}": "begins with the exposure",
    "{source: log, kind: time_to_event, events: [a], column: x}": "remove 'column'",
    "{source: users, kind: time_to_event, events: [a]}": "'events' needs a source of events",
    "{source: users, kind: quantile, quantile: 0.5, column: x, over: events}": "'over: events' needs a source",
    "{source: log, kind: nps}": "nps needs the column of the answers (0 to 10), as in 'column: score'",
    "{source: log, kind: csat, column: x, aggregation: avg}": "kind csat takes no aggregation",
    "{source: log, kind: ces, column: x}": "name its rule: 'mean' (of 1 to 7), 'share' (of 5 to 7), or 'net'",
    "{source: log, kind: participation, window: {length: 2.5}}": "participation needs a window of whole days",
    "{source: log, kind: error_rate, events: [a]}": "an error_rate needs all attempts as its denominator",
    "{source: log, kind: retention}": "retention needs a window in days, as in 'window: {delay: 7, length: 1}'",
    "{source: log, kind: retention, column: x}": "retention needs a window in days; add it",
    "{source: users, kind: retention, window: {length: 1}}": "'column' is missing",
    "{source: log, template: adopton, events: [a]}": "there is no template 'adopton'; did you mean 'adoption'?",
    "{source: log, template: [a]}": "there is no template",
    "{source: log, template: task_completion_time}": "a duration needs the events that begin and end it",
}


def _load(folder: Path, metric: str) -> Metric:
    (folder / "w.yaml").write_text(f"{SOURCES}  m: {metric}\n", encoding="utf-8")
    return load(folder).definitions.metrics["m"]


@pytest.mark.parametrize(("metric", "told"), WRONG.items(), ids=list(WRONG))
def test_what_a_kind_cannot_be_is_told_at_its_line(tmp_path: Path, metric: str, told: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        _load(tmp_path, metric)
    found = str(caught.value).replace(f"{tmp_path}{os.sep}", "")
    assert told in found
    assert found.startswith("w.yaml:6 (metrics.m")
    assert len(caught.value.problems) == 1


def test_a_template_stands_for_fields_and_what_is_written_beside_it_wins(tmp_path: Path) -> None:
    short = _load(tmp_path, "{template: adoption, source: log, events: [export]}")
    whole = "{kind: proportion, source: log, events: [export], threshold: 1, window: {length: 28}}"
    assert short == _load(tmp_path, whole)
    own = _load(tmp_path, "{template: churn, source: log, window: {delay: 28, length: 28}, direction: up}")
    assert own.window is not None
    assert (own.kind, own.complement, own.window.delay, own.direction) == ("retention", True, 28, "up")


def test_the_denominator_of_a_template_is_counted_in_the_same_source(tmp_path: Path) -> None:
    metric = _load(tmp_path, "{template: error_rate, source: log, events: [no], denominator: {events: [no, yes]}}")
    assert metric.denominator is not None
    assert (metric.denominator.source, metric.direction) == ("log", "down")


def test_every_template_is_a_metric_once_its_events_are_named() -> None:
    given: dict[str, dict[str, object]] = {
        "adoption": {"events": ["a"]},
        "task_completion_time": {"steps": ["a", "b"]},
        "error_rate": {"events": ["a"], "denominator": {"events": ["a", "b"]}},
        "nps": {"column": "score"},
    }
    for name, template in TEMPLATES.items():
        metric = Metric.model_validate({"source": "log", "template": name, **given.get(name, {})})
        assert metric.kind == template.fields["kind"]


def test_retention_and_churn_look_at_the_same_events() -> None:
    retention, churn = TEMPLATES["retention"].fields, TEMPLATES["churn"].fields
    assert churn == {**retention, "complement": True, "direction": "down"}


def test_a_word_written_wrong_is_told_with_the_template_among_the_fields(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="unknown field 'templat'; did you mean 'template'"):
        _load(tmp_path, "{source: log, templat: adoption}")
