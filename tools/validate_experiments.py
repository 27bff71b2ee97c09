"""Write docs/validation/experiments.md: do the statistics of experiments keep their promises?

`python tools/validate_experiments.py` simulates 10,000 experiments per line, which takes a few minutes on one core.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from validity.cells import limits, nothing_changed, something_changed
from validity.figures import LEAST_P, band, figures
from validity.looks import rates

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from validity.figures import Figure
    from validity.looks import Rate

PAGE = Path(__file__).parents[1] / "docs" / "validation" / "experiments.md"
RUNS = 10_000

TOP = """# Do the statistics of experiments keep their promises?

{runs:,} simulated experiments per line, every line from a fixed seed of its own. *Band* is where 99.9 % of correct
programs would land (exact binomial). `python tools/validate_experiments.py` writes this page again in a few minutes;
`make prove` holds the same lines to their bands with fewer runs.

- **Means, proportions, scores**: Welch's t with Satterthwaite's degrees of freedom.
- **Ratios** (clicks per session, the user being the unit): delta method. *Correlation*: how alike a user's
  sessions are.
- **CUPED**: regression adjustment within the arms; here with skewed covariates that explain half of the variance, and
  in the second table with an effect that grows with a covariate.
- **Clusters**: ratio over clusters, corrected for few clusters of uneven size.
- **Strata and phases**: differences within, put together by units.
- **Quantiles**: from order statistics; standard errors after Woodruff.
- **Times to an event**: Kaplan-Meier; units are followed for 5 to 28 days, the mean is over the first 14.
- **Relative change**: Fieller's interval, which always agrees with the absolute test on whether there is an effect.

Looking many times, stopping early, priors and several arms are on [the page of inference modes](inference.md), and what
other programs answer to the same data on [that of the referees](referees.md).
"""

NOTHING = """
## False alarms when nothing changed

Share of A/A experiments with p below the level; bands {low_5:.4f} to {high_5:.4f} and {low_1:.4f} to {high_1:.4f}.
*Uniform*: p-value of Kolmogorov and Smirnov's test that all p-values are uniform, for metrics that are not counts; the
smallest should not be below {least:g} by the number of such lines. Where a band is left, it is judged by what all lines
together may do in one of 1,000 cases (Bonferroni). {outside}

| method | data, units in control and treatment | at 0.05 | at 0.01 | uniform |
|---|---|---|---|---|
"""

SOMETHING = """
## Coverage when something changed

Share of intervals that hold the true difference; the band at 95 % is {low:.4f} to {high:.4f}, judged likewise.
{outside}

| method | data, units in control and treatment | 95 % intervals | 80 % intervals |
|---|---|---|---|
"""

LIMITS = """
## Known limits: skewed values in few units or uneven arms

Here every program that uses the normal approximation fails, unless it says so. *Warned*: share of experiments that came
with the warning that skewed values make the interval unreliable. Where coverage leaves .943 to .957 it is there in at
least 95 % of the experiments. It cannot be all of them without crying wolf: a sample often hides its tail, see
[what it costs](estimators.md#choices-and-who-computes-otherwise).

| data, units in control and treatment | false alarms at 0.05 | coverage at 95 % | warned |
|---|---|---|---|
"""


def main(arguments: Sequence[str]) -> None:
    """Simulate, write, and say on the terminal what left its band."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=RUNS, help="simulated experiments per line")
    parser.add_argument("--page", type=Path, default=PAGE, help="file to write")
    options = parser.parse_args(arguments)
    runs: int = options.runs
    page = [TOP.format(runs=runs)]
    page += _nothing(list(figures(nothing_changed(), runs)), runs)
    page += _something(list(figures(something_changed(), runs)), runs)
    page += _rates(rates(runs))
    page += [LIMITS, *(_limit(found) for found in figures(limits(), runs))]
    page.append("\nCap such a metric, compare the share of units above a value, or keep the arms equal and larger.\n")
    options.page.write_text("".join(page))


def _nothing(found: list[Figure], runs: int) -> list[str]:
    low_5, high_5 = band(0.05, runs)
    low_1, high_1 = band(0.01, runs)
    least = LEAST_P / sum(one.cell.continuous for one in found)
    odd = [one for one in found if one.off or (one.cell.continuous and one.uniform < least)]
    bands = {"low_5": low_5, "high_5": high_5, "low_1": low_1, "high_1": high_1, "least": LEAST_P}
    lines = [
        f"| {one.cell.method} | {one.cell.what} | {one.rates[0]:.4f} | {one.rates[1]:.4f} |"
        f" {f'{one.uniform:.4f}' if one.cell.continuous else ''} |\n"
        for one in found
    ]
    return [NOTHING.format(outside=_outside(odd, len(found)), **bands), *lines]


def _something(found: list[Figure], runs: int) -> list[str]:
    low, high = band(0.95, runs)
    odd = [one for one in found if not one.covers]
    lines = [f"| {one.cell.method} | {one.cell.what} | {one.covered:.4f} | {one.covered_80:.4f} |\n" for one in found]
    return [SOMETHING.format(low=low, high=high, outside=_outside(odd, len(found))), *lines]


def _outside(odd: list[Figure], count: int) -> str:
    for one in odd:
        print("outside its band:", one.cell.name, one.rates, one.covered, one.uniform)
    return f"All {count} lines are within." if not odd else f"Outside: {'; '.join(one.cell.name for one in odd)}."


def _rates(found: Iterable[Rate]) -> list[str]:
    parts: dict[str, list[str]] = {}
    for rate in found:
        if not rate.holds:
            print("outside its band:", rate)
        low, high = rate.allowed
        allowed = f"{low:.4f} to {high:.4f}" if rate.promised else "not promised"
        line = f"| {rate.what} | {rate.wanted:g} | {rate.measured:.4f} | {allowed} |\n"
        parts.setdefault(rate.part, []).append(line)
    head = "| what | wanted | measured | band |\n|---|---|---|---|\n"
    return [f"\n## {part}\n\n{head}{''.join(lines)}" for part, lines in parts.items()]


def _limit(found: Figure) -> str:
    return f"| {found.cell.what} | {found.rates[0]:.4f} | {found.covered:.4f} | {found.warned:.2f} |\n"


if __name__ == "__main__":
    main(sys.argv[1:])
