"""Fact tables of GrowthBook: plain queries as sources, and their row filters as ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from vitalfew.connect.foreign_given import clean
from vitalfew.connect.foreign_measures import Rows
from vitalfew.connect.words import key_of
from vitalfew.errors import Unsupported, suggest
from vitalfew.warehouse.foreign_sql import PlainTable, column_of, conditions_of, plain_table

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from vitalfew.connect.foreign_given import Given

TIME = "timestamp"  # every fact table gives its moments this name
_COMPARISONS = ("=", "!=", "<", "<=", ">", ">=")
_SIMPLE = {
    "is_null": "{} IS NULL",
    "not_null": "{} IS NOT NULL",
    "is_true": "{} = TRUE",
    "is_false": "{} = FALSE",
}
_LISTS = {"in": "IN", "not_in": "NOT IN"}
_QUOTED = ("string", "date")


@dataclass(frozen=True, slots=True)
class FactTable:
    """A fact table with what is known of its columns and saved filters."""

    given: Given
    key: str
    query: PlainTable
    types: Mapping[str, str]
    virtual: Collection[str]
    saved: Mapping[str, str]

    @classmethod
    def of(cls, given: Given, taken: Collection[str]) -> FactTable:
        """Read a fact table.

        Args:
            given: as the API exports it.
            taken: keys that other fact tables have.

        Raises:
            Unsupported: its query does more than pick columns and rows of one table.
            DataError: a field has the wrong type.
        """
        try:
            query = plain_table(given.text("sql"))
        except Unsupported as problem:
            message = f"its query is not read ({problem}); make it a view, and let the fact table be SELECT * FROM that"
            raise Unsupported(message) from None
        columns = [column for column in given.parts("columns") if not column.flag("deleted")]
        types = {column.text("column"): column.maybe_text("datatype") or "" for column in columns}
        virtual = {column.text("column") for column in columns if column.flag("isVirtual")}
        saved = {one.text("id"): one.text("value") for one in given.parts("filters")}
        key = key_of(given.maybe_text("name") or given.text("id"), taken, "facts")
        return cls(given, key, query, types, virtual, saved)

    def rows(self, wanted: str | None, known: Sequence[str]) -> tuple[Rows, dict[str, Any]]:
        """Its rows, and their source.

        Args:
            wanted: the type of identifier that is dealt to variants, where it has several.
            known: columns of units in the workspace.

        Raises:
            Unsupported: nothing tells the unit, or a column is an expression.
        """
        types = self.given.texts("userIdTypes")
        named = [one for one in types if one == wanted] if wanted else [one for one in types if one in known]
        found = named or ([] if wanted else list(types))
        if len(found) != 1:
            hint = "say which is dealt to variants, as in --unit user_id"
            raise Unsupported(f"'{clean(self.key)}' has the identifiers {', '.join(types) or 'none'}; {hint}")
        unit, moment = column_of(self.behind(found[0])), column_of(self.behind(TIME))
        source = {"shape": "events", "table": self.query.table, "unit": unit, "time": moment}
        title = self.given.maybe_text("name")
        return Rows(self.key, "events", unit), source | ({"title": clean(title)} if title else {})

    def behind(self, name: str) -> str:
        """The SQL behind a column.

        Raises:
            Unsupported: there is no such column, or it is computed elsewhere.
        """
        if name in self.virtual:
            raise Unsupported(f"the column '{clean(name)}' is computed by GrowthBook; make it a column of a view")
        if self.query.columns is None:
            return name
        if name not in self.query.columns:
            raise Unsupported(f"the query has no column '{clean(name)}'; {suggest(name, self.query.columns)}")
        return self.query.columns[name]

    def filters(self, measure: Given) -> tuple[str, ...]:
        """The filters of a numerator or denominator, beside those of the query.

        Raises:
            Unsupported: a filter has no counterpart.
        """
        found = [*self.query.filters]
        for one in measure.parts("rowFilters"):
            found += self._conditions(self._sql(one))
        for ident in measure.texts("filters"):
            found += self._conditions(self._saved(ident))
        for column, values in measure.part("inlineFilters").fields.items():
            if not isinstance(values, list) or not all(isinstance(value, str) for value in values):
                raise Unsupported(f"the filter of '{clean(column)}' is no list of texts")
            if values:
                found += self._conditions(f"{self._name(column)} IN ({self._literals(column, values)})")
        return tuple(dict.fromkeys(found))

    def _conditions(self, sql: str) -> tuple[str, ...]:
        return conditions_of(sql, lambda _, name: ("", self.behind(name)))

    def _saved(self, ident: str) -> str:
        if ident not in self.saved:
            raise Unsupported(f"the saved filter '{clean(ident)}' is not in the file")
        return self.saved[ident]

    def _sql(self, given: Given) -> str:
        operator, values = given.text("operator"), given.texts("values")
        if operator in ("sql_expr", "saved_filter"):
            if len(values) != 1:
                raise Unsupported(f"a filter '{operator}' needs one value")
            return values[0] if operator == "sql_expr" else self._saved(values[0])
        column = given.text("column")
        name = self._name(column)
        if operator in _SIMPLE:
            return _SIMPLE[operator].format(name)
        if operator in _COMPARISONS and len(values) == 1:
            return f"{name} {operator} {self._literals(column, values)}"
        if operator in _LISTS and values:
            return f"{name} {_LISTS[operator]} ({self._literals(column, values)})"
        if operator in ("contains", "not_contains", "starts_with") and len(values) == 1:
            function = "STARTS_WITH" if operator == "starts_with" else "CONTAINS"
            negated = "NOT " if operator == "not_contains" else ""
            return f"{negated}{function}({name}, {_quoted(values[0])})"
        raise Unsupported(f"the filter '{clean(operator)}' over '{clean(column)}' has no counterpart here")

    def _name(self, column: str) -> str:
        if not column.isidentifier():
            raise Unsupported(f"the filter names '{clean(column)}', which is no column but a part of one")
        return f'"{column}"'

    def _literals(self, column: str, values: Sequence[str]) -> str:
        """Values are texts whatever the column holds, so its type must be known."""
        kind = self.types.get(column, "")
        if kind in _QUOTED:
            return ", ".join(map(_quoted, values))
        if kind == "number":
            for value in values:
                _ = _number(value)
            return ", ".join(values)
        if kind == "boolean" and all(value.lower() in ("true", "false") for value in values):
            return ", ".join(value.upper() for value in values)
        raise Unsupported(f"the type of '{clean(column)}' is not known, so that its filter cannot be read")


def _quoted(text: str) -> str:
    if "`" in text or "\\" in text:
        raise Unsupported("a value in a filter holds a sign that engines read differently")
    return "'" + text.replace("'", "''") + "'"


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise Unsupported(f"'{clean(text)}' is compared with numbers") from None
