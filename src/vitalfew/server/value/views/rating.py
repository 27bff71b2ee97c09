"""A rater's pages: one question a screen, on a phone, without an account. Nobody else's answers are ever here."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import Http404
from django.shortcuts import redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST

from vitalfew.errors import VitalfewError
from vitalfew.judgement.answers import Judgement
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.runs import open_run
from vitalfew.server.value.queries.factors import facts
from vitalfew.server.value.queries.own import own_draft, own_shares, said_before
from vitalfew.server.value.queries.reveal import reveal
from vitalfew.server.value.queries.sessions import behind_door, session
from vitalfew.server.value.services import answers, sessions
from vitalfew.server.value.views.entry import entered, gone, rated_by, rater_here

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from django.http import HttpRequest, HttpResponse

    from vitalfew.server.core.access import Request
    from vitalfew.server.value.queries.factors import Facts
    from vitalfew.server.value.queries.sessions import Rater

FIRST, REVIEW = "first", "review"


@dataclass(frozen=True, slots=True)
class Answered:
    """A factor with one's own answer: points, or None where it was skipped; `open`: not answered yet."""

    facts: Facts
    points: float | None
    open: bool
    share: float = 0.0


@require_http_methods(["GET", "POST"])
def rate_link(request: HttpRequest, secret: str) -> HttpResponse:
    """A personal link: a button, so that no program that looks at links uses it up."""
    if not answers.is_open(secret):
        return redirect("rate") if _is_in(request, secret) else gone(request)
    if request.method != "POST":
        return render(request, "value/rate_begin.html", {"title": "Which changes count most?"})
    try:
        return entered(answers.enter(secret))
    except answers.LinkGone:
        return gone(request)


@require_http_methods(["GET", "POST"])
def join(request: HttpRequest, code: str) -> HttpResponse:
    """The common link of a session: takes one of the free seats."""
    found = behind_door(code)
    if found is None or found[1].open_seats == 0:
        return gone(request)
    if request.method != "POST":
        context = {"title": found[1].title, "groups": found[1].groups, "from_wall": True}
        return render(request, "value/rate_begin.html", context)
    try:
        return entered(answers.enter_by_door(code, request.POST.get("group", "")))
    except answers.LinkGone:
        return gone(request)


@require_POST
def rate_as_member(request: Request, key: str) -> HttpResponse:
    """A member takes part as who they are."""
    place = request.place
    if session(place.workspace, key) is None:
        raise Http404("no such session")
    try:
        return entered(answers.enter_as_member(place.workspace, key, place.user, place.member.group))
    except VitalfewError as error:
        messages.error(request, str(error))
        return redirect("session", workspace=place.workspace.key, key=key)


@rated_by
def rate(request: HttpRequest, rater: Rater) -> HttpResponse:
    """The question that is open, what one has answered, or where the session stands."""
    view = rater.session
    known = facts(loaded(rater.workspace).workspace.definitions, view.factors, open_run(rater.workspace))
    context = {"title": view.title, "rater": rater, "session": view, "step": view.step}
    if not view.is_rating:
        return render(request, "value/rate_wait.html", context | _own(rater, known))
    order = _order(rater, known)
    context |= {"answered": _answered(rater, order), "alone": _alone(rater, order)}
    if rater.is_ready and "q" not in request.GET:
        return render(request, "value/rate_done.html", context)
    asked = _asked(rater, order, request.GET.get("q"))
    context |= {"number": _number(rater, order, asked), "of": len(order), "first": _first(rater, known)}
    if asked == FIRST:
        return render(request, "value/rate_first.html", context | {"factors": order})
    if asked == REVIEW:
        from_first = view.step == "again" and bool(_said(rater))
        return render(request, "value/rate_review.html", context | {"from_first": from_first})
    points = rater.draft.get("points", {}).get(asked)
    skipped = asked in rater.draft.get("skipped", ())
    return render(
        request, "value/rate_factor.html", context | {"facts": known[asked], "points": points, "skipped": skipped}
    )


@require_POST
@rated_by
def rate_answer(request: HttpRequest, rater: Rater) -> HttpResponse:
    """Save one answer, hand in, take back, or sign; then on to what is open."""
    try:
        _do(request, rater)
    except (VitalfewError, ValueError) as error:
        messages.error(request, str(error) if isinstance(error, VitalfewError) else "This is no number.")
    asked = REVIEW if request.POST.get("then") == REVIEW else _asked_anew(request, rater)
    return redirect(reverse("rate") + (f"?{urlencode({'q': asked})}" if asked else ""))


def _asked_anew(request: HttpRequest, rater: Rater) -> str:
    """The change that was first until now: it still counts 100, which nobody said beside the one taken instead."""
    before, given = rater.draft.get("first", ""), request.POST
    if given.get("do") != FIRST or given.get("factor") == before:
        return ""
    return before if before in rater.session.factors else ""


def _is_in(request: HttpRequest, secret: str) -> bool:
    """Whether this browser came in by the link that it opens once more."""
    rater = rater_here(request)
    return rater is not None and rater.id == answers.opened_by(secret)


def _do(request: HttpRequest, rater: Rater) -> None:
    given = request.POST
    what, factor = given.get("do", ""), given.get("factor", "")
    if what == FIRST:
        answers.choose_first(rater, factor)
    elif what == "points":
        answers.judge_factor(rater, factor, float(given.get("points", "")))
    elif what == "skip":
        answers.judge_factor(rater, factor, None)
    elif what == "hand_in":
        answers.hand_in(rater)
    elif what == "sign":
        sessions.sign(rater.workspace, rater.id)


def _order(rater: Rater, known: Mapping[str, Facts]) -> list[Facts]:
    """Factors in an order of each rater's own, so that none is always asked first."""
    found = list(known.values())
    random.Random(rater.id).shuffle(found)  # noqa: S311 - an order of questions, no secret
    return found


def _asked(rater: Rater, order: Sequence[Facts], wanted: str | None) -> str:
    draft = rater.draft
    known = {each.key for each in order}
    if wanted in (FIRST, REVIEW):
        return wanted or FIRST
    if draft.get("first") not in known:
        return FIRST
    if wanted in known:
        return wanted or FIRST
    answered = {*draft.get("points", {}), *draft.get("skipped", ())}
    return next((each.key for each in order if each.key not in answered), REVIEW)


def _number(rater: Rater, order: Sequence[Facts], asked: str) -> int:
    others = [each.key for each in order if each.key != rater.draft.get("first")]
    return 1 if asked == FIRST else len(order) if asked == REVIEW or asked not in others else others.index(asked) + 2


def _first(rater: Rater, known: Mapping[str, Facts]) -> Facts | None:
    return known.get(rater.draft.get("first", ""))


def _answered(rater: Rater, order: Sequence[Facts]) -> list[Answered]:
    points, skipped = rater.draft.get("points", {}), rater.draft.get("skipped", ())
    shares = own_shares(rater.draft)
    found = [
        Answered(
            each, points.get(each.key), each.key not in points and each.key not in skipped, shares.get(each.key, 0)
        )
        for each in order
    ]
    return sorted(found, key=lambda row: -1.0 if row.points is None else row.points, reverse=True)


def _alone(rater: Rater, order: Sequence[Facts]) -> bool:
    """Whether every question is answered, and yet nothing is said of one change beside another."""
    points, skipped = rater.draft.get("points", {}), rater.draft.get("skipped", ())
    keys = [each.key for each in order]
    answered = all(key in points or key in skipped for key in keys)
    return answered and Judgement(rater.voice, points).silence(keys) is not None


def _said(rater: Rater) -> dict[str, Any]:
    """What this person said last in the session, as a form holds it; empty where nothing, or where it was erased."""
    since = max(rater.session.begun_n, said_before(rater.workspace, rater.id))
    return own_draft(rater.workspace, rater.by, rater.session.factors, since)


def _own(rater: Rater, known: Mapping[str, Facts]) -> dict[str, object]:
    """What this person said themselves and, where it is to be signed, what the group came to."""
    if not rater.session.is_revealed:
        return {}
    shares = own_shares(_said(rater))
    own = sorted(((known[key], share) for key, share in shares.items() if key in known), key=lambda each: -each[1])
    found: dict[str, object] = {"own": own, "top": max(shares.values(), default=1.0)}
    if rater.session.step in ("sign_off", "closed"):
        together = reveal(rater.workspace, rater.session, open_run(rater.workspace)).now
        ordered = sorted(together.weights.values(), key=lambda row: -row.mean)
        found["group"] = [(known[row.factor], row) for row in ordered if row.factor in known]
        found["people"] = together.people
    return found
