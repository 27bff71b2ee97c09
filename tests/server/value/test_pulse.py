"""The pulse in the browser: members and people with a link answer; nobody's answer is shown."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from django.test import Client

from form_pages import page_at
from vitalfew.server.core.queries.acts import said

if TYPE_CHECKING:
    from collections.abc import Callable

    from vitalfew.server.core.models import Workspace


def test_a_member_answers_and_the_act_names_the_factor_under_a_pseudonym(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    rater = client_of("rater")
    page = rater.get(page_at("pulse", workspace)).content.decode()
    assert "Which of these comes first here?" in page
    rater.post(page_at("answer-pulse", workspace), {"factor": "rounds", "metric": "", "team": "games"})
    ((act, body),) = said(workspace, kind="pulse")
    assert body == {"factor": "rounds", "team": "games"}
    assert act.by.startswith("p-")


def test_what_is_no_factor_is_refused_and_viewers_do_not_answer(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    assert "“nothing” is none of the choices" in (
        client_of("rater").post(page_at("answer-pulse", workspace), {"factor": "nothing"}).content.decode()
    )
    assert client_of("viewer").post(page_at("answer-pulse", workspace), {"factor": "rounds"}).status_code == 403
    assert not said(workspace, kind="pulse")


def test_a_personal_link_answers_once_per_person_in_one_browser(
    workspace: Workspace, client_of: Callable[..., Client]
) -> None:
    page = client_of("facilitator").post(page_at("ask-pulse", workspace), {"people": "Mia\nBen"}).content.decode()
    addresses = re.findall(r'value="http://testserver(/pulse/[^"]+)"', page)
    assert len(addresses) == 2
    mia, other = Client(), Client()
    assert "two questions" in mia.get(addresses[0]).content.decode()
    mia.post(addresses[0])
    assert other.get(addresses[0]).status_code == 410
    mia.post("/pulse/", {"factor": "retention", "metric": "retention"})
    mia.post("/pulse/", {"factor": "rounds"})
    acts = said(workspace, kind="pulse")
    assert len({act.by for act, _ in acts}) == 1
    assert [body["factor"] for _, body in acts] == ["retention", "rounds"]


def test_nobody_reads_what_others_answered_by_the_api(workspace: Workspace, client_of: Callable[..., Client]) -> None:
    client_of("rater").post(page_at("answer-pulse", workspace), {"factor": "rounds"})
    reader = client_of("editor")
    found = reader.get(f"/api/v1/workspaces/{workspace.key}/acts?kind=pulse").json()["items"]
    assert [item.get("body") for item in found] == [None]
