"""The page on how experiments are judged quotes limits; here they are held against the program."""

from __future__ import annotations

import re
from typing import get_args

import pytest

from docs.pages import ROOT
from vitalfew.evidence import counted, futility, settings, sizes
from vitalfew.evidence.health import CROSSED_FAILED, CROSSED_WARNING
from vitalfew.results.rows import CountedFact
from vitalfew.stats import always_valid, bayes, sample_sizes, sequential_ratio, twyman
from vitalfew.workspace.vocabulary import Mode

PAGE = (ROOT / "docs" / "explanation" / "how-an-experiment-is-judged.md").read_text(encoding="utf-8")
ROWS = {
    name: [cell.strip() for cell in line.split("|")[1:-1]]
    for line in PAGE.splitlines()
    if line.startswith("| `")
    for name in re.findall(r"`([a-z_]+)", line.split("|")[1])
}


@pytest.mark.parametrize("what", get_args(CountedFact))
def test_every_counted_fact_is_on_the_page_with_its_limits(what: CountedFact) -> None:
    row = ROWS[counted.NAMES.get(what, what)]
    limit = counted.LIMITS.get(what)
    if limit is not None:
        assert row[2] == (f"above {limit.warning:.1%}".replace("%", " %") if limit.warning else "any")
        assert row[3] == f"above {limit.failed:.0%}".replace("%", " %")


def test_the_limits_of_sizes_and_crossed_units_are_those_of_the_program() -> None:
    assert ROWS["crossed"][2:] == [f"above {CROSSED_WARNING:.0%}".replace("%", " %"), "above 10 %"]
    assert CROSSED_FAILED == 0.10
    assert ROWS["sample_ratio"][2:] == ["p < .01", "p < .0005 at one look; .005 over all looks"]
    assert (sample_sizes.WARNING_BELOW, sample_sizes.FAILED_BELOW, sequential_ratio.FAILED_BELOW) == (
        0.01,
        0.0005,
        0.005,
    )
    assert ROWS["ramp"][2] == f"a change below {100 * sizes.SMALL_CHANGE:.0f} percentage points"


def test_every_mode_is_on_the_page_and_so_are_its_figures() -> None:
    assert set(get_args(Mode)) <= set(ROWS)
    text = " ".join(PAGE.split())
    assert f"else {always_valid.UNPLANNED:,}." in text
    assert f"Before {always_valid.BURN_IN} units nothing is said" in text
    assert (bayes.FEWEST_EXPERIMENTS, bayes.WEAK_SD) == (20, 0.1)
    assert "below twenty it is weak (0 ± 10 %)" in text
    assert f"more than {settings.ON_TIME:.0%}".replace("%", " %") in text
    assert settings.FIRST_DAYS == 7
    assert (futility.HOPELESS, twyman.SPREADS, twyman.LARGEST_LIFT) == (0.1, 5.0, 0.30)
