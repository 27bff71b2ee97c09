from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from vitalfew.workspace.definitions import Definitions, Hypothesis, Team
from vitalfew.workspace.hashing import definition_hash, definitions_hash

HYPOTHESIS = Hypothesis(initiative="move_gate", metric="retention_7")


def test_the_hash_of_a_definition_is_the_same_everywhere() -> None:
    # SHA-256 of {"definition":{"initiative":"move_gate","metric":"retention_7"},"key":"k","kind":"hypotheses"}
    assert definition_hash("hypotheses", "k", HYPOTHESIS) == (
        "5526b6957319968c97f9bc75e5d7eb6c44e67e279238d423630872352b6b6fc5"
    )


def test_a_default_written_out_changes_no_hash() -> None:
    written = Hypothesis(initiative="move_gate", metric="retention_7", segment="all", guardrails=())
    assert definition_hash("hypotheses", "k", written) == definition_hash("hypotheses", "k", HYPOTHESIS)


def test_kind_key_and_every_field_count() -> None:
    changed = HYPOTHESIS.model_copy(update={"margin": 0.01})
    hashes = {
        definition_hash("hypotheses", "k", HYPOTHESIS),
        definition_hash("hypotheses", "other", HYPOTHESIS),
        definition_hash("needs", "k", HYPOTHESIS),
        definition_hash("hypotheses", "k", changed),
    }
    assert len(hashes) == 4


@given(st.permutations(["a", "b", "c", "d"]))
def test_the_order_of_definitions_changes_no_hash(order: list[str]) -> None:
    teams = {key: Team(title=key) for key in order}
    straight = {key: Team(title=key) for key in sorted(order)}
    assert definitions_hash(Definitions(teams=teams), ["teams"]) == definitions_hash(
        Definitions(teams=straight), ["teams"]
    )


def test_only_the_kinds_asked_for_count() -> None:
    plain, more = Definitions(), Definitions(teams={"a": Team()})
    assert definitions_hash(plain, ["metrics"]) == definitions_hash(more, ["metrics"])
    assert definitions_hash(plain, ["teams"]) != definitions_hash(more, ["teams"])
