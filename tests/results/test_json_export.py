from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import jsonschema
import pytest

from make_schema import TARGET, schema_text
from vitalfew.results.document import PARTS, document, to_dict
from vitalfew.results.rows import EffectRow, Estimate, ExperimentRow, Headline, HealthRow, Tables, UseRow, WeightRow
from vitalfew.results.run import RunInfo
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from typing import Any

DEFINED = Definitions()
INFO = RunInfo("20261122T081200-aaaaaa", "Acme", "2026-11-22T08:12:00Z", None, "1", "d", "e", 7)
EFFECT = EffectRow(
    experiment="gate",
    metric="retention",
    metric_version=1,
    segment=None,
    arm="new",
    control="old",
    estimate=0.01,
    se=math.nan,
    intervals=(),
    p_value=None,
    relative=None,
    n={"old": 1, "new": 1},
    mean={"old": 0.1, "new": 0.2},
    method="Welch",
    mode="fixed",
    grade="tested",
)
TABLES = Tables(
    effects=(EFFECT,),
    health=(HealthRow("gate", "sample_ratio", 0.0086, "warning", "uneven"),),
    experiments=(ExperimentRow("gate", "Gate", None, "wait", "too early"),),
    weights=(WeightRow("retention", 1.0),),
    headline=(Headline(shipped=0, candidates=0, kept=4, resolved=9),),
)


def exported(*only: str) -> dict[str, Any]:
    return to_dict(document(TABLES, INFO, DEFINED), only)


def test_the_committed_schema_is_what_the_types_say() -> None:
    assert TARGET.read_text(encoding="utf-8") == schema_text(), "run: python tools/make_schema.py"


def test_an_export_fits_its_schema() -> None:
    jsonschema.validate(exported(), json.loads(schema_text()))


def test_nan_and_infinity_never_leave() -> None:
    text = json.dumps(exported(), allow_nan=False)
    effect = json.loads(text)["experiments"]["gate"]["effects"][0]
    assert effect["se"] is None
    assert effect["mean"] == {"old": 0.1, "new": 0.2}


def test_parts_can_be_left_out_but_never_the_identity() -> None:
    schema = json.loads(schema_text())
    for part in PARTS:
        found = exported(part)
        assert set(found) == set(exported()) - (set(PARTS) - {part})
        jsonschema.validate(found, schema)
    del found["seed"]
    with pytest.raises(jsonschema.ValidationError, match="'seed' is a required property"):
        jsonschema.validate(found, schema)


def test_the_page_about_the_export_names_every_field() -> None:
    text = (TARGET.parent / "json.md").read_text(encoding="utf-8")
    assert [name for name in exported() if f"`{name}`" not in text] == []


def test_no_delivery_rate_is_shown_below_ten_resolved_promises() -> None:
    few, enough = (
        document(Tables(headline=(Headline(0, 0, kept=4, resolved=n),)), INFO, DEFINED).ledger.headline.delivery
        for n in (9, 10)
    )
    assert few.own is None
    assert "prior" in few.prior.label
    assert enough.own is not None
    assert enough.own.low < enough.own.rate == 0.4 < enough.own.high


def test_a_feature_is_one_entry_with_its_other_windows_and_segments_inside() -> None:
    base: dict[str, Any] = {"feature": "forms", "measured": True, "reach": Estimate(0.4, 0.2, 0.6)}
    rows = (
        UseRow(window_days=30, main=False, **base),
        UseRow(window_days=90, main=True, **base),
        UseRow(window_days=90, main=True, segment="small", **base),
    )
    defined = Definitions.model_validate({"features": {"forms": {"cost": {"p10": 1, "p50": 2, "p90": 3}, "upkeep": 1}}})
    (entry,) = document(Tables(use=rows), INFO, defined).features
    assert (entry.feature, entry.window_days, entry.cost, entry.upkeep) == ("forms", 90, 2, 1)
    assert [(more.segment, more.window_days) for more in entry.more] == [(None, 30), ("small", 90)]
