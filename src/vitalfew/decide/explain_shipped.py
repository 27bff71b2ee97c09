"""Why a shipped line stands where it stands, and what would have to be otherwise."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import numpy as np

from vitalfew.decide.phrases import chance, moved, number, points
from vitalfew.decide.portfolio import vital_set
from vitalfew.decide.sentences import EVIDENCE, Sentence, carried_by
from vitalfew.decide.verdict import has_come, judge
from vitalfew.stats.normal import cdf

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from vitalfew.decide.draws import Floats
    from vitalfew.decide.inputs import Inputs
    from vitalfew.results.rows import ShippedLine, VerdictRow

_HALVINGS = 60
_Z80 = 1.2815515655446004  # half of an 80 % interval, in standard deviations
_SMALLEST = 0.01  # probability below which a turn is not worth a sentence
_FAR = 20.0  # standard errors or promises beyond which no effect is looked for
_VERDICTS = {
    "kept": "kept its promise",
    "fell_short": "fell short",
    "harmful": "counts as harmful",
    "unproven": "is unproven",
    "no_promise": "has no promise",
}


def why(line: ShippedLine, lines: Sequence[ShippedLine], inputs: Inputs) -> Iterator[Sentence]:
    """Why it stands where it does.

    Args:
        line: the line.
        lines: all shipped lines, in the order of the ledger.
        inputs: of the ledger.
    """
    yield _place(line, lines)
    carried = carried_by(inputs.definitions, line.parts)
    if carried is not None:
        yield carried
    if line.verdict != "no_promise":
        yield Sentence("why", f"It {_VERDICTS[line.verdict]}: {line.reasons[0]}.")
    if line.grade is not None:
        yield Sentence("why", EVIDENCE[line.grade])
    if line.value is None:
        told = line.reasons[1:] if line.verdict != "no_promise" else line.reasons  # the verdict has told the first
        yield from (Sentence("why", f"{reason[:1].upper()}{reason[1:]}.") for reason in told)
    yield from _waiting(line, inputs)
    yield from _neighbours(line, lines)


def _place(line: ShippedLine, lines: Sequence[ShippedLine]) -> Sentence:
    at = [one.line for one in lines].index(line.line)
    told = f"It is number {at + 1} of {len(lines)} shipped lines"
    numbers = {"place": float(at + 1), "lines": float(len(lines))}
    if line.value is None or line.p_vital is None:
        return Sentence("why", f"{told}: what it is worth has not been measured.", numbers)
    value = line.value
    worth = f"{points(value.mean)} ({number(value.low)} to {number(value.high)})"
    few = f"with {chance(line.p_vital)} probability it is one of the few that gave 80 % of all value"
    numbers |= {"points": value.mean, "low": value.low, "high": value.high, "p_vital": line.p_vital}
    return Sentence("why", f"{told}: {worth}; {few}.", numbers)


def _waiting(line: ShippedLine, inputs: Inputs) -> Iterator[Sentence]:
    """What ships without a verdict stays open work, however small the release was."""
    row = next((row for row in inputs.verdicts_of(line.line) if row.verdict == "unproven"), None)
    if row is None:
        return
    if row.due is None or not has_come(date.fromisoformat(row.due), inputs.today):
        until = f" on {row.due}" if row.due else ""
        yield Sentence("why", f"Until its verdict{until} it counts as work that is not done, however small it was.")
    else:
        yield Sentence("why", f"The verdict of {row.due} left it open: it counts as work that is not done.")


def _neighbours(line: ShippedLine, lines: Sequence[ShippedLine]) -> Iterator[Sentence]:
    at = [one.line for one in lines].index(line.line)
    parts = [f"just above stands {_named(lines[at - 1])}"] if at > 0 else []
    parts += [f"just below stands {_named(lines[at + 1])}"] if at + 1 < len(lines) else []
    if parts:
        text = ", ".join(parts)
        yield Sentence("why", f"{text[:1].upper()}{text[1:]}.")
    above, own = lines[at - 1].value if at > 0 else None, line.value
    if above is not None and own is not None and above.mean < own.mean:
        text = "What is known less surely stands lower: the order is that of the probability to be one of the few."
        yield Sentence("why", text)


def _named(line: ShippedLine) -> str:
    return line.title if line.value is None else f"{line.title} ({points(line.value.mean)})"


def change(line: ShippedLine, inputs: Inputs, vital: float | None) -> Iterator[Sentence]:
    """What would have to be otherwise for another verdict, and for a place among the few.

    Args:
        line: the line.
        inputs: of the ledger.
        vital: value at which it becomes, or ceases to be, one of the few; None where no value would do.
    """
    rows = [row for row in inputs.verdicts_of(line.line) if row.promised is not None and row.estimate is not None]
    for row in rows[:1]:
        yield from _by_verdict(row, inputs)
    if vital is None or line.value is None:
        return
    sd = max(line.value.high - line.value.low, 1e-300) / (2 * _Z80)
    likely = cdf(-abs(vital - line.value.mean) / sd)
    if likely >= _SMALLEST:
        side = "no longer be" if vital < line.value.mean else "be"
        text = f"It would {side} one of the few at {points(vital)} instead of {number(line.value.mean)}"
        numbers = {"points": vital, "expected": line.value.mean, "chance": likely}
        yield Sentence("change", f"{text} ({chance(likely)} likely).", numbers)


def _by_verdict(row: VerdictRow, inputs: Inputs) -> Iterator[Sentence]:
    turn = verdict_turn(row, inputs)
    title = inputs.definitions.title("metrics", row.metric)
    if turn is None or row.estimate is None or not row.se:
        if row.verdict == "harmful" and "guardrail" in row.reason:
            yield Sentence("change", f"No effect on {title} would change the verdict: a guardrail failed.")
        return
    likely = cdf(-abs(turn - row.estimate) / (row.se * 2**0.5))
    at, came = (moved(effect, inputs.definitions.metrics.get(row.metric)) for effect in (turn, row.estimate))
    would = "would not" if row.verdict == "kept" else "would"
    text = f"The promise {would} count as kept had {title} changed by {at}"
    measured = f"; measured: {came}. Another test as large would show that with {chance(likely)}"
    numbers = {"effect": turn, "measured": row.estimate, "chance": likely}
    yield Sentence("change", f"{text}{measured} probability.", numbers)


def verdict_turn(row: VerdictRow, inputs: Inputs) -> float | None:
    """The effect from which the promise counts as kept, or no longer does, with the same standard error.

    In the metric's unit; None where nothing was measured, or a guardrail decides.
    """
    metric = inputs.definitions.metrics.get(row.metric)
    hypothesis = inputs.definitions.hypotheses.get(row.hypothesis)
    if metric is None or row.promised is None or row.estimate is None or not row.se:
        return None
    promised, se, margin = row.promised, row.se, hypothesis.margin if hypothesis else None

    def verdict(effect: float) -> str:
        return judge(promised, effect, se, good=metric.direction, margin=margin)[0]

    def kept(effect: float) -> bool:
        return verdict(effect) == "kept"

    if verdict(row.estimate) != row.verdict:
        return None  # something else decided: a guardrail, or a day that has not come
    sign = 1.0 if metric.direction == "up" else -1.0
    reach = _FAR * (se + abs(promised))
    near = row.estimate
    far = near + (-1.0 if row.verdict == "kept" else 1.0) * sign * reach
    if promised == 0 and row.verdict != "kept":
        far = 0.0
    if kept(far) == (row.verdict == "kept"):
        return None
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        near, far = (near, middle) if kept(middle) != (row.verdict == "kept") else (middle, far)
    return far


def vital_turns(values: Floats) -> Floats:
    """Value at which each line becomes, or ceases to be, one of the few that gave 80 % of all value, `(lines,)`.

    Args:
        values: expected values, `(lines,)`.

    Returns:
        NaN where no value would do; the far side of the turn elsewhere.
    """
    count = len(values)
    columns = np.repeat(values[:, None], count, axis=1)

    def few(at: Floats) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
        cases = columns.copy()
        np.fill_diagonal(cases, at)
        return np.diagonal(vital_set(cases))

    now = few(values)
    near, far = values.astype(np.float64), np.where(now, 0.0, 10 * np.abs(values).sum() + 1.0)
    turns = few(far) != now
    for _ in range(_HALVINGS):
        middle = (near + far) / 2
        other = few(middle) != now
        near, far = np.where(other, near, middle), np.where(other, middle, far)
    return np.where(turns, far, np.nan)
