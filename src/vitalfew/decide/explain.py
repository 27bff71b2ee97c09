"""For every line of the ledger in plain words: why it stands there, what would change that, what to ask next."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide import explain_candidates as candidates
from vitalfew.decide import explain_shipped as shipped
from vitalfew.decide.break_even import standings
from vitalfew.decide.explain_candidates import Field
from vitalfew.decide.questions import ask_about_candidate, ask_about_shipped
from vitalfew.decide.settled import settled_weights
from vitalfew.decide.testing import hidden_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.decide.inputs import Inputs
    from vitalfew.decide.options import Options
    from vitalfew.results.rows import ReasonRow, Tables


def reasons(options: Options, inputs: Inputs, tables: Tables) -> tuple[ReasonRow, ...]:
    """Sentences about every line of the ledger, in its order.

    Args:
        options: what there is to choose from.
        inputs: of the ledger.
        tables: with the ledger, and the plans and the worth of knowing where they were made.
    """
    return (*_shipped(inputs, tables), *_candidates(options, inputs, tables))


def _candidates(options: Options, inputs: Inputs, tables: Tables) -> Iterator[ReasonRow]:
    lines = {line.line: line for line in tables.candidates}
    best = next((plan for plan in tables.plans if plan.plan == "best"), None)
    hidden = hidden_lines(options, tables.candidates)
    agreed = settled_weights(tables) is not None
    field = Field(inputs, lines, standings(options), best, options.budget, hidden, agreed)
    for line in tables.candidates:
        for sentence in (
            *candidates.why(line, field),
            *candidates.change(line, field),
            *ask_about_candidate(line, field),
        ):
            yield sentence.about(line.line)


def _shipped(inputs: Inputs, tables: Tables) -> Iterator[ReasonRow]:
    values = {line.line: line.value.mean for line in tables.shipped if line.value is not None}
    turns = shipped.vital_turns(np.array(list(values.values()))).tolist() if values else []
    vital = {line: turn for line, turn in zip(values, turns, strict=True) if np.isfinite(turn)}
    for line in tables.shipped:
        for sentence in (
            *shipped.why(line, tables.shipped, inputs),
            *shipped.change(line, inputs, vital.get(line.line)),
            ask_about_shipped(line),
        ):
            yield sentence.about(line.line)
