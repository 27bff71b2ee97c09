"""Checks, what failed, and how every number was computed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from vitalfew.report import words
from vitalfew.report.layout import Column, fold, section, table
from vitalfew.report.lights import light
from vitalfew.report.markup import Markup, anchor, tag

if TYPE_CHECKING:
    from vitalfew.report.lights import Light
    from vitalfew.report.view import View
    from vitalfew.results.rows import FindingRow, Severity
    from vitalfew.workspace.definitions import Metric

SEVERITIES: dict[Severity, Light] = {"error": "failed", "warning": "warning", "info": "info"}


def checks(view: View) -> Markup:
    """The findings, the gravest first, each with one thing to do."""
    question = "What the detectors found wrong, why it matters, and one thing to do about each."
    found = sorted(view.tables.findings, key=lambda row: list(SEVERITIES).index(row.severity))
    if not found:
        return section("checks", "Checks", question, tag("p", "No check found anything wrong.", class_="sub"))
    return section("checks", "Checks", question, tag("ul", [_finding(row) for row in found], class_="findings"))


def failed(view: View) -> Markup | None:
    """Items a stage could not compute; nothing is hidden."""
    rows = [
        (view.item(row.item), row.stage, "left out or too few" if row.remark else "not computed", row.reason)
        for row in sorted(view.tables.failed, key=lambda row: row.remark)
    ]
    if not rows:
        return None
    heads = ["Item", "Stage", "What", Column("Reason", "long")]
    question = "What this run could not compute, or left out. Everything else went on without it."
    caption = words.count(len(rows), "item") + "."
    return section("failed", "Not computed", question, tag("div", table(heads, rows, caption=caption), class_="sub"))


def method(view: View) -> Markup:
    """The run's identity and the definitions behind its numbers."""
    question = "Every number above belongs to one run; the same definitions, data and seed give the same numbers."
    return section("method", "How this was computed", question, _identity(view), _definitions(view), _stages(view))


def _finding(row: FindingRow) -> Markup:
    head = tag(
        "p", tag("strong", row.message), " ", tag("span", f"{row.severity} · {row.subject}", class_="muted small")
    )
    rule = tag("p", tag("code", row.id), f" · {row.requirement}", class_="muted small")
    return tag(
        "li", light(SEVERITIES[row.severity]), head, tag("p", row.why), tag("p", f"→ {row.do}", class_="do"), rule
    )


def _identity(view: View) -> Markup:
    info = view.info
    entries = {
        "Run": info.id,
        "Computed": words.date_and_time(info.computed_at),
        "As of": info.as_of or "all data",
        "Code": info.code_version,
        "Data": info.data_version,
        "Definitions": info.definitions_version,
        "Seed": str(info.seed),
    }
    coded = {"Run", "Code", "Data", "Definitions"}
    listed = [
        (tag("dt", name), tag("dd", tag("code", value) if name in coded else value)) for name, value in entries.items()
    ]
    return tag("dl", listed, class_="about")


def _definitions(view: View) -> list[Markup]:
    metrics = view.definitions.metrics
    heads = ["Metric", "Key", "Kind", "Better", "Level", Column("Counted", "long"), Column("Role", "long")]
    rows = [
        (
            tag("span", view.title("metrics", key), id=anchor("metric", key)),
            tag("code", key),
            f"{metric.kind}{f', {metric.unit}' if metric.unit else ''}",
            "less" if metric.direction == "down" else "more",
            metric.level,
            _counted(metric),
            _role(view, key),
        )
        for key, metric in metrics.items()
    ]
    if not rows:
        return []
    return [
        tag("h3", "Metrics", class_="sub"),
        table(heads, rows, caption=f"{words.count(len(rows), 'metric')} defined."),
    ]


def _counted(metric: Metric) -> str:
    measure = metric.numerator
    what = measure.column or (", ".join(measure.events) if measure.events else "rows")
    parts = [f"{what} in {measure.source}", *(f"where {text}" for text in measure.filters)]
    if metric.denominator is not None:
        per = metric.denominator.column or ", ".join(metric.denominator.events) or "rows"
        parts.append(f"per {per} in {metric.denominator.source}")
    parts += _of_kind(metric)
    if metric.window is not None and metric.window.length is not None:
        first, last = metric.window.delay, metric.window.delay + metric.window.length
        parts.append(
            f"days {first:g} to {last:g} after exposure"
            if metric.window.kind == "conversion"
            else f"last {last:g} days"
        )
    if metric.description:
        parts.append(metric.description)
    return "; ".join([*parts, f"version {metric.version}"])


def _of_kind(metric: Metric) -> list[str]:
    """What the kind of a metric takes besides: its threshold, quantile, steps, horizon, cap and covariates."""
    cap = metric.cap
    told = {
        "steps": " → ".join(metric.steps),
        "threshold": "" if metric.threshold is None else f"from {metric.threshold:g} on",
        "quantile": "" if metric.quantile is None else f"{metric.quantile:g} quantile over {metric.over}",
        "horizon": "" if metric.horizon is None else f"up to {metric.horizon:g} days",
        "rule": "" if metric.rule is None else f"by {metric.rule}",
        "cap": "" if cap is None else f"capped ({cap.side}) at {cap.absolute or f'the {cap.percentile:g} quantile'}",
        "covariate": f"adjusted for {metric.covariate_days:g} days before" if metric.covariate_days else "",
        "covariates": f"adjusted for {', '.join(metric.covariates)}" if metric.covariates else "",
    }
    return [text for text in told.values() if text]


def _role(view: View, key: str) -> str:
    parts = []
    factor, guard = view.definitions.factors.get(key), view.definitions.guardrails.get(key)
    unit = view.unit(key)
    if factor is not None:
        low, high = (words.level(end, unit) for end in factor.range)
        weight = next((row for row in view.tables.weights if row.factor == key), None)
        share = (
            "" if weight is None else f", weight {words.share(weight.mean)} from {words.count(weight.raters, 'rater')}"
        )
        parts.append(f"factor, range {low} to {high}{share}")
    if guard is not None:
        parts.append(
            "guardrail, may not get worse by more than "
            + words.with_unit(words.significant(guard.margin * unit.factor), unit.change)
        )
    return "; ".join(parts) or "–"


def _stages(view: View) -> Markup | None:
    rows = [(s.name, f"{s.seconds:.2f} s", s.reused or "computed", tag("code", s.key[:16])) for s in view.info.stages]
    if not rows:
        return None
    heads = ["Stage", Column("Time", "num"), "Reused from run", "Key of its inputs"]
    return fold("Stages of the run", table(heads, rows, caption="A stage is reused when no input has changed."))
