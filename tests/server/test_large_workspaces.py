"""What a page costs does not grow with what people said and defined, nor with how new a run or a process is."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from vitalfew.judgement import recording
from vitalfew.server.bets.queries import review
from vitalfew.server.bets.queries.what_if import Asked, ranked, rankings
from vitalfew.server.core.models import Definition, Workspace
from vitalfew.server.core.queries import promised
from vitalfew.server.core.queries.definitions import loaded
from vitalfew.server.core.services.acts import acting

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results

    type ClientOf = Callable[..., Client]

PAGES = (
    *("ledger", "priorities", "board", "decisions", "review", "metrics", "tree", "links", "experiments", "checks"),
    *("features", "releases", "needs", "sessions", "value/model", "value/goals", "jobs", "settings", "find?q=tools"),
    *("board/bet/gate", "metrics/rounds", "experiments/move_gate"),
)
SAID = {"p10": 1.0, "p50": 2.0, "p90": 3.0, "p_zero": 0.1}
DECIDED = {"what": "go", "evidence": "looked", "counter": "none"}


def _grown(row: Workspace, by: int) -> None:
    """The same workspace with more of everything."""
    like = {(one.kind, one.key): one.body for one in Definition.objects.filter(workspace=row)}
    named = {"metrics": "rounds", "initiatives": "tools", "hypotheses": "gate_rounds", "experiments": "move_gate",
             "features": "lobby", "teams": "tools"}  # fmt: skip
    for at in range(by):
        like["hypotheses", "gate_rounds"] |= {"initiative": f"more_initiatives_{at}"}
        Definition.objects.bulk_create(
            Definition(workspace=row, kind=kind, key=f"more_{kind}_{at}", body=dict(like[kind, key]), position=100 + at)
            for kind, key in named.items()
        )
    Workspace.objects.filter(pk=row.pk).update(defined=row.defined + 1)
    row.refresh_from_db()
    whole = acting(row)
    for at in range(by):
        recording.forecast(whole, f"more_hypotheses_{at}", f"user:{100 + at}", SAID)
        recording.decide(whole, f"more_initiatives_{at}", f"user:{100 + at}", dict(DECIDED))
    assert not loaded(Workspace.objects.get(pk=row.pk)).problems


def test_pages_ask_no_more_of_the_database_where_there_is_more(workspace: Workspace, client_of: ClientOf) -> None:
    client = client_of("admin")

    def asked() -> dict[str, int]:
        found = {}
        for page in PAGES:
            path, mark, query = page.partition("?")
            address = f"/w/playground/{path}/{mark}{query}"
            client.get(address)
            with CaptureQueriesContext(connection) as queries:
                assert client.get(address).status_code == 200, page
            found[page] = len(queries)
        return found

    _grown(workspace, 2)
    few = asked()
    Definition.objects.filter(workspace=workspace, key__startswith="more_").delete()
    _grown(workspace, 25)
    many = asked()
    assert {page: count for page, count in many.items() if count > few[page]} == {}
    assert max(many.values()) <= 25


def test_a_run_holds_its_ranking_and_one_without_it_gives_the_same(demo: Workspace, run: Results) -> None:
    (held,) = run.tables.ranking
    older = replace(run, tables=replace(run.tables, ranking=()))
    assert ranked(demo, older, Asked()) == ranked(demo, run, Asked())
    (_, anew), (_, kept) = rankings(demo, older, Asked()), rankings(demo, run, Asked())
    assert kept is held, "nothing is drawn for it"
    assert anew.to_dict() == held.to_dict()


def test_definitions_are_read_anew_only_when_they_change(workspace: Workspace) -> None:
    before = loaded(workspace)
    recording.forecast(acting(workspace), "gate_rounds", "user:1", SAID)
    workspace.refresh_from_db()
    assert loaded(workspace) is before


def test_a_new_process_goes_on_from_what_another_counted(workspace: Workspace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(promised, "_OFTEN", 3)
    for at in range(4):
        recording.forecast(acting(workspace), "gate_rounds", f"user:{at}", SAID)
    known = promised.spoken(workspace)
    assert list(known["gate_rounds"].forecasters.values()) == [4]
    promised._known.clear()
    with CaptureQueriesContext(connection) as queries:
        assert promised.spoken(workspace) == known
    assert not any("COUNT(DISTINCT" in query["sql"] for query in queries)
    promised._known.clear()
    recording.forecast(acting(workspace), "gate_rounds", "user:9", SAID)
    assert list(promised.spoken(workspace)["gate_rounds"].forecasters.values()) == [5], "what came since is counted"


@pytest.mark.usefixtures("demo")
def test_the_review_shows_the_first_lines_and_all_when_asked(
    client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(review, "SHOWN", 1)
    client, searched = client_of("viewer"), "/w/fieldnote/review/?q=e"  # what is searched for is not kept
    cut, whole = (client.get(searched + more).content.decode() for more in ("", "&all=1"))
    due = len(client.get(f"{searched}&format=csv").content.decode().splitlines()) - 1
    (listed,) = re.findall(r"1 of (\d+) promises that are due or measured\.", cut)
    assert 1 < int(listed) <= due
    assert f'&amp;all=1#promises">Show {int(listed) - 1} more promise' in cut
    assert "Every promise that is due or measured." in whole
    assert "more-lines" not in whole
    assert len(cut) < len(whole)
