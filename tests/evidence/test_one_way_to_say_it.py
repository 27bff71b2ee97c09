"""What several rooms say is said in one way: modes, lists of names."""

from __future__ import annotations

import importlib
import pkgutil
from typing import get_args

import vitalfew
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
