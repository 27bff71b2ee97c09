"""A prediction on the history of its metric: drawn where the level is known, on the axis of the change where not."""

from __future__ import annotations

import re
from datetime import date, timedelta

from vitalfew.report.axis import Mark
from vitalfew.report.prediction_picture import Prediction, on_change, on_history
from vitalfew.report.words import Unit

MADE, DUE = date(2026, 4, 16), date(2026, 7, 6)
MINUTES = Unit(1.0, "min", "min", "minutes", down_is_better=True)
PROMISED = Prediction((-8.0, -6.0, -3.0), MADE, DUE)
HISTORY = [(MADE + timedelta(days=at), 40.0) for at in range(-100, 1)]


def heights(svg: str, kind: str) -> list[float]:
    """How far down the circles of a kind stand."""
    return [float(found) for found in re.findall(rf'<circle cx="[^"]*" cy="([^"]*)" r="3.6" class="{kind}"', svg)]


def test_the_promise_lies_below_the_level_where_it_promises_a_fall() -> None:
    drawn = on_history(HISTORY, PROMISED, None, MINUTES, "promised")
    assert drawn is not None
    (now,), (promised,) = heights(drawn, "g-dot"), heights(drawn, "g-ring")
    assert promised > now, "down is lower on the page"
    assert "then 40" in drawn


def test_what_was_measured_stands_on_the_same_axis() -> None:
    drawn = on_history(HISTORY, PROMISED, Mark(-6.0, None, (-7.0, -5.0)), MINUTES, "both")
    assert drawn is not None
    now, measured = heights(drawn, "g-dot")
    (promised,) = heights(drawn, "g-ring")
    assert measured == promised, "an effect as promised stands where it was promised"
    assert measured > now


def test_names_of_both_never_lie_on_one_another() -> None:
    drawn = on_history(HISTORY, PROMISED, Mark(-6.1, None, (-7.0, -5.0)), MINUTES, "both")
    assert drawn is not None
    found = {name: float(y) for y, name in re.findall(r'y="([\d.]+)" class="note">(promised|measured)', drawn)}
    assert abs(found["promised"] - found["measured"]) >= 13.9


def test_without_two_weeks_of_history_nothing_is_drawn_on_it() -> None:
    assert on_history([], PROMISED, None, MINUTES, "none") is None
    assert on_history(HISTORY[-10:], PROMISED, None, MINUTES, "few") is None
    later = [(day + timedelta(days=200), value) for day, value in HISTORY]
    assert on_history(later, PROMISED, None, MINUTES, "only later days") is None


def test_the_change_alone_is_drawn_against_zero_and_said_in_the_title() -> None:
    drawn = on_change([("promised", Mark(0.02, (0.01, 0.03), hollow=True))], Unit(100.0, "pp"), "+2 pp")
    assert "<title>+2 pp</title>" in drawn
    assert "change in pp" in drawn
    assert drawn.count("g-ring") == 1
