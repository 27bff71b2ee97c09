"""Short and long run on one card: what holdouts show, beside what was expected of what they are kept out of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from vitalfew.evidence.horizons import horizons
from vitalfew.results.rows import EffectRow, Estimate, PredictedRow, ShrunkRow, Tables
from vitalfew.workspace.definitions import Definitions

if TYPE_CHECKING:
    from collections.abc import Sequence

    from vitalfew.results.rows import HorizonRow

METRIC = "seats"


def workspace(*held_out: str, **statuses: str) -> Definitions:
    own: dict[str, dict[str, Any]] = {
        key: {"source": "users", "variant": "arm", "initiative": key} for key in ("a", "b", "c")
    }
    own["held"] = {"source": "users", "variant": "arm", "design": "holdout", "holds_out": list(held_out)}
    return Definitions.model_validate(
        {
            "sources": {"users": {"table": "users.csv", "unit": "id"}},
            "metrics": {METRIC: {"source": "users", "timeliness": "lagging"}, "clicks": {"source": "users"}},
            "initiatives": {key: {"status": statuses.get(key, "shipped")} for key in ("a", "b", "c")},
            "experiments": own,
        }
    )


def effect(experiment: str, estimate: float, se: float, metric: str = METRIC, **more: Any) -> EffectRow:
    arm, n = more.get("arm", "new"), more.get("n", 100)
    told = (experiment, metric, 1, more.get("segment"), arm, "control", estimate, se)
    return EffectRow(*told, (), 0.0, None, {arm: n}, {}, "", "fixed", "tested")


def around(estimate: float, se: float) -> Estimate:
    return Estimate(estimate, estimate - 1.959964 * se, estimate + 1.959964 * se)


def foreseen(experiment: str, estimate: float, se: float, arm: str = "new") -> PredictedRow:
    return PredictedRow(experiment, arm, METRIC, "long", around(estimate, se), 0.5, "staged", "", ("clicks",))


def shrunk(experiment: str, estimate: float, se: float) -> ShrunkRow:
    told = around(estimate, se)
    return ShrunkRow(experiment, "new", METRIC, "randomised", told, told, 0.5, joint=True, experiments=30)


def card(defined: Definitions, effects: Sequence[EffectRow], **tables: Any) -> HorizonRow:
    (row,) = horizons(defined, Tables(effects=tuple(effects), **tables))
    return row


def test_what_was_foreseen_and_what_was_seen_stand_beside_what_the_holdout_shows() -> None:
    known = [effect("a", 0.2, 0.1, "clicks"), effect("b", 0.1, 0.1), effect("held", 0.5, 0.1)]
    row = card(workspace("a", "b"), known, predicted=(foreseen("a", 0.4, 0.1),), shrunk=(shrunk("b", 0.05, 0.02),))
    assert row.short is not None
    assert row.short.estimate == pytest.approx(0.05)
    assert row.foreseen is not None
    assert row.foreseen.estimate == pytest.approx(0.4)
    assert row.expected is not None
    assert row.expected.estimate == pytest.approx(0.45)
    assert row.held.estimate == 0.5
    assert (row.verdict, row.initiatives) == ("as_expected", ("a", "b"))
    assert row.p == pytest.approx(0.73, abs=0.01)
    assert row.notes == ("effects of 2 experiments are added up as if none acted on another",)


@pytest.mark.parametrize(
    ("held", "se", "verdict"),
    [(0.8, 0.1, "more"), (0.0, 0.1, "less"), (-0.3, 0.1, "less"), (0.1, 0.5, "cannot_tell"), (0.4, 0.1, "as_expected")],
)
def test_a_holdout_contradicts_confirms_or_cannot_tell(held: float, se: float, verdict: str) -> None:
    row = card(workspace("a"), [effect("held", held, se), effect("a", 0.1, 0.1)], predicted=(foreseen("a", 0.4, 0.1),))
    assert row.verdict == verdict


def test_what_did_not_stay_is_no_part_of_the_long_run() -> None:
    told = (foreseen("a", 0.4, 0.1), foreseen("b", 9.0, 0.1))
    known = [effect("held", 0.4, 0.1), effect("a", 0.1, 0.1), effect("b", 0.1, 0.1)]
    row = card(workspace("a", "b", "c", b="dropped"), known, predicted=told)
    assert row.expected is not None
    assert row.expected.estimate == pytest.approx(0.4)
    assert row.experiments == ("a", "c")
    assert [note.partition(":")[0] for note in row.notes] == [
        "nothing was measured or foreseen of c",
        "b did not stay, so users open to all did not keep them, and they are left out",
    ]


def test_what_reaches_some_users_counts_for_their_share_of_all() -> None:
    defined = workspace("a", "b")
    parts = defined.initiatives | {"a": defined.initiatives["a"].model_copy(update={"reach": 0.2})}
    known = [effect("held", 0.1, 0.02), effect("a", 0.1, 0.1), effect("b", 0.1, 0.1)]
    told = {"predicted": (foreseen("a", 0.4, 0.1),), "shrunk": (shrunk("a", 0.3, 0.1), shrunk("b", 0.02, 0.01))}
    row = card(defined.model_copy(update={"initiatives": parts}), known, **told)
    assert row.expected is not None
    assert row.expected.low is not None
    assert row.expected.estimate == pytest.approx(0.2 * 0.4 + 0.02)
    assert row.expected.estimate - row.expected.low == pytest.approx(1.96 * (0.02**2 + 0.01**2) ** 0.5, rel=1e-3)
    assert row.short is not None
    assert row.short.estimate == pytest.approx(0.2 * 0.3 + 0.02)
    assert row.verdict == "as_expected"
    assert row.notes[1] == "counted for the share of all units that they reach: a"


def test_of_several_arms_the_largest_counts_and_of_several_ways_to_foresee_the_first() -> None:
    known = [effect("held", 0.4, 0.1), effect("a", 1, 1, arm="few", n=10), effect("a", 1, 1, n=90)]
    told = (foreseen("a", 0.4, 0.1), foreseen("a", -1.0, 0.1), foreseen("a", 7.0, 0.1, "few"))
    row = card(workspace("a"), known, predicted=told)
    assert row.foreseen is not None
    assert row.foreseen.estimate == pytest.approx(0.4)


def test_without_anything_expected_a_holdout_still_shows_what_it_shows() -> None:
    row = card(workspace("a"), [effect("held", 0.4, 0.1)])
    assert (row.verdict, row.p, row.short, row.foreseen) == ("nothing_expected", None, None, None)


def test_only_holdouts_have_cards_and_only_over_all_units() -> None:
    known = (effect("a", 0.4, 0.1), effect("held", 0.4, 0.1, segment="young"))
    assert horizons(workspace("a"), Tables(effects=known, predicted=(foreseen("a", 0.4, 0.1),))) == ()


def test_a_right_expectation_is_called_wrong_in_one_of_twenty_cases() -> None:
    rng, defined = np.random.default_rng(1), workspace("a")
    wrong = 0
    for _ in range(2_000):
        truth = rng.normal(0, 0.3)
        known = [effect("held", float(rng.normal(truth, 0.1)), 0.1), effect("a", 0.1, 0.1)]
        row = card(defined, known, predicted=(foreseen("a", float(rng.normal(truth, 0.2)), 0.2),))
        wrong += row.verdict in ("more", "less")
    assert 0.03 < wrong / 2_000 < 0.07
