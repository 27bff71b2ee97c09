"""Forms over what matters: factors, guardrails, stakeholders, visions, objectives, the policy; no YAML."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar, get_args

from django import forms

from vitalfew.results.figures import unit_of
from vitalfew.workspace.vocabulary import Horizon

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from vitalfew.report.words import Unit
    from vitalfew.workspace.definitions import Definitions

NOBODY = ("", "nobody in particular")
UTILITIES = (
    ("linear", "Every step counts alike"),
    ("saturating", "The first steps count most: half of the worth is reached early"),
    ("threshold", "It matters around a target, little before and after"),
    ("piecewise", "By points, as the definition says (edited as text only)"),
)
ROLES = ("payer", "user", "affected", "staff", "partner", "society")
SIDES = ("customer", "business", "technical", "employee")
RESULTS = 3
"""Empty rows for key results."""


class DefinitionForm(forms.Form):
    """A form over one definition. What it does not show is kept as it stands."""

    kind: ClassVar[str] = ""
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def __init__(
        self,
        data: Any = None,  # noqa: ANN401 - Django's own
        *,
        definitions: Definitions,
        key: str | None,
        body: Mapping[str, Any],
        version: int,
    ) -> None:
        self.definitions, self.key, self.standing, self.sent = definitions, key, body, data
        super().__init__(data, initial={**self.opened(body), "version": version})
        self.furnish()

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """What fields show of a definition."""
        return dict(body)

    def furnish(self) -> None:
        """Fill in choices."""

    def new_key(self) -> str:
        """The key of a new definition."""
        return slug(str(self.cleaned_data.get("title") or self.kind), getattr(self.definitions, self.kind))

    def tree(self) -> dict[str, Any]:
        """The definition as YAML would hold it."""
        return self.laid_over({name: self.cleaned_data[name] for name in self.fields if name != "version"})

    def laid_over(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """What stands, with some fields anew; what is empty is left out."""
        found = {**self.standing, **given}
        return {name: value for name, value in found.items() if value not in (None, "", [], {}, ())}

    def choose(self, name: str, found: Iterable[tuple[str, str]], none: tuple[str, str] | None = NOBODY) -> None:
        """Fill in the choices of a field."""
        field = self.fields[name]
        field.choices = [*([none] if none else []), *found]  # type: ignore[attr-defined]  # a field of choices

    def titles(self, kind: str) -> list[tuple[str, str]]:
        """Keys and titles of definitions."""
        return [(key, self.definitions.title(kind, key)) for key in getattr(self.definitions, kind)]


class OnMetric(DefinitionForm):
    """A definition whose key is that of a metric, with numbers in the unit in which the metric is shown."""

    metric = forms.ChoiceField(label="Metric", required=False)

    def furnish(self) -> None:
        """A new one chooses its metric; one that stands keeps it."""
        if self.key is not None:
            del self.fields["metric"]
        else:
            taken = getattr(self.definitions, self.kind)
            self.choose("metric", ((key, title) for key, title in self.titles("metrics") if key not in taken), None)
        self.order_fields(["metric"])

    def new_key(self) -> str:
        """The metric's."""
        return str(self.cleaned_data["metric"])

    @property
    def unit(self) -> Unit:
        """Of the metric, as far as it is known."""
        chosen = self.key or (self.sent or {}).get("metric")
        return unit_of(self.definitions.metrics.get(str(chosen)))

    def inwards(self, value: Decimal | None) -> float | None:
        """A number as typed, in the metric's own unit: 45 % is 0.45."""
        return None if value is None else float(value / Decimal(str(self.unit.factor)))

    def outwards(self, value: float | None) -> Decimal | None:
        """A number of the metric as it is shown."""
        if value is None:
            return None
        return (Decimal(repr(value)) * Decimal(str(self.unit.factor))).normalize() + 0

    def label_units(self, *names: str) -> None:
        """Say the unit beside numbers."""
        if self.key is not None and self.unit.level:
            for name in names:
                self.fields[name].label = f"{self.fields[name].label} ({self.unit.level})"


def number(label: str, hint: str = "") -> forms.DecimalField:
    """A number that may be left out."""
    return forms.DecimalField(
        label=label, required=False, help_text=hint, widget=forms.NumberInput(attrs={"step": "any"})
    )


class FactorForm(OnMetric):
    """A factor: what counts, over which range, to whom, and how the worth grows along the range."""

    kind = "factors"
    title = forms.CharField(label="What it means to people, in a few words", max_length=200, required=False)
    worst = forms.DecimalField(label="Worst plausible value", widget=forms.NumberInput(attrs={"step": "any"}))
    best = forms.DecimalField(label="Best plausible value", widget=forms.NumberInput(attrs={"step": "any"}))
    baseline = number("Where it stands today", "Needed for every worth but “every step counts alike”.")
    stakeholder = forms.ChoiceField(label="Whose value it is", required=False)
    form = forms.ChoiceField(label="How its worth grows", choices=UTILITIES)
    half = number("Half of the worth is reached at")
    target = number("The target")
    width = number("Most of it lies within this of the target")
    loss = forms.DecimalField(
        label="A loss counts so many times a gain", min_value=1, max_value=10, required=False, initial=1
    )
    counter = forms.ChoiceField(label="What would get worse if only this were chased", required=False)
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
    north_star = forms.BooleanField(label="This is the North Star", required=False)

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
        """Stakeholders, metrics, units; points stay with definitions that have them."""
        super().furnish()
        self.choose("stakeholder", self.titles("stakeholders"))
        self.choose("counter", self.titles("metrics"), ("", "nothing in particular"))
        if (self.standing.get("utility") or {}).get("form") != "piecewise":
            self.choose("form", UTILITIES[:3], None)
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
        names = ("title", "stakeholder", "counter", "provenance", "proxy")
        return self.laid_over(
            {
                **{name: given[name] for name in names},
                "range": [self.inwards(given["worst"]), self.inwards(given["best"])],
                "baseline": self.inwards(given["baseline"]),
                "utility": utility,
                "tangible": {"yes": True, "no": False}.get(given["tangible"]),
                "north_star": given["north_star"] or None,
            }
        )


class GuardrailForm(OnMetric):
    """A guardrail: a metric, and how much worse it may get."""

    kind = "guardrails"
    margin = forms.DecimalField(
        label="May get worse by at most", min_value=0, widget=forms.NumberInput(attrs={"step": "any"})
    )
    segment = forms.ChoiceField(label="For whom", required=False)
    stakeholder = forms.ChoiceField(label="Who would be hurt", required=False)

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The margin as shown."""
        return {**body, "margin": self.outwards(body.get("margin"))}

    def furnish(self) -> None:
        """Segments, stakeholders, units."""
        super().furnish()
        self.choose("segment", self.titles("segments"), ("", "everybody"))
        self.choose("stakeholder", self.titles("stakeholders"))
        if self.key is not None and self.unit.change:
            self.fields["margin"].label = f"May get worse by at most ({self.unit.change})"

    def tree(self) -> dict[str, Any]:
        """The guardrail in the metric's own unit; a margin of nothing is one."""
        given = self.cleaned_data
        found = self.laid_over({name: given[name] for name in ("segment", "stakeholder")})
        return {**found, "margin": self.inwards(given["margin"])}


class StakeholderForm(DefinitionForm):
    """Somebody who gains or loses."""

    kind = "stakeholders"
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

    kind = "vision"
    title = forms.CharField(label="Where we want to be, in a sentence", max_length=300)
    team = forms.ChoiceField(label="Whose", required=False)
    horizon_years = forms.FloatField(label="In how many years", required=False, min_value=0.1, max_value=100)

    def furnish(self) -> None:
        """Teams."""
        self.choose("team", self.titles("teams"), ("", "everybody's"))


class ObjectiveForm(DefinitionForm):
    """What a team wants to reach, with its key results: metric, baseline, target, date."""

    kind = "objectives"
    title = forms.CharField(label="What we want to reach", max_length=300)
    team = forms.ChoiceField(label="Whose", required=False)
    serves = forms.MultipleChoiceField(label="What it serves", required=False, widget=forms.SelectMultiple)

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """Key results as numbered rows, numbers as they are shown."""
        found = dict(body)
        for at, result in enumerate((body.get("key_results") or {}).values()):
            factor = self._factor(result.get("metric"))
            found |= {f"{name}_{at}": result.get(name) for name in ("title", "metric", "due")}
            for name in ("baseline", "target"):
                value = result.get(name)
                found[f"{name}_{at}"] = None if value is None else (Decimal(repr(value)) * factor).normalize() + 0
        return found

    def furnish(self) -> None:
        """Teams, purposes, and the rows."""
        self.choose("team", self.titles("teams"), ("", "everybody's"))
        purposes = [(key, title) for kind in ("vision", "needs", "factors") for key, title in self.titles(kind)]
        standing = [(key, key) for key in self.standing.get("serves") or () if key not in dict(purposes)]
        self.choose("serves", dict([*purposes, *standing]).items(), None)
        metrics = [("", "none: counts output"), *self.titles("metrics")]
        for at in range(self._rows):
            self.fields[f"title_{at}"] = forms.CharField(label="Key result", max_length=200, required=False)
            self.fields[f"metric_{at}"] = forms.ChoiceField(label="Metric", choices=metrics, required=False)
            self.fields[f"baseline_{at}"] = number("From")
            self.fields[f"target_{at}"] = number("To")
            self.fields[f"due_{at}"] = forms.DateField(
                label="By", required=False, widget=forms.DateInput(attrs={"type": "date"})
            )

    @property
    def _rows(self) -> int:
        return len(self.standing.get("key_results") or {}) + RESULTS

    def _factor(self, metric: str | None) -> Decimal:
        return Decimal(str(unit_of(self.definitions.metrics.get(metric or "")).factor))

    def results(self) -> list[list[Any]]:
        """The rows as fields, for the page."""
        names = ("title", "metric", "baseline", "target", "due")
        return [[self[f"{name}_{at}"] for name in names] for at in range(self._rows)]

    def tree(self) -> dict[str, Any]:
        """The objective; a row without a title and a metric is none."""
        given = self.cleaned_data
        standing: dict[str, Any] = dict(self.standing.get("key_results") or {})
        keys, found = list(standing), dict[str, Any]()
        for at in range(self._rows):
            title, metric = given[f"title_{at}"], given[f"metric_{at}"]
            if not title and not metric:
                continue
            factor = self._factor(metric)
            row: dict[str, Any] = {"title": title, "metric": metric}
            row |= {
                name: None if given[f"{name}_{at}"] is None else float(given[f"{name}_{at}"] / factor)
                for name in ("baseline", "target")
            }
            row["due"] = given[f"due_{at}"].isoformat() if given[f"due_{at}"] else None
            key = keys[at] if at < len(keys) else slug(title or metric, found)
            found[key] = {name: value for name, value in row.items() if value not in (None, "")}
        return self.laid_over({**{name: given[name] for name in ("title", "team", "serves")}, "key_results": found})


class PolicyForm(DefinitionForm):
    """Budget, horizon, what groups count, how an experiment is decided."""

    kind = "policy"
    budget = forms.FloatField(label="Budget of one horizon", required=False, min_value=0)
    cost_unit = forms.CharField(label="Costs are counted in", max_length=60, required=False)
    horizon_weeks = forms.FloatField(label="How many weeks ahead value counts", required=False, min_value=1)
    discount = forms.FloatField(
        label="What value a year later is worth less (share)", required=False, min_value=0, max_value=1
    )
    money_per_cost_unit = forms.FloatField(label="Money for one unit of cost", required=False, min_value=0)
    groups = forms.CharField(
        label="Shares of groups of raters",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "customers, 50\nstaff, 50"}),
        help_text="One a line: group, share. Empty: every person counts alike.",
    )
    success = forms.ChoiceField(
        label="An experiment suggests to ship when",
        choices=(("any", "one primary metric is better"), ("all", "all primary metrics are better")),
    )
    guarded = forms.ChoiceField(
        label="and its guardrails",
        choices=(
            ("non_inferior", "are shown to be no worse than their margins"),
            ("no_harm", "show no harm"),
        ),
    )
    minimum = forms.CharField(
        label="Least shares of the plan by horizon",
        required=False,
        widget=forms.Textarea(attrs={"rows": 3, "placeholder": "h3, 15"}),
        help_text="One a line: horizon (h1 now, h2 next, h3 later), percent.",
    )

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:  # noqa: ARG002 - defaults are not in it
        """As they stand, defaults too."""
        policy = self.definitions.policy
        shown = {name: getattr(policy, name) for name in ("budget", "cost_unit", "horizon_weeks", "discount")}
        return {
            **shown,
            "money_per_cost_unit": policy.money_per_cost_unit,
            "groups": "\n".join(f"{name}, {each:g}" for name, each in policy.rater_groups.items()),
            "minimum": "\n".join(f"{name}, {100 * each:g}" for name, each in policy.minimum_shares.items()),
            "success": policy.decision.success,
            "guarded": policy.decision.guardrails,
        }

    def clean_groups(self) -> dict[str, float]:
        """Share by group."""
        return pairs(self.cleaned_data["groups"])

    def clean_minimum(self) -> dict[str, float]:
        """Share by horizon."""
        known = get_args(Horizon)
        found = pairs(self.cleaned_data["minimum"])
        if wrong := [name for name in found if name not in known]:
            raise forms.ValidationError(f"There is no horizon “{wrong[0]}”: {', '.join(known)}.")
        return {name: value / 100 for name, value in found.items()}

    def tree(self) -> dict[str, Any]:
        """The policy."""
        given = self.cleaned_data
        names = ("budget", "cost_unit", "horizon_weeks", "discount", "money_per_cost_unit")
        decision = {"success": given["success"], "guardrails": given["guarded"]}
        return self.laid_over(
            {
                **{name: given[name] for name in names},
                "rater_groups": given["groups"],
                "minimum_shares": given["minimum"],
                "decision": decision,
            }
        )


FORMS: dict[str, type[DefinitionForm]] = {
    form.kind: form for form in (FactorForm, GuardrailForm, StakeholderForm, VisionForm, ObjectiveForm, PolicyForm)
}


def pairs(text: str) -> dict[str, float]:
    """Names and numbers from lines as `customers, 50`."""
    found = {}
    for line in filter(None, map(str.strip, text.splitlines())):
        name, _, value = line.rpartition(",")
        try:
            found[name.strip()] = float(value.strip().rstrip("%"))
        except ValueError:
            raise forms.ValidationError(f"“{line[:60]}” is not a name, a comma and a number.") from None
        if not name.strip() or not 0 < found[name.strip()] < 1e9:  # noqa: PLR2004 - a share is finite
            raise forms.ValidationError(f"“{line[:60]}” is not a name, a comma and a number above 0.")
    return found


def slug(title: str, taken: Iterable[str]) -> str:
    """A key from a title that is not taken."""
    plain = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")[:60] or "entry"
    known = set(taken)
    return next(name for name in (plain, *(f"{plain}_{at}" for at in range(2, 10_000))) if name not in known)
