"""The page of all checks, written from the registry."""

from __future__ import annotations

from dataclasses import fields

from vitalfew.checks.registry import Check, Thresholds, registered


def reference() -> str:
    """The page in Markdown."""
    return _HEAD + "".join(_section(each) for each in registered())


def _section(each: Check) -> str:
    defaults = {field.name: field.default for field in fields(Thresholds)}
    numbers = ", ".join(f"`{name}` {defaults[name]}" for name in each.reads) or "none"
    return (
        f"\n## {each.id}\n\n{each.looks_for}\n\n- Requirement: {each.requirement}\n- Severity: {each.severity}\n"
        f"- Thresholds: {numbers}\n- Why: {each.why}\n- Do: {each.do}\n"
    )


_HEAD = """# Checks

`vitalfew check` runs these over a workspace and its results, as a linter runs over code. Each finding says what is
wrong, why it matters and one thing to do.

False alarms are kept rare on purpose. Checks on definitions fire on facts only. Checks on estimates
look at the whole workspace at once: warnings of sample ratios control the probability of any false one (Holm, 1979),
findings on effects the share of false ones among them (Benjamini & Hochberg, 1995). With thirty experiments, a
difference that one in twenty would show by luck is no finding. A healthy company sees at most three findings.

A finding accepted with `vitalfew check --accept` is known by its check and its subject, and is not shown again.

This page is written from the program.
"""
