"""Answers of yes and no as tables hold them become metrics, and metrics without a name get one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from connect.strangers import write_text
from vitalfew.connect import begin
from vitalfew.pipeline import run
from vitalfew.workspace import load

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = ["ja nein", "Ja Nej", "yes no", "TRUE FALSE", "oui non", "Sí No", "1 0", "Wahr Falsch", "sim não"]


@pytest.mark.parametrize("pair", PAIRS)
def test_a_column_of_yes_and_no_is_a_metric_in_many_languages(tmp_path: Path, pair: str) -> None:
    yes, no = pair.split()
    lines = [f"u{at},{('old', 'new')[at % 2]},{yes if at % 2 and at % 3 else no}" for at in range(120)]
    begun = begin([write_text(tmp_path / "test.csv", "user_id,variant,bought", *lines)], into=tmp_path / "made")
    assert begun.definitions.metrics["bought"].kind == "proportion"
    assert not begun.definitions.segments
    (effect,) = run(load(begun.folder)).tables.effects
    assert effect.estimate == pytest.approx(40 / 60)


def test_a_metric_that_is_called_by_a_bare_number_has_a_title_that_says_what_it_is(tmp_path: Path) -> None:
    lines = [f"x{at},{metric},0.1,0.05" for at in range(4) for metric in (1, 2)]
    begun = begin([write_text(tmp_path / "past.csv", "experiment,metric,estimate,se", *lines)], into=tmp_path / "made")
    titles = {key: one.title for key, one in begun.definitions.metrics.items()}
    assert titles == {"1": "metric 1", "2": "metric 2"}
