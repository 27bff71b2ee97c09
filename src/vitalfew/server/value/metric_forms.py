"""The form of a metric: typed fields, never a query; columns and events are those that the data hold."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from django import forms

from vitalfew.server.core.conditions import condition_fields
from vitalfew.server.value.metric_bodies import CONDITIONS, unknown_events
from vitalfew.workspace.vocabulary import Family, Level, MetricKind, Side, ValueType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.workspace.definitions import Definitions

_ROLES = ("goal", "driver", "guardrail", "diagnostic")
_RULES = (("mean", "mean of the answers"), ("share", "share of 5 to 7"), ("net", "5 to 7 minus 1 to 3"))
_TAKEN = {
    "sum": "sum per unit",
    "count": "how many rows",
    "count_distinct": "how many different values",
    "max": "largest",
    "min": "smallest",
    "last": "last",
    "avg": "mean per unit",
}
KIND_MEANINGS: dict[str, str] = {
    "mean": "a number per unit, on average",
    "proportion": "the share of units that reach a threshold",
    "count": "how often something happens, per unit",
    "ratio": "one sum divided by another",
    "quantile": "a quantile such as the median or 90 %",
    "retention": "the share of units that come back later",
    "funnel": "the share of units that go through steps in order",
    "time_to_event": "days until something happens",
    "duration": "how long a task takes",
    "error_rate": "failed attempts over all attempts",
    "nps": "promoters minus detractors",
    "csat": "the share of satisfied answers",
    "ces": "how easy people found it",
    "participation": "the share of days on which a unit is active",
}


def _choices(words: Sequence[str], nothing: str = "") -> list[tuple[str, str]]:
    return [*([("", nothing)] if nothing else []), *((word, word.replace("_", " ")) for word in words)]


class MetricForm(forms.Form):
    """A metric. Fields of single kinds are shown with these kinds; without script all are shown."""

    title = forms.CharField(max_length=200, help_text="As it is called in sentences: “Back in week four”.")
    key = forms.RegexField(
        r"^[A-Za-z0-9_][A-Za-z0-9_.\-]*$", max_length=120, required=False,
        help_text="By which other definitions name it; made from the title when left out.",
    )  # fmt: skip
    description = forms.CharField(widget=forms.Textarea(attrs={"rows": 2}), required=False)
    kind = forms.ChoiceField(
        choices=[(kind, f"{kind.replace('_', ' ')}: {KIND_MEANINGS[kind]}") for kind in get_args(MetricKind)]
    )
    source = forms.ChoiceField(help_text="The table it is measured from.")
    events = forms.CharField(
        required=False, label="Events", help_text="Only rows with these events count; several apart by commas."
    )
    column = forms.ChoiceField(required=False, help_text="What is added up; without one, events are counted.")
    aggregation = forms.ChoiceField(
        choices=[("", "as the kind takes it"), *_TAKEN.items()], required=False, label="Taken per unit"
    )
    below_source = forms.ChoiceField(required=False, label="Source below the line")
    below_events = forms.CharField(required=False, label="Events below the line")
    below_column = forms.ChoiceField(required=False, label="Column below the line")
    below_aggregation = forms.ChoiceField(
        choices=[("", "as the kind takes it"), *_TAKEN.items()], required=False, label="Taken below the line"
    )
    threshold = forms.FloatField(required=False, help_text="A unit counts from this value on; above 0 when left out.")
    complement = forms.BooleanField(required=False, label="Count units that do not reach it")
    quantile = forms.FloatField(required=False, min_value=0, max_value=1, help_text="0.5 is the median.")
    over = forms.ChoiceField(choices=_choices(("units", "events")), required=False, label="Quantile over")
    steps = forms.CharField(
        required=False, help_text="Events in order, apart by commas; of a duration its start and its end."
    )
    horizon = forms.FloatField(required=False, min_value=0, label="Horizon in days")
    rule = forms.ChoiceField(choices=[("", ""), *_RULES], required=False)
    window_kind = forms.ChoiceField(
        choices=[("conversion", "after the first exposure"), ("lookback", "back from the end of the data")],
        required=False,
        label="Days count",
    )
    window_delay = forms.FloatField(required=False, min_value=0, label="From day")
    window_length = forms.FloatField(required=False, min_value=0, label="For how many days")
    cap_absolute = forms.FloatField(required=False, label="Values are cut at")
    cap_percentile = forms.FloatField(
        required=False, min_value=0.5, max_value=1, label="or at the percentile", help_text="As a share: 0.99."
    )
    cap_side = forms.ChoiceField(choices=_choices(("upper", "lower", "both")), required=False, label="Side")
    direction = forms.ChoiceField(choices=[("up", "more is better"), ("down", "less is better")])
    unit = forms.CharField(max_length=40, required=False, help_text="Such as min, jobs, EUR; “share” for shares.")
    level = forms.ChoiceField(choices=_choices(get_args(Level)))
    role = forms.ChoiceField(choices=_choices(_ROLES, "none"), required=False)
    value_type = forms.ChoiceField(choices=_choices(get_args(ValueType), "not said"), required=False)
    side = forms.ChoiceField(choices=_choices(get_args(Side), "not said"), required=False)
    family = forms.ChoiceField(
        choices=_choices(get_args(Family), "none"), required=False, label="Part of the business it watches"
    )
    timeliness = forms.ChoiceField(choices=_choices(("leading", "lagging"), "not said"), required=False)
    summary = forms.ChoiceField(
        choices=[("restricted_mean", "mean up to the horizon"), ("median", "median")], required=False, label="Told as"
    )
    covariate_days = forms.FloatField(
        required=False, min_value=0, label="Days before that effects are adjusted by",
        help_text="The same measure before the exposure (CUPED); empty: as the policy says.",
    )  # fmt: skip
    covariates = forms.CharField(
        required=False, label="Columns that effects are adjusted by", help_text="Known of a unit before; by commas."
    )
    segments = forms.MultipleChoiceField(
        required=False, widget=forms.CheckboxSelectMultiple, label="Segments that are looked at",
        help_text="None chosen: those of the experiment.",
    )  # fmt: skip
    owner = forms.ChoiceField(required=False)
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - Django's own signature
        definitions: Definitions,
        held: Sequence[Mapping[str, Any]],
        others: Sequence[str] = (),
        is_new: bool = True,
        **given: Any,  # noqa: ANN401 - as above
    ) -> None:
        super().__init__(*args, **given)
        self._events = {found["source"]: found["events"] for found in held}
        sources = [(key, source.title or key) for key, source in definitions.sources.items()]
        if is_new:  # most metrics count events, so a table that holds some is offered first
            sources.sort(key=lambda source: not self._events.get(source[0]))
        columns = [("", "none"), *((definitions.sources[found["source"]].title or found["source"],
                    [(name, name) for name in found["types"]]) for found in held if found["types"])]  # fmt: skip
        for name in ("source", "below_source"):
            self._choose(name, sources if name == "source" else [("", "none"), *sources])
        self._choose("owner", [("", "nobody"), *((key, definitions.title("teams", key)) for key in definitions.teams)])
        self._choose("segments", [(key, definitions.title("segments", key)) for key in definitions.segments])
        for at in range(CONDITIONS):
            for part, field in condition_fields().items():
                field.label = f"Condition {at + 1}: {str(field.label).lower()}"
                self.fields[f"{part}_{at}"] = field
        for name in ("column", "below_column", *(f"column_{at}" for at in range(CONDITIONS))):
            self._choose(name, self._with_own(columns, name))
        if others:
            kept = forms.MultipleChoiceField(
                choices=[(text, text) for text in others], required=False, widget=forms.CheckboxSelectMultiple,
                label="Conditions that stay as they are",
            )  # fmt: skip
            self.fields["kept"] = kept
        if not is_new:
            self.fields["key"].disabled = True
        for name in ("events", "below_events", "steps"):
            self.fields[name].widget.attrs["list"] = "events-held"
        self.conditions = [
            [self[f"{part}_{at}"] for part in ("column", "operator", "value")] for at in range(CONDITIONS)
        ]

    def _choose(self, name: str, choices: Sequence[tuple[str, Any]]) -> None:
        field = self.fields[name]
        assert isinstance(field, forms.ChoiceField)  # noqa: S101 - declared so above; this tells the type checker
        field.choices = choices

    def _with_own(self, columns: list[tuple[str, Any]], name: str) -> list[tuple[str, Any]]:
        """Columns of the data, and the one that the definition names, though the data may not hold it (yet)."""
        own = self.initial.get(name)
        every = {column for _, group in columns[1:] for column, _ in group}
        return columns if not own or own in every else [*columns, (own, f"{own} (not in the data)")]

    def clean(self) -> dict[str, Any]:
        """Events are looked for in the data."""
        cleaned: dict[str, Any] = super().clean() or {}
        for field, text in unknown_events(cleaned, self._events):
            self.add_error(field, text)
        return cleaned
