"""The cheapest question to answer next about a line: talk, look up, ask, or test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.decide.phrases import chance, counted
from vitalfew.decide.sentences import Sentence
from vitalfew.decide.testing import DECIDE_ANYWAY
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from vitalfew.decide.break_even import Standing
    from vitalfew.decide.explain_candidates import Field
    from vitalfew.results.rows import CandidateLine, ShippedLine, SuggestedTest

WORTH_ASKING = 0.05
"""Probability of another decision from which an answer is worth having."""
_FEW = 3  # forecasters
_ASK_OTHERS = "What do others expect of the candidates that fewer than three have forecast? Much hangs on these."
_MISSING = (
    ("no factors", "Which few metrics count as value? Name them as factors, with their ranges."),
    ("no forecast", "What do three people expect of it, each for themselves? Record their forecasts."),
    ("no cost", "What would it cost? Give 10 %, 50 % and 90 % quantiles."),
    ("value leaves out what nobody has weighed", "How much does each factor count? Weigh them together."),
)


@dataclass(frozen=True, slots=True)
class _Question:
    """A question that an hour will answer, and the probability that its answer changes the decision."""

    text: str
    likely: float


_NO_QUESTION = _Question("", 0.0)


def ask_about_candidate(line: CandidateLine, field: Field) -> tuple[Sentence, ...]:
    """What to ask next: an answer that costs an hour before a test, as long as it is about as likely to matter."""
    place = field.place(line.line)
    if line.line in field.hidden:
        return (Sentence("ask", "What does one more person expect of it? Fewer than three have forecast it."),)
    if place is None:
        missed = "Does anybody miss it? Hide it from some of the users first."
        return (Sentence("ask", missed if line.kind == "feature" else _missing(line)),)
    if field.turns_hidden:
        return (_test(line.test, "Test it") if line.test is not None else Sentence("ask", _ASK_OTHERS),)
    found = field.standings[place]
    cheap = max(_cheap(line, found, field), key=lambda one: one.likely, default=_NO_QUESTION)
    effect = 0.0 if found.effect is None else found.effect.chance
    numbers = {"by_effect": effect, "by_answer": cheap.likely}
    if cheap.likely >= max(WORTH_ASKING, effect / 2):
        then = (_test(line.test, "Then test it"),) if line.test is not None else ()
        return (Sentence("ask", cheap.text, numbers), *then)
    return (_by_test(line, field, effect, numbers),)


def _cheap(line: CandidateLine, found: Standing, field: Field) -> list[_Question]:
    """What talking, looking up or asking around would answer."""
    definitions = field.inputs.definitions
    weights = f"How much does each factor count? Agreeing on it changes this decision with {chance(found.by_weights)}"
    if found.weight is not None and found.weight.factor is not None:
        about = definitions.title("factors", found.weight.factor)
        weights = f"How much does {about} count? Agreeing on the weights changes this decision with "
        weights += chance(found.by_weights)
    talk = _Question(f"{weights} probability, and talking costs an hour.", found.by_weights)
    questions = [] if field.agreed else [talk]
    initiative = definitions.initiatives.get(line.line)
    effect = found.effect
    if initiative is not None and initiative.reach is None and found.planned and effect is not None and effect.now > 0:
        share = effect.at / effect.now
        text = f"Whom does it reach? Below {percent(share)} of all units it would leave the plan, and use data tell."
        questions.append(_Question(text, share))  # nothing known: every reach is as likely
    if found.price is not None and found.price.chance > 0:
        text = (
            f"What does it really cost? From {counted(found.price.at, field.unit)} on the decision is another "
            f"({chance(found.price.chance)} likely)."
        )
        if not found.planned:
            text = text.replace("From", "Up to").replace(" on the", " the")
        questions.append(_Question(text, found.price.chance))
    return questions


def _by_test(line: CandidateLine, field: Field, effect: float, numbers: dict[str, float]) -> Sentence:
    if line.test is not None:
        return _test(line.test, "Test it")
    if effect < WORTH_ASKING:
        return Sentence("ask", "None: no answer is likely to change the decision.", numbers)
    told = [promise.forecasters for promise in field.inputs.promises_of(line.line)]
    if line.grade == "opinion" and 0 < max(told, default=0) < _FEW:
        return Sentence("ask", "What does another person expect of it? One or two forecasts hold little.", numbers)
    if DECIDE_ANYWAY in line.reasons:
        return Sentence("ask", "None that pays: a test costs more than it can tell. Decide.", numbers)
    text = "What does it do? A first small experiment on the same metric would show how large a test must be."
    return Sentence("ask", text, numbers)


def _test(test: SuggestedTest, start: str) -> Sentence:
    numbers = {"worth": test.worth, "cost": test.cost, "net": test.net, "units_per_arm": float(test.units_per_arm)}
    return Sentence("ask", f"{start}: {test.reason}.", numbers)


def _missing(line: CandidateLine) -> str:
    """What keeps it from being ranked."""
    for start, question in _MISSING:
        if any(reason.startswith(start) for reason in line.reasons):
            return question
    return "What do three people expect of it, each for themselves? Record their forecasts."


def ask_about_shipped(line: ShippedLine) -> Sentence:
    """What to ask next about what is out already."""
    if line.grade is None and line.verdict != "no_promise":
        return Sentence("ask", "What came of the promise? Nothing has been measured on its metric: look at its data.")
    if line.grade is None:
        if line.use is None:
            return Sentence("ask", "Who uses it? Name its events, so that use can be measured.")
        return Sentence("ask", "What does it change? Hide it from some of the users, or roll out its next version.")
    asked = {
        "keep": "None: it keeps its promise. Look again when its upkeep or its use changes.",
        "fix": "For whom did it fall short? Look at segments before anything is built on it.",
        "remove": "Does anybody need it as it is? Take it back from some of the users and measure.",
        "measure": "Did it work? Go on measuring until the interval lies on one side.",
    }
    if line.verdict == "no_promise":
        return Sentence("ask", "What would have been a success? Promise the next change before its work starts.")
    return Sentence("ask", asked[line.recommendation])
