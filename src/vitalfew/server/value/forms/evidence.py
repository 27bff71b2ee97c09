"""Forms over what evidence is read with: segments of units, links between metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from django import forms

from vitalfew.server.core.conditions import Conditions, condition_fields, conditions, split
from vitalfew.server.core.definition_fields import Day, Percent, Pick, choice, number, over, text, times
from vitalfew.server.core.definition_forms import DefinitionForm, Group, key_of, without_empty
from vitalfew.workspace.definitions import UnitSource
from vitalfew.workspace.expression_tree import And
from vitalfew.workspace.expressions import parse

if TYPE_CHECKING:
    from collections.abc import Mapping

    from vitalfew.workspace.expressions import Expr

_MOST = 8
"""Conditions that fit into rows."""
_ENDS = ("low", "high")
_SLOPE = "in the unit of what is moved, per one more of what moves it, both as they are shown"


class SegmentForm(DefinitionForm):
    """A group of units: those of a table for which all conditions hold."""

    defines = "segments"
    apart = frozenset(("filter", "where", "kept"))
    entries: ClassVar = {"where": condition_fields}
    meant: ClassVar = {"filter": "where__0__value"}
    more = 3
    groups = (
        Group("Who belongs to it", "source"),
        Group("Only those where", "where", "All conditions must hold; a row without a column says nothing."),
        Group("How many they are", "kept share"),
    )
    title = text("What they are called", "As in sentences: “Mid-size firms”.", required=True)
    source = Pick("sources", "Table of users", none="none: only its share is known")
    kept = forms.CharField(
        label="Conditions that do not fit into rows; they stay as they are", required=False, disabled=True
    )
    share = Percent("Share of all users, in %", help_text="Used where no data tell; a run counts it where they do.")

    def stands(self, name: str) -> list[dict[str, Any]]:
        """The conditions, as far as they fit into rows."""
        parts = ("column", "operator", "value")
        return [dict(zip(parts, row, strict=True)) for row in self._split()[0]] if name == "where" else []

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """With the conditions that stay."""
        return super().opened(body) | {"kept": " and ".join(self._split()[1])}

    def furnish(self) -> None:
        """Tables of units with their columns."""
        super().furnish()
        units = self.sources(UnitSource)
        tables = {
            one.title or key: held["types"] for key, one in units.items() if (held := self._held(key)).get("types")
        }
        self.columns(tables, *(name for name in self.fields if name.endswith("__column")))
        for name in (name for name in self.fields if name.endswith("__column")):
            values = [v for key in units for v in self._held(key).get("values", {}).get(self.initial.get(name), ())]
            self.suggest(name.replace("__column", "__value"), values)
        if not self.initial["kept"]:
            del self.fields["kept"]

    def clean(self) -> dict[str, Any]:
        """Every condition can be read."""
        given = super().clean() or self.cleaned_data
        rows = self._typed()
        try:
            self.found = conditions(rows, self._held(given.get("source") or "").get("types", {}))
        except Conditions as error:
            for at, reason in error.rows:
                self.add_error(f"where__{at}__value", reason[:1].upper() + reason[1:])
        if any(row[0] for row in rows) and not given.get("source") and "source" in self.fields:
            self.add_error("source", "Conditions are about columns: choose the table that has them.")
        return given

    def tree(self) -> dict[str, Any]:
        """All conditions as one."""
        return without_empty(super().tree() | {"filter": " and ".join([*self._split()[1], *self.found])})

    def _typed(self) -> list[tuple[str, str, str]]:
        names = [name.removesuffix("column") for name in self.fields if name.endswith("__column")]
        parts = ("column", "operator", "value")
        return [tuple(self.cleaned_data.get(f"{name}{part}") or "" for part in parts) for name in names]  # type: ignore[misc]  # three each

    def _split(self) -> tuple[list[tuple[str, str, str]], list[str]]:
        said = self.standing.get("filter")
        return split([str(part) for part in _parts(parse(said))], _MOST) if said else ([], [])

    def _held(self, source: str) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.known.get(source, {})
        return found


class LinkForm(DefinitionForm):
    """How one metric moves another: exactly by a formula, or by influence, with what an expert believes of it."""

    defines = "links"
    switch = "kind"
    apart = frozenset(("low", "high"))
    shown_for: ClassVar = {"formula": "component", **dict.fromkeys(("low", "high", "author", "said"), "influence")}
    groups = (
        Group("", "kind parent+child formula"),
        Group("What somebody believes of it", "low+high author+said", "Experiments that measured both tell it better."),
    )
    kind = choice("How", (("influence", "by influence: estimated"), ("component", "by a formula: exact")))
    parent = Pick("metrics", "This metric", none="none: the formula names its parts")
    child = Pick("metrics", "moves this one", required=True)
    formula = text("Formula", "Of the keys of metrics, with + - * / and brackets: orders * order_value.")
    low = number("Low: 1 in 10 that it moves less", _SLOPE)
    high = number("High: 1 in 10 that it moves more", _SLOPE)
    author = text("Who says so", "Such as “sales, from last year's prices”.")
    said = Day("Said on")

    def opened(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """The range as both metrics are shown."""
        factor = self._factor(body.get("parent"), body.get("child"))
        ends = {name: times(body[name], factor) for name in _ENDS if body.get(name) is not None}
        return super().opened(body) | ends

    def clean(self) -> dict[str, Any]:
        """What each kind of link needs, said beside its field."""
        given = super().clean() or self.cleaned_data
        if given.get("kind") == "component":
            if not (given.get("parent") or given.get("formula") or self.has_error("formula")):
                self.add_error("formula", "Write the formula, or choose the metric that is a part of the other one.")
            return given
        if not given.get("parent"):
            self.add_error("parent", "Choose the metric that moves the other one.")
        if (given.get("low") is None) != (given.get("high") is None):
            self.add_error("high" if given.get("high") is None else "low", "A range needs both its ends.")
        return given

    def new_key(self) -> str:
        """Of both metrics."""
        given = self.cleaned_data
        return key_of(f"{given.get('parent') or 'parts'}_{given['child']}", self.definitions.links, "link")

    def tree(self) -> dict[str, Any]:
        """The range in the metrics' own units."""
        given = self.cleaned_data
        factor = self._factor(given.get("parent"), given.get("child"))
        ends = {name: self.value_of(name) for name in _ENDS}
        own = {name: value if value is None else over(value, factor) for name, value in ends.items()}
        return without_empty(super().tree() | own)

    def _factor(self, parent: str | None, child: str | None) -> float:
        above, below = (self.factor_of({"metric": key}) for key in (child, parent))
        return above / below


def _parts(tree: Expr) -> tuple[Expr, ...]:
    """Conditions that all must hold, one by one."""
    return tree.items if isinstance(tree, And) else (tree,)
