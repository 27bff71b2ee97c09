"""The vital few of a workspace: what is chosen from, what is said when that is little, and what is parked."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import TYPE_CHECKING, Any

import pytest

from decide.building import definitions, effect, promise, tables
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.measured_lines import measured_lines
from vitalfew.decide.options import options_of
from vitalfew.decide.vital_few import vital_few
from vitalfew.results.rows import FactorShareRow, Tables, VitalFactorsRow, WeightRow

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)


def found(defined: Definitions, known: Tables) -> tuple[tuple[VitalFactorsRow, ...], dict[str, FactorShareRow]]:
    inputs = Inputs.of(defined, known, TODAY, 1)
    rows, shares = vital_few(defined, known, options_of(inputs), measured_lines(inputs))
    return rows, {row.factor: row for row in shares}


def ideas(count: int, *, tickets: float = 0.0, **kinds: Any) -> tuple[Definitions, Tables]:
    """So many candidates, each forecast for retention, and for tickets where these matter."""
    initiatives = {f"i{at}": {"cost": 5 + at} for at in range(count)}
    promises = [promise(f"i{at}", "retention", 0.01 * (at + 1), 0.002) for at in range(count)]
    promises += [promise(f"i{at}", "tickets", -tickets * (at % 3), 0.01) for at in range(count)]
    return definitions(initiatives=initiatives, policy={"budget": 20}, **kinds), tables(promises=tuple(promises))


def test_one_factor_that_decides_everything_is_enough_and_the_other_is_parked() -> None:
    rows, shares = found(*ideas(6, tickets=0.001))
    assert [(row.k, row.factors, row.enough, row.basis, row.lines) for row in rows] == [
        (2, ("retention", "tickets"), False, "candidates", 6),
        (1, ("retention",), True, "candidates", 6),
    ]
    assert (shares["retention"].parked, shares["tickets"].parked) == (False, True)
    assert shares["tickets"].flips == 0.0
    assert shares["tickets"].changed == ()
    assert shares["retention"].share is not None
    assert shares["retention"].share.estimate == pytest.approx(1.0, abs=0.01)


def test_the_price_of_a_declared_north_star_that_is_not_the_one_left_is_told_beside() -> None:
    factors: dict[str, dict[str, Any]]
    factors = {"retention": {"range": [0.1, 0.3]}, "tickets": {"range": [0, 10], "north_star": True}}
    rows, _ = found(*ideas(6, tickets=0.001, factors=factors))
    star = rows[-1]
    assert (star.factors, star.declared, star.k) == (("tickets",), True, 1)
    assert star.regret is not None
    assert star.regret.estimate > 0.1
    factors["retention"]["north_star"] = True
    del factors["tickets"]["north_star"]
    rows, _ = found(*ideas(6, tickets=0.001, factors=factors))
    assert not any(row.declared for row in rows)


def test_what_has_shipped_counts_where_candidates_are_few() -> None:
    initiatives: dict[str, Any] = {f"s{at}": {"status": "shipped", "cost": 4} for at in range(5)}
    initiatives |= {"new": {"cost": 5}}
    experiments = {f"s{at}": {"source": "players", "variant": "v", "initiative": f"s{at}"} for at in range(5)}
    effects = [effect(f"s{at}", "retention", 0.01 * at, 0.002) for at in range(5)]
    effects += [effect(f"s{at}", "tickets", 1.0 - at % 2, 0.1) for at in range(5)]
    defined = definitions(initiatives=initiatives, experiments=experiments)
    rows, shares = found(defined, tables(effects=tuple(effects), promises=(promise("new", "retention", 0.02, 0.01),)))
    assert {(row.basis, row.lines) for row in rows} == {("shipped", 6)}
    assert rows[0].notes[0].startswith("fewer than five candidates have a value and a cost: what has shipped counts")
    assert shares["retention"].changed
    assert not shares["retention"].parked


def test_a_factor_that_no_line_is_known_to_move_is_neither_priced_nor_parked() -> None:
    defined, known = ideas(6)
    silent = replace(known, promises=tuple(row for row in known.promises if row.metric == "retention"))
    rows, shares = found(defined, silent)
    assert rows[0].notes == ("no line is known to move tickets: what leaving it out costs is not known",)
    assert not shares["tickets"].parked


def test_without_lines_the_price_rests_on_an_assumption_that_is_said() -> None:
    rows, shares = found(definitions(), tables())
    assert [(row.k, row.basis, row.lines) for row in rows] == [(2, "assumed", 0), (1, "assumed", 0)]
    assert rows[0].notes[0].startswith("no two lines have a value yet: what fewer factors would cost here is not known")
    assert rows[1].regret is not None
    assert rows[1].regret.estimate == pytest.approx(1 - 0.75 / (0.75**2 + 0.25**2) ** 0.5)
    assert {(row.share, row.flips, row.parked) for row in shares.values()} == {(None, None, False)}


def test_without_weights_it_is_over_all_there_could_be() -> None:
    rows, _ = found(definitions(), replace(tables(), weights=()))
    assert rows[0].notes[-1] == "weights unknown: over all weights there could be"
    assert rows[1].regret is not None
    assert rows[1].regret.low is not None
    assert rows[1].regret.high is not None
    assert rows[1].regret.high - rows[1].regret.low > 0.3


def test_without_factors_there_is_nothing_to_say() -> None:
    assert found(definitions(factors={}), replace(tables(), weights=())) == ((), {})


def test_where_nothing_is_worth_its_while_no_loss_is_claimed() -> None:
    defined, known = ideas(6)
    bad = tuple(replace(row, p10=-0.05, p50=-0.04, p90=-0.03) for row in known.promises if row.metric == "retention")
    rows, _ = found(defined, replace(known, promises=bad))
    assert [row.regret for row in rows] == [None, None]
    assert not any(row.enough for row in rows)
    assert "no line is worth its while" in rows[0].notes[-1]


def test_raters_and_zero_votes_are_counted() -> None:
    defined, known = ideas(6, tickets=0.001)
    weights = (WeightRow("retention", 0.75, raters=9, zero_votes=0), WeightRow("tickets", 0.25, raters=8, zero_votes=3))
    _, shares = found(defined, replace(known, weights=weights))
    assert (shares["tickets"].raters, shares["tickets"].zero_votes) == (8, 3)
