from __future__ import annotations

from typing import Any

import pytest

from vitalfew.errors import ActError
from vitalfew.workspace.bodies import body_hash, validate

OLD = {"group": "staff", "points": {"a": 100, "b": 12.5, "c": 0}}


@pytest.mark.parametrize("body", [OLD, {"points": {"a": 1}}, {"points": {"a": 0}}])
def test_a_body_of_points_alone_is_stored_and_hashed_as_it_always_was(body: dict[str, Any]) -> None:
    assert validate("judgement", body) == body


def test_the_hash_of_a_body_of_points_is_pinned() -> None:
    assert body_hash("00" * 32, validate("judgement", OLD)) == (
        "7307e7cb7ebd06739231e99da98b5c034232bd93ca1b46ec2bf642776837c855"
    )


@pytest.mark.parametrize(
    "body",
    [
        {"kind": "swing", "points": {"a": 100.0, "b": 20.0}, "ratios": [["a", "b", 4.0]]},
        {"kind": "ratios", "ratios": [["a", "b", 3.0], ["b", "c", 0.5]]},
        {
            "kind": "best_worst",
            "best_worst": {
                "best": "a",
                "worst": "c",
                "best_to_others": {"b": 2.0, "c": 8.0},
                "others_to_worst": {"b": 4.0},
            },
        },
    ],
)
def test_each_kind_of_judgement_is_stored_as_given(body: dict[str, Any]) -> None:
    assert validate("judgement", body) == body


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ({}, "gives neither points nor ratios"),
        ({"group": "staff"}, "gives neither points nor ratios"),
        ({"kind": "ratios", "points": {"a": 1}}, "is of kind ratios and does not hold"),
        ({"kind": "swing", "ratios": [["a", "b", 2]]}, "is of kind swing and does not hold"),
        ({"kind": "guess", "points": {"a": 1}}, "kind"),
        ({"ratios": [["a", "b", 0]]}, "greater than 0"),
        ({"ratios": [["a", "a", 2]]}, "compared with itself"),
        ({"ratios": [["a", "b"]]}, "ratios"),
        ({"best_worst": {"best": "a", "worst": "a", "best_to_others": {"b": 2}, "others_to_worst": {}}}, "same factor"),
        ({"best_worst": {"best": "a", "worst": "b", "best_to_others": {}, "others_to_worst": {}}}, "nothing is"),
    ],
)
def test_what_no_judgement_can_say_is_refused(body: dict[str, Any], message: str) -> None:
    with pytest.raises(ActError, match=message):
        validate("judgement", body)
