from __future__ import annotations

from dataclasses import replace

import numpy as np

from evidence.planted_corpora import CLICKBAIT, TARGET, as_corpus, defined, hidden
from vitalfew.evidence.corpus import Corpora, EffectCorpus
from vitalfew.evidence.links import links
from vitalfew.simulate.metric_graph import NAMES, corpus

FAR = np.arange(2)
SYSTEM = NAMES[8:11]


def slopes(found: EffectCorpus) -> np.ndarray:
    named = {f"{parent}_link": {"parent": parent, "child": TARGET} for parent in SYSTEM}
    rows = links(defined(CLICKBAIT, links=named), Corpora(found, found.only(np.zeros(len(found), dtype=bool)))).links
    return np.array([row.estimate for row in rows], dtype=np.float64)


def test_two_experiments_ten_times_as_large_without_the_child_do_not_weaken_its_links() -> None:
    away = []
    for seed in range(3):
        planted = corpus(CLICKBAIT, seed)
        plain = as_corpus(planted)
        plain = plain.only(np.ones(len(plain), dtype=bool), (*SYSTEM, TARGET))
        effects = plain.effects.copy()
        effects[FAR] += 3 * np.random.default_rng(seed).normal(0, planted.true_effects[:, 8:].std(axis=0), (2, 4))
        effects[FAR] += 9 * planted.true_effects[FAR, 8:]
        away.append(slopes(hidden(replace(plain, effects=effects), TARGET, FAR)) - slopes(plain))
    assert np.abs(np.mean(away, axis=0)).max() < 0.02, "0.11 where nothing is pulled in"
