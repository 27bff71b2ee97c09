"""The value model and what belongs to it: pages, forms with versions, budgets of factors, signing, what changed."""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING

import pytest

from form_pages import page_at, wrong_in
from vitalfew.judgement.recording import decide
from vitalfew.report.words import share_span
from vitalfew.server.core.models import Definition, Workspace
from vitalfew.server.core.queries.acts import said
from vitalfew.server.core.services.acts import acting
from vitalfew.server.core.services.definitions import save
from vitalfew.server.value.queries.versions import compared, versions

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results

PAGES = ("value-model", "value-versions", "stakeholders", "goals", "policy")


@pytest.fixture
def ada(client_of: Callable[..., Client]) -> Client:
    """Who keeps the value model."""
    return client_of("facilitator")


@pytest.mark.parametrize("name", PAGES)
def test_every_page_reads_a_workspace_without_a_run(workspace: Workspace, ada: Client, name: str) -> None:
    answer = ada.get(page_at(name, workspace))
    assert answer.status_code == 200
    assert b'class="answers"' in answer.content


@pytest.mark.parametrize("name", PAGES)
def test_every_page_reads_a_run_of_the_demo(demo: Workspace, ada: Client, name: str) -> None:
    assert ada.get(page_at(name, demo)).status_code == 200


def test_factors_show_range_weight_lights_and_whether_disagreement_matters(demo: Workspace, ada: Client) -> None:
    page = ada.get(page_at("value-model", demo)).content.decode().replace("\N{NO-BREAK SPACE}", " ")
    assert "Planning is quick: from 45 min to 30 min; today 4" in page
    assert "four of five members" in page
    assert "no key result asks for it" in page
    assert "No: all 14 people would fund the same by their own weights." in page
    assert "factors would decide nearly the same" in page
    assert "value.yaml, line" in page
    text = ada.get(page_at("value-model", demo) + "?format=csv").content.decode()
    assert text.startswith("factor,title,metric,worst,best,today,weight")
    assert "planning_minutes,Planning is quick,Minutes to plan a day,45.0,30.0" in text


def test_how_far_the_factors_are_agreed_on_is_counted_light_by_light(demo: Workspace, ada: Client) -> None:
    text = ada.get(page_at("value-model", demo)).content.decode()
    assert "Of 6 factors 6 are told, 6 measured, 6 weighed, 3 have a target." in text
    assert "Is the North Star one?" in text
    assert "Who weighs what" in text


def test_who_has_no_factor_no_guardrail_and_no_raters_is_voiceless(workspace: Workspace, ada: Client) -> None:
    save(workspace, "stakeholders", "neighbours", {"title": "Neighbours", "role": "affected"}, by=None, version=0)
    text = ada.get(page_at("stakeholders", workspace)).content.decode()
    assert 'Neighbours <span class="tag warn">voiceless</span>' in text


def test_members_are_shown_as_a_band_from_five_raters_up_only(workspace: Workspace, ada: Client) -> None:
    assert "; four of five members" not in ada.get(page_at("value-model", workspace)).content.decode()


def test_a_factor_is_edited_in_the_unit_it_is_shown_in(workspace: Workspace, ada: Client) -> None:
    body = {"range": [0.1, 0.5], "title": "Back", "lag_weeks": 4, "stakeholder": "players"}
    save(workspace, "factors", "retention", body, by=None, version=1)
    address = page_at("edit-factor", workspace, key="retention")
    page = ada.get(address).content.decode()
    assert 'value="10"' in page
    assert 'value="50"' in page
    sent = {"title": "Back again", "worst": "12.5", "best": "50", "form": "linear", "loss": "1", "version": "2"}
    assert ada.post(address, sent | {"lag_weeks": "4"}).status_code == 302
    row = Definition.objects.get(workspace=workspace, kind="factors", key="retention")
    assert row.body == {"title": "Back again", "range": [0.125, 0.5], "lag_weeks": 4}
    assert row.version == 3


def test_two_who_edit_at_once_are_told_and_nothing_is_lost(workspace: Workspace, ada: Client) -> None:
    address = page_at("edit-factor", workspace, key="rounds")
    sent = {"title": "Mine", "worst": "0", "best": "40", "form": "linear", "loss": "1", "version": "1"}
    assert ada.post(address, sent | {"title": "Theirs"}).status_code == 302
    answer = ada.post(address, sent)
    assert answer.status_code == 409
    assert b"Theirs" in answer.content
    assert b"Mine" in answer.content


def test_a_worth_that_needs_a_number_asks_for_it(workspace: Workspace, ada: Client) -> None:
    address = page_at("edit-factor", workspace, key="rounds")
    sent = {"title": "x", "worst": "0", "best": "40", "form": "saturating", "loss": "1", "version": "1"}
    answer = ada.post(address, sent)
    assert answer.status_code == 200
    assert b"This worth needs the number." in answer.content
    assert ada.post(address, sent | {"half": "10", "baseline": "5"}).status_code == 302
    body = Definition.objects.get(workspace=workspace, kind="factors", key="rounds").body
    assert body["utility"] == {"form": "saturating", "half": 10.0}


def test_a_new_factor_asks_first_for_what_it_needs_and_shows_numbers_of_a_worth_with_that_worth(
    workspace: Workspace, ada: Client
) -> None:
    form = ada.get(page_at("new-factor", workspace)).context["form"]
    assert form["half"].kinds == "saturating"
    assert form["target"].kinds == form["width"].kinds == "threshold"
    assert [shown.folded for shown in form.shown()] == [False, True]


def test_more_than_ten_factors_are_refused_and_more_than_five_warned_of(workspace: Workspace, ada: Client) -> None:
    for at in range(9):
        save(workspace, "metrics", f"m{at}", {"source": "players", "column": "rounds"}, by=None, version=0)
    for at in range(4):
        save(workspace, "factors", f"m{at}", {"range": [0, 1]}, by=None, version=0)
    address = page_at("new-factor", workspace)
    assert b"above 5" in ada.get(address).content
    for at in range(4, 8):
        save(workspace, "factors", f"m{at}", {"range": [0, 1]}, by=None, version=0)
    sent = {"metric": "m8", "worst": "0", "best": "1", "form": "linear", "loss": "1", "version": "0"}
    assert b"are refused" in ada.post(address, sent).content
    assert Definition.objects.filter(workspace=workspace, kind="factors").count() == 10


def test_what_the_folder_owns_is_edited_there(demo: Workspace, ada: Client) -> None:
    answer = ada.get(page_at("edit-factor", demo, key="jobs_completed"))
    assert answer.status_code == 403
    assert b"value.yaml" in answer.content


def test_the_policy_is_edited_before_there_is_any_team_or_metric(workspace: Workspace, ada: Client) -> None:
    Definition.objects.filter(workspace=workspace).exclude(kind="workspace").delete()
    Workspace.objects.filter(pk=workspace.pk).update(defined=workspace.defined + 1)
    page = ada.get(page_at("edit-policy", workspace))
    assert page.status_code == 200
    assert "Budget of one horizon" in page.text


def test_guardrails_stakeholders_goals_and_policy_are_saved_by_forms(workspace: Workspace, ada: Client) -> None:
    metric = {"margin": "3", "version": "1"}
    assert ada.post(page_at("edit-guardrail", workspace, key="retention"), metric).status_code == 302
    who = {"title": "Parents", "role": "payer", "side": "customer", "version": "0"}
    assert ada.post(page_at("new-stakeholder", workspace), who).status_code == 302
    assert ada.post(page_at("new-vision", workspace), {"title": "Everybody plays", "version": "0"}).status_code == 302
    goal = {"title": "More come back", "serves": ["everybody_plays"], "version": "0"}
    result = {"title": "Back", "metric": "retention", "baseline": "30", "target": "40", "due": "2030-01-01"}
    goal |= {f"key_results__0__{part}": said for part, said in result.items()}
    assert ada.post(page_at("new-objective", workspace), goal).status_code == 302
    rules = {"budget": "20", "cost_unit": "days", "horizon_weeks": "26", "decision__success": "all"}
    rules |= {"decision__guardrails": "no_harm", "rater_groups": "players, 2\nstaff, 1", "version": "1"}
    floor = "technical__floors__0__"
    rules |= {"technical__share": "20", f"{floor}metric": "retention", f"{floor}level": "25"}
    assert ada.post(page_at("edit-policy", workspace), rules).status_code == 302
    held = {(row.kind, row.key): row.body for row in Definition.objects.filter(workspace=workspace)}
    assert held["guardrails", "retention"] == {"margin": 0.03}
    assert held["stakeholders", "parents"]["role"] == "payer"
    kept = {"title": "Back", "metric": "retention", "baseline": 0.3, "target": 0.4, "due": "2030-01-01"}
    assert held["objectives", "more_come_back"]["key_results"] == {"back": kept}
    assert held["policy", ""]["rater_groups"] == {"players": 2.0, "staff": 1.0}
    assert held["policy", ""]["decision"] == {"success": "all", "guardrails": "no_harm"}
    page = ada.get(page_at("policy", workspace)).content.decode()
    assert "all primary metrics are better" in page
    assert "players 67" in page
    assert held["policy", ""]["technical"] == {"share": 0.2, "floors": [{"metric": "retention", "level": 0.25}]}
    assert "At least 20" in page
    assert "Never worse than its floor:" in page
    assert "More come back" in ada.get(page_at("goals", workspace)).content.decode()


@pytest.mark.parametrize("role", ["viewer", "rater", "contributor"])
def test_roles_that_may_not_edit_see_no_form(workspace: Workspace, client_of: Callable[..., Client], role: str) -> None:
    client = client_of(role)
    for name, given in (("new-factor", {}), ("edit-guardrail", {"key": "retention"}), ("edit-policy", {})):
        assert client.get(page_at(name, workspace, **given)).status_code == 403
    assert "Add a factor" not in client.get(page_at("value-model", workspace)).content.decode()


def test_signing_off_is_an_act_about_the_model_as_it_stands(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    rater = client_of("rater")
    assert rater.post(page_at("sign-value-model", workspace)).status_code == 302
    assert "you have signed this off" in rater.get(page_at("value-model", workspace)).content.decode()
    ((act, _),) = said(workspace, kind="sign_off")
    assert act.about == "value_model"
    save(workspace, "factors", "rounds", {"range": [0, 50]}, by=None, version=1)
    assert "you have signed this off" not in rater.get(page_at("value-model", workspace)).content.decode()
    assert client_of("viewer").post(page_at("sign-value-model", workspace)).status_code == 403


def test_versions_tell_what_was_added_changed_and_removed(workspace: Workspace, ada: Client) -> None:
    save(workspace, "factors", "rounds", {"range": [0, 40], "stakeholder": "players"}, by=None, version=1)
    user = ada.member.user  # type: ignore[attr-defined]  # of the fixture
    save(workspace, "factors", "rounds", {"range": [0, 60], "stakeholder": "players"}, by=user, version=2)
    known = versions(workspace)
    assert len(known) >= 2
    assert known[0].by == str(user)
    rows = {row.key: row for row in compared(workspace, known[1], known[0])}
    assert rows["rounds"].what == "changed"
    assert rows["rounds"].fields == (("range", [0.0, 40.0], [0.0, 60.0]),)
    assert rows["retention"].what == "same"
    page = ada.get(page_at("value-versions", workspace)).content.decode()
    assert "<ins>0, 60</ins>" in page
    assert ada.get(page_at("value-versions", workspace) + "?before=99&after=1").status_code == 404


def test_a_version_has_the_number_by_which_acts_call_it(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    rater, facilitator = client_of("rater"), client_of("facilitator")
    rater.post(page_at("sign-value-model", workspace))
    for version, client in enumerate((facilitator, rater), start=1):
        body = {"range": [0, 40 + version], "stakeholder": "players"}
        save(workspace, "factors", "rounds", body, by=client.member.user, version=version)  # type: ignore[attr-defined]  # of the fixture
    standing, draft, first = versions(workspace)[:3]
    assert (standing.name, draft.name, first.name) == ("v2", "draft", "v1")
    rater.post(page_at("sign-value-model", workspace))
    decide(acting(workspace), "retention", "ada", {"what": "go on", "evidence": "the test", "counter": "none"})
    ((_, decided),) = said(workspace, kind="decision")
    assert f"v{decided['value_model']['version']}" == versions(workspace)[0].name == "v2"
    page = rater.get(page_at("value-versions", workspace)).content.decode()
    assert "Weight in v2" in page
    assert "Weight in draft" in page


def test_others_are_not_let_in(workspace: Workspace, client_of: Callable[..., Client], client: Client) -> None:
    assert client.get(page_at("value-model", workspace)).status_code == 302
    other = Workspace.objects.create(key="other", name="Other", folder="/nowhere")
    stranger = client_of("admin", of=other)
    assert stranger.get(page_at("value-model", workspace)).status_code == 404


def _rows(client: Client, of: str) -> list[dict[str, str]]:
    text = client.get(f"/w/fieldnote/value/model/?format=csv&of={of}").content.decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_how_far_groups_are_apart_is_a_matrix_on_the_page_and_in_a_file(run: Results, ada: Client) -> None:
    page = ada.get("/w/fieldnote/value/model/").content.decode()
    shown = page.partition("How far apart groups weigh</summary>")[2].partition("</table>")[0]
    groups = {row.group for row in run.tables.group_weights}
    assert all(row.raters >= 5 for row in run.tables.group_weights)
    assert shown.count('scope="row"') == len(groups) > 1
    (pair,) = run.tables.distances
    assert shown.count(share_span(pair.share)) == 2  # each against each
    (row,) = _rows(ada, "distances")
    assert (row["one"], row["other"]) == (pair.one, pair.other)
    assert [float(row[name]) for name in ("share", "share_low_80", "share_high_80")] == [
        pair.share.estimate, pair.share.low, pair.share.high,
    ]  # fmt: skip
    assert run.to_dict()["value"]["distances"][0]["share"]["estimate"] == pair.share.estimate


def test_what_teams_say_stands_side_by_side_and_in_a_file(run: Results, ada: Client) -> None:
    page = ada.get("/w/fieldnote/value/model/").content.decode()
    shown = page.partition("What teams say they are for</h3>")[2].partition("</section>")[0]
    assert shown.count("<article") == len(run.tables.narratives) > 2
    assert "People spend their day in Fieldnote" in shown
    told = {(row["team"], row["says"]) for row in _rows(ada, "narratives")}
    assert ("growth", "People spend their day in Fieldnote") in told
    assert "of=narratives" in page
    assert _rows(ada, "opposed") == []


def test_targets_of_horizons_are_offered_to_begin_with_and_kept_only_once_they_are_saved(
    workspace: Workspace, ada: Client
) -> None:
    address = page_at("edit-policy", workspace)
    plain = ada.get(address).content.decode()
    link = re.search(r'<a href="(\?horizon_targets=[^"]+)">Begin with 70, 20 and 10</a>', plain)
    assert link is not None
    field = re.compile(r'<textarea name="horizon_targets"[^>]*>\s*([^<]*)</textarea>')
    assert field.findall(plain) == [""]
    page = ada.get(f"{address}{link[1]}").content.decode()
    assert field.findall(page) == ["h1, 70\nh2, 20\nh3, 10"]

    def kept() -> object:
        return Definition.objects.get(workspace=workspace, kind="policy").body.get("horizon_targets")

    assert kept() is None  # looking at the offer sets nothing
    sent = {"budget": "12", "decision__success": "any", "decision__guardrails": "non_inferior", "version": "1"}
    wrong = wrong_in(ada.post(address, sent | {"horizon_targets": "h1, 70\nh2, 20"}))
    assert "The targets of horizons add up to 90 %" in wrong["horizon_targets"].replace("\xa0", " ")
    assert kept() is None
    assert ada.post(address, sent | {"horizon_targets": "h1, 60\nh2, 25\nh3, 15"}).status_code == 302
    policy = ada.get(page_at("policy", workspace)).content.decode().replace("\xa0", " ")
    assert "Effort is to go 60 % into h1 (now), 25 % into h2 (next), 15 % into h3 (later)" in policy
    assert kept() == {"h1": 0.6, "h2": 0.25, "h3": 0.15}
