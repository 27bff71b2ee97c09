"""Semantic models of dbt: tables with the unit that each row belongs to, and filters over their dimensions."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.connect.foreign_measures import Rows
from vitalfew.errors import Unsupported, suggest
from vitalfew.warehouse.foreign_sql import column_of, conditions_of, table_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from vitalfew.connect.foreign_given import Given

_CALL = re.compile(
    r"""\{\{\s*(?P<object>Dimension|Entity)\(\s*(?P<quote>['"])(?P<name>[A-Za-z0-9_]+)(?P=quote)\s*\)\s*\}\}"""
)
_ONE_PER_UNIT = ("primary", "unique")


@dataclass(frozen=True, slots=True)
class Model:
    """A semantic model; `entities` and `dimensions` by name."""

    name: str
    given: Given
    entities: Mapping[str, Given]
    dimensions: Mapping[str, Given]

    @classmethod
    def of(cls, given: Given) -> Model:
        """Read a semantic model.

        Raises:
            DataError: a field has the wrong type.
        """
        entities = {entity.text("name"): entity for entity in given.parts("entities")}
        dimensions = {dimension.text("name"): dimension for dimension in given.parts("dimensions")}
        return cls(given.text("name"), given, entities, dimensions)

    @property
    def table(self) -> str:
        """The table behind it."""
        relation = self.given.part("node_relation")
        named = relation.maybe_text("relation_name")
        return table_of(named or ".".join((relation.text("schema_name"), relation.text("alias"))))

    def unit(self, wanted: str | None, known: Sequence[str]) -> Given:
        """The entity that experiments are about: wanted, or said by the model, or known from before, or the only one.

        Args:
            wanted: the name of an entity, for all models.
            known: columns of units in the workspace that this model was taken into before.

        Raises:
            Unsupported: nothing tells which.
        """
        own = self.given.part("config").part("meta").part("vitalfew").maybe_text("unit_entity")
        name = own or wanted
        if name is not None:
            if name not in self.entities:
                raise Unsupported(f"'{self.name}' has no entity '{name}'; {suggest(name, self.entities)}")
            return self.entities[name]
        by_column = [entity for entity in self.entities.values() if _column(entity) in known]
        found = by_column or list(self.entities.values())
        if len(found) != 1:
            names = ", ".join(self.entities) or "none"
            hint = "say which is dealt to variants, as in --unit customer"
            raise Unsupported(f"'{self.name}' has the entities {names}; {hint}")
        return found[0]

    def rows(self, unit: Given, time: str | None) -> tuple[Rows, dict[str, Any]]:
        """The rows of a unit, and their source.

        Args:
            unit: the entity of the unit.
            time: the dimension by which its measures are aggregated.

        Raises:
            Unsupported: a column is an expression, or no time is known.
        """
        column = column_of(_column(unit))
        if unit.text("type") in _ONE_PER_UNIT:
            return Rows(self.name, "units", column), {"shape": "units", "table": self.table, "unit": column}
        name = time or self.default_time
        if name is None or name not in self.dimensions:
            raise Unsupported(f"'{self.name}' names no time dimension, so nobody knows which rows follow an exposure")
        moment = column_of(_column(self.dimensions[name]))
        key = self.name if name == self.default_time or self.default_time is None else f"{self.name}_by_{name}"
        source = {"shape": "events", "table": self.table, "unit": column, "time": moment}
        return Rows(key, "events", column), source

    @property
    def default_time(self) -> str | None:
        """The time dimension of measures that name none."""
        return self.given.part("defaults").maybe_text("agg_time_dimension")

    def filters(self, templates: Sequence[str]) -> tuple[str, ...]:
        """Filters over dimensions of this model, as ours.

        Raises:
            Unsupported: a filter joins, runs a template, or has no counterpart.
        """
        return tuple(condition for template in templates for condition in self._filter(template))

    def _filter(self, template: str) -> tuple[str, ...]:
        """Templates are never run: the few forms that name a column are replaced, all others refused."""
        behind: dict[str, str] = {}

        def replaced(found: re.Match[str]) -> str:
            name = f"template {len(behind)}"
            behind[name] = self._behind(found["object"], found["name"])
            return f'"{name}"'

        sql = _CALL.sub(replaced, template)

        def resolve(_: str, name: str) -> tuple[str, str]:
            if name not in behind:
                raise Unsupported(f"the filter names '{name}' without Dimension('…')")
            return "", behind[name]

        return conditions_of(sql, resolve)

    def _behind(self, kind: str, name: str) -> str:
        if kind == "Entity":
            if name not in self.entities:
                raise Unsupported(f"the filter needs the entity '{name}' of another model, which takes a join")
            return _column(self.entities[name])
        entity, _, dimension = name.rpartition("__")
        own = {self.given.maybe_text("primary_entity")}
        own |= {key for key, found in self.entities.items() if found.text("type") in _ONE_PER_UNIT}
        if entity not in own or dimension not in self.dimensions:
            raise Unsupported(f"the filter needs '{name}', which is no dimension of '{self.name}' and takes a join")
        if self.dimensions[dimension].text("type") == "time":
            raise Unsupported(f"the filter compares the time '{name}', which dbt cuts to whole periods")
        return _column(self.dimensions[dimension])


def templates_of(given: Given) -> tuple[str, ...]:
    """The filters of a metric or of an input of one, in any of the three forms that manifests hold.

    Raises:
        DataError: they have another form.
    """
    found = given.fields.get("filter")
    if isinstance(found, str):
        return (found,)
    part = given.part("filter")
    one = part.maybe_text("where_sql_template")
    more = tuple(item.text("where_sql_template") for item in part.parts("where_filters"))
    return (*((one,) if one else ()), *more)


def _column(given: Given) -> str:
    return given.maybe_text("expr") or given.text("name")
