"""Twenty healthy companies: what reads the metric graph and its conflicts leaves them in peace."""

from __future__ import annotations

import pytest

from acceptance.seeds import outcomes

SEEDS = 20
MOST_FINDINGS = 3
OF_THE_GRAPH = ("R41", "R50", "R68", "R69", "R73")


@pytest.mark.prove
def test_twenty_healthy_companies_see_at_most_three_findings_each_and_together_of_the_graph() -> None:
    found = outcomes("healthy", range(SEEDS))
    assert [each.seed for each in found if len(each.findings) > MOST_FINDINGS] == []
    of_graph = [finding for each in found for finding in each.findings if finding.startswith(OF_THE_GRAPH)]
    assert len(of_graph) <= MOST_FINDINGS, of_graph
