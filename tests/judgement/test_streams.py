"""Random streams by name: the numbers that numpy itself would draw, in any order."""

import hashlib

import numpy as np
import pytest

from vitalfew.judgement.streams import stream


@pytest.mark.parametrize("seed", [0, 7, 2**32 - 1, 2**32, 2**70 + 3])
@pytest.mark.parametrize("names", [("gate", "retention"), ("",), ("", "weights", "factor")])
def test_a_stream_is_numpys_generator_of_the_seed_and_the_name(seed: int, names: tuple[str, ...]) -> None:
    name = int.from_bytes(hashlib.sha256("/".join(names).encode()).digest()[:8], "big")
    theirs = np.random.default_rng([seed, name]).integers(0, 2**63, 8)
    assert stream(seed, *names).integers(0, 2**63, 8).tolist() == theirs.tolist()


def test_streams_of_two_names_or_two_seeds_differ() -> None:
    firsts = {stream(seed, *names).random() for seed in (1, 2) for names in (("a", "b"), ("a", "c"), ("b", "a"))}
    assert len(firsts) == 6
