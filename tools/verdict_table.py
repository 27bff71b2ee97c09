"""How often a perfect, half-right, useless or harmful promise gets each verdict, by the precision of the measurement.

The true effect is a share of the promise; the estimate scatters normally around it. The shares are exact to a
twentieth of a percent: the estimate runs over 2,000 equally likely values instead of random ones.
Prints the table of docs/validation/verdicts.md.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from vitalfew.decide.verdict import judge
from vitalfew.stats.normal import ppf

if TYPE_CHECKING:
    from vitalfew.results.rows import Verdict

PRECISIONS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)
TRUTHS = {
    "perfect (all of it came)": 1.0,
    "half-right": 0.5,
    "useless (no effect)": 0.0,
    "harmful (half as much was lost)": -0.5,
}
VERDICTS: tuple[Verdict, ...] = ("kept", "fell_short", "harmful", "unproven")
POINTS = 2_000


def shares(truth: float, se: float) -> dict[Verdict, float]:
    """Share of each verdict when the promise is 1, the true effect `truth` and the standard error `se`."""
    scatter = (ppf((point + 0.5) / POINTS) for point in range(POINTS))
    counts = Counter(judge(1.0, truth + se * z, se, good="up")[0] for z in scatter)
    return {verdict: counts[verdict] / POINTS for verdict in VERDICTS}


def main() -> None:
    """Print one table per kind of promise."""
    for what, truth in TRUTHS.items():
        print(f"\n### {what[0].upper()}{what[1:]}\n")
        print("| se / promise | kept | fell short | harmful | unproven |\n|---|---|---|---|---|")
        for se in PRECISIONS:
            cells = " | ".join(f"{share:.1%}" for share in shares(truth, se).values())
            print(f"| {se:g} | {cells} |")


if __name__ == "__main__":
    main()
