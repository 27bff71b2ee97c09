"""Forms over what matters: factors, guardrails, stakeholders, visions, objectives, the policy; no YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, get_args
from urllib.parse import quote

from django import forms
from django.utils.html import format_html

from vitalfew.report.review_words import DISCIPLINES
from vitalfew.results.figures import unit_of
from vitalfew.server.core.definition_fields import (
    Day,
    Pairs,
    Percent,
    Pick,
    Picks,
    Spread,
    choice,
    number,
    number_text,
    over,
    positive,
    text,
    tick,
    times,
)
from vitalfew.server.core.definition_forms import DefinitionForm, Group, key_of, without_empty
from vitalfew.workspace.vocabulary import TARGETS_TO_BEGIN, Horizon

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from decimal import Decimal

    from vitalfew.report.words import Unit

UTILITIES = (
    ("linear", "Every step counts alike"),
    ("saturating", "The first steps count most: half of the worth is reached early"),
    ("threshold", "It matters around a target, little before and after"),
    ("piecewise", "By points, as the definition says (edited as text only)"),
)
ROLES = ("payer", "user", "affected", "staff", "partner", "society")
SIDES = ("customer", "business", "technical", "employee")
_NUMBERS = ("baseline", "target")


class OnMetric(DefinitionForm):
    """A definition whose key is that of a metric, with numbers in the unit in which the metric is shown."""

    metric = forms.ChoiceField(label="Metric", required=False)

    def furnish(self) -> None:
        """A new one chooses its metric; one that stands keeps it."""
        super().furnish()
        if self.key is not None:
            del self.fields["metric"]
        else:
            taken = getattr(self.definitions, self.defines)
            free = ((key, title) for key, title in self.titles("metrics") if key not in taken)
            self.choose("metric", ((key, self._with_unit(key, title)) for key, title in free))
            self.fields["metric"].help_text = "All numbers below are in the unit that stands behind its name."
        self.order_fields(["metric"])

    def new_key(self) -> str:
        """The metric's."""
        return str(self.cleaned_data["metric"])

    @property
    def unit(self) -> Unit:
        """Of the metric, as far as it is known."""
        chosen = self.key or (self.sent or {}).get("metric")
        return unit_of(self.definitions.metrics.get(str(chosen)))

    def _with_unit(self, key: str, title: str) -> str:
        unit = unit_of(self.definitions.metrics.get(key)).level
        return f"{title} ({unit})" if unit else title

    def inwards(self, value: Decimal | None) -> float | None:
        """A number as typed, in the metric's own unit: 45 % is 0.45."""
        return None if value is None else over(value, self.unit.factor)

    def outwards(self, value: float | None) -> Decimal | None:
        """A number of the metric as it is shown."""
        return None if value is None else times(value, self.unit.factor)

    def label_units(self, *names: str) -> None:
        """Say the unit beside numbers."""
        if self.key is not None and self.unit.level:
            for name in names:
                self.fields[name].label = f"{self.fields[name].label} ({self.unit.level})"


class FactorForm(OnMetric):
    """A factor: what counts, over which range, to whom, and how the worth grows along the range."""

    defines = "factors"
    switch = "form"
    shown_for: ClassVar = {"half": "saturating", "target": "threshold", "width": "threshold"}
    groups = (
        Group("", "metric title worst+best provisional baseline form half target+width loss north_star"),
        Group("More about it", "stakeholder counter provenance tangible+proxy lag_weeks money", folded=True),
    )
    title = forms.CharField(label="What it means to people, in a few words", max_length=200, required=False)
    worst = forms.DecimalField(label="Worst plausible value", widget=forms.NumberInput(attrs={"step": "any"}))
    best = forms.DecimalField(label="Best plausible value", widget=forms.NumberInput(attrs={"step": "any"}))
    baseline = number("Where it stands today", "Needed for every worth but “every step counts alike”.")
    stakeholder = Pick("stakeholders", "Whose value it is", none="nobody in particular")
    form = forms.ChoiceField(label="How its worth grows", choices=UTILITIES)
    half = number("Half of the worth is reached at")
    target = number("The target")
    width = number("Most of it lies within this of the target")
    loss = forms.DecimalField(
        label="A loss counts so many times a gain", min_value=1, max_value=10, required=False, initial=1
    )
    counter = Pick("metrics", "What would get worse if only this were chased", none="nothing in particular")
    provenance = forms.ChoiceField(
        label="How we know that it is value",
        required=False,
        choices=(("", "not said"), ("customer", "customers told or showed us"), ("internal", "we believe so")),
    )
    tangible = forms.ChoiceField(
        label="Is it counted directly?",
        required=False,
        choices=(("", "not said"), ("yes", "yes"), ("no", "no, through a proxy that we accept")),
    )
    proxy = forms.CharField(label="The proxy, in words", max_length=200, required=False)
    lag_weeks = number("Weeks until a change is felt in it", min_value=0)
    money = Spread("What the way from worst to best is worth in money", "Over the horizon. One factor prices all.")
    north_star = tick("This is the North Star")
    provisional = tick("The range is an example: nobody has agreed on it yet")

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The ends by what is better, numbers as shown, the parts of the utility."""
        utility = body.get("utility") or {}
        worst, best = sorted(body["range"], reverse=self.unit_down()) if body.get("range") else (None, None)
        shown = {name: self.outwards(utility.get(name)) for name in ("half", "target", "width")}
        return {
            **body,
            **shown,
            "worst": self.outwards(worst),
            "best": self.outwards(best),
            "baseline": self.outwards(body.get("baseline")),
            "tangible": {True: "yes", False: "no"}.get(body.get("tangible"), ""),  # type: ignore[arg-type]  # or absent
            "form": utility.get("form", "linear"),
            "loss": utility.get("loss", 1),
        }

    def unit_down(self) -> bool:
        """Whether less is better."""
        found = self.definitions.metrics.get(self.key or "")
        return found is not None and found.direction == "down"

    def furnish(self) -> None:
        """Units; points stay with definitions that have them."""
        super().furnish()
        if (self.standing.get("utility") or {}).get("form") != "piecewise":
            self.choose("form", UTILITIES[:3])
        self.label_units("worst", "best", "baseline", "half", "target", "width")

    def clean(self) -> dict[str, Any]:
        """Two ends, and the one number that a form of worth needs."""
        given = super().clean() or self.cleaned_data
        if given.get("worst") is not None and given.get("worst") == given.get("best"):
            self.add_error("best", "A range needs two different ends.")
        needed = {"saturating": "half", "threshold": "target"}.get(given.get("form", ""))
        if needed and given.get(needed) is None:
            self.add_error(needed, "This worth needs the number.")
        return given

    def tree(self) -> dict[str, Any]:
        """The factor in the metric's own unit."""
        given = self.cleaned_data
        utility: dict[str, Any] = {} if given["form"] == "linear" else {"form": given["form"]}
        if given["form"] == "piecewise":
            utility = dict(self.standing.get("utility") or {})
        for name in {"saturating": ("half",), "threshold": ("target", "width")}.get(given["form"], ()):
            if given.get(name) is not None:
                utility[name] = self.inwards(given[name])
        if given.get("loss") and given["loss"] != 1:
            utility["loss"] = float(given["loss"])
        else:
            utility.pop("loss", None)
        names = ("title", "stakeholder", "counter", "provenance", "proxy", "lag_weeks", "money")
        return self.laid_over(
            {
                **{name: self.value_of(name) if name in self.fields else None for name in names},
                "range": [self.inwards(given["worst"]), self.inwards(given["best"])],
                "baseline": self.inwards(given["baseline"]),
                "utility": utility,
                "tangible": {"yes": True, "no": False}.get(given["tangible"]),
                "north_star": given["north_star"] or None,
                "provisional": given["provisional"] or None,
            }
        )


class GuardrailForm(OnMetric):
    """A guardrail: a metric, and how much worse it may get."""

    defines = "guardrails"
    apart = frozenset(("metric", "margin"))
    groups = (Group("How sure one has to be", "alpha", folded=True),)
    margin = forms.DecimalField(
        label="May get worse by at most", min_value=0, widget=forms.NumberInput(attrs={"step": "any"})
    )
    segment = Pick("segments", "For whom", none="everybody")
    stakeholder = Pick("stakeholders", "Who would be hurt", none="nobody in particular")
    alpha = number("Chance of passing what does harm", "0.05: one time in twenty.", min_value=0.001, max_value=0.5)

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The margin as shown."""
        return super().opened(body) | {"margin": self.outwards(body.get("margin"))}

    def furnish(self) -> None:
        """The unit."""
        super().furnish()
        if self.key is not None and self.unit.change:
            self.fields["margin"].label = f"May get worse by at most ({self.unit.change})"

    def tree(self) -> dict[str, Any]:
        """The guardrail in the metric's own unit; a margin of nothing is one."""
        return {**super().tree(), "margin": self.inwards(self.cleaned_data["margin"])}


class StakeholderForm(DefinitionForm):
    """Somebody who gains or loses."""

    defines = "stakeholders"
    title = forms.CharField(label="Who", max_length=200)
    role = forms.ChoiceField(
        label="What they are to us", required=False, choices=[("", "not said"), *((role, role) for role in ROLES)]
    )
    side = forms.ChoiceField(
        label="Which side they stand on", required=False, choices=[("", "not said"), *((side, side) for side in SIDES)]
    )
    raters = forms.CharField(
        label="Which group of raters speaks for them",
        max_length=120,
        required=False,
        help_text="Shown from five people up.",
    )


class VisionForm(DefinitionForm):
    """Where we want to be."""

    defines = "vision"
    title = forms.CharField(label="Where we want to be, in a sentence", max_length=300)
    team = Pick("teams", "Whose", none="everybody's")
    horizon_years = forms.FloatField(label="In how many years", required=False, min_value=0.1, max_value=100)


def _key_result() -> dict[str, forms.Field]:
    return {
        "title": forms.CharField(label="Key result", max_length=200, required=False),
        "metric": Pick("metrics", "Metric", none="none: counts output"),
        "baseline": number("From"),
        "target": number("To"),
        "due": Day("By"),
    }


class ObjectiveForm(DefinitionForm):
    """What a team wants to reach, with its key results: metric, baseline, target, date."""

    defines = "objectives"
    apart = frozenset(("key_results",))
    entries: ClassVar = {"key_results": _key_result}
    groups = (Group("Key results", "key_results"),)
    more = 3
    title = forms.CharField(label="What we want to reach", max_length=300)
    team = Pick("teams", "Whose", none="everybody's")
    serves = Picks("vision needs factors", "What it serves")

    def stands(self, name: str) -> list[dict[str, Any]]:
        """Key results with their numbers as they are shown."""
        return [
            {
                part: times(value, self.factor_of(result)) if part in _NUMBERS else value
                for part, value in result.items()
            }
            for result in (self.standing.get(name) or {}).values()
        ]

    def tree(self) -> dict[str, Any]:
        """The objective; a row without a title and a metric is none."""
        standing, found = list(self.standing.get("key_results") or {}), dict[str, Any]()
        for at, row in enumerate(self.rows_of("key_results")):
            if "title" in row or "metric" in row:
                key = standing[at] if at < len(standing) else key_of(row.get("title") or row["metric"], found, "result")
                found[key] = row | {name: over(row[name], self.factor_of(row)) for name in _NUMBERS if name in row}
        return without_empty(super().tree() | {"key_results": found})


def _treaty() -> dict[str, forms.Field]:
    return {
        "gains": Pick("metrics", "Work that gains on", none="no treaty"),
        "loses": Pick("metrics", "may lose on", none="no treaty"),
        "at_most": number("up to, for each one gained"),
        "between": Picks("teams", "Agreed between"),
        "until": Day("Until"),
        "reason": forms.CharField(label="Why", max_length=300, required=False),
    }


def _threshold() -> dict[str, forms.Field]:
    return {"metric": Pick("metrics", "Metric", none="none"), "level": number("never worse than")}


def _criterion() -> dict[str, forms.Field]:
    return {
        "criterion": text("Criterion", most=120),
        "weight": number("counts", min_value=0),
        "direction": choice("and", (("up", "more is better"), ("down", "less is better"))),
    }


def _by_horizon(label: str, example: str, help_text: str) -> Pairs:
    return Pairs(
        label,
        read=lambda text: (positive(text) or 0) / 100 or None,
        write=lambda share: number_text(100 * share),
        among=get_args(Horizon),
        example=example,
        help_text=help_text,
    )


TO_BEGIN = "\n".join(f"{horizon}, {100 * share:g}" for horizon, share in TARGETS_TO_BEGIN.items())
"""Targets of horizons to begin with, as they are typed."""


class PolicyForm(DefinitionForm):
    """Budget, horizon, what groups count, how an experiment is decided, exchanges that teams agreed on."""

    defines = "policy"
    apart = frozenset(("treaties", "discipline__thresholds", "technical__floors", "criteria"))
    entries: ClassVar = {
        "treaties": _treaty,
        "discipline__thresholds": _threshold,
        "technical__floors": _threshold,
        "criteria": _criterion,
    }
    groups = (
        Group("Money and time", "budget+cost_unit horizon_weeks+discount money_per_cost_unit+test_cost"),
        Group("Whose word counts", "rater_groups"),
        Group("How an experiment is decided", "decision__success+decision__guardrails covariate_days"),
        Group(
            "Value discipline",
            "discipline__chosen",
            "The one to excel in: run it best, know the customer best, or offer the best product.",
        ),
        Group("and what the other two have to keep", "discipline__thresholds"),
        Group("Balance over horizons", "horizon_targets minimum_shares"),
        Group(
            "Technical health",
            "technical__share",
            "What keeps a team able to deliver: lead time, failed changes, response time, defects.",
        ),
        Group("and its floors", "technical__floors"),
        Group("Treaties", "treaties", hint="Exchanges that teams agreed on; what keeps to one is no alarm any more."),
        Group("Scores of sheets", "rice_period+ice+input_error", folded=True),
        Group("Criteria of weighted scores", "criteria"),
    )
    more = 1
    budget = forms.FloatField(label="Budget of one horizon", required=False, min_value=0)
    cost_unit = forms.CharField(label="Costs are counted in", max_length=60, required=False)
    horizon_weeks = forms.FloatField(label="How many weeks ahead value counts", required=False, min_value=1)
    discount = Percent("What value a year later is worth less, in %")
    money_per_cost_unit = forms.FloatField(label="Money for one unit of cost", required=False, min_value=0)
    test_cost = number("What a test costs", "In the unit of costs, on top of the time it takes.", min_value=0)
    rater_groups = Pairs(
        "Shares of groups of raters",
        read=positive,
        write=number_text,
        example="customers, 50\nstaff, 50",
        help_text="One a line: group, share. Empty: every person counts alike.",
    )
    decision__success = choice(
        "An experiment suggests to ship when",
        (("any", "one primary metric is better"), ("all", "all primary metrics are better")),
    )
    decision__guardrails = choice(
        "and its guardrails",
        (("non_inferior", "are shown to be no worse than their margins"), ("no_harm", "show no harm")),
    )
    covariate_days = number(
        "Days before an experiment that effects are adjusted by",
        "What people did before tells much of what they do now (CUPED). 0: none.",
        min_value=0,
    )
    discipline__chosen = choice("We excel in", (("", "not chosen"), *DISCIPLINES.items()))
    horizon_targets = _by_horizon(
        "Shares of effort aimed at by horizon",
        TO_BEGIN,
        format_html(
            "One a line: horizon (h1 now, h2 next, h3 later), percent, 100 in all. What is agreed on is held against"
            ' them. <a href="?horizon_targets={}">Begin with 70, 20 and 10</a>, and change them before you save.',
            quote(TO_BEGIN),
        ),
    )
    minimum_shares = _by_horizon(
        "Least shares of each plan by horizon", "h3, 15", "The same way. No plan is made that keeps less."
    )
    technical__share = Percent("Least share of the spending for it, in %")
    rice_period = text("RICE counts reach over", "Such as a quarter.")
    ice = choice("ICE is", (("", "as the sheet says"), ("mean", "the mean of its three"), ("product", "their product")))
    input_error = number("Inputs of scores are off by a factor of", min_value=1.01, max_value=10)

    def stands(self, name: str) -> list[dict[str, Any]]:
        """Treaties and levels in the units in which their metrics are shown; criteria by name."""
        if name == "criteria":
            return [{"criterion": key, **each} for key, each in (self.standing.get(name) or {}).items()]
        part, factor = _SCALED[name]
        return [{**row, part: times(row[part], factor(self, row))} for row in super().stands(name)]

    def tree(self) -> dict[str, Any]:
        """The policy; a row without metrics is no treaty, one without a metric no level, one without a name nothing."""
        held = {name: self._scaled(name) for name in _SCALED}
        criteria = {key: row for row in self.rows_of("criteria") if (key := row.pop("criterion", ""))}
        return self.laid_over(super().tree() | held | {"criteria": criteria})

    def _scaled(self, name: str) -> list[dict[str, Any]]:
        part, factor = _SCALED[name]
        said = [row for row in self.rows_of(name) if _NAMES & row.keys()]
        return [row | ({part: over(row[part], factor(self, row))} if part in row else {}) for row in said]

    def price_of(self, treaty: Mapping[str, Any]) -> float:
        """By what the price of a treaty is multiplied where it is shown."""
        gains, loses = (self.factor_of({"metric": treaty.get(end)}) for end in ("gains", "loses"))
        return loses / gains


_NAMES = frozenset(("gains", "loses", "metric"))
_SCALED: Mapping[str, tuple[str, Callable[[PolicyForm, Mapping[str, Any]], float]]] = {
    "treaties": ("at_most", PolicyForm.price_of),
    "discipline__thresholds": ("level", PolicyForm.factor_of),
    "technical__floors": ("level", PolicyForm.factor_of),
}
"""Lists of the policy whose rows hold a number in the unit of a metric: which, and by what it is multiplied."""
