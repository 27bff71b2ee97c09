"""What the page on waves defines can be measured and judged, and says what the page quotes."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import yaml

from docs.pages import ROOT, blocks
from docs.waves import tables
from vitalfew.evidence.rollouts import rollouts
from vitalfew.warehouse.cohorts import cohorts
from vitalfew.warehouse.engine import open_engine
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from vitalfew.evidence.rollouts import RolledOut

PAGE = ROOT / "docs" / "how-to" / "roll-out-in-waves.md"
TODAY = date(2026, 4, 12)


def _run(raw: dict[str, Any], *, chosen: bool) -> RolledOut:
    definitions = Definitions.model_validate(raw)
    engine = open_engine(definitions.data, frames=tables(chosen=chosen))
    try:
        rows, units, failed = cohorts(definitions, engine, TODAY)
    finally:
        engine.close()
    assert failed == ()
    return rollouts(definitions, rows, (), units, TODAY)


def test_the_run_says_what_the_page_quotes() -> None:
    dealt, chosen = (yaml.safe_load(block.code) for block in blocks(PAGE, "yaml"))
    quoted = [block.code.strip().splitlines() for block in blocks(PAGE, "text")]
    for raw, lines, by_choice, grade in (
        (dealt, quoted[0], False, "staged"),
        (dealt | chosen, quoted[1], True, "dated"),
    ):
        found = _run(raw, chosen=by_choice)
        (effect,) = found.release_effects
        assert effect.grade == grade
        assert [line for line in lines if line not in effect.notes] == []
        assert bool(found.balance) == by_choice
        assert bool(found.event_study) != by_choice
