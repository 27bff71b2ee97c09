"""Methods stand side by side for each link, and what they say otherwise is said."""

from __future__ import annotations

from dataclasses import replace

import pytest

from report import beyond, sample
from vitalfew.report.html_link_methods import conflicts, methods
from vitalfew.results.rows import Estimate, LinkRow

TOLD = LinkRow("b", "jobs", "retention_7", "influence", "estimated", 5.0, 3.0, 7.0, 1.0, "tested", 5.2, 29, "EM")


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, []),
        ({"released": Estimate(4.0, 2.0, 6.0)}, []),
        ({"released": Estimate(-1.0, -3.0, 1.0)}, ["releases say otherwise"]),
        ({"released": Estimate(-1.0, -9.0, 7.0)}, []),
        ({"expert": Estimate(9.0, 8.0, 10.0), "expert_p": 0.01}, ["somebody expected otherwise"]),
        ({"expert": Estimate(6.0, 4.0, 8.0), "expert_p": 0.6}, []),
        ({"naive": Estimate(9.0, 8.0, 10.0)}, ["a scatter would mislead"]),
        ({"estimate": None, "se": None, "released": Estimate(4.0, 2.0, 6.0)}, []),
    ],
)
def test_a_method_disagrees_when_it_lies_farther_away_than_noise_allows(
    changed: dict[str, object], said: list[str]
) -> None:
    assert conflicts(replace(TOLD, **changed)) == said  # type: ignore[arg-type]  # each is a field of the row


def test_each_link_that_anybody_knows_of_stands_with_its_methods() -> None:
    base = sample.view(beyond.tables())
    rows = (
        replace(TOLD, released=Estimate(-1.0, -3.0, 1.0), naive=Estimate(6.0, 5.0, 7.0)),
        replace(TOLD, link="c", estimate=None, low=None, high=None, se=None),
    )
    page = str(methods(base, rows))
    assert page.count("<tr") == 2  # the head, and the one link of which something is known
    assert "Releases say otherwise" in page
    assert "nobody said a range" in page
    assert methods(base, rows[1:]) is None
