"""Why a candidate stands where it stands, and what would have to be otherwise for it to stand elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from vitalfew.decide.candidates import DROP_TO, FUND_FROM
from vitalfew.decide.effects import stronger
from vitalfew.decide.explain_payback import pays
from vitalfew.decide.phrases import chance, counted, number, points
from vitalfew.decide.sentences import EVIDENCE, Sentence, carried_by
from vitalfew.results.figures import between, figure
from vitalfew.stats.percent import percent

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from vitalfew.decide.break_even import Standing, Turn
    from vitalfew.decide.inputs import Inputs
    from vitalfew.results.rows import CandidateLine, PlanRow

EDGE_HIDDEN = "What would change that stays hidden: it hangs on forecasts that are not locked."
HIDDEN = "What it is worth stays hidden until three people have forecast it, or the promise is locked."
_BEYOND = 20.0  # times what is expected, beyond which a number tells nothing
_TRACE = 1e-6  # points that are none
_NONE, _ALL = 0.005, 0.995  # shares that read as nothing, and as all


@dataclass(frozen=True, slots=True)
class Field:
    """The candidates of a run: their lines, where they stand by value per cost, and the best plan.

    `hidden`: those whose value is not shown. `budget` in the policy's unit of cost. `agreed`: agreeing on the weights
    would hardly change what is chosen.
    """

    inputs: Inputs
    lines: Mapping[str, CandidateLine]
    standings: tuple[Standing, ...]
    plan: PlanRow | None
    budget: float
    hidden: frozenset[str]
    agreed: bool = False

    def title(self, line: str) -> str:
        """What a candidate is called."""
        return self.lines[line].title if line in self.lines else line.replace("_", " ")

    @property
    def unit(self) -> str:
        """The unit of cost."""
        return self.inputs.definitions.policy.cost_unit

    @property
    def turns_hidden(self) -> bool:
        """Whether any line is hidden: where another passes it, a turning point would tell its value."""
        return any(one.line in self.hidden for one in self.standings)

    def place(self, line: str) -> int | None:
        """Place of a candidate by value per cost, from 0; None when it has none."""
        return next((at for at, one in enumerate(self.standings) if one.line == line), None)


def why(line: CandidateLine, field: Field) -> Iterator[Sentence]:
    """Why it stands where it does."""
    place = field.place(line.line)
    if place is None:
        yield from (Sentence("why", _sentence(reason)) for reason in line.reasons)
        return
    found = field.standings[place]
    shown = line.line not in field.hidden
    yield _rank(place, found, line, field, shown=shown)
    carried = carried_by(field.inputs.definitions, line.parts) if shown else None
    if carried is not None:
        yield carried
    yield _recommended(line)
    yield from pays(line, field.unit)
    yield from _evidence(line, field)
    yield from _reach(line, field)
    yield from _neighbours(place, field)
    if found.dominated_by is not None and shown and found.dominated_by not in field.hidden:
        other = field.title(found.dominated_by)
        yield Sentence("why", f"{other} does at least as much for every factor and costs no more.")
    if field.plan is not None:
        yield _planned(found, field.plan)


def _rank(place: int, found: Standing, line: CandidateLine, field: Field, *, shown: bool) -> Sentence:
    told = f"It is number {place + 1} of {len(field.standings)} by value per cost"
    numbers = {"place": float(place + 1), "candidates": float(len(field.standings))}
    likely = _place_by_chance(line, field)
    if likely is not None:
        same = likely == place + 1
        told += " and by P in plan" if same else f", number {likely} by P in plan (the order of the ledger)"
        numbers["place_by_p_in"] = float(likely)
    if not shown or line.value is None:
        return Sentence("why", f"{told}. {HIDDEN}", numbers)
    value = line.value
    worth = f"{figure(value.mean, 1)} points ({between(value.low, value.high, 1)})"
    numbers |= {"points": value.mean, "low": value.low, "high": value.high, "cost": found.cost}
    if found.per_cost is None:
        return Sentence("why", f"{told}: {worth} for nothing.", numbers)
    cost = counted(found.cost, field.unit)
    if line.cost is not None and line.cost.p10 < line.cost.p90:
        cost = f"about {cost} expected"
    text = f"{told}: {worth} for {cost}, {points(found.per_cost)} for each unit of cost."
    return Sentence("why", text, numbers | {"per_cost": found.per_cost})


def _place_by_chance(line: CandidateLine, field: Field) -> int | None:
    """Place by the probability to be in the plan, as the ledger is ordered, from 1."""
    ranked = {one.line for one in field.standings}
    order = [key for key, one in field.lines.items() if key in ranked and one.p_in is not None]
    return order.index(line.line) + 1 if line.line in order else None


def _recommended(line: CandidateLine) -> Sentence:
    """What the recommendation follows from."""
    share = line.p_in or 0.0
    told = f"With {chance(share)} probability it belongs to the best that the budget can buy"
    numbers = {"p_in": share}
    if line.recommendation == "fund":
        return Sentence("why", f"Fund: {_lower(told)}, and that has been seen, not only expected.", numbers)
    if line.recommendation == "drop":
        return Sentence("why", f"Drop: {_lower(told)}.", numbers)
    if share < FUND_FROM:
        bounds = f"neither {percent(FUND_FROM)} or more (fund) nor {percent(DROP_TO)} or less (drop)"
        return Sentence("why", f"Test first: {_lower(told)}, {bounds}.", numbers)
    if not stronger(line.grade, "staged"):
        return Sentence("why", f"Test first: {_lower(told)}, yet nothing has been measured.", numbers)
    return Sentence("why", f"Test first: {_lower(told)}, yet a guardrail stands in the way.", numbers)


def _evidence(line: CandidateLine, field: Field) -> Iterator[Sentence]:
    """How strong the evidence is; and of a mere expectation, how often such come true."""
    if line.grade is None:
        return
    yield Sentence("why", EVIDENCE[line.grade])
    record = next((row for row in field.inputs.tables.calibration if row.kind == "overall"), None)
    if line.grade != "opinion" or record is None:
        return
    numbers = {"better": record.better, "nothing": record.nothing, "resolved": float(record.resolved)}
    told = f"{percent(record.better)} made things better and {percent(record.nothing)} did nothing"
    if record.own:
        yield Sentence("why", f"Of {record.resolved} promises held against what came, {told}.", numbers)
    else:
        yield Sentence("why", f"There is no record of your own yet; of changes elsewhere {told}.", numbers)


def _reach(line: CandidateLine, field: Field) -> Iterator[Sentence]:
    initiative = field.inputs.definitions.initiatives.get(line.line)
    if initiative is None:
        return
    if initiative.reach == 1:
        yield Sentence("why", "It reaches all units.", {"reach": 1.0})
    elif initiative.reach is not None:
        text = f"It reaches {percent(initiative.reach)} of all units, and only their change counts."
        yield Sentence("why", text, {"reach": initiative.reach})
    else:
        yield from (Sentence("why", _sentence(told)) for told in line.reasons if told.startswith("reach taken"))


def _neighbours(place: int, field: Field) -> Iterator[Sentence]:
    """The lines just above and below, and the one where the budget ends."""

    def named(at: int) -> str:
        one = field.standings[at]
        hidden = one.line in field.hidden or one.per_cost is None
        return field.title(one.line) if hidden else f"{field.title(one.line)} ({number(one.per_cost or 0.0)})"

    parts = []
    if place > 0:
        parts.append(f"just above stands {named(place - 1)}")
    if place + 1 < len(field.standings):
        parts.append(f"just below {'stands ' if not parts else ''}{named(place + 1)}")
    if parts:
        yield Sentence("why", _sentence(", ".join(parts)))
    planned = [at for at, one in enumerate(field.standings) if one.planned]
    found = field.standings[place]
    if found.cost > field.budget:
        yield Sentence("why", f"It costs more than the whole budget of {counted(field.budget, field.unit)}.")
    elif not found.planned and found.value > 0 and planned and place < planned[-1]:
        yield Sentence("why", "When its turn comes, what is left of the budget does not pay for it.")
    elif planned and len(planned) < len(field.standings) and planned[-1] != place:
        budget = counted(field.budget, field.unit)
        yield Sentence("why", f"The budget of {budget} ends with {named(planned[-1])}.", {"budget": field.budget})


def _planned(found: Standing, plan: PlanRow) -> Sentence:
    held = found.line in plan.lines
    if held == found.planned:
        return Sentence("why", f"The best plan {'holds it' if held else 'leaves it out'}.")
    if held:
        return Sentence("why", "The best plan holds it: it fits in with the others better than its rank says.")
    return Sentence("why", "The best plan leaves it out, for other bounds than value per cost count there too.")


def change(line: CandidateLine, field: Field) -> Iterator[Sentence]:
    """What would have to be otherwise: effect, weight, cost, each with its probability."""
    place = field.place(line.line)
    if place is None:
        return
    found = field.standings[place]
    if field.turns_hidden:
        yield Sentence("change", EDGE_HIDDEN)
        return
    side = "It would leave the plan" if found.planned else "It would come into the plan"
    if found.effect is not None:
        yield _by_effect(side, found.effect)
    if found.weight is not None:
        yield _by_weight(side, found.weight, field)
    else:
        yield Sentence("change", "No weight of a single factor would change that.")
    if found.price is not None and _NONE * found.cost < found.price.at < _BEYOND * found.cost:
        yield _by_cost(side, found, found.price, field.unit)
    if line.recommendation == "test_first" and not stronger(line.grade, "staged"):
        text = "To be funded it needs evidence of its own: an experiment, or a rollout in steps."
        yield Sentence("change", text)


def _by_effect(side: str, turn: Turn) -> Sentence:
    numbers = {"points": turn.at, "expected": turn.now, "chance": turn.chance}
    likely = f"({chance(turn.chance)} likely)"
    if turn.now > 0 and turn.at < _NONE * turn.now:
        return Sentence("change", f"{side} if it did no good at all {likely}.", numbers | {"share": 0.0})
    if turn.now > 0 and turn.at < turn.now:
        text = f"{side} if less than {percent(turn.at / turn.now)} of the expected effect came {likely}."
        return Sentence("change", text, numbers | {"share": turn.at / turn.now})
    if turn.now > 0 and turn.at / turn.now < _BEYOND:
        text = f"{side} if its effect were {number(turn.at / turn.now)} times what is expected {likely}."
        return Sentence("change", text, numbers | {"share": turn.at / turn.now})
    if turn.now <= 0 and turn.at <= max(_NONE * abs(turn.now), _TRACE):
        return Sentence("change", f"{side} if it did more good than harm {likely}.", numbers)
    text = f"{side} if it were worth {points(turn.at)}; {number(turn.now)} are expected {likely}."
    return Sentence("change", text, numbers)


def _by_weight(side: str, turn: Turn, field: Field) -> Sentence:
    name = field.inputs.definitions.title("factors", turn.factor or "")
    likely = f"({chance(turn.chance)} likely)"
    if turn.at > _ALL:
        text = f"{side} only if {name} were all that counts {likely}."
    elif turn.at < _NONE:
        text = f"{side} if {name} counted at all {likely}."
        if turn.now > turn.at:
            text = f"{side} only if {name} counted for nothing {likely}."
    else:
        than = "more" if turn.at > turn.now else "less"
        text = f"{side} if {name} weighed {than} than {percent(turn.at)} instead of {percent(turn.now)} {likely}."
    return Sentence("change", text, {"weight": turn.at, "expected": turn.now, "chance": turn.chance})


def _by_cost(side: str, found: Standing, turn: Turn, unit: str) -> Sentence:
    than = "more" if found.planned else "less"
    text = f"{side} if it cost {than} than {counted(turn.at, unit)} instead of {number(turn.now)}"
    if number(turn.at) == number(turn.now):
        text = f"{side} if it cost any {than} than the {counted(turn.now, unit)} expected"
    numbers = {"cost": turn.at, "expected": turn.now, "chance": turn.chance}
    return Sentence("change", f"{text} ({chance(turn.chance)} likely).", numbers)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '?')) else '.'}"


def _lower(text: str) -> str:
    return f"{text[:1].lower()}{text[1:]}"
