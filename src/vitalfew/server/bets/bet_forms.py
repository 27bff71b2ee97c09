"""Forms of bets: the initiative, the hypothesis, a forecast. Each gives and takes the plain tree of its definition."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms

from vitalfew.report.review_words import DISCIPLINES, ORIGINS
from vitalfew.results.figures import unit_of
from vitalfew.server.bets.queries.standing import called

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.definitions import Definitions, Metric

_BOXES = {"vision": "Vision", "needs": "Experience: needs", "metrics": "KPI: metrics", "objectives": "OKR: objectives"}
_DAY = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
_KEPT = "version"


class DefinitionForm(forms.Form):
    """A form over some fields of a definition; fields it does not show stay as they are."""

    version = forms.IntegerField(widget=forms.HiddenInput, initial=0)

    def tree(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """The definition with what the form says; what was emptied is left out."""
        said = {name: plain(value) for name, value in self.cleaned_data.items() if name in self.own}
        return {name: value for name, value in {**before, **said}.items() if value not in (None, "", [])}

    @property
    def own(self) -> set[str]:
        """The names of fields that are fields of the definition as they stand."""
        return {name for name in self.fields if name != _KEPT}


class InitiativeForm(DefinitionForm):
    """Something that may be built, changed or removed."""

    title = forms.CharField(max_length=200, label="What", help_text="A few words that everybody understands.")
    team = forms.ChoiceField(required=False)
    product = forms.ChoiceField(required=False)
    origin = forms.ChoiceField(
        required=False, label="Where it comes from", choices=[("", "not said"), *ORIGINS.items()]
    )
    discipline = forms.ChoiceField(
        required=False, label="Value discipline it feeds", choices=[("", "not said"), *DISCIPLINES.items()]
    )
    feature = forms.ChoiceField(required=False, label="Feature it builds or changes")
    removes = forms.ChoiceField(required=False, label="Feature it takes away")
    low = forms.FloatField(required=False, label="Cost: low", min_value=0)
    likely = forms.FloatField(required=False, label="likely", min_value=0)
    high = forms.FloatField(required=False, label="high", min_value=0)
    upkeep = forms.FloatField(required=False, label="Upkeep a year", min_value=0)
    weeks = forms.FloatField(required=False, label="Weeks the work takes", min_value=0)
    reach = forms.FloatField(required=False, label="Reach, in % of all users", min_value=0, max_value=100)
    serves = forms.MultipleChoiceField(
        required=False,
        label="Vision, experience, KPI or OKR",
        widget=forms.CheckboxSelectMultiple,
        help_text="What it is for. Any one is enough.",
    )
    exception = forms.CharField(
        required=False,
        label="Serves none of these, because",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Such as a law, or a debt that has to be paid. It is kept on record.",
    )
    started = forms.DateField(required=False, label="Work started", widget=_DAY)
    shipped = forms.DateField(required=False, label="Shipped", widget=_DAY)

    def __init__(self, *args: Any, definitions: Definitions, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **given)
        unit = definitions.policy.cost_unit
        self.fields["low"].label = f"Cost in {unit}: low"
        self.fields["upkeep"].label = f"Upkeep a year, in {unit}"
        _offer(self.fields["team"], "no team", _titled(definitions, "teams"))
        _offer(self.fields["product"], "that of its team", _titled(definitions, "products"))
        if not definitions.products:
            del self.fields["product"]
        _offer(self.fields["feature"], "none", _titled(definitions, "features"))
        _offer(self.fields["removes"], "none", _titled(definitions, "features"))
        served = [(label, _titled(definitions, kind)) for kind, label in _BOXES.items()]
        self.fields["serves"].choices = [(label, found) for label, found in served if found]  # type: ignore[attr-defined]  # a choice field

    @property
    def own(self) -> set[str]:
        """Cost and reach are written in another form than they are kept in."""
        return super().own - {"low", "likely", "high", "reach"}

    def clean(self) -> dict[str, Any]:
        """One number or three, rising."""
        said = super().clean() or {}
        given = [said[name] for name in ("low", "likely", "high") if said.get(name) is not None]
        if len(given) == 2 or (len(given) == 1 and said.get("likely") is None):  # noqa: PLR2004 - neither one nor three
            self.add_error("low", "Give one number, as likely, or all three: low, likely, high.")
        elif given != sorted(given):
            self.add_error("low", "The three must rise: low, likely, high.")
        elif given and max(given) <= 0:
            self.add_error("likely", "A cost is more than 0; leave it out when it is not known.")
        return said

    def tree(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """With cost as one number or three quantiles, and reach as a share."""
        said, found = self.cleaned_data, super().tree(before)
        three = {"p10": said["low"], "p50": said["likely"], "p90": said["high"]}
        cost = three if said["low"] is not None else said["likely"]
        reach = None if said["reach"] is None else said["reach"] / 100
        return {name: value for name, value in (found | {"cost": cost, "reach": reach}).items() if value is not None}


def initiative_initial(body: Mapping[str, Any], version: int | None) -> dict[str, Any]:
    """What the form of an initiative shows at first."""
    cost = body.get("cost")
    three = cost if isinstance(cost, dict) else {"p50": cost}
    numbers = {"low": three.get("p10"), "likely": three.get("p50"), "high": three.get("p90")}
    reach = body.get("reach")
    return {**body, **numbers, "reach": None if reach is None else f"{reach * 100:g}", "version": version or 0}


class HypothesisForm(DefinitionForm):
    """The question a bet poses: which metric, for whom, by when, and what would change our mind."""

    who = forms.CharField(
        required=False, max_length=500, label="We believe that", help_text="Who: dispatchers in mid-size firms."
    )
    will = forms.CharField(
        required=False,
        max_length=1000,
        label="will",
        help_text="What they do or feel then: plan a day in fewer minutes.",
    )
    because = forms.CharField(
        required=False,
        max_length=5000,
        label="because",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="What you have seen: 14 of 19 interviews described re-typing addresses.",
    )
    metric = forms.ChoiceField(label="Measured by", help_text="One metric. Others belong to the guardrails.")
    segment = forms.ChoiceField(label="Among")
    due = forms.DateField(
        label="Verdict on", widget=_DAY, required=False, help_text="The day on which you look at what came of it."
    )
    method = forms.ChoiceField(
        label="How it is measured",
        choices=[("experiment", "experiment: some get it, some do not"), ("release", "release: before and after")],
    )
    guardrails = forms.MultipleChoiceField(
        required=False, label="May not get worse", widget=forms.CheckboxSelectMultiple
    )
    rethink = forms.CharField(
        required=False,
        max_length=5000,
        label="What would change our mind",
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text="Fewer than one in five uses it in its second week.",
    )

    def __init__(self, *args: Any, definitions: Definitions, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **given)
        factors = [(key, title) for key, title in _titled(definitions, "metrics") if key in definitions.factors]
        others = [(key, title) for key, title in _titled(definitions, "metrics") if key not in definitions.factors]
        groups = [("Factors: they count as value", factors), ("Other metrics", others)]
        self.fields["metric"].choices = [(name, found) for name, found in groups if found]  # type: ignore[attr-defined]  # a choice field
        segments = [("all", "everybody"), *_titled(definitions, "segments")]
        self.fields["segment"].choices = segments  # type: ignore[attr-defined]  # likewise
        kept = dict.fromkeys([*definitions.guardrails, *definitions.metrics])
        self.fields["guardrails"].choices = [(key, definitions.title("metrics", key)) for key in kept]  # type: ignore[attr-defined]  # likewise

    def tree(self, before: Mapping[str, Any]) -> dict[str, Any]:
        """Without what says nothing: everybody, by experiment."""
        found = super().tree(before)
        silent = {"segment": "all", "method": "experiment"}
        return {name: value for name, value in found.items() if silent.get(name) != value}


class ForecastForm(forms.Form):
    """One person's forecast of a change of a metric, in the unit in which the metric is shown."""

    p10 = forms.FloatField(label="Low", help_text="1 in 10 that it is less")
    p50 = forms.FloatField(label="Middle", help_text="as likely more as less")
    p90 = forms.FloatField(label="High", help_text="1 in 10 that it is more")
    p_zero = forms.FloatField(
        label="Chance of no effect at all, in %",
        min_value=0,
        max_value=100,
        help_text="0: it surely does something. The three numbers above are for the case that there is an effect.",
    )

    def __init__(self, *args: Any, metric: Metric | None, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(*args, **given)
        self.unit = unit_of(metric)
        for name in self.fields:
            self.fields[name].widget.attrs |= {"step": "any", "inputmode": "decimal"}

    def clean(self) -> dict[str, Any]:
        """The three rise."""
        said = super().clean() or {}
        numbers = [said.get(name) for name in ("p10", "p50", "p90")]
        if None not in numbers and numbers != sorted(numbers):  # type: ignore[type-var]  # numbers by now
            self.add_error("p10", "The three must rise, the smallest first: −6, −4 and −2, where it should fall.")
        return said

    def quantiles(self) -> dict[str, float]:
        """As an act holds them: in the metric's own unit, the chance as a share."""
        said = self.cleaned_data
        return {name: said[name] / self.unit.factor for name in ("p10", "p50", "p90")} | {
            "p_zero": said["p_zero"] / 100
        }


def forecast_initial(body: Mapping[str, float], definitions: Definitions, metric: str) -> dict[str, str]:
    """A forecast as its form shows it."""
    unit = unit_of(definitions.metrics.get(metric))
    shown = {name: f"{body[name] * unit.factor:.10g}" for name in ("p10", "p50", "p90")}
    return shown | {"p_zero": f"{100 * body.get('p_zero', 0.0):g}"}


def plain(value: object) -> object:
    """A value of a form as YAML would hold it."""
    return value.isoformat() if hasattr(value, "isoformat") else value


def _titled(definitions: Definitions, kind: str) -> list[tuple[str, str]]:
    return [(key, called(definitions, kind, key)) for key in getattr(definitions, kind)]


def _offer(field: forms.Field, nothing: str, found: list[tuple[str, str]]) -> None:
    field.choices = [("", nothing), *found]  # type: ignore[attr-defined]  # a choice field
