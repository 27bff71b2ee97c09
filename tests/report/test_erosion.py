"""Technical health in words and as a table."""

from __future__ import annotations

import re
from dataclasses import replace

from report import decided
from vitalfew.report.erosion import erosion, sentences
from vitalfew.report.view import View
from vitalfew.results.rows import ErosionRow, Estimate, Value
from vitalfew.workspace.definitions import Definitions, Metric, TechnicalHealth

ROW = ErosionRow(
    "lead", 48.0, "2027-11-22", Estimate(41.0, 40.0, 42.0), Estimate(60.0, 58.0, 62.0), 0.999, ("a",),
    Estimate(-9.0, -15.0, -1.0), Estimate(51.0, 45.0, 58.0), 0.7, {"lead": Estimate(19.0, 17.0, 21.0)},
    Value(-16.0, -34.0, -2.0, 0.01), 52, ("a remark",),
)  # fmt: skip


def shown(*rows: ErosionRow) -> View:
    base = decided.view()
    raw = {"source": "players", "column": "lead", "unit": "h", "direction": "down", "title": "Lead time"}
    lead = Metric.model_validate(raw)
    defined: Definitions = base.definitions
    policy = defined.policy.model_copy(update={"technical": TechnicalHealth(share=0.2)})
    defined = defined.model_copy(update={"metrics": {**defined.metrics, "lead": lead}, "policy": policy})
    plans = tuple(replace(row, technical=0.25) for row in base.tables.plans)
    return View(replace(base.tables, erosion=rows, plans=plans), defined, base.info)


def test_a_sentence_says_where_it_stands_where_it_goes_and_what_the_plan_does() -> None:
    (told,) = sentences(shown(ROW))
    assert told.replace("\N{NO-BREAK SPACE}", " ") == (
        "Lead time: stands at 41.0 h (40.0 to 42.0), floor 48 h; 60.0 h (58.0 to 62.0) by 22 Nov 2027 if things go on, "
        "beyond the floor with probability >.99; with 1 line of the best plan 51.0 h (45.0 to 58.0), beyond it with "
        "probability .70; going on would come to −16.0 points (−34.0 to −2.0); a remark."
    )


def test_the_table_holds_the_same_beside_what_was_agreed() -> None:
    said = " ".join(re.sub("<[^>]+>", " ", str(erosion(shown(ROW)))).split()).replace("\N{NO-BREAK SPACE}", " ")
    assert "The best plan spends 25 % on it; agreed are at least 20 %." in said
    for part in ("60.0 h (58.0 to 62.0)", "51.0 h (45.0 to 58.0)", "−16.0 (−34.0 to −2.0)", "ends on 22 Nov 2027"):
        assert part in said
    assert erosion(shown()) is None


def test_what_is_not_known_leaves_its_cells_empty_and_says_why() -> None:
    bare = ErosionRow("lead", 48.0, "2027-11-22", notes=("its metric has no daily series",))
    (told,) = sentences(shown(bare))
    assert told.replace("\N{NO-BREAK SPACE}", " ") == "Lead time: floor 48 h; its metric has no daily series."
