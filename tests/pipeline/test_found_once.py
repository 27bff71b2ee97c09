"""What several stages of a run tell is found once for all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

from decide.building import definitions, promise, tables
from vitalfew.decide.ledger import ledger
from vitalfew.decide.options import pool_of
from vitalfew.pipeline.context import Context
from vitalfew.workspace.workspace import Workspace


def test_when_work_pays_is_found_once_and_is_what_the_ledger_and_the_review_tell() -> None:
    defined = definitions(
        policy={"budget": 10},
        factors={"retention": {"range": [0.1, 0.3]}},
        initiatives={"search": {"cost": 4}, "photos": {"cost": 8}},
    )
    known = tables(
        promises=(
            promise("search", "retention", 0.02, 0.01, locked_at="2026-01-01"),
            promise("photos", "retention", 0.01, 0.01, locked_at="2026-01-01"),
        )
    )
    context = Context(Workspace.of(defined), date(2026, 6, 1), None, 1, {})
    inputs = context.inputs(known)
    _, candidates, _ = ledger(inputs, pool_of(inputs))
    first = context.paying(known, candidates)
    assert first["search"].weeks is not None
    assert context.paying(replace(known, candidates=candidates), candidates) is first
    assert context.price(known) is context.price(known)
