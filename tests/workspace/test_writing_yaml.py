from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.workspace.definitions import Definitions, Feature, Metric, Quantiles
from vitalfew.workspace.writing import to_yaml, tree_of
from vitalfew.workspace.yaml_reader import read_yaml

# Control characters cannot be read, so nothing that was read holds any.
SIGNS = st.characters(exclude_categories=["Cc", "Cs"]) | st.sampled_from("\n\t")

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(10**14), 10**14),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(SIGNS, max_size=40),
    st.sampled_from(
        ["no", "010", "12:30", "1_000", "5", "true", "~", "", " a", "a ", "a: b", "a #b", "- x", "'", "<<"]
    ),
)
KEYS = st.one_of(st.text(SIGNS, max_size=20), st.sampled_from(["<<", "1", "no", "null", "a b", "?", "-", "#x", "x:"]))
TREES = st.dictionaries(
    KEYS,
    st.recursive(
        SCALARS,
        lambda inner: st.one_of(st.lists(inner, max_size=4), st.dictionaries(KEYS, inner, max_size=4)),
        max_leaves=12,
    ),
    max_size=5,
)


def read(text: str) -> object:
    return read_yaml(text.encode(), "f.yaml").tree


@given(TREES)
def test_a_written_tree_is_read_back_as_exactly_the_same(tree: dict[str, object]) -> None:
    assert read(to_yaml(tree)) == tree


@given(TREES, st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=60))
def test_comments_change_nothing(tree: dict[str, object], comment: str) -> None:
    comments: dict[tuple[str, ...], str] = {(key,): comment for key in tree}
    comments[()] = comment
    assert read(to_yaml(tree, comments)) == tree


def test_a_short_definition_stands_on_one_line_below_its_comment() -> None:
    tree = {"workspace": {"name": "Cats"}, "teams": {"growth": {"title": "Growth: all", "capacity": 5.0}}}
    text = to_yaml(tree, {(): "Cats", ("teams",): "Who does it", ("teams", "growth"): "The first"})
    assert text.splitlines() == [
        "# Cats",
        "workspace: {name: Cats}",
        "# Who does it",
        "teams:",
        "  # The first",
        "  growth: {title: 'Growth: all', capacity: 5}",
    ]


def test_words_that_other_readers_change_are_quoted() -> None:
    assert to_yaml({"a": ["no", "010", "5", "2026-02-01", "plain words"]}) == (
        "a: ['no', '010', '5', 2026-02-01, plain words]\n"
    )


@pytest.mark.parametrize("number", [float("inf"), float("nan"), 10**15])
def test_a_number_that_cannot_be_written_exactly_is_refused(number: float) -> None:
    with pytest.raises(ValueError, match="exactly"):
        to_yaml({"a": number})


def test_definitions_written_and_read_are_the_same_definitions() -> None:
    definitions = Definitions.model_validate(
        {
            "workspace": {"name": "no", "time_zone": "Europe/Copenhagen"},
            "sources": {"events": {"table": "e.csv", "unit": "user", "time": "at", "event": "name"}},
            "metrics": {
                "m": {"source": "events", "events": ["a"], "filters": ["x == 'it''s'"]},
                "r": {"kind": "ratio", "numerator": {"source": "events"}, "denominator": {"source": "events"}},
            },
        }
    )
    features = {"f": Feature(cost=Quantiles(p10=1, p50=2, p90=3.5), shipped=date(2026, 2, 1), title="2026")}
    whole = definitions.model_copy(update={"features": features})
    text = to_yaml(tree_of(whole))
    assert "numerator" not in text.split("denominator")[0]
    assert Definitions.model_validate(read(text)) == whole
    assert isinstance(whole.metrics["m"], Metric)
