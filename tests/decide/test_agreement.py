"""Whether disagreement changes what is funded, and values that carry the uncertainty of weights."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import numpy as np
import pytest

from decide.building import definitions, promise, tables
from vitalfew.decide.agreement import disagreement
from vitalfew.decide.draws import weight_draws
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.options import options_of
from vitalfew.judgement.answers import Judgement
from vitalfew.judgement.panel import Panel, panel_of
from vitalfew.judgement.weights import group_weights, posterior_rows, weight_rows
from vitalfew.results.rows import DisagreementRow, GroupChoiceRow, Tables
from vitalfew.workspace.definitions import Definitions

TODAY = date(2026, 6, 1)
FACTORS = ("retention", "tickets")
LEANS_TO_RETENTION, LEANS_TO_TICKETS = (95.0, 5.0), (5.0, 95.0)


def two_candidates() -> Definitions:
    """One candidate for each factor, and money for one of them."""
    each = {"cost": 10}
    return definitions(initiatives={"gate": each, "help": each}, policy={"budget": 10})


def judged(people: Panel) -> Tables:
    promises = (promise("gate", "retention", 0.05, 0.01), promise("help", "tickets", -2.5, 0.5))
    return tables(
        promises=promises,
        weights=weight_rows(people),
        weight_posterior=posterior_rows(people),
        group_weights=group_weights(people),
    )


def panel(*answers: tuple[float, float], groups: tuple[str | None, ...] = ()) -> Panel:
    names = groups or (None,) * len(answers)
    said = [
        Judgement(f"p{at:02}", dict(zip(FACTORS, points, strict=True)), group=names[at])
        for at, points in enumerate(answers)
    ]
    return panel_of(said, FACTORS, {})


def facts(people: Panel, found: Tables | None = None) -> tuple[DisagreementRow, tuple[GroupChoiceRow, ...]]:
    known = found or judged(people)
    (row,), choices = disagreement(known, people, options_of(Inputs.of(two_candidates(), known, TODAY, 1)))
    return row, choices


def test_people_of_one_mind_fund_the_same() -> None:
    row, _ = facts(panel(*[LEANS_TO_RETENTION] * 6))
    assert (row.people, row.decision_agreement, row.kendall_w, row.overruled) == (6, 1.0, 1.0, 0)


def test_disagreement_that_changes_the_choice_is_measured() -> None:
    row, _ = facts(panel(*[LEANS_TO_RETENTION] * 6, *[LEANS_TO_TICKETS] * 2))
    assert row.decision_agreement == pytest.approx(6 / 8)


def test_disagreement_that_changes_nothing_is_told_from_it() -> None:
    row, _ = facts(panel(*[(95.0, 5.0), (60.0, 40.0), (75.0, 25.0)] * 2))
    assert row.decision_agreement == 1.0


def test_customers_who_would_choose_otherwise_are_shown_as_a_group() -> None:
    people = panel(*[LEANS_TO_RETENTION] * 9, *[LEANS_TO_TICKETS] * 5, groups=("staff",) * 9 + ("customers",) * 5)
    _, choices = facts(people)
    assert choices == (
        GroupChoiceRow("customers", 5, 0.0, ("help",), ("gate",)),
        GroupChoiceRow("staff", 9, 1.0, (), ()),
    )
    gap = next(row for row in group_weights(people) if (row.group, row.factor) == ("customers", "tickets"))
    assert gap.gap == pytest.approx(0.9, abs=0.02)
    assert gap.gap_low > 0.3


def test_below_five_people_nothing_is_said_of_choices() -> None:
    row, choices = facts(panel(*[LEANS_TO_RETENTION] * 3, LEANS_TO_TICKETS))
    assert (row.decision_agreement, row.overruled, choices) == (None, None, ())
    assert row.notes == ("with fewer than 5 people nothing is shown that could be about one of them",)


def test_without_candidates_it_is_not_known_whether_it_matters() -> None:
    people = panel(*[LEANS_TO_RETENTION] * 6)
    row, _ = facts(people, replace(judged(people), promises=()))
    assert row.decision_agreement is None
    assert row.notes == ("whether it matters is not known: fewer than two candidates have a value and a cost",)


def test_without_judgements_there_is_no_disagreement() -> None:
    found = tables(weights=())
    assert disagreement(found, panel(), options_of(Inputs.of(two_candidates(), found, TODAY, 1))) == ((), ())


def test_who_is_outvoted_in_what_counts_and_what_is_funded_is_counted() -> None:
    names = ("retention", "tickets", "a", "b")
    metrics: dict[str, Any] = {key: {"source": "players", "column": key} for key in names[2:]}
    base = definitions()
    defined = Definitions.model_validate(
        base.model_dump(mode="json", exclude_defaults=True)
        | {
            "metrics": {key: base.metrics[key].model_dump(exclude_defaults=True) for key in FACTORS} | metrics,
            "factors": {key: {"range": [0, 1]} for key in names},
            "initiatives": {key: {"cost": 10} for key in names},
            "policy": {"budget": 10},
        }
    )
    most, one = (60.0, 30.0, 8.0, 2.0), (2.0, 2.0, 2.0, 94.0)
    said = [Judgement(f"p{at}", dict(zip(names, row, strict=True))) for at, row in enumerate([most] * 7 + [one])]
    people = panel_of(said, names, {})
    made = judged(people)
    found = replace(made, promises=tuple(promise(key, key, 0.5, 0.1) for key in names if key != "tickets"))
    (row,), _ = disagreement(found, people, options_of(Inputs.of(defined, found, TODAY, 1)))
    assert row.overruled == 1


def test_values_carry_the_uncertainty_of_weights() -> None:
    sure, unsure = panel(*[(50.0, 50.0)] * 30), panel((50.0, 50.0))
    widths = []
    for people in (sure, unsure):
        _, (first, *_), _ = ledger(Inputs.of(two_candidates(), judged(people), TODAY, 1))
        assert first.value is not None
        widths.append(first.value.high - first.value.low)
    assert widths[1] > 1.3 * widths[0]


def test_draws_of_weights_are_common_to_all_lines_and_follow_the_seed() -> None:
    made = judged(panel((70.0, 30.0), (50.0, 50.0), (90.0, 20.0)))
    one, again, other = (weight_draws(two_candidates(), made, seed) for seed in (1, 1, 2))
    assert all(np.array_equal(one[factor], again[factor]) for factor in FACTORS)
    assert not np.array_equal(one["retention"], other["retention"])
    assert np.sum(list(one.values()), axis=0) == pytest.approx(np.ones(10_000))
    for row in made.weights:
        assert np.quantile(one[row.factor], [0.1, 0.9]) == pytest.approx([row.low, row.high], abs=0.01)
