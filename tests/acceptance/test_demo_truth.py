"""Over 200 seeds: what was planted is recovered, and a company in which nothing is wrong is left in peace."""

from __future__ import annotations

import pytest

from acceptance.seeds import Outcome, outcome, outcomes

SEEDS = 200
MOST_FINDINGS = 3
QUIET_SEEDS = 181
NAMED_AS_SUCH = ("Hardly used features", "Faulty experiment", "Pet idea", "Used once a year", "Loud request")


@pytest.fixture(scope="module")
def demos() -> list[Outcome]:
    return outcomes("demo", range(SEEDS))


@pytest.fixture(scope="module")
def healthy_ones() -> list[Outcome]:
    return outcomes("healthy", range(SEEDS))


def seeds_without(found: list[Outcome], item: str) -> list[int]:
    return [each.seed for each in found if not any(right.startswith(item) for right in each.right)]


def test_a_small_demo_names_what_must_be_named() -> None:
    found = outcome("demo", 1)
    assert found.failed == ()
    assert [item for item in NAMED_AS_SUCH if seeds_without([found], item)] == []


def test_one_healthy_company_is_left_in_peace() -> None:
    found = outcome("healthy", 1)
    assert found.failed == ()
    assert len(found.findings) <= MOST_FINDINGS, found.findings


@pytest.mark.prove
def test_the_full_demo_tells_its_whole_story() -> None:
    found = outcome("demo", 1, "full")
    assert found.failed == ()
    assert found.wrong == ()


@pytest.mark.prove
def test_intervals_of_sound_experiments_cover_the_planted_effects_93_to_97_times_in_100(demos: list[Outcome]) -> None:
    effects = sum(each.effects for each in demos)
    assert effects > SEEDS * 100
    assert 0.93 <= sum(each.covered for each in demos) / effects <= 0.97


@pytest.mark.prove
@pytest.mark.parametrize("item", NAMED_AS_SUCH)
def test_it_is_named_as_such_with_every_seed(demos: list[Outcome], item: str) -> None:
    assert seeds_without(demos, item) == []


@pytest.mark.prove
def test_no_stage_fails_with_any_seed(demos: list[Outcome], healthy_ones: list[Outcome]) -> None:
    assert [each.seed for each in (*demos, *healthy_ones) if each.failed] == []


@pytest.mark.prove
def test_the_healthy_company_raises_at_most_three_findings(healthy_ones: list[Outcome]) -> None:
    quiet = [each for each in healthy_ones if len(each.findings) <= MOST_FINDINGS]
    assert len(quiet) >= QUIET_SEEDS
