"""What acts say: one small model per kind, and the salted hash under which a body is sealed in the chain."""

from __future__ import annotations

import re
import secrets
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any, Literal, Self

from pydantic import (
    AfterValidator,
    AllowInfNan,
    BaseModel,
    ConfigDict,
    Field,
    JsonValue,
    Strict,
    ValidationError,
    model_validator,
)

from vitalfew.errors import ActError, suggest
from vitalfew.workspace.cited import LONGEST_ADDRESS, MOST_CITED, cited_form
from vitalfew.workspace.definitions import Share, Text
from vitalfew.workspace.strict_json import canonical, is_hash, loads, sha256
from vitalfew.workspace.vocabulary import LARGEST, MUST_RISE

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.chain import Kind

LONGEST_BODY = 256 * 1024

Finite = Annotated[float, Strict(), AllowInfNan(False), Field(ge=-LARGEST, le=LARGEST)]  # noqa: FBT003 - pydantic's own positional flag
Points = Annotated[float, Strict(), AllowInfNan(False), Field(ge=0, le=LARGEST)]  # noqa: FBT003 - likewise
Chance = Annotated[Share, AllowInfNan(False)]  # noqa: FBT003 - likewise
Name = Annotated[str, Field(min_length=1, max_length=120)]
Cited = Annotated[str, Field(max_length=LONGEST_ADDRESS), AfterValidator(cited_form)]


class Body(BaseModel):
    """Base of all bodies: immutable, no unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


Times = Annotated[float, Strict(), AllowInfNan(False), Field(gt=0, le=LARGEST)]  # noqa: FBT003 - likewise


class BestWorstBody(Body):
    """How many times more the best factor counts than each other, and each other than the worst."""

    best: Name
    worst: Name
    best_to_others: Annotated[dict[Name, Times], Field(max_length=100)]
    others_to_worst: Annotated[dict[Name, Times], Field(max_length=100)]

    @model_validator(mode="after")
    def _two_factors(self) -> Self:
        if self.best == self.worst:
            raise ValueError("best and worst are the same factor")
        if not self.best_to_others and not self.others_to_worst:
            raise ValueError("nothing is compared with the best or the worst")
        return self


class JudgementBody(Body):
    """What a person says a factor's swing from worst to best is worth.

    `points` per factor on any scale of one's own (kinds *swing* and *points*), `ratios` `[a, b, times]` (a counts so
    many times more than b; also as checks beside points), or `best_worst`.
    """

    group: Name | None = None
    kind: Literal["swing", "points", "ratios", "best_worst"] | None = None
    points: Annotated[dict[Name, Points], Field(min_length=1, max_length=100)] | None = None
    ratios: Annotated[list[tuple[Name, Name, Times]], Field(min_length=1, max_length=1_000)] | None = None
    best_worst: BestWorstBody | None = None

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if self.points is None and self.ratios is None and self.best_worst is None:
            raise ValueError("gives neither points nor ratios nor best and worst")
        needed = {"ratios": self.ratios, "best_worst": self.best_worst}.get(self.kind or "points", self.points)
        if self.kind is not None and needed is None:
            raise ValueError(f"is of kind {self.kind} and does not hold what that needs")
        if any(one == other for one, other, _ in self.ratios or ()):
            raise ValueError("a factor is compared with itself")
        return self


class QuantilesBody(Body):
    """An effect given that there is one, in the metric's unit; P(no effect) apart."""

    p10: Finite
    p50: Finite
    p90: Finite
    p_zero: Chance = 0.0

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if not self.p10 <= self.p50 <= self.p90:
            raise ValueError(MUST_RISE)
        return self


class ForecastBody(QuantilesBody):
    """A person's answer to a hypothesis.

    `evidence`: what it rests on, web addresses and keys of definitions; of a forecast that names none there is no such
    field, so that it has the bytes it always had.
    """

    evidence: Annotated[list[Cited], Field(min_length=1, max_length=MOST_CITED)] | None = None


class PromiseBody(QuantilesBody):
    """A combined forecast and how many people it combines; of a promise, evidence is told by the forecasts alone."""

    forecasters: Annotated[int, Strict(), Field(ge=1)]


class LockBody(Body):
    """The promise as locked, with what it was about; `due` is when it is judged."""

    hypothesis: Name
    promise: PromiseBody
    metric: Name | None = None
    segment: Name | None = None
    due: date | None = None


class PlanLockBody(Body):
    """The plan of an experiment as locked.

    `design`: what else of the experiment decides how it is analysed. `rests_on`: hashes of the metrics, guardrails and
    segments it names. `end`: the last day, when it was given.
    """

    experiment: Name
    plan: dict[Name, JsonValue]
    design: Annotated[dict[Name, JsonValue], Field(default_factory=dict)]
    rests_on: Annotated[dict[str, str], Field(default_factory=dict)]
    end: date | None = None


class WaiverBody(Body):
    """Why a failed guardrail is accepted."""

    reason: Text


class ValueModelBody(Body):
    """The value model as it stood.

    Hash of factors and guardrails, and of the last judgement (none: nobody weighed). `version`: of the factors, counted
    as judgements and signatures count it; acts from before it was kept have none.
    """

    definitions: Name
    judgements: Name | None = None
    version: int | None = None


class DecisionBody(Body):
    """What was decided, on which evidence, against which counter-argument, and when it is looked at again.

    `alternatives`: what else could have been done; `dissent`: what those who disagree say, without their names.
    `anyway`: it was decided although the evidence was weaker than *staged*. `against`: what was suggested, where the
    decision goes against it.
    """

    what: Text
    evidence: Text
    counter: Text
    alternatives: Text | None = None
    dissent: Text | None = None
    anyway: bool | None = None
    against: Text | None = None
    review: date | None = None
    value_model: ValueModelBody | None = None


class SignOffBody(Body):
    """Agreement to a definition or to the value model as it stands."""

    note: Text | None = None


class PulseBody(Body):
    """Which factor somebody takes to come first, and which metric to be theirs to move; none: they do not know."""

    factor: Name | None = None
    metric: Name | None = None
    team: Name | None = None


MODELS: dict[Kind, type[Body]] = {
    "judgement": JudgementBody,
    "forecast": ForecastBody,
    "lock": LockBody,
    "waiver": WaiverBody,
    "decision": DecisionBody,
    "sign_off": SignOffBody,
    "pulse": PulseBody,
}


def validate(kind: Kind, body: Mapping[str, Any]) -> dict[str, Any]:
    """Check a body and return it in the form that is hashed and stored.

    Raises:
        ActError: names every field that is wrong.
    """
    model = PlanLockBody if kind == "lock" and "experiment" in body else MODELS[kind]
    try:
        return model.model_validate(dict(body)).model_dump(mode="json", exclude_none=True)
    except ValidationError as error:
        faults = "; ".join(_fault(fault) for fault in error.errors(include_url=False)[:8])
        unknown = [str(fault["loc"][-1]) for fault in error.errors() if fault["type"] == "extra_forbidden"]
        hint = suggest(unknown[0], model.model_fields) if unknown else None
        raise ActError(f"this {kind.replace('_', '-')} cannot be recorded: {faults}", hint=hint) from None


def seal(body: Mapping[str, Any]) -> tuple[str, bytes]:
    """Hash a body with a fresh salt; return the hash and the bytes of the file that holds body and salt."""
    salt = secrets.token_hex(32)
    return body_hash(salt, body), canonical({"body": dict(body), "salt": salt}) + b"\n"


def body_hash(salt: str, body: Mapping[str, Any]) -> str:
    """SHA-256 of the salt's bytes followed by the RFC 8785 form of the body.

    Without the salt nobody can find a body by trying likely ones, even when it is as short as one number.
    """
    return sha256(bytes.fromhex(salt) + canonical(dict(body)))


def unseal(kind: Kind, raw: bytes, expected_hash: str) -> dict[str, Any]:
    """Read a body's file and check it against the hash in the chain.

    Raises:
        ValueError: says what is wrong with the file.
    """
    if kind == "forecast" and (plain := _plain_forecast(raw, expected_hash)) is not None:
        return plain
    value = loads(raw, limit=LONGEST_BODY)
    if not isinstance(value, dict) or set(value) != {"body", "salt"} or not isinstance(value["body"], dict):
        raise ValueError("does not hold a body and a salt")
    if not is_hash(value["salt"]) or body_hash(value["salt"], value["body"]) != expected_hash:
        raise ValueError("was edited: it does not give the hash in the log")
    try:
        return validate(kind, value["body"])
    except ActError as error:
        raise ValueError(f"fits its hash but not its kind: {error}") from None


_NUMBER = r"(0|-?[1-9]\d{0,14}|-?(?:0|[1-9]\d{0,14})\.\d{0,14}[1-9])"
_FORECAST = re.compile(
    (
        rf'\{{"body":(\{{"p10":{_NUMBER},"p50":{_NUMBER},"p90":{_NUMBER},"p_zero":{_NUMBER}\}}),'
        r'"salt":"([0-9a-f]{64})"\}\n'
    ).encode()
)


def _plain_forecast(raw: bytes, expected_hash: str) -> dict[str, Any] | None:
    """A forecast that lies as it was sealed, of which a log may hold a million: a tenth of the time. Else None."""
    found = _FORECAST.fullmatch(raw)
    if found is None:
        return None
    body, *texts, salt = (part.decode() for part in found.groups())
    if sha256(bytes.fromhex(salt) + body.encode()) != expected_hash:
        return None
    numbers = p10, p50, p90, p_zero = [float(text) for text in texts]
    exact = all("." not in text or repr(number) == text for text, number in zip(texts, numbers, strict=True))
    if not exact or not (-LARGEST <= p10 <= p50 <= p90 <= LARGEST and 0 <= p_zero <= 1):
        return None
    return {"p10": p10, "p50": p50, "p90": p90, "p_zero": p_zero}


def _fault(fault: Any) -> str:  # noqa: ANN401 - pydantic's own error record
    path = ".".join(str(part) for part in fault["loc"])
    message = str(fault["msg"]).removeprefix("Value error, ")
    known = {"missing": "is missing", "extra_forbidden": "is not a field of it"}
    text = known.get(fault["type"], message[:1].lower() + message[1:])
    return f"{path} {text}" if fault["type"] in known else (f"{path}: {text}" if path else text)
