"""What knowing and testing are worth, and every line explained: seconds of processor time by candidates.

The company is that of bench_decisions: every initiative has a forecast of every factor, a tenth of them were tested.
Information: EVPI, and EVPPI of all weights, each weight, all effects, the effects of each line, and costs.
"""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from bench_decisions import company

from vitalfew.decide.explain import reasons
from vitalfew.decide.information import information
from vitalfew.decide.inputs import Inputs
from vitalfew.decide.ledger import ledger
from vitalfew.decide.options import options_of
from vitalfew.decide.prices import price
from vitalfew.decide.testing import hidden_lines, suggested_tests, with_tests

if TYPE_CHECKING:
    from collections.abc import Callable

SIZES = ((100, 8), (300, 8), (1_000, 10))


def took(job: Callable[[], object]) -> float:
    """Seconds of processor time, of all threads."""
    began = time.process_time()
    job()
    return time.process_time() - began


def main() -> None:
    """Print the table."""
    print("| candidates x factors | information | tests of all candidates | explanations |")
    print("|---|---|---|---|")
    for lines, factors in SIZES:
        definitions, tables = company(lines, factors)
        inputs = Inputs.of(definitions, tables, date(2026, 6, 1), 1)
        options = options_of(inputs)
        raised = np.random.default_rng(1).gamma(5.0, size=options.weights.shape)
        options = replace(options, weights=raised / raised.sum(axis=0))
        worth = price(options, inputs)
        shipped, candidates, _ = ledger(inputs)
        hidden = hidden_lines(options, candidates)
        advice = suggested_tests(options, inputs, worth, hidden)
        whole = replace(tables, shipped=shipped, candidates=with_tests(candidates, advice))
        seconds = (
            took(partial(information, options)),
            took(partial(suggested_tests, options, inputs, worth, hidden)),
            took(partial(reasons, options, inputs, whole)),
        )
        print(f"| {lines:,} x {factors} | {' | '.join(f'{one:.2f} s' for one in seconds)} |")


if __name__ == "__main__":
    main()
