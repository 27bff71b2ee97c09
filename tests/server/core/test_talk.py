"""Discussions about definitions: who may say, change and take back what, and what text becomes on a page."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from django.urls import reverse
from hypothesis import given
from hypothesis import strategies as st

from vitalfew.server.core.models import Comment
from vitalfew.server.core.talk import handles, named, shown

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Member, Workspace

    type ClientOf = Callable[..., Client]
    type MakeMember = Callable[..., Member]

ADA, BEN = handles([(1, "Ada Byron", "ada@example.org"), (2, "", "ben@example.org")])


def test_an_address_becomes_a_link_that_gives_nothing_away() -> None:
    found = shown("see https://example.org/a?b=1&c=2, and (https://example.org/x_(y)).")
    assert '<a href="https://example.org/a?b=1&amp;c=2" rel="noopener nofollow ugc">' in found
    assert 'href="https://example.org/x_(y)"' in found


@pytest.mark.parametrize("text", ["javascript:alert(1)", "<script>alert(1)</script>", 'https://a.b/"onclick="x'])
def test_no_text_becomes_script(text: str) -> None:
    found = shown(text)
    assert "<script" not in found
    assert 'href="javascript' not in found
    assert 'onclick="' not in found


@given(st.text(max_size=200))
def test_whatever_is_written_is_escaped(text: str) -> None:
    found = shown(text, (ADA, BEN))
    for own in ('<b class="at">', "</b>", '<a href="', '" rel="noopener nofollow ugc">', "</a>"):
        found = found.replace(own, "")  # type: ignore[assignment]  # plain text from here on
    assert not set('<>"') & set(found)


def test_people_are_named_by_the_first_part_of_their_address() -> None:
    assert named("@ada, and @BEN. mail@ada.org is no name, @adam nobody", (ADA, BEN)) == (ADA, BEN)
    assert named("write to me@ben or x@ada", (ADA, BEN)) == ()


def test_two_people_with_the_same_first_part_are_named_by_the_whole_address() -> None:
    both = handles([(1, "A", "ada@example.org"), (2, "B", "ada@example.com")])
    assert named("@ada@example.com", both) == (both[1],)


def test_a_comment_is_said_reworded_deleted_and_brought_back(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("contributor")
    add = reverse("comment-add", kwargs={"workspace": workspace.key})
    browser.post(add, {"kind": "initiatives", "about": "gate", "text": "the gate is where it is"})
    (said,) = Comment.objects.all()
    edit, delete = (
        reverse(name, kwargs={"workspace": workspace.key, "pk": said.pk}) for name in ("comment-edit", "comment-delete")
    )
    browser.post(edit, {"text": "the gate is too far away"})
    said.refresh_from_db()
    assert (said.text, said.edited_at is not None) == ("the gate is too far away", True)
    answer = browser.post(delete, follow=True)
    said.refresh_from_db()
    assert said.deleted_at is not None
    (message,) = answer.context["messages"]
    browser.post(message.extra_tags)
    said.refresh_from_db()
    assert said.deleted_at is None


def test_nobody_changes_what_somebody_else_said(workspace: Workspace, client_of: ClientOf) -> None:
    ada = client_of("contributor")
    ada.post(
        reverse("comment-add", kwargs={"workspace": workspace.key}), {"kind": "metrics", "about": "rounds", "text": "a"}
    )
    (said,) = Comment.objects.all()
    ben = client_of("editor")
    for name in ("comment-edit", "comment-delete"):
        answer = ben.post(reverse(name, kwargs={"workspace": workspace.key, "pk": said.pk}), {"text": "b"})
        assert answer.status_code == 403
    said.refresh_from_db()
    assert (said.text, said.deleted_at) == ("a", None)


def test_whoever_is_mentioned_finds_it_until_they_have_looked(
    workspace: Workspace, client_of: ClientOf, member: MakeMember
) -> None:
    ben = member("rater")
    handle = ben.user.email.partition("@")[0]
    client_of("contributor").post(
        reverse("comment-add", kwargs={"workspace": workspace.key}),
        {"kind": "initiatives", "about": "gate", "text": f"@{handle} what do you think?"},
    )
    from vitalfew.server.core.queries.comments import mentions, unseen_mentions
    from vitalfew.server.core.services.comments import saw_mentions

    assert unseen_mentions(ben) == 1
    (said,) = mentions(workspace, ben.user)
    assert said.unseen
    saw_mentions(ben)
    ben.refresh_from_db()
    assert unseen_mentions(ben) == 0


def test_nothing_is_said_about_what_does_not_exist(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("contributor")
    add = reverse("comment-add", kwargs={"workspace": workspace.key})
    for kind, about in (("initiatives", "nothing"), ("policy", ""), ("model_fields", "x")):
        browser.post(add, {"kind": kind, "about": about, "text": "words"})
    assert not Comment.objects.exists()


def test_whoever_may_discuss_is_offered_the_people_to_name(workspace: Workspace, client_of: ClientOf) -> None:
    address = reverse("people-to-name", kwargs={"workspace": workspace.key})
    writer = client_of("contributor")
    offered = writer.get(address).json()["people"]
    assert all(set(person) == {"handle", "name"} for person in offered)
    assert offered
    assert client_of("viewer").get(address).status_code == 403
