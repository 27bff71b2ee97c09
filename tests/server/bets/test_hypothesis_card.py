"""The card of a hypothesis: the course of its metric before anything is promised, and fears beside what came."""

from __future__ import annotations

from datetime import date, timedelta
from typing import TYPE_CHECKING

from django.urls import reverse

from vitalfew.report.prediction_picture import before_a_prediction
from vitalfew.report.words import Unit
from vitalfew.server.bets.queries.bet import fears
from vitalfew.workspace.definitions import Hypothesis

if TYPE_CHECKING:
    from collections.abc import Callable

    from django.test import Client

    from vitalfew.pipeline import Results
    from vitalfew.server.core.models import Workspace

    type ClientOf = Callable[..., Client]

TODAY = date(2026, 6, 1)
MINUTES = Unit(1.0, "min", "min", "minutes", down_is_better=True)


def test_before_the_lock_the_metric_is_drawn_until_now_and_nothing_beyond(demo: Workspace, client_of: ClientOf) -> None:
    address = reverse("initiative", kwargs={"workspace": demo.key, "key": "route_suggestions"})
    page = client_of("viewer").get(address).content.decode()
    assert "until now, before anything is promised" in page
    assert "g-ring" not in page.partition("<figure")[2].partition("</figure>")[0], "no prediction of anybody is drawn"


def test_without_two_weeks_of_days_nothing_is_drawn() -> None:
    days = [(TODAY - timedelta(days=at), 40.0) for at in range(12, 0, -1)]
    assert before_a_prediction(days, TODAY, None, MINUTES, "few") is None


def test_what_was_feared_stands_beside_what_was_measured_of_it(run: Results) -> None:
    asked = Hypothesis.model_validate(
        {
            "initiative": "dense_schedules",
            "metric": "jobs_completed",
            "premortem": [
                {"metric": "overtime_hours", "what": "technicians pay for it"},
                {"what": "customers miss their slot"},
            ],
        }
    )
    (first, came), (second, unseen) = fears(asked, run, run.workspace.definitions)
    assert first == "technicians pay for it (Overtime of technicians)"
    assert came.startswith("+0.")
    assert (second, unseen) == ("customers miss their slot", "nobody looked for it")


def test_of_work_that_was_not_tried_nothing_can_have_come(run: Results) -> None:
    asked = Hypothesis.model_validate(
        {"initiative": "route_suggestions", "metric": "planning_minutes", "premortem": [{"metric": "support_contacts"}]}
    )
    assert dict(fears(asked, run, run.workspace.definitions)) == {"Calls for help": "not tried yet"}
