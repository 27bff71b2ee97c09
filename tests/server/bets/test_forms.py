"""Experiments, releases and needs by form: what is typed becomes the definition, and nothing else is lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from form_pages import kept, page_at, wrong_in
from vitalfew.server.core.services.acts import acting, voice_of_user
from vitalfew.server.core.services.definitions import save

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

PLAYERS = "id,arm,age,rounds,back\n" + "".join(
    f"p{at},{'old' if at % 2 else 'new'},{at % 60},{at % 7},{at % 3 == 0}\n" for at in range(200)
)


@pytest.fixture
def ada(client_of: ClientOf) -> Client:
    """An analyst."""
    return client_of("analyst")


@pytest.fixture
def data(workspace: Workspace) -> Workspace:
    """The table that the workspace names."""
    (Path(workspace.folder) / "players.csv").write_text(PLAYERS, encoding="utf-8")
    return workspace


# Experiments ------------------------------------------------------------------------------------------------------

TEST = {"title": "Soft walls", "source": "players", "variant": "arm", "control": "old", "design": "units"}


def test_a_new_experiment_begins_with_what_the_data_tell(data: Workspace, ada: Client) -> None:
    form = ada.get(page_at("new-experiment", data)).context["form"]
    assert (form.initial["source"], form.initial["variant"], form.initial["control"]) == ("players", "arm", "old")


def test_an_experiment_is_written_down_with_its_plan(data: Workspace, ada: Client) -> None:
    sent = TEST | {
        "initiative": "gate",
        "team": "games",
        "split": "old, 50\nnew, 50",
        "plan__primary": ["rounds"],
        "plan__guardrails": ["retention"],
        "plan__mode": "fixed",
        "plan__smallest_effect": "5",
        "plan__units": "400",
        "plan__power": "0.8",
        "plan__alpha": "0.05",
        "crossed": "exclude",
        "start": "2026-03-02",
        "end": "2026-03-30",
    }
    answer = ada.post(page_at("new-experiment", data), sent)
    assert answer.headers["Location"] == page_at("experiment", data, key="soft_walls")
    assert kept(data, "experiments", "soft_walls") == {
        "title": "Soft walls",
        "initiative": "gate",
        "team": "games",
        "source": "players",
        "variant": "arm",
        "control": "old",
        "split": {"old": 50.0, "new": 50.0},
        "plan": {
            "primary": ["rounds"],
            "guardrails": ["retention"],
            "mode": "fixed",
            "smallest_effect": 0.05,
            "units": 400,
        },
        "start": "2026-03-02",
        "end": "2026-03-30",
    }


def test_an_arm_that_the_data_do_not_hold_is_refused_with_the_nearest(data: Workspace, ada: Client) -> None:
    answer = ada.post(page_at("new-experiment", data), TEST | {"control": "olt", "split": "old, 1\nnow, 1"})
    assert "did you mean 'old'" in wrong_in(answer)["control"]
    assert "did you mean 'new'" in wrong_in(answer)["split"]
    assert kept(data, "experiments", "soft_walls") == {}


def test_a_field_of_another_design_is_left_out(data: Workspace, ada: Client) -> None:
    ada.post(page_at("new-experiment", data), TEST | {"burn_in": "2", "holds_out": ["move_gate"]})
    assert {"burn_in", "holds_out"}.isdisjoint(kept(data, "experiments", "soft_walls"))
    ada.post(
        page_at("edit-experiment", data, key="soft_walls"),
        TEST | {"design": "holdout", "holds_out": ["move_gate"], "version": "1"},
    )
    assert kept(data, "experiments", "soft_walls")["holds_out"] == ["move_gate"]


def test_what_the_form_of_an_experiment_does_not_show_stays(data: Workspace, ada: Client) -> None:
    standing = kept(data, "experiments", "move_gate") | {"dealing": {"salt": "s"}, "plan": {"looks": [0.5, 1.0]}}
    save(data, "experiments", "move_gate", standing, by=None, version=1)
    form = ada.get(page_at("edit-experiment", data, key="move_gate")).context["form"]
    sent = {name: value for name, value in form.initial.items() if value not in (None, "")}
    ada.post(page_at("edit-experiment", data, key="move_gate"), sent | {"title": "Moved"})
    assert kept(data, "experiments", "move_gate") == standing | {"title": "Moved"}


def test_a_locked_plan_stays_though_the_form_is_sent(data: Workspace, ada: Client) -> None:
    from vitalfew.judgement.recording import lock_plan

    planned = kept(data, "experiments", "move_gate") | {"plan": {"primary": ["rounds"]}}
    save(data, "experiments", "move_gate", planned, by=None, version=1)
    lock_plan(acting(data), "move_gate", voice_of_user(ada.member.user))  # type: ignore[attr-defined]  # of the fixture
    page = ada.get(page_at("edit-experiment", data, key="move_gate"))
    assert "The plan is locked" in page.text
    sent = TEST | {"title": "Moved", "plan__primary": ["retention"], "version": "2"}
    assert ada.post(page_at("edit-experiment", data, key="move_gate"), sent).status_code == 302
    assert kept(data, "experiments", "move_gate")["plan"] == {"primary": ["rounds"]}


def test_a_plan_is_kept_in_its_experiment_by_the_form(data: Workspace, ada: Client) -> None:
    asked = {"plan__primary": "rounds", "plan__units": "1200", "plan__mode": "fixed"}
    form = ada.get(page_at("edit-experiment", data, key="move_gate"), asked).context["form"]
    assert [form.initial[name] for name in asked] == [["rounds"], "1200", "fixed"]


def test_two_who_edit_an_experiment_at_once_see_both_versions(data: Workspace, client_of: ClientOf) -> None:
    address = page_at("edit-experiment", data, key="move_gate")
    client_of("analyst").post(address, TEST | {"title": "Hers", "version": "1"})
    answer = client_of("analyst").post(address, TEST | {"title": "His", "version": "1"})
    assert answer.status_code == 409
    assert "Hers" in answer.text
    assert "His" in answer.text


def test_a_removed_experiment_comes_back_by_undo(data: Workspace, ada: Client) -> None:
    answer = ada.post(page_at("remove-experiment", data, key="move_gate"), {"version": "1"}, follow=True)
    assert kept(data, "experiments", "move_gate") == {}
    (message,) = answer.context["messages"]
    ada.post(message.extra_tags)
    assert kept(data, "experiments", "move_gate")["control"] == "old"


def test_forms_are_for_whoever_defines_and_buttons_say_so(data: Workspace, client_of: ClientOf) -> None:
    for role, offered in (("editor", False), ("analyst", True)):
        browser = client_of(role)
        page = browser.get(page_at("experiments", data)).text
        assert (page_at("new-experiment", data) in page) is offered
        assert browser.get(page_at("new-experiment", data)).status_code == (200 if offered else 403)


def test_what_the_folder_owns_is_read_only_with_its_place(demo: Workspace, client_of: ClientOf) -> None:
    ada = client_of("admin", of=demo)
    for name in ("edit-experiment", "edit-release"):
        key = "guided_tour" if name == "edit-experiment" else next(iter(_releases(demo)))
        answer = ada.get(page_at(name, demo, key=key))
        assert answer.status_code == 403
        assert "evidence.yaml" in answer.text
        assert "line" in answer.text


def _releases(row: Workspace) -> dict[str, Any]:
    from vitalfew.server.core.queries.definitions import loaded

    return dict(loaded(row).workspace.definitions.releases)


def test_an_experiment_is_decided_from_its_page(demo: Workspace, client_of: ClientOf) -> None:
    ada = client_of("editor", of=demo)
    decide = page_at("decide", demo, line="guided_tour") + "?of=experiment"
    assert decide in ada.get(page_at("experiment", demo, key="guided_tour")).text
    page = ada.get(decide)
    assert "a trust test failed" in page.context["form"].initial["evidence"]
    assert page.context["weak"]
    assert "A trust test failed." in page.text


# Releases ---------------------------------------------------------------------------------------------------------

RELEASE = {"title": "Lanterns", "date": "2026-05-04", "came": ""}


def test_a_release_is_written_down(data: Workspace, ada: Client) -> None:
    sent = RELEASE | {"team": "games", "initiatives": ["gate"], "features": ["lobby"], "metrics": ["rounds"]}
    assert ada.post(page_at("new-release", data), sent).headers["Location"] == page_at("release", data, key="lanterns")
    expected = {"title": "Lanterns", "date": "2026-05-04", "team": "games", "initiatives": ["gate"]}
    assert kept(data, "releases", "lanterns") == expected | {"features": ["lobby"], "metrics": ["rounds"]}


def test_waves_are_listed_by_group_and_day(data: Workspace, ada: Client) -> None:
    address = page_at("new-release", data)
    wrong = ada.post(address, RELEASE | {"came": "units", "rollout__units": "north, soon"})
    assert "is not a name, a comma and a day" in wrong_in(wrong)["rollout__units"]
    lines = "north, 2026-05-04\nsouth, 2026-05-18"
    ada.post(address, RELEASE | {"came": "units", "rollout__units": lines, "how": "randomised"})
    rollout = {"units": {"north": "2026-05-04", "south": "2026-05-18"}, "randomised": True}
    assert kept(data, "releases", "lanterns")["rollout"] == rollout
    form = ada.get(page_at("edit-release", data, key="lanterns")).context["form"]
    assert (form.initial["came"], form.initial["rollout__units"], form.initial["how"]) == ("units", lines, "randomised")


def test_a_release_that_came_to_everybody_has_no_rollout_any_more(data: Workspace, ada: Client) -> None:
    save(
        data,
        "releases",
        "lanterns",
        {"date": "2026-05-04", "rollout": {"source": "players", "wave": "arm"}},
        by=None,
        version=0,
    )
    ada.post(page_at("edit-release", data, key="lanterns"), RELEASE | {"version": "1"})
    assert kept(data, "releases", "lanterns") == {"title": "Lanterns", "date": "2026-05-04"}


def test_waves_need_to_say_what_tells_them(data: Workspace, ada: Client) -> None:
    answer = ada.post(page_at("new-release", data), RELEASE | {"came": "column", "rollout__source": "players"})
    assert set(wrong_in(answer)) == {"rollout__wave"}


# Needs ------------------------------------------------------------------------------------------------------------


def test_a_need_is_written_down_with_what_is_behind_it(workspace: Workspace, client_of: ClientOf) -> None:
    ada = client_of("editor")
    sent = {
        "statement": "Players wait in the dark before a round",
        "segment": "young",
        "harms": ["retention"],
        "feedback": "4",
        "causes__0__cause": "Rounds start when all are there",
        "causes__0__evidence": "observed",
        "causes__1__cause": "",
        "causes__1__evidence": "",
    }
    answer = ada.post(page_at("new-need", workspace), sent)
    key = "players_wait_in_the_dark_before"
    assert answer.headers["Location"] == page_at("need", workspace, key=key)
    expected = {"statement": sent["statement"], "segment": "young", "harms": ["retention"], "feedback": 4}
    cause = {"cause": "Rounds start when all are there", "evidence": "observed"}
    assert kept(workspace, "needs", key) == expected | {"causes": [cause]}
    page = ada.get(page_at("need", workspace, key=key)).text
    assert "Rounds start when all are there" in page
    assert "observed" in page


def test_a_cause_says_how_it_is_known(workspace: Workspace, client_of: ClientOf) -> None:
    sent = {"statement": "It is dark", "causes__0__cause": "No lanterns", "causes__0__evidence": ""}
    answer = client_of("editor").post(page_at("new-need", workspace), sent)
    assert "assumed" in wrong_in(answer)["causes__0__evidence"]


def test_a_need_that_a_bet_serves_says_so_when_it_is_removed(workspace: Workspace, client_of: ClientOf) -> None:
    answer = client_of("editor").post(page_at("remove-need", workspace, key="bored"), {"version": "1"}, follow=True)
    assert "It is still needed" in answer.text
    assert kept(workspace, "needs", "bored")


def test_lists_without_anything_teach_and_lists_with_something_are_csv(
    workspace: Workspace, client_of: ClientOf
) -> None:
    ada = client_of("editor")
    assert "Waiting for others is dull" in ada.get(page_at("needs", workspace), {"format": "csv"}).text
    save(workspace, "initiatives", "gate", {"title": "Move the gate", "status": "idea"}, by=None, version=1)
    ada.post(page_at("remove-need", workspace, key="bored"), {"version": "1"})
    page = ada.get(page_at("needs", workspace)).text
    assert "First step: write the one you hear most often." in page
