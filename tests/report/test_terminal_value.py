"""The value model in the terminal: every part is there, at any width, in a pipe and without UTF-8."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO, StringIO, TextIOWrapper

import pytest
from rich.cells import cell_len
from rich.console import Console

from report import decided, sample
from vitalfew.decide.apart import distances
from vitalfew.report.terminal_value import print_value
from vitalfew.report.view import View
from vitalfew.results.rows import (
    Estimate,
    FactorLightsRow,
    GroupChoiceRow,
    GroupValueRow,
    GroupWeightRow,
    SayDoRow,
    Tables,
)

PARTS = ("WHAT COUNTS", "HOW FEW WOULD DO", "SAID TWICE", "SAY AND DO", "WHO WEIGHS OTHERWISE", "WHO LOSES")


def value_text(view: View, width: int = 100) -> str:
    out = StringIO()
    print_value(view, Console(file=out, width=width, force_terminal=True, color_system=None))
    return out.getvalue()


def view() -> View:
    base = decided.view()
    lights = tuple(FactorLightsRow(key, "on", "partly", "on", "off", ("target: none",)) for key in sample.FACTORS)
    weights = tuple(
        GroupWeightRow(group, "jobs", 5, 0.4, 0.3, 0.5, gap, low, high)
        for group, gap, low, high in (("customers", 0.12, 0.05, 0.2), ("staff", -0.12, -0.2, -0.05))
    )
    choice = GroupChoiceRow("customers", 5, 0.4, ("offline",), ())
    harm = GroupValueRow("sso", "crew", "stakeholder", None, None, shipped=True, p_breach=0.99, guardrail="errors")
    found = replace(
        base.tables,
        factor_lights=lights,
        group_weights=weights,
        distances=distances(weights),
        group_choices=(choice,),
        group_values=(*base.tables.group_values, harm),
    )
    return View(found, base.definitions, base.info)


@pytest.mark.parametrize("width", [80, 120, 200])
def test_every_part_is_shown_and_no_line_is_too_long(width: int) -> None:
    said = value_text(view(), width)
    for part in PARTS:
        assert part in said
    assert max(cell_len(line) for line in said.splitlines()) <= width


def test_what_is_said_of_each_part() -> None:
    said = value_text(view(), 120)
    assert "Customers give Jobs closed per week 12 points more than the others." in said
    assert "Between customers and staff lies 0 % (0 % to 0 %) of the weight." in said  # both weigh one factor
    assert "Staff give" not in said  # of two groups each is what the other is not
    assert "By the weights of customers one would fund Offline forms." in said
    assert "Error rate worse by more than its margin for crew" in said
    assert "no decision here would change without" in said
    assert "enough" in said


def test_a_pipe_gets_one_plain_line_per_row() -> None:
    out = StringIO()
    print_value(view(), Console(file=out, width=80, force_terminal=False))
    lines = out.getvalue().splitlines()
    assert any(line.endswith("told on | measured partly | weighed on | target off | target: none") for line in lines)
    assert any(line.startswith("3 | all | 0 % lost | tau 1.00") for line in lines)


def test_a_terminal_without_utf_8_is_served_in_ascii() -> None:
    raw = BytesIO()
    file = TextIOWrapper(raw, encoding="ascii")
    print_value(view(), Console(file=file, width=100, force_terminal=True, color_system=None))
    file.flush()
    assert "HOW FEW WOULD DO" in raw.getvalue().decode("ascii")


def test_what_was_chosen_for_is_shown_where_it_is_known() -> None:
    row = SayDoRow(
        "jobs",
        Estimate(0.2, 0.1, 0.3),
        Estimate(0.5, 0.4, 0.6),
        Estimate(0.4, 0.1, 0.7),
        9,
        Estimate(0.3, 0.2, 0.4),
        "m",
    )
    told = replace(view().tables, say_do=(row,))
    for width in (80, 120):
        assert "+0.40 (0.10 to 0.70)" in value_text(View(told, view().definitions, view().info), width)


def test_without_a_value_model_the_first_step_is_named() -> None:
    base = view()
    empty = type(base.definitions).model_validate({})
    assert "There is no value model yet" in value_text(View(Tables(), empty, base.info))


def test_where_nobody_weighed_it_is_said() -> None:
    base = view()
    said = value_text(View(Tables(), base.definitions, base.info))
    assert "weighed by nobody yet" in said
    assert "not weighed" in said
