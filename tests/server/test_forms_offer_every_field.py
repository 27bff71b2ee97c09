"""The forms of the browser against the definitions: every field is offered, or it is said why not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args, get_origin

import pytest

from vitalfew.server.bets.views.bet_forms import FEATURES, HYPOTHESES, INITIATIVES
from vitalfew.server.bets.views.evidence_forms import EXPERIMENTS, NEEDS, RELEASES
from vitalfew.server.core.forms import WorkspaceForm
from vitalfew.server.core.source_forms import MODELS
from vitalfew.server.core.views import sources, teams
from vitalfew.server.value.metric_forms import MetricForm
from vitalfew.server.value.views import editing, links, segments
from vitalfew.workspace.definitions import Definition, Definitions
from vitalfew.workspace.fields import bare, fields_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from vitalfew.server.core.definition_forms import DefinitionForm

KINDS = (
    INITIATIVES, HYPOTHESES, FEATURES, EXPERIMENTS, NEEDS, RELEASES, links.KIND, segments.KIND, sources.KIND,
    teams.TEAMS, teams.PRODUCTS, *editing.KINDS,
)  # fmt: skip

OTHERWISE = {
    "factors": {
        "range": "worst+best",
        "utility.form": "form",
        "utility.half": "half",
        "utility.target": "target",
        "utility.width": "width",
        "utility.loss": "loss",
    },
    "segments": {"filter": "where"},
    "releases": {"rollout.randomised": "how", "rollout.chosen": "how"},
    "metrics": {
        **{f"numerator.{name}": name for name in ("source", "column", "aggregation", "events")},
        **{f"denominator.{name}": f"below_{name}" for name in ("source", "column", "aggregation", "events")},
        **{f"window.{name}": f"window_{name}" for name in ("kind", "delay", "length")},
        **{f"cap.{name}": f"cap_{name}" for name in ("absolute", "percentile", "side")},
    },
}
"""Fields that are typed in a field of another name."""
TEXT_ONLY = {
    "factors": {"utility.points": "points need a picture to be drawn well; a form keeps those that stand"},
    "initiatives": {
        "status": "the board moves a bet, where what a column asks for is checked",
        **dict.fromkeys(
            ("scores.kano", "scores.maxdiff", "scores.weighted", "scores.estimate", "scores.moves"),
            "counts of surveys and columns of sheets: they come by file",
        ),
        "scores.ice.score": "what a sheet itself says, to tell its variant: it comes by file",
        "import_key": "set by importers",
    },
    "experiments": {"mode": "the plan says it (plan.mode); this one is for experiments without a plan in a folder"},
    "sources": {
        "covariances": "a second table of aggregates, which only programs write",
        "sql": "no form holds SQL: queries stand in files of a folder only, and a server takes none",
    },
    "metrics": {
        "numerator.filters": "typed in rows of conditions, which the tests of metric forms hold",
        "denominator.filters": "kept as they stand; the form types conditions of what is counted",
        "import_key": "set by importers",
        "version": "counted by the server: the history of the metric",
    },
    "data": {
        "": "where tables lie and how much memory they get is the installation's: the page of data says so",
    },
}
"""Fields without a place in a form, with the reason."""


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.kind)
def test_a_form_offers_every_field_of_its_definition(kind: Any) -> None:
    form: type[DefinitionForm] = kind.form
    offered = {name.replace("__", ".") for name in (*form.base_fields, *form.entries)}
    assert missing(kind.kind, offered) == set()


def test_the_form_of_a_metric_offers_every_field() -> None:
    assert missing("metrics", set(MetricForm.base_fields)) == set()


def test_the_settings_of_a_workspace_are_all_in_its_form() -> None:
    (model,) = _models("workspace")
    assert set(model.model_fields) <= set(WorkspaceForm.base_fields)


def test_every_kind_has_a_form_or_a_reason() -> None:
    formed = {kind.kind for kind in KINDS} | {"metrics", "workspace"}
    assert set(Definitions.model_fields) - formed == {kind for kind, why in TEXT_ONLY.items() if "" in why}


def test_what_is_said_to_have_no_place_has_none() -> None:
    """An exception that is none any more is taken out."""
    for kind, reasons in TEXT_ONLY.items():
        known = {path for model in _models(kind) for path in leaves(model, set(reasons))}
        assert {name for name in reasons if name} <= known, kind


def missing(kind: str, offered: set[str]) -> set[str]:
    """Fields of a kind without a place in its form and without a reason."""
    named, reasons = OTHERWISE.get(kind, {}), TEXT_ONLY.get(kind, {})
    assert all(set(name.split("+")) <= offered for name in named.values()), "an offered field has another name now"
    wanted = {path for model in _models(kind) for path in leaves(model, offered | set(reasons))}
    one_by_one = {name.rpartition(".")[0] for name in offered}  # the reasons of a team, a text per family
    return wanted - offered - one_by_one - set(named) - set(reasons)


def leaves(model: type[Definition], stop: set[str], before: str = "") -> Iterator[str]:
    """Places of the tree that hold a value: models inside are looked into, up to what is named in `stop`."""
    for name, annotation in fields_of(model).items():
        path, inner = f"{before}{name}", bare(annotation)[0]
        if isinstance(inner, type) and issubclass(inner, Definition) and path not in stop:
            yield from leaves(inner, stop, f"{path}.")
        else:
            yield path


def _models(kind: str) -> list[type[Definition]]:
    if kind == "sources":
        return list(MODELS.values())
    held = bare(fields_of(Definitions)[kind])[0]
    return [bare(get_args(held)[1])[0] if get_origin(held) is dict else held]
