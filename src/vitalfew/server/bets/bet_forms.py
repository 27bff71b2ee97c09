"""Forms of bets: the initiative, the hypothesis, a forecast."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, get_args

from django import forms

from vitalfew.errors import UsageError
from vitalfew.report.review_words import DISCIPLINES, ORIGINS
from vitalfew.results.figures import unit_of
from vitalfew.results.words import HORIZONS
from vitalfew.server.bets.queries.rested_on import read
from vitalfew.server.core.definition_fields import (
    Day,
    Listed,
    Percent,
    Pick,
    Picks,
    Spread,
    choice,
    number,
    over,
    text,
    tick,
    times,
    unknown,
)
from vitalfew.server.core.definition_forms import DefinitionForm, Group, key_of, without_empty
from vitalfew.workspace.cited import cited
from vitalfew.workspace.definitions import EventSource
from vitalfew.workspace.vocabulary import Cadence

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from decimal import Decimal

    from django.forms.boundfield import BoundField

    from vitalfew.workspace.definitions import Definitions, Metric

_BOXES = {"vision": "Vision", "needs": "Experience: needs", "metrics": "KPI: metrics", "objectives": "OKR: objectives"}
_MOST = 10_000


def _spending() -> dict[str, forms.Field]:
    return {"at": Day("On"), "amount": number("Spent", min_value=0)}


class InitiativeForm(DefinitionForm):
    """Something that may be built, changed or removed."""

    defines = "initiatives"
    entries: ClassVar = {"spent": _spending}
    more = 1
    groups = (
        Group("", "title team+product origin discipline"),
        Group("Cost", "cost upkeep+weeks"),
        Group("What it serves", "serves exception"),
        Group("Feature, reach and days", "feature+removes reach started+shipped+needed_by", folded=True),
        Group(
            "How it lasts, and what it waits for",
            "ramp_weeks+half_life_weeks horizon prerequisites excludes capability",
            folded=True,
        ),
        Group(
            "A second step",
            "later__cost later__after_weeks+later__tells",
            "Decided upon once the first step has shown what it is worth; the cost above is then that of the first.",
            folded=True,
        ),
        Group(
            "Scores of a sheet",
            "scores__rice__reach+scores__rice__impact+scores__rice__confidence+scores__rice__effort"
            " scores__ice__impact+scores__ice__confidence+scores__ice__ease"
            " scores__wsjf__value+scores__wsjf__criticality+scores__wsjf__opportunity+scores__wsjf__size"
            " scores__delay__per_week+scores__delay__weeks scores__value_effort__value+scores__value_effort__effort",
            "Shown beside the ledger, never in it.",
            folded=True,
        ),
        Group("What was spent so far", "spent"),
    )
    title = text("What", "A few words that everybody understands.", required=True)
    team = Pick("teams", "Team", none="no team")
    product = Pick("products", "Product", none="that of its team")
    origin = choice("Where it comes from", (("", "not said"), *ORIGINS.items()))
    discipline = choice("Value discipline it feeds", (("", "not said"), *DISCIPLINES.items()))
    cost = Spread("Cost")
    upkeep = number("Upkeep a year", min_value=0)
    weeks = number("Weeks the work takes", min_value=0)
    serves = Picks("vision needs metrics objectives", "Vision, experience, KPI or OKR")
    exception = text(
        "Serves none of these, because",
        "Such as a law, or a debt that has to be paid. It is kept on record.",
        long=True,
        most=_MOST,
    )
    feature = Pick("features", "Feature it builds or changes")
    removes = Pick("features", "Feature it takes away")
    reach = Percent("Reach, in % of all users")
    started = Day("Work started")
    shipped = Day("Shipped")
    needed_by = Day("Worth nothing after")
    ramp_weeks = number("Weeks until it is used in full", min_value=0)
    half_life_weeks = number("Weeks until half of its effect is gone", min_value=0)
    horizon = choice("Horizon", (("", "not said"), *HORIZONS.items()))
    prerequisites = Picks("initiatives", "Only with or after these")
    excludes = Picks("initiatives", "Never together with these")
    capability = tick("It builds ability (people, platform): no score in the short run")
    later__cost = Spread("Cost of the second step")
    later__after_weeks = number("Decided after so many weeks", min_value=0)
    later__tells = Percent("The first step settles, in % of what is uncertain")
    scores__rice__reach = number("RICE: reach", min_value=0)
    scores__rice__impact = number("impact", min_value=0)
    scores__rice__confidence = Percent("confidence, in %", most=None)
    scores__rice__effort = number("effort", min_value=0)
    scores__ice__impact = number("ICE: impact")
    scores__ice__confidence = number("confidence")
    scores__ice__ease = number("ease")
    scores__wsjf__value = number("WSJF: value", min_value=0)
    scores__wsjf__criticality = number("time criticality", min_value=0)
    scores__wsjf__opportunity = number("risk or opportunity", min_value=0)
    scores__wsjf__size = number("job size", min_value=0)
    scores__delay__per_week = number("A week of delay costs, in money", min_value=0)
    scores__delay__weeks = number("weeks of work", min_value=0)
    scores__value_effort__value = number("Value of a two by two")
    scores__value_effort__effort = number("effort", min_value=0)

    def furnish(self) -> None:
        """The unit of cost; what it serves by kind; no bet waits for itself."""
        super().furnish()
        unit = self.definitions.policy.cost_unit
        self.fields["cost"].label = f"Cost, in {unit}"
        self.fields["upkeep"].label = f"Upkeep a year, in {unit}"
        served = [(label, self.titles(kind)) for kind, label in _BOXES.items()]
        if "serves" in self.fields:
            self.choose("serves", [(label, found) for label, found in served if found])
            self.fields["serves"].help_text = "What it is for. Any one is enough."
        for name in ("prerequisites", "excludes"):
            others = [pair for pair in self.titles("initiatives") if pair[0] != self.key]
            if others:
                self.choose(name, others)
            else:
                self.fields.pop(name, None)

    def new_key(self) -> str:
        """Of its title."""
        return key_of(self.cleaned_data["title"], self.definitions.initiatives, "bet")


def _fear() -> dict[str, forms.Field]:
    return {"what": text("What may go wrong", most=_MOST), "metric": Pick("metrics", "Seen by", none="no metric")}


class HypothesisForm(DefinitionForm):
    """The question a bet poses: which metric, for whom, by when, and what would change our mind."""

    defines = "hypotheses"
    entries: ClassVar = {"premortem": _fear}
    apart = frozenset(("margin",))
    more = 1
    groups = (
        Group("", "initiative"),
        Group("In a sentence", "who will because"),
        Group("In a number", "metric segment+due method guardrails margin"),
        Group("", "rethink"),
        Group(
            "Premortem",
            "premortem",
            "It is a year later and it failed: why? Written down before the work, and held against what came.",
        ),
    )
    initiative = Pick("initiatives", "Bet", required=True)
    who = text("We believe that", "Who: dispatchers in mid-size firms.", most=500)
    will = text("will", "What they do or feel then: plan a day in fewer minutes.", most=1000)
    because = text(
        "because", "What you have seen: 14 of 19 interviews described re-typing addresses.", long=True, most=_MOST
    )
    metric = Pick("metrics", "Measured by", required=True, help_text="One metric. Others belong to the guardrails.")
    segment = Pick("segments", "Among", none="everybody")
    due = Day("Verdict on", help_text="The day on which you look at what came of it.")
    method = choice(
        "How it is measured",
        (("experiment", "experiment: some get it, some do not"), ("release", "release: before and after")),
    )
    guardrails = Picks("guardrails metrics", "May not get worse")
    margin = number("Where nothing is to change: kept within", "In the unit in which the metric is shown.", min_value=0)
    rethink = text(
        "What would change our mind", "Fewer than one in five uses it in its second week.", long=True, most=_MOST
    )

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new one holds every guardrail; the margin as the metric is shown."""
        found = super().opened(body)
        if body:
            shown = None if body.get("margin") is None else times(body["margin"], self.factor_of(body))
            return found | {"margin": shown}
        return found | {"guardrails": list(self.definitions.guardrails)}

    def furnish(self) -> None:
        """Factors before other metrics."""
        super().furnish()
        titles = dict(self.titles("metrics"))
        factors = [(key, title) for key, title in titles.items() if key in self.definitions.factors]
        others = [(key, title) for key, title in titles.items() if key not in self.definitions.factors]
        groups = [("Factors: they count as value", factors), ("Other metrics", others)]
        self.choose("metric", [("", "choose one"), *((name, found) for name, found in groups if found)])

    def new_key(self) -> str:
        """Of its bet and its metric."""
        said = self.cleaned_data
        return key_of(f"{said['initiative']}_{said['metric']}", self.definitions.hypotheses, "hypothesis")

    def tree(self) -> dict[str, Any]:
        """With the margin in the metric's own unit."""
        margin: Decimal | None = self.cleaned_data.get("margin")
        own = None if margin is None else over(margin, self.factor_of(self.cleaned_data))
        return without_empty({**super().tree(), "margin": own})


class FeatureForm(DefinitionForm):
    """Something users can use: how its use is seen, who may use it, what it costs."""

    defines = "features"
    groups = (
        Group("", "title team+product"),
        Group("How its use is seen", "source events eligible+cadence", "A run then tells reach, frequency and trend."),
        Group("What it costs", "cost upkeep shipped"),
    )
    title = text("What it is called", "As users know it.", required=True)
    team = Pick("teams", "Team", none="no team")
    product = Pick("products", "Product", none="that of its team")
    source = Pick("sources", "Table of events", none="none: its use is not measured")
    events = Listed("Events that are its use", help_text="Apart by commas.")
    eligible = Pick("segments", "Who may use it", none="everybody")
    cadence = choice("How often one would use it", ((word, word) for word in get_args(Cadence)))
    cost = Spread("What it cost")
    upkeep = number("Upkeep a year", min_value=0)
    shipped = Day("Shipped")

    def furnish(self) -> None:
        """Tables of events, and the events that they hold."""
        super().furnish()
        self.sources(EventSource)
        unit = self.definitions.policy.cost_unit
        self.fields["cost"].label = f"What it cost, in {unit}"
        self.fields["upkeep"].label = f"Upkeep a year, in {unit}"
        self.suggest("events", self.known.get("events", ()))

    def clean(self) -> dict[str, Any]:
        """Events are looked for in the data."""
        given = super().clean() or self.cleaned_data
        for name in self.value_of("events"):
            if wrong := unknown(name, self.known.get("events", ()), "event"):
                self.add_error("events", wrong)
        return given


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

    rests_on = forms.MultipleChoiceField(label="Known here", required=False, widget=forms.CheckboxSelectMultiple)
    addresses = forms.CharField(
        label="Something else",
        required=False,
        help_text="Web addresses, or what an experiment, release, metric, need, bet or feature is called: one a line.",
        max_length=6_000,
        widget=forms.Textarea(
            attrs={"rows": 2, "placeholder": "https://", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )

    def __init__(
        self,
        *args: Any,  # noqa: ANN401 - Django's
        metric: Metric | None,
        definitions: Definitions | None = None,
        offered: Sequence[tuple[str, str]] = (),
        **given: Any,  # noqa: ANN401 - Django's
    ) -> None:
        """Over a metric.

        Args:
            args: Django's.
            metric: of the question.
            definitions: of whom evidence may be named by its key; None for whoever is told of web addresses alone.
            offered: evidence that can be ticked, by key.
            given: Django's.
        """
        super().__init__(*args, **given)
        self.unit, self.definitions = unit_of(metric), definitions
        for name in ("p10", "p50", "p90", "p_zero"):
            self.fields[name].widget.attrs |= {"step": "any", "inputmode": "decimal"}
        ticks: forms.MultipleChoiceField = self.fields["rests_on"]  # type: ignore[assignment]  # Django types a plain field
        ticks.choices = list(offered)
        if not offered:
            del self.fields["rests_on"]
        if definitions is None:
            self.fields["addresses"].label, self.fields["addresses"].help_text = "Web addresses", "One a line."

    @property
    def three(self) -> list[BoundField]:
        """Low, middle and high."""
        return [self[name] for name in ("p10", "p50", "p90")]

    @property
    def cited(self) -> list[BoundField]:
        """The fields for what it rests on."""
        return [self[name] for name in ("rests_on", "addresses") if name in self.fields]

    @property
    def cites(self) -> bool:
        """Whether something is named, or was meant to be: then its fields are not folded away."""
        return any(field.value() or field.errors for field in self.cited)

    def clean(self) -> dict[str, Any]:
        """The three rise, and evidence is there."""
        said = super().clean() or {}
        numbers = [said.get(name) for name in ("p10", "p50", "p90")]
        if None not in numbers and numbers != sorted(numbers):  # type: ignore[type-var]  # numbers by now
            self.add_error("p10", "The three must rise, the smallest first: −6, −4 and −2, where it should fall.")
        try:
            typed = read(said.get("addresses", ""), self.definitions)
            said["evidence"] = cited([*said.get("rests_on", ()), *typed], self.definitions)
        except UsageError as error:
            self.add_error("addresses", _sentence(error))
        return said

    def quantiles(self) -> dict[str, float]:
        """As an act holds them: in the metric's own unit, the chance as a share."""
        said = self.cleaned_data
        return {name: said[name] / self.unit.factor for name in ("p10", "p50", "p90")} | {
            "p_zero": said["p_zero"] / 100
        }

    def evidence(self) -> tuple[str, ...]:
        """What is ticked, and what is typed."""
        found: tuple[str, ...] = self.cleaned_data["evidence"]
        return found


def forecast_initial(
    body: Mapping[str, Any], definitions: Definitions, metric: str, ticks: Sequence[tuple[str, str]] = ()
) -> dict[str, Any]:
    """A forecast as its form shows it; evidence that is among the `ticks` is ticked, other is typed."""
    unit = unit_of(definitions.metrics.get(metric))
    shown = {name: f"{body[name] * unit.factor:.10g}" for name in ("p10", "p50", "p90")}
    named, keys = body.get("evidence", []), {key for key, _ in ticks}
    cites = {
        "rests_on": [one for one in named if one in keys],
        "addresses": "\n".join(one for one in named if one not in keys),
    }
    return shown | cites | {"p_zero": f"{100 * body.get('p_zero', 0.0):g}"}


def _sentence(error: UsageError) -> str:
    """An error as a form says it."""
    text = str(error)
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('?') else '.'}"
