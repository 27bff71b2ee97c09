"""Settings: what there is for whom, the workspace's name and units, and the trail of what was done."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from vitalfew.server.core.models import AuditEntry, Workspace
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.audit import note

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.server.core.models import Member


def test_everybody_finds_what_they_may_set_and_nothing_else(
    client_of: Callable[..., Client], workspace: Workspace
) -> None:
    path = f"/w/{workspace.key}/settings/"
    viewer, admin = (client_of(role).get(path).content.decode() for role in ("viewer", "admin"))
    assert "Tokens" in viewer
    assert "Audit" not in viewer
    assert "Audit" in admin


def test_name_currency_and_zone_are_a_definition_like_others(
    client_of: Callable[..., Client], workspace: Workspace
) -> None:
    path, client = f"/w/{workspace.key}/settings/workspace/", client_of("admin")
    given = {"name": "Playground II", "currency": "chf", "time_zone": "Europe/Zurich", "version": 1}
    assert client.post(path, given).status_code == 302
    workspace.refresh_from_db()
    about = loaded(workspace).workspace.definitions.workspace
    assert (about.name, about.currency, about.time_zone) == ("Playground II", "CHF", "Europe/Zurich")
    assert workspace.name == "Playground II"
    stale = client.post(path, given | {"name": "Mine"})
    assert stale.status_code == 409
    assert "Playground II" in stale.content.decode()


def test_what_a_folder_owns_is_shown_with_its_file_and_line(client_of: Callable[..., Client], demo: Workspace) -> None:
    page = client_of("admin").get(f"/w/{demo.key}/settings/workspace/").content.decode()
    assert ".yaml, line" in page
    assert '<form method="post" class="form">' not in page


@pytest.fixture
def trail(workspace: Workspace, member: Callable[..., Member]) -> tuple[Workspace, Member, Member]:
    """Two people who did something."""
    one, two = member("admin", name="Ada"), member("editor", name="Ben")
    note(workspace, one.user, "role changed", "=cmd|' /C calc'!A0", before="viewer", after="editor")
    note(None, two.user, "signed in", "Ben")
    elsewhere = Workspace.objects.create(key="elsewhere", name="Elsewhere", folder="/nowhere")
    note(elsewhere, two.user, "role changed", "of another workspace")
    return workspace, one, two


def test_the_trail_tells_of_this_workspace_and_how_its_members_signed_in(
    client_of: Callable[..., Client], trail: tuple[Workspace, Member, Member]
) -> None:
    page = client_of("admin").get(f"/w/{trail[0].key}/settings/audit/").content.decode()
    assert "before: viewer, after: editor" in page
    assert "signed in" in page
    assert "of another workspace" not in page


def test_the_trail_is_filtered_by_person_action_and_day(
    client_of: Callable[..., Client], trail: tuple[Workspace, Member, Member]
) -> None:
    client, path = client_of("admin"), f"/w/{trail[0].key}/settings/audit/"

    def rows(asked: str) -> int:
        return client.get(f"{path}?{asked}").content.decode().count("<tr data-row")

    assert rows("") == 2
    assert rows(f"person={trail[2].user.pk}") == 1
    assert rows("action=role changed") == 1
    assert rows("since=2999-01-01") == 0
    assert rows("until=2000-01-01") == 0
    assert rows("since=nonsense&person=x&before=y") == 2


def test_the_trail_as_csv_holds_no_formula_and_the_export_is_told(
    client_of: Callable[..., Client], trail: tuple[Workspace, Member, Member]
) -> None:
    text = client_of("admin").get(f"/w/{trail[0].key}/settings/audit/?format=csv").content.decode()
    assert "'=cmd" in text
    assert AuditEntry.objects.filter(action="exported", subject="audit").count() == 1


def test_pages_of_people_and_trail_ask_the_database_as_often_for_many_as_for_few(
    client_of: Callable[..., Client],
    member: Callable[..., Member],
    trail: tuple[Workspace, Member, Member],
    django_assert_max_num_queries: Callable[..., object],
) -> None:
    client, row = client_of("admin"), trail[0]
    for _ in range(30):
        note(row, member("viewer").user, "signed in")
    for page, most in (("people", 22), ("audit", 20)):
        client.get(f"/w/{row.key}/settings/{page}/")
        with django_assert_max_num_queries(most):  # type: ignore[attr-defined]  # a context
            client.get(f"/w/{row.key}/settings/{page}/")
