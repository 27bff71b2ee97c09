"""What a plan or a design says and nothing would act on is told at its line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.errors import DefinitionError
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

WORKSPACE = """
sources:
  users: {{table: users, unit: id}}
metrics:
  paid: {{source: users, column: paid}}
  cost: {{source: users, column: cost}}
  hits: {{source: users, column: hits}}
guardrails: {{cost: {{margin: 1}}}}
segments: {{pro: {{source: users, filter: paid > 1}}}}
experiments:
  e: {{source: users, variant: arm, metrics: [paid, cost], {more}}}
"""

SILENT = {
    "plan: {primary: [hits]}": "(experiments.e.plan.primary[0]): 'hits' is planned, and the experiment does not",
    "plan: {secondary: [paid, hits]}": "(experiments.e.plan.secondary[1]): 'hits' is planned",
    "plan: {guardrails: [paid]}": "'paid' has no margin, so nobody can say whether it is kept; write 'guardrails",
    "segments: [], plan: {segments: [pro]}": "'pro' is planned, and the experiment does not look at it",
    "plan: {primary: [paid], looks: [0.5, 0.3, 1]}": "(experiments.e.plan.looks): the looks do not rise",
    "plan: {primary: [paid], looks: [0, 1]}": "the looks do not rise",
    "burn_in: 2": "(experiments.e.burn_in): 'burn_in' belongs to another design; write 'design: switchback'",
    "holds_out: [e]": "(experiments.e.holds_out): 'holds_out' belongs to another design; write 'design: holdout'",
}


@pytest.mark.parametrize("more", SILENT)
def test_what_would_be_passed_over_is_told(tmp_path: Path, more: str) -> None:
    (tmp_path / "w.yaml").write_text(WORKSPACE.format(more=more))
    with pytest.raises(DefinitionError) as told:
        load(tmp_path)
    assert SILENT[more] in str(told.value)
    assert "w.yaml:11" in str(told.value)


def test_a_sound_plan_is_taken(tmp_path: Path) -> None:
    plan = "plan: {primary: [paid], guardrails: [cost], segments: [pro], looks: [0.5, 1]}"
    (tmp_path / "w.yaml").write_text(WORKSPACE.format(more=plan))
    assert load(tmp_path).definitions.experiments["e"].plan is not None


EXPOSED = """
sources:
  shown: {{table: shown, unit: id, experiment: test, variant: arm}}
  users: {{table: users, unit: id}}
metrics:
  paid: {{source: users, column: paid}}
experiments:
  e: {{source: shown, variant: {variant}, metrics: [paid]}}
"""


def test_a_variant_beside_an_exposure_source_is_told_where_the_exposures_name_another(tmp_path: Path) -> None:
    (tmp_path / "w.yaml").write_text(EXPOSED.format(variant="group"))
    with pytest.raises(DefinitionError) as told:
        load(tmp_path)
    assert "'variant' is not read: the exposures of 'shown' name the variant in 'arm'" in str(told.value)
    assert "write 'variant: group' in the source" in str(told.value)
    (tmp_path / "w.yaml").write_text(EXPOSED.format(variant="arm"))
    assert load(tmp_path).definitions.experiments["e"].variant == "arm"
