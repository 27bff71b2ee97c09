"""Many large Moments are stacked block by block: the same numbers, whatever the blocks and the order of entries."""

from __future__ import annotations

import numpy as np
import pytest

from vitalfew.stats import Moments, stack
from vitalfew.stats.arrays import Sample, sample
from vitalfew.stats.regression import adjusted

NAMES = ("a", "b", "c")
RNG = np.random.default_rng(20_261_122)


def _arm() -> Moments:
    past = RNG.gamma(2, 3, (40, 3))
    now = {name: past[:, at] + RNG.normal(0, 1, 40) for at, name in enumerate(NAMES)}
    return Moments.of({**now, **{f"{name}/before": past[:, at] for at, name in enumerate(NAMES)}})


PAIRS = [(_arm(), _arm()) for _ in range(7)]
ENTRIES = [(one, two, top, "c" if top == "a" else None) for one, two in PAIRS for top in NAMES]


def _columns(order: list[int]) -> tuple[list[Moments], list[Moments], list[str], list[str | None]]:
    control, treatment, tops, bottoms = zip(*(ENTRIES[at] for at in order), strict=True)
    return list(control), list(treatment), list(tops), list(bottoms)


def _same(one: Sample, other: Sample, order: list[int]) -> None:
    for name in ("n", "shift", "mean", "variance", "fault", "freedom"):
        assert np.array_equal(getattr(one, name)[order], getattr(other, name))


def test_large_moments_are_taken_in_several_blocks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "BLOCK", 80)
    found = stack.blocks(*_columns(list(range(len(ENTRIES))))[:2])
    assert len(found) > 3
    assert [at for part in found for at in range(part.start, part.stop)] == list(range(len(ENTRIES)))


def test_entries_of_the_same_moments_that_stand_apart_are_laid_down_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stack, "BLOCK", 80)
    by_metric = [3 * pair + at for at in range(3) for pair in range(len(PAIRS))]
    assert stack.blocks(*_columns(by_metric)[:2]) == [slice(0, len(ENTRIES))]
    assert stack.blocks([], []) == [slice(0, 0)]


@pytest.mark.parametrize("block", [1, 80, 2**18])
def test_blocks_change_no_number(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    plain = list(range(len(ENTRIES)))
    covariates = [(f"{entry[2]}/before",) if entry[2] != "b" else () for entry in ENTRIES]
    columns = _columns(plain)
    whole, whole_adjusted = sample(columns[0], *columns[2:]), adjusted(*columns, covariates)
    monkeypatch.setattr(stack, "BLOCK", block)
    for order in (plain, plain[::-1], RNG.permutation(plain).tolist()):
        now = _columns(order)
        _same(whole, sample(now[0], *now[2:]), order)
        found = adjusted(*now, [covariates[at] for at in order])
        _same(whole_adjusted.control, found.control, order)
        _same(whole_adjusted.treatment, found.treatment, order)
        assert found.used == tuple(whole_adjusted.used[at] for at in order)
