from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew import checks
from vitalfew.checks.baseline import RENAMED, accepted, at_least, write_baseline
from vitalfew.checks.reference import reference
from vitalfew.errors import UsageError
from vitalfew.evidence.changes import beyond_doubt, discoveries
from vitalfew.results.rows import FindingRow, Tables
from vitalfew.workspace.acts import ActLog
from vitalfew.workspace.definitions import Definitions

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "checks.md"


def test_all_are_registered_with_all_that_they_must_say() -> None:
    found = checks.registered()
    assert len({check.id for check in found}) == len(found) >= 30
    for check in found:
        assert min(len(check.looks_for), len(check.why), len(check.do)) > 20
        assert check.requirement.startswith(("R", "trust"))


def test_the_page_of_checks_is_what_the_program_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference(), "run: .venv/bin/python tools/make_checks_page.py"


def test_an_empty_workspace_has_no_findings() -> None:
    assert checks.run(Definitions(), ActLog(), Tables(), date(2026, 1, 1)) == ()


def test_errors_come_first() -> None:
    factors = {f"m{number}": {"range": (0.0, 1.0)} for number in range(11)}
    raw = {"factors": factors, "initiatives": {"i": {"status": "live"}}}
    found = checks.run(Definitions.model_validate(raw), ActLog(), Tables(), date(2026, 1, 1))
    assert [finding.severity for finding in found] == ["error", "warning", "warning", "info"]


@given(st.lists(st.floats(0, 1), max_size=20))
def test_holm_does_not_depend_on_order_and_never_rejects_a_larger_p_alone(p_values: list[float]) -> None:
    flags = beyond_doubt(p_values, 0.05)
    kept = [p for p, flag in zip(p_values, flags, strict=True) if flag]
    left = [p for p, flag in zip(p_values, flags, strict=True) if not flag]
    assert max(kept, default=0) <= min(left, default=1)
    assert beyond_doubt(p_values[::-1], 0.05) == flags[::-1]


def test_holm_on_a_worked_example() -> None:
    assert beyond_doubt([0.01, 0.04, 0.03, 0.005], 0.05) == [True, False, False, True]


def test_any_false_alarm_among_thirty_true_nulls_is_as_rare_as_promised() -> None:
    drawn = np.random.default_rng(7).uniform(size=(2_000, 30))
    alarms = np.mean([any(beyond_doubt(list(row), 0.05)) for row in drawn])
    assert 0.035 < alarms < 0.065


def test_accepted_findings_are_known_by_check_and_subject(tmp_path: Path) -> None:
    file = tmp_path / "accepted.json"
    finding = FindingRow("harmed", "R28", "warning", "x", "message", "why", "do")
    write_baseline(file, [finding, finding])
    assert accepted(file, required=True) == {("harmed", "x")}
    assert [path.name for path in tmp_path.iterdir()] == ["accepted.json"]


def test_a_baseline_written_before_checks_were_renamed_still_accepts_them(tmp_path: Path) -> None:
    file = tmp_path / "accepted.json"
    old = [{"id": name, "subject": "x"} for name in (*RENAMED, "harmed")]
    file.write_text(json.dumps({"accepted": old}))
    assert accepted(file, required=True) == {(name, "x") for name in (*RENAMED.values(), "harmed")}
    known = {check.id for check in checks.registered()}
    assert known >= set(RENAMED.values())
    assert not known & set(RENAMED)


def test_a_baseline_that_is_missing_or_none_is_answered_in_words(tmp_path: Path) -> None:
    file = tmp_path / "accepted.json"
    assert accepted(file, required=False) == frozenset()
    with pytest.raises(UsageError, match="no such baseline"):
        accepted(file, required=True)
    for content in ("{", "[]", '{"accepted": [1]}', "[" * 100_000):
        file.write_text(content)
        with pytest.raises(UsageError, match="this is no baseline"):
            accepted(file, required=False)


def test_severities_are_ordered() -> None:
    assert [at_least(severity, "warning") for severity in ("info", "warning", "error")] == [False, True, True]
    with pytest.raises(UsageError, match="did you mean 'warning'"):
        at_least("error", "warnings")


@given(st.lists(st.floats(0, 1), max_size=20))
def test_discoveries_hold_all_that_holm_rejects_and_no_larger_p_alone(p_values: list[float]) -> None:
    flags = discoveries(p_values, 0.05)
    assert all(flag or not strict for flag, strict in zip(flags, beyond_doubt(p_values, 0.05), strict=True))
    kept = [p for p, flag in zip(p_values, flags, strict=True) if flag]
    left = [p for p, flag in zip(p_values, flags, strict=True) if not flag]
    assert max(kept, default=0) <= min(left, default=1)
    assert discoveries(p_values[::-1], 0.05) == flags[::-1]


def test_discoveries_are_those_of_scipy() -> None:
    from scipy.stats import false_discovery_control

    drawn = np.random.default_rng(8).beta(0.4, 1.0, size=(200, 25))
    for row in drawn:
        assert discoveries(list(row), 0.05) == list(false_discovery_control(row) <= 0.05)


def test_the_order_of_checks_does_not_depend_on_what_was_imported_first() -> None:
    import subprocess
    import sys

    ask = "from vitalfew.checks import registered; print([each.id for each in registered()])"
    said = {
        subprocess.run([sys.executable, "-c", first + ask], capture_output=True, text=True, check=True).stdout
        for first in ("", "import vitalfew.checks.use, vitalfew.checks.conflicts; ")
    }
    assert len(said) == 1
