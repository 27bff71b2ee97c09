"""A claim without evidence is one that rests on no figure, no link and nothing that is defined."""

from __future__ import annotations

import pytest

from vitalfew.workspace.cited import Citable
from vitalfew.workspace.definitions import Definitions

KNOWN = Citable.of(
    Definitions.model_validate(
        {
            "metrics": {"plan_time": {"title": "Minutes to plan a day", "source": "days", "column": "minutes"}},
            "experiments": {"gate": {"title": "The new gate", "source": "days"}},
        }
    )
)


@pytest.mark.parametrize(
    ("text", "gives"),
    [
        ("everybody knows", False),
        ("the competitor has it, so we must", False),
        ("9 of 12 asked for it", True),
        ("see https://example.org/interviews", True),
        ("plan_time fell", True),
        ("minutes to PLAN a day fell", True),
        ("the new gate showed it", True),
        ("the new gates showed it", False),
    ],
)
def test_evidence_is_a_figure_a_link_or_what_is_defined(text: str, *, gives: bool) -> None:
    assert KNOWN.gives_evidence(text) is gives


def test_what_was_decided_rests_on_its_evidence_and_the_counter_argument_on_itself() -> None:
    assert KNOWN.bare("everybody knows", "plan_time rose by 4") == ("what",)
    assert KNOWN.bare("plan_time fell by 4", "we shall be a laughing stock") == ("counter",)
    assert KNOWN.bare("plan_time fell by 4", "12 people would wait") == ()


def test_where_nothing_is_defined_only_figures_and_links_are_evidence() -> None:
    nothing = Citable.of(Definitions())
    assert nothing.bare("plan_time fell", "it took 3 days") == ("what",)
    assert nothing.bare("", "") == ("what", "counter")
