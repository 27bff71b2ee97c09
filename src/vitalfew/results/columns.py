"""What the names of columns in moments say: a metric, its denominator, what was known of a unit before."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DENOMINATOR = "/denominator"
BEFORE = "/before"
COVARIATE = "/covariate/"
MISSING = "/missing"
STEP = "/step"
_HELPER = re.compile(rf"^.+?({DENOMINATOR}|{BEFORE}|{DENOMINATOR}{BEFORE}|{COVARIATE}.+|{STEP}\d+)$")


def metrics_in(names: Iterable[str]) -> list[str]:
    """The metrics among some columns, in their order; denominators, covariates and steps are no metrics."""
    return list(dict.fromkeys(name for name in names if not _HELPER.match(name)))


def covariates_of(metric: str, names: Sequence[str]) -> tuple[str, ...]:
    """The columns of a metric that were known of each unit before it was exposed."""
    own = (f"{metric}{BEFORE}", f"{metric}{DENOMINATOR}{BEFORE}")
    return tuple(name for name in names if name in own or name.startswith(f"{metric}{COVARIATE}"))


def all_covariates(names: Iterable[str]) -> list[str]:
    """Every column known before exposure; a column of the unit table once, whichever metrics use it."""
    found: dict[str, str] = {}
    for name in names:
        helper = _HELPER.match(name)
        if helper and (name.endswith(BEFORE) or COVARIATE in name):
            found.setdefault(name.partition(COVARIATE)[2] or name, name)
    return list(found.values())


def steps_of(metric: str, names: Iterable[str]) -> list[str]:
    """The columns of the steps of a funnel, first step first."""
    return sorted(
        (name for name in names if name.startswith(f"{metric}{STEP}")),
        key=lambda name: int(name.removeprefix(f"{metric}{STEP}")),
    )
