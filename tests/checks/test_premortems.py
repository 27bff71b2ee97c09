"""What was feared before the work is held against what came."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from checks.test_detectors import defined, effect, found
from vitalfew.results.rows import Tables

if TYPE_CHECKING:
    from vitalfew.workspace.definitions import Definitions

FEARS = [{"metric": "fun"}, {"what": "support is flooded", "metric": "errors"}]


def tried(*fears: dict[str, Any], **kinds: Any) -> Definitions:
    base: dict[str, Any] = {
        "initiatives": {"i": {"shipped": date(2026, 5, 1), "title": "Dark theme"}},
        "experiments": {"x": {"source": "players", "variant": "v", "initiative": "i"}},
        "hypotheses": {"h": {"initiative": "i", "metric": "money", "premortem": list(fears or FEARS)}},
    }
    return defined(**(base | kinds))


def test_a_fear_that_came_true_is_told_with_those_that_did_not() -> None:
    tables = Tables(effects=(effect("x", "fun", -9), effect("x", "errors", 0.1), effect("x", "money", 3)))
    (finding,) = found("feared_and_came", tried(), tables)
    assert finding.subject == "h"
    assert finding.message == "Dark theme: what was feared came: fun; feared and not seen: errors."
    assert found("unintended", tried(), tables) == []  # it was foreseen


def test_fears_in_vain_and_in_doubt_raise_nothing() -> None:
    for size in (9, 0.1, -1):
        assert found("feared_and_came", tried(), Tables(effects=(effect("x", "fun", size),))) == []


def test_a_release_of_the_work_is_held_against_its_fears_too() -> None:
    release = {"spring": {"date": date(2026, 5, 1), "initiatives": ["i"]}}
    tables = Tables(release_effects=(effect("spring", "fun", -9, grade="staged"),))
    assert len(found("feared_and_came", tried(releases=release), tables)) == 1


def test_what_nobody_looked_for_is_named_once_the_work_was_tried() -> None:
    (finding,) = found("fear_unmeasured", tried(), Tables(effects=(effect("x", "fun", 1),)))
    assert finding.severity == "info"
    assert finding.message == "Dark theme was tried, and nobody looked for: support is flooded."
    assert found("fear_unmeasured", tried()) == []
    both = Tables(effects=(effect("x", "fun", 1), effect("x", "errors", 1)))
    assert found("fear_unmeasured", tried(), both) == []


def test_a_fear_in_words_alone_cannot_be_seen() -> None:
    tables = Tables(effects=(effect("x", "fun", 1),))
    (finding,) = found("fear_unmeasured", tried({"what": "the brand suffers"}), tables)
    assert finding.message.endswith("nobody looked for: the brand suffers.")


def test_a_fear_says_something_about_a_metric_that_exists() -> None:
    with pytest.raises(ValidationError, match="a fear needs"):
        tried({})
