"""The form of a source: what each row of a table is, and which of its columns says what."""

from __future__ import annotations

from pathlib import PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from vitalfew.server.core.definition_fields import Column, choice, text
from vitalfew.server.core.definition_forms import DefinitionForm, Group, without_empty
from vitalfew.workspace.definitions import (
    AggregateSource,
    Definition,
    EventSource,
    ExposureSource,
    ResultSource,
    SeriesSource,
    UnitSource,
    source_shape,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

MODELS: dict[str, type[Definition]] = {
    "units": UnitSource,
    "events": EventSource,
    "exposures": ExposureSource,
    "series": SeriesSource,
    "results": ResultSource,
    "aggregates": AggregateSource,
}
MEANINGS = {
    "units": "a user, with what is known of it",
    "events": "something that a user did, and when",
    "exposures": "a user who saw a variant of an experiment",
    "series": "a day, with the value of metrics",
    "results": "a result of an experiment: an estimate with its error",
    "aggregates": "an experiment and metric, with n, mean and variance of the arms",
}
"""What a row is, by shape."""
_BELONG = {
    "unit": "units events exposures series",
    "time": "units events exposures series aggregates",
    "event": "events",
    "experiment": "exposures results aggregates",
    "variant": "exposures aggregates",
    "metric": "series results aggregates",
    "value": "series",
    "estimate": "results",
    "se": "results",
    "n": "results",
    "date": "results",
    "id": "events",
    "arrived": "events",
    "bots_above": "events",
}


def _arm() -> dict[str, forms.Field]:
    return {
        "arm": text("Arm"),
        "n": Column("Column of n"),
        "mean": Column("of the mean"),
        "variance": Column("of the variance"),
    }


class SourceForm(DefinitionForm):
    """A table, what each of its rows is, and what its columns mean."""

    defines = "sources"
    switch = "shape"
    shown_for: ClassVar = _BELONG | {"arms": "aggregates"}
    apart = frozenset(("arms",))
    entries: ClassVar = {"arms": _arm}
    more = 2
    groups = (
        Group("", "title table shape"),
        Group("What its columns say", "unit time event experiment variant metric value estimate+se n+date"),
        Group(
            "Arms side by side", "arms", "For a table with n, mean and variance of each arm in columns of their own."
        ),
        Group("Upkeep", "fresh_days id arrived bots_above", folded=True),
    )
    title = text("What it is called", "As people will look for it.", required=True)
    table = forms.ChoiceField(label="File")
    shape = choice("Each row is", MEANINGS.items())
    unit = Column("The user (or other unit)", help_text="Its id. Without one, each row is a unit of its own.")
    time = Column("When")
    event = Column("What happened", help_text="The name of the event. Without one, every row is the same event.")
    experiment = Column("The experiment")
    variant = Column("The variant, or arm")
    metric = Column("The metric", help_text="Of a series: none where each metric has a column of its own.")
    value = Column("Its value")
    estimate = Column("The estimate")
    se = Column("Its standard error")
    n = Column("Units")
    date = Column("Day")
    fresh_days = forms.FloatField(
        label="Its newest day may be so many days old",
        help_text="A check says when it is older.",
        required=False,
        min_value=0.1,
    )
    id = Column("Number of the message", help_text="An event that came twice under one number counts once.")
    arrived = Column("When it reached the table", help_text="Then events that come late are counted.")
    bots_above = forms.FloatField(label="More events than this on a day are no person's", required=False, min_value=1)

    def model(self) -> type[Definition]:
        """The type of the shape."""
        chosen = (self.data or {}).get("shape") or (source_shape(dict(self.standing)) if self.standing else "")
        return MODELS.get(str(chosen), UnitSource)

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new one begins with what the columns of the file tell."""
        table = str(body.get("table") or self.known.get("table", ""))
        title = PurePath(table).name.partition(".")[0].replace("_", " ").capitalize()
        if body:
            shown = super().opened(body) | {"shape": source_shape(dict(body))}
            return shown | {"title": shown["title"] or title}
        told = self._held(table)
        return {"table": table, "title": title, "shape": told.get("shape") or "units", **told.get("fields", {})}

    def stands(self, name: str) -> list[dict[str, Any]]:
        """The arms as rows."""
        held = self.standing.get(name) or {} if name == "arms" else {}
        return [{"arm": arm, **columns} for arm, columns in held.items()]

    def furnish(self) -> None:
        """Files, and the columns of the one that is chosen."""
        super().furnish()
        own = str(self.initial.get("table") or "")
        found = dict(self.known.get("tables", ()))
        self.choose("table", [*found.items(), *([(own, own)] if own and own not in found else [])])
        types = self._held(str((self.data or {}).get("table") or own)).get("types", {})
        columns = [name for name, field in self.fields.items() if isinstance(field, Column)]
        self.columns({"": types} if types else {}, *columns)

    def clean(self) -> dict[str, Any]:
        """Each shape has columns without which it says nothing."""
        given = super().clean() or self.cleaned_data
        for name, field in self.model().model_fields.items():
            if field.is_required() and name in _BELONG and not given.get(name) and name not in self.errors:
                meaning = MEANINGS[given.get("shape") or "units"]
                self.add_error(name, f"Where each row is {meaning}, this has to be known.")
        return given

    def tree(self) -> dict[str, Any]:
        """Only what the shape takes; the shape itself where its fields do not tell it."""
        shape = self.cleaned_data["shape"]
        arms = {row.pop("arm"): row for row in self.rows_of("arms") if "arm" in row} if shape == "aggregates" else {}
        whole = super().tree() | {"shape": shape, "arms": arms}
        kept = without_empty({name: value for name, value in whole.items() if name in MODELS[shape].model_fields})
        bare = {name: value for name, value in kept.items() if name != "shape"}
        return bare if source_shape(bare) == shape else kept

    def _held(self, table: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.known.get("held", {}).get(table, {})
        return found
