"""What is looked up in a log again and again: the same answers as by going through it, without going through it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from acts_building import BEGIN, chain_of
from vitalfew.workspace.act_log import ActLog
from vitalfew.workspace.chain import DefinitionRef, entry_hash, follow, timestamp

if TYPE_CHECKING:
    from vitalfew.workspace.chain import Act


def led_to(log: ActLog, act: Act) -> set[str]:
    """The hashes that an unbroken chain leads to, found by walking along it."""
    found, link = {act.hash}, act
    for other in log.acts:
        if other.n == link.n + 1 and other.prev == link.hash:
            found.add(other.hash)
            link = other
    return found


@given(st.lists(st.integers(0, 11), max_size=14), st.integers(0, 3))
def test_an_unbroken_chain_is_told_from_a_broken_one(order: list[int], forked: int) -> None:
    chain = chain_of(8)
    at = chain[3].at
    other = follow(chain[forked], at=at, by="p-b", kind="waiver", about="x", definition=None, body_hash="0" * 64)
    every = [*chain, other, *chain_of(3, salt="f")]
    log = ActLog(tuple(sorted((every[number] for number in order), key=lambda act: act.n)))
    for act in log.acts:
        assert {found.hash for found in log.acts if log.leads_to(act, found.hash)} == led_to(log, act)
    assert not log.leads_to(chain[0], "f" * 64)


@given(st.permutations(chain_of(6)))
def test_a_chain_leads_on_wherever_its_acts_stand_in_the_file(acts: list[Act]) -> None:
    log = ActLog(tuple(acts))
    for one in acts:
        assert {other.n for other in acts if log.leads_to(one, other.hash)} == set(range(one.n, 7))


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from("xyz"), st.booleans()), max_size=12))
def test_acts_about_something_and_its_wordings_come_in_order(said: list[tuple[str, str, bool]]) -> None:
    acts: list[Act] = []
    for about, wording, judged in said:
        named = DefinitionRef("hypotheses", about, 1, wording * 64)
        kind = "judgement" if judged else "forecast"
        last = acts[-1] if acts else None
        acts.append(
            follow(last, at=timestamp(BEGIN), by="p-a", kind=kind, about=about, definition=named, body_hash="0" * 64)
        )
    log = ActLog(tuple(acts), {act.n: {} for act in acts if act.n % 3})
    for about in "abc":
        expected = [act for act in acts if act.kind == "forecast" and act.about == about and act.n % 3]
        assert [act for act, _ in log.of("forecast", about)] == expected
        spoken = [act.definition.hash for act in acts if act.definition and act.about == about]
        wordings = list(dict.fromkeys(spoken))
        for number, wording in enumerate([*wordings, "0" * 64], start=1):
            assert log.version_of("hypotheses", about, wording) == number
    assert log.last_of("judgement") == next((act for act in reversed(acts) if act.kind == "judgement"), None)
    assert log == ActLog(log.acts, log.bodies)


def test_an_act_that_was_made_anew_begins_a_chain_of_its_own() -> None:
    chain = chain_of(4)
    bare = replace(chain[2], about="other")
    rewritten = replace(bare, hash=entry_hash(bare))
    log = ActLog((*chain[:2], rewritten, chain[3]))
    assert log.leads_to(chain[0], rewritten.hash)
    assert not log.leads_to(chain[0], chain[3].hash)
