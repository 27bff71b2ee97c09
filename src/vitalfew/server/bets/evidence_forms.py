"""Forms over what was tried: experiments, releases, and the needs behind what is tried."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from vitalfew.server.core.definition_fields import (
    Column,
    Day,
    Listed,
    Pairs,
    Percent,
    Pick,
    Picks,
    choice,
    day,
    number_text,
    positive,
    text,
    tick,
    unknown,
)
from vitalfew.server.core.definition_forms import DefinitionForm, Group, key_of, without_empty
from vitalfew.workspace.definitions import ExposureSource, SeriesSource, UnitSource

if TYPE_CHECKING:
    from collections.abc import Mapping

_MODES = (
    ("", "as the evidence allows"),
    ("always_valid", "at any time"),
    ("group_sequential", "a few times, as planned"),
    ("fixed", "once, at the end"),
    ("bayesian", "as a belief"),
)
_DESIGNS = (
    ("units", "each unit gets one arm for good"),
    ("switchback", "units change arms in blocks of time"),
    ("holdout", "the control is kept out of other experiments"),
)
_PARTS = ("primary", "secondary", "guardrails")
_CAME = (
    ("", "everybody on that day"),
    ("column", "in waves: a table of users has the day of each"),
    ("exposures", "in waves: a table of exposures says who saw it when"),
    ("units", "in waves: I list regions, tenants or groups with their days"),
)
_NEEDS = {
    "column": ("rollout__source", "rollout__wave"),
    "exposures": ("rollout__source",),
    "units": ("rollout__units",),
}
_HOW = (("", "somebody decided"), ("randomised", "chance decided"), ("chosen", "users chose it when they liked"))
_EVIDENCE = (
    ("", "not said"),
    ("observed", "observed"),
    ("analysed", "analysed"),
    ("reported", "reported"),
    ("assumed", "assumed"),
)


class Looks(forms.CharField):
    """How often a plan is looked at, or the share of its units at each look."""

    def __init__(self, label: str, **given: Any) -> None:  # noqa: ANN401 - Django's
        super().__init__(label=label, required=False, max_length=200, **given)

    def outwards(self, value: object) -> str:
        """`5`, or `0.25, 0.5, 1`."""
        return ", ".join(f"{each:g}" for each in (value if isinstance(value, list | tuple) else [value]))

    def clean(self, value: Any) -> int | list[float] | None:  # noqa: ANN401 - Django's
        """Numbers.

        Raises:
            ValidationError: it is neither a whole number nor shares.
        """
        said = super().clean(value)
        try:
            return int(said) if said.isdecimal() else [float(part) for part in said.split(",") if said] or None
        except ValueError as error:
            raise forms.ValidationError(
                "Write how many, such as 5, or shares apart by commas: 0.25, 0.5, 1."
            ) from error


class ExperimentForm(DefinitionForm):
    """A randomised comparison: what is compared, what decides, how it is read."""

    defines = "experiments"
    switch = "design"
    shown_for: ClassVar = {"burn_in": "switchback", "holds_out": "holdout"}
    apart = frozenset(("metrics",))
    groups = (
        Group("What is compared", "source variant+id control split", "Who got what is read from a table."),
        Group(
            "What decides",
            "plan__primary plan__guardrails plan__secondary metrics",
            "Said before the start, so that nobody chooses the metric that happened to move.",
        ),
        Group("When", "start+end"),
        Group(
            "How it is read",
            "plan__mode plan__smallest_effect+plan__units plan__power+plan__alpha plan__family"
            " plan__looks+plan__spending plan__futility plan__segments segments strata",
            folded=True,
        ),
        Group("Design", "design burn_in holds_out cluster crossed dealing__salt+dealing__hash", folded=True),
    )
    title = text("What is tested", "As in sentences: “Route suggestions for half of the dispatchers”.", required=True)
    initiative = Pick("initiatives", "Bet it tests", none="none yet")
    team = Pick("teams", "Team", none="no team")
    product = Pick("products", "Product", none="its team's")
    source = Pick("sources", "Table that says who got which arm", required=True)
    variant = Column("Column of the arm", help_text="In a table of users; exposures name it themselves.")
    id = text("Name of the experiment in the table", "Where a table holds several; left out: its key.")
    control = text("Arm to compare with", required=True)
    split = Pairs(
        "Planned shares of the arms",
        read=positive,
        write=number_text,
        example="control, 50\ntreatment, 50",
        help_text="One a line: arm, share. They tell a broken assignment from a whole one. Empty: equal shares.",
    )
    plan__primary = Picks("metrics", "Primary metrics: one of these must get better")
    plan__guardrails = Picks("guardrails", "May not get worse by more than their margins")
    plan__secondary = Picks("metrics", "Also reported, but they decide nothing")
    metrics = Picks(
        "metrics", "Measured without a part in the plan", help_text="Nothing chosen anywhere: whatever its table has."
    )
    start = Day("First day")
    end = Day("Last day")
    plan__mode = choice("It is looked at", _MODES)
    plan__smallest_effect = Percent("Smallest change worth finding, in % of the level", most=None)
    plan__units = forms.IntegerField(label="Units planned, all arms together", required=False, min_value=1)
    plan__power = forms.FloatField(label="Power", required=False, min_value=0.5, max_value=0.99)
    plan__alpha = forms.FloatField(label="Chance of a false alarm", required=False, min_value=0.001, max_value=0.5)
    plan__family = choice(
        "Several primary metrics or arms are corrected",
        (("holm", "step by step (Holm)"), ("dunnett", "for one control (Dunnett)"), ("none", "not at all")),
    )
    plan__looks = Looks("Looks of a plan with a few", help_text="How many; or shares of its units: 0.25, 0.5, 1.")
    plan__spending = choice(
        "that spend the chance of a false alarm",
        (("obrien_fleming", "late (O'Brien and Fleming)"), ("pocock", "evenly (Pocock)")),
    )
    plan__futility = tick("It may stop early when it cannot succeed any more")
    plan__segments = Picks("segments", "Segments that the plan names")
    segments = Picks("segments", "Segments that are looked at", help_text="None chosen: all there are.")
    strata = Picks("segments", "Averaged over", help_text="Segments that exclude each other.")
    design = choice("How units get arms", _DESIGNS)
    burn_in = forms.FloatField(label="Hours left out at the beginning of each block", required=False, min_value=0)
    holds_out = Picks("experiments", "Kept out of these experiments")
    cluster = Column("Column of what was randomised together", help_text="Such as a class, a shop, a company.")
    dealing__salt = text("Salt of the assignment", "With it each unit's arm is worked out again and compared.")
    dealing__hash = choice("Hash", (("sha256", "SHA-256"), ("md5", "MD5")))
    crossed = choice("Units seen in several arms", (("exclude", "are left out"), ("first", "count for the first")))

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A new one begins with the table that looks like an assignment, its column and its control."""
        planned = [name for part in _PARTS for name in (body.get("plan") or {}).get(part, ())]
        found = super().opened(body) | {"metrics": [name for name in body.get("metrics", ()) if name not in planned]}
        return found if body else found | self._guessed()

    def furnish(self) -> None:
        """Tables that hold assignments, their columns and arms; a plan that is locked stays."""
        super().furnish()
        sources = self.definitions.sources.items()
        held = [(key, one.title or key.replace("_", " ")) for key, one in sources if not isinstance(one, SeriesSource)]
        self.choose("source", held)
        tables = {title: types for key, title in held if (types := self._held(key).get("types"))}
        self.columns(tables, "variant", "cluster")
        source = str((self.data or {}).get("source") or self.initial.get("source") or "")
        self.suggest("control", self._arms(source, str(self.initial.get("variant") or "")))
        defined = self.definitions.sources.get(source)
        if isinstance(defined, ExposureSource):
            self.suggest("id", self._held(source).get("values", {}).get(defined.experiment, ()))
        if self.known.get("locked"):
            for name in (name for name in self.fields if name.startswith("plan__")):
                self.fields[name].disabled = True
        if "holds_out" in self.fields:
            self.choose("holds_out", [(key, title) for key, title in self.titles("experiments") if key != self.key])

    def clean(self) -> dict[str, Any]:
        """Arms are looked for in the data."""
        given = super().clean() or self.cleaned_data
        arms = self._arms(given.get("source") or "", given.get("variant") or "")
        if wrong := unknown(given.get("control") or "", arms, "arm"):
            self.add_error("control", wrong)
        for name in given.get("split") or ():
            if wrong := unknown(name, arms, "arm"):
                self.add_error("split", wrong)
        if given.get("split") and given.get("control") not in given["split"]:
            self.add_error("split", f"The arm to compare with, “{given.get('control')}”, needs a share, too.")
        source = self.definitions.sources.get(given.get("source") or "")
        if isinstance(source, UnitSource) and not given.get("variant"):
            self.add_error("variant", "Choose the column that says which arm each user got.")
        if given.get("start") and given.get("end") and given["end"] < given["start"]:
            self.add_error("end", "It ends before it starts.")
        return given

    def tree(self) -> dict[str, Any]:
        """With the metrics of the plan among those that are measured, once any is named besides."""
        found = super().tree()
        if isinstance(self.definitions.sources.get(found["source"]), ExposureSource):
            found.pop("variant", None)
        planned = [name for part in _PARTS for name in found.get("plan", {}).get(part, ())]
        named = self.cleaned_data.get("metrics") or []
        own = [*planned, *named] if named or self.standing.get("metrics") else []
        return self.laid_over({**dict.fromkeys(self.standing), **found, "metrics": list(dict.fromkeys(own))})

    def _held(self, source: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.known.get("held", {}).get(source, {})
        return found

    def _arms(self, source: str, variant: str) -> tuple[str, ...]:
        """The arms that a table holds, as far as they are known."""
        defined = self.definitions.sources.get(source)
        column = defined.variant if isinstance(defined, ExposureSource) else variant
        return tuple(self._held(source).get("values", {}).get(column, ()))

    def _guessed(self) -> dict[str, Any]:
        from vitalfew.connect.words import control_of  # the room of files is heavy, and only this is needed here

        for key in self.definitions.sources:
            variant = self._held(key).get("fields", {}).get("variant", "")
            if arms := self._arms(key, variant):
                own = {} if isinstance(self.definitions.sources[key], ExposureSource) else {"variant": variant}
                return {"source": key, "control": control_of(arms)[0], **own}
        return {"control": "control"}


class ReleaseForm(DefinitionForm):
    """A dated change without randomisation: what came when, and where an effect is looked for."""

    defines = "releases"
    switch = "came"
    apart = frozenset(("came", "how"))
    meant: ClassVar = {"rollout": "came"}
    shown_for: ClassVar = {
        "rollout__source": "column exposures",
        "rollout__wave": "column",
        "rollout__id": "exposures",
        "rollout__units": "units",
        "how": "column exposures units",
        "rollout__cluster": "column exposures",
        "rollout__covariates": "column exposures",
        "rollout__period_days": "column exposures units",
    }
    groups = (
        Group("What it brought", "initiatives features"),
        Group(
            "Where an effect is looked for",
            "metrics controls after_days",
            "With none chosen: every metric that has a series.",
        ),
        Group(
            "Who got it when",
            "came rollout__source rollout__wave rollout__id rollout__units how rollout__cluster"
            " rollout__covariates rollout__period_days",
            "Waves tell far more than one day for all: those who have it are held against those who do not yet.",
        ),
    )
    title = text("What was released", "As in sentences: “Calendar sync”.", required=True)
    date = Day("On", required=True)
    team = Pick("teams", "Team", none="no team")
    product = Pick("products", "Product", none="its team's")
    initiatives = Picks("initiatives", "Bets")
    features = Picks("features", "Features")
    metrics = Picks("metrics", "Metrics")
    controls = Picks(
        "metrics", "It cannot have touched", help_text="Metrics that the same weather moves; they are held against it."
    )
    after_days = forms.FloatField(label="Watched for so many days", required=False, min_value=1, max_value=3650)
    came = choice("It came to", _CAME)
    rollout__source = Pick("sources", "Table")
    rollout__wave = Column("Column of the day on which each user got it", help_text="Empty cells: not yet.")
    rollout__id = text("Name of the release in the table", "Left out: its key.")
    rollout__units = Pairs(
        "Groups and their days",
        read=day,
        expected="a day such as 2026-02-01",
        example="north, 2026-02-01\nsouth, 2026-02-15",
        help_text="One a line, as the series calls them.",
    )
    how = choice("Who came when", _HOW)
    rollout__cluster = Column("Column of what got it together", help_text="Such as a company.")
    rollout__covariates = Listed(
        "Columns known before", help_text="Where users chose it: what they are compared by, apart by commas."
    )
    rollout__period_days = forms.IntegerField(label="Days of one period", required=False, min_value=1, max_value=366)

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """How it came, told by what stands."""
        rollout = body.get("rollout") or {}
        table = "column" if rollout.get("wave") else "exposures" if rollout.get("source") else ""
        how = next((name for name in ("randomised", "chosen") if rollout.get(name)), "")
        return super().opened(body) | {"came": "units" if rollout.get("units") else table, "how": how}

    def furnish(self) -> None:
        """Columns of tables."""
        super().furnish()
        held = self.known.get("held", {})
        tables = {
            one.title or key: types
            for key, one in self.definitions.sources.items()
            if (types := held.get(key, {}).get("types"))
        }
        self.columns(tables, "rollout__wave", "rollout__cluster")

    def clean(self) -> dict[str, Any]:
        """A rollout in waves needs to say what they are."""
        given = super().clean() or self.cleaned_data
        for name in _NEEDS.get(given.get("came") or "", ()):
            if name in self.fields and not given.get(name) and name not in self.errors:
                self.add_error(name, "Say this, or that it came to everybody on that day.")
        return given

    def tree(self) -> dict[str, Any]:
        """With how the waves came about."""
        found = super().tree()
        if not self.cleaned_data.get("came"):
            return {name: value for name, value in found.items() if name != "rollout"}
        how = self.value_of("how")
        said = {"randomised": how == "randomised" or None, "chosen": how == "chosen" or None}
        return without_empty(found | {"rollout": found.get("rollout", {}) | said})


def _cause() -> dict[str, forms.Field]:
    return {"cause": text("Cause", most=1000), "evidence": choice("How it is known", _EVIDENCE)}


class NeedForm(DefinitionForm):
    """An unmet need: whose, what is behind it, what it does to the business."""

    defines = "needs"
    entries: ClassVar = {"causes": _cause}
    groups = (
        Group("Whose", "segment+stakeholder"),
        Group("What is behind it", "causes", "Ask why until something can be changed; say how each answer is known."),
        Group("What it does", "harms feedback"),
        Group(
            "What a survey said",
            "survey__importance+survey__satisfaction+survey__respondents",
            "Of 1 to 5: who called it important, who is satisfied with what there is, by 4 or 5.",
            folded=True,
        ),
    )
    statement = text(
        "The need, in a sentence",
        "Who, when, wants what: “Dispatchers re-type addresses every morning and lose half an hour”.",
        long=True,
        most=2000,
        required=True,
    )
    title = text("A short name", "As lists show it; made from the sentence when left out.")
    segment = Pick("segments", "Segment", none="everybody")
    stakeholder = Pick("stakeholders", "Stakeholder", none="nobody in particular")
    harms = Picks("metrics", "Metrics that it damages")
    feedback = forms.IntegerField(label="How often it was said", required=False, min_value=0)

    survey__importance = Percent("Important to, in %")
    survey__satisfaction = Percent("Satisfied, in %")
    survey__respondents = forms.IntegerField(label="Of so many who answered", required=False, min_value=1)

    def new_key(self) -> str:
        """Of its name, else of the beginning of the sentence."""
        words = " ".join(self.cleaned_data["statement"].split()[:6])
        return key_of(self.cleaned_data.get("title") or words, self.definitions.needs, "need")

    def clean(self) -> dict[str, Any]:
        """A cause comes with how it is known."""
        given = super().clean() or self.cleaned_data
        for name in (name for name in self.fields if name.endswith("__cause")):
            evidence = name.replace("__cause", "__evidence")
            if given.get(name) and not given.get(evidence):
                self.add_error(evidence, "Say how this is known; “assumed” is an honest answer.")
        return given
