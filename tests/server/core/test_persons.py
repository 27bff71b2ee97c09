"""One person is counted once, however many accounts and personal links they answer by."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from django.utils import timezone

from vitalfew.errors import UsageError
from vitalfew.judgement.panel import panel
from vitalfew.judgement.promises import promises
from vitalfew.judgement.pulse import pulse
from vitalfew.judgement.recording import judge
from vitalfew.pipeline import run
from vitalfew.server.bets.queries.board import board
from vitalfew.server.bets.services import promising
from vitalfew.server.core.access import Place
from vitalfew.server.core.journal import TableJournal
from vitalfew.server.core.models import Link, Member
from vitalfew.server.core.persons import same_people, voice_of_link, voice_of_user
from vitalfew.server.core.queries import promised
from vitalfew.server.core.queries.acts import pseudonym_of
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.roles import Role
from vitalfew.server.core.services.accounts import prove
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.invitations import invite, join
from vitalfew.server.core.services.links import find_link, make_link
from vitalfew.server.core.services.members import add_member
from vitalfew.server.core.services.moving import propose
from vitalfew.server.core.services.opened import Opened
from vitalfew.server.core.services.own_acts import count_said, erase, said
from vitalfew.server.core.services.upkeep import forget_expired
from vitalfew.server.value.models import Participant
from vitalfew.server.value.queries.sessions import session
from vitalfew.server.value.services import pulse as pulses
from vitalfew.server.value.services.answers import enter
from vitalfew.server.value.services.sessions import Plan, advance, open_session
from weighing import answer, open_for_weights

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.results.rows import PromiseRow
    from vitalfew.server.core.models import Workspace

    type MakeMember = Callable[..., Member]

NUMBERS = {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.0}


@pytest.fixture
def ada(workspace: Workspace, member: MakeMember) -> Place:
    """An editor."""
    return place_of(workspace, member("editor", name="Ada"))


def place_of(workspace: Workspace, found: Member) -> Place:
    workspace.refresh_from_db()
    return Place(workspace, found, found.user, Role(found.role).abilities)


def come_by(secret: str, purpose: str) -> Opened:
    """Whoever opened a link."""
    link = find_link(secret, purpose)
    assert link is not None
    assert link.workspace is not None
    voice = voice_of_link(link.speaks_as or link.pk)
    return Opened(link.pk, link.workspace, link.about, link.name, voice, link.expires_at)


def by_link(workspace: Workspace, name: str, evidence: str, email: str = "") -> None:
    """Somebody forecasts by a link that was made before its holder had an account, or by an older version."""
    secret = make_link("forecast", workspace, about="gate_rounds", name=name, email=email)
    promising.forecast_by_link(come_by(secret, "forecast"), NUMBERS, [evidence])


def promise(workspace: Workspace) -> PromiseRow:
    (row,) = promises(loaded(workspace).workspace.definitions, TableJournal(workspace.pk).read())
    return row


def test_links_of_one_address_and_its_account_are_one_forecaster(ada: Place) -> None:
    address = ada.user.email
    promising.forecast(ada, "gate_rounds", NUMBERS, ["bored"])
    for name, email in ((address.upper(), ""), ("A colleague", address), ("cleo@example.org", ""), ("Cleo", "")):
        by_link(ada.workspace, name, "https://example.org/a", email)
    by_link(ada.workspace, "Cleo@Example.org ", "https://example.org/b")
    assert promise(ada.workspace).forecasters == 3, "Ada, the address of Cleo, and the name of Cleo"


@pytest.mark.parametrize("at_once", [1, 1_000])
def test_the_board_counts_people_and_again_once_more_is_known_of_them(
    ada: Place, member: MakeMember, monkeypatch: pytest.MonkeyPatch, at_once: int
) -> None:
    monkeypatch.setattr(promised, "AT_ONCE", at_once)

    def counted() -> list[int]:
        ada.workspace.refresh_from_db()
        on_board = [card.forecasts for column in board(ada).columns for card in column.cards if card.key == "gate"]
        counted_on = promised._known.pop(ada.workspace.pk)
        (afresh,) = promised.spoken(ada.workspace)["gate_rounds"].forecasters.values()
        promised._known[ada.workspace.pk] = counted_on
        return [*on_board, afresh]

    promising.forecast(ada, "gate_rounds", NUMBERS)
    for name in ("Cleo@example.org", "cleo@example.org", "Ben"):
        by_link(ada.workspace, name, "https://example.org/a")
    assert counted() == [3, 3], "Ada, the address of Cleo, and Ben"
    cleo = member("viewer", name="Cleo")
    promising.forecast(place_of(ada.workspace, cleo), "gate_rounds", NUMBERS)
    assert counted() == [4, 4], "nobody knows yet whose account that is"
    cleo.user.email = "cleo@example.org"
    cleo.user.save()
    assert counted() == [3, 3]
    by_link(ada.workspace, "ben ", "https://example.org/b")
    assert counted() == [3, 3]
    cleo.user.email = "other@example.org"
    cleo.user.save()
    assert counted() == [4, 4]


def test_an_editor_with_four_links_learns_nothing_of_the_fifth_person(ada: Place) -> None:
    for number in range(4):
        by_link(ada.workspace, ada.user.email, f"https://example.org/{number}", ada.user.email)
    by_link(ada.workspace, "Cleo", "https://example.org/of-cleo")
    promising.lock(ada, "gate_rounds")
    found = promise(ada.workspace)
    assert (found.forecasters, found.evidenced, found.evidence) == (2, None, ())
    assert "of-cleo" not in str(run_tables(ada.workspace))


def test_who_erases_takes_along_what_they_said_by_links(ada: Place) -> None:
    promising.forecast(ada, "gate_rounds", NUMBERS, ["bored"])
    by_link(ada.workspace, ada.user.email.upper(), "https://example.org/a")
    by_link(ada.workspace, "Cleo", "https://example.org/of-cleo")
    assert [act["says"]["evidence"] for act in said(ada.workspace, ada.user)] == [["bored"], ["https://example.org/a"]]
    assert count_said(ada.workspace, ada.user) == erase(ada.workspace, ada.user) == 2
    assert said(ada.workspace, ada.user) == []
    log = TableJournal(ada.workspace.pk).read()
    assert [body["evidence"] for _, body in log.of("forecast", "gate_rounds")] == [["https://example.org/of-cleo"]]
    assert promise(ada.workspace).forecasters == 1


def run_tables(workspace: Workspace) -> object:
    """What a run of the whole workspace keeps of its promises."""
    (Path(workspace.folder) / "players.csv").write_text("id,rounds,back,arm,age\n1,2,1,new,20\n2,3,0,old,30\n")
    return run(replace(acting(workspace), acts=TableJournal(workspace.pk).read())).tables.promises


def test_five_addresses_are_five_people(ada: Place) -> None:
    for number in range(5):
        by_link(ada.workspace, f"{number}@example.org", f"https://example.org/{number}")
    promising.lock(ada, "gate_rounds")
    found = promise(ada.workspace)
    assert (found.forecasters, found.evidenced, len(found.evidence)) == (5, 5, 5)


def test_a_lock_from_before_persons_were_known_tells_no_more_than_five_people_said(
    ada: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(5):
        by_link(ada.workspace, f"cleo@example.org{' ' * number}", f"https://example.org/{number}")
    with monkeypatch.context() as before:
        before.setattr("vitalfew.server.core.journal.same_people", lambda _: {})
        promising.lock(ada, "gate_rounds")
        assert promise(ada.workspace).evidenced == 5
    found = promise(ada.workspace)
    assert (found.forecasters, found.evidenced, found.evidence) == (5, None, ())


def test_the_pulse_and_the_weights_hear_a_person_once(ada: Place) -> None:
    workspace = ada.workspace
    pulses.answer(ada, "rounds", None, None)
    for _ in range(4):
        secret = make_link("pulse", workspace, about="value_model", name=ada.user.email)
        pulses.answer(come_by(secret, "pulse"), "rounds", None, None)
        judge(acting(workspace), voice_of_link(Link.objects.latest("pk").pk), {"rounds": 3, "retention": 1})
    judge(acting(workspace), voice_of_user(ada.user), {"rounds": 1, "retention": 1})
    definitions, acts = loaded(workspace).workspace.definitions, TableJournal(workspace.pk).read()
    assert [row.people for row in pulse(definitions, acts, ())] == [1]
    (judgement,) = panel(definitions, acts).judgements
    assert judgement.points == {"rounds": 1, "retention": 1}, "the latest counts"
    assert panel(definitions, acts.carried()).judgements == (judgement,)
    assert panel(definitions, acts.until(acts.acts[-1].time.date())).judgements == (judgement,)


def test_the_page_that_locks_warns_of_few_people_however_many_links_they_answered_by(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    for name in ("cleo@example.org", "Cleo@example.org", "ben@example.org", "BEN@example.org"):
        by_link(workspace, name, "https://example.org/a")
    address = reverse("lock", kwargs={"workspace": workspace.key, "key": "gate_rounds"})
    page = client_of("editor", of=workspace).get(address).content.decode()
    assert "Only 2 people forecast it" in page


def test_a_plan_of_a_change_counts_a_person_once(ada: Place) -> None:
    for number in range(3):
        by_link(ada.workspace, "cleo@example.org", f"https://example.org/{number}")
        judge(acting(ada.workspace), voice_of_link(Link.objects.latest("pk").pk), {"rounds": 3, "retention": 1})
    before = loaded(ada.workspace).workspace.definitions
    gate, rounds = before.hypotheses["gate_rounds"], before.factors["rounds"]
    after = before.model_copy(
        update={
            "hypotheses": {"gate_rounds": gate.model_copy(update={"due": date(2030, 1, 2)})},
            "factors": {**before.factors, "rounds": rounds.model_copy(update={"range": (0, 50)})},
        }
    )
    plan = propose(ada.workspace, after).plan
    assert (plan.forecasts, plan.judgements) == ((("gate_rounds", 1),), 1)


def test_a_run_is_computed_anew_once_two_voices_are_known_to_be_one(ada: Place, member: MakeMember) -> None:
    by_link(ada.workspace, "cleo@example.org", "https://example.org/a")
    promising.forecast(place_of(ada.workspace, cleo := member("viewer", name="Cleo")), "gate_rounds", NUMBERS)
    before = TableJournal(ada.workspace.pk).read().state()
    cleo.user.email = "cleo@example.org"
    cleo.user.save()
    log = TableJournal(ada.workspace.pk).read()
    assert log.state() != before
    assert log.person(pseudonym_of(ada.workspace, voice_of_link(Link.objects.get().pk))) == pseudonym_of(
        ada.workspace, voice_of_user(cleo.user)
    )


def test_nothing_is_known_of_links_without_address_and_name(workspace: Workspace) -> None:
    for name in ("", "", "Ben", "ben "):
        make_link("session", workspace, about="1", name=name)
    make_link("forecast", workspace, about="gate_rounds", name="Ben")
    assert same_people(workspace.pk) == {}


def test_names_and_addresses_are_forgotten_and_who_is_one_person_stays_known(ada: Place) -> None:
    for name in ("cleo@example.org", "Cleo@example.org", ada.user.email, "Ben", "Ben"):
        by_link(ada.workspace, name, "https://example.org/a")
    make_link("forecast", ada.workspace, about="gate_rounds", name="Never opened")
    Link.objects.exclude(name="Never opened").update(opened_at=timezone.now())
    before = same_people(ada.workspace.pk)
    assert len(before) == 3
    Link.objects.update(expires_at=timezone.now() - timedelta(days=31))
    for _ in range(2):
        forget_expired()
        assert same_people(ada.workspace.pk) == before
    kept = str(list(Link.objects.values_list("name", "email")))
    assert Link.objects.count() == 5
    assert not any(word in kept for word in ("@", "leo", "Ben", "Never"))
    by_link(ada.workspace, "CLEO@example.org", "https://example.org/b")
    assert promise(ada.workspace).forecasters == 3


def test_members_who_answer_signed_in_get_no_link(ada: Place, member: MakeMember) -> None:
    ben, viewer = member("rater", name="Ben"), member("viewer", name="Vi")
    refused = f"{ben.user.email} is a member of this workspace"
    for ask in (
        lambda: promising.ask(ada, "gate_rounds", ["cleo@example.org", ben.user.email.upper()]),
        lambda: pulses.ask(ada, [ben.user.email]),
        lambda: open_session(ada.workspace, Plan("A", ("rounds",), people=((ben.user.email, ""),)), ada.user),
    ):
        with pytest.raises(UsageError, match=refused):
            ask()
    assert not Link.objects.exists()
    assert len(promising.ask(ada, "gate_rounds", [viewer.user.email])) == 1, "who only reads here has no other way"


def test_who_becomes_a_member_answers_signed_in_from_then_on(ada: Place, member: MakeMember) -> None:
    ((_, secret), (_, other)) = promising.ask(ada, "gate_rounds", ["Cleo@example.org", "ben@example.org"])
    cleo = member("viewer").user
    cleo.email = "cleo@example.org"
    cleo.save()
    cleo.memberships.all().delete()
    add_member(ada.workspace, cleo, "rater", by=ada.user)
    assert find_link(secret, "forecast") is None
    assert find_link(other, "forecast") is not None


def test_an_address_that_was_chosen_without_proof_takes_nobodys_voice_and_ends_no_link(ada: Place) -> None:
    by_link(ada.workspace, "cleo@example.org", "https://example.org/a")
    ((_, secret),) = promising.ask(ada, "gate_rounds", ["cleo@example.org"])
    bare = find_link(invite(ada.workspace, ada.user, Role.RATER), Link.Purpose.INVITATION)
    assert bare is not None
    eve = join(bare, "cleo@example.org", "Eve", "a long pass phrase of eve")
    assert find_link(secret, "forecast") is not None, "the link of whoever has that address"
    judge(acting(ada.workspace), voice_of_user(eve), {"rounds": 1, "retention": 1})
    assert pseudonym_of(ada.workspace, voice_of_user(eve)) not in same_people(ada.workspace.pk).values()
    prove(eve)
    assert pseudonym_of(ada.workspace, voice_of_user(eve)) in same_people(ada.workspace.pk).values()


def test_of_more_addresses_than_a_database_takes_at_once_all_are_looked_for(
    ada: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("ben@example.org", ada.user.email, "cleo@example.org"):
        by_link(ada.workspace, name, "https://example.org/a")
    before = same_people(ada.workspace.pk)
    assert before
    Member.objects.all().delete()
    monkeypatch.setattr("vitalfew.server.core.persons.AT_ONCE", 1)
    assert same_people(ada.workspace.pk) == before


def test_who_is_invited_to_a_later_session_keeps_their_voice(ada: Place) -> None:
    people = (("Mia", ""), ("Ben", ""), ("Guest", ""), ("Guest", ""))
    for _ in range(2):
        plan = Plan("A session", ("rounds", "retention"), people=people)
        begun, invited = open_for_weights(ada.workspace, plan, ada.user)
        for one in invited:
            answer(enter(one.secret))
        advance(begun.pk, "reveal", ada.user)
    log = TableJournal(ada.workspace.pk).read()
    assert len(log.people) == 6, "Mia and Ben once, and four of whom nothing is known"
    assert Participant.objects.count() == 8


def test_of_two_who_are_invited_by_one_name_neither_takes_the_voice_of_an_earlier_one(ada: Place) -> None:
    plan = Plan("A session", ("rounds", "retention"), people=(("Mia", ""),))
    key, (mia,) = open_session(ada.workspace, plan, ada.user)
    view = session(ada.workspace, key)
    assert view is not None
    advance(view.id, "measure", ada.user)
    enter(mia.secret)
    open_session(ada.workspace, replace(plan, people=(("Mia", "sales"), ("mia", "support"))), ada.user)
    assert [one.voice for one in Participant.objects.order_by("pk")][1:] == ["", ""]
