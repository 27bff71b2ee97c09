"""Acts by the API: say what one judges, forecasts, locks, waives, decides and signs; read what may be read of the log.

Of others nobody reads judgements and forecasts here: only that they were given. What groups do (locks, decisions,
waivers, sign-offs) is open to members.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Literal

from django.http import HttpResponse  # noqa: TC002 - read by ninja
from ninja import Path, Router, Schema, Status
from pydantic import Field

from vitalfew.judgement import recording
from vitalfew.judgement.answers import BestWorst
from vitalfew.server.core.api.asking import ApiRequest, needs
from vitalfew.server.core.api.lists import Cursor, Limit, Page, decoded, page_by
from vitalfew.server.core.api.problems import PROBLEMS, Refused
from vitalfew.server.core.api.work import JobOut, asked
from vitalfew.server.core.queries.acts import PERSONAL, pseudonym_of, said_since
from vitalfew.server.core.queries.proofs import proof
from vitalfew.server.core.roles import Ability
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.proving import prove as have_proved

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.chain import Act
    from vitalfew.workspace.workspace import Workspace

router = Router(tags=["acts"])


class ActOut(Schema):
    """An act of the log. `body` is None where it is another person's judgement or forecast, or erased."""

    n: int
    at: str
    kind: str
    about: str
    hash: str
    mine: bool
    body: dict[str, Any] | None = None


class BestWorstIn(Schema):
    """Answers of the best-worst method: how many times more the best counts, and each more than the worst."""

    best: str
    worst: str
    best_to_others: dict[str, float] = Field(default_factory=dict)
    others_to_worst: dict[str, float] = Field(default_factory=dict)


class JudgementIn(Schema):
    """How much each factor's swing is worth to whoever asks: points, ratios or best and worst."""

    points: dict[str, float] = Field(default_factory=dict)
    ratios: list[tuple[str, str, float]] = Field(default_factory=list)
    best_worst: BestWorstIn | None = None
    group: str | None = None
    kind: Literal["swing", "points", "ratios", "best_worst"] | None = None


class WaiverIn(Schema):
    """A failed guardrail that is accepted, and why."""

    about: str
    reason: str


class DecisionIn(Schema):
    """What is decided, on which evidence, against which counter-argument, and when to look at it again."""

    about: str
    what: str
    evidence: str
    counter: str
    review: date | None = None
    anyway: bool | None = None
    against: str | None = None


class SignOffIn(Schema):
    """Agreement to the value model (`value_model`) or to one definition, as it stands."""

    about: str = "value_model"
    note: str | None = None


class PulseIn(Schema):
    """Which factor comes first to whoever asks, and which metric is theirs to move; none: they do not know."""

    factor: str | None = None
    metric: str | None = None
    team: str | None = None


class VerificationOut(Schema):
    """What the log proves: its length, its head, what is damaged, which promises preceded their start.

    `at`: when the whole was proved, up to act `acts`; none: just now. `since`: acts that came after and continue it.
    What was done to earlier rows after `at` shows only when the whole is proved anew.
    """

    ok: bool
    acts: int
    head: str | None
    sentences: list[str]
    at: datetime | None = None
    since: int = 0


@router.get("/acts", response={200: Page[ActOut], **PROBLEMS}, auth=needs(Ability.READ))
def list_acts(
    request: ApiRequest,
    workspace: Path[str],  # noqa: ARG001 - read by the guard
    about: str | None = None,
    kind: Literal["judgement", "forecast", "lock", "waiver", "decision", "sign_off", "pulse"] | None = None,
    limit: Limit = 50,
    cursor: Cursor = None,
) -> Page[ActOut]:
    """The log of acts, oldest first; bodies of others' judgements and forecasts are left out."""
    row = request.place.workspace
    mine = pseudonym_of(row, voice_of_user(request.asker))
    acts = said_since(row, decoded(cursor), limit + 1, kind=kind, about=about)
    return page_by((_out(act, body, mine) for act, body in acts), limit, cursor, "n")


@router.post("/acts/judgements", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.RATE))
def judge(request: ApiRequest, workspace: Path[str], said: JudgementIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Say how much each factor is worth; the latest judgement of a person counts."""
    best_worst = BestWorst(**said.best_worst.model_dump()) if said.best_worst else None
    act = recording.judge(
        _ws(request),
        _voice(request),
        said.points,
        group=said.group,
        kind=said.kind,
        ratios=said.ratios,
        best_worst=best_worst,
    )
    return done(act, said.model_dump(exclude_defaults=True))


@router.post("/acts/waivers", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.BET))
def waive(request: ApiRequest, workspace: Path[str], said: WaiverIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Accept a failed guardrail, with the reason."""
    return done(recording.waive(_ws(request), said.about, _voice(request), said.reason), {"reason": said.reason})


@router.post("/acts/decisions", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.BET))
def decide(request: ApiRequest, workspace: Path[str], said: DecisionIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Record a decision; the value model that stands is cited with it."""
    body = said.model_dump(exclude={"about"}, exclude_none=True)
    return done(recording.decide(_ws(request), said.about, _voice(request), body), _plain(body))


@router.post("/acts/sign-offs", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.RATE))
def sign_off(request: ApiRequest, workspace: Path[str], said: SignOffIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Agree to the value model, or to one definition, as it stands."""
    act = recording.sign_off(_ws(request), said.about, _voice(request), note=said.note)
    return done(act, {"note": said.note} if said.note else {})


@router.post("/acts/pulses", response={201: ActOut, **PROBLEMS}, auth=needs(Ability.RATE))
def pulse(request: ApiRequest, workspace: Path[str], said: PulseIn) -> Status[ActOut]:  # noqa: ARG001 - read by the guard
    """Say which factor comes first, and which metric is yours; the latest answer of a person in a quarter counts."""
    act = recording.pulse(_ws(request), _voice(request), said.factor, said.metric, team=said.team)
    return done(act, said.model_dump(exclude_none=True))


@router.get("/verify", response={200: VerificationOut, **PROBLEMS}, auth=needs(Ability.READ))
def prove(request: ApiRequest, workspace: Path[str]) -> VerificationOut:  # noqa: ARG001 - read by the guard
    """What the log proves: what is damaged, which promises preceded their start, and what cannot be known.

    A log of more than 20,000 acts is not proved in the answer: that tells when the whole was proved last, with what
    came since; 409 where that never was.
    """
    found = proof(request.place.workspace)
    if found.ok is None:
        raise Refused(409, f"{found.sentences[0]}; POST to this address has it proved")
    return VerificationOut(
        ok=found.ok,
        acts=found.acts,
        head=found.head,
        sentences=list(found.sentences),
        at=found.at,
        since=found.since,
    )


@router.post("/verify", response={202: JobOut, **PROBLEMS}, auth=needs(Ability.BET), tags=["jobs"])
def prove_log(request: ApiRequest, response: HttpResponse, workspace: Path[str]) -> Status[JobOut]:  # noqa: ARG001 - read by the guard
    """Have the whole log proved; gives the proof that is under way when there is one."""
    return asked(request, response, have_proved(request.place.workspace, request.asker))


def _ws(request: ApiRequest) -> Workspace:
    return acting(request.place.workspace)


def _voice(request: ApiRequest) -> str:
    return voice_of_user(request.asker)


def done(act: Act, body: Mapping[str, Any] | None) -> Status[ActOut]:
    """The answer to an act that was recorded."""
    said = None if body is None else dict(body)
    return Status(201, ActOut(n=act.n, at=act.at, kind=act.kind, about=act.about, hash=act.hash, mine=True, body=said))


def _out(act: Act, body: dict[str, Any] | None, mine: str) -> ActOut:
    own = act.by == mine
    shown = body if own or act.kind not in PERSONAL else None
    return ActOut(n=act.n, at=act.at, kind=act.kind, about=act.about, hash=act.hash, mine=own, body=shown)


def _plain(body: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value.isoformat() if isinstance(value, date) else value for name, value in body.items()}
