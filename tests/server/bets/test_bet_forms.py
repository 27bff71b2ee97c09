"""Writing bets in forms: what is typed becomes the definition, what the form does not show stays as it is."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from vitalfew.server.core.definition_forms import key_of
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.queries.history import body_of
from vitalfew.server.core.services.definitions import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]


def test_a_bet_is_written_down_by_its_title_alone(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor")
    answer = browser.post(
        reverse("new-initiative", kwargs={"workspace": workspace.key}), {"title": "Dig a moat", "version": "0"}
    )
    assert answer.headers["Location"].endswith("/dig_a_moat/")
    workspace.refresh_from_db()
    assert loaded(workspace).workspace.definitions.initiatives["dig_a_moat"].title == "Dig a moat"


def test_an_edit_keeps_what_the_form_does_not_show(workspace: Workspace, client_of: ClientOf) -> None:
    save(
        workspace,
        "initiatives",
        "tools",
        {"title": "T", "scores": {"kano": {"must_be": 3}}, "cost": 3, "reach": 0.2},
        by=None,
        version=1,
    )
    form = {
        "title": "Tools",
        "cost_low": "2",
        "cost_likely": "3",
        "cost_high": "5",
        "reach": "20",
        "version": "2",
        "serves": ["bored"],
    }
    client_of("editor").post(reverse("edit-initiative", kwargs={"workspace": workspace.key, "key": "tools"}), form)
    body, version = body_of(workspace, "initiatives", "tools") or ({}, None)
    said = {"title": "Tools", "cost": {"p10": 2, "p50": 3, "p90": 5}, "reach": 0.2, "serves": ["bored"]}
    assert (body, version) == (said | {"scores": {"kano": {"must_be": 3}}}, 3)


def test_a_cost_is_one_number_or_three_that_rise(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor")
    address = reverse("new-initiative", kwargs={"workspace": workspace.key})
    for given in (("3", "", ""), ("3", "2", "5"), ("1", "", "5"), ("", "0", "")):
        cost = dict(zip(("cost_low", "cost_likely", "cost_high"), given, strict=True))
        page = browser.post(address, {"title": "Moat", "version": "0"} | cost).text
        assert "errorlist" in page, given
    workspace.refresh_from_db()
    assert set(loaded(workspace).workspace.definitions.initiatives) == {"gate", "tools"}


def test_two_who_edit_at_once_see_both_versions(workspace: Workspace, client_of: ClientOf) -> None:
    address = reverse("edit-initiative", kwargs={"workspace": workspace.key, "key": "tools"})
    client_of("editor").post(address, {"title": "Hers", "version": "1"})
    ben = client_of("admin")
    answer = ben.post(address, {"title": "His", "version": "1"})
    assert answer.status_code == 409
    assert "Hers" in answer.text
    assert "His" in answer.text
    ben.post(address, {"title": "His", "version": str(answer.context["version"])})
    workspace.refresh_from_db()
    assert loaded(workspace).workspace.definitions.initiatives["tools"].title == "His"


def test_a_hypothesis_is_written_as_a_sentence_and_a_number(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor")
    form = {
        "who": "newcomers",
        "will": "play one round more",
        "because": "six of eight gave up at the gate",
        "metric": "rounds",
        "segment": "young",
        "due": "2030-02-01",
        "method": "release",
        "guardrails": ["retention"],
        "rethink": "nobody plays more",
        "version": "0",
    }
    where = {"workspace": workspace.key, "key": "tools"}
    address = reverse("new-hypothesis", kwargs={"workspace": workspace.key})
    asked = browser.get(address, {"initiative": "tools"}).context["form"]["initiative"].value()
    browser.post(address, form | {"initiative": asked})
    body, _ = body_of(workspace, "hypotheses", "tools_rounds") or ({}, None)
    assert body == {name: value for name, value in form.items() if name != "version"} | {"initiative": "tools"}
    page = browser.get(reverse("initiative", kwargs=where)).text
    assert "We believe newcomers will play one round more, because six of eight gave up at the gate." in page
    assert "nobody plays more" in page
    edit = browser.get(reverse("edit-hypothesis", kwargs={"workspace": workspace.key, "key": "tools_rounds"}))
    assert edit.context["title"].startswith("Edit: We believe newcomers will play one round more")


def test_a_removed_bet_comes_back_by_undo(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor")
    where = {"workspace": workspace.key, "key": "gate"}
    save(
        workspace,
        "experiments",
        "move_gate",
        {"source": "players", "variant": "arm", "control": "old"},
        by=None,
        version=1,
    )
    answer = browser.post(reverse("remove-initiative", kwargs=where), {"version": "1"}, follow=True)
    workspace.refresh_from_db()
    assert "gate" not in loaded(workspace).workspace.definitions.initiatives
    assert "gate_rounds" not in loaded(workspace).workspace.definitions.hypotheses
    (message,) = answer.context["messages"]
    browser.post(message.extra_tags)
    workspace.refresh_from_db()
    assert "gate_rounds" in loaded(workspace).workspace.definitions.hypotheses


def test_the_history_of_a_bet_is_on_its_page(workspace: Workspace, client_of: ClientOf) -> None:
    browser = client_of("editor")
    where = {"workspace": workspace.key, "key": "tools"}
    browser.post(reverse("edit-initiative", kwargs=where), {"title": "Better tools", "version": "1"})
    page = browser.get(reverse("initiative", kwargs=where), {"tab": "history"}).text
    assert "<ins>Better tools</ins>" in page
    assert "<del>New tools</del>" in page


def test_keys_are_made_of_titles_and_never_twice() -> None:
    assert key_of("Größere Fotos!", (), "bet") == "grossere_fotos"
    assert key_of("A", ("a", "a_2"), "bet") == "a_3"
    assert key_of("漢字", (), "bet") == "bet"


def test_a_bet_begins_with_the_need_it_was_asked_for(workspace: Workspace, client_of: ClientOf) -> None:
    address = reverse("new-initiative", kwargs={"workspace": workspace.key})
    form = client_of("editor").get(address, {"serves": "bored"}).context["form"]
    assert form["serves"].value() == ["bored"]


def test_nothing_is_chosen_in_a_new_hypothesis_but_what_its_address_names(
    workspace: Workspace, client_of: ClientOf
) -> None:
    browser = client_of("editor")
    address = reverse("new-hypothesis", kwargs={"workspace": workspace.key})
    form = browser.get(address).context["form"]
    sent = {each.name: each.value() or "" for each in form if each.name in ("initiative", "metric", "version")}
    assert sent == {"initiative": "", "metric": "", "version": ""}
    assert 'value="" selected>choose one<' in browser.get(address, {"initiative": "tools"}).text
    answer = browser.post(address, sent)
    lacking = "Nothing is chosen: take one of the list."
    assert answer.context["form"].errors == {"initiative": [lacking], "metric": [lacking]}
    assert answer.text.count(lacking) >= 2
