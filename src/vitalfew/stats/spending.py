"""How much of the error rate may be spent by a share of the planned information (Lan & DeMets 1983, Biometrika 70)."""

from __future__ import annotations

import math
from typing import Literal, get_args

from vitalfew.errors import UsageError, suggest
from vitalfew.stats.normal import cdf, ppf

Spending = Literal["obrien_fleming", "pocock"]


def spent(share: float, alpha: float, spending: Spending) -> float:
    """Error that may be spent until `share` of the planned information; on one side, `alpha` in the end.

    *obrien_fleming*: 2 - 2 cdf(z_(alpha / 2) / sqrt(share)), hardly any early. *pocock*: alpha log(1 + (e - 1) share),
    nearly evenly.

    >>> [round(spent(share, 0.025, "obrien_fleming"), 5) for share in (0.2, 0.5, 1.0)]
    [0.0, 0.00153, 0.025]
    """
    check_spending(spending)
    if share <= 0:
        return 0.0
    if share >= 1:
        return alpha
    if spending == "pocock":
        return alpha * math.log1p((math.e - 1) * share)
    return 2 * cdf(ppf(alpha / 2) / math.sqrt(share))


def check_spending(spending: str) -> None:
    """Refuse the name of a spending function that there is not.

    Raises:
        UsageError: the name is not known.
    """
    if spending not in get_args(Spending):
        raise UsageError(f"no spending function '{spending}'", hint=suggest(spending, get_args(Spending)))
