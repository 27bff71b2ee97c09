"""What several rooms say is said in one way: modes, lists of names."""

from __future__ import annotations

import importlib
import pkgutil
from typing import get_args

import numpy as np
import pytest

import vitalfew
from evidence.trials import definitions, judged, moments
from vitalfew.evidence.words import sentence
from vitalfew.report import words
from vitalfew.results.words import MODES, listed
from vitalfew.workspace.definitions import Mode


def test_every_mode_has_words_and_no_other_module_says_them_again() -> None:
    assert set(MODES) == set(get_args(Mode))
    homes = [
        module.name
        for module in pkgutil.walk_packages(vitalfew.__path__, "vitalfew.")
        if module.name.split(".")[1] in ("evidence", "report", "results", "checks", "decide")
        and any(
            isinstance(value, dict) and set(value) == set(MODES) and "time" in str(value["always_valid"])
            for value in vars(importlib.import_module(module.name)).values()
        )
        and getattr(importlib.import_module(module.name), "MODES", None) is not MODES
    ]
    assert homes == []


def test_names_are_listed_alike_everywhere() -> None:
    assert listed([]) == ""
    assert listed(["a"]) == "a"
    assert listed(["a", "b"]) == "a and b"
    assert listed(list("abcdef"), 5) == "a, b, c, d, e and 1 more"


@pytest.mark.parametrize("gain", [0.0, 0.08])
def test_a_reason_and_a_report_tell_an_effect_in_the_same_words(gain: float) -> None:
    defined = definitions(metrics={"value": {"source": "users", "kind": "proportion"}}, guardrails={})
    rng = np.random.default_rng(4)
    rows = [
        moments(arm, {"value": (rng.random(4000) < share).astype(float)})
        for arm, share in (("control", 0.3), ("new", 0.3 + gain))
    ]
    found = judged(defined, moments=rows)
    told = words.effect_sentence("Value", found.effects[0], words.unit_of(defined.metrics["value"]))
    assert told == sentence(defined, found.effects[0])
    assert told in found.experiments[0].reason
    assert " percentage points (" in told
