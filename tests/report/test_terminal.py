from __future__ import annotations

import io
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from rich.console import Console

from report import sample
from vitalfew.report.sheet import Sheet
from vitalfew.report.terminal import (
    as_text,
    print_checks,
    print_effects,
    print_experiments,
    print_failed,
    print_findings,
    print_ledger,
    print_run,
    print_use,
    run_text,
)
from vitalfew.results.rows import Estimate, ExperimentRow, FailedRow, HealthRow, Tables
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.report import View


def everything(view: View, console: Console) -> None:
    for show in (print_ledger, print_experiments, print_effects, print_use, print_checks, print_failed):
        show(view, console)


def on_terminal(view: View, width: int, *, encoding: str = "utf-8", colour: bool = False) -> list[str]:
    raw = io.BytesIO()
    file = io.TextIOWrapper(raw, encoding=encoding)
    everything(view, Console(file=file, width=width, force_terminal=True, color_system="truecolor" if colour else None))
    file.flush()
    return raw.getvalue().decode(encoding).splitlines()


def in_pipe(view: View) -> list[str]:
    file = io.StringIO()
    everything(view, Console(file=file, width=80))
    return file.getvalue().splitlines()


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    assert max(len(line) for line in on_terminal(sample.view(), width)) <= width


def test_a_line_shows_number_bar_grade_chance_verdict_and_next_step() -> None:
    line = next(line for line in on_terminal(sample.view(), 80) if line.startswith("Offline forms"))
    assert line.split()[2:] == ["+12.4", "┊", "├●─┤", "▆", "tested", ".99", "●", "kept", "keep"]


def test_the_line_is_drawn_between_the_vital_few_and_the_worthwhile_many() -> None:
    lines = on_terminal(sample.view(), 80)
    rule = next(place for place, line in enumerate(lines) if "the vital few above" in line)
    assert any(line.startswith("Parts at a glance") for line in lines[:rule])
    assert any(line.startswith("Photo notes") for line in lines[rule:])


def test_an_unknown_value_is_an_empty_frame() -> None:
    assert "╌╌╌" in next(line for line in on_terminal(sample.view(), 80) if line.startswith("Badges"))


def test_a_terminal_without_utf8_gets_plain_signs() -> None:
    lines = on_terminal(sample.view(), 80, encoding="ascii")
    assert "|*-|" in next(line for line in lines if line.startswith("Offline forms"))
    assert any("x harmful" in line for line in lines)


def test_colour_is_only_an_addition() -> None:
    plain, coloured = on_terminal(sample.view(), 80), on_terminal(sample.view(), 80, colour=True)
    assert any("\x1b[" in line for line in coloured)
    assert not any("\x1b[" in line for line in plain)


def test_in_a_pipe_each_line_of_the_ledger_is_one_whole_line() -> None:
    lines = in_pipe(sample.view())
    line = next(line for line in lines if line.startswith("Home screen widgets"))
    assert "that has to fit somewhere | no value | no evidence | no promise | measure | used by 3.5" in line
    assert any("value +12.4 points (9.1 to 15.8) | tested | vital .99 | kept | keep" in line for line in lines)


def test_an_empty_ledger_teaches_and_offers_the_first_step() -> None:
    file = io.StringIO()
    print_ledger(sample.view(Tables(), Definitions()), Console(file=file, width=80))
    lines = file.getvalue().splitlines()
    assert len(lines) == 3
    assert "First step: vitalfew start FILE" in lines[-1]
    print_ledger(sample.view(Tables()), Console(file=file, width=80))
    # Who has just started is not sent back to the start.
    assert "First step: write down under `initiatives:` what you shipped" in file.getvalue().splitlines()[-1]


def test_many_lines_are_cut_and_counted() -> None:
    tables = sample.tables()
    extra = tuple(replace(tables.shipped[-1], line=f"more_{i}", title=f"More {i}") for i in range(30))
    lines = on_terminal(sample.view(replace(tables, shipped=(*tables.shipped, *extra))), 80)
    assert sum(line.startswith("More ") for line in lines) == 0
    assert "and 30 more shipped lines; run --html FILE or --json shows all" in lines


def test_a_harmful_line_is_shown_however_far_below_it_stands() -> None:
    tables = sample.tables()
    filler = tuple(replace(tables.shipped[-1], line=f"more_{i}", title=f"More {i}") for i in range(30))
    harmful = next(line for line in tables.shipped if line.line == "assistant")
    lines = on_terminal(sample.view(replace(tables, shipped=(*filler, harmful))), 80)
    assert any(line.startswith("Assistant") for line in lines)


def test_names_cannot_steer_the_terminal() -> None:
    tables = sample.tables()
    hostile = replace(tables.shipped[0], title="\x1b]0;owned\x07[red]bold[/red]")
    lines = on_terminal(sample.view(replace(tables, shipped=(hostile,))), 140)
    assert not any("\x1b" in line or "\x07" in line for line in lines)
    assert any("[red]bold[/red]" in line for line in lines)


def test_what_failed_is_named_with_its_reason() -> None:
    tables = replace(sample.tables(), failed=(FailedRow("measure", "metrics.revenue", "no column 'amount'"),))
    assert "  metrics.revenue: no column 'amount'" in on_terminal(sample.view(tables), 80)


def test_features_that_are_not_measured_are_named_apart() -> None:
    assert "Not measured, which is not the same as not used: Api keys, Audit." in on_terminal(sample.view(), 80)


def test_an_experiment_that_failed_its_trust_test_comes_first() -> None:
    lines = on_terminal(sample.view(), 80)
    first = next(place for place, line in enumerate(lines) if line == "EXPERIMENTS") + 1
    assert lines[first].split() == ["✕", "failed", "Visit", "reminders", "against", "before"]


def test_doubts_and_provisional_days_of_an_experiment_are_told_once_beside_what_to_do() -> None:
    told = HealthRow("offline", "crossed", None, "warning", "3 % were seen in both arms.")
    fine = HealthRow("offline", "missing_share", None, "ok", "No metric has missing values.")
    late = HealthRow("offline", "late", None, "ok", "Complete to 2026-05-01; later days may still change.")
    failed = HealthRow("offline", "dealing", None, "failed", "2 % were dealt otherwise.")
    row = ExperimentRow("offline", "Forms", None, "do_not_decide", f"Do not decide on these results: {failed.message}")
    text = " ".join(in_pipe(sample.view(Tables(experiments=(row,), health=(failed, told, fine, late)))))
    assert [text.count(test.message) for test in (told, fine, late, failed)] == [1, 0, 1, 1]
    assert "Do not decide: 2 % were dealt otherwise." in text


def test_a_hash_is_never_cut_however_narrow_the_terminal_is() -> None:
    file, head = io.StringIO(), "a1" * 32
    narrow = Console(file=file, width=40, force_terminal=True, color_system=None)
    Sheet(narrow).say(f"The head of the log is {head} now.")
    assert file.getvalue().splitlines() == ["The head of the log is", head, "now."]


def test_a_run_prints_its_parts_in_order() -> None:
    file = io.StringIO()
    print_run(sample.view(), Console(file=file, width=100, force_terminal=True, color_system=None))
    heads = [line.split(":")[0] for line in file.getvalue().splitlines() if line[:4].isupper()]
    assert heads == ["SHIPPED", "CANDIDATES", "EXPERIMENTS", "USE OF FEATURES", "CHECKS", "NOT COMPUTED"]


def test_one_experiment_without_a_workspace_prints_its_effects_and_no_empty_ledger() -> None:
    tables = sample.tables()
    alone = replace(
        tables, shipped=(), candidates=(), headline=(), use=(), findings=(), experiments=tables.experiments[:1]
    )
    file = io.StringIO()
    print_run(sample.view(alone), Console(file=file, width=100, force_terminal=True, color_system=None))
    assert "EFFECTS" in file.getvalue()
    assert "ledger is empty" not in file.getvalue()


def test_findings_say_how_many_were_accepted_before() -> None:
    file = io.StringIO()
    print_findings(sample.tables().findings, total=5, console=Console(file=file, width=100))
    assert file.getvalue().startswith("3 findings (2 more findings accepted before)")


def test_findings_of_one_kind_are_told_once() -> None:
    tables = sample.tables()
    many = tuple(replace(tables.findings[0], subject=f"features.f{i}") for i in range(6))
    lines = on_terminal(sample.view(replace(tables, findings=many)), 100)
    assert "  and 5 more of this kind: features.f1, features.f2, features.f3, features.f4, ..." in lines


def test_the_ledger_as_text_is_what_a_terminal_shows() -> None:
    assert as_text(sample.view()).splitlines()[0].startswith("About 4 (3 to 5) of 9 shipped lines")


def piped(view: View) -> list[str]:
    file = io.StringIO()
    print_run(view, Console(file=file, width=80))
    return file.getvalue().splitlines()


def test_where_use_is_all_that_is_known_it_comes_first_and_nothing_empty_is_repeated() -> None:
    lines = piped(sample.view(sample.only_use()))
    heads = [line.split(":")[0] for line in lines if line[:4].isupper()]
    assert heads == ["USE OF FEATURES", "SHIPPED", "CANDIDATES", "CHECKS"]
    assert lines[0].startswith("12 shipped lines and 2 candidates")
    assert not any("no value" in line or "no evidence" in line or "no promise" in line for line in lines)
    used = "Dark mode | used by 11.8 % (11.4 to 12.3) of the eligible | 8.5 times in 30 days | measure"
    assert used in [line.replace("\N{NO-BREAK SPACE}", " ") for line in lines]
    assert any(line.startswith("Remove Badges | test first | no cost given") for line in lines)


@pytest.mark.parametrize("field", ["value", "promised", "measured", "grade"])
def test_one_line_that_has_more_than_use_brings_all_columns_back(field: str) -> None:
    tables = sample.only_use()
    full = next(line for line in sample.tables().shipped if line.line == "offline")
    first = next(line for line in tables.shipped if line.line == "offline")
    more = replace(first, **{field: getattr(full, field)})
    lines = piped(sample.view(replace(tables, shipped=(more, *tables.shipped[1:]))))
    heads = [line.split(":")[0] for line in lines if line[:4].isupper()]
    assert heads[0] == "SHIPPED"
    told = {"value": "value +12.4 points", "promised": "promised +2.0", "measured": "+2.14", "grade": "| tested |"}
    assert told[field] in next(line for line in lines if line.startswith("Offline forms"))


def test_a_line_without_use_keeps_its_reason() -> None:
    tables = sample.only_use()
    young = replace(tables.shipped[0], use=None, reasons=("nobody could use it yet",))
    lines = piped(sample.view(replace(tables, shipped=(young,))))
    assert "Offline forms | keep | nobody could use it yet" in lines


@pytest.mark.parametrize("width", [80, 100, 140])
def test_no_line_of_a_run_of_use_is_wider_than_the_terminal(width: int) -> None:
    lines = run_text(sample.view(sample.only_use()), width).splitlines()
    assert max(map(len, lines)) <= width
    assert not any("╌" in line for line in lines)


def test_in_a_pipe_numbers_say_what_they_are() -> None:
    lines = in_pipe(sample.view())
    assert any(
        line.startswith("Offline forms | reach 72.0") and "21 times in 30 days | window 30" in line for line in lines
    )
    assert any("| tested | 8,012 + 7,988 units" in line for line in lines)


def test_a_recommendation_is_wrapped_and_never_cut() -> None:
    tables = sample.tables()
    reason = "Retention fell, " + "and so did planning time, " * 6 + "so go back to what was there before."
    rows = (replace(tables.experiments[0], reason=reason), *tables.experiments[1:])
    text = run_text(sample.view(replace(tables, experiments=rows)))
    assert " ".join(reason.split()) in " ".join(text.split())
    assert max(map(len, text.splitlines())) <= 100


def test_in_a_pipe_intervals_of_effects_name_their_confidence() -> None:
    file = io.StringIO()
    print_effects(sample.view(), Console(file=file, width=80))
    effects = [line for line in file.getvalue().splitlines() if "units" in line]
    assert effects
    assert all("(95 %: " in line.replace("\N{NO-BREAK SPACE}", " ") for line in effects)
    assert "95 %:" not in "\n".join(on_terminal(sample.view(), 140))


def _changed(**fields: Any) -> View:
    tables = sample.tables()
    return sample.view(replace(tables, effects=tuple(replace(row, **fields) for row in tables.effects)))


def test_what_covariates_took_away_is_told() -> None:
    view = _changed(unadjusted=Estimate(0.02, 0.01, 0.03), variance_reduction=0.43)
    lines = [line.replace("\N{NO-BREAK SPACE}", " ") for line in on_terminal(view, 140)]
    assert any("without adjustment" in line and "variance 43 % smaller" in line for line in lines)


def test_of_several_arms_each_effect_names_its_own() -> None:
    tables = sample.tables()
    other = tuple(replace(row, arm="bold") for row in tables.effects)
    text = "\n".join(on_terminal(sample.view(replace(tables, effects=(*tables.effects, *other))), 140))
    assert "(bold)" in text
    assert "(bold)" not in "\n".join(on_terminal(sample.view(), 140))


def test_what_the_trust_tests_say_already_is_not_told_again() -> None:
    tables = sample.tables()
    said = "twenty times what others found"
    effects = tuple(replace(row, check_first=said) for row in tables.effects)
    health = tuple(replace(row, status="warning", message=f"Take care: {said}.") for row in tables.health)
    alone = "\n".join(on_terminal(sample.view(replace(tables, effects=effects, health=())), 140))
    both = "\n".join(on_terminal(sample.view(replace(tables, effects=effects, health=health)), 140))
    experiments = {row.experiment for row in health}
    assert alone.count(f"check first: {said}") > both.count(f"check first: {said}")
    assert all(row.experiment not in experiments for row in effects) or "Take care" in both


def test_a_quantile_over_events_counts_events() -> None:
    view = sample.view()
    metric = {"kind": "quantile", "quantile": 0.9, "over": "events", "source": "events", "column": "ms"}
    made = view.definitions.model_dump(exclude_unset=True)
    defined = type(view.definitions).model_validate({**made, "metrics": {**made["metrics"], "planning": metric}})
    file = io.StringIO()
    print_effects(replace(view, definitions=defined), Console(file=file, width=80))
    assert "8,012 + 7,988 events" in file.getvalue()
    assert "8,012 + 7,988 units" in file.getvalue()


def test_what_was_left_out_is_told_by_titles_and_once_per_reason() -> None:
    view = sample.view()
    source, (first, second) = next(iter(view.definitions.sources)), list(view.definitions.metrics)[:2]
    rows = tuple(FailedRow("measure", f"{source}/{key}", "no value of a day", remark=True) for key in (first, second))
    file = io.StringIO()
    print_failed(replace(view, tables=replace(view.tables, failed=rows)), Console(file=file, width=200))
    titles = " and ".join(view.title("metrics", key) for key in (first, second))
    assert f"  {titles}: no value of a day\n" in file.getvalue()
